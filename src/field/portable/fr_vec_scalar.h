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

enum { AHEAD = 16 }; /* entries of 32 bytes between those in work and those asked for */

CS_INLINE void prefetch(const cs_fr *a) {
    __builtin_prefetch(a + AHEAD);
}

/* r = a mod m for a < 4m. */
CS_INLINE void reduce_4m(cs_fr *r, const cs_fr *a) {
    cs_mont_reduce_once(r->v, a->v, CS_FR_2M);
    cs_mont_reduce_once(r->v, r->v, CS_FR_M);
}

/* r = a t, below 3m, for any a. */
CS_INLINE void times_fixed(cs_fr *r, const cs_fr *a, const cs_mont_fixed *t) {
    cs_mont_mul_fixed(r->v, a->v, t, CS_FR_M, CS_FR_N0);
    cs_mont_reduce_once(r->v, r->v, CS_FR_2M);
}

static void vec_scale(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    cs_mont_fixed f;
    cs_mont_fix(&f, t.v, CS_FR_M, CS_FR_N0);
    for (size_t j = 0; j < n; j++) {
        cs_fr p;
        times_fixed(&p, a + j, &f);
        reduce_4m(r + j, &p);
    }
}

/* r = a + b t for a reduced a and any b. */
CS_INLINE void add_product(cs_fr *r, const cs_fr *a, const cs_fr *b, const cs_mont_fixed *t) {
    cs_fr p;
    times_fixed(&p, b, t);
    (void)cs_limbs_add(p.v, p.v, a->v);
    reduce_4m(r, &p);
}

static void vec_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    cs_mont_fixed f;
    cs_mont_fix(&f, t.v, CS_FR_M, CS_FR_N0);
    for (size_t j = 0; j < n; j++)
        add_product(r + j, r + j, a + j, &f);
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

/* r = a - b + m. */
CS_INLINE void sub_raw(cs_fr *r, const cs_fr *a, const cs_fr *b) {
    uint64_t d[4];
    (void)cs_limbs_sub(d, a->v, b->v);
    (void)cs_limbs_add(r->v, d, CS_FR_M);
}

static void vec_fold(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n) {
    cs_mont_fixed f;
    cs_mont_fix(&f, t.v, CS_FR_M, CS_FR_N0);
    for (size_t j = 0; j < n; j++) {
        cs_fr d;
        prefetch(lo + j);
        prefetch(hi + j);
        sub_raw(&d, hi + j, lo + j);
        add_product(r + j, lo + j, &d, &f);
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
            cs_mont_mul2_lazy(sum.v, p0[j].v, q1[j].v, p1[j].v, q0[j].v, CS_FR_M, CS_FR_N0);
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
    if (w->n_terms == 1 && w->terms[0].n_factors == 1 && !outer != !weight) {
        cs_limbs_mul_add(acc, l->at[w->terms[0].factor[0]].v, outer ? outer->v : weight->v);
        return;
    }
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
    sub_raw(r, hi, lo);
    (void)cs_limbs_add(r->v, r->v, hi->v);
}

/* r = 2 hi - lo, below 2m. */
CS_INLINE void node_two_lazy(cs_fr *r, const cs_fr *lo, const cs_fr *hi) {
    cs_fr_sub_to(r, hi, lo);
    (void)cs_limbs_add(r->v, r->v, hi->v);
}

/* Both nodes of a product of two tables. */
typedef struct pair {
    const cs_fr *f0, *g0;
    cs_fr f2, g2;
} pair;

CS_INLINE void load_pair(pair *p, const cs_fr_round *w, unsigned term, size_t j, bool lazy) {
    const unsigned f = w->terms[term].factor[0], g = w->terms[term].factor[1];
    const cs_fr *f1 = w->hi[f] + j, *g1 = w->hi[g] + j;
    p->f0 = w->lo[f] + j;
    p->g0 = w->lo[g] + j;
    prefetch(p->f0);
    prefetch(f1);
    prefetch(p->g0);
    prefetch(g1);
    if (lazy)
        node_two_lazy(&p->f2, p->f0, f1);
    else
        node_two(&p->f2, p->f0, f1);
    node_two(&p->g2, p->g0, g1);
}

/* Both nodes, reduced, of the table that is the second term. */
CS_INLINE void load_single(cs_fr at[2], const cs_fr_round *w, size_t j) {
    const cs_fr *lo = w->lo[w->terms[1].factor[0]] + j, *hi = w->hi[w->terms[1].factor[0]] + j;
    prefetch(lo);
    prefetch(hi);
    at[0] = *lo;
    cs_fr_add_to(&at[1], hi, hi);
    cs_fr_sub_to(&at[1], &at[1], lo);
}

/* One or two terms of two factors each, or one and a `single` table, nodes 0 and 2: what long sumchecks consist of. Values
 * at node 2 are not reduced; a weighted sum of two of their products is below 12 m^2 and, reduced, below 4m, which is good
 * as a factor. */
CS_INLINE void round_pairs(cs_fr *out, const cs_fr_round *w, size_t n, unsigned n_terms, bool weighted, bool single) {
    uint64_t acc[2][9] = {0};
    for (size_t j = 0; j < n; j++) {
        pair p, o;
        cs_fr alone[2];
        if (single)
            load_single(alone, w, j);
        load_pair(&p, w, 0, j, weighted);
        if (n_terms == 2)
            load_pair(&o, w, 1, j, weighted);
        for (unsigned node = 0; node < 2; node++) {
            const uint64_t *f = node ? p.f2.v : p.f0->v, *g = node ? p.g2.v : p.g0->v;
            cs_fr sum;
            if (!weighted) {
                cs_limbs_mul_add(acc[node], f, g);
                if (n_terms == 2)
                    cs_limbs_mul_add(acc[node], node ? o.f2.v : o.f0->v, node ? o.g2.v : o.g0->v);
                continue;
            }
            if (n_terms == 2)
                cs_mont_mul2_lazy(sum.v, f, g, node ? o.f2.v : o.f0->v, node ? o.g2.v : o.g0->v, CS_FR_M, CS_FR_N0);
            else
                cs_mont_mul_lazy(sum.v, f, g, CS_FR_M, CS_FR_N0);
            if (single)
                (void)cs_limbs_add(sum.v, sum.v, alone[node].v);
            cs_limbs_mul_add(acc[node], sum.v, w->weight[j].v);
        }
    }
    out[0] = cs_fr_reduce_wide(acc[0]);
    out[1] = cs_fr_reduce_wide(acc[1]);
}

/* outer f g, nodes 0, 2 and 3, all reduced: relations of training. */
static void round_outer_pair(cs_fr *out, const cs_fr_round *w, size_t n) {
    const unsigned table[3] = {w->terms[0].factor[0], w->terms[0].factor[1], (unsigned)w->outer};
    uint64_t acc[3][9] = {0};
    for (size_t j = 0; j < n; j++) {
        cs_fr at[3], step[3], product;
        for (unsigned k = 0; k < 3; k++) {
            at[k] = w->lo[table[k]][j];
            prefetch(w->lo[table[k]] + j);
            prefetch(w->hi[table[k]] + j);
            cs_fr_sub_to(&step[k], w->hi[table[k]] + j, &at[k]);
        }
        for (unsigned node = 0; node < 3; node++) {
            cs_mont_mul_lazy(product.v, at[0].v, at[1].v, CS_FR_M, CS_FR_N0);
            cs_limbs_mul_add(acc[node], product.v, at[2].v);
            for (unsigned k = 0; k < 3; k++) {
                cs_fr_add_to(&at[k], &at[k], &step[k]);
                if (node == 0)
                    cs_fr_add_to(&at[k], &at[k], &step[k]);
            }
        }
    }
    for (unsigned node = 0; node < 3; node++)
        out[node] = cs_fr_reduce_wide(acc[node]);
}

static bool is_outer_pair(const cs_fr_round *w) {
    return w->degree == 3 && w->outer >= 0 && !w->weight && w->n_terms == 1 && w->terms[0].n_factors == 2;
}

/* eq (a b - c). */
static bool is_pair_and_single(const cs_fr_round *w) {
    return w->degree == 2 && w->outer < 0 && w->weight && w->n_terms == 2 && w->terms[0].n_factors == 2 &&
           w->terms[1].n_factors == 1;
}

static bool only_pairs(const cs_fr_round *w) {
    bool pairs = w->degree == 2 && w->outer < 0 && w->n_terms <= 2;
    for (unsigned k = 0; k < w->n_terms; k++)
        pairs = pairs && w->terms[k].n_factors == 2;
    return pairs;
}

static void vec_round(cs_fr *out, const cs_fr_round *w, size_t n) {
    if (is_outer_pair(w))
        round_outer_pair(out, w, n);
    else if (is_pair_and_single(w))
        round_pairs(out, w, n, 1, true, true);
    else if (!only_pairs(w))
        round_any(out, w, n);
    else if (w->n_terms == 1 && !w->weight)
        round_pairs(out, w, n, 1, false, false);
    else if (w->n_terms == 1)
        round_pairs(out, w, n, 1, true, false);
    else
        round_pairs(out, w, n, 2, w->weight != NULL, false);
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
    for (unsigned k = 0; k < bits; k++) {
        cs_mont_fixed f;
        cs_mont_fix(&f, point[k].v, CS_FR_M, CS_FR_N0);
        for (size_t x = (size_t)1 << k; x-- > 0;) {
            const cs_fr whole = r[x];
            cs_fr p;
            times_fixed(&p, &whole, &f);
            reduce_4m(r + 2 * x + 1, &p);
            cs_fr_sub_to(r + 2 * x, &whole, r + 2 * x + 1);
        }
    }
}

/* Integers x stand as u - 2^63 with u = x + 2^63, from 0 to 2^64 - 1: no signs. */
CS_INLINE uint64_t lifted(cs_int_type type, const void *x, size_t j) {
    return (uint64_t)cs_int_at(type, x, j) + (UINT64_C(1) << 63);
}

static const cs_fr TWO64 = {{0xb4c6edf97c5fb586, 0x708c8d50bfeb93be, 0x9ffd1de404f7e0ef, 0x215b02ac9a392866}};
static const cs_fr MINUS_TWO63 = {{0xe97e7e9731d0253e, 0x6feda1a019c3a6b1, 0x6851b6c47f0567e5, 0x1fb6cd1c94150bf6}};

/* A fixed factor t of many integers, with floor(t 2^64 / r), Shoup's quotient, and -2^63 t. */
typedef struct int_factor {
    cs_fr t, back;
    uint64_t quotient;
} int_factor;

/* t 2^64 = quotient r + rest with the rest from a multiplication; modulo 2^64 this gives the quotient. */
static int_factor int_factor_of(cs_fr t) {
    int_factor f = {.t = t};
    cs_fr rest;
    cs_fr_mul_to(&rest, &t, &TWO64);
    f.quotient = rest.v[0] * CS_FR_N0;
    cs_fr_mul_to(&f.back, &t, &MINUS_TWO63);
    return f;
}

/* r = t x, below 3m: with q = floor(u quotient / 2^64), t u - q m lies in [0, 2m), so four limbs of it are enough. */
CS_INLINE void times_int(cs_fr *r, const int_factor *f, uint64_t u) {
    const uint64_t q = (uint64_t)((cs_u128)f->quotient * u >> 64);
    uint64_t product[4], multiple[4];
    cs_limbs_mul1_low(product, f->t.v, u);
    cs_limbs_mul1_low(multiple, CS_FR_M, q);
    (void)cs_limbs_sub(product, product, multiple);
    (void)cs_limbs_add(r->v, product, f->back.v);
}

CS_INLINE void from_ints(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    const int_factor one = int_factor_of(CS_FR_ONE);
    for (size_t j = 0; j < n; j++) {
        cs_fr p;
        times_int(&p, &one, lifted(type, x, j));
        reduce_4m(r + j, &p);
    }
}

static void vec_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR)
        memmove(r, x, n * sizeof *r);
    else if (type == CS_INT_I8)
        from_ints(r, CS_INT_I8, x, n);
    else
        from_ints(r, type, x, n);
}

CS_INLINE void axpy_ints(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    const int_factor f = int_factor_of(t);
    for (size_t j = 0; j < n; j++) {
        cs_fr p;
        times_int(&p, &f, lifted(type, x, j));
        (void)cs_limbs_add(p.v, p.v, r[j].v);
        reduce_4m(r + j, &p);
    }
}

static void vec_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR)
        vec_axpy(r, t, x, n);
    else if (type == CS_INT_I8)
        axpy_ints(r, t, CS_INT_I8, x, n);
    else
        axpy_ints(r, t, type, x, n);
}

/* Sum of v x as sum of v u - 2^63 sum of v: unsigned products, accumulated in six limbs, reduced once. */
CS_INLINE cs_fr dot_ints(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    uint64_t acc[6] = {0}, sum[6] = {0};
    for (size_t j = 0; j < n; j++) {
        cs_limbs_mul1_add(acc, v[j].v, lifted(type, x, j));
        sum[4] += cs_limbs_add(sum, sum, v[j].v);
    }
    cs_fr products = cs_fr_reduce_short(acc), plain = cs_fr_reduce_short(sum);
    cs_fr_mul_to(&plain, &plain, &MINUS_TWO63);
    cs_fr_add_to(&products, &products, &plain);
    return products;
}

static cs_fr vec_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR)
        return vec_dot(v, x, n);
    return type == CS_INT_I8 ? dot_ints(v, CS_INT_I8, x, n) : dot_ints(v, type, x, n);
}

static void vec_dot_rows(cs_fr *out, const cs_fr *v, cs_int_type type, const void *x, size_t n_rows, size_t n) {
    size_t row = 0;
#ifdef CS_MULX
    row = cs_fr_rows_dot(out, v, type, x, n_rows, n);
#endif
    for (; row < n_rows; row++)
        out[row] = vec_dot_int(v, type, (const uint8_t *)x + row * n * cs_int_size(type), n);
}

/* Small integers stand as u minus a power of two, u not negative. */
static const uint64_t AFFINE_LIFT = UINT64_C(1) << CS_AFFINE_BITS, PRODUCT_LIFT = UINT64_C(1) << CS_PRODUCT_BITS;
static const cs_fr AFFINE_LIFT_FR = {{0xa6d30bee573b3b8c, 0xdd5e734dc6614b9a, 0x7171f54ca309a404, 0x01c285fab3508885}};
static const cs_fr PRODUCT_LIFT_FR = {{0x967f8836f767717f, 0x839a8170527002c3, 0x75ee63dddfb3283e, 0x07ec70e388df7084}};

/* r = base - 2^45 sum of t + sum of t u: with the terms' factors times 2^64, one round of reduction. Of the sum, base takes
 * m 2^64 at most and 40 terms m 2^52, so that the result is below 3m. */
CS_INLINE void affine_terms(cs_fr *r, const cs_fr *base, const cs_fr *t, const int64_t *const *x, unsigned n_terms,
                            size_t n) {
    for (size_t j = 0; j < n; j++) {
        uint64_t acc[5] = {0, base->v[0], base->v[1], base->v[2], base->v[3]};
        for (unsigned k = 0; k < n_terms; k++)
            cs_limbs_mul1_add5(acc, t[k].v, (uint64_t)x[k][j] + AFFINE_LIFT);
        cs_fr sum;
        cs_mont_redc_short(sum.v, acc, CS_FR_M, CS_FR_N0);
        reduce_4m(r + j, &sum);
    }
}

static void vec_affine_plan(cs_fr_affine *plan, cs_fr base, const cs_fr *t, unsigned n_terms) {
    cs_fr lifts = CS_FR_ZERO;
    plan->n_terms = n_terms;
    for (unsigned k = 0; k < n_terms; k++) {
        cs_fr_mul_to(&plan->t[k], &t[k], &TWO64);
        cs_fr_add_to(&lifts, &lifts, &t[k]);
    }
    cs_fr_mul_to(&lifts, &lifts, &AFFINE_LIFT_FR);
    cs_fr_sub_to(&plan->base, &base, &lifts);
}

static void vec_affine(cs_fr *r, const cs_fr_affine *plan, const int64_t *const *x, size_t n) {
    if (plan->n_terms == 1)
        affine_terms(r, &plan->base, plan->t, x, 1, n);
    else if (plan->n_terms == 2)
        affine_terms(r, &plan->base, plan->t, x, 2, n);
    else if (plan->n_terms == 3)
        affine_terms(r, &plan->base, plan->t, x, 3, n);
    else if (plan->n_terms == 4)
        affine_terms(r, &plan->base, plan->t, x, 4, n);
    else
        affine_terms(r, &plan->base, plan->t, x, plan->n_terms, n);
}

CS_INLINE void add_products(uint64_t *sums, const cs_fr *t, const int64_t *x, const int64_t *y, size_t n) {
    for (size_t j = 0; j < n; j++, sums += CS_PRODUCT_WORDS)
        cs_limbs_mul1_add(sums, t->v, (uint64_t)x[j] * (y ? (uint64_t)y[j] : 1) + PRODUCT_LIFT);
}

static void vec_products_add(uint64_t *sums, cs_fr t, const cs_int_product *products, size_t n_products, size_t n) {
    for (size_t k = 0; k < n_products; k++, sums += CS_PRODUCT_WORDS * n) {
        if (products[k].y)
            add_products(sums, &t, products[k].x, products[k].y, n);
        else
            add_products(sums, &t, products[k].x, NULL, n);
    }
}

static void vec_products_take(cs_fr *out, uint64_t *sums, const cs_fr *v, cs_fr total, size_t n_products, size_t n) {
    cs_fr lifts;
    cs_fr_mul_to(&lifts, &total, &PRODUCT_LIFT_FR);
    for (size_t k = 0; k < n_products; k++) {
        uint64_t acc[9] = {0};
        for (size_t j = 0; j < n; j++, sums += CS_PRODUCT_WORDS) {
            const cs_fr sum = cs_fr_reduce_short(sums);
            cs_limbs_mul_add(acc, sum.v, v[j].v);
            memset(sums, 0, CS_PRODUCT_WORDS * sizeof *sums);
        }
        out[k] = cs_fr_reduce_wide(acc);
        cs_fr_sub_to(&out[k], &out[k], &lifts);
    }
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
    .dot_rows = vec_dot_rows,
    .affine_plan = vec_affine_plan,
    .affine = vec_affine,
    .products_add = vec_products_add,
    .products_take = vec_products_take,
};
