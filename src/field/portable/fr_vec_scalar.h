/* Batch kernels on F one entry at a time, over the primitives of mont.h: included once for each implementation, which names
 * its table (CS_KERNELS) and instruction set (CS_KERNELS_ISA). */
#include <string.h>

#include "field/fr_kernels.h"
#include "field/portable/fr_inline.h"

static void vec_add(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    for (size_t j = 0; j < n; j++)
        cs_fr_add_to(r + j, a + j, b + j);
}

static void vec_sub(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    for (size_t j = 0; j < n; j++)
        cs_fr_sub_to(r + j, a + j, b + j);
}

static void vec_mul(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    for (size_t j = 0; j < n; j++)
        cs_fr_mul_to(r + j, a + j, b + j);
}

static void vec_scale(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    for (size_t j = 0; j < n; j++)
        cs_fr_mul_to(r + j, a + j, &t);
}

static void vec_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    for (size_t j = 0; j < n; j++) {
        cs_fr p;
        cs_fr_mul_to(&p, a + j, &t);
        cs_fr_add_to(r + j, r + j, &p);
    }
}

static cs_fr vec_sum(const cs_fr *a, size_t n) {
    cs_fr s = CS_FR_ZERO;
    for (size_t j = 0; j < n; j++)
        cs_fr_add_to(&s, &s, a + j);
    return s;
}

static cs_fr vec_dot(const cs_fr *a, const cs_fr *b, size_t n) {
    uint64_t acc[9] = {0};
    for (size_t j = 0; j < n; j++)
        cs_limbs_mul_add(acc, a[j].v, b[j].v);
    return cs_fr_reduce_wide(acc);
}

static void vec_fold(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n) {
    for (size_t j = 0; j < n; j++) {
        cs_fr d;
        cs_fr_sub_to(&d, hi + j, lo + j);
        cs_fr_mul_to(&d, &d, &t);
        cs_fr_add_to(r + j, lo + j, &d);
    }
}

/* r = acc / 2^256 for a sum of at most five products of reduced values, r below 2m: 5 m^2 / 2^256 is below m. For sums below
 * 19 m^2, whatever their factors, r is below 5m, which fits four limbs: good as a factor in cs_limbs_mul_add. */
CS_INLINE void reduce_few(cs_fr *r, const uint64_t acc[9]) {
    cs_mont_redc_lazy(r->v, acc, CS_FR_M, CS_FR_N0);
    (void)cs_limbs_add(r->v, r->v, acc + 4);
}

static void vec_fractions(cs_fr *p, cs_fr *q, const cs_fr *p0, const cs_fr *q0, const cs_fr *p1, const cs_fr *q1, size_t n) {
    for (size_t j = 0; j < n; j++) {
        cs_fr sum, product;
        cs_fr_mul_to(&product, q0 + j, q1 + j);
        if (p0 == NULL) {
            cs_fr_add_to(&sum, q0 + j, q1 + j);
        } else {
            uint64_t acc[9] = {0};
            cs_limbs_mul_add(acc, p0[j].v, q1[j].v);
            cs_limbs_mul_add(acc, p1[j].v, q0[j].v);
            reduce_few(&sum, acc);
            cs_mont_reduce_once(sum.v, sum.v, CS_FR_M);
        }
        p[j] = sum;
        q[j] = product;
    }
}

/* Values of the tables at the node in hand, and the steps from node to node. */
typedef struct lines {
    cs_fr at[CS_ROUND_TABLES], step[CS_ROUND_TABLES];
} lines;

/* acc += a 2^256. */
CS_INLINE void add_shifted(uint64_t acc[9], const cs_fr *a) {
    acc[8] += cs_limbs_add(acc + 4, acc + 4, a->v);
}

/* acc += the product of a term's factors. */
CS_INLINE void add_term(uint64_t acc[9], const cs_fr_round_term *t, const lines *l) {
    const cs_fr *left = &l->at[t->factor[0]];
    cs_fr product;
    if (t->n_factors == 1) {
        add_shifted(acc, left);
        return;
    }
    if (t->n_factors == 3) {
        cs_fr_mul_to(&product, left, &l->at[t->factor[1]]);
        left = &product;
    }
    cs_limbs_mul_add(acc, left->v, l->at[t->factor[t->n_factors - 1]].v);
}

/* acc += weight * outer * sum of terms. */
CS_INLINE void add_terms(uint64_t acc[9], const cs_fr_round *w, const lines *l, const cs_fr *weight) {
    const cs_fr *outer = w->outer >= 0 ? &l->at[w->outer] : NULL;
    uint64_t inner[9] = {0};
    uint64_t *sum = outer || weight ? inner : acc;
    for (unsigned k = 0; k < w->n_terms; k++)
        add_term(sum, &w->terms[k], l);
    if (sum == acc)
        return;
    cs_fr total;
    reduce_few(&total, inner);
    if (outer && weight)
        cs_fr_mul_to(&total, outer, &total);
    cs_limbs_mul_add(acc, total.v, weight ? weight->v : outer->v);
}

/* Any shape. */
static void round_any(cs_fr *out, const cs_fr_round *w, size_t n) {
    uint64_t acc[CS_ROUND_DEGREE][9] = {0};
    for (size_t j = 0; j < n; j++) {
        lines l;
        const cs_fr *weight = w->weight ? w->weight + j : NULL;
        for (unsigned k = 0; k < w->n_tables; k++) {
            l.at[k] = w->lo[k][j];
            cs_fr_sub_to(&l.step[k], w->hi[k] + j, w->lo[k] + j);
        }
        add_terms(acc[0], w, &l, weight);
        for (unsigned node = 1; node <= w->degree; node++) {
            for (unsigned k = 0; k < w->n_tables; k++)
                cs_fr_add_to(&l.at[k], &l.at[k], &l.step[k]);
            if (node >= 2)
                add_terms(acc[node - 1], w, &l, weight);
        }
    }
    for (unsigned k = 0; k < w->degree; k++)
        out[k] = cs_fr_reduce_wide(acc[k]);
}

/* r = 2 hi - lo + m, below 3m. */
CS_INLINE void node_two(cs_fr *r, const cs_fr *lo, const cs_fr *hi) {
    uint64_t t[4];
    (void)cs_limbs_sub(t, hi->v, lo->v);
    (void)cs_limbs_add(t, t, hi->v);
    (void)cs_limbs_add(r->v, t, CS_FR_M);
}

enum { AHEAD = 16 }; /* entries of 32 bytes between those in work and those asked for */

CS_INLINE void prefetch(const cs_fr *a) {
    __builtin_prefetch(a + AHEAD);
}

/* One or two terms of two factors each, nodes 0 and 2: what long sumchecks consist of. Values at node 2 are not reduced. */
CS_INLINE void round_pairs(cs_fr *out, const cs_fr_round *w, size_t n, unsigned n_terms, bool weighted) {
    uint64_t acc[2][9] = {0};
    for (size_t j = 0; j < n; j++) {
        uint64_t inner[2][9] = {0};
        uint64_t(*sum)[9] = weighted ? inner : acc;
        for (unsigned k = 0; k < n_terms; k++) {
            const unsigned f = w->terms[k].factor[0], g = w->terms[k].factor[1];
            const cs_fr *f0 = w->lo[f] + j, *f1 = w->hi[f] + j, *g0 = w->lo[g] + j, *g1 = w->hi[g] + j;
            cs_fr f2, g2;
            prefetch(f0);
            prefetch(f1);
            prefetch(g0);
            prefetch(g1);
            cs_limbs_mul_add(sum[0], f0->v, g0->v);
            node_two(&f2, f0, f1);
            node_two(&g2, g0, g1);
            cs_limbs_mul_add(sum[1], f2.v, g2.v);
        }
        for (unsigned node = 0; node < 2 && weighted; node++) {
            cs_fr total;
            reduce_few(&total, inner[node]);
            cs_limbs_mul_add(acc[node], total.v, w->weight[j].v);
        }
    }
    out[0] = cs_fr_reduce_wide(acc[0]);
    out[1] = cs_fr_reduce_wide(acc[1]);
}

static bool only_pairs(const cs_fr_round *w) {
    bool pairs = w->degree == 2 && w->outer < 0 && w->n_terms <= 2;
    for (unsigned k = 0; k < w->n_terms; k++)
        pairs = pairs && w->terms[k].n_factors == 2;
    return pairs;
}

static void vec_round(cs_fr *out, const cs_fr_round *w, size_t n) {
    if (!only_pairs(w))
        round_any(out, w, n);
    else if (w->n_terms == 1 && !w->weight)
        round_pairs(out, w, n, 1, false);
    else if (w->n_terms == 1)
        round_pairs(out, w, n, 1, true);
    else
        round_pairs(out, w, n, 2, w->weight != NULL);
}

/* x = a, or one if a is zero, without a branch; returns 1 if a was zero. */
static uint64_t nonzero(cs_fr *x, const cs_fr *a) {
    const uint64_t any = a->v[0] | a->v[1] | a->v[2] | a->v[3];
    const uint64_t is_zero = 1 - ((any | -any) >> 63);
    cs_limbs_select(x->v, is_zero, CS_FR_ONE.v, a->v);
    return is_zero;
}

/* Montgomery's trick; `prefix` holds n values and may be r if that is not a. */
static void inverse_block(cs_fr *r, const cs_fr *a, cs_fr *prefix, size_t n) {
    cs_fr x, y, product = CS_FR_ONE;
    for (size_t j = 0; j < n; j++) {
        prefix[j] = product;
        nonzero(&x, a + j);
        cs_fr_mul_to(&product, &product, &x);
    }
    cs_fr inverse = cs_fr_inv(product);
    for (size_t j = n; j-- > 0;) {
        const uint64_t was_zero = nonzero(&x, a + j);
        cs_fr_mul_to(&y, &inverse, prefix + j);
        cs_fr_mul_to(&inverse, &inverse, &x);
        cs_limbs_select(r[j].v, was_zero, CS_FR_ZERO.v, y.v);
    }
}

static void vec_inverse(cs_fr *r, const cs_fr *a, size_t n) {
    enum { BLOCK = 512 };
    if (r != a) {
        inverse_block(r, a, r, n);
        return;
    }
    cs_fr prefix[BLOCK];
    for (size_t j = 0; j < n; j += BLOCK)
        inverse_block(r + j, a + j, prefix, n - j < BLOCK ? n - j : BLOCK);
}

static void vec_eq(cs_fr *r, const cs_fr *point, unsigned bits) {
    r[0] = CS_FR_ONE;
    for (unsigned k = 0; k < bits; k++)
        for (size_t x = (size_t)1 << k; x-- > 0;) {
            const cs_fr whole = r[x];
            cs_fr_mul_to(r + 2 * x + 1, &whole, point + k);
            cs_fr_sub_to(r + 2 * x, &whole, r + 2 * x + 1);
        }
}

/* A fixed factor t of many integers, with floor(t 2^64 / r): Shoup's quotient. */
typedef struct fixed_factor {
    cs_fr t;
    uint64_t quotient;
} fixed_factor;

/* t 2^64 = quotient r + rest with the rest from a multiplication; modulo 2^64 this gives the quotient. */
static fixed_factor fix(cs_fr t) {
    static const cs_fr two64 = {{0xb4c6edf97c5fb586, 0x708c8d50bfeb93be, 0x9ffd1de404f7e0ef, 0x215b02ac9a392866}};
    cs_fr rest;
    cs_fr_mul_to(&rest, &t, &two64);
    return (fixed_factor){t, rest.v[0] * CS_FR_N0};
}

/* r = t x: with q = floor(|x| quotient / 2^64), t |x| - q r lies in [0, 2r), so four limbs of it are enough. */
CS_INLINE void times_int(cs_fr *r, const fixed_factor *f, int64_t x) {
    const uint64_t negative = (uint64_t)x >> 63, magnitude = ((uint64_t)x ^ -negative) + negative;
    const uint64_t q = (uint64_t)((cs_u128)f->quotient * magnitude >> 64);
    uint64_t plus[4], back[4], c = 0, d = 0;
    for (int k = 0; k < 4; k++) {
        plus[k] = cs_limb_mac(&c, f->t.v[k], magnitude, 0, c);
        back[k] = cs_limb_mac(&d, q, CS_FR_M[k], 0, d);
    }
    (void)cs_limbs_sub(plus, plus, back);
    cs_mont_reduce_once(plus, plus, CS_FR_M);
    cs_mont_sub(back, CS_FR_ZERO.v, plus, CS_FR_M);
    cs_limbs_select(r->v, negative, back, plus);
}

static void vec_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        memmove(r, x, n * sizeof *r);
        return;
    }
    const fixed_factor one = fix(CS_FR_ONE);
    for (size_t j = 0; j < n; j++)
        times_int(r + j, &one, cs_int_at(type, x, j));
}

static void vec_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        vec_axpy(r, t, x, n);
        return;
    }
    const fixed_factor f = fix(t);
    for (size_t j = 0; j < n; j++) {
        cs_fr p;
        times_int(&p, &f, cs_int_at(type, x, j));
        cs_fr_add_to(r + j, r + j, &p);
    }
}

/* Sum of v x as sum of v (x + 2^63) - 2^63 sum of v: unsigned products, accumulated in six limbs, reduced once. */
static cs_fr vec_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR)
        return vec_dot(v, x, n);
    static const cs_fr minus_two63 = {{0xe97e7e9731d0253e, 0x6feda1a019c3a6b1, 0x6851b6c47f0567e5, 0x1fb6cd1c94150bf6}};
    uint64_t acc[6] = {0}, sum[6] = {0};
    for (size_t j = 0; j < n; j++) {
        const uint64_t u = (uint64_t)cs_int_at(type, x, j) + (UINT64_C(1) << 63);
        uint64_t high = 0, carry = 0, carry2 = 0;
        for (int k = 0; k < 4; k++) {
            acc[k] = cs_limb_mac(&high, v[j].v[k], u, acc[k], high);
            sum[k] = cs_limb_adc(sum[k], v[j].v[k], &carry2);
        }
        acc[4] = cs_limb_adc(acc[4], high, &carry);
        acc[5] += carry;
        sum[4] += carry2;
    }
    cs_fr products = cs_fr_reduce_short(acc), plain = cs_fr_reduce_short(sum);
    cs_fr_mul_to(&plain, &plain, &minus_two63);
    cs_fr_add_to(&products, &products, &plain);
    return products;
}

const cs_fr_kernels CS_KERNELS = {
    .isa = CS_KERNELS_ISA,
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
