/* A root, or the rank that adds up, shows a rank something else than the others; ranks that lie in a message or in an
 * answer, and what a rank gives away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "curve/generators.h"
#include "support/cheat.h"

static cs_cheat_run run;

/* ---- a rank is shown other bytes than the others: what it receives is changed once ---- */

enum { FRAME_HEADER = 20, FRAME_KIND = 4, FRAME_TAG = 8, FRAME_OF_SUMS = 6 };

static struct {
    const cs_comm_ops *inner;
    cs_comm_ops ops;
    cs_label label;
    size_t entry;                 /* 32-byte item of the payload */
    bool point, huge, sums, done; /* huge: an item that is no reduced scalar */
} lie;

static void change(cs_buffer *out, size_t at) {
    lie.done = true;
    if (lie.huge) {
        memset(out->data + at, 0xff, 32);
    } else if (lie.point) {
        cs_generators gens;
        if (cs_generators_get(&gens, 8) == CS_OK)
            cs_g1_encode(out->data + at, gens.g[7]);
    } else {
        out->data[at] ^= 1;
    }
}

static cs_status lying_from_root(cs_comm *c, cs_buffer *out) {
    const cs_status status = lie.inner->from_root(c, out);
    const size_t at = FRAME_HEADER + 32 * lie.entry;
    if (status != CS_OK || lie.done || out->size < at + 8 || cs_load_u32(out->data + FRAME_TAG) != (uint32_t)lie.label)
        return status;
    change(out, at);
    return CS_OK;
}

/* A rank that shows rank 0 other sums than it shows the others: one part holds all of these short vectors. */
static cs_status lying_receive(cs_comm *c, int rank, cs_buffer *out) {
    const cs_status status = lie.inner->receive(c, rank, out);
    const size_t at = FRAME_HEADER + 32 * lie.entry;
    if (status == CS_OK && !lie.done && out->size >= at + 8 && cs_load_u32(out->data + FRAME_KIND) == FRAME_OF_SUMS &&
        cs_load_u32(out->data + FRAME_TAG) == ((uint32_t)lie.label | CS_COMM_MASKED))
        change(out, at);
    return status;
}

static void lie_to(cs_example_rank *r, cs_comm *comm) {
    (void)r;
    lie.inner = comm->ops;
    lie.ops = *comm->ops;
    if (lie.sums)
        lie.ops.receive = lying_receive;
    else
        lie.ops.from_root = lying_from_root;
    comm->ops = &lie.ops;
}

/* Rank 0 or, if the root lies, rank 1 is shown another 32-byte item. */
static void shown_otherwise_with(bool padded_tables, cs_label label, size_t entry, bool point, bool sums,
                                 cs_status expected_prove) {
    cs_example_options o = cs_example_defaults();
    o.steps = 3;
    o.padded_tables = padded_tables;
    assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
    lie.label = label;
    lie.entry = entry;
    lie.point = point;
    lie.sums = sums;
    lie.done = false;
    run.e.ranks[sums ? 0 : 1].network = lie_to;
    cs_cheat_go(&run);
    assert_true(lie.done);
    if (run.prove != expected_prove)
        fail_msg("%s: %s, not %s", cs_label_text(label), cs_status_name(run.prove), cs_status_name(expected_prove));
    if (run.prove == CS_OK)
        assert_int_equal(run.verify, CS_REJECT);
    cs_cheat_free(&run);
}

static void shown_otherwise(cs_label label, size_t entry, bool point, bool sums, cs_status expected_prove) {
    for (int padded = 0; padded < 2; padded++)
        shown_otherwise_with(padded == 1, label, entry, point, sums, expected_prove);
}

/* Other commitments mean other challenges: the sums under pads that follow are noise, and every rank notices before it uses
 * them. */
static void other_commitments_before_a_weight_table(void **state) {
    (void)state;
    shown_otherwise(CS_LABEL_WITNESS, 0, true, false, CS_ERR_ABORT);
}

/* In the finale: another e for one rank. The zero-sharings of the cross row do not cancel; the proof is noise. */
static void other_commitments_in_the_finale(void **state) {
    (void)state;
    shown_otherwise(CS_LABEL_FINALE_CROSS, 0, true, false, CS_OK);
    shown_otherwise(CS_LABEL_FINALE_ERROR, 0, true, false, CS_OK);
}

static void another_gradient_sum(void **state) {
    (void)state;
    shown_otherwise(CS_LABEL_GRADIENT, 0, false, true, CS_ERR_ABORT);
}

/* A rank stops at a wrong entry of a weight table, whatever its data: all that is sent of the first tables, of T = 3 steps
 * by 4 rows, the bias' among them, and by 2 columns; where single steps are shown, by who has the last two of three. */
static void another_weight_table(void **state) {
    (void)state;
    for (size_t entry = 0; entry < 12; entry++)
        shown_otherwise_with(true, CS_LABEL_FORWARD_TABLE, entry, false, true, CS_ERR_ABORT);
    for (size_t entry = 0; entry < 6; entry++)
        shown_otherwise_with(true, CS_LABEL_BACKWARD_TABLE, entry, false, true, CS_ERR_ABORT);
    for (size_t entry = 0; entry < 8; entry++)
        shown_otherwise_with(false, CS_LABEL_FORWARD_TABLE, entry, false, true, CS_ERR_ABORT);
    for (size_t entry = 0; entry < 4; entry++)
        shown_otherwise_with(false, CS_LABEL_BACKWARD_TABLE, entry, false, true, CS_ERR_ABORT);
}

/* ---- lies in messages ---- */

static struct {
    cs_label label;
    size_t occurrence, position;
    int rank;
    size_t hits;
    bool zero;
} message;

static void change_message(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n) {
    (void)context;
    if (rank != message.rank || label != message.label || occurrence != message.occurrence || message.position >= n)
        return;
    values[message.position] = cs_fr_add(values[message.position], CS_FR_ONE);
    message.hits++;
}

static void lie_in(cs_label label, size_t occurrence, size_t position, cs_label broken) {
    const cs_example_options o = cs_example_defaults();
    message.label = label;
    message.occurrence = occurrence;
    message.position = position;
    message.rank = 1;
    message.hits = 0;
    assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
    run.e.ranks[1].attack.message = change_message;
    cs_cheat_dishonest(&run, 1, true);
    cs_cheat_go(&run);
    assert_int_equal(message.hits, 1);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    if (!cs_cheat_broken(&run, broken))
        fail_msg("a lie in %s does not break %s", cs_label_text(label), cs_label_text(broken));
    assert_true(cs_cheat_named(&run, 1, CS_OFFENCE_ROW, run.stage[1]));
    cs_cheat_free(&run);
}

static void lies_in_messages(void **state) {
    (void)state;
    /* two forward products, softmax's two values, a backward product */
    lie_in(CS_LABEL_STEP_VALUES, 0, 0, CS_LABEL_FORWARD_VALUE);
    lie_in(CS_LABEL_STEP_VALUES, 0, 3, CS_LABEL_SOFTMAX_VALUES);
    lie_in(CS_LABEL_STEP_VALUES, 0, 4, CS_LABEL_BACKWARD_VALUE);
    /* rank 1's five parts come after rank 0's */
    lie_in(CS_LABEL_UPDATE_PART, 0, 5, CS_LABEL_UPDATE_SUM);
    lie_in(CS_LABEL_UPDATE_PART, 0, 7, CS_LABEL_UPDATE_PART);
    lie_in(CS_LABEL_OPEN_MASK_VALUE, 0, 1, CS_LABEL_OPEN_VALUE);
    /* p, q, 1 / q and p / q, rank 1's after rank 0's */
    lie_in(CS_LABEL_LOOKUP_ROOT, 0, 4, CS_LABEL_LOOKUP_ROOT);
    lie_in(CS_LABEL_LOOKUP_ROOT, 0, 5, CS_LABEL_LOOKUP_INVERTIBLE);
    lie_in(CS_LABEL_LOOKUP_ROOT, 0, 6, CS_LABEL_LOOKUP_INVERTIBLE);
    lie_in(CS_LABEL_LOOKUP_ROOT, 0, 7, CS_LABEL_LOOKUP_ROOT);
    /* two rounds of each of the four sumchecks, on grids of 16 points but one; finals of each, rank 1's after rank 0's */
    lie_in(CS_LABEL_SC_ROUND, 0, 0, CS_LABEL_FORWARD_VALUE);
    lie_in(CS_LABEL_SC_ROUND, 0, 14, CS_LABEL_FORWARD_VALUE);
    lie_in(CS_LABEL_SC_ROUND, 0, 35, CS_LABEL_SOFTMAX_VALUES);
    lie_in(CS_LABEL_SC_ROUND, 0, 59, CS_LABEL_BACKWARD_VALUE);
    lie_in(CS_LABEL_SC_FINAL, 0, 13, CS_LABEL_FORWARD_VALUE);
    lie_in(CS_LABEL_SC_FINAL, 0, 14, CS_LABEL_FORWARD_VALUE);
    lie_in(CS_LABEL_SC_FINAL, 0, 21, CS_LABEL_SOFTMAX_VALUES);
    lie_in(CS_LABEL_SC_FINAL, 0, 24, CS_LABEL_BACKWARD_VALUE);
}

/* Rank 1's root of the lookups: a q of zero, or another sum p / q that p follows. */
static void change_root(void *context, int rank, cs_label label, size_t occurrence, cs_fr *values, size_t n) {
    (void)context;
    cs_fr *p = values + 4, *q = p + 1, *inverse = p + 2, *sum = p + 3;
    if (rank != 1 || label != CS_LABEL_LOOKUP_ROOT || occurrence != 0 || n != 8)
        return;
    message.hits++;
    if (message.zero) {
        *q = *inverse = CS_FR_ZERO;
        return;
    }
    *sum = cs_fr_add(*sum, CS_FR_ONE);
    *p = cs_fr_mul(*sum, *q);
}

static void wrong_root(bool zero, cs_label broken) {
    const cs_example_options o = cs_example_defaults();
    assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
    message.hits = 0;
    message.zero = zero;
    run.e.ranks[1].attack.message = change_root;
    cs_cheat_dishonest(&run, 1, true);
    cs_cheat_go(&run);
    assert_int_equal(message.hits, 1);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken(&run, broken));
    assert_int_equal(cs_cheat_broken(&run, CS_LABEL_LOOKUP_INVERTIBLE), zero);
    assert_true(cs_cheat_named(&run, 1, CS_OFFENCE_ROW, run.stage[1]));
    cs_cheat_free(&run);
}

static void wrong_roots_of_lookups(void **state) {
    (void)state;
    wrong_root(true, CS_LABEL_LOOKUP_INVERTIBLE);
    wrong_root(false, CS_LABEL_LOOKUP_LAMBDA); /* the tree does not add up to it */
    wrong_root(false, CS_LABEL_OPEN_CLAIMS);   /* nor does the table */
}

/* Rank 0 carries the common variables; the members know them and do not go on. */
static void wrong_common_variable(void **state) {
    (void)state;
    cs_example_options o = cs_example_defaults();
    o.final_committed = true;
    message.label = CS_LABEL_FINAL_MODEL_VALUE;
    message.occurrence = message.position = 0;
    message.rank = 0;
    message.hits = 0;
    assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
    run.e.ranks[0].attack.message = change_message;
    cs_cheat_dishonest(&run, 0, true);
    cs_cheat_go(&run);
    assert_int_equal(message.hits, 1);
    assert_int_equal(run.prove, CS_ERR_ABORT);
    assert_int_equal(run.e.outcomes[1].status, CS_ERR_ABORT);
    assert_non_null(strstr(run.e.outcomes[1].text, "common variable"));
    cs_cheat_free(&run);
}

/* ---- answers ---- */

static struct {
    cs_label label;
    size_t position;
} answer;

static void change_answer(void *context, int rank, cs_label label, cs_fr *scalars, size_t n) {
    (void)context, (void)rank;
    if (label == answer.label && answer.position < n)
        scalars[answer.position] = cs_fr_add(scalars[answer.position], CS_FR_ONE);
}

static void wrong_answers(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    for (int which = 0; which < 2; which++)
        for (size_t position = 0; position < 33; position += 16) {
            answer.label = which ? CS_LABEL_FINALE_ANSWER : CS_LABEL_OPEN_ANSWER;
            answer.position = position;
            assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
            run.e.ranks[1].attack.answer = change_answer;
            cs_cheat_dishonest(&run, 1, true);
            cs_cheat_go(&run);
            assert_int_equal(run.prove, CS_OK);
            assert_int_equal(run.verify, CS_REJECT);
            assert_int_equal(run.offence[0], CS_OFFENCE_NONE);
            assert_int_equal(run.offence[1], CS_OFFENCE_OPENING);
            cs_cheat_free(&run);
        }
}

/* ---- help with the opening's argument ---- */

enum { LONG_OPENING = 9 }; /* bits: two rounds that others work on */

/* A rank works on another number than it was given: wrong sums over generators, in both rounds. */
static void wrong_help(void **state) {
    (void)state;
    cs_example_options o = cs_example_defaults();
    o.column_bits = LONG_OPENING;
    o.n_ranks = 3;
    for (int rank = 1; rank < o.n_ranks; rank++) {
        answer.label = CS_LABEL_IPA_BASE;
        answer.position = 7;
        assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
        run.e.ranks[rank].attack.answer = change_answer;
        cs_cheat_go(&run);
        assert_int_equal(run.prove, CS_OK);
        assert_int_equal(run.verify, CS_REJECT);
        assert_true(cs_cheat_named(&run, rank, CS_OFFENCE_HELP, CS_LABEL_IPA_ROUND));
        cs_cheat_free(&run);
    }
}

/* Whoever helps, the proof is one that verifies, and nobody is named. */
static void honest_help(void **state) {
    (void)state;
    static const int ranks[] = {2, 3, 4, 7};
    for (size_t k = 0; k < sizeof ranks / sizeof *ranks; k++) {
        cs_example_options o = cs_example_defaults();
        o.column_bits = LONG_OPENING;
        o.n_ranks = ranks[k];
        assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
        cs_cheat_go(&run);
        assert_int_equal(run.prove, CS_OK);
        assert_int_equal(run.verify, CS_OK);
        assert_int_equal(run.e.record.help.rounds, 2);
        assert_true(cs_cheat_named(&run, -1, CS_OFFENCE_NONE, CS_LABEL_COUNT));
        cs_cheat_free(&run);
    }
}

/* The root deals out a number that is not one, or a challenge that is none: the rank says so, and all leave. */
static void malformed_work(void **state) {
    (void)state;
    static const cs_label labels[2] = {CS_LABEL_IPA_BASE, CS_LABEL_IPA_ROUND};
    for (int which = 0; which < 2; which++) {
        cs_example_options o = cs_example_defaults();
        o.column_bits = LONG_OPENING;
        assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
        lie.label = labels[which];
        lie.entry = 0;
        lie.huge = true;
        lie.point = lie.sums = lie.done = false;
        run.e.ranks[1].network = lie_to;
        cs_cheat_go(&run);
        lie.huge = false;
        assert_true(lie.done);
        assert_int_equal(run.prove, CS_ERR_ABORT);
        assert_non_null(strstr(run.e.outcomes[1].text, "malformed"));
        assert_int_equal(run.e.outcomes[0].status, CS_ERR_RANK);
        cs_cheat_free(&run);
    }
}

/* ---- what the others learn when a rank stops ---- */

static void add_two(int64_t *v, size_t rows, size_t columns) {
    (void)rows, (void)columns;
    v[0] += 2;
}

static void only_failed_is_told(void **state) {
    (void)state;
    static const cs_block_kind kinds[3] = {CS_BLOCK_A, CS_BLOCK_RHO, CS_BLOCK_P};
    char told[1024] = "";
    for (int k = 0; k < 3; k++) {
        const cs_example_options o = cs_example_defaults();
        const cs_cheat c = {1, 1, (int)kinds[k], kinds[k] == CS_BLOCK_A ? 1 : 2, 0, add_two};
        assert_int_equal(cs_cheat_new(&run, &o, &c), CS_OK);
        cs_cheat_go(&run);
        assert_int_equal(run.e.outcomes[1].status, CS_ERR_ABORT);
        assert_int_equal(run.e.outcomes[0].status, CS_ERR_RANK);
        if (k)
            assert_string_equal(told, run.e.outcomes[0].text);
        strcpy(told, run.e.outcomes[0].text);
        assert_int_equal(run.e.proof.size % 32, 0);
        cs_cheat_free(&run);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_commitments_before_a_weight_table),
        cmocka_unit_test(other_commitments_in_the_finale),
        cmocka_unit_test(another_gradient_sum),
        cmocka_unit_test(another_weight_table),
        cmocka_unit_test(lies_in_messages),
        cmocka_unit_test(wrong_roots_of_lookups),
        cmocka_unit_test(wrong_common_variable),
        cmocka_unit_test(wrong_answers),
        cmocka_unit_test(wrong_help),
        cmocka_unit_test(honest_help),
        cmocka_unit_test(malformed_work),
        cmocka_unit_test(only_failed_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
