/* Committing to a dataset of small integers, proving it well formed, verifying that. One JSON line. Arguments: rows
 * features. */
#include "base/memory.h"
#include "base/timer.h"
#include "support/committed.h"
#include <stdio.h>
#include <stdlib.h>

/* Commits again, to what is committed already, so that making synthetic data is not counted. */
static cs_status commit(cs_committed *c, double *cpu_seconds) {
    const size_t n = c->opening.rows * c->opening.features;
    cs_dataset data = {
        .rows = c->opening.rows, .features = c->opening.features, .values = CS_NEW(int32_t, n), .labels = c->opening.labels};
    if (data.values == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++)
        data.values[k] = c->opening.values[k];
    c->opening.labels = NULL;
    cs_dataset_opening_free(&c->opening);
    cs_free(c->doc.commitments);
    c->doc.commitments = NULL;
    const double start = cs_cpu_seconds();
    const cs_status status = cs_dataset_doc_commit(&c->doc, &c->opening, &data);
    *cpu_seconds = cs_cpu_seconds() - start;
    return status;
}

static cs_status measure(cs_committed *c, const cs_committed_options *o) {
    CS_TRY(cs_committed_new(c, o));
    double committing = 0;
    CS_TRY(commit(c, &committing));
    double start = cs_cpu_seconds();
    CS_TRY(cs_wellformed_prove(&c->doc, &c->opening, NULL, &c->proof));
    const double proving = cs_cpu_seconds() - start;
    cs_wellformed_seal(&c->doc, &c->proof);
    start = cs_cpu_seconds();
    CS_TRY(cs_wellformed_verify(&c->doc, c->proof.data, c->proof.size));
    printf("{\"benchmark\": \"dataset\", \"rows\": %zu, \"features\": %zu, \"commit_cpu_s\": %.3f, \"proof_cpu_s\": %.3f, "
           "\"verify_s\": %.3f, \"proof_bytes\": %zu, \"commitments\": %zu, \"peak_rss_mb\": %.0f}\n",
           o->rows, o->features, committing, proving, cs_cpu_seconds() - start, c->proof.size,
           cs_dataset_doc_commitments(&c->doc), cs_peak_rss_bytes() / 1e6);
    return CS_OK;
}

int main(int argc, char **argv) {
    static const cs_affine map = {0, 255, 0, 1};
    cs_committed_options o = cs_committed_defaults();
    cs_committed c = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: %s ROWS FEATURES\n", argv[0]);
        return 2;
    }
    o.rows = (size_t)atol(argv[1]);
    o.features = (size_t)atol(argv[2]);
    o.columns = 2048;
    o.map = &map;
    o.proof = false;
    const cs_status status = measure(&c, &o);
    if (status != CS_OK)
        fprintf(stderr, "bench_dataset: %s\n", cs_error_text());
    cs_committed_free(&c);
    return (int)status;
}
