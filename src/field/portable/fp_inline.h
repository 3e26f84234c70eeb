/* F_p inlined, for kernels inside src/field and src/curve. Same contracts as field/fp.h. */
#ifndef CS_FIELD_PORTABLE_FP_INLINE_H
#define CS_FIELD_PORTABLE_FP_INLINE_H

#include "field/fp.h"
#include "field/portable/mont.h"

#define CS_FP_N0 UINT64_C(0x87d20782e4866389)
static const uint64_t CS_FP_M[4] = {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029};

CS_INLINE cs_fp cs_fp_add_i(cs_fp a, cs_fp b) {
    cs_fp r;
    cs_mont_add(r.v, a.v, b.v, CS_FP_M);
    return r;
}

CS_INLINE cs_fp cs_fp_sub_i(cs_fp a, cs_fp b) {
    cs_fp r;
    cs_mont_sub(r.v, a.v, b.v, CS_FP_M);
    return r;
}

CS_INLINE cs_fp cs_fp_mul_i(cs_fp a, cs_fp b) {
    cs_fp r;
    cs_mont_mul(r.v, a.v, b.v, CS_FP_M, CS_FP_N0);
    return r;
}

#endif
