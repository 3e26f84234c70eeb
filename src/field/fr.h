/* F: integers mod r = 21888242871839275222246405745257275088548364400416034343698204186575808495617, the order of BN254's
 * G1.
 *
 * A cs_fr is 4 little-endian 64-bit limbs in Montgomery form (radix 2^256), always fully reduced (below r), in this and
 * every other implementation. Scalars here; batch kernels in fr_vec.h. All functions are local and cannot fail.
 * Constant time unless the name ends in _var. */
#ifndef CS_FIELD_FR_H
#define CS_FIELD_FR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cs_fr {
    uint64_t v[4];
} cs_fr;

extern const cs_fr CS_FR_ZERO, CS_FR_ONE;

/** The implementation of products in use, which the first one chooses (field/product.h); not for other callers. */
typedef cs_fr cs_fr_product_fn(const cs_fr *a, const cs_fr *b);
extern _Atomic(cs_fr_product_fn *) cs_fr_product;

cs_fr cs_fr_add(cs_fr a, cs_fr b);
cs_fr cs_fr_sub(cs_fr a, cs_fr b);
cs_fr cs_fr_neg(cs_fr a);

/** Factors go by address: structures that are copied to be passed stall what reads them. */
static inline cs_fr cs_fr_mul(cs_fr a, cs_fr b) {
    return atomic_load_explicit(&cs_fr_product, memory_order_relaxed)(&a, &b);
}

cs_fr cs_fr_sqr(cs_fr a);
cs_fr cs_fr_inv(cs_fr a);             /* the inverse of 0 is 0 */
cs_fr cs_fr_pow(cs_fr a, uint64_t e); /* variable time in e */
cs_fr cs_fr_from_u64(uint64_t x);
cs_fr cs_fr_from_i64(int64_t x); /* negative x is r - |x| */
bool cs_fr_eq(cs_fr a, cs_fr b);
bool cs_fr_is_zero(cs_fr a);

/** 32 bytes, little-endian, plain (not Montgomery) and below r; decode says false for anything else. */
void cs_fr_encode(uint8_t out[32], cs_fr a);
bool cs_fr_decode(cs_fr *out, const uint8_t in[32]);

/** 64 little-endian bytes reduced mod r (bias below 2^-250 for uniform bytes). */
cs_fr cs_fr_from_wide(const uint8_t in[64]);

/** Plain integer limbs, little-endian, below r. */
void cs_fr_to_limbs(uint64_t out[4], cs_fr a);

/** Uniform, from libsodium's random bytes. */
cs_fr cs_fr_random(void);

#endif
