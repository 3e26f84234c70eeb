#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "provenance/compute.h"

/* The products of one record, counted by walking the network. */
static void count_by_hand(cs_compute *out, const size_t *widths, size_t layers) {
    for (size_t l = 1; l <= layers; l++)
        for (size_t i = 0; i <= widths[l - 1]; i++)
            for (size_t j = 0; j < widths[l]; j++) {
                out->parameters++;
                if (i == widths[l - 1])
                    continue; /* the bias: added, not multiplied */
                out->forward++;
                out->updates++;
                out->errors += l > 1;
            }
}

static void test_counts(void **state) {
    (void)state;
    static const size_t WIDTHS[][4] = {{30, 16, 2, 0}, {5, 3, 7, 2}, {4, 3, 0, 0}, {1, 1, 1, 1}};
    static const size_t LAYERS[] = {2, 3, 1, 3};
    for (size_t k = 0; k < 4; k++) {
        cs_compute c, one = {0};
        count_by_hand(&one, WIDTHS[k], LAYERS[k]);
        assert_int_equal(cs_compute_count(&c, WIDTHS[k], LAYERS[k], 11, 24), CS_OK);
        assert_int_equal(c.steps, 11);
        assert_int_equal(c.draws, 264);
        assert_int_equal(c.parameters, one.parameters);
        assert_int_equal(c.forward, 264 * one.forward);
        assert_int_equal(c.errors, 264 * one.errors);
        assert_int_equal(c.updates, 264 * one.updates);
        assert_int_equal(c.multiply_adds, 264 * (one.forward + one.errors + one.updates));
    }
}

/* A step more or less shows. */
static void test_one_step(void **state) {
    (void)state;
    static const size_t WIDTHS[] = {30, 16, 2};
    cs_compute a, b;
    assert_int_equal(cs_compute_count(&a, WIDTHS, 2, 20, 24), CS_OK);
    assert_int_equal(cs_compute_count(&b, WIDTHS, 2, 21, 24), CS_OK);
    assert_int_equal(b.multiply_adds - a.multiply_adds, 24 * (3 * (30 * 16 + 16 * 2) - 30 * 16));
}

static void test_too_large(void **state) {
    (void)state;
    static const size_t WIDTHS[] = {(size_t)1 << 20, (size_t)1 << 20, 2};
    cs_compute c;
    assert_int_equal(cs_compute_count(&c, WIDTHS, 2, (uint64_t)1 << 12, (uint64_t)1 << 8), CS_OK);
    assert_int_equal(cs_compute_count(&c, WIDTHS, 2, (uint64_t)1 << 14, (uint64_t)1 << 8), CS_ERR_INPUT);
    assert_int_equal(cs_compute_count(&c, WIDTHS, 1, (uint64_t)1 << 32, (uint64_t)1 << 31), CS_ERR_INPUT);
    assert_int_equal(cs_compute_count(&c, WIDTHS, 0, (uint64_t)1 << 63, 0), CS_ERR_INPUT);
    assert_int_equal(cs_compute_count(&c, WIDTHS, 0, UINT64_MAX, UINT64_MAX), CS_ERR_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_one_step),
                                       cmocka_unit_test(test_too_large)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
