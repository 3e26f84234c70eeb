/* A rank cheats in one place of its training and everything after it follows. The verifier refuses, only the relation aimed
 * at is broken, and a rank that follows the protocol does not answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "attest/plan.h"
#include "base/bits.h"
#include "sumcheck/sumcheck.h"
#include "support/changes.h"
#include "support/cheat.h"

static cs_cheat_run run;

static void setup(const cs_example_options *o, const cs_cheat *cheat) {
    if (cs_cheat_new(&run, o, cheat) != CS_OK)
        fail_msg("%s", cs_error_text());
}

/* The cheat ignores its own checks and is refused with exactly these rows broken; then it does not, and stops. */
static void caught(const cs_cheat *cheat, const cs_label *labels) {
    const cs_example_options o = cs_example_defaults();
    setup(&o, cheat);
    cs_cheat_dishonest(&run, cheat->rank, true);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken_exactly(&run, labels));
    assert_true(cs_cheat_named(&run, cheat->rank, CS_OFFENCE_ROW, labels[0]));
    cs_cheat_free(&run);
    setup(&o, cheat);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_ERR_ABORT);
    cs_cheat_free(&run);
}

#define LABELS(...) ((const cs_label[]){__VA_ARGS__, CS_LABEL_COUNT})

static void flip_low_bit(int64_t *v, size_t rows, size_t columns) {
    for (size_t k = 0; k < rows * columns; k++)
        v[k] ^= 1;
}

static void honest(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    setup(&o, NULL);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_OK);
    assert_true(cs_cheat_broken_exactly(&run, LABELS(CS_LABEL_COUNT)));
    assert_true(cs_cheat_named(&run, -1, CS_OFFENCE_NONE, CS_LABEL_COUNT));
    cs_cheat_free(&run);
}

/* The test that finds leaks: every honest share of every local row is zero by itself; the parts of cross rows are not. */
static void local_rows_hold_share_by_share(void **state) {
    (void)state;
    cs_example_options o = cs_example_defaults();
    o.n_ranks = 3;
    setup(&o, NULL);
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_OK);
    for (int i = 0; i < o.n_ranks; i++)
        for (size_t x = 0; x < run.seen[i].n_linears; x++)
            assert_int_equal(!cs_fr_is_zero(run.seen[i].shares[x]), run.seen[i].cross[x]);
    cs_cheat_free(&run);
}

#define CAUGHT(name, cheat, ...)                                                                                            \
    static void name(void **state) {                                                                                        \
        (void)state;                                                                                                        \
        const cs_cheat c = cheat;                                                                                           \
        caught(&c, LABELS(__VA_ARGS__));                                                                                    \
    }

#define CHEAT(...) ((cs_cheat){__VA_ARGS__})

CAUGHT(wrong_relu_output, CHEAT(1, 0, CS_BLOCK_A, 1, 0, plus_two), CS_LABEL_OPEN_CLAIMS)
CAUGHT(wrong_relu_mask, CHEAT(1, 1, CS_BLOCK_S, 1, 0, flip_all), CS_LABEL_OPEN_CLAIMS)
CAUGHT(forward_remainder_out_of_range, CHEAT(0, 0, CS_BLOCK_Z, 1, 0, plus_one), CS_LABEL_OPEN_CLAIMS)
CAUGHT(backward_remainder_out_of_range, CHEAT(1, 1, CS_BLOCK_V, 1, 0, minus_one), CS_LABEL_OPEN_CLAIMS)
CAUGHT(limbs_do_not_add_up, CHEAT(1, 1, CS_BLOCK_R, 2, 0, flip_low_bit), CS_LABEL_FORWARD_VALUE)
CAUGHT(backward_limbs_do_not_add_up, CHEAT(1, 0, CS_BLOCK_RV, 1, 0, flip_low_bit), CS_LABEL_BACKWARD_VALUE)
CAUGHT(softmax_quotient_too_large, CHEAT(1, 0, CS_BLOCK_P, 2, 0, plus_one), CS_LABEL_OPEN_CLAIMS)
CAUGHT(softmax_quotient_too_small, CHEAT(1, 0, CS_BLOCK_P, 2, 0, minus_one), CS_LABEL_OPEN_CLAIMS)
CAUGHT(softmax_remainder_without_quotient, CHEAT(0, 0, CS_BLOCK_RHO, 2, 0, plus_one), CS_LABEL_SOFTMAX_VALUES)
CAUGHT(wrong_exponential, CHEAT(1, 1, CS_BLOCK_E, 2, 0, plus_one), CS_LABEL_OPEN_CLAIMS)
CAUGHT(not_the_largest_class, CHEAT(1, 1, CS_BLOCK_M, 2, 0, flip_all), CS_LABEL_OPEN_CLAIMS)
CAUGHT(maximum_that_is_no_output, CHEAT(0, 1, CS_BLOCK_C, 2, 0, plus_one), CS_LABEL_SOFTMAX_VALUES)

static void other_record(int64_t *v, size_t rows, size_t columns) {
    for (size_t k = 0; k < rows * columns; k++)
        v[k] = (v[k] + 1) % 5;
}

/* The rank trains on other records of its own dataset than the ones drawn: another, a repeated or a skipped one is the same
 * to the check. */
static void wrong_draw(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    const cs_cheat c = {1, 1, CS_TAMPER_DRAW, 0, 0, other_record};
    setup(&o, &c);
    for (int i = 0; i < o.n_ranks; i++)
        cs_cheat_dishonest(&run, i, false);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken(&run, CS_LABEL_FORWARD_VALUE));
    assert_true(cs_cheat_broken(&run, CS_LABEL_UPDATE_SUM));
    cs_cheat_free(&run);
}

static void minus_three(int64_t *v, size_t rows, size_t columns) {
    (void)rows, (void)columns;
    v[0] -= 3;
}

/* Everybody trained a model that the tensors do not give. Tables that are made of the tensors show it to every honest rank,
 * and to the verifier if none is honest. */
static void wrong_gradient_early(void **state) {
    (void)state;
    cs_example_options o = cs_example_defaults();
    const cs_cheat c = {1, 0, CS_TAMPER_GRADIENT, 2, 0, minus_three};
    o.padded_tables = true;
    setup(&o, &c);
    cs_cheat_dishonest(&run, 1, false);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_ERR_ABORT);
    cs_cheat_free(&run);
    setup(&o, &c);
    for (int i = 0; i < o.n_ranks; i++)
        cs_cheat_dishonest(&run, i, false);
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken(&run, CS_LABEL_UPDATE_SUM));
    assert_true(cs_cheat_broken(&run, CS_LABEL_FORWARD_VALUE));
    cs_cheat_free(&run);
}

static void expect_broken_update(const cs_example_options *o, const cs_cheat *c) {
    setup(o, c);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken_exactly(&run, LABELS(CS_LABEL_UPDATE_SUM)));
    assert_true(cs_cheat_named(&run, -1, CS_OFFENCE_NONE, CS_LABEL_COUNT));
    cs_cheat_free(&run);
}

/* No table has W(T) when T is a power of two: only the final model shows a wrong last gradient, in a cross row without an
 * owner. */
static void wrong_gradient_in_the_last_step(void **state) {
    (void)state;
    cs_example_options o = cs_example_defaults();
    const cs_cheat c = {1, 1, CS_TAMPER_GRADIENT, 1, 0, plus_two};
    o.padded_tables = true;
    expect_broken_update(&o, &c);
}

/* Tables that are made of the sums of gradients are those of the model that was trained: whatever the step, honest ranks'
 * own rows hold, and the cross row does not. */
static void wrong_gradient_that_tables_follow(void **state) {
    (void)state;
    for (size_t step = 0; step < 3; step++) {
        cs_example_options o = cs_example_defaults();
        const cs_cheat c = {1, step, CS_TAMPER_GRADIENT, 1, 0, plus_two};
        o.steps = 3;
        expect_broken_update(&o, &c);
    }
}

/* ---- tensors changed after training, in F where integers do not reach ---- */

static cs_tensor *tensor(cs_example_rank *r, cs_block_kind kind, size_t layer, size_t limb) {
    return &r->tensors[cs_blocks_find(&r->example->blocks, kind, layer, limb)];
}

/* c = 2 z_max - z_other passes the exp table; only m^2 = m sees it. */
static void spoil_one_hot(cs_example_rank *r, void *context) {
    (void)context;
    cs_tensor *m = tensor(r, CS_BLOCK_M, 2, 0);
    m->min = -1;
    m->max = 2;
    for (size_t j = 0; j < 2; j++)
        cs_tensor_set(m, j, cs_tensor_get(m, j) ? 2 : -1);
}

static void one_hot_that_is_not_bits(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    setup(&o, NULL);
    run.e.ranks[1].before_proof = spoil_one_hot;
    cs_cheat_dishonest(&run, 1, true);
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken(&run, CS_LABEL_SOFTMAX_VALUES));
    assert_true(cs_cheat_named(&run, 1, CS_OFFENCE_ROW, CS_LABEL_SOFTMAX_VALUES));
    cs_cheat_free(&run);
}

/* An in-range wrong remainder with the huge quotient that balances it in F, at a masked entry where nothing else sees it. */
static void wrap_quotient(cs_example_rank *r, void *context) {
    bool *done = context;
    cs_tensor *v = tensor(r, CS_BLOCK_V, 1, 0), *low = tensor(r, CS_BLOCK_RV, 1, 0), *s = tensor(r, CS_BLOCK_S, 1, 0);
    if (cs_tensor_to_fr(v) != CS_OK)
        return;
    for (size_t x = 0; x < v->n && !*done; x++) {
        if (x % 4 == 3 || cs_tensor_get(s, x))
            continue;
        const int64_t old = cs_tensor_get(low, x), new = old ^ 1;
        const cs_fr per_unit = cs_fr_inv(cs_fr_from_u64((uint64_t)1 << r->example->params.w));
        cs_fr *value = &((cs_fr *)v->data)[x];
        *value = cs_fr_sub(*value, cs_fr_mul(cs_fr_from_i64(new - old), per_unit));
        cs_tensor_set(low, x, new);
        *done = true;
    }
}

static void quotient_that_wraps(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    bool done = false;
    setup(&o, NULL);
    run.e.ranks[1].before_proof = wrap_quotient;
    run.e.ranks[1].before_context = &done;
    cs_cheat_dishonest(&run, 1, true);
    cs_cheat_go(&run);
    assert_true(done);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken_exactly(&run, LABELS(CS_LABEL_OPEN_CLAIMS)));
    assert_true(cs_cheat_named(&run, 1, CS_OFFENCE_ROW, CS_LABEL_OPEN_CLAIMS));
    cs_cheat_free(&run);
}

/* Rows of the dataset that the committed one does not have: every row of the ledger holds, but the answer does not open the
 * commitments. */
static void other_dataset(cs_example_rank *r) {
    cs_tensor *d = tensor(r, CS_BLOCK_D, 0, 0);
    cs_tensor_set(d, 0, cs_tensor_get(d, 0) + 1);
}

static void dataset_is_not_the_committed_one(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    setup(&o, NULL);
    other_dataset(&run.e.ranks[1]);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken_exactly(&run, LABELS(CS_LABEL_COUNT)));
    assert_true(cs_cheat_named(&run, 1, CS_OFFENCE_OPENING, CS_LABEL_OPEN_ANSWER));
    cs_cheat_free(&run);
}

/* ---- padding ---- */

/* batch 3 is padded to 4: values in the fourth sample are looked up nowhere; only the padding claim sees them. It does
 * whether the rank's commitments have them or, as an honest rank's, leave padding out. */
static void use_padded_sample(cs_example_rank *r, void *context) {
    (void)context;
    cs_tensor *p = tensor(r, CS_BLOCK_P, 2, 0);
    cs_tensor_set(p, (1 * 4 + 3) * 2, 100);
}

static void padded_entry(void **state) {
    (void)state;
    cs_example_options o = cs_example_defaults();
    o.batch = 3;
    for (int plain = 0; plain < 2; plain++) {
        setup(&o, NULL);
        run.e.ranks[1].before_proof = use_padded_sample;
        run.e.ranks[1].plain_commitments = plain;
        cs_cheat_dishonest(&run, 1, true);
        cs_cheat_go(&run);
        assert_int_equal(run.prove, CS_OK);
        assert_int_equal(run.verify, CS_REJECT);
        assert_true(cs_cheat_broken_exactly(&run, LABELS(CS_LABEL_OPEN_CLAIMS)));
        assert_true(cs_cheat_named(&run, 1, CS_OFFENCE_ROW, CS_LABEL_OPEN_CLAIMS));
        cs_cheat_free(&run);
    }
}

/* 3 steps of 4 and 33 samples of 64 are real, and each row has a step of a layer. A tree of so many leaves is made of tiles,
 * and those that are padding all over are not stored (lookup/tiles.h). */
static void setup_tiles(void) {
    cs_example_options o = cs_example_defaults();
    cs_plan plan;
    o.steps = 3;
    o.batch = 33;
    o.column_bits = 8;
    setup(&o, NULL);
    assert_int_equal(cs_plan_new(&plan, &run.e.params), CS_OK);
    assert_true(cs_bits(plan.lookup_leaves) > CS_SC_PAIR_BITS + 1);
}

static void honest_padded_tiles(void **state) {
    (void)state;
    setup_tiles();
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_OK);
    assert_true(cs_cheat_broken_exactly(&run, LABELS(CS_LABEL_COUNT)));
    cs_cheat_free(&run);
}

static void use_padded_tile(cs_example_rank *r, void *context) {
    const size_t *entry = context;
    cs_tensor *mask = tensor(r, CS_BLOCK_S, 1, 0);
    assert_int_equal(mask->n, 4 * 64 * 4);
    cs_tensor_set(mask, *entry, 1);
}

static void setup_padded(size_t *entry) {
    setup_tiles();
    run.e.ranks[1].before_proof = use_padded_tile;
    run.e.ranks[1].before_context = entry;
}

/* The padding claim does not hold. Nor does the lookups', since the prover takes entries of such tiles for what they must
 * be: which of its rows break depends on what its tiles lie beside, and what the rank is found guilty of on whether its
 * commitments have such entries. */
static void padded_tile(void **state) {
    (void)state;
    static const size_t CASES[][2] = {{1, 50}, {3, 20}}; /* step, sample */
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        size_t entry = (CASES[k][0] * 64 + CASES[k][1]) * 4;
        setup_padded(&entry);
        cs_cheat_dishonest(&run, 1, true);
        cs_cheat_go(&run);
        assert_int_equal(run.prove, CS_OK);
        assert_int_equal(run.verify, CS_REJECT);
        assert_true(cs_cheat_broken(&run, CS_LABEL_OPEN_CLAIMS));
        assert_int_equal(run.judge, CS_OK);
        assert_int_equal(run.offence[0], CS_OFFENCE_NONE);
        assert_int_not_equal(run.offence[1], CS_OFFENCE_NONE);
        cs_cheat_free(&run);
        setup_padded(&entry);
        cs_cheat_go(&run);
        assert_int_equal(run.prove, CS_ERR_ABORT);
        cs_cheat_free(&run);
    }
}

/* ---- datasets that a certificate would not cover ---- */

static void feature_out_of_range(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    setup(&o, NULL);
    cs_example_rank *r = &run.e.ranks[1];
    cs_tensor *d = tensor(r, CS_BLOCK_D, 0, 0);
    assert_int_equal(cs_tensor_to_fr(d), CS_OK);
    ((cs_fr *)d->data)[4 * 4] = cs_fr_from_u64(200); /* value_bits 8: features stay below 128 */
    assert_int_equal(
        cs_dataset_commit(run.e.dataset_rows[1], &run.e.params, &run.e.blocks, r->tensors, r->dataset_blindings), CS_OK);
    cs_cheat_dishonest(&run, 1, true);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken(&run, CS_LABEL_OPEN_CLAIMS));
    cs_cheat_free(&run);
}

static void two_labels_in_a_row(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    setup(&o, NULL);
    cs_example_rank *r = &run.e.ranks[1];
    cs_tensor *y = tensor(r, CS_BLOCK_Y, 0, 0);
    cs_tensor_set(y, 0, 1);
    cs_tensor_set(y, 1, 1);
    assert_int_equal(
        cs_dataset_commit(run.e.dataset_rows[1], &run.e.params, &run.e.blocks, r->tensors, r->dataset_blindings), CS_OK);
    cs_cheat_dishonest(&run, 1, true);
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_REJECT);
    cs_cheat_free(&run);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest),
        cmocka_unit_test(local_rows_hold_share_by_share),
        cmocka_unit_test(wrong_relu_output),
        cmocka_unit_test(wrong_relu_mask),
        cmocka_unit_test(forward_remainder_out_of_range),
        cmocka_unit_test(backward_remainder_out_of_range),
        cmocka_unit_test(limbs_do_not_add_up),
        cmocka_unit_test(backward_limbs_do_not_add_up),
        cmocka_unit_test(softmax_quotient_too_large),
        cmocka_unit_test(softmax_quotient_too_small),
        cmocka_unit_test(softmax_remainder_without_quotient),
        cmocka_unit_test(wrong_exponential),
        cmocka_unit_test(not_the_largest_class),
        cmocka_unit_test(maximum_that_is_no_output),
        cmocka_unit_test(wrong_draw),
        cmocka_unit_test(wrong_gradient_early),
        cmocka_unit_test(wrong_gradient_in_the_last_step),
        cmocka_unit_test(wrong_gradient_that_tables_follow),
        cmocka_unit_test(one_hot_that_is_not_bits),
        cmocka_unit_test(quotient_that_wraps),
        cmocka_unit_test(dataset_is_not_the_committed_one),
        cmocka_unit_test(padded_entry),
        cmocka_unit_test(honest_padded_tiles),
        cmocka_unit_test(padded_tile),
        cmocka_unit_test(feature_out_of_range),
        cmocka_unit_test(two_labels_in_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
