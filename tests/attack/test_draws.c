/* Hidden draws: a rank draws a record twice in a pass, draws what is in none of its datasets, or says other positions than
 * it used. Each breaks the relation aimed at; the verifier refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "support/cheat.h"

/* The cheat; it has one pass over 6 records, rank 0 has two over 5. */
enum { RANK = 1, STEPS = 3, BATCH = 2, DRAWS = STEPS * BATCH };

static cs_cheat_run run;

static cs_example_rank *cheat(void) {
    return &run.e.ranks[RANK];
}

static cs_tensor *tensor(cs_block_kind kind, unsigned digit) {
    return &cheat()->tensors[cs_blocks_find(&run.e.blocks, kind, 0, digit)];
}

static void setup(void) {
    cs_example_options o = cs_example_defaults();
    o.hidden_draws = true;
    o.steps = STEPS;
    o.batch = BATCH;
    if (cs_cheat_new(&run, &o, NULL) != CS_OK)
        fail_msg("%s", cs_error_text());
    cs_cheat_dishonest(&run, RANK, true);
}

/* Says that draw k is of `row`: digits of one bit each, as 6 records have. */
static void say(size_t k, size_t row) {
    assert_int_equal(cs_params_digits(&run.e.params), 3);
    for (unsigned c = 0; c < 3; c++) {
        const size_t at = 2 * k; /* batch 2 needs no padding */
        cs_tensor_set(tensor(CS_BLOCK_I, c), at, 1 - (int64_t)(row >> (2 - c) & 1));
        cs_tensor_set(tensor(CS_BLOCK_I, c), at + 1, (int64_t)(row >> (2 - c) & 1));
    }
}

static void count(size_t row, int64_t n) {
    cs_tensor_set(tensor(CS_BLOCK_N, 0), row, n);
}

static uint32_t *draws(void) {
    return run.e.draws[RANK];
}

static void refused(const cs_label *labels) {
    cs_cheat_go(&run);
    if (run.prove != CS_OK)
        fail_msg("%s", cs_error_text());
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken_exactly(&run, labels));
    cs_cheat_free(&run);
}

#define LABELS(...) ((const cs_label[]){__VA_ARGS__, CS_LABEL_COUNT})

static void honest(void **state) {
    (void)state;
    setup();
    for (size_t k = 0; k < DRAWS; k++) /* `say` and `count` say what is so already */
        say(k, draws()[k]), count(draws()[k], 1);
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_OK);
    assert_true(cs_cheat_broken_exactly(&run, LABELS(CS_LABEL_COUNT)));
    cs_cheat_free(&run);
}

/* Trains on draw 0's record again in draw 1, and says so. */
static size_t repeat(void) {
    const uint32_t skipped = draws()[1];
    draws()[1] = draws()[0];
    say(1, draws()[0]);
    return skipped;
}

static void counted_twice(void **state) {
    (void)state;
    setup();
    count(repeat(), 0);
    count(draws()[0], 2);
    refused(LABELS(CS_LABEL_DRAWS_BITS));
}

static void counted_once_though_drawn_twice(void **state) {
    (void)state;
    setup();
    (void)repeat();
    refused(LABELS(CS_LABEL_DRAWS_DIGITS));
}

/* The statement has 5 of the 6 rows in a dataset, so that 6 draws are a pass and one more; the rank draws the sixth row all
 * the same. The witness is opened by one sumcheck: a false claim on it, whichever, breaks its row. */
static void drawn_from_no_dataset(void **state) {
    (void)state;
    setup();
    cs_passes *passes = &run.e.passes[RANK];
    cs_free(passes->counts);
    passes->counts = CS_NEW(size_t, 2);
    assert_non_null(passes->counts);
    passes->counts[0] = 5;
    passes->counts[1] = 1;
    passes->n = 2;
    run.e.pieces[RANK]->rows = 5;
    count(draws()[5], 0);
    count(8 + draws()[5], 1); /* of the second pass: rows are padded to 8 */
    refused(LABELS(CS_LABEL_OPEN_CLAIMS));
}

static void other_positions_than_used(void **state) {
    (void)state;
    setup();
    say(0, draws()[1]);
    say(1, draws()[0]);
    refused(LABELS(CS_LABEL_DRAWS_DIGITS));
}

static void digit_that_is_not_bits(void **state) {
    (void)state;
    setup();
    cs_tensor *digit = tensor(CS_BLOCK_I, 2);
    digit->min = -1;
    digit->max = 2;
    for (size_t x = 0; x < 2; x++)
        cs_tensor_set(digit, x, cs_tensor_get(digit, x) ? 2 : -1);
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken(&run, CS_LABEL_DRAWS_BITS));
    cs_cheat_free(&run);
}

static void draw_of_nothing(void **state) {
    (void)state;
    setup();
    for (size_t x = 0; x < 2; x++)
        cs_tensor_set(tensor(CS_BLOCK_I, 0), x, 0);
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken(&run, CS_LABEL_OPEN_CLAIMS));
    cs_cheat_free(&run);
}

/* The statement's counts are not those of the proof. */
static void other_counts(void **state) {
    (void)state;
    setup();
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_OK);
    size_t *counts = run.e.passes[0].counts;
    counts[0] -= 1;
    counts[1] += 1;
    assert_int_equal(cs_example_verify(&run.e, run.e.proof.data, run.e.proof.size), CS_REJECT);
    cs_cheat_free(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest),
        cmocka_unit_test(counted_twice),
        cmocka_unit_test(counted_once_though_drawn_twice),
        cmocka_unit_test(drawn_from_no_dataset),
        cmocka_unit_test(other_positions_than_used),
        cmocka_unit_test(digit_that_is_not_bits),
        cmocka_unit_test(draw_of_nothing),
        cmocka_unit_test(other_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
