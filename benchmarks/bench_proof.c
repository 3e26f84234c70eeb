/* One training proof on synthetic data, members as threads: CPU per rank, proof bytes, verification. One JSON line.
 * Arguments: ranks steps batch column_bits width_0 width_1 …, or "images", a number of steps and, if it is not 1, one of
 * ranks. */
#include "base/timer.h"
#include "support/example.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cs_status measure(const cs_example_options *o) {
    cs_example e;
    double start = cs_cpu_seconds();
    CS_TRY(cs_example_new(&e, o));
    const double dataset = cs_cpu_seconds() - start; /* commitments, generators and the synthetic data itself */
    start = cs_wall_seconds();
    CS_TRY(cs_example_prove(&e));
    const double prove = cs_wall_seconds() - start;
    start = cs_cpu_seconds();
    CS_TRY(cs_example_verify(&e, e.proof.data, e.proof.size));
    const double verify = cs_cpu_seconds() - start;
    double max = 0, sum = 0, proof = 0;
    for (int i = 0; i < o->n_ranks; i++) {
        sum += e.ranks[i].cpu_seconds;
        proof += e.ranks[i].proof_seconds;
        max = e.ranks[i].cpu_seconds > max ? e.ranks[i].cpu_seconds : max;
    }
    printf(
        "{\"benchmark\": \"proof\", \"ranks\": %d, \"steps\": %zu, \"batch\": %zu, \"wall_s\": %.3f, \"cpu_sum_s\": %.3f, "
        "\"proof_cpu_s\": %.3f, \"training_cpu_s\": %.3f, \"dataset_cpu_s\": %.3f, "
        "\"cpu_max_s\": %.3f, \"proof_bytes\": %zu, \"verify_s\": %.3f, \"messages\": %zu, \"variables\": %zu, \"rows\": "
        "%zu, "
        "\"peak_rss_mb\": %.0f}\n",
        o->n_ranks, o->steps, o->batch, prove, sum, proof, sum - proof, dataset, max, e.proof.size, verify,
        e.ranks[0].stats.messages, e.ranks[0].stats.variables, e.ranks[0].stats.rows, cs_peak_rss_bytes() / 1e6);
    cs_example_free(&e);
    return CS_OK;
}

/* One epoch of 60,000 images on a 784-128-10 model, or so many steps of 128 draws from as many images as it draws; divided
 * among ranks. */
static cs_example_options images(size_t steps, int n_ranks) {
    return (cs_example_options){.n_ranks = n_ranks,
                                .steps = steps,
                                .batch = 128 / (size_t)n_ranks,
                                .column_bits = 13,
                                .layers = 2,
                                .widths = {784, 128, 10},
                                .rows = (steps >= 468 ? 60000 : steps * 128) / (size_t)n_ranks,
                                .a = 8,
                                .d = 12,
                                .shift = 11,
                                .value_bits = 16,
                                .exp_bits = 12,
                                .n_limbs = 2,
                                .images = true,
                                .seed = 7};
}

static cs_example_options general(int argc, char **argv) {
    cs_example_options o = {.n_ranks = atoi(argv[1]),
                            .steps = (size_t)atol(argv[2]),
                            .batch = (size_t)atol(argv[3]),
                            .column_bits = (unsigned)atoi(argv[4]),
                            .layers = (size_t)argc - 6,
                            .rows = 400,
                            .a = 8,
                            .d = 12,
                            .shift = 7,
                            .value_bits = 15,
                            .exp_bits = 11,
                            .n_limbs = 2,
                            .seed = 7};
    for (int k = 5; k < argc && k - 5 <= CS_MAX_LAYERS; k++)
        o.widths[k - 5] = (size_t)atol(argv[k]);
    return o;
}

int main(int argc, char **argv) {
    const bool of_images = (argc == 3 || argc == 4) && strcmp(argv[1], "images") == 0;
    if (argc < 7 && !of_images) {
        fprintf(stderr, "usage: %s ranks steps batch column_bits width_0 width_1 ...\n       %s images steps [ranks]\n",
                argv[0], argv[0]);
        return CS_ERR_USAGE;
    }
    const cs_example_options o =
        of_images ? images((size_t)atol(argv[2]), argc == 4 ? atoi(argv[3]) : 1) : general(argc, argv);
    const cs_status status = measure(&o);
    if (status != CS_OK)
        fprintf(stderr, "%s: %s\n", cs_status_name(status), cs_error_text());
    return (int)status;
}
