/* Batch-affine additions one point at a time, over the primitives of mont.h: included once for each implementation, which
 * names its table (CS_KERNELS) and instruction set (CS_KERNELS_ISA). Slopes share one inversion (Montgomery's trick), so
 * that an addition costs 5M + 1S instead of the 8M + 3S of a mixed Jacobian one. */
#include "curve/g1_kernels.h"
#include "curve/root_windows.h"
#include "field/portable/fp_inline.h"

/* 3 is no square in F_p, so that x = 0 belongs to no point of the curve. */
static bool is_identity(const cs_g1_affine *a) {
    return cs_limbs_is_zero(a->x.v);
}

static bool is_regular(const cs_g1_affine *a, const cs_g1_affine *b) {
    return !cs_limbs_eq(a->x.v, b->x.v) && !is_identity(a) && !is_identity(b);
}

/* y = flag ? -b->y : b->y, without a branch; p if it is the negative of zero. */
CS_INLINE void signed_y(cs_fp *y, const cs_g1_affine *b, uint32_t flag) {
    cs_fp minus;
    (void)cs_limbs_sub(minus.v, CS_FP_M, b->y.v);
    cs_limbs_select(y->v, flag, minus.v, b->y.v);
}

static cs_g1_affine add_slow(const cs_g1_affine *a, const cs_g1_affine *b, uint32_t flag) {
    if (is_identity(b))
        return *a;
    if (is_identity(a))
        return flag ? cs_g1_affine_neg(*b) : *b;
    return cs_g1_to_affine(cs_g1_add_affine(cs_g1_from_affine(*a), flag ? cs_g1_affine_neg(*b) : *b));
}

/* Additions are worked on LANES at a time, step by step: with mulx a multiplication takes much longer to finish than to
 * start, and the steps of one addition wait for each other. In portable C the next addition starts early enough. */
#ifdef CS_MULX
enum { LANES = 4 };
#else
enum { LANES = 1 };
#endif

/* Products of the denominators d[k] of lane k, with what is needed to divide by them: Montgomery's trick in every lane. */
typedef struct division {
    cs_fp running[LANES]; /* forward: the product so far; backward: the inverse of it */
    cs_fp *kept;          /* pairs (product before, denominator), one for each addition; denominator zero: none */
} division;

CS_INLINE void set_ones(cs_fp r[LANES]) {
    for (int k = 0; k < LANES; k++)
        r[k] = CS_FP_ONE;
}

CS_INLINE void multiply_some(cs_fp *r, const cs_fp *a, const cs_fp *b, int lanes) {
    for (int k = 0; k < lanes; k++)
        cs_fp_mul_lazy(r + k, a + k, b + k);
}

CS_INLINE void multiply_lanes(cs_fp r[LANES], const cs_fp a[LANES], const cs_fp b[LANES]) {
    multiply_some(r, a, b, LANES);
}

/* Keeps lane k's denominator for addition j; a zero stands for one. */
CS_INLINE void keep(division *v, int k, size_t j, const cs_fp *d) {
    v->kept[2 * j] = v->running[k];
    v->kept[2 * j + 1] = *d;
}

/* From products to their inverses, one inversion for all lanes. */
static void invert_lanes(division *v) {
    cs_fp before[LANES], all = CS_FP_ONE;
    for (int k = 0; k < LANES; k++) {
        before[k] = all;
        cs_fp_mul_lazy(&all, &all, &v->running[k]);
    }
    cs_fp_reduce(&all, &all);
    cs_fp inverse = cs_fp_inv(all);
    for (int k = LANES; k-- > 0;) {
        const cs_fp factor = v->running[k];
        cs_fp_mul_lazy(&v->running[k], &inverse, &before[k]);
        cs_fp_mul_lazy(&inverse, &inverse, &factor);
    }
}

/* slope[k] = rise[k] / d of addition j + k; takes the denominators off the running inverses. */
CS_INLINE void divide(division *v, cs_fp slope[LANES], const cs_fp rise[LANES], size_t j, int lanes) {
    cs_fp before[LANES], d[LANES];
    for (int k = 0; k < LANES; k++) {
        before[k] = k < lanes ? v->kept[2 * (j + (size_t)k)] : CS_FP_ONE;
        d[k] = k < lanes ? v->kept[2 * (j + (size_t)k) + 1] : CS_FP_ZERO;
        if (cs_limbs_is_zero(d[k].v))
            d[k] = CS_FP_ONE;
    }
    multiply_lanes(slope, v->running, before);
    multiply_lanes(v->running, v->running, d);
    multiply_lanes(slope, slope, rise);
}

/* r[k] = the third point, mirrored, of the line through a[k] of the given (lazy) slope; x2 is the second point's x. */
CS_INLINE void chords(cs_g1_affine r[LANES], const cs_g1_affine *const a[LANES], const cs_fp *const x2[LANES],
                      const cs_fp slope[LANES]) {
    cs_fp t[LANES], x[LANES], y[LANES];
    multiply_lanes(x, slope, slope);
    for (int k = 0; k < LANES; k++) {
        cs_fp_add_lazy(&t[k], &a[k]->x, x2[k]);
        cs_fp_sub_lazy(&x[k], &x[k], &t[k]);
        cs_fp_reduce(&r[k].x, &x[k]);
        cs_fp_sub_raw(&t[k], &a[k]->x, &r[k].x);
    }
    multiply_lanes(y, slope, t);
    for (int k = 0; k < LANES; k++) {
        cs_fp_sub_lazy(&y[k], &y[k], &a[k]->y);
        cs_fp_reduce(&r[k].y, &y[k]);
    }
}

/* Where the terms of addition j lie; without lists, at j. */
typedef struct terms {
    const uint32_t *target, *index;
} terms;

CS_INLINE size_t left_of(const terms *t, size_t j) {
    return t->target ? t->target[j] : j;
}

CS_INLINE size_t right_of(const terms *t, size_t j) {
    return t->index ? t->index[j] >> 1 : j;
}

CS_INLINE int lanes_from(size_t j, size_t n) {
    return n - j < LANES ? (int)(n - j) : LANES;
}

/* Points far apart take longer to arrive than an addition. */
CS_INLINE void fetch_ahead(const cs_g1_affine *a, const cs_g1_affine *b, const terms *t, size_t j, size_t n) {
    enum { AHEAD = 16 };
    for (size_t i = j + AHEAD; t->index && i < j + AHEAD + LANES && i < n; i++) {
        __builtin_prefetch(a + left_of(t, i));
        __builtin_prefetch(b + right_of(t, i));
    }
}

CS_INLINE void keep_differences(division *v, const cs_g1_affine *a, const cs_g1_affine *b, const terms *t, size_t n) {
    for (size_t j = 0; j < n; j += LANES) {
        cs_fp d[LANES];
        set_ones(d);
        fetch_ahead(a, b, t, j, n);
        for (int k = 0; k < lanes_from(j, n); k++) {
            const size_t i = j + (size_t)k;
            const cs_g1_affine *left = a + left_of(t, i), *right = b + right_of(t, i);
            if (is_regular(left, right)) {
                cs_fp_sub_raw(&d[k], &right->x, &left->x);
                keep(v, k, i, &d[k]);
            } else {
                keep(v, k, i, &CS_FP_ZERO);
            }
        }
        multiply_lanes(v->running, v->running, d);
    }
}

CS_INLINE void add_lanes(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, const terms *t, division *v,
                         size_t j, int lanes) {
    const cs_g1_affine *left[LANES];
    const cs_fp *x2[LANES];
    cs_fp rise[LANES], slope[LANES];
    cs_g1_affine sum[LANES];
    for (int k = 0; k < LANES; k++) {
        const size_t i = j + (size_t)(k < lanes ? k : 0);
        const cs_g1_affine *right = b + right_of(t, i);
        left[k] = a + left_of(t, i);
        x2[k] = &right->x;
        rise[k] = right->y;
        if (t->index)
            signed_y(&rise[k], right, t->index[i] & 1);
        cs_fp_sub_raw(&rise[k], &rise[k], &left[k]->y);
    }
    divide(v, slope, rise, j, lanes);
    chords(sum, left, x2, slope);
    for (int k = 0; k < lanes; k++) {
        const size_t i = j + (size_t)k;
        if (cs_limbs_is_zero(v->kept[2 * i + 1].v))
            sum[k] = add_slow(left[k], b + right_of(t, i), t->index ? t->index[i] & 1 : 0);
        r[left_of(t, i)] = sum[k];
    }
}

CS_INLINE void add_all(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, terms t, cs_fp *scratch, size_t n) {
    division v = {.kept = scratch};
    set_ones(v.running);
    keep_differences(&v, a, b, &t, n);
    invert_lanes(&v);
    for (size_t end = n; end > 0;) {
        const size_t j = (end - 1) / LANES * LANES;
        add_lanes(r, a, b, &t, &v, j, (int)(end - j));
        end = j;
    }
}

static void batch_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n) {
    add_all(r, a, b, (terms){NULL, NULL}, scratch, n);
}

static void batch_accumulate(cs_g1_affine *acc, const uint32_t *target, const cs_g1_affine *points, const uint32_t *index,
                             cs_fp *scratch, size_t n) {
    add_all(acc, acc, points, (terms){target, index}, scratch, n);
}

CS_INLINE void twice_lanes(cs_g1_affine *r, const cs_g1_affine *a, division *v, size_t j, int lanes) {
    const cs_g1_affine *left[LANES];
    const cs_fp *x2[LANES];
    cs_fp xx[LANES], x[LANES], slope[LANES];
    cs_g1_affine sum[LANES];
    for (int k = 0; k < LANES; k++) {
        left[k] = a + j + (k < lanes ? k : 0);
        x2[k] = &left[k]->x;
        x[k] = left[k]->x;
    }
    multiply_lanes(xx, x, x);
    for (int k = 0; k < LANES; k++) {
        cs_fp_add_lazy(&x[k], &xx[k], &xx[k]);
        cs_fp_add_lazy(&xx[k], &xx[k], &x[k]);
    }
    divide(v, slope, xx, j, lanes);
    chords(sum, left, x2, slope);
    for (int k = 0; k < lanes; k++)
        r[j + (size_t)k] = is_identity(left[k]) ? *left[k] : sum[k];
}

static void batch_twice(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n) {
    division v = {.kept = scratch};
    set_ones(v.running);
    for (size_t j = 0; j < n; j += LANES) {
        cs_fp d[LANES];
        set_ones(d);
        for (int k = 0; k < lanes_from(j, n); k++) {
            const cs_g1_affine *p = a + j + (size_t)k;
            const bool none = is_identity(p);
            if (!none)
                cs_fp_add_lazy(&d[k], &p->y, &p->y); /* not zero: the group's order is odd */
            keep(&v, k, j + (size_t)k, none ? &CS_FP_ZERO : &d[k]);
        }
        multiply_lanes(v.running, v.running, d);
    }
    invert_lanes(&v);
    for (size_t end = n; end > 0;) {
        const size_t j = (end - 1) / LANES * LANES;
        twice_lanes(r, a, &v, j, (int)(end - j));
        end = j;
    }
}

/* r[k] = a[k]^((p + 1) / 4); lanes is 1 or LANES. */
CS_INLINE void root_lanes(cs_fp *r, const cs_fp *a, int lanes) {
    cs_fp odd[CS_ROOT_POWERS][LANES], square[LANES], power[LANES];
    for (int k = 0; k < lanes; k++)
        odd[0][k] = a[k];
    multiply_some(square, a, a, lanes);
    for (int x = 1; x < CS_ROOT_POWERS; x++)
        multiply_some(odd[x], odd[x - 1], square, lanes);
    int left = CS_ROOT_BITS;
    const unsigned highest = cs_root_next(&left).power;
    for (int k = 0; k < lanes; k++)
        power[k] = odd[highest / 2][k];
    while (left > 0) {
        const cs_root_window w = cs_root_next(&left);
        for (int x = 0; x < w.squarings; x++)
            multiply_some(power, power, power, lanes);
        if (w.power)
            multiply_some(power, power, odd[w.power / 2], lanes);
    }
    for (int k = 0; k < lanes; k++)
        cs_fp_reduce(r + k, power + k);
}

static void batch_roots(cs_fp *r, const cs_fp *a, size_t n) {
    size_t j = 0;
    for (; n - j >= LANES; j += LANES)
        root_lanes(r + j, a + j, LANES);
    for (; j < n; j++)
        root_lanes(r + j, a + j, 1);
}

const cs_g1_kernels CS_KERNELS = {
    .isa = CS_KERNELS_ISA, .add = batch_add, .accumulate = batch_accumulate, .twice = batch_twice, .roots = batch_roots};
