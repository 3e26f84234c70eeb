/* F_r inlined, for kernels inside src/field, by pointer (see fp_inline.h). Reduced in, reduced out; outputs may be inputs.
 */
#ifndef CS_FIELD_PORTABLE_FR_INLINE_H
#define CS_FIELD_PORTABLE_FR_INLINE_H

#include "field/fr.h"
#include "field/portable/mont.h"

#define CS_FR_N0 UINT64_C(0xc2e1f593efffffff)
/* As mont.h has it: the modulus, and 2^-64 modulo it. */
static const uint64_t CS_FR_M[8] = {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029,
                                    0x2d3e8053e396ee4d, 0xca478dbeab3c92cd, 0xb2d8f06f77f52a93, 0x24d6ba07f7aa8f04};
static const uint64_t CS_FR_2M[4] = {0x87c3eb27e0000002, 0x5067d090f372e122, 0x70a08b6d0302b0ba, 0x60c89ce5c2634053};

CS_INLINE void cs_fr_add_to(cs_fr *r, const cs_fr *a, const cs_fr *b) {
    cs_mont_add(r->v, a->v, b->v, CS_FR_M);
}

CS_INLINE void cs_fr_sub_to(cs_fr *r, const cs_fr *a, const cs_fr *b) {
    cs_mont_sub(r->v, a->v, b->v, CS_FR_M);
}

CS_INLINE void cs_fr_mul_to(cs_fr *r, const cs_fr *a, const cs_fr *b) {
    cs_mont_mul(r->v, a->v, b->v, CS_FR_M, CS_FR_N0);
}

/* 2^512 mod r. */
static const cs_fr CS_FR_R2 = {{0x1bb8e645ae216da7, 0x53fe3ab1e35c59e3, 0x8c49833d53bb8085, 0x0216d0b17f4e44a5}};

/** acc / 2^256 mod r for 9 limbs: the low half by reduction, the high half and the last limb by a multiplication each. */
CS_INLINE cs_fr cs_fr_reduce_wide(const uint64_t acc[9]) {
    cs_fr high = {{acc[4], acc[5], acc[6], acc[7]}}, top = {{acc[8]}};
    cs_fr r;
    cs_mont_redc(r.v, acc, CS_FR_M, CS_FR_N0);
    cs_fr_mul_to(&high, &CS_FR_ONE, &high);
    cs_fr_mul_to(&top, &CS_FR_R2, &top);
    cs_fr_add_to(&r, &r, &high);
    cs_fr_add_to(&r, &r, &top);
    return r;
}

/** acc mod r for 6 limbs. */
CS_INLINE cs_fr cs_fr_reduce_short(const uint64_t acc[6]) {
    cs_fr low = {{acc[0], acc[1], acc[2], acc[3]}}, high = {{acc[4], acc[5]}};
    cs_fr_mul_to(&low, &CS_FR_ONE, &low);
    cs_fr_mul_to(&high, &CS_FR_R2, &high);
    cs_fr_add_to(&low, &low, &high);
    return low;
}

#endif
