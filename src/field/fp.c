/* The base field of the curve. */
#include "field/fp.h"

#include "base/bytes.h"
#include "field/inverse.h"
#include "field/portable/fp_inline.h"

const cs_fp CS_FP_ZERO = {{0}};
const cs_fp CS_FP_ONE = {{0xd35d438dc58f0d9d, 0x0a78eb28f5c70b3d, 0x666ea36f7879462c, 0x0e0a77c19a07df2f}};

/* 2^512 and 2^768 mod p. */
static const cs_fp R2 = {{0xf32cfc5b538afa89, 0xb5e71911d44501fb, 0x47ab1eff0a417ff6, 0x06d89f71cab8351f}};
static const cs_fp R3 = {{0xb1cd6dafda1530df, 0x62f210e6a7283db6, 0xef7f0b0c0ada0afb, 0x20fd6e902d592544}};

cs_fp cs_fp_add(cs_fp a, cs_fp b) {
    cs_fp r;
    cs_fp_add_to(&r, &a, &b);
    return r;
}

cs_fp cs_fp_sub(cs_fp a, cs_fp b) {
    cs_fp r;
    cs_fp_sub_to(&r, &a, &b);
    return r;
}

cs_fp cs_fp_neg(cs_fp a) {
    return cs_fp_sub(CS_FP_ZERO, a);
}

cs_fp cs_fp_sqr(cs_fp a) {
    return cs_fp_mul(a, a);
}

cs_fp cs_fp_inv(cs_fp a) {
    cs_fp r;
    cs_mont_inverse_plain(r.v, a.v, CS_FP_M, CS_FP_N0);
    return cs_fp_mul(R3, r);
}

cs_fp cs_fp_from_u64(uint64_t x) {
    return cs_fp_mul(R2, (cs_fp){{x}});
}

bool cs_fp_eq(cs_fp a, cs_fp b) {
    return cs_limbs_eq(a.v, b.v);
}

bool cs_fp_is_zero(cs_fp a) {
    return cs_limbs_is_zero(a.v);
}

static void to_limbs(uint64_t out[4], cs_fp a) {
    cs_mont_redc(out, a.v, CS_FP_M, CS_FP_N0);
}

bool cs_fp_is_odd(cs_fp a) {
    uint64_t limbs[4];
    to_limbs(limbs, a);
    return limbs[0] & 1;
}

void cs_fp_encode(uint8_t out[32], cs_fp a) {
    uint64_t limbs[4];
    to_limbs(limbs, a);
    for (int k = 0; k < 4; k++)
        cs_store_u64(out + 8 * k, limbs[k]);
}

static cs_fp load(const uint8_t in[32]) {
    return (cs_fp){{cs_load_u64(in), cs_load_u64(in + 8), cs_load_u64(in + 16), cs_load_u64(in + 24)}};
}

bool cs_fp_decode(cs_fp *out, const uint8_t in[32]) {
    const cs_fp plain = load(in);
    uint64_t unused[4];
    if (cs_limbs_sub(unused, plain.v, CS_FP_M) == 0)
        return false;
    *out = cs_fp_mul(plain, R2);
    return true;
}

cs_fp cs_fp_from_wide(const uint8_t in[64]) {
    return cs_fp_add(cs_fp_mul(R2, load(in)), cs_fp_mul(R3, load(in + 32)));
}
