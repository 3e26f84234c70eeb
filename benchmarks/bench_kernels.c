/* Kernels against their bars, one JSON line each: CPU time of one core, the median of several runs, and the core's cycles.
 * The bars are those of the instruction set in use (cs_isa_chosen): AVX-512 IFMA, or portable for the others. */
#include "base/isa.h"
#include "base/memory.h"
#include "base/timer.h"
#include "curve/batch.h"
#include "curve/commit.h"
#include "curve/msm.h"
#include "sumcheck/sumcheck.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 5 };
enum { REPEAT = 256, BATCH = 4096, ROWS = 1024, BITS = 20, LARGE = 1 << BITS, INTEGERS = 1 << 16 };

typedef struct bench {
    size_t n;
    cs_fr *a, *b, *c, *table[4]; /* [LARGE] but c: [BATCH] */
    cs_g1_affine *points, *sums; /* [LARGE], [BATCH] */
    cs_fp *scratch;
    int16_t *ints; /* [BATCH] */
    int32_t *wide; /* [INTEGERS] */
    cs_generators gens;
    cs_committer *committer;
    uint8_t *encoded;
    cs_fr point[BITS];
    double clock; /* cycles per nanosecond */
} bench;

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_seconds(bench *b, void (*run)(bench *)) {
    double seconds[RUNS];
    for (int k = 0; k < RUNS; k++) {
        const double start = cs_cpu_seconds();
        run(b);
        seconds[k] = cs_cpu_seconds() - start;
    }
    qsort(seconds, RUNS, sizeof *seconds, by_value);
    return seconds[RUNS / 2];
}

/* A kernel, its unit ("ns" for each of `operations`, or "ms" for all), and bars for AVX-512 IFMA and for the others; 0:
 * none. */
typedef struct subject {
    const char *name, *unit;
    void (*run)(bench *);
    double operations, ifma_bar, bar;
} subject;

static void report(bench *b, const subject *s) {
    const double seconds = median_seconds(b, s->run);
    const double figure = strcmp(s->unit, "ms") == 0 ? 1e3 * seconds : 1e9 * seconds / s->operations;
    const double bar = cs_isa_chosen() == CS_ISA_AVX512IFMA ? s->ifma_bar : s->bar;
    printf("{\"isa\": \"%s\", \"kernel\": \"%s\", \"unit\": \"%s\", \"value\": %.4g, \"cycles_per_op\": %.4g",
           cs_isa_name(cs_isa_chosen()), s->name, s->unit, figure, 1e9 * seconds * b->clock / s->operations);
    if (bar > 0)
        printf(", \"bar\": %.4g, \"ratio\": %.3f, \"met\": %s", bar, figure / bar, figure <= bar ? "true" : "false");
    printf("}\n");
    fflush(stdout);
}

enum { CHAIN = 30000000, MUL_CYCLES = 3 };

/* A chain of 64-bit multiplications of which each waits for the one before, three cycles on processors of Intel and AMD: the
 * clock that the core runs at. Not additions: some processors add constants while they rename registers, several a cycle. */
static void mul_chain(bench *b) {
    size_t x = b->n;
    for (int k = 0; k < CHAIN / 4; k++) {
        x *= x;
        __asm__ volatile("" : "+r"(x));
        x *= x;
        __asm__ volatile("" : "+r"(x));
        x *= x;
        __asm__ volatile("" : "+r"(x));
        x *= x;
        __asm__ volatile("" : "+r"(x));
    }
    b->n = x;
}

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
        cs_g1_batch_add(b->sums, b->points, b->points + BATCH, b->scratch, BATCH);
}

static void msm(bench *b) {
    cs_g1 out;
    (void)cs_msm_var(&out, b->a, b->points, b->n);
}

static void msm13(bench *b) {
    b->n = 1 << 13;
    msm(b);
}

static void msm16(bench *b) {
    b->n = 1 << 16;
    msm(b);
}

static void msm20(bench *b) {
    b->n = 1 << 20;
    msm(b);
}

/* Integers of the whole range; drawing them is a hundredth of the work. */
static void msm_int(bench *b, int64_t min, int64_t max) {
    cs_g1 out;
    for (size_t k = 0; k < INTEGERS; k++)
        b->wide[k] = (int32_t)(min + (((int64_t)rand() << 16 ^ rand()) & (max - min)));
    (void)cs_msm_int_var(&out, CS_INT_I32, b->wide, min, max, b->points, INTEGERS);
}

static void msm_int32(bench *b) {
    msm_int(b, INT32_MIN, INT32_MAX);
}

static void msm_int16(bench *b) {
    msm_int(b, INT16_MIN, INT16_MAX);
}

static void msm_int8(bench *b) {
    msm_int(b, INT8_MIN, INT8_MAX);
}

static void msm_int1(bench *b) {
    msm_int(b, 0, 1);
}

static void rows(bench *b, int64_t min, int64_t max) {
    static cs_int_row list[ROWS];
    for (size_t k = 0; k < BATCH; k++)
        b->ints[k] = (int16_t)(min + rand() % (max - min + 1));
    for (size_t r = 0; r < ROWS; r++)
        list[r] = (cs_int_row){.type = CS_INT_I16, .data = b->ints, .n = ROWS, .min = min, .max = max};
    (void)cs_commit_rows(b->sums, list, ROWS, b->a);
}

static void rows16(bench *b) {
    rows(b, INT16_MIN, INT16_MAX);
}

static void rows8(bench *b) {
    rows(b, INT8_MIN, INT8_MAX);
}

static void rows1(bench *b) {
    rows(b, 0, 1);
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
    (void)cs_generators_get(&b->gens, BATCH);
}

/* All rounds of a sumcheck over the tables, which it consumes. */
static void rounds(const bench *b, const cs_sumcheck *what, cs_fr *const *tables) {
    cs_sc_witness w = {0};
    cs_sc_prover *p;
    cs_fr out[4];
    for (unsigned k = 0; k < what->n_own; k++)
        w.tables[k].values = tables[k];
    if (cs_sc_prover_new(&p, what, &w, 0) != CS_OK)
        return;
    for (unsigned k = 0; k < what->bits; k++) {
        cs_sc_prover_round(p, 2, out);
        if (cs_sc_prover_fold(p, b->point[k]) != CS_OK)
            break;
    }
    cs_sc_prover_free(p);
}

static const cs_fr *ones(void) {
    static cs_fr one[1];
    one[0] = CS_FR_ONE;
    return one;
}

static void sumcheck_product(bench *b) {
    const cs_sumcheck what = {.bits = BITS,
                              .n_own = 2,
                              .n_terms = 1,
                              .terms = {{.weights = ones(), .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {0, 1}}}};
    rounds(b, &what, b->table);
}

/* eq (a b - c), the table of c holding -c. */
static void sumcheck_eq(bench *b) {
    const cs_sumcheck what = {.bits = BITS,
                              .n_own = 3,
                              .n_terms = 2,
                              .eq_point = b->point,
                              .terms = {{.weights = ones(), .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {0, 1}},
                                        {.weights = ones(), .pub = CS_SC_NO_PUBLIC, .n_factors = 1, .factor = {2}}}};
    rounds(b, &what, b->table);
}

/* The fraction tree over 2^20 leaves 1 / (alpha - x): leaves from small integers, all layers, and a sumcheck for each. */
static void fraction_tree(bench *b) {
    cs_fr *p[BITS], *q[BITS], *const leaves = b->table[0], *const numerators = b->table[1];
    for (size_t x = 0; x < LARGE; x++)
        leaves[x] = b->point[0];
    for (size_t x = 0; x < LARGE; x += BATCH)
        cs_fr_vec_axpy_int(leaves + x, cs_fr_neg(CS_FR_ONE), CS_INT_I16, b->ints, BATCH);
    for (unsigned k = BITS; k-- > 0;) {
        const size_t n = (size_t)1 << k;
        p[k] = b->table[2] + n;
        q[k] = b->table[3] + n;
        if (k + 1 == BITS)
            cs_fr_vec_fractions(p[k], q[k], NULL, leaves, NULL, leaves + n, n);
        else
            cs_fr_vec_fractions(p[k], q[k], p[k + 1], q[k + 1], p[k + 1] + n, q[k + 1] + n, n);
    }
    for (unsigned k = 1; k <= BITS; k++) {
        const size_t half = (size_t)1 << (k - 1);
        cs_fr *const ps = k == BITS ? numerators : p[k], *const qs = k == BITS ? leaves : q[k];
        cs_fr *const tables[4] = {ps, ps + half, qs, qs + half};
        const cs_sumcheck what = {.bits = k - 1,
                                  .n_own = 4,
                                  .n_terms = 2,
                                  .eq_point = b->point,
                                  .terms = {{ones(), CS_SC_NO_PUBLIC, 2, {0, 3}}, {ones(), CS_SC_NO_PUBLIC, 2, {2, 1}}}};
        for (size_t x = 0; x < LARGE && k == BITS; x++)
            numerators[x] = CS_FR_ONE;
        cs_fr_vec_axpy(ps + half, b->point[1], qs + half, half);
        rounds(b, &what, tables);
    }
}

static cs_status prepare(bench *b) {
    b->a = CS_NEW(cs_fr, LARGE);
    b->b = CS_NEW(cs_fr, LARGE);
    b->c = CS_NEW(cs_fr, BATCH);
    b->points = CS_NEW(cs_g1_affine, LARGE);
    b->sums = CS_NEW(cs_g1_affine, BATCH);
    b->scratch = CS_NEW(cs_fp, CS_G1_SCRATCH(LARGE));
    b->ints = CS_NEW(int16_t, BATCH);
    b->wide = CS_NEW(int32_t, INTEGERS);
    b->encoded = CS_NEW(uint8_t, 32 * 1024);
    bool all = b->a && b->b && b->c && b->points && b->sums && b->scratch && b->ints && b->wide && b->encoded;
    for (int k = 0; k < 4; k++)
        all = (b->table[k] = CS_NEW(cs_fr, LARGE)) != NULL && all;
    if (!all)
        return CS_ERR_MEMORY;
    CS_TRY(cs_generators_get(&b->gens, 2 * BATCH));
    CS_TRY(cs_committer_new(&b->committer, 16));
    cs_fr x = cs_fr_random();
    const cs_fr step = cs_fr_random();
    for (size_t k = 0; k < LARGE; k++) {
        x = cs_fr_mul(x, step);
        b->a[k] = x;
        b->b[k] = cs_fr_add(x, step);
        for (int t = 0; t < 4; t++)
            b->table[t][k] = cs_fr_add(x, b->a[(size_t)t]);
    }
    memcpy(b->point, b->a, sizeof b->point);
    /* many different points: sums of generators, doubled each time they have been used */
    memcpy(b->points, b->gens.g, 2 * BATCH * sizeof *b->points);
    for (size_t n = 2 * BATCH; n < LARGE; n *= 2)
        cs_g1_batch_double(b->points + n, b->points, b->scratch, n);
    for (size_t k = 0; k < 1024; k++)
        cs_g1_encode(b->encoded + 32 * k, b->points[k]);
    b->clock = MUL_CYCLES * (double)CHAIN / (1e9 * median_seconds(b, mul_chain));
    return CS_OK;
}

static void run_all(bench *b) {
    static const double each = (double)REPEAT * BATCH, entries = (double)ROWS * ROWS;
    const subject subjects[] = {
        {"multiplication in F, vector", "ns", mul, each, 1.8, 18},
        {"sumcheck of f g, all rounds, 2^20", "ms", sumcheck_product, LARGE, 10, 105},
        {"sumcheck of eq (a b - c), 2^20", "ms", sumcheck_eq, LARGE, 15, 130},
        {"fraction tree, a leaf, 2^20 leaves", "ns", fraction_tree, LARGE, 60, 500},
        {"batch-affine addition", "ns", additions, 16.0 * BATCH, 17, 130},
        {"MSM, 2^20 uniform scalars", "ms", msm20, 1 << 20, 380, 2000},
        {"MSM, 2^16 uniform scalars", "ms", msm16, 1 << 16, 36, 200},
        {"row commitments, 8-bit, an entry", "ns", rows8, entries, 17, 130},
        {"row commitments, 16-bit, an entry", "ns", rows16, entries, 34, 260},
        {"row commitments, 0/1, an entry", "ns", rows1, entries, 3, 25},
        {"MSM, 2^13 uniform scalars", "ms", msm13, 1 << 13, 8, 45},
        {"MSM, 2^16 32-bit scalars", "ms", msm_int32, INTEGERS, 0, 0},
        {"MSM, 2^16 16-bit scalars", "ms", msm_int16, INTEGERS, 0, 0},
        {"MSM, 2^16 8-bit scalars", "ms", msm_int8, INTEGERS, 0, 0},
        {"MSM, 2^16 scalars 0 or 1", "ms", msm_int1, INTEGERS, 0, 0},
        {"dot product in F", "ns", dot, each, 0, 0},
        {"fold", "ns", fold, each, 0, 0},
        {"vector += scalar * 16-bit integers", "ns", axpy_int, each, 0, 0},
        {"dot product with 16-bit integers", "ns", dot_int, each, 0, 0},
        {"commitment to 3 scalars", "ns", commit, 256, 0, 0},
        {"point decoding", "ns", decode, 1024, 0, 0},
        {"generator", "ns", generators, BATCH, 0, 0},
    };
    fprintf(stderr, "%s, clock %.2f GHz\n", cs_isa_name(cs_isa_chosen()), b->clock);
    for (size_t k = 0; k < sizeof subjects / sizeof *subjects; k++)
        report(b, &subjects[k]);
}

int main(void) {
    bench b = {0};
    cs_status status = cs_isa_check();
    if (status == CS_OK)
        status = prepare(&b);
    if (status == CS_OK)
        run_all(&b);
    else
        fprintf(stderr, "%s: %s\n", cs_status_name(status), cs_error_text());
    cs_free(b.a);
    cs_free(b.b);
    cs_free(b.c);
    cs_free(b.points);
    cs_free(b.sums);
    cs_free(b.scratch);
    cs_free(b.ints);
    cs_free(b.wide);
    cs_free(b.encoded);
    for (int k = 0; k < 4; k++)
        cs_free(b.table[k]);
    cs_committer_free(b.committer);
    cs_generators_release();
    return (int)status;
}
