/* Passes of hidden draws: counted from draws, and what is refused when a member states them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train/passes.h"

enum { ROWS = 10 };

/* 4 rows of which a pass takes 2, a gap of 2 rows, and 4 rows of which the run may take 6. A whole pass draws 6 records. */
static const cs_piece PIECES[] = {{.offset = 0, .rows = 4, .weight = 0.5, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT},
                                  {.offset = 6, .rows = 4, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = 6}};
static const cs_pieces SHARD = {PIECES, 2};

static const cs_params PARAMS = {.n_ranks = 1, .steps = 1, .batch = 14, .layers = 1, .widths = {1, 1}, .rows = {ROWS}};

static void counts_of_sampled_draws(void **state) {
    (void)state;
    static const uint8_t seed[32] = {5};
    uint32_t **draws;
    cs_passes passes;
    assert_int_equal(cs_draws_new(&draws, &PARAMS, &SHARD, seed), CS_OK);
    assert_int_equal(cs_passes_new(&passes, &SHARD, draws[0], 14), CS_OK);
    const size_t want[] = {2, 4, 2, 2, 2, 0, 2, 0}; /* the second dataset's total is used up in the second pass */
    assert_int_equal(passes.n, 4);
    assert_memory_equal(passes.counts, want, sizeof want);
    assert_int_equal(cs_pass_draws(&passes, 1), 4);
    assert_int_equal(cs_passes_check(&passes, ROWS, 14), CS_OK);
    cs_passes_free(&passes);
    cs_draws_free(draws);
}

static void last_pass_is_counted_one_by_one(void **state) {
    (void)state;
    const uint32_t draws[] = {0, 6, 7, 2, 8, 9, 3, 6, 1};
    cs_passes passes;
    assert_int_equal(cs_passes_new(&passes, &SHARD, draws, 8), CS_OK);
    assert_int_equal(passes.n, 2);
    assert_int_equal(passes.counts[2], 1);
    assert_int_equal(passes.counts[3], 1);
    assert_int_equal(cs_passes_check(&passes, ROWS, 8), CS_OK);
    cs_passes_free(&passes);
    const uint32_t gap[] = {0, 5};
    assert_int_equal(cs_passes_new(&passes, &SHARD, gap, 2), CS_ERR_INTERNAL);
    assert_null(passes.counts);
}

static cs_status check(size_t n, const size_t *counts, size_t rows, size_t n_draws) {
    size_t copy[8];
    memcpy(copy, counts, 2 * n * sizeof *copy);
    return cs_passes_check(&(cs_passes){.shard = SHARD, .n = n, .counts = copy}, rows, n_draws);
}

static void refusals(void **state) {
    (void)state;
    assert_int_equal(check(2, (const size_t[]){2, 4, 1, 1}, ROWS, 8), CS_OK);
    assert_int_equal(check(2, (const size_t[]){2, 4, 0, 2}, ROWS, 8), CS_OK);
    assert_int_equal(check(2, (const size_t[]){2, 4, 3, 0}, ROWS, 9), CS_ERR_INPUT); /* above the share */
    assert_int_equal(check(2, (const size_t[]){2, 4, 0, 3}, ROWS, 9), CS_ERR_INPUT); /* above the total */
    assert_int_equal(check(2, (const size_t[]){1, 4, 2, 1}, ROWS, 8), CS_ERR_INPUT); /* a pass that is not whole */
    assert_int_equal(check(2, (const size_t[]){2, 4, 1, 1}, ROWS, 9), CS_ERR_INPUT); /* too few */
    assert_int_equal(check(2, (const size_t[]){2, 4, 1, 1}, ROWS, 7), CS_ERR_INPUT); /* too many */
    assert_int_equal(check(2, (const size_t[]){2, 4, 0, 0}, ROWS, 6), CS_ERR_INPUT); /* an empty last pass */
    assert_int_equal(check(0, (const size_t[]){0, 0}, ROWS, 0), CS_ERR_INPUT);
    assert_int_equal(check(2, (const size_t[]){2, 4, 1, 1}, ROWS - 1, 8), CS_ERR_INPUT); /* a dataset beyond the shard */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_sampled_draws),
        cmocka_unit_test(last_pass_is_counted_one_by_one),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
