#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/manifest.h"
#include "attest/model_file.h"
#include "attest/model_opening.h"
#include "attest/run_state.h"
#include "base/file.h"
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
    r->report->proof_bytes = r->proof.size;
    const cs_status status = cs_train_verify(&r->derived.instance, r->proof.data, r->proof.size, NULL, NULL);
    r->report->verify_seconds = cs_wall_seconds() - start;
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
    const size_t signed_by = r->statement.members[0].signer.identified ? (size_t)r->comm->size : 0;
    size_t certificates, proofs;
    cs_evidence_expected(&certificates, &proofs, &r->statement);
    CS_TRY(cs_evidence_new(out, r->manifest.n, signed_by, certificates, proofs));
    if (r->manifest.n != 0)
        cs_signatures_in_order(out->manifest, r->manifest.signatures, r->manifest.n, &r->statement);
    memcpy(out->statement, r->signatures, signed_by * sizeof *out->statement);
    return collect_datasets(out, &r->job);
}

static cs_status write_container(cs_run_state *r, const cs_model *final) {
    cs_container container = {0};
    cs_evidence evidence = {0};
    cs_buffer file = {0};
    cs_status status = collect_evidence(&evidence, r);
    if (status == CS_OK)
        status = cs_attestation_pack(&container, &r->statement, r->initial_given ? &r->initial : NULL,
                                     r->statement.params.final_public ? final : NULL, &r->proof, &evidence);
    cs_evidence_free(&evidence);
    if (status == CS_OK)
        status = cs_container_encode(&file, &container);
    cs_container_free(&container);
    if (status == CS_OK)
        status = cs_file_write(r->attestation_path, file.data, file.size, 0644);
    r->report->file_bytes = file.size;
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

cs_status cs_run_publish(cs_run_state *r) {
    const cs_model *final = cs_trainer_model(r->trainer);
    CS_TRY(measure_accuracy(r));
    cs_status status = write_model(r, final);
    if (status == CS_OK)
        status = write_container(r, final);
    if (status == CS_OK)
        status = write_report(r);
    if (status != CS_OK)
        cs_run_withdraw(r);
    return status;
}

void cs_run_withdraw(cs_run_state *r) {
    (void)unlink(r->attestation_path);
    (void)unlink(r->model_path);
    if (!r->statement.params.final_public)
        (void)unlink(r->model_opening_path);
    (void)unlink(r->report_path);
}
