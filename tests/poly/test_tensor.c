/* Tensors of small integers: types, storage, conversion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "poly/tensor.h"

static void smallest_types(void **state) {
    (void)state;
    const struct {
        int64_t min, max;
        cs_int_type type;
    } cases[] = {
        {0, 0, CS_INT_I8},
        {-128, 127, CS_INT_I8},
        {-129, 0, CS_INT_I16},
        {0, 128, CS_INT_I16},
        {-32768, 32767, CS_INT_I16},
        {-32769, 0, CS_INT_I32},
        {0, 32768, CS_INT_I32},
        {INT32_MIN, INT32_MAX, CS_INT_I32},
        {(int64_t)INT32_MIN - 1, 0, CS_INT_I64},
        {0, (int64_t)INT32_MAX + 1, CS_INT_I64},
        {INT64_MIN, INT64_MAX, CS_INT_I64},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        assert_int_equal(cs_int_type_for(cases[k].min, cases[k].max), cases[k].type);
}

/* A range of each type, with its ends as entries. */
static const int64_t RANGES[][2] = {
    {-128, 127}, {-32768, 32767}, {INT32_MIN, INT32_MAX}, {-((int64_t)1 << 62) + 1, ((int64_t)1 << 62) - 1}};

static void fill(cs_tensor *t, const int64_t range[2]) {
    assert_int_equal(cs_tensor_new(t, 8, range[0], range[1]), CS_OK);
    assert_int_equal(t->n, 8);
    assert_true(t->min == range[0] && t->max == range[1]);
    for (size_t k = 0; k < 8; k++)
        assert_int_equal(cs_tensor_get(t, k), 0);
    cs_tensor_set(t, 1, range[0]);
    cs_tensor_set(t, 2, range[1]);
    cs_tensor_set(t, 5, -3);
    cs_tensor_set(t, 6, 7);
}

static void check_values(const cs_tensor *t, const int64_t range[2]) {
    const int64_t want[8] = {0, range[0], range[1], 0, 0, -3, 7, 0};
    cs_fr loaded[8];
    cs_tensor_load(loaded, t, 0, 8);
    for (size_t k = 0; k < 8; k++) {
        assert_true(cs_tensor_get(t, k) == want[k]);
        assert_true(cs_fr_eq(loaded[k], cs_fr_from_i64(want[k])));
    }
    cs_tensor_load(loaded, t, 5, 2);
    assert_true(cs_fr_eq(loaded[0], cs_fr_from_i64(-3)) && cs_fr_eq(loaded[1], cs_fr_from_i64(7)));
    assert_ptr_equal((const char *)cs_tensor_at(t, 5), (const char *)t->data + 5 * cs_int_size(t->type));
}

static void keeps_values(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof RANGES / sizeof *RANGES; k++) {
        cs_tensor t;
        fill(&t, RANGES[k]);
        assert_int_equal(t.type, (cs_int_type)k);
        check_values(&t, RANGES[k]);
        assert_int_equal(cs_tensor_to_fr(&t), CS_OK);
        assert_int_equal(t.type, CS_INT_FR);
        check_values(&t, RANGES[k]);
        assert_int_equal(cs_tensor_to_fr(&t), CS_OK);
        check_values(&t, RANGES[k]);
        cs_tensor_free(&t);
        assert_null(t.data);
    }
}

static void field_entries(void **state) {
    (void)state;
    cs_tensor t;
    assert_int_equal(cs_tensor_new(&t, 4, 0, 1), CS_OK);
    assert_int_equal(cs_tensor_to_fr(&t), CS_OK);
    cs_fr *x = t.data;
    x[0] = cs_fr_inv(cs_fr_from_u64(3));
    x[1] = cs_fr_from_u64((uint64_t)1 << 62);
    x[2] = cs_fr_neg(x[1]);
    cs_tensor_set(&t, 3, -((int64_t)1 << 62) + 1);
    for (size_t k = 0; k < 3; k++)
        assert_true(cs_tensor_get(&t, k) == INT64_MIN);
    assert_true(cs_tensor_get(&t, 3) == -((int64_t)1 << 62) + 1);
    cs_tensor_free(&t);
}

static void without_memory(void **state) {
    (void)state;
    cs_tensor t, huge;
    assert_int_equal(cs_tensor_new(&t, 4, 0, 1), CS_OK);
    cs_tensor_set(&t, 2, 1);
    cs_memory_limit(cs_memory_live());
    assert_int_equal(cs_tensor_new(&huge, 4, 0, 1), CS_ERR_MEMORY);
    assert_int_equal(cs_tensor_to_fr(&t), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    assert_int_equal(t.type, CS_INT_I8);
    assert_int_equal(cs_tensor_get(&t, 2), 1);
    assert_int_equal(cs_tensor_new(&huge, SIZE_MAX / 2, 0, INT64_MAX), CS_ERR_MEMORY);
    cs_tensor_free(&t);
    assert_int_equal(cs_memory_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smallest_types),
        cmocka_unit_test(keeps_values),
        cmocka_unit_test(field_entries),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
