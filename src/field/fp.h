/* The base field of BN254's G1, p = 21888242871839275222246405745257275088696311157297823662689037894645226208583.
 * Same representation as cs_fr: 4 limbs, Montgomery radix 2^256, fully reduced. Local; cannot fail. */
#ifndef CS_FIELD_FP_H
#define CS_FIELD_FP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cs_fp {
    uint64_t v[4];
} cs_fp;

extern const cs_fp CS_FP_ZERO, CS_FP_ONE;

/** The implementation of products in use, which the first one chooses (field/product.h); not for other callers. */
typedef cs_fp cs_fp_product_fn(const cs_fp *a, const cs_fp *b);
extern _Atomic(cs_fp_product_fn *) cs_fp_product;

cs_fp cs_fp_add(cs_fp a, cs_fp b);
cs_fp cs_fp_sub(cs_fp a, cs_fp b);
cs_fp cs_fp_neg(cs_fp a);

/** Factors go by address: structures that are copied to be passed stall what reads them. */
static inline cs_fp cs_fp_mul(cs_fp a, cs_fp b) {
    return atomic_load_explicit(&cs_fp_product, memory_order_relaxed)(&a, &b);
}

cs_fp cs_fp_sqr(cs_fp a);
cs_fp cs_fp_inv(cs_fp a); /* the inverse of 0 is 0 */
cs_fp cs_fp_from_u64(uint64_t x);
bool cs_fp_eq(cs_fp a, cs_fp b);
bool cs_fp_is_zero(cs_fp a);
bool cs_fp_is_odd(cs_fp a); /* lowest bit of the plain integer */

void cs_fp_encode(uint8_t out[32], cs_fp a); /* little-endian, plain, reduced */
bool cs_fp_decode(cs_fp *out, const uint8_t in[32]);
cs_fp cs_fp_from_wide(const uint8_t in[64]);

#endif
