/* F and the base field against FLINT, on random and extreme values; every batch kernel against the scalar functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <flint/fmpz.h>
#include <flint/fmpz_mod.h>

#include "field/fp.h"
#include "field/fr_vec.h"
#include "field/inverse.h"

#define R_TEXT "21888242871839275222246405745257275088548364400416034343698204186575808495617"
#define P_TEXT "21888242871839275222246405745257275088696311157297823662689037894645226208583"

enum { LONGEST = 70, ROUNDS = 200 };

/* Little-endian bytes to an integer and back. */
static void from_bytes(fmpz_t out, const uint8_t *bytes, size_t n) {
    fmpz_zero(out);
    for (size_t k = n; k-- > 0;) {
        fmpz_mul_2exp(out, out, 8);
        fmpz_add_ui(out, out, bytes[k]);
    }
}

static void to_bytes(uint8_t bytes[32], const fmpz_t x) {
    fmpz_t t, q;
    fmpz_init_set(t, x);
    fmpz_init(q);
    for (int k = 0; k < 32; k++) {
        bytes[k] = (uint8_t)fmpz_fdiv_ui(t, 256);
        fmpz_fdiv_q_2exp(t, t, 8);
    }
    fmpz_clear(t);
    fmpz_clear(q);
}

static void fr_value(fmpz_t out, cs_fr a) {
    uint8_t raw[32];
    cs_fr_encode(raw, a);
    from_bytes(out, raw, 32);
}

static cs_fr fr_of(const fmpz_t x) {
    uint8_t raw[32];
    cs_fr out;
    to_bytes(raw, x);
    assert_true(cs_fr_decode(&out, raw));
    return out;
}

/* 0, 1, r-1, neighbours of limb boundaries, then random ones. */
static cs_fr sample(size_t k) {
    fmpz_t x, r;
    cs_fr out;
    fmpz_init(x);
    fmpz_init(r);
    fmpz_set_str(r, R_TEXT, 10);
    if (k >= 12) {
        out = cs_fr_random();
    } else {
        const unsigned shift[6] = {0, 64, 128, 192, 253, 63};
        fmpz_one(x);
        fmpz_mul_2exp(x, x, shift[k / 2]);
        fmpz_sub_ui(x, x, k % 2);
        if (k / 2 == 4 && k % 2 == 0) /* r - 1 */
            fmpz_sub_ui(x, r, 1);
        fmpz_mod(x, x, r);
        out = fr_of(x);
    }
    fmpz_clear(x);
    fmpz_clear(r);
    return out;
}

static void fr_is(cs_fr a, const fmpz_t expected) {
    fmpz_t x;
    fmpz_init(x);
    fr_value(x, a);
    assert_true(fmpz_equal(x, expected));
    fmpz_clear(x);
}

static void scalar_field_against_flint(void **state) {
    (void)state;
    fmpz_t r, a, b, c;
    fmpz_init(r);
    fmpz_init(a);
    fmpz_init(b);
    fmpz_init(c);
    fmpz_set_str(r, R_TEXT, 10);
    fmpz_mod_ctx_t ctx;
    fmpz_mod_ctx_init(ctx, r);
    for (size_t k = 0; k < ROUNDS; k++) {
        const cs_fr x = sample(k % 20), y = sample(k / 20);
        fr_value(a, x);
        fr_value(b, y);
        fmpz_mod_add(c, a, b, ctx);
        fr_is(cs_fr_add(x, y), c);
        fmpz_mod_sub(c, a, b, ctx);
        fr_is(cs_fr_sub(x, y), c);
        fmpz_mod_mul(c, a, b, ctx);
        fr_is(cs_fr_mul(x, y), c);
        fmpz_mod_mul(c, a, a, ctx);
        fr_is(cs_fr_sqr(x), c);
        fmpz_mod_neg(c, a, ctx);
        fr_is(cs_fr_neg(x), c);
        fmpz_mod_pow_ui(c, a, 12345, ctx);
        fr_is(cs_fr_pow(x, 12345), c);
        if (!fmpz_is_zero(a)) {
            fmpz_mod_inv(c, a, ctx);
            fr_is(cs_fr_inv(x), c);
        }
    }
    assert_true(cs_fr_is_zero(cs_fr_inv(CS_FR_ZERO)));
    fmpz_mod_ctx_clear(ctx);
    fmpz_clear(r);
    fmpz_clear(a);
    fmpz_clear(b);
    fmpz_clear(c);
}

static void base_field_against_flint(void **state) {
    (void)state;
    fmpz_t p, a, b, c, d;
    fmpz_init(p);
    fmpz_init(a);
    fmpz_init(b);
    fmpz_init(c);
    fmpz_init(d);
    fmpz_set_str(p, P_TEXT, 10);
    for (size_t k = 0; k < ROUNDS; k++) {
        uint8_t raw[64], out[32];
        for (size_t x = 0; x < sizeof raw; x++)
            raw[x] = (uint8_t)(k < 4 ? (k & 1 ? 0xff : 0) : (size_t)rand());
        const cs_fp x = cs_fp_from_wide(raw), y = cs_fp_from_u64((uint64_t)k * 0x9e3779b97f4a7c15u);
        from_bytes(a, raw, 64);
        fmpz_mod(a, a, p);
        cs_fp_encode(out, x);
        from_bytes(c, out, 32);
        assert_true(fmpz_equal(a, c));
        fmpz_set_ui(b, (uint64_t)k * 0x9e3779b97f4a7c15u);
        fmpz_mul(d, a, b);
        fmpz_mod(d, d, p);
        cs_fp_encode(out, cs_fp_mul(x, y));
        from_bytes(c, out, 32);
        assert_true(fmpz_equal(c, d));
        fmpz_sub(d, b, a);
        fmpz_mod(d, d, p);
        cs_fp_encode(out, cs_fp_sub(y, x));
        from_bytes(c, out, 32);
        assert_true(fmpz_equal(c, d));
        assert_true(cs_fp_is_zero(x) || cs_fp_eq(cs_fp_mul(x, cs_fp_inv(x)), CS_FP_ONE));
        assert_int_equal(cs_fp_is_odd(x), fmpz_is_odd(a));
    }
    fmpz_clear(p);
    fmpz_clear(a);
    fmpz_clear(b);
    fmpz_clear(c);
    fmpz_clear(d);
}

/* -1/m mod 2^64, a bit at a time. */
static uint64_t minus_inverse(uint64_t m) {
    uint64_t inverse = 1;
    for (unsigned k = 1; k < 64; k++)
        if ((m * inverse) >> k & 1)
            inverse += UINT64_C(1) << k;
    return -inverse;
}

static void to_four_limbs(uint64_t limbs[4], const fmpz_t x) {
    uint8_t raw[32];
    to_bytes(raw, x);
    for (int k = 0; k < 4; k++) {
        limbs[k] = 0;
        for (int b = 7; b >= 0; b--)
            limbs[k] = limbs[k] << 8 | raw[8 * k + b];
    }
}

static void check_inverse(const fmpz_t x, const fmpz_t m) {
    uint64_t a[4], modulus[4], r[4], limbs[4];
    fmpz_t expected;
    fmpz_init(expected);
    to_four_limbs(a, x);
    to_four_limbs(modulus, m);
    if (!fmpz_is_zero(x))
        assert_true(fmpz_invmod(expected, x, m));
    to_four_limbs(limbs, expected);
    cs_mont_inverse_plain(r, a, modulus, minus_inverse(modulus[0]));
    assert_memory_equal(r, limbs, sizeof r);
    cs_mont_inverse_plain(a, a, modulus, minus_inverse(modulus[0]));
    assert_memory_equal(a, limbs, sizeof a);
    fmpz_clear(expected);
}

/* 2^k and its neighbours, the same from the modulus down, halves, and random numbers; of small moduli every number. */
static void check_inverses(const fmpz_t m) {
    fmpz_t x;
    fmpz_init(x);
    for (int64_t d = -2; d <= 2; d++)
        for (unsigned k = 0; k <= 256; k++)
            for (int down = 0; down < 2; down++) {
                fmpz_one(x);
                fmpz_mul_2exp(x, x, k);
                fmpz_add_si(x, x, d);
                if (down)
                    fmpz_neg(x, x);
                fmpz_mod(x, x, m);
                check_inverse(x, m);
                fmpz_add(x, x, m);
                fmpz_fdiv_q_2exp(x, x, 1);
                check_inverse(x, m);
            }
    for (size_t k = 0; k < 20 * ROUNDS; k++) {
        uint8_t raw[32];
        for (size_t b = 0; b < sizeof raw; b++)
            raw[b] = (uint8_t)rand();
        from_bytes(x, raw, sizeof raw);
        if (fmpz_cmp_ui(m, 20 * ROUNDS) < 0)
            fmpz_set_ui(x, k);
        fmpz_mod(x, x, m);
        check_inverse(x, m);
    }
    fmpz_clear(x);
}

static void inverses_against_flint(void **state) {
    (void)state;
    static const char *const moduli[] = {R_TEXT, P_TEXT, "3", "257", "2305843009213693951"};
    fmpz_t m;
    fmpz_init(m);
    for (size_t k = 0; k < sizeof moduli / sizeof *moduli; k++) {
        fmpz_set_str(m, moduli[k], 10);
        check_inverses(m);
    }
    fmpz_one(m);
    fmpz_mul_2exp(m, m, 255);
    fmpz_sub_ui(m, m, 19); /* the largest prime allowed */
    check_inverses(m);
    fmpz_clear(m);
}

/* By Fermat's theorem, with multiplications alone: a^(2^k) in turn, for the bits of the exponent r - 2. */
static void inverses_are_powers(void **state) {
    (void)state;
    static const uint64_t exponent[4] = {0x43e1f593efffffff, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029};
    for (size_t k = 0; k < ROUNDS; k++) {
        const cs_fr x = sample(k);
        cs_fr power = x, product = CS_FR_ONE;
        for (int bit = 0; bit < 256; bit++) {
            if (exponent[bit / 64] >> (bit % 64) & 1)
                product = cs_fr_mul(product, power);
            power = cs_fr_sqr(power);
        }
        assert_true(cs_fr_eq(product, cs_fr_inv(x)));
    }
}

/* 64 bytes mod r, all ones included: no operand of this reduction is reduced. */
static void wide_bytes(void **state) {
    (void)state;
    fmpz_t r, x;
    fmpz_init(r);
    fmpz_init(x);
    fmpz_set_str(r, R_TEXT, 10);
    for (size_t k = 0; k < ROUNDS; k++) {
        uint8_t raw[64];
        for (size_t b = 0; b < sizeof raw; b++)
            raw[b] = (uint8_t)(k == 0 || (k < 64 && b >= k) ? 0xff : rand());
        from_bytes(x, raw, 64);
        fmpz_mod(x, x, r);
        fr_is(cs_fr_from_wide(raw), x);
    }
    fmpz_clear(r);
    fmpz_clear(x);
}

/* Of every length, extremes among them; a number that is not below r is noticed wherever it stands. */
static void vectors_have_the_encodings_of_their_elements(void **state) {
    enum { MOST = 70 };
    (void)state;
    cs_fr a[MOST], again[MOST];
    uint8_t one[32], all[32 * MOST + 1], r[32];
    for (size_t k = 0; k < MOST; k++)
        a[k] = k == 0 ? CS_FR_ZERO : k == 1 ? CS_FR_ONE : k == 2 ? cs_fr_neg(CS_FR_ONE) : cs_fr_random();
    for (size_t n = 0; n <= MOST; n++) {
        all[32 * n] = 0xa5;
        cs_fr_vec_encode(all, a, n);
        assert_int_equal(all[32 * n], 0xa5);
        for (size_t k = 0; k < n; k++) {
            cs_fr_encode(one, a[k]);
            assert_memory_equal(all + 32 * k, one, 32);
        }
        assert_true(cs_fr_vec_decode(again, all, n));
        assert_memory_equal(again, a, n * sizeof *a);
    }
    cs_fr_encode(r, cs_fr_neg(CS_FR_ONE));
    r[0]++;
    for (size_t k = 0; k < MOST; k++) {
        cs_fr_vec_encode(all, a, MOST);
        memcpy(all + 32 * k, r, 32);
        assert_false(cs_fr_vec_decode(again, all, MOST));
        memset(all + 32 * k, 0xff, 32);
        assert_false(cs_fr_vec_decode(again, all, MOST));
    }
}

static void decode_refuses_what_is_not_reduced(void **state) {
    (void)state;
    fmpz_t r;
    fmpz_init(r);
    fmpz_set_str(r, R_TEXT, 10);
    uint8_t raw[32];
    cs_fr out;
    to_bytes(raw, r);
    assert_false(cs_fr_decode(&out, raw));
    raw[0]--;
    assert_true(cs_fr_decode(&out, raw));
    assert_true(cs_fr_eq(out, cs_fr_neg(CS_FR_ONE)));
    memset(raw, 0xff, sizeof raw);
    assert_false(cs_fr_decode(&out, raw));
    fmpz_set_str(r, P_TEXT, 10);
    cs_fp q;
    to_bytes(raw, r);
    assert_false(cs_fp_decode(&q, raw));
    fmpz_clear(r);
}

static void integers(void **state) {
    (void)state;
    const int64_t values[] = {0, 1, -1, 127, -128, 32767, -32768, INT32_MAX, INT32_MIN, INT64_MAX, -INT64_MAX};
    fmpz_t r, x;
    fmpz_init(r);
    fmpz_init(x);
    fmpz_set_str(r, R_TEXT, 10);
    for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
        fmpz_set_si(x, values[k]);
        fmpz_mod(x, x, r);
        fr_is(cs_fr_from_i64(values[k]), x);
        cs_fr one;
        cs_fr_vec_from_int(&one, CS_INT_I64, &values[k], 1);
        fr_is(one, x);
    }
    fmpz_clear(r);
    fmpz_clear(x);
}

/* ---- batch kernels: every length from 0 to 70, one long one, results in place too ---- */

typedef struct vectors {
    cs_fr a[LONGEST], b[LONGEST], c[LONGEST];
    cs_fr t;
} vectors;

static void fill(vectors *v, size_t n) {
    v->t = sample(n % 16);
    for (size_t k = 0; k < n; k++) {
        v->a[k] = sample((k + n) % 15);
        v->b[k] = sample((3 * k + n) % 17);
        v->c[k] = sample(k % 13);
    }
}

static void same(const cs_fr *a, const cs_fr *b, size_t n) {
    assert_memory_equal(a, b, n * sizeof *a);
}

static void vectors_against_scalars(void **state) {
    (void)state;
    static vectors v, w;
    for (size_t n = 1; n <= LONGEST; n++) {
        fill(&v, n);
        cs_fr expected[LONGEST], dot = CS_FR_ZERO, sum = CS_FR_ZERO, r[LONGEST];
        for (size_t k = 0; k < n; k++) {
            dot = cs_fr_add(dot, cs_fr_mul(v.a[k], v.b[k]));
            sum = cs_fr_add(sum, v.a[k]);
        }
        r[0] = cs_fr_vec_dot(v.a, v.b, n);
        same(r, &dot, 1);
        r[0] = cs_fr_vec_sum(v.a, n);
        same(r, &sum, 1);
#define EACH(kernel, expression)                                                                                            \
    do {                                                                                                                    \
        for (size_t k = 0; k < n; k++)                                                                                      \
            expected[k] = (expression);                                                                                     \
        w = v;                                                                                                              \
        kernel;                                                                                                             \
        same(w.a, expected, n);                                                                                             \
    } while (0)
        EACH(cs_fr_vec_add(w.a, w.a, w.b, n), cs_fr_add(v.a[k], v.b[k]));
        EACH(cs_fr_vec_sub(w.a, w.a, w.b, n), cs_fr_sub(v.a[k], v.b[k]));
        EACH(cs_fr_vec_mul(w.a, w.a, w.b, n), cs_fr_mul(v.a[k], v.b[k]));
        EACH(cs_fr_vec_scale(w.a, w.t, w.a, n), cs_fr_mul(v.t, v.a[k]));
        EACH(cs_fr_vec_axpy(w.a, w.t, w.b, n), cs_fr_add(v.a[k], cs_fr_mul(v.t, v.b[k])));
        EACH(cs_fr_vec_fold(w.a, w.a, w.b, w.t, n), cs_fr_add(v.a[k], cs_fr_mul(v.t, cs_fr_sub(v.b[k], v.a[k]))));
        EACH(cs_fr_vec_inverse(w.a, w.b, n), cs_fr_inv(v.b[k]));
        EACH(cs_fr_vec_inverse(w.a, w.a, n), cs_fr_inv(v.a[k]));
#undef EACH
    }
    assert_true(cs_fr_is_zero(cs_fr_vec_dot(v.a, v.b, 0)));
    assert_true(cs_fr_is_zero(cs_fr_vec_sum(v.a, 0)));
}

static void small_integers_against_scalars(void **state) {
    (void)state;
    static vectors v;
    int64_t x64[LONGEST];
    int32_t x32[LONGEST];
    int16_t x16[LONGEST];
    int8_t x8[LONGEST];
    for (size_t n = 0; n <= LONGEST; n++) {
        fill(&v, n);
        for (size_t k = 0; k < n; k++) {
            const int64_t edge[4] = {INT64_MAX, -INT64_MAX, 0, -1};
            x64[k] = k % 5 == 0 ? edge[k / 5 % 4] : (int64_t)((uint64_t)rand() << 33 ^ (uint64_t)rand());
            x32[k] = k % 7 == 0 ? INT32_MIN : (int32_t)x64[k];
            x16[k] = k % 7 == 1 ? INT16_MIN : (int16_t)x64[k];
            x8[k] = k % 7 == 2 ? INT8_MIN : (int8_t)x64[k];
        }
        const void *arrays[4] = {x8, x16, x32, x64};
        const cs_int_type types[4] = {CS_INT_I8, CS_INT_I16, CS_INT_I32, CS_INT_I64};
        for (int t = 0; t < 4; t++) {
            cs_fr expected[LONGEST + 1], r[LONGEST + 1], dot = CS_FR_ZERO, plain[LONGEST + 1];
            for (size_t k = 0; k < n; k++) {
                const int64_t x = t == 0 ? x8[k] : t == 1 ? x16[k] : t == 2 ? x32[k] : x64[k];
                plain[k] = cs_fr_from_i64(x);
                expected[k] = cs_fr_add(v.a[k], cs_fr_mul(v.t, plain[k]));
                dot = cs_fr_add(dot, cs_fr_mul(v.b[k], plain[k]));
                r[k] = v.a[k];
            }
            cs_fr_vec_axpy_int(r, v.t, types[t], arrays[t], n);
            same(r, expected, n);
            r[0] = cs_fr_vec_dot_int(v.b, types[t], arrays[t], n);
            same(r, &dot, 1);
            cs_fr_vec_from_int(r, types[t], arrays[t], n);
            same(r, plain, n);
        }
    }
}

static int64_t up_to(unsigned bits) {
    const int64_t edge = INT64_C(1) << bits;
    const int64_t any = (int64_t)((uint64_t)rand() << 31 ^ (uint64_t)rand()) % (edge + 1);
    return rand() % 4 == 0 ? edge : rand() % 4 == 0 ? -edge : rand() % 2 ? any : -any;
}

static void several_arrays_of_small_integers(void **state) {
    (void)state;
    static vectors v;
    static int64_t x[CS_AFFINE_TERMS][LONGEST];
    const int64_t *smaller[CS_AFFINE_TERMS];
    for (unsigned k = 0; k < CS_AFFINE_TERMS; k++) {
        smaller[k] = x[k];
        for (size_t j = 0; j < LONGEST; j++)
            x[k][j] = up_to(CS_AFFINE_BITS);
    }
    for (size_t n = 0; n <= LONGEST; n++) {
        const unsigned terms = n % 2 ? CS_AFFINE_TERMS : (unsigned)(n / 2 % 7);
        cs_fr t[CS_AFFINE_TERMS], r[LONGEST + 1];
        cs_fr_affine plan;
        fill(&v, n);
        for (unsigned k = 0; k < terms; k++)
            t[k] = n % 3 ? cs_fr_random() : cs_fr_neg(CS_FR_ONE);
        cs_fr_vec_affine_plan(&plan, v.t, t, terms);
        cs_fr_vec_affine(r, &plan, smaller, n);
        for (size_t j = 0; j < n; j++) {
            cs_fr expected = v.t;
            for (unsigned k = 0; k < terms; k++)
                expected = cs_fr_add(expected, cs_fr_mul(t[k], cs_fr_from_i64(x[k][j])));
            same(r + j, &expected, 1);
        }
    }
}

static void sums_of_products_of_small_integers(void **state) {
    (void)state;
    enum { N = 64, PRODUCTS = 2, TIMES = 5 };
    static int64_t x[N], y[N];
    static uint64_t sums[PRODUCTS * CS_PRODUCT_WORDS * N];
    static vectors v;
    const cs_int_product products[PRODUCTS] = {{x, y}, {x, NULL}};
    cs_fr weights = CS_FR_ZERO, expected[PRODUCTS] = {CS_FR_ZERO, CS_FR_ZERO}, out[PRODUCTS];
    fill(&v, N);
    for (unsigned t = 0; t < TIMES; t++) {
        const cs_fr weight = cs_fr_random();
        for (size_t j = 0; j < N; j++) {
            x[j] = up_to(CS_PRODUCT_BITS / 2);
            y[j] = up_to(CS_PRODUCT_BITS / 2);
            const cs_fr each = cs_fr_mul(cs_fr_mul(weight, v.a[j]), cs_fr_from_i64(x[j]));
            expected[0] = cs_fr_add(expected[0], cs_fr_mul(each, cs_fr_from_i64(y[j])));
            expected[1] = cs_fr_add(expected[1], each);
        }
        cs_fr_vec_products_add(sums, weight, products, PRODUCTS, N);
        weights = cs_fr_add(weights, weight);
    }
    cs_fr_vec_products_take(out, sums, v.a, cs_fr_mul(weights, cs_fr_vec_sum(v.a, N)), PRODUCTS, N);
    same(out, expected, PRODUCTS);
    for (size_t k = 0; k < sizeof sums / sizeof *sums; k++)
        assert_true(sums[k] == 0);
}

static void eq_tables(void **state) {
    (void)state;
    for (unsigned bits = 0; bits <= 8; bits++) {
        cs_fr point[8] = {CS_FR_ZERO}, table[256];
        for (unsigned k = 0; k < bits; k++)
            point[k] = sample(k + 9);
        cs_fr_vec_eq(table, point, bits);
        for (size_t x = 0; x < (size_t)1 << bits; x++) {
            cs_fr product = CS_FR_ONE;
            for (unsigned k = 0; k < bits; k++)
                product = cs_fr_mul(product, x >> (bits - 1 - k) & 1 ? point[k] : cs_fr_sub(CS_FR_ONE, point[k]));
            assert_true(cs_fr_eq(product, table[x]));
        }
    }
}

/* Long sums of products with the largest limbs (r - 1 as stored), so that accumulators grow as far as they can. */
static void long_vectors(void **state) {
    (void)state;
    enum { N = 20000 };
    const cs_fr largest = {{0x43e1f593f0000000, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
    cs_fr *a = calloc(N, sizeof *a), *b = calloc(N, sizeof *b);
    int64_t *x = calloc(N, sizeof *x);
    assert_true(a && b && x);
    for (size_t n = 1; n <= N; n = 3 * n + 1) {
        cs_fr dot = CS_FR_ZERO, ints = CS_FR_ZERO;
        for (size_t k = 0; k < n; k++) {
            a[k] = k % 3 == 2 ? cs_fr_random() : largest;
            b[k] = k % 5 == 4 ? cs_fr_random() : largest;
            x[k] = k % 2 ? INT64_MAX : INT64_MAX - (int64_t)k;
            dot = cs_fr_add(dot, cs_fr_mul(a[k], b[k]));
            ints = cs_fr_add(ints, cs_fr_mul(a[k], cs_fr_from_i64(x[k])));
        }
        assert_true(cs_fr_eq(cs_fr_vec_dot(a, b, n), dot));
        assert_true(cs_fr_eq(cs_fr_vec_dot_int(a, CS_INT_I64, x, n), ints));
    }
    free(a);
    free(b);
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalar_field_against_flint),
        cmocka_unit_test(base_field_against_flint),
        cmocka_unit_test(inverses_against_flint),
        cmocka_unit_test(inverses_are_powers),
        cmocka_unit_test(wide_bytes),
        cmocka_unit_test(decode_refuses_what_is_not_reduced),
        cmocka_unit_test(vectors_have_the_encodings_of_their_elements),
        cmocka_unit_test(integers),
        cmocka_unit_test(vectors_against_scalars),
        cmocka_unit_test(small_integers_against_scalars),
        cmocka_unit_test(several_arrays_of_small_integers),
        cmocka_unit_test(sums_of_products_of_small_integers),
        cmocka_unit_test(eq_tables),
        cmocka_unit_test(long_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
