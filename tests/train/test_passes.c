/* Passes of hidden draws: counted from draws, and what is refused when a member states them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train/passes.h"

/* 4 rows of which a pass takes 2, a gap of 2 rows, and 4 rows of which the run may take 6. A whole pass draws 6 records. */
static const cs_piece PIECES[] = {{.offset = 0, .rows = 4, .weight = 0.5, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT},
                                  {.offset = 6, .rows = 4, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = 6}};
static const cs_pieces SHARD = {PIECES, 2};

static const cs_params PARAMS = {.n_ranks = 1, .steps = 1, .batch = 14, .layers = 1, .widths = {1, 1}, .rows = {10}};

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
    assert_memory_equal(cs_passes_last(&passes), want + 6, 2 * sizeof *want);
    assert_int_equal(cs_passes_piece(&passes, 0).total, 8);
    assert_int_equal(cs_passes_piece(&passes, 1).total, 6);
    assert_int_equal(cs_passes_piece(&passes, 1).epoch_max, 4);
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
    cs_passes_free(&passes);
    const uint32_t gap[] = {0, 5};
    assert_int_equal(cs_passes_new(&passes, &SHARD, gap, 2), CS_ERR_INTERNAL);
    assert_null(passes.counts);
}

/* Two passes of which the first is whole: 2 and 4 records. */
static void stated(void **state) {
    (void)state;
    cs_passes passes;
    const size_t want[] = {2, 4, 1, 1};
    assert_int_equal(cs_passes_stated(&passes, &SHARD, want + 2, 8), CS_OK);
    assert_int_equal(passes.n, 2);
    assert_memory_equal(passes.counts, want, sizeof want);
    cs_passes_free(&passes);
}

static cs_status state_last(size_t first, size_t second, const cs_pieces *shard, size_t n_draws) {
    cs_passes passes;
    const cs_status status = cs_passes_stated(&passes, shard, (const size_t[]){first, second}, n_draws);
    cs_passes_free(&passes);
    return status;
}

static void refusals(void **state) {
    (void)state;
    assert_int_equal(state_last(0, 2, &SHARD, 8), CS_OK);
    assert_int_equal(state_last(3, 0, &SHARD, 9), CS_ERR_INPUT); /* above the share */
    assert_int_equal(state_last(0, 3, &SHARD, 9), CS_ERR_INPUT); /* above the total */
    assert_int_equal(state_last(1, 1, &SHARD, 9), CS_ERR_INPUT); /* too few */
    assert_int_equal(state_last(1, 1, &SHARD, 7), CS_ERR_INPUT); /* too many */
    assert_int_equal(state_last(SIZE_MAX, 3, &SHARD, 8), CS_ERR_INPUT);
    const cs_pieces second = {PIECES + 1, 1};
    size_t n;
    assert_int_equal(state_last(2, 0, &second, 6), CS_OK);
    assert_int_equal(state_last(2, 0, &second, 7), CS_ERR_INPUT); /* nothing is left */
    assert_int_equal(cs_passes_count(&n, &second, 7), CS_OK);
    assert_int_equal(n, 0);
    assert_int_equal(cs_passes_count(&n, &SHARD, 14), CS_OK);
    assert_int_equal(n, 4);
}

/* The same as from passes, for every number of draws, in memory for one pass. */
static void tallies(void **state) {
    (void)state;
    static const uint8_t seed[32] = {7};
    uint32_t **draws;
    assert_int_equal(cs_draws_new(&draws, &PARAMS, &SHARD, seed), CS_OK);
    for (size_t n = 1; n <= 14; n++) {
        cs_passes passes;
        cs_draw_count tally[2];
        assert_int_equal(cs_passes_new(&passes, &SHARD, draws[0], n), CS_OK);
        assert_int_equal(cs_passes_tally(tally, &SHARD, draws[0], n), CS_OK);
        for (size_t k = 0; k < 2; k++) {
            const cs_draw_count want = cs_passes_piece(&passes, k);
            assert_int_equal(tally[k].total, want.total);
            assert_int_equal(tally[k].epoch_max, want.epoch_max);
        }
        cs_passes_free(&passes);
    }
    const cs_pieces second = {PIECES + 1, 1};
    cs_draw_count one;
    assert_int_equal(cs_passes_tally(&one, &second, draws[0], 7), CS_ERR_INPUT);
    const uint32_t gap[] = {0, 5};
    cs_draw_count two[2];
    assert_int_equal(cs_passes_tally(two, &SHARD, gap, 2), CS_ERR_INTERNAL);
    cs_draws_free(draws);
}

/* One record, and as many passes as draws: 2^40 of them would take the verifier hours to count, and all memory. */
static void too_many_passes(void **state) {
    (void)state;
    const cs_piece record = {.rows = 1, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT};
    const cs_pieces shard = {&record, 1};
    size_t n;
    assert_int_equal(cs_passes_count(&n, &shard, CS_MAX_PASS_COUNTS), CS_OK);
    assert_int_equal(n, CS_MAX_PASS_COUNTS);
    assert_int_equal(cs_passes_count(&n, &shard, (size_t)1 << 40), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "more than 1048576 passes over 1 datasets"));
    const size_t last = 1;
    cs_passes passes;
    assert_int_equal(cs_passes_stated(&passes, &shard, &last, (size_t)1 << 40), CS_ERR_INPUT);
    assert_null(passes.counts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_sampled_draws),
        cmocka_unit_test(last_pass_is_counted_one_by_one),
        cmocka_unit_test(stated),
        cmocka_unit_test(refusals),
        cmocka_unit_test(tallies),
        cmocka_unit_test(too_many_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
