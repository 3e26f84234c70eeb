/* Points of G one at a time, and their encoding. */
#include "curve/g1.h"

#include <string.h>

#include "base/memory.h"
#include "field/portable/fp_inline.h"

const cs_g1 CS_G1_IDENTITY = {{{0}}, {{0}}, {{0}}};
const cs_g1_affine CS_G1_AFFINE_IDENTITY = {{{0}}, {{0}}};

/* The curve's constant 3. */
static const cs_fp B = {{0x7a17caa950ad28d7, 0x1f6ac17ae15521b9, 0x334bea4e696bd284, 0x2a1f6744ce179d8e}};

cs_g1 cs_g1_from_affine(cs_g1_affine a) {
    return cs_g1_affine_is_identity(a) ? CS_G1_IDENTITY : (cs_g1){a.x, a.y, CS_FP_ONE};
}

cs_g1_affine cs_g1_to_affine(cs_g1 a) {
    const cs_fp zi = cs_fp_inv(a.z); /* 0 for the identity, which makes both coordinates 0 */
    const cs_fp zz = cs_fp_sqr(zi);
    return (cs_g1_affine){cs_fp_mul(a.x, zz), cs_fp_mul(a.y, cs_fp_mul(zz, zi))};
}

/* "dbl-2009-l" of the Explicit-Formulas Database (short Weierstrass, a = 0): 2M + 5S. */
cs_g1 cs_g1_double(cs_g1 p) {
    const cs_fp a = cs_fp_sqr(p.x), b = cs_fp_sqr(p.y), c = cs_fp_sqr(b);
    const cs_fp xb = cs_fp_add_i(p.x, b);
    cs_fp d = cs_fp_sub_i(cs_fp_sub_i(cs_fp_sqr(xb), a), c);
    d = cs_fp_add_i(d, d);
    const cs_fp e = cs_fp_add_i(cs_fp_add_i(a, a), a);
    cs_fp c8 = cs_fp_add_i(c, c);
    c8 = cs_fp_add_i(c8, c8);
    c8 = cs_fp_add_i(c8, c8);
    cs_g1 r;
    r.x = cs_fp_sub_i(cs_fp_sqr(e), cs_fp_add_i(d, d));
    r.y = cs_fp_sub_i(cs_fp_mul(e, cs_fp_sub_i(d, r.x)), c8);
    r.z = cs_fp_mul(cs_fp_add_i(p.y, p.y), p.z);
    return r;
}

/* The sum of two points whose x coordinates, brought to the common denominator z^2, are u1 and u1 + h, and y likewise s1 and
 * s1 + v; z is the common z. "add-1998-cmo-2" of the Explicit-Formulas Database. */
static cs_g1 add_scaled(cs_fp u1, cs_fp s1, cs_fp h, cs_fp v, cs_fp z) {
    const cs_fp hh = cs_fp_sqr(h), hhh = cs_fp_mul(h, hh), w = cs_fp_mul(u1, hh);
    cs_g1 r;
    r.x = cs_fp_sub_i(cs_fp_sub_i(cs_fp_sqr(v), hhh), cs_fp_add_i(w, w));
    r.y = cs_fp_sub_i(cs_fp_mul(v, cs_fp_sub_i(w, r.x)), cs_fp_mul(s1, hhh));
    r.z = cs_fp_mul(z, h);
    return r;
}

cs_g1 cs_g1_add(cs_g1 a, cs_g1 b) {
    if (cs_g1_is_identity(a))
        return b;
    if (cs_g1_is_identity(b))
        return a;
    const cs_fp aa = cs_fp_sqr(a.z), bb = cs_fp_sqr(b.z);
    const cs_fp u1 = cs_fp_mul(a.x, bb), s1 = cs_fp_mul(a.y, cs_fp_mul(b.z, bb));
    const cs_fp h = cs_fp_sub_i(cs_fp_mul(b.x, aa), u1);
    const cs_fp v = cs_fp_sub_i(cs_fp_mul(b.y, cs_fp_mul(a.z, aa)), s1);
    if (cs_fp_is_zero(h))
        return cs_fp_is_zero(v) ? cs_g1_double(a) : CS_G1_IDENTITY;
    return add_scaled(u1, s1, h, v, cs_fp_mul(a.z, b.z));
}

cs_g1 cs_g1_add_affine(cs_g1 a, cs_g1_affine b) {
    if (cs_g1_is_identity(a))
        return cs_g1_from_affine(b);
    if (cs_g1_affine_is_identity(b))
        return a;
    const cs_fp aa = cs_fp_sqr(a.z);
    const cs_fp h = cs_fp_sub_i(cs_fp_mul(b.x, aa), a.x);
    const cs_fp v = cs_fp_sub_i(cs_fp_mul(b.y, cs_fp_mul(a.z, aa)), a.y);
    if (cs_fp_is_zero(h))
        return cs_fp_is_zero(v) ? cs_g1_double(a) : CS_G1_IDENTITY;
    return add_scaled(a.x, a.y, h, v, a.z);
}

cs_g1 cs_g1_neg(cs_g1 a) {
    a.y = cs_fp_neg(a.y);
    return a;
}

cs_g1_affine cs_g1_affine_neg(cs_g1_affine a) {
    a.y = cs_fp_neg(a.y);
    return a;
}

cs_g1 cs_g1_mul_var(cs_g1_affine a, cs_fr k) {
    uint64_t e[4];
    cs_g1 r = CS_G1_IDENTITY;
    cs_fr_to_limbs(e, k);
    for (int bit = 253; bit >= 0; bit--) {
        r = cs_g1_double(r);
        if (e[bit / 64] >> (bit % 64) & 1)
            r = cs_g1_add_affine(r, a);
    }
    return r;
}

bool cs_g1_eq(cs_g1 a, cs_g1 b) {
    return cs_g1_is_identity(cs_g1_add(a, cs_g1_neg(b)));
}

bool cs_g1_is_identity(cs_g1 a) {
    return cs_fp_is_zero(a.z);
}

bool cs_g1_affine_is_identity(cs_g1_affine a) {
    return cs_fp_is_zero(a.x) && cs_fp_is_zero(a.y);
}

static cs_fp curve_rhs(cs_fp x) {
    return cs_fp_add_i(cs_fp_mul(cs_fp_sqr(x), x), B);
}

bool cs_g1_on_curve(cs_g1_affine a) {
    return cs_fp_eq(cs_fp_sqr(a.y), curve_rhs(a.x));
}

void cs_g1_encode(uint8_t out[32], cs_g1_affine a) {
    if (cs_g1_affine_is_identity(a)) {
        memset(out, 0, 32);
        out[31] = 0x40;
        return;
    }
    cs_fp_encode(out, a.x);
    if (cs_fp_is_odd(a.y))
        out[31] |= 0x80;
}

bool cs_g1_decode(cs_g1_affine *out, const uint8_t in[32]) {
    static const uint8_t identity[32] = {[31] = 0x40};
    uint8_t bytes[32];
    if (memcmp(in, identity, sizeof identity) == 0) {
        *out = CS_G1_AFFINE_IDENTITY;
        return true;
    }
    memcpy(bytes, in, sizeof bytes);
    bytes[31] &= 0x7f;
    cs_g1_affine a;
    /* p < 2^254, so a set bit 6 makes the number too large here. No point has y = 0: the group's order is odd. */
    if (!cs_fp_decode(&a.x, bytes) || !cs_fp_sqrt_var(&a.y, curve_rhs(a.x)))
        return false;
    if (cs_fp_is_odd(a.y) != (in[31] >> 7 != 0))
        a.y = cs_fp_neg(a.y);
    *out = a;
    return true;
}

size_t cs_g1_vec_decode(cs_g1_affine *out, const uint8_t *in, size_t n) {
    for (size_t j = 0; j < n; j++)
        if (!cs_g1_decode(out + j, in + 32 * j))
            return j;
    return n;
}
