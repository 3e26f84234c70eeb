#include "consort/verify.h"

#include <stdio.h>
#include <string.h>

#include "attest/attestation.h"
#include "attest/model_file.h"
#include "base/timer.h"
#include "train/protocol.h"

static void describe(cs_verify_report *report, const cs_attestation *a) {
    const cs_params *p = &a->statement.params;
    snprintf(report->job, sizeof report->job, "%s", a->statement.name);
    report->members = (size_t)p->n_ranks;
    for (int i = 0; i < p->n_ranks; i++)
        report->rows += p->rows[i];
    report->layers = p->layers;
    for (size_t l = 1; l <= p->layers; l++)
        report->parameters += (p->widths[l - 1] + 1) * p->widths[l];
    report->steps = p->steps;
    report->batch = (size_t)p->n_ranks * p->batch;
    report->draws = report->steps * report->batch;
    report->model_public = p->final_public;
    report->initial_given = a->statement.initial_given;
    report->file_bytes = a->file_bytes;
    report->proof_bytes = a->container.section[CS_SECTION_PROOF].size;
    if (p->final_public)
        cs_hex32(report->model_digest, a->statement.final_digest);
}

static cs_status check_model(const cs_attestation *a, const char *path) {
    cs_model other;
    uint8_t digest[32];
    if (!a->has_final)
        return cs_fail(CS_REJECT, "the attestation only commits to its model: it cannot be compared with %s", path);
    CS_TRY(cs_model_load(&other, &a->statement.params, path));
    cs_model_digest(digest, &other);
    cs_model_free(&other);
    if (memcmp(digest, a->statement.final_digest, sizeof digest) != 0)
        return cs_fail(CS_REJECT, "%s is not the model that the attestation is about", path);
    return CS_OK;
}

static cs_status check_proof(const cs_attestation *a, cs_verify_report *report) {
    const cs_buffer *proof = &a->container.section[CS_SECTION_PROOF];
    cs_proof_stats stats = {0};
    cs_derived derived;
    const double start = cs_wall_seconds();
    CS_TRY(cs_attestation_derive(&derived, a));
    const double derived_at = cs_wall_seconds();
    cs_hex32(report->statement_digest, derived.instance.digest);
    const cs_status status = cs_train_verify(&derived.instance, proof->data, proof->size, &stats);
    report->derive_seconds = derived_at - start;
    report->proof_seconds = cs_wall_seconds() - derived_at;
    report->messages = stats.messages;
    report->commitment_rows = stats.rows;
    cs_derived_free(&derived);
    return status;
}

cs_status cs_verify_file(const char *path, const cs_verify_options *options, cs_verify_report *report) {
    cs_attestation a;
    const double start = cs_wall_seconds();
    memset(report, 0, sizeof *report);
    CS_TRY(cs_attestation_open(&a, path));
    describe(report, &a);
    report->read_seconds = cs_wall_seconds() - start;
    cs_status status = cs_fail_prefix(check_proof(&a, report), "%s", path);
    if (status == CS_OK && options != NULL && options->model_path != NULL)
        status = check_model(&a, options->model_path);
    cs_attestation_free(&a);
    return status;
}
