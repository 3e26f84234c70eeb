/* Batches of point additions in every available instruction set: identical bytes to sums of single points, with identities,
 * doublings, inverses and repeated points anywhere among them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "curve/g1_kernels.h"
#include "curve/generators.h"

enum { POINTS = 64, LONGEST = 4133, SHORT = 70 }; /* the longest ones take two inversions */

static cs_g1_affine sum_of(cs_g1_affine a, cs_g1_affine b) {
    return cs_g1_to_affine(cs_g1_add_affine(cs_g1_from_affine(a), b));
}

/* The smallest and largest coordinates in memory, and limbs of ones: no points of the curve, of whose equation sums know
 * nothing. */
static cs_g1_affine extreme(void) {
#define LAST 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029
#define ONES 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0x30644e72e131a028
    static const cs_g1_affine extremes[] = {{{{0x3c208c16d87cfd46, LAST}}, {{0x3c208c16d87cfd46, LAST}}},
                                            {{{0x3c208c16d87cfd45, LAST}}, {{1}}},
                                            {{{1}}, {{0x3c208c16d87cfd46, LAST}}},
                                            {{{2}}, {{1}}},
                                            {{{ONES}}, {{ONES}}},
                                            {{{0, 0, 0, 0x30644e72e131a029}}, {{0, 0, 0, 1}}}};
    return extremes[(size_t)rand() % (sizeof extremes / sizeof *extremes)];
}

/* A point of the curve, sometimes the identity. */
static cs_g1_affine pick_point(void) {
    cs_generators g;
    assert_int_equal(cs_generators_get(&g, POINTS), CS_OK);
    return rand() % 16 ? g.g[rand() % POINTS] : CS_G1_AFFINE_IDENTITY;
}

/* Mostly regular points; some identities and extremes. */
static cs_g1_affine pick(void) {
    return rand() % 5 ? pick_point() : extreme();
}

/* Pairs: one in eight the same point twice, one in eight a point and its negative. */
static void pick_pair(cs_g1_affine *a, cs_g1_affine *b) {
    *a = pick();
    *b = pick();
    const int kind = rand() % 8;
    if (kind == 0)
        *b = *a;
    else if (kind == 1)
        *b = cs_g1_affine_neg(*a);
}

typedef void check_fn(const cs_g1_kernels *k, size_t n, cs_fp *scratch);

static void additions(const cs_g1_kernels *k, size_t n, cs_fp *scratch) {
    static cs_g1_affine a[LONGEST], b[LONGEST], r[LONGEST + 1], expected[LONGEST];
    for (size_t j = 0; j < n; j++) {
        pick_pair(&a[j], &b[j]);
        expected[j] = sum_of(a[j], b[j]);
    }
    memset(r, 0x5a, sizeof r);
    const cs_g1_affine behind = r[n];
    k->add(r, a, b, scratch, n);
    assert_memory_equal(r, expected, n * sizeof *r);
    assert_memory_equal(&r[n], &behind, sizeof behind);
    memcpy(r, a, n * sizeof *r);
    k->add(r, r, b, scratch, n);
    assert_memory_equal(r, expected, n * sizeof *r);
    k->add(b, a, b, scratch, n);
    assert_memory_equal(b, expected, n * sizeof *b);
}

static void doublings(const cs_g1_kernels *k, size_t n, cs_fp *scratch) {
    static cs_g1_affine a[LONGEST], r[LONGEST], expected[LONGEST];
    for (size_t j = 0; j < n; j++) {
        a[j] = pick();
        expected[j] = sum_of(a[j], a[j]);
    }
    k->twice(r, a, scratch, n);
    assert_memory_equal(r, expected, n * sizeof *r);
    k->twice(a, a, scratch, n);
    assert_memory_equal(a, expected, n * sizeof *a);
}

/* Accumulators in any order, entries of a table in any order, with signs; untouched accumulators stay. */
static void accumulations(const cs_g1_kernels *k, size_t n, cs_fp *scratch) {
    static cs_g1_affine acc[LONGEST], table[POINTS], expected[LONGEST];
    static uint32_t target[LONGEST], index[LONGEST];
    for (size_t j = 0; j < POINTS; j++)
        table[j] = pick();
    for (size_t j = 0; j < LONGEST; j++) {
        acc[j] = expected[j] = pick();
        target[j] = (uint32_t)j;
    }
    for (size_t j = LONGEST - 1; j > 0; j--) {
        const size_t other = (size_t)rand() % (j + 1);
        const uint32_t kept = target[j];
        target[j] = target[other];
        target[other] = kept;
    }
    for (size_t j = 0; j < n; j++) {
        index[j] = (uint32_t)rand() % (2 * POINTS);
        const cs_g1_affine p = table[index[j] / 2];
        if (rand() % 8 == 0)
            acc[target[j]] = expected[target[j]] = rand() % 2 ? p : cs_g1_affine_neg(p);
        expected[target[j]] = sum_of(expected[target[j]], index[j] & 1 ? cs_g1_affine_neg(p) : p);
    }
    k->accumulate(acc, target, table, index, scratch, n);
    assert_memory_equal(acc, expected, sizeof acc);
}

/* Upper half onto lower half of one array, as sums of lists do it: terms and accumulators are neighbours. */
static void folds(const cs_g1_kernels *k, size_t n, cs_fp *scratch) {
    static cs_g1_affine all[2 * LONGEST], expected[2 * LONGEST];
    static uint32_t target[LONGEST], index[LONGEST];
    for (size_t j = 0; j < n; j++) {
        pick_pair(&all[j], &all[n + j]);
        target[j] = (uint32_t)j;
        index[j] = 2 * (uint32_t)(n + j) + (uint32_t)(rand() % 2);
        expected[j] = sum_of(all[j], index[j] & 1 ? cs_g1_affine_neg(all[n + j]) : all[n + j]);
        expected[n + j] = all[n + j];
    }
    k->accumulate(all, target, all, index, scratch, n);
    assert_memory_equal(all, expected, 2 * n * sizeof *all);
}

static cs_fp base_field_sample(void) {
    uint8_t raw[64];
    const int kind = rand() % 8;
    for (size_t b = 0; b < sizeof raw; b++)
        raw[b] = (uint8_t)rand();
    const cs_fp x = cs_fp_from_u64((uint64_t)rand() % 3);
    return kind == 0 ? x : kind == 1 ? cs_fp_neg(x) : cs_fp_from_wide(raw);
}

/* Powers of squares, and of their negatives: -1 is no square (p = 3 mod 4), and its power is 1. */
static void square_roots(const cs_g1_kernels *k, size_t n, cs_fp *scratch) {
    static cs_fp a[LONGEST], r[LONGEST + 1], portable[LONGEST];
    (void)scratch;
    for (size_t j = 0; j < n; j++) {
        a[j] = cs_fp_sqr(base_field_sample());
        if (rand() % 2)
            a[j] = cs_fp_neg(a[j]);
    }
    memset(r, 0x5a, sizeof r);
    const cs_fp behind = r[n];
    k->roots(r, a, n);
    assert_memory_equal(&r[n], &behind, sizeof behind);
    cs_g1_kernels_portable.roots(portable, a, n);
    assert_memory_equal(r, portable, n * sizeof *r);
    for (size_t j = 0; j < n; j++) {
        const cs_fp square = cs_fp_sqr(r[j]);
        assert_true(cs_fp_eq(square, a[j]) || cs_fp_eq(square, cs_fp_neg(a[j])));
    }
    k->roots(a, a, n);
    assert_memory_equal(a, r, n * sizeof *a);
}

/* Of 0, 1, and 4, -4, -1, where a root is known up to its sign. */
static void known_roots(void **state) {
    (void)state;
    const cs_fp two = cs_fp_from_u64(2), four = cs_fp_from_u64(4);
    for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
        const cs_g1_kernels *k = cs_g1_kernels_of((cs_isa)isa);
        if (!k)
            continue;
        cs_fp r[5] = {CS_FP_ZERO, CS_FP_ONE, four, cs_fp_neg(four), cs_fp_neg(CS_FP_ONE)};
        k->roots(r, r, 5);
        assert_true(cs_fp_is_zero(r[0]) && cs_fp_eq(r[1], CS_FP_ONE));
        assert_true(cs_fp_eq(r[2], two) || cs_fp_eq(r[2], cs_fp_neg(two)));
        assert_true(cs_fp_eq(cs_fp_sqr(r[3]), four));
        assert_true(cs_fp_eq(cs_fp_sqr(r[4]), CS_FP_ONE));
    }
}

static void for_all(check_fn *check) {
    cs_fp *scratch = CS_NEW(cs_fp, CS_G1_SCRATCH(LONGEST));
    assert_non_null(scratch);
    for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
        const cs_g1_kernels *k = cs_g1_kernels_of((cs_isa)isa);
        assert_true((k != NULL) == cs_isa_available((cs_isa)isa));
        if (!k)
            continue;
        assert_int_equal(k->isa, isa);
        for (size_t n = 0; n <= SHORT; n++)
            check(k, n, scratch);
        check(k, LONGEST, scratch);
    }
    cs_free(scratch);
}

static void batches_of_additions(void **state) {
    (void)state;
    for_all(additions);
}

static void batches_of_doublings(void **state) {
    (void)state;
    for_all(doublings);
}

static void batches_of_accumulations(void **state) {
    (void)state;
    for_all(accumulations);
}

static void batches_of_folds(void **state) {
    (void)state;
    for_all(folds);
}

/* Few points are added one by one, many in batches, the last rows one by one again. */
static void sums_of_rows(void **state) {
    (void)state;
    static const size_t widths[] = {1, 3, 17, 300};
    static cs_g1_affine points[9 * 300], expected[300], sum[300];
    for (size_t rows = 1; rows <= 9; rows++)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            const size_t n = widths[w];
            for (size_t k = 0; k < rows * n; k++)
                points[k] = pick_point();
            for (size_t k = 0; k < n; k++) {
                cs_g1 total = cs_g1_from_affine(points[k]);
                for (size_t row = 1; row < rows; row++)
                    total = cs_g1_add_affine(total, points[row * n + k]);
                expected[k] = cs_g1_to_affine(total);
            }
            assert_int_equal(cs_g1_vec_sum(sum, points, rows, n), CS_OK);
            assert_memory_equal(sum, expected, n * sizeof *sum);
        }
}

static void batches_of_roots(void **state) {
    (void)state;
    for_all(square_roots);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(batches_of_additions),
                                       cmocka_unit_test(batches_of_doublings),
                                       cmocka_unit_test(batches_of_accumulations),
                                       cmocka_unit_test(batches_of_folds),
                                       cmocka_unit_test(batches_of_roots),
                                       cmocka_unit_test(sums_of_rows),
                                       cmocka_unit_test(known_roots)};
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cs_generators_release();
    return failed;
}
