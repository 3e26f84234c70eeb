/* Expressions, the rows of messages, and the refusal of rows that are not local. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/ledger.h"

static cs_ledger l;

static int setup(void **state) {
    (void)state;
    return cs_ledger_init(&l, 4, 3) == CS_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    cs_ledger_free(&l);
    return 0;
}

static cs_expr term(uint64_t coef, cs_var v) {
    cs_expr e = {0};
    cs_expr_add_term(&e, cs_fr_from_u64(coef), v);
    return e;
}

static void expressions(void **state) {
    (void)state;
    cs_fr z[3] = {cs_fr_from_u64(2), cs_fr_from_u64(3), cs_fr_from_u64(5)};
    cs_expr a = term(7, 0), b = term(1, 2);
    cs_expr_add_const(&a, cs_fr_from_u64(10), 1);
    cs_expr_add_const(&a, cs_fr_from_u64(20), 2);
    cs_expr_add(&b, cs_fr_from_u64(3), &a); /* z2 + 21 z0 + 30 (rank 1) + 60 (rank 2) */
    assert_true(cs_fr_eq(cs_expr_value(&b, z, CS_FR_ONE, -1), cs_fr_from_u64(5 + 42 + 90)));
    assert_true(cs_fr_eq(cs_expr_value(&b, z, CS_FR_ONE, 1), cs_fr_from_u64(5 + 42 + 30)));
    assert_true(cs_fr_eq(cs_expr_value(&b, z, CS_FR_ZERO, -1), cs_fr_from_u64(47)));
    cs_expr_add_term(&b, cs_fr_from_i64(-21), 0);
    cs_expr_merge(&b);
    assert_int_equal(b.n, 3); /* z0 is gone */
    cs_expr_scale(&b, cs_fr_from_u64(2));
    assert_true(cs_fr_eq(cs_expr_value(&b, z, CS_FR_ONE, 2), cs_fr_from_u64(10 + 120)));
    cs_expr_free(&a);
    cs_expr_free(&b);
}

/* Own and shared coordinates first, in rows of the width; common ones in rows of their own. */
static void message_rows(void **state) {
    (void)state;
    const cs_kind kinds[8] = {0, CS_COMMON, CS_SHARED, 1, 2, CS_COMMON, CS_SHARED, 0};
    cs_g1_affine points[3] = {{{{0}}, {{0}}}};
    cs_var first;
    assert_int_equal(cs_ledger_message_rows(&l, kinds, 8), 3);
    assert_int_equal(cs_ledger_add_message(&l, kinds, 8, points, &first), CS_OK);
    assert_int_equal(first, 0);
    const cs_cell cells[8] = {{0, 0}, {2, 0}, {0, 1}, {0, 2}, {0, 3}, {2, 1}, {1, 0}, {1, 1}};
    for (size_t v = 0; v < 8; v++) {
        assert_int_equal(l.cells[v].row, cells[v].row);
        assert_int_equal(l.cells[v].column, cells[v].column);
    }
    assert_false(l.common_rows[0] || l.common_rows[1]);
    assert_true(l.common_rows[2]);
}

static cs_status product(cs_var a, cs_var b, cs_var c, int owner) {
    cs_expr ea = term(1, a), eb = term(1, b), ec = term(1, c);
    return cs_ledger_product(&l, &ea, &eb, &ec, owner, CS_LABEL_SC_FINAL);
}

static void products_are_local(void **state) {
    (void)state;
    /* variables of message_rows: 0 own(0), 1 common, 2 shared, 3 own(1), 7 own(0) */
    assert_int_equal(product(0, 7, 0, 0), CS_OK);
    assert_int_equal(product(0, 1, 7, 0), CS_OK);
    assert_int_equal(product(0, 3, 0, 0), CS_ERR_INTERNAL);
    assert_int_equal(product(0, 2, 0, 0), CS_ERR_INTERNAL);
    assert_int_equal(product(0, 0, 2, 0), CS_ERR_INTERNAL);
    assert_int_equal(product(0, 0, 1, 0), CS_ERR_INTERNAL);
    assert_int_equal(product(0, 0, 3, 0), CS_ERR_INTERNAL);
    assert_int_equal(product(0, 0, CS_CONST(1), 0), CS_ERR_INTERNAL);
    assert_int_equal(product(0, 0, CS_CONST(0), 0), CS_OK);
}

/* One row for each label of local rows, in the order of their first; then the cross row, with powers of its own. */
static void linear_rows_combine_by_stage(void **state) {
    (void)state;
    cs_expr e[5] = {term(2, 0), term(7, 1), term(3, 3), term(5, 2), term(1, 1)};
    static const cs_label labels[5] = {CS_LABEL_SC_FINAL, CS_LABEL_OPEN_VALUE, CS_LABEL_SC_FINAL, CS_LABEL_UPDATE_SUM,
                                       CS_LABEL_UPDATE_SUM};
    cs_combined c;
    cs_expr_add_const(&e[2], cs_fr_from_u64(4), 1);
    for (int k = 0; k < 5; k++)
        assert_int_equal(cs_ledger_zero(&l, &e[k], k > 2, labels[k]), CS_OK);
    assert_int_equal(e[0].n, 0); /* taken */
    const cs_fr x = cs_fr_from_u64(11);
    cs_fr z[8];
    for (uint64_t k = 0; k < 8; k++)
        z[k] = cs_fr_from_u64(k + 1);
    assert_int_equal(cs_ledger_combine(&l, x, &c), CS_OK);
    assert_int_equal(c.n, 3);
    assert_int_equal(c.labels[0], CS_LABEL_SC_FINAL);
    assert_int_equal(c.labels[1], CS_LABEL_OPEN_VALUE);
    assert_int_equal(c.labels[2], CS_LABEL_UPDATE_SUM);
    assert_true(cs_fr_eq(cs_expr_value(&c.rows[0], z, CS_FR_ONE, -1), cs_fr_from_u64(2 + 11 * (12 + 4))));
    assert_true(cs_fr_eq(cs_expr_value(&c.rows[1], z, CS_FR_ONE, -1), cs_fr_from_u64(14)));
    assert_true(cs_fr_eq(cs_expr_value(&c.rows[2], z, CS_FR_ONE, -1), cs_fr_from_u64(15 + 11 * 2)));
    cs_combined_free(&c);
}

static void without_cross_rows_theirs_is_empty(void **state) {
    (void)state;
    cs_ledger none;
    cs_combined c;
    assert_int_equal(cs_ledger_init(&none, 4, 2), CS_OK);
    assert_int_equal(cs_ledger_combine(&none, CS_FR_ONE, &c), CS_OK);
    assert_int_equal(c.n, 1);
    assert_int_equal(c.rows[0].n, 0);
    cs_combined_free(&c);
    cs_ledger_free(&none);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(expressions), cmocka_unit_test(message_rows),
                                       cmocka_unit_test(products_are_local), cmocka_unit_test(linear_rows_combine_by_stage),
                                       cmocka_unit_test(without_cross_rows_theirs_is_empty)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
