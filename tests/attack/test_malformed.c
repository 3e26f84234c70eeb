/* Owners of datasets that are not well formed, who commit to them and prove on regardless: each is refused, and for the
 * reason that its flaw gives. The flaws are made in the matrices, past everything that the library checks before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "provenance/wellformed_parts.h"
#include "session/session.h"
#include "support/committed.h"

/* Rows of the ledger that do not hold at the end, by label. */
typedef struct seen {
    bool broken[CS_LABEL_COUNT];
} seen;

static void observe(void *context, const cs_session *s) {
    seen *out = context;
    const cs_ledger *l = &s->ledger;
    for (size_t x = 0; x < l->n_linears; x++)
        if (!cs_fr_is_zero(cs_expr_value(&l->linears[x].e, s->member.known, CS_FR_ONE, -1)))
            out->broken[l->linears[x].label] = true;
    for (size_t x = 0; x < l->n_products; x++) {
        const cs_product *p = &l->products[x];
        const cs_fr ab = cs_fr_mul(cs_expr_value(&p->a, s->member.known, CS_FR_ONE, -1),
                                   cs_expr_value(&p->b, s->member.known, CS_FR_ONE, -1));
        if (!cs_fr_eq(ab, cs_expr_value(&p->c, s->member.known, CS_FR_ONE, -1)))
            out->broken[p->label] = true;
    }
}

/* 6 records of 3 features (of 4) and 3 classes (of 4), 16 columns: D has 2 commitment rows of 4 records, Y the same. */
enum { IN = 4, OUT = 4, ROWS = 6 };

static cs_committed_options options(void) {
    cs_committed_options o = cs_committed_defaults();
    o.rows = ROWS;
    o.classes = 3;
    o.columns = 16;
    o.n_maps = 3; /* [0, 2], [-1, 3], [-2, 4] */
    o.proof = false;
    return o;
}

typedef void spoil_fn(cs_dataset_matrices *m);

/* Commits to the spoiled matrices and proves them, first as whoever ignores that its own rows do not hold. */
static void refused(spoil_fn *spoil, size_t declared_rows, cs_label label) {
    const cs_committed_options o = options();
    cs_committed c;
    cs_dataset_matrices m;
    seen what = {{false}};
    cs_attack attack = {.dishonest = true, .observe = observe, .context = &what};
    assert_int_equal(cs_committed_new(&c, &o), CS_OK);
    assert_int_equal(cs_dataset_matrices_new(&m, &c.doc, &c.opening), CS_OK);
    if (spoil != NULL)
        spoil(&m);
    assert_int_equal(cs_tensor_to_fr(&m.d), CS_OK); /* commitments to any value */
    assert_int_equal(cs_tensor_to_fr(&m.y), CS_OK);
    assert_int_equal(cs_dataset_matrices_commit(c.doc.commitments, &c.doc, &m, c.opening.blindings), CS_OK);
    c.doc.rows = declared_rows;
    assert_int_equal(cs_dataset_doc_commitments(&c.doc), c.opening.n);
    cs_wellformed_witness w = {.matrices = &m, .blindings = c.opening.blindings, .attack = &attack};
    assert_int_equal(cs_wellformed_prove_witness(&c.doc, &w, NULL, &c.proof), CS_OK);
    cs_wellformed_seal(&c.doc, &c.proof);
    const cs_status status = cs_wellformed_verify(&c.doc, c.proof.data, c.proof.size);
    assert_int_equal(status, label == CS_LABEL_COUNT ? CS_OK : CS_REJECT);
    for (int k = 0; k < CS_LABEL_COUNT; k++)
        if (what.broken[k] != (k == (int)label))
            fail_msg("rows of %s: %s", cs_label_text((cs_label)k), what.broken[k] ? "do not hold" : "hold, but should not");
    w.attack = NULL;
    if (status != CS_OK)
        assert_int_equal(cs_wellformed_prove_witness(&c.doc, &w, NULL, &c.proof), CS_ERR_ABORT);
    cs_dataset_matrices_free(&m);
    cs_committed_free(&c);
}

static void honest(void **state) {
    (void)state;
    refused(NULL, ROWS, CS_LABEL_COUNT);
}

#define FLAW(name, label, ...)                                                                                              \
    static void spoil_##name(cs_dataset_matrices *m) {                                                                      \
        __VA_ARGS__;                                                                                                        \
    }                                                                                                                       \
    static void name(void **state) {                                                                                        \
        (void)state;                                                                                                        \
        refused(spoil_##name, ROWS, label);                                                                                 \
    }

#define D(row, k, v) cs_tensor_set(&m->d, (row)*IN + (k), v)
#define Y(row, j, v) cs_tensor_set(&m->y, (row)*OUT + (j), v)

/* ranges of features: the sums over entries and over the table differ */
FLAW(feature_above_its_range, CS_LABEL_OPEN_CLAIMS, D(2, 1, 4))
FLAW(feature_below_its_range, CS_LABEL_OPEN_CLAIMS, D(5, 0, -1))
FLAW(feature_in_the_range_of_another, CS_LABEL_OPEN_CLAIMS, D(0, 0, 3))

/* labels: bits by their own sumcheck; the number of labels and all padding by claims on the opened matrices */
static void no_label(cs_dataset_matrices *m, size_t row) {
    for (size_t j = 0; j < OUT; j++)
        Y(row, j, 0);
}

FLAW(label_that_is_no_bit, CS_LABEL_LABELS_BITS, no_label(m, 1), Y(1, 0, 2), Y(1, 2, -1))
FLAW(two_labels, CS_LABEL_OPEN_CLAIMS, no_label(m, 3), Y(3, 0, 1), Y(3, 2, 1))
FLAW(no_label_at_all, CS_LABEL_OPEN_CLAIMS, no_label(m, 4))
FLAW(feature_beyond_the_last, CS_LABEL_OPEN_CLAIMS, D(0, 3, 1))
FLAW(class_beyond_the_last, CS_LABEL_OPEN_CLAIMS, no_label(m, 0), Y(0, 3, 1))
FLAW(features_beyond_the_rows, CS_LABEL_OPEN_CLAIMS, D(6, 1, 1))
FLAW(label_beyond_the_rows, CS_LABEL_OPEN_CLAIMS, Y(7, 1, 1))

/* A record more, a record less than there are: a row without a label; a row that should be padding. */
static void one_row_more(void **state) {
    (void)state;
    refused(NULL, ROWS + 1, CS_LABEL_OPEN_CLAIMS);
}

static void one_row_less(void **state) {
    (void)state;
    refused(NULL, ROWS - 1, CS_LABEL_OPEN_CLAIMS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest),
        cmocka_unit_test(feature_above_its_range),
        cmocka_unit_test(feature_below_its_range),
        cmocka_unit_test(feature_in_the_range_of_another),
        cmocka_unit_test(label_that_is_no_bit),
        cmocka_unit_test(two_labels),
        cmocka_unit_test(no_label_at_all),
        cmocka_unit_test(feature_beyond_the_last),
        cmocka_unit_test(class_beyond_the_last),
        cmocka_unit_test(features_beyond_the_rows),
        cmocka_unit_test(label_beyond_the_rows),
        cmocka_unit_test(one_row_more),
        cmocka_unit_test(one_row_less),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
