#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/chain_file.h"
#include "attest/manifest.h"
#include "attest/model_file.h"
#include "attest/model_opening.h"
#include "attest/run_state.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/timer.h"
#include "comm/delay.h"
#include "train/float64.h"

static cs_status measure_accuracy(cs_run_state *r) {
    if (r->test.rows == 0)
        return CS_OK;
    const cs_rows rows = {.rows = r->test.rows, .features = r->test.values, .labels = r->test.labels};
    r->report->has_accuracy = true;
    r->report->test_rows = rows.rows;
    return cs_model_accuracy(cs_trainer_model(r->trainer), &r->statement.params, rows, &r->report->accuracy);
}

/* Never publishes what does not verify. */
cs_status cs_run_verify(cs_run_state *r) {
    const double start = cs_wall_seconds();
    r->report->proof_bytes += r->proof.size;
    const cs_status status = cs_train_verify(&r->derived.instance, r->proof.data, r->proof.size, NULL, NULL);
    r->report->verify_seconds += cs_wall_seconds() - start;
    return cs_fail_prefix(status, "the proof does not verify, so nothing is published");
}

/* Certificates (moved from the job) and well-formedness proofs (from the datasets' folders), in the statement's order. */
static cs_status collect_datasets(cs_evidence *e, cs_job *job) {
    size_t c = 0, p = 0;
    for (int i = 0; i < job->params.n_ranks; i++) {
        cs_job_member *m = &job->members[i];
        for (size_t k = 0; k < m->datasets.n; k++) {
            const cs_dataset_use *use = &m->datasets.use[k];
            if (use->has_certificate) {
                e->certificates[c++] = m->certificates[k];
                m->certificates[k] = (cs_certificate){0};
            }
            if (use->doc.has_proof)
                CS_TRY(cs_dataset_folder_read_proof(&e->proofs[p++], m->folders[k], &use->doc));
        }
    }
    return CS_OK;
}

static cs_status collect_evidence(cs_evidence *out, cs_run_state *r) {
    const size_t signed_by = r->statement.members[0].signer.identified ? (size_t)cs_statement_members(&r->statement) : 0;
    size_t certificates, proofs;
    cs_evidence_expected(&certificates, &proofs, &r->statement);
    CS_TRY(cs_evidence_new(out, r->manifest.n, signed_by, certificates, proofs));
    if (r->manifest.n != 0)
        cs_signatures_in_order(out->manifest, r->manifest.signatures, r->manifest.n, &r->statement);
    memcpy(out->statement, r->signatures, signed_by * sizeof *out->statement);
    return collect_datasets(out, &r->job);
}

/* The certificates are the job's: the next segment's attestation has them, too. */
static void return_certificates(cs_job *job, cs_evidence *e) {
    size_t c = 0;
    for (int i = 0; i < job->params.n_ranks; i++)
        for (size_t k = 0; k < job->members[i].datasets.n && c < e->n_certificates; k++)
            if (job->members[i].datasets.use[k].has_certificate) {
                job->members[i].certificates[k] = e->certificates[c];
                e->certificates[c++] = (cs_certificate){0};
            }
}

static cs_status write_container(cs_run_state *r, const char *path, const cs_model *final) {
    cs_container container = {0};
    cs_evidence evidence = {0};
    cs_buffer file = {0};
    cs_status status = collect_evidence(&evidence, r);
    if (status == CS_OK)
        status = cs_attestation_pack(&container, &r->statement, r->initial_given ? &r->initial : NULL,
                                     r->statement.params.final_public ? final : NULL, &r->proof, &evidence);
    return_certificates(&r->job, &evidence);
    cs_evidence_free(&evidence);
    if (status == CS_OK)
        status = cs_container_encode(&file, &container);
    cs_container_free(&container);
    if (status == CS_OK)
        status = cs_file_write(path, file.data, file.size, 0644);
    cs_sha256(r->saves.parts[r->segment], file.data, file.size);
    r->report->file_bytes += file.size;
    cs_buffer_free(&file);
    return status;
}

/* A model that is only committed stays with the members: its file is the root's alone, as is what opens its commitments. */
static cs_status write_model(cs_run_state *r, const cs_model *final) {
    const cs_statement *s = &r->statement;
    cs_buffer file = {0};
    cs_status status = cs_model_encode(&file, final, &s->params);
    if (status == CS_OK)
        status = cs_file_write(r->model_path, file.data, file.size, s->params.final_public ? 0644 : 0600);
    cs_buffer_free(&file);
    if (status == CS_OK && !s->params.final_public)
        status =
            cs_model_opening_write(r->model_opening_path, s->final_rows, r->final_blindings, cs_final_row_count(&s->params));
    return status;
}

static cs_status write_report(cs_run_state *r) {
    cs_run_report *report = r->report;
    snprintf(report->attestation, sizeof report->attestation, "%s", r->attestation_path);
    snprintf(report->model, sizeof report->model, "%s", r->model_path);
    report->wall_seconds = cs_wall_seconds() - r->started;
    report->has_path = cs_delay_path(&report->path, r->comm);
    cs_stages_stop(&report->stages);
    json_t *v = cs_run_report_to_json(report);
    char *text = v == NULL ? NULL : json_dumps(v, JSON_INDENT(2));
    json_decref(v);
    if (text == NULL)
        return cs_fail(CS_ERR_MEMORY, "no memory for the report");
    const cs_status status = cs_file_write(r->report_path, text, strlen(text), 0644);
    free(text);
    return status;
}

/* ------------------------------------------------------------ names */

/* Final name of a segment's attestation, or the temporary one that it has until all are there. */
static char *segment_path(const cs_run_state *r, size_t k, bool final) {
    const char *out = r->options->out, *name = r->job.name, *end = final ? "" : ".part";
    return r->segments == 1 ? cs_string_format("%s/%s.attestation%s", out, name, end)
                            : cs_string_format("%s/%s.%zu.attestation%s", out, name, k + 1, end);
}

static cs_status name_one(char **out, const cs_run_state *r, const char *end) {
    cs_free(*out);
    *out = NULL;
    CS_TRY(cs_string_own(out, cs_string_format("%s/%s%s", r->options->out, r->job.name, end)));
    return cs_file_must_not_exist(*out);
}

cs_status cs_run_name_outputs(cs_run_state *r) {
    if (r->options->out == NULL)
        return cs_fail(CS_ERR_USAGE, "--out DIR is required");
    CS_TRY(name_one(&r->attestation_path, r, r->segments == 1 ? ".attestation" : ".chain"));
    CS_TRY(name_one(&r->model_path, r, ".safetensors"));
    CS_TRY(name_one(&r->model_opening_path, r, ".safetensors.opening"));
    CS_TRY(name_one(&r->report_path, r, ".report.json"));
    for (size_t k = 0; r->segments > 1 && k < r->segments; k++) {
        char *path = segment_path(r, k, true);
        const cs_status status = path == NULL ? CS_ERR_MEMORY : cs_file_must_not_exist(path);
        cs_free(path);
        CS_TRY(status);
    }
    return CS_OK;
}

/* ------------------------------------------------------------ all of it */

cs_status cs_run_save_segment(cs_run_state *r) {
    char *path = segment_path(r, r->segment, false);
    const cs_status status = path == NULL ? CS_ERR_MEMORY : write_container(r, path, cs_trainer_model(r->trainer));
    cs_free(path);
    return status;
}

cs_status cs_run_check_segments(const cs_run_state *r) {
    cs_status status = CS_OK;
    for (size_t k = 0; status == CS_OK && k < r->saves.first_segment; k++) {
        uint8_t digest[32];
        cs_buffer file = {0};
        char *path = segment_path(r, k, false);
        status = path == NULL ? CS_ERR_MEMORY : cs_file_read(path, SIZE_MAX / 2, &file);
        cs_sha256(digest, file.data, file.size);
        if (status == CS_OK && memcmp(digest, r->saves.parts[k], sizeof digest) != 0)
            status = cs_fail(CS_ERR_INPUT, "%s: not the attestation that this run made before it was interrupted", path);
        cs_buffer_free(&file);
        cs_free(path);
    }
    return status;
}

static cs_status name_attestations(const cs_run_state *r) {
    cs_status status = CS_OK;
    for (size_t k = 0; status == CS_OK && k < r->segments; k++) {
        char *part = segment_path(r, k, false), *final = segment_path(r, k, true);
        if (part == NULL || final == NULL)
            status = CS_ERR_MEMORY;
        else if (rename(part, final) != 0)
            status = cs_fail(CS_ERR_IO, "%s: cannot be renamed to %s: %s", part, final, strerror(errno));
        cs_free(part);
        cs_free(final);
    }
    return status;
}

static cs_status write_chain(const cs_run_state *r) {
    cs_buffer text = {0};
    if (r->segments == 1)
        return CS_OK;
    cs_text_append(&text, CS_CHAIN_FIRST_LINE);
    for (size_t k = 0; k < r->segments; k++)
        cs_text_append(&text, "%s.%zu.attestation\n", r->job.name, k + 1);
    cs_status status = cs_buffer_status(&text);
    if (status == CS_OK)
        status = cs_file_write(r->attestation_path, text.data, text.size, 0644);
    cs_buffer_free(&text);
    return status;
}

cs_status cs_run_publish(cs_run_state *r) {
    const cs_model *final = cs_trainer_model(r->trainer);
    CS_TRY(measure_accuracy(r));
    r->published = true;
    CS_TRY(write_model(r, final));
    CS_TRY(name_attestations(r));
    CS_TRY(write_chain(r));
    return write_report(r);
}

static void remove_segment(const cs_run_state *r, size_t k, bool final) {
    char *path = segment_path(r, k, final);
    if (path != NULL)
        (void)unlink(path);
    cs_free(path);
}

void cs_run_withdraw(cs_run_state *r) {
    for (size_t k = 0; !r->saves.on && k < r->segments && k <= r->segment; k++)
        remove_segment(r, k, false); /* a run that is resumed goes on from them */
    if (!r->published)
        return;
    for (size_t k = 0; k < r->segments; k++)
        remove_segment(r, k, true);
    (void)unlink(r->attestation_path);
    (void)unlink(r->model_path);
    if (!r->job.params.final_public)
        (void)unlink(r->model_opening_path);
    (void)unlink(r->report_path);
}
