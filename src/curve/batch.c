/* Batch-affine additions: slopes share one inversion (Montgomery's trick), so that an addition costs 5M + 1S instead of the
 * 8M + 3S of a mixed Jacobian one. The inversion is a fixed-exponent power: the product inverted depends on secrets. */
#include "curve/batch.h"

#include "base/memory.h"
#include "field/portable/fp_inline.h"

/* 3 is no square in F_p, so that x = 0 belongs to no point of the curve. */
static bool is_identity(const cs_g1_affine *a) {
    return cs_limbs_is_zero(a->x.v);
}

static bool is_regular(const cs_g1_affine *a, const cs_g1_affine *b) {
    return !cs_limbs_eq(a->x.v, b->x.v) && !is_identity(a) && !is_identity(b);
}

static cs_g1_affine add_slow(cs_g1_affine a, cs_g1_affine b) {
    return cs_g1_to_affine(cs_g1_add_affine(cs_g1_from_affine(a), b));
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

/* r[i] = a[i] + b[j] with i = target[j], or j if there are no targets. */
CS_INLINE void add_all(cs_g1_affine *r, const cs_g1_affine *a, const size_t *target, const cs_g1_affine *b, cs_fp *scratch,
                       size_t n) {
    cs_fp d, product = CS_FP_ONE;
    for (size_t j = 0; j < n; j++) {
        const size_t i = target ? target[j] : j;
        scratch[j] = product;
        if (!is_regular(a + i, b + j))
            continue;
        cs_fp_sub_raw(&d, &b[j].x, &a[i].x);
        cs_fp_mul_lazy(&product, &product, &d);
    }
    cs_fp_reduce(&product, &product);
    cs_fp inverse = cs_fp_inv(product);
    for (size_t j = n; j-- > 0;) {
        const size_t i = target ? target[j] : j;
        if (!is_regular(a + i, b + j)) {
            r[i] = add_slow(a[i], b[j]);
            continue;
        }
        cs_fp slope, rise;
        cs_fp_mul_lazy(&slope, &inverse, scratch + j);
        cs_fp_sub_raw(&d, &b[j].x, &a[i].x);
        cs_fp_mul_lazy(&inverse, &inverse, &d);
        cs_fp_sub_raw(&rise, &b[j].y, &a[i].y);
        cs_fp_mul_lazy(&slope, &slope, &rise);
        chord(r + i, a + i, &b[j].x, &slope);
    }
}

void cs_g1_batch_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n) {
    add_all(r, a, NULL, b, scratch, n);
}

void cs_g1_batch_accumulate(cs_g1_affine *acc, const size_t *target, const cs_g1_affine *b, cs_fp *scratch, size_t n) {
    add_all(acc, acc, target, b, scratch, n);
}

void cs_g1_batch_double(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n) {
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
            r[j] = CS_G1_AFFINE_IDENTITY;
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

cs_status cs_g1_vec_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, size_t n) {
    cs_fp *scratch = CS_NEW(cs_fp, n);
    if (scratch == NULL)
        return CS_ERR_MEMORY;
    cs_g1_batch_add(r, a, b, scratch, n);
    cs_free(scratch);
    return CS_OK;
}

cs_status cs_g1_vec_to_affine(cs_g1_affine *r, const cs_g1 *a, size_t n) {
    cs_fp *prefix = CS_NEW(cs_fp, n);
    if (prefix == NULL)
        return CS_ERR_MEMORY;
    cs_fp product = CS_FP_ONE;
    for (size_t j = 0; j < n; j++) {
        prefix[j] = product;
        if (!cs_g1_is_identity(a[j]))
            cs_fp_mul_to(&product, &product, &a[j].z);
    }
    cs_fp inverse = cs_fp_inv(product);
    for (size_t j = n; j-- > 0;) {
        cs_fp zi, zz;
        if (cs_g1_is_identity(a[j])) {
            r[j] = CS_G1_AFFINE_IDENTITY;
            continue;
        }
        cs_fp_mul_to(&zi, &inverse, prefix + j);
        cs_fp_mul_to(&inverse, &inverse, &a[j].z);
        cs_fp_mul_to(&zz, &zi, &zi);
        cs_fp_mul_to(&r[j].x, &a[j].x, &zz);
        cs_fp_mul_to(&zz, &zz, &zi);
        cs_fp_mul_to(&r[j].y, &a[j].y, &zz);
    }
    cs_free(prefix);
    return CS_OK;
}
