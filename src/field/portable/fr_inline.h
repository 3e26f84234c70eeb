/* F_r inlined, for kernels inside src/field, by pointer (see fp_inline.h). Reduced in, reduced out; outputs may be inputs.
 */
#ifndef CS_FIELD_PORTABLE_FR_INLINE_H
#define CS_FIELD_PORTABLE_FR_INLINE_H

#include "field/fr.h"
#include "field/portable/mont.h"

#define CS_FR_N0 UINT64_C(0xc2e1f593efffffff)
static const uint64_t CS_FR_M[4] = {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029};

CS_INLINE void cs_fr_add_to(cs_fr *r, const cs_fr *a, const cs_fr *b) {
    cs_mont_add(r->v, a->v, b->v, CS_FR_M);
}

CS_INLINE void cs_fr_sub_to(cs_fr *r, const cs_fr *a, const cs_fr *b) {
    cs_mont_sub(r->v, a->v, b->v, CS_FR_M);
}

CS_INLINE void cs_fr_mul_to(cs_fr *r, const cs_fr *a, const cs_fr *b) {
    cs_mont_mul(r->v, a->v, b->v, CS_FR_M, CS_FR_N0);
}

#endif
