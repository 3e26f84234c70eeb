/* Short evaluations of multilinear extensions against their definitions, on every cut of small tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "field/fr_vec.h"
#include "poly/mle.h"

enum { BITS = 4, SIZE = 1 << BITS };

static cs_fr value_at(const cs_fr *values, const cs_fr *point, unsigned bits) {
    cs_fr eq[SIZE * SIZE];
    cs_fr_vec_eq(eq, point, bits);
    return cs_fr_vec_dot(eq, values, (size_t)1 << bits);
}

static void draw(cs_fr *out, unsigned n) {
    for (unsigned k = 0; k < n; k++)
        out[k] = cs_fr_random();
}

static void cuts(void **state) {
    (void)state;
    for (unsigned bits = 0; bits <= BITS; bits++) {
        cs_fr p[BITS] = {CS_FR_ZERO}, q[BITS] = {CS_FR_ZERO}, table[SIZE];
        draw(p, bits);
        draw(q, bits);
        const size_t size = (size_t)1 << bits;
        for (size_t n = 0; n <= size + 1; n++) {
            for (size_t x = 0; x < size; x++)
                table[x] = x < n ? CS_FR_ONE : CS_FR_ZERO;
            assert_true(cs_fr_eq(cs_indicator(p, bits, n), value_at(table, p, bits)));
            for (size_t x = 0; x < size; x++)
                table[x] = x < n ? cs_eq_index(p, bits, x) : CS_FR_ZERO;
            assert_true(cs_fr_eq(cs_eq_below(p, q, bits, n), value_at(table, q, bits)));
        }
        assert_true(cs_fr_eq(cs_eq_at(p, q, bits), cs_eq_below(p, q, bits, size)));
    }
}

static void less_than(void **state) {
    (void)state;
    for (unsigned bits = 0; bits <= 3; bits++) {
        cs_fr point[6] = {CS_FR_ZERO}, table[64];
        draw(point, 2 * bits);
        for (size_t x = 0; x < (size_t)1 << bits; x++)
            for (size_t y = 0; y < (size_t)1 << bits; y++)
                table[(x << bits) + y] = x < y ? CS_FR_ONE : CS_FR_ZERO;
        assert_true(cs_fr_eq(cs_less(point, point + bits, bits), value_at(table, point, 2 * bits)));
    }
}

/* Interpolation gives back polynomials of degree below n, at nodes and elsewhere. */
static void lagrange(void **state) {
    (void)state;
    for (unsigned n = 1; n <= 8; n++) {
        cs_fr c[8], l[8];
        draw(c, n);
        for (unsigned at = 0; at <= n; at++) {
            const cs_fr r = at < n ? cs_fr_from_u64(at) : cs_fr_random();
            cs_fr expected = CS_FR_ZERO, sum = CS_FR_ZERO;
            cs_lagrange(l, n, r);
            for (unsigned k = 0; k < n; k++) {
                cs_fr node = CS_FR_ZERO;
                for (unsigned d = n; d-- > 0;)
                    node = cs_fr_add(cs_fr_mul(node, cs_fr_from_u64(k)), c[d]);
                sum = cs_fr_add(sum, cs_fr_mul(l[k], node));
            }
            for (unsigned d = n; d-- > 0;)
                expected = cs_fr_add(cs_fr_mul(expected, r), c[d]);
            assert_true(cs_fr_eq(sum, expected));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(cuts), cmocka_unit_test(less_than), cmocka_unit_test(lagrange)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
