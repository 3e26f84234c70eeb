/* Batch-affine additions one point at a time, over the primitives of mont.h: included once for each implementation, which
 * names its table (CS_KERNELS) and instruction set (CS_KERNELS_ISA). Slopes share one inversion (Montgomery's trick), so
 * that an addition costs 5M + 1S instead of the 8M + 3S of a mixed Jacobian one. The inversion is a fixed-exponent power:
 * the product inverted depends on secrets. */
#include "curve/g1_kernels.h"
#include "field/portable/fp_inline.h"

/* 3 is no square in F_p, so that x = 0 belongs to no point of the curve. */
static bool is_identity(const cs_g1_affine *a) {
    return cs_limbs_is_zero(a->x.v);
}

static bool is_regular(const cs_g1_affine *a, const cs_g1_affine *b) {
    return !cs_limbs_eq(a->x.v, b->x.v) && !is_identity(a) && !is_identity(b);
}

/* y = flag ? -b->y : b->y, without a branch. */
CS_INLINE void signed_y(cs_fp *y, const cs_g1_affine *b, uint32_t flag) {
    cs_fp minus;
    cs_fp_sub_to(&minus, &CS_FP_ZERO, &b->y);
    cs_limbs_select(y->v, flag, minus.v, b->y.v);
}

static cs_g1_affine add_slow(const cs_g1_affine *a, const cs_g1_affine *b, uint32_t flag) {
    return cs_g1_to_affine(cs_g1_add_affine(cs_g1_from_affine(*a), flag ? cs_g1_affine_neg(*b) : *b));
}

/* r = the third point, mirrored, of the line through a of the given (lazy) slope; x2 is the second point's x. r may hold
 * them. */
CS_INLINE void chord(cs_g1_affine *r, const cs_g1_affine *a, const cs_fp *x2, const cs_fp *slope) {
    cs_fp t, x, y;
    cs_fp_add_lazy(&t, &a->x, x2);
    cs_fp_mul_lazy(&x, slope, slope);
    cs_fp_sub_lazy(&x, &x, &t);
    cs_fp_reduce(&x, &x);
    cs_fp_sub_raw(&t, &a->x, &x);
    cs_fp_mul_lazy(&y, slope, &t);
    cs_fp_sub_lazy(&y, &y, &a->y);
    cs_fp_reduce(&r->y, &y);
    r->x = x;
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

CS_INLINE void add_all(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, terms t, cs_fp *scratch, size_t n) {
    cs_fp d, product = CS_FP_ONE;
    for (size_t j = 0; j < n; j++) {
        const cs_g1_affine *left = a + left_of(&t, j), *right = b + right_of(&t, j);
        scratch[j] = product;
        if (!is_regular(left, right))
            continue;
        cs_fp_sub_raw(&d, &right->x, &left->x);
        cs_fp_mul_lazy(&product, &product, &d);
    }
    cs_fp_reduce(&product, &product);
    cs_fp inverse = cs_fp_inv(product);
    for (size_t j = n; j-- > 0;) {
        const size_t i = left_of(&t, j);
        const cs_g1_affine *left = a + i, *right = b + right_of(&t, j);
        const uint32_t flag = t.index ? t.index[j] & 1 : 0;
        if (!is_regular(left, right)) {
            r[i] = add_slow(left, right, flag);
            continue;
        }
        cs_fp slope, rise = right->y;
        cs_fp_mul_lazy(&slope, &inverse, scratch + j);
        cs_fp_sub_raw(&d, &right->x, &left->x);
        cs_fp_mul_lazy(&inverse, &inverse, &d);
        if (t.index)
            signed_y(&rise, right, flag);
        cs_fp_sub_raw(&rise, &rise, &left->y);
        cs_fp_mul_lazy(&slope, &slope, &rise);
        chord(r + i, left, &right->x, &slope);
    }
}

static void batch_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n) {
    add_all(r, a, b, (terms){NULL, NULL}, scratch, n);
}

static void batch_accumulate(cs_g1_affine *acc, const uint32_t *target, const cs_g1_affine *points, const uint32_t *index,
                             cs_fp *scratch, size_t n) {
    add_all(acc, acc, points, (terms){target, index}, scratch, n);
}

static void batch_twice(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n) {
    cs_fp d, product = CS_FP_ONE;
    for (size_t j = 0; j < n; j++) {
        scratch[j] = product;
        if (is_identity(a + j))
            continue;
        cs_fp_add_lazy(&d, &a[j].y, &a[j].y); /* not zero: the group's order is odd */
        cs_fp_mul_lazy(&product, &product, &d);
    }
    cs_fp_reduce(&product, &product);
    cs_fp inverse = cs_fp_inv(product);
    for (size_t j = n; j-- > 0;) {
        if (is_identity(a + j)) {
            r[j] = a[j];
            continue;
        }
        cs_fp slope, xx, xx2;
        cs_fp_mul_lazy(&slope, &inverse, scratch + j);
        cs_fp_add_lazy(&d, &a[j].y, &a[j].y);
        cs_fp_mul_lazy(&inverse, &inverse, &d);
        cs_fp_mul_lazy(&xx, &a[j].x, &a[j].x);
        cs_fp_add_lazy(&xx2, &xx, &xx);
        cs_fp_add_lazy(&xx, &xx2, &xx);
        cs_fp_mul_lazy(&slope, &slope, &xx);
        chord(r + j, a + j, &a[j].x, &slope);
    }
}

const cs_g1_kernels CS_KERNELS = {
    .isa = CS_KERNELS_ISA, .add = batch_add, .accumulate = batch_accumulate, .twice = batch_twice};
