/* Batch kernels on F with AVX-512 IFMA: eight entries at a time, mostly two groups of eight side by side. Here: entry by
 * entry; fr_sums, fr_rounds, fr_ints, fr_rows and fr_inverse have the other kernels. */
#include <string.h>

#include "field/avx512ifma/fr_lanes.h"

CS_V8 void prefetch(const cs_fr *a) {
    for (int k = 0; k < PAIR; k += 2)
        __builtin_prefetch(a + AHEAD + k);
}

/* ---- entry by entry ---- */

/* What is done with two groups of eight entries of a and b, and a constant; results are reduced, but not carried. */
typedef void pair_fn(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m);

CS_V8 void apply_pair(pair_fn *fn, cs_fr *r, const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    cs_x8 z[2];
    fn(z, a, b, t, m);
    cs_x8_store_sum(r, &z[0]);
    cs_x8_store_sum(r + LANES, &z[1]);
}

/* The last entries, fewer than PAIR, through a copy. */
CS_V8 void apply(pair_fn *fn, cs_fr *r, const cs_fr *a, const cs_fr *b, const cs_x8 *t, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    size_t j = 0;
    for (; j + PAIR <= n; j += PAIR) {
        prefetch(a + j);
        prefetch(b + j);
        apply_pair(fn, r + j, a + j, b + j, t, &m);
    }
    if (j < n) {
        cs_fr x[PAIR] = {{{0}}}, y[PAIR] = {{{0}}}, z[PAIR];
        memcpy(x, a + j, (n - j) * sizeof *a);
        memcpy(y, b + j, (n - j) * sizeof *b);
        apply_pair(fn, z, x, y, t, &m);
        memcpy(r + j, z, (n - j) * sizeof *r);
    }
}

CS_V8 void load_pair(cs_x8 x[2], const cs_fr *a) {
    x[0] = cs_x8_load(a);
    x[1] = cs_x8_load(a + LANES);
}

CS_V8 void pair_add(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 minus = cs_x8_minus(m);
    cs_x8 x[2], y[2];
    (void)t;
    load_pair(x, a);
    load_pair(y, b);
    CS_UNROLL
    for (int k = 0; k < 2; k++) {
        const cs_x8 less = cs_x8_add(&x[k], &minus), s = cs_x8_add(&less, &y[k]);
        r[k] = cs_x8_raise_raw(&s, m);
    }
}

CS_V8 void pair_sub(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    cs_x8 x[2], y[2];
    (void)t;
    load_pair(x, a);
    load_pair(y, b);
    CS_UNROLL
    for (int k = 0; k < 2; k++) {
        const cs_x8 d = cs_x8_sub(&x[k], &y[k]);
        r[k] = cs_x8_raise_raw(&d, m);
    }
}

/* Products below 2m, from -m on. */
CS_V8 void multiply_pair(cs_x8 r[2], const cs_x8 a[2], const cs_x8 b[2], const cs_mod8 *m) {
    const cs_x8 minus = cs_x8_minus(m), base[2] = {minus, minus};
    cs_x8_mul2_add_raw(r, a, b, base, m);
    r[0] = cs_x8_raise_raw(&r[0], m);
    r[1] = cs_x8_raise_raw(&r[1], m);
}

CS_V8 void pair_mul(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 x[2] = {cs_x8_load_shifted(a), cs_x8_load_shifted(a + LANES)};
    cs_x8 y[2];
    (void)t;
    load_pair(y, b);
    multiply_pair(r, x, y, m);
}

/* r = t a; t is 16 times the factor. */
CS_V8 void pair_scale(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 factor[2] = {*t, *t};
    cs_x8 x[2];
    (void)b;
    load_pair(x, a);
    multiply_pair(r, factor, x, m);
}

/* r = a + t b. */
CS_V8 void pair_axpy(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 factor[2] = {*t, *t}, minus = cs_x8_minus(m);
    cs_x8 x[2], y[2];
    load_pair(x, a);
    load_pair(y, b);
    const cs_x8 less[2] = {cs_x8_add(&x[0], &minus), cs_x8_add(&x[1], &minus)};
    cs_x8_mul2_add_raw(r, factor, y, less, m);
    r[0] = cs_x8_settle(&r[0], m);
    r[1] = cs_x8_settle(&r[1], m);
}

/* r = a + t (b - a); the difference, taken as b - (a - m), is below 2m, so that the product is below 7/5 m. */
CS_V8 void pair_fold(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 factor[2] = {*t, *t}, minus = cs_x8_minus(m);
    cs_x8 x[2], y[2];
    load_pair(x, a);
    load_pair(y, b);
    const cs_x8 less[2] = {cs_x8_add(&x[0], &minus), cs_x8_add(&x[1], &minus)};
    cs_x8 d[2] = {cs_x8_sub(&y[0], &less[0]), cs_x8_sub(&y[1], &less[1])};
    d[0] = cs_x8_carry_factor(&d[0]);
    d[1] = cs_x8_carry_factor(&d[1]);
    cs_x8_mul2_add_raw(r, factor, d, less, m);
    r[0] = cs_x8_settle(&r[0], m);
    r[1] = cs_x8_settle(&r[1], m);
}

static void vec_add(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    apply(pair_add, r, a, b, NULL, n);
}

static void vec_sub(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    apply(pair_sub, r, a, b, NULL, n);
}

static void vec_mul(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    apply(pair_mul, r, a, b, NULL, n);
}

static void vec_scale(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    const cs_x8 factor = cs_x8_all_shifted(t.v);
    apply(pair_scale, r, a, a, &factor, n);
}

void cs_fr_avx512_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    const cs_x8 factor = cs_x8_all_shifted(t.v);
    apply(pair_axpy, r, r, a, &factor, n);
}

static void vec_fold(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n) {
    const cs_x8 factor = cs_x8_all_shifted(t.v);
    apply(pair_fold, r, lo, hi, &factor, n);
}

/* ---- fractions ---- */

CS_V8 void fractions_group(cs_fr *p, cs_fr *q, const cs_fr *p0, const cs_fr *q0, const cs_fr *p1, const cs_fr *q1,
                           const cs_mod8 *m) {
    const cs_x8 d0 = cs_x8_load_shifted(q0), d1 = cs_x8_load_shifted(q1), plain = cs_x8_load(q1);
    cs_x8 product = cs_x8_mul_raw(&d0, &plain, m), sum;
    if (p0 == NULL || p1 == NULL) {
        const cs_x8 other = cs_x8_load(q0);
        sum = cs_x8_add(&other, &plain);
    } else {
        const cs_x8 n0 = cs_x8_load(p0), n1 = cs_x8_load(p1);
        cs_columns c = cs_columns_start();
        cs_columns_add(&c, &n0, &d1);
        cs_columns_add(&c, &n1, &d0);
        sum = cs_columns_redc(&c, m);
    }
    sum = cs_x8_lessen(&sum, m);
    product = cs_x8_lessen(&product, m);
    cs_x8_store_sum(p, &sum);
    cs_x8_store_sum(q, &product);
}

static void vec_fractions(cs_fr *p, cs_fr *q, const cs_fr *p0, const cs_fr *q0, const cs_fr *p1, const cs_fr *q1, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        __builtin_prefetch(q0 + j + AHEAD);
        __builtin_prefetch(q1 + j + AHEAD);
        fractions_group(p + j, q + j, p0 ? p0 + j : NULL, q0 + j, p1 ? p1 + j : NULL, q1 + j, &m);
    }
    if (j < n) {
        cs_fr in[4][LANES] = {{{{0}}}}, out[2][LANES];
        const size_t bytes = (n - j) * sizeof *p;
        memcpy(in[1], q0 + j, bytes);
        memcpy(in[3], q1 + j, bytes);
        if (p0 && p1) {
            memcpy(in[0], p0 + j, bytes);
            memcpy(in[2], p1 + j, bytes);
        }
        fractions_group(out[0], out[1], p0 ? in[0] : NULL, in[1], p0 ? in[2] : NULL, in[3], &m);
        memcpy(p + j, out[0], bytes);
        memcpy(q + j, out[1], bytes);
    }
}

/* ---- tables of eq ---- */

/* From the last variable to the first: each doubles the table, its one-half being the product. */
static void vec_eq(cs_fr *r, const cs_fr *point, unsigned bits) {
    r[0] = CS_FR_ONE;
    for (unsigned k = 0; k < bits; k++) {
        const size_t half = (size_t)1 << k;
        vec_scale(r + half, point[bits - 1 - k], r, half);
        vec_sub(r, r, r + half, half);
    }
}

const cs_fr_kernels cs_fr_kernels_avx512ifma = {
    .isa = CS_ISA_AVX512IFMA,
    .add = vec_add,
    .sub = vec_sub,
    .mul = vec_mul,
    .scale = vec_scale,
    .axpy = cs_fr_avx512_axpy,
    .sum = cs_fr_avx512_sum,
    .dot = cs_fr_avx512_dot,
    .fold = vec_fold,
    .fractions = vec_fractions,
    .round = cs_fr_avx512_round,
    .inverse = cs_fr_avx512_inverse,
    .eq = vec_eq,
    .from_int = cs_fr_avx512_from_int,
    .axpy_int = cs_fr_avx512_axpy_int,
    .dot_int = cs_fr_avx512_dot_int,
    .dot_rows = cs_fr_avx512_dot_rows,
    .affine_plan = cs_fr_avx512_affine_plan,
    .affine = cs_fr_avx512_affine,
    .products_add = cs_fr_avx512_products_add,
    .products_take = cs_fr_avx512_products_take,
};
