/* Scalars of F. */
#include "field/fr.h"

#include <sodium.h>

#include "base/bytes.h"
#include "field/inverse.h"
#include "field/portable/fr_inline.h"

const cs_fr CS_FR_ZERO = {{0}};
const cs_fr CS_FR_ONE = {{0xac96341c4ffffffb, 0x36fc76959f60cd29, 0x666ea36f7879462e, 0x0e0a77c19a07df2f}};

/* 2^768 mod r: carries high halves, and inverses of Montgomery forms, into Montgomery form, as CS_FR_R2 does plain integers.
 */
static const cs_fr R3 = {{0x5e94d8e1b4bf0040, 0x2a489cbe1cfbb6b8, 0x893cc664a19fcfed, 0x0cf8594b7fcc657c}};

cs_fr cs_fr_add(cs_fr a, cs_fr b) {
    cs_fr r;
    cs_fr_add_to(&r, &a, &b);
    return r;
}

cs_fr cs_fr_sub(cs_fr a, cs_fr b) {
    cs_fr r;
    cs_fr_sub_to(&r, &a, &b);
    return r;
}

cs_fr cs_fr_neg(cs_fr a) {
    return cs_fr_sub(CS_FR_ZERO, a);
}

cs_fr cs_fr_sqr(cs_fr a) {
    return cs_fr_mul(a, a);
}

cs_fr cs_fr_inv(cs_fr a) {
    cs_fr r;
    cs_mont_inverse_plain(r.v, a.v, CS_FR_M, CS_FR_N0);
    return cs_fr_mul(R3, r);
}

cs_fr cs_fr_pow(cs_fr a, uint64_t e) {
    cs_fr r = CS_FR_ONE;
    for (; e != 0; e >>= 1) {
        if (e & 1)
            r = cs_fr_mul(r, a);
        a = cs_fr_mul(a, a);
    }
    return r;
}

cs_fr cs_fr_from_u64(uint64_t x) {
    return cs_fr_mul(CS_FR_R2, (cs_fr){{x}});
}

cs_fr cs_fr_from_i64(int64_t x) {
    const uint64_t negative = (uint64_t)x >> 63;
    const uint64_t magnitude = ((uint64_t)x ^ -negative) + negative;
    cs_fr r = cs_fr_from_u64(magnitude);
    const cs_fr minus = cs_fr_neg(r);
    cs_limbs_select(r.v, negative, minus.v, r.v);
    return r;
}

bool cs_fr_eq(cs_fr a, cs_fr b) {
    return cs_limbs_eq(a.v, b.v);
}

bool cs_fr_is_zero(cs_fr a) {
    return cs_limbs_is_zero(a.v);
}

void cs_fr_to_limbs(uint64_t out[4], cs_fr a) {
    cs_mont_redc(out, a.v, CS_FR_M, CS_FR_N0);
}

void cs_fr_encode(uint8_t out[32], cs_fr a) {
    uint64_t limbs[4];
    cs_fr_to_limbs(limbs, a);
    for (int k = 0; k < 4; k++)
        cs_store_u64(out + 8 * k, limbs[k]);
}

static cs_fr load(const uint8_t in[32]) {
    return (cs_fr){{cs_load_u64(in), cs_load_u64(in + 8), cs_load_u64(in + 16), cs_load_u64(in + 24)}};
}

bool cs_fr_decode(cs_fr *out, const uint8_t in[32]) {
    const cs_fr plain = load(in);
    uint64_t unused[4];
    if (cs_limbs_sub(unused, plain.v, CS_FR_M) == 0)
        return false;
    *out = cs_fr_mul(plain, CS_FR_R2);
    return true;
}

cs_fr cs_fr_from_wide(const uint8_t in[64]) {
    return cs_fr_add(cs_fr_mul(CS_FR_R2, load(in)), cs_fr_mul(R3, load(in + 32)));
}

cs_fr cs_fr_random(void) {
    uint8_t bytes[64];
    randombytes_buf(bytes, sizeof bytes);
    const cs_fr r = cs_fr_from_wide(bytes);
    sodium_memzero(bytes, sizeof bytes);
    return r;
}
