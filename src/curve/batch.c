/* Batch-affine additions: slopes share one inversion (Montgomery's trick), so that an addition costs 5M + 1S instead of the
 * 8M + 3S of a mixed Jacobian one. The inversion is a fixed-exponent power: the product inverted depends on secrets. */
#include "curve/batch.h"

#include <string.h>

#include "base/memory.h"
#include "field/portable/fp_inline.h"

/* x2 - x1; one in its place (and the sum left to the slow path) when it is zero. */
static cs_fp slope_divisor(const cs_g1_affine *a, const cs_g1_affine *b, bool *regular) {
    const cs_fp d = cs_fp_sub_i(b->x, a->x);
    *regular = !cs_limbs_is_zero(d.v) && !cs_g1_affine_is_identity(*a) && !cs_g1_affine_is_identity(*b);
    return *regular ? d : CS_FP_ONE;
}

static cs_g1_affine add_slow(cs_g1_affine a, cs_g1_affine b) {
    return cs_g1_to_affine(cs_g1_add_affine(cs_g1_from_affine(a), b));
}

/* The third point of the line of the given slope through a, mirrored; x2 is the other point's x. */
CS_INLINE cs_g1_affine chord(const cs_g1_affine *a, cs_fp x2, cs_fp slope) {
    cs_g1_affine r;
    r.x = cs_fp_sub_i(cs_fp_sub_i(cs_fp_mul_i(slope, slope), a->x), x2);
    r.y = cs_fp_sub_i(cs_fp_mul_i(slope, cs_fp_sub_i(a->x, r.x)), a->y);
    return r;
}

void cs_g1_batch_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n) {
    bool regular;
    cs_fp product = CS_FP_ONE;
    for (size_t j = 0; j < n; j++) {
        scratch[j] = product;
        product = cs_fp_mul_i(product, slope_divisor(a + j, b + j, &regular));
    }
    cs_fp inverse = cs_fp_inv(product);
    for (size_t j = n; j-- > 0;) {
        const cs_fp d = slope_divisor(a + j, b + j, &regular);
        const cs_fp one_over_d = cs_fp_mul_i(inverse, scratch[j]);
        inverse = cs_fp_mul_i(inverse, d);
        if (regular)
            r[j] = chord(a + j, b[j].x, cs_fp_mul_i(cs_fp_sub_i(b[j].y, a[j].y), one_over_d));
        else
            r[j] = add_slow(a[j], b[j]);
    }
}

void cs_g1_batch_double(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n) {
    cs_fp product = CS_FP_ONE;
    for (size_t j = 0; j < n; j++) { /* y is never zero but for the identity: the group's order is odd */
        const cs_fp d = cs_fp_is_zero(a[j].y) ? CS_FP_ONE : cs_fp_add_i(a[j].y, a[j].y);
        scratch[j] = product;
        product = cs_fp_mul_i(product, d);
    }
    cs_fp inverse = cs_fp_inv(product);
    for (size_t j = n; j-- > 0;) {
        const bool identity = cs_fp_is_zero(a[j].y);
        const cs_fp d = identity ? CS_FP_ONE : cs_fp_add_i(a[j].y, a[j].y);
        const cs_fp one_over_d = cs_fp_mul_i(inverse, scratch[j]);
        inverse = cs_fp_mul_i(inverse, d);
        const cs_fp xx = cs_fp_mul_i(a[j].x, a[j].x);
        const cs_fp slope = cs_fp_mul_i(cs_fp_add_i(cs_fp_add_i(xx, xx), xx), one_over_d);
        r[j] = identity ? CS_G1_AFFINE_IDENTITY : chord(a + j, a[j].x, slope);
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
            product = cs_fp_mul_i(product, a[j].z);
    }
    cs_fp inverse = cs_fp_inv(product);
    for (size_t j = n; j-- > 0;) {
        if (cs_g1_is_identity(a[j])) {
            r[j] = CS_G1_AFFINE_IDENTITY;
            continue;
        }
        const cs_fp zi = cs_fp_mul_i(inverse, prefix[j]), zz = cs_fp_mul_i(zi, zi);
        inverse = cs_fp_mul_i(inverse, a[j].z);
        r[j] = (cs_g1_affine){cs_fp_mul_i(a[j].x, zz), cs_fp_mul_i(a[j].y, cs_fp_mul_i(zz, zi))};
    }
    cs_free(prefix);
    return CS_OK;
}
