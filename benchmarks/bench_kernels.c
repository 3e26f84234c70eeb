/* Kernels, one JSON line each: CPU nanoseconds per operation, the median of several runs. */
#include "base/memory.h"
#include "base/timer.h"
#include "curve/commit.h"
#include "curve/msm.h"
#include "sumcheck/sumcheck.h"
#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 5 };

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

typedef struct bench {
    size_t n;
    cs_fr *a, *b, *c;
    cs_g1_affine *points, *sums;
    int16_t *ints;
    int64_t min, max;
    cs_generators gens;
    cs_committer *committer;
    uint8_t *encoded;
} bench;

static void report(const char *kernel, bench *b, double operations, void (*run)(bench *)) {
    double seconds[RUNS];
    for (int k = 0; k < RUNS; k++) {
        const double start = cs_cpu_seconds();
        run(b);
        seconds[k] = cs_cpu_seconds() - start;
    }
    qsort(seconds, RUNS, sizeof *seconds, by_value);
    printf("{\"kernel\": \"%s\", \"n\": %zu, \"ms\": %.3f, \"ns_per_op\": %.2f}\n", kernel, b->n, 1e3 * seconds[RUNS / 2],
           1e9 * seconds[RUNS / 2] / operations);
    fflush(stdout);
}

enum { REPEAT = 256, BATCH = 4096 };

static void mul(bench *b) {
    for (int k = 0; k < REPEAT; k++)
        cs_fr_vec_mul(b->c, b->a, b->b, BATCH);
}

static void dot(bench *b) {
    for (int k = 0; k < REPEAT; k++)
        b->c[0] = cs_fr_vec_dot(b->a, b->b, BATCH);
}

static void fold(bench *b) {
    for (int k = 0; k < REPEAT; k++)
        cs_fr_vec_fold(b->c, b->a, b->b, b->a[0], BATCH);
}

static void axpy_int(bench *b) {
    for (int k = 0; k < REPEAT; k++)
        cs_fr_vec_axpy_int(b->c, b->a[1], CS_INT_I16, b->ints, BATCH);
}

static void dot_int(bench *b) {
    for (int k = 0; k < REPEAT; k++)
        b->c[0] = cs_fr_vec_dot_int(b->a, CS_INT_I16, b->ints, BATCH);
}

static void additions(bench *b) {
    for (int k = 0; k < 16; k++)
        (void)cs_g1_vec_add(b->sums, b->points, b->points + 1, BATCH - 1);
}

static void msm(bench *b) {
    cs_g1 out;
    (void)cs_msm_var(&out, b->a, b->points, b->n);
}

static void rows(bench *b) {
    enum { ROWS = 1024 };
    static cs_int_row list[ROWS];
    for (size_t r = 0; r < ROWS; r++)
        list[r] = (cs_int_row){CS_INT_I16, b->ints, b->n, b->min, b->max};
    (void)cs_commit_rows(b->sums, list, ROWS, b->a);
}

static void commit(bench *b) {
    for (int k = 0; k < 256; k++)
        b->sums[k] = cs_g1_to_affine(cs_commit_short(b->committer, b->a, 3, b->b[k]));
}

static void decode(bench *b) {
    (void)cs_g1_vec_decode(b->sums, b->encoded, 1024);
}

static void generators(bench *b) {
    cs_generators_release();
    (void)cs_generators_get(&b->gens, 4096);
}

static cs_fr zero_at(void *context, int rank, const cs_fr *point) {
    (void)context, (void)rank, (void)point;
    return CS_FR_ZERO;
}

/* All rounds of sum of f g, or of eq (f g), over 2^20 entries. */
static void sumcheck(bench *b, bool under_eq) {
    enum { BITS = 20 };
    static cs_fr point[BITS], one[1];
    one[0] = CS_FR_ONE;
    for (int k = 0; k < BITS; k++)
        point[k] = b->a[k];
    cs_sumcheck what = {.bits = BITS,
                        .n_own = 2,
                        .n_terms = 1,
                        .eq_point = under_eq ? point : NULL,
                        .publics = {{zero_at, NULL, false}},
                        .terms = {{.weights = one, .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {0, 1}}}};
    cs_sc_witness w = {.tables = {{.values = b->a}, {.values = b->b}}};
    cs_sc_prover *p;
    cs_fr out[2];
    if (cs_sc_prover_new(&p, &what, &w, 0) != CS_OK)
        return;
    for (int k = 0; k < BITS; k++) {
        cs_sc_prover_round(p, 2, out);
        if (cs_sc_prover_fold(p, out[0]) != CS_OK)
            break;
    }
    cs_sc_prover_free(p);
}

static void sumcheck_product(bench *b) {
    sumcheck(b, false);
}

static void sumcheck_eq(bench *b) {
    sumcheck(b, true);
}

static cs_status prepare(bench *b) {
    enum { LARGE = 1 << 20, POINTS = 1 << 16 };
    b->a = CS_NEW(cs_fr, LARGE);
    b->b = CS_NEW(cs_fr, LARGE);
    b->c = CS_NEW(cs_fr, BATCH);
    b->points = CS_NEW(cs_g1_affine, POINTS);
    b->sums = CS_NEW(cs_g1_affine, POINTS);
    b->ints = CS_NEW(int16_t, BATCH);
    b->encoded = CS_NEW(uint8_t, 32 * 1024);
    if (!b->a || !b->b || !b->c || !b->points || !b->sums || !b->ints || !b->encoded)
        return CS_ERR_MEMORY;
    CS_TRY(cs_generators_get(&b->gens, POINTS));
    CS_TRY(cs_committer_new(&b->committer, 16));
    cs_fr x = cs_fr_random();
    const cs_fr step = cs_fr_random();
    for (size_t k = 0; k < LARGE; k++) {
        x = cs_fr_mul(x, step);
        b->a[k] = x;
        b->b[k] = cs_fr_add(x, step);
    }
    for (size_t k = 0; k < POINTS; k++)
        b->points[k] = b->gens.g[k];
    for (size_t k = 0; k < 1024; k++)
        cs_g1_encode(b->encoded + 32 * k, b->points[k]);
    return CS_OK;
}

static void fill_ints(bench *b, int64_t min, int64_t max) {
    b->min = min;
    b->max = max;
    for (size_t k = 0; k < BATCH; k++)
        b->ints[k] = (int16_t)(min + rand() % (max - min + 1));
}

static void run_all(bench *b) {
    const double each = (double)REPEAT * BATCH;
    b->n = BATCH;
    fill_ints(b, -32768, 32767);
    report("multiplication in F", b, each, mul);
    report("dot product in F", b, each, dot);
    report("fold", b, each, fold);
    report("axpy with 16-bit integers", b, each, axpy_int);
    report("dot product with 16-bit integers", b, each, dot_int);
    report("batch-affine addition", b, 16.0 * (BATCH - 1), additions);
    b->n = 1 << 13;
    report("multi-scalar multiplication", b, (double)b->n, msm);
    b->n = 1 << 16;
    report("multi-scalar multiplication", b, (double)b->n, msm);
    b->n = 1024;
    report("row commitments, 16-bit entries, 1024 rows", b, 1024.0 * 1024.0, rows);
    fill_ints(b, -128, 127);
    report("row commitments, 8-bit entries, 1024 rows", b, 1024.0 * 1024.0, rows);
    fill_ints(b, 0, 1);
    report("row commitments, 0/1 entries, 1024 rows", b, 1024.0 * 1024.0, rows);
    report("commitment to 3 scalars", b, 256, commit);
    report("point decoding", b, 1024, decode);
    b->n = 1 << 20;
    report("sumcheck of f g, all rounds", b, (double)b->n, sumcheck_product);
    report("sumcheck of eq f g, all rounds", b, (double)b->n, sumcheck_eq);
    b->n = 4096;
    report("generators", b, 4096, generators);
}

int main(void) {
    bench b = {0};
    const cs_status status = prepare(&b);
    if (status == CS_OK)
        run_all(&b);
    cs_free(b.a);
    cs_free(b.b);
    cs_free(b.c);
    cs_free(b.points);
    cs_free(b.sums);
    cs_free(b.ints);
    cs_free(b.encoded);
    cs_committer_free(b.committer);
    cs_generators_release();
    return (int)status;
}
