/* Batch kernels on F with AVX-512 IFMA: eight entries at a time, mostly two groups of eight side by side. What is seldom
 * called with long vectors is done by the x86_64 kernels. */
#include <string.h>

#include "field/avx512ifma/mont52.h"
#include "field/fr_kernels.h"
#include "field/portable/fr_inline.h"

enum { LANES = 8, PAIR = 2 * LANES };
enum { AHEAD = 256 }; /* entries of 32 bytes between those in work and those asked for: 8 KiB */

static const cs_modulus52 R = {CS_LIMBS52(UINT64_C(0x43e1f593f0000001), UINT64_C(0x2833e84879b97091),
                                          UINT64_C(0xb85045b68181585d), UINT64_C(0x30644e72e131a029)),
                               CS_FR_N0 &CS_LOW52};

CS_V8 void prefetch(const cs_fr *a) {
    for (int k = 0; k < PAIR; k += 2)
        __builtin_prefetch(a + AHEAD + k);
}

/* ---- entry by entry ---- */

/* What is done with two groups of eight entries of a and b, and a constant. */
typedef void pair_fn(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m);

CS_V8 void apply_pair(pair_fn *fn, cs_fr *r, const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    cs_x8 z[2];
    fn(z, a, b, t, m);
    cs_x8_store(r, &z[0]);
    cs_x8_store(r + LANES, &z[1]);
}

/* The last entries, fewer than PAIR, through a copy. */
CS_V8 void apply(pair_fn *fn, cs_fr *r, const cs_fr *a, const cs_fr *b, const cs_x8 *t, size_t n) {
    const cs_mod8 m = cs_mod8_of(&R);
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
    cs_x8 x[2], y[2];
    (void)t;
    load_pair(x, a);
    load_pair(y, b);
    for (int k = 0; k < 2; k++) {
        const cs_x8 s = cs_x8_add(&x[k], &y[k]);
        r[k] = cs_x8_reduce(&s, m);
    }
}

CS_V8 void pair_sub(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    cs_x8 x[2], y[2];
    (void)t;
    load_pair(x, a);
    load_pair(y, b);
    for (int k = 0; k < 2; k++) {
        const cs_x8 d = cs_x8_sub(&x[k], &y[k]);
        r[k] = cs_x8_raise(&d, m);
    }
}

CS_V8 void reduce_pair(cs_x8 r[2], const cs_mod8 *m) {
    r[0] = cs_x8_reduce(&r[0], m);
    r[1] = cs_x8_reduce(&r[1], m);
}

CS_V8 void pair_mul(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 x[2] = {cs_x8_load_shifted(a), cs_x8_load_shifted(a + LANES)};
    cs_x8 y[2];
    (void)t;
    load_pair(y, b);
    cs_x8_mul2_raw(r, x, y, m);
    reduce_pair(r, m);
}

/* r = t a; t is 16 times the factor. */
CS_V8 void pair_scale(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 factor[2] = {*t, *t};
    cs_x8 x[2];
    (void)b;
    load_pair(x, a);
    cs_x8_mul2_raw(r, factor, x, m);
    reduce_pair(r, m);
}

/* base + product, the base reduced and the product below 2m: two subtractions. Neither need be carried. */
CS_V8 cs_x8 add_to_reduced(const cs_x8 *base, const cs_x8 *product, const cs_mod8 *m) {
    cs_x8 s = cs_x8_add(base, product);
    s = cs_x8_reduce(&s, m);
    return cs_x8_reduce_carried(&s, m);
}

/* r = a + t b. */
CS_V8 void pair_axpy(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 factor[2] = {*t, *t};
    cs_x8 x[2], y[2], p[2];
    load_pair(y, b);
    cs_x8_mul2_raw(p, factor, y, m);
    load_pair(x, a);
    r[0] = add_to_reduced(&x[0], &p[0], m);
    r[1] = add_to_reduced(&x[1], &p[1], m);
}

/* r = a + t (b - a); the difference is below 2m, so that the product is below 7/5 m. */
CS_V8 void pair_fold(cs_x8 r[2], const cs_fr *a, const cs_fr *b, const cs_x8 *t, const cs_mod8 *m) {
    const cs_x8 factor[2] = {*t, *t};
    cs_x8 x[2], y[2], p[2];
    load_pair(x, a);
    load_pair(y, b);
    const cs_x8 d[2] = {cs_x8_sub_raw(&y[0], &x[0], m), cs_x8_sub_raw(&y[1], &x[1], m)};
    cs_x8_mul2_raw(p, factor, d, m);
    r[0] = add_to_reduced(&x[0], &p[0], m);
    r[1] = add_to_reduced(&x[1], &p[1], m);
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

static void vec_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
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
    if (p0 == NULL) {
        const cs_x8 other = cs_x8_load(q0);
        sum = cs_x8_add(&other, &plain);
    } else {
        const cs_x8 n0 = cs_x8_load(p0), n1 = cs_x8_load(p1);
        cs_columns c = cs_columns_start();
        cs_columns_add(&c, &n0, &d1);
        cs_columns_add(&c, &n1, &d0);
        sum = cs_columns_redc(&c, m);
    }
    sum = cs_x8_reduce(&sum, m);
    product = cs_x8_reduce(&product, m);
    cs_x8_store(p, &sum);
    cs_x8_store(q, &product);
}

static void vec_fractions(cs_fr *p, cs_fr *q, const cs_fr *p0, const cs_fr *q0, const cs_fr *p1, const cs_fr *q1, size_t n) {
    const cs_mod8 m = cs_mod8_of(&R);
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
        if (p0) {
            memcpy(in[0], p0 + j, bytes);
            memcpy(in[2], p1 + j, bytes);
        }
        fractions_group(out[0], out[1], p0 ? in[0] : NULL, in[1], p0 ? in[2] : NULL, in[3], &m);
        memcpy(p + j, out[0], bytes);
        memcpy(q + j, out[1], bytes);
    }
}

/* ---- sums of products ---- */

/* wide += the columns of all lanes: column k has weight 2^(52 k). */
static void flush(uint64_t wide[9], const cs_v8 *columns, unsigned n) {
    for (unsigned k = 0; k < n; k++) {
        uint64_t lane[LANES];
        cs_u128 sum = 0;
        cs_v8_store(lane, columns[k]);
        for (int i = 0; i < LANES; i++)
            sum += lane[i];
        const unsigned limb = 52 * k / 64, shift = 52 * k % 64;
        const uint64_t low = (uint64_t)sum, high = (uint64_t)(sum >> 64);
        uint64_t part[3] = {low << shift, high << shift, 0}, carry = 0;
        if (shift) {
            part[1] |= low >> (64 - shift);
            part[2] = high >> (64 - shift);
        }
        for (unsigned i = limb; i < 9; i++)
            wide[i] = cs_limb_adc(wide[i], i - limb < 3 ? part[i - limb] : 0, &carry);
    }
}

enum { FLUSH = 256 }; /* products that a column takes, with room to spare */

static cs_fr vec_dot(const cs_fr *a, const cs_fr *b, size_t n) {
    uint64_t wide[9] = {0};
    size_t j = 0;
    while (j + LANES <= n) {
        cs_columns c = cs_columns_zero();
        for (unsigned k = 0; k < FLUSH && j + LANES <= n; k++, j += LANES) {
            const cs_x8 x = cs_x8_load(a + j), y = cs_x8_load(b + j);
            __builtin_prefetch(a + j + AHEAD);
            __builtin_prefetch(b + j + AHEAD);
            cs_columns_add(&c, &x, &y);
        }
        flush(wide, c.c, 10);
    }
    for (; j < n; j++)
        cs_limbs_mul_add(wide, a[j].v, b[j].v);
    return cs_fr_reduce_wide(wide);
}

/* 2 hi - lo + m, carried, below 3m. */
CS_V8 cs_x8 node_two(const cs_x8 *lo, const cs_x8 *hi, const cs_mod8 *m) {
    cs_x8 r;
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_add(cs_v8_sub(cs_v8_add(hi->l[k], hi->l[k]), lo->l[k]), m->m[k]);
    return cs_x8_carry(&r);
}

/* The shapes of rounds that are done here: a product, two, or a product and a table of its own. */
typedef enum pairs { NOT_PAIRS, ONE_PAIR, TWO_PAIRS, PAIR_AND_ONE } pairs;

static pairs pairs_of(const cs_fr_round *w) {
    if (w->degree != 2 || w->outer >= 0 || w->n_terms > 2 || w->terms[0].n_factors != 2)
        return NOT_PAIRS;
    if (w->n_terms == 1)
        return ONE_PAIR;
    if (w->terms[1].n_factors == 2)
        return TWO_PAIRS;
    return w->terms[1].n_factors == 1 && w->weight ? PAIR_AND_ONE : NOT_PAIRS;
}

/* sum += a 2^260. */
CS_V8 void add_shifted(cs_columns *sum, const cs_x8 *a) {
    for (int k = 0; k < 5; k++)
        sum->c[k + 5] = cs_v8_add(sum->c[k + 5], a->l[k]);
}

/* Adds one group of eight pairs. Under a weight, a term's first factor is taken 16 times and the sum of the terms, below
 * 18 m^2 or 9 m^2 and 3 m, reduced before it is multiplied: to less than 6 m, which five limbs hold easily. */
CS_V8 void round_group(cs_columns acc[2], const cs_fr_round *w, size_t j, pairs shape, bool weighted, const cs_mod8 *m) {
    cs_columns inner[2];
    if (weighted)
        inner[0] = inner[1] = cs_columns_start();
    cs_columns *sum = weighted ? inner : acc;
    for (unsigned k = 0; k < (shape == TWO_PAIRS ? 2 : 1); k++) {
        const unsigned f = w->terms[k].factor[0], g = w->terms[k].factor[1];
        cs_x8 f0 = cs_x8_load(w->lo[f] + j), f1 = cs_x8_load(w->hi[f] + j), f2 = node_two(&f0, &f1, m);
        const cs_x8 g0 = cs_x8_load(w->lo[g] + j), g1 = cs_x8_load(w->hi[g] + j), g2 = node_two(&g0, &g1, m);
        if (weighted) {
            f0 = cs_x8_times16(&f0);
            f2 = cs_x8_times16(&f2);
        }
        cs_columns_add(&sum[0], &f0, &g0);
        cs_columns_add(&sum[1], &f2, &g2);
    }
    if (!weighted)
        return;
    if (shape == PAIR_AND_ONE) {
        const unsigned f = w->terms[1].factor[0];
        const cs_x8 f0 = cs_x8_load(w->lo[f] + j), f1 = cs_x8_load(w->hi[f] + j), f2 = node_two(&f0, &f1, m);
        add_shifted(&sum[0], &f0);
        add_shifted(&sum[1], &f2);
    }
    const cs_x8 weight = cs_x8_load(w->weight + j);
    for (int node = 0; node < 2; node++) {
        cs_x8 total = cs_columns_redc(&inner[node], m);
        total = cs_x8_carry(&total);
        cs_columns_add(&acc[node], &total, &weight);
    }
}

CS_V8 void round_pairs(uint64_t wide[2][9], const cs_fr_round *w, size_t n, pairs shape, bool weighted) {
    const cs_mod8 m = cs_mod8_of(&R);
    for (size_t j = 0; j < n;) {
        cs_columns acc[2] = {cs_columns_zero(), cs_columns_zero()};
        for (unsigned k = 0; k < FLUSH / 2 && j < n; k++, j += LANES)
            round_group(acc, w, j, shape, weighted, &m);
        flush(wide[0], acc[0].c, 10);
        flush(wide[1], acc[1].c, 10);
    }
}

/* The same round over the entries from j on. */
static cs_fr_round rest_of(const cs_fr_round *w, size_t j) {
    cs_fr_round r = *w;
    for (unsigned k = 0; k < w->n_tables; k++) {
        r.lo[k] += j;
        r.hi[k] += j;
    }
    if (r.weight)
        r.weight += j;
    return r;
}

static void vec_round(cs_fr *out, const cs_fr_round *w, size_t n) {
    const size_t whole = n - n % LANES;
    const pairs shape = pairs_of(w);
    uint64_t wide[2][9] = {{0}};
    if (shape == NOT_PAIRS || whole == 0) {
        cs_fr_kernels_x86_64.round(out, w, n);
        return;
    }
    if (shape == ONE_PAIR && !w->weight)
        round_pairs(wide, w, whole, ONE_PAIR, false);
    else if (shape == ONE_PAIR)
        round_pairs(wide, w, whole, ONE_PAIR, true);
    else if (shape == PAIR_AND_ONE)
        round_pairs(wide, w, whole, PAIR_AND_ONE, true);
    else if (!w->weight)
        round_pairs(wide, w, whole, TWO_PAIRS, false);
    else
        round_pairs(wide, w, whole, TWO_PAIRS, true);
    const cs_fr_round rest = rest_of(w, whole);
    cs_fr_kernels_x86_64.round(out, &rest, n - whole);
    for (int node = 0; node < 2; node++)
        out[node] = cs_fr_add(out[node], cs_fr_reduce_wide(wide[node]));
}

/* ---- small integers ---- */

CS_V8 cs_v8 load_ints(cs_int_type type, const void *x, size_t j) {
    switch (type) {
    case CS_INT_I8:
        return cs_v8_from_i8((const int8_t *)x + j);
    case CS_INT_I16:
        return cs_v8_from_i16((const int16_t *)x + j);
    case CS_INT_I32:
        return cs_v8_from_i32((const int32_t *)x + j);
    default:
        return cs_v8_load((const int64_t *)x + j);
    }
}

/* t |x| with the sign of x, as a number in [0, 2m] that is congruent to it. `t` is the factor times 2^52 for integers of 32
 * bits, times 2^104 for longer ones: as many steps of the reduction, each of which divides by 2^52. */
CS_V8 cs_x8 times_ints(const cs_x8 *t, cs_v8 x, bool is_long, const cs_mod8 *m) {
    const cs_v8 sign = cs_v8_sar(x, 63), magnitude = cs_v8_sub(cs_v8_xor(x, sign), sign);
    const cs_v8 low = cs_v8_and(magnitude, cs_v8_set1(CS_LOW52)), high = cs_v8_shr(magnitude, 52);
    cs_v8 c[8];
    for (int k = 0; k < 8; k++)
        c[k] = k < (is_long ? 2 : 1) ? cs_v8_set1(CS_LOW52) : cs_v8_zero();
    for (int k = 0; k < 5; k++) {
        c[k] = cs_v8_madd_lo(c[k], t->l[k], low);
        c[k + 1] = cs_v8_madd_hi(c[k + 1], t->l[k], low);
        if (is_long) {
            c[k + 1] = cs_v8_madd_lo(c[k + 1], t->l[k], high);
            c[k + 2] = cs_v8_madd_hi(c[k + 2], t->l[k], high);
        }
    }
    cs_columns_step(c, m);
    if (is_long)
        cs_columns_step(c + 1, m);
    const cs_v8 *top = c + (is_long ? 2 : 1);
    cs_x8 plus, minus;
    for (int k = 0; k < 5; k++) {
        plus.l[k] = top[k];
        minus.l[k] = cs_v8_sub(cs_v8_add(m->m[k], m->m[k]), top[k]);
    }
    return cs_x8_blend(cs_v8_negative(x), &plus, &minus);
}

CS_V8 void axpy_int_group(cs_fr *r, const cs_fr *base, const cs_x8 *t, cs_v8 x, bool is_long, const cs_mod8 *m) {
    const cs_x8 product = times_ints(t, x, is_long, m), before = cs_x8_load(base);
    const cs_x8 after = add_to_reduced(&before, &product, m);
    cs_x8_store(r, &after);
}

CS_V8 void axpy_ints(cs_fr *r, const cs_x8 *t, cs_int_type type, const void *x, size_t n) {
    const cs_mod8 m = cs_mod8_of(&R);
    const bool is_long = type == CS_INT_I64;
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        __builtin_prefetch(r + j + AHEAD);
        axpy_int_group(r + j, r + j, t, load_ints(type, x, j), is_long, &m);
    }
    if (j < n) {
        cs_fr last[LANES] = {{{0}}};
        int64_t ints[LANES] = {0};
        memcpy(last, r + j, (n - j) * sizeof *r);
        for (size_t k = j; k < n; k++)
            ints[k - j] = cs_int_at(type, x, k);
        axpy_int_group(last, last, t, cs_v8_load(ints), is_long, &m);
        memcpy(r + j, last, (n - j) * sizeof *r);
    }
}

static void vec_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        vec_axpy(r, t, x, n);
        return;
    }
    const uint64_t shift = UINT64_C(1) << 52;
    cs_fr scaled = cs_fr_mul(t, cs_fr_from_u64(shift));
    if (type == CS_INT_I64)
        scaled = cs_fr_mul(scaled, cs_fr_from_u64(shift));
    const cs_x8 factor = cs_x8_all(scaled.v);
    switch (type) {
    case CS_INT_I8:
        axpy_ints(r, &factor, CS_INT_I8, x, n);
        break;
    case CS_INT_I16:
        axpy_ints(r, &factor, CS_INT_I16, x, n);
        break;
    case CS_INT_I32:
        axpy_ints(r, &factor, CS_INT_I32, x, n);
        break;
    default:
        axpy_ints(r, &factor, CS_INT_I64, x, n);
    }
}

static void vec_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        memmove(r, x, n * sizeof *r);
        return;
    }
    memset(r, 0, n * sizeof *r);
    vec_axpy_int(r, CS_FR_ONE, type, x, n);
}

/* Sums of v (x + bias) and of v: a column takes four terms below 2^52 for each of the FLUSH groups. */
CS_V8 size_t dot_ints(uint64_t products[9], uint64_t plain[9], const cs_fr *v, cs_int_type type, const void *x, size_t n,
                      uint64_t bias) {
    size_t j = 0;
    while (j + LANES <= n) {
        cs_v8 c[7], s[5];
        for (int k = 0; k < 7; k++)
            c[k] = cs_v8_zero();
        for (int k = 0; k < 5; k++)
            s[k] = cs_v8_zero();
        for (unsigned g = 0; g < FLUSH && j + LANES <= n; g++, j += LANES) {
            const cs_x8 a = cs_x8_load(v + j);
            const cs_v8 u = cs_v8_add(load_ints(type, x, j), cs_v8_set1(bias));
            const cs_v8 low = cs_v8_and(u, cs_v8_set1(CS_LOW52)), high = cs_v8_shr(u, 52);
            __builtin_prefetch(v + j + AHEAD);
            for (int k = 0; k < 5; k++) {
                c[k] = cs_v8_madd_lo(c[k], a.l[k], low);
                c[k + 1] = cs_v8_madd_hi(c[k + 1], a.l[k], low);
                if (type == CS_INT_I64) {
                    c[k + 1] = cs_v8_madd_lo(c[k + 1], a.l[k], high);
                    c[k + 2] = cs_v8_madd_hi(c[k + 2], a.l[k], high);
                }
                s[k] = cs_v8_add(s[k], a.l[k]);
            }
        }
        flush(products, c, 7);
        flush(plain, s, 5);
    }
    return j;
}

static cs_fr vec_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR)
        return vec_dot(v, x, n);
    uint64_t products[9] = {0}, plain[9] = {0}, bias;
    size_t done;
    switch (type) {
    case CS_INT_I8:
        bias = UINT64_C(1) << 7;
        done = dot_ints(products, plain, v, CS_INT_I8, x, n, bias);
        break;
    case CS_INT_I16:
        bias = UINT64_C(1) << 15;
        done = dot_ints(products, plain, v, CS_INT_I16, x, n, bias);
        break;
    case CS_INT_I32:
        bias = UINT64_C(1) << 31;
        done = dot_ints(products, plain, v, CS_INT_I32, x, n, bias);
        break;
    default:
        bias = UINT64_C(1) << 63;
        done = dot_ints(products, plain, v, CS_INT_I64, x, n, bias);
    }
    const cs_fr rest = cs_fr_kernels_x86_64.dot_int(v + done, type, (const uint8_t *)x + done * cs_int_size(type), n - done);
    const cs_fr sum = cs_fr_reduce_short(plain), product = cs_fr_reduce_short(products);
    return cs_fr_add(rest, cs_fr_sub(product, cs_fr_mul(sum, cs_fr_from_u64(bias))));
}

/* ---- the rest ---- */

/* From the last variable to the first: each doubles the table, its one-half being the product. */
static void vec_eq(cs_fr *r, const cs_fr *point, unsigned bits) {
    r[0] = CS_FR_ONE;
    for (unsigned k = 0; k < bits; k++) {
        const size_t half = (size_t)1 << k;
        vec_scale(r + half, point[bits - 1 - k], r, half);
        vec_sub(r, r, r + half, half);
    }
}

static cs_fr vec_sum(const cs_fr *a, size_t n) {
    return cs_fr_kernels_x86_64.sum(a, n);
}

static void vec_inverse(cs_fr *r, const cs_fr *a, size_t n) {
    cs_fr_kernels_x86_64.inverse(r, a, n);
}

const cs_fr_kernels cs_fr_kernels_avx512ifma = {
    .isa = CS_ISA_AVX512IFMA,
    .add = vec_add,
    .sub = vec_sub,
    .mul = vec_mul,
    .scale = vec_scale,
    .axpy = vec_axpy,
    .sum = vec_sum,
    .dot = vec_dot,
    .fold = vec_fold,
    .fractions = vec_fractions,
    .round = vec_round,
    .inverse = vec_inverse,
    .eq = vec_eq,
    .from_int = vec_from_int,
    .axpy_int = vec_axpy_int,
    .dot_int = vec_dot_int,
};
