/* F_p inlined, for kernels inside src/field and src/curve, by pointer: gcc copies structures passed by value through vector
 * registers, which stalls the limb loads that follow. Outputs may be inputs; constant time.
 *
 * "Lazy" values are below 2p instead of p: they save the last subtraction of each multiplication. Reduced values are lazy.
 */
#ifndef CS_FIELD_PORTABLE_FP_INLINE_H
#define CS_FIELD_PORTABLE_FP_INLINE_H

#include "field/fp.h"
#include "field/portable/mont.h"

#define CS_FP_N0 UINT64_C(0x87d20782e4866389)
/* As mont.h has it: the modulus, and 2^-64 modulo it. */
static const uint64_t CS_FP_M[8] = {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029,
                                    0x327d7c1b18f7bd41, 0xdb8ed52f824ed32f, 0x29b67b05eb29a6a1, 0x19ac99126b459dda};
static const uint64_t CS_FP_2M[4] = {0x7841182db0f9fa8e, 0x2f02d522d0e3951a, 0x70a08b6d0302b0bb, 0x60c89ce5c2634053};

/* Reduced in, reduced out. */

CS_INLINE void cs_fp_add_to(cs_fp *r, const cs_fp *a, const cs_fp *b) {
    cs_mont_add(r->v, a->v, b->v, CS_FP_M);
}

CS_INLINE void cs_fp_sub_to(cs_fp *r, const cs_fp *a, const cs_fp *b) {
    cs_mont_sub(r->v, a->v, b->v, CS_FP_M);
}

CS_INLINE void cs_fp_mul_to(cs_fp *r, const cs_fp *a, const cs_fp *b) {
    cs_mont_mul(r->v, a->v, b->v, CS_FP_M, CS_FP_N0);
}

/* Lazy in, lazy out. */

CS_INLINE void cs_fp_add_lazy(cs_fp *r, const cs_fp *a, const cs_fp *b) {
    cs_mont_add(r->v, a->v, b->v, CS_FP_2M);
}

CS_INLINE void cs_fp_sub_lazy(cs_fp *r, const cs_fp *a, const cs_fp *b) {
    cs_mont_sub(r->v, a->v, b->v, CS_FP_2M);
}

/** Also takes factors below i p and j p with i <= 3 and i j <= 5. */
CS_INLINE void cs_fp_mul_lazy(cs_fp *r, const cs_fp *a, const cs_fp *b) {
    cs_mont_mul_lazy(r->v, a->v, b->v, CS_FP_M, CS_FP_N0);
}

/** Lazy in, reduced out. */
CS_INLINE void cs_fp_reduce(cs_fp *r, const cs_fp *a) {
    cs_mont_reduce_once(r->v, a->v, CS_FP_M);
}

/** r = a - b + p, unconditionally: lazy for reduced inputs, below 3p for a lazy. */
CS_INLINE void cs_fp_sub_raw(cs_fp *r, const cs_fp *a, const cs_fp *b) {
    uint64_t t[4];
    (void)cs_limbs_sub(t, a->v, b->v);
    (void)cs_limbs_add(r->v, t, CS_FP_M);
}

#endif
