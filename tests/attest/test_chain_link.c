/* Two segments with a committed model between them, as members would state them that have no honest program: each statement
 * is valid by itself, and only the link shows what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "attest/verification.h"
#include "curve/generators.h"
#include "provenance/refusal.h"
#include "train/instance.h"

enum { ROWS = 4 };

typedef struct segments {
    int64_t rate[1];
    cs_g1_affine ended[ROWS], started[ROWS];
    cs_statement before, now;
    cs_facts chain[2];
} segments;

/* 3 x 4 weights and 4 columns: 4 commitments. */
static void set_up(segments *s) {
    cs_generators g;
    assert_int_equal(cs_generators_get(&g, ROWS), CS_OK);
    memset(s, 0, sizeof *s);
    s->rate[0] = 1;
    for (size_t k = 0; k < ROWS; k++)
        s->ended[k] = s->started[k] = g.g[k];
    const cs_params p = {.n_ranks = 1,
                         .steps = 1,
                         .batch = 2,
                         .layers = 1,
                         .widths = {2, 4},
                         .rows = {4},
                         .a = 3,
                         .d = 5,
                         .w = 12,
                         .rate = s->rate,
                         .initial_max = {100},
                         .n_limbs = 1,
                         .limb_bits = {12},
                         .value_bits = 9,
                         .exp_bits = 6,
                         .column_bits = 2,
                         .ledger_width = 16};
    s->before.params = s->now.params = p;
    s->before.final_rows = s->ended;
    s->now.params.initial_committed = true;
    s->now.params.initial_max[0] = (int64_t)cs_params_weight_max(&p, 1);
    s->now.initial_rows = s->started;
    s->chain[0].statement[0] = s->chain[1].previous[0] = 1;
    s->chain[1].statement[0] = 2;
    s->chain[1].has_previous = true;
    assert_int_equal(cs_params_validate(&s->before.params), CS_OK);
    assert_int_equal(cs_final_row_count(&s->before.params), ROWS);
    assert_int_equal(cs_initial_row_count(&s->now.params), ROWS);
}

static void refused(const segments *s, cs_refusal kind, const char *says) {
    assert_int_equal(cs_params_validate(&s->now.params), CS_OK);
    assert_int_equal(cs_verify_link(&s->before, &s->now, s->chain, 1), CS_REJECT);
    assert_int_equal(cs_refusal_last(), kind);
    if (strstr(cs_error_text(), says) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", says, cs_error_text());
}

#define REFUSED(name, kind, says, ...)                                                                                      \
    static void name(void **state) {                                                                                        \
        segments s;                                                                                                         \
        (void)state;                                                                                                        \
        set_up(&s);                                                                                                         \
        assert_int_equal(cs_verify_link(&s.before, &s.now, s.chain, 1), CS_OK);                                             \
        __VA_ARGS__;                                                                                                        \
        refused(&s, kind, says);                                                                                            \
    }

/* with it, identities of the second segment could wrap modulo r */
REFUSED(understated_bound, CS_REFUSAL_CHAIN, "to be smaller", s.now.params.initial_max[0]--)
REFUSED(other_model, CS_REFUSAL_INITIAL, "does not start from", s.started[3] = s.started[0])
REFUSED(rows_in_another_order, CS_REFUSAL_INITIAL, "does not start from", s.started[0] = s.ended[1];
        s.started[1] = s.ended[0])
/* the same commitments read as rows of another length are another model */
REFUSED(other_columns, CS_REFUSAL_INITIAL, "does not start from", s.now.params.column_bits = 3)
REFUSED(other_scale_of_weights, CS_REFUSAL_CHAIN, "another shape", s.now.params.w = s.now.params.limb_bits[0] = 11)
REFUSED(other_scale_of_the_bias, CS_REFUSAL_CHAIN, "another shape", s.now.params.a = 4)
REFUSED(other_shape, CS_REFUSAL_CHAIN, "another shape", s.now.params.widths[0] = 3)
REFUSED(more_layers, CS_REFUSAL_CHAIN, "another shape", s.now.params.layers = 2; s.now.params.widths[2] = 4;
        s.now.params.initial_max[1] = 1)
REFUSED(public_after_committed, CS_REFUSAL_CHAIN, "another shape", s.now.params.initial_committed = false;
        s.now.initial_given = true)
REFUSED(committed_after_public, CS_REFUSAL_CHAIN, "another shape", s.before.params.final_public = true)
REFUSED(of_another_statement, CS_REFUSAL_CHAIN, "does not go on", s.chain[1].previous[0] = 7)

/* A first file with a committed model has nothing that bounds it. */
static void no_earlier_segment(void **state) {
    segments s;
    (void)state;
    set_up(&s);
    assert_int_equal(cs_verify_link(NULL, &s.now, &s.chain[1], 0), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_CHAIN);
    assert_int_equal(cs_verify_link(NULL, &s.before, &s.chain[0], 0), CS_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understated_bound),
        cmocka_unit_test(other_model),
        cmocka_unit_test(rows_in_another_order),
        cmocka_unit_test(other_columns),
        cmocka_unit_test(other_scale_of_weights),
        cmocka_unit_test(other_scale_of_the_bias),
        cmocka_unit_test(other_shape),
        cmocka_unit_test(more_layers),
        cmocka_unit_test(public_after_committed),
        cmocka_unit_test(committed_after_public),
        cmocka_unit_test(of_another_statement),
        cmocka_unit_test(no_earlier_segment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
