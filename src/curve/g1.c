/* Points of G one at a time, and their encoding. */
#include "curve/g1.h"

#include <string.h>

#include "curve/batch.h"
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

static void reduce_point(cs_g1 *r) {
    cs_fp_reduce(&r->x, &r->x);
    cs_fp_reduce(&r->y, &r->y);
    cs_fp_reduce(&r->z, &r->z);
}

/* "dbl-2009-l" of the Explicit-Formulas Database (short Weierstrass, a = 0): 2M + 5S, on lazy values. */
cs_g1 cs_g1_double(cs_g1 p) {
    cs_fp a, b, c, d, e, t;
    cs_g1 r;
    cs_fp_mul_lazy(&a, &p.x, &p.x);
    cs_fp_mul_lazy(&b, &p.y, &p.y);
    cs_fp_mul_lazy(&c, &b, &b);
    cs_fp_add_lazy(&t, &p.x, &b);
    cs_fp_mul_lazy(&d, &t, &t);
    cs_fp_sub_lazy(&d, &d, &a);
    cs_fp_sub_lazy(&d, &d, &c);
    cs_fp_add_lazy(&d, &d, &d); /* 4 x y^2 */
    cs_fp_add_lazy(&e, &a, &a);
    cs_fp_add_lazy(&e, &e, &a); /* 3 x^2 */
    cs_fp_mul_lazy(&r.x, &e, &e);
    cs_fp_sub_lazy(&r.x, &r.x, &d);
    cs_fp_sub_lazy(&r.x, &r.x, &d);
    cs_fp_sub_lazy(&t, &d, &r.x);
    cs_fp_mul_lazy(&r.y, &e, &t);
    for (int k = 0; k < 3; k++)
        cs_fp_add_lazy(&c, &c, &c); /* 8 y^4 */
    cs_fp_sub_lazy(&r.y, &r.y, &c);
    cs_fp_add_lazy(&t, &p.y, &p.y);
    cs_fp_mul_lazy(&r.z, &t, &p.z);
    reduce_point(&r);
    return r;
}

/* The sum of two points whose x coordinates, brought to the common denominator z^2, are u and u + h, and whose y likewise
 * are s and s + v ("add-1998-cmo-2" of the Explicit-Formulas Database); `other` is the first of them, for the case of equal
 * points. All but `other` lazy. */
CS_INLINE cs_g1 add_scaled(const cs_fp *u, const cs_fp *s, cs_fp *h, cs_fp *v, const cs_fp *z, const cs_g1 *other) {
    cs_fp hh, hhh, w, t;
    cs_g1 r;
    cs_fp_reduce(h, h);
    if (cs_limbs_is_zero(h->v)) {
        cs_fp_reduce(v, v);
        return cs_limbs_is_zero(v->v) ? cs_g1_double(*other) : CS_G1_IDENTITY;
    }
    cs_fp_mul_lazy(&hh, h, h);
    cs_fp_mul_lazy(&hhh, h, &hh);
    cs_fp_mul_lazy(&w, u, &hh);
    cs_fp_mul_lazy(&r.x, v, v);
    cs_fp_sub_lazy(&r.x, &r.x, &hhh);
    cs_fp_sub_lazy(&r.x, &r.x, &w);
    cs_fp_sub_lazy(&r.x, &r.x, &w);
    cs_fp_sub_lazy(&w, &w, &r.x);
    cs_fp_mul_lazy(&r.y, v, &w);
    cs_fp_mul_lazy(&t, s, &hhh);
    cs_fp_sub_lazy(&r.y, &r.y, &t);
    cs_fp_mul_lazy(&r.z, z, h);
    reduce_point(&r);
    return r;
}

cs_g1 cs_g1_add(cs_g1 a, cs_g1 b) {
    cs_fp aa, bb, u, s, h, v, z;
    if (cs_g1_is_identity(a))
        return b;
    if (cs_g1_is_identity(b))
        return a;
    cs_fp_mul_lazy(&aa, &a.z, &a.z);
    cs_fp_mul_lazy(&bb, &b.z, &b.z);
    cs_fp_mul_lazy(&u, &a.x, &bb);
    cs_fp_mul_lazy(&h, &b.x, &aa);
    cs_fp_sub_lazy(&h, &h, &u);
    cs_fp_mul_lazy(&bb, &bb, &b.z);
    cs_fp_mul_lazy(&s, &a.y, &bb);
    cs_fp_mul_lazy(&aa, &aa, &a.z);
    cs_fp_mul_lazy(&v, &b.y, &aa);
    cs_fp_sub_lazy(&v, &v, &s);
    cs_fp_mul_lazy(&z, &a.z, &b.z);
    return add_scaled(&u, &s, &h, &v, &z, &a);
}

cs_g1 cs_g1_add_affine(cs_g1 a, cs_g1_affine b) {
    cs_fp aa, h, v;
    if (cs_g1_is_identity(a))
        return cs_g1_from_affine(b);
    if (cs_g1_affine_is_identity(b))
        return a;
    cs_fp_mul_lazy(&aa, &a.z, &a.z);
    cs_fp_mul_lazy(&h, &b.x, &aa);
    cs_fp_sub_lazy(&h, &h, &a.x);
    cs_fp_mul_lazy(&aa, &aa, &a.z);
    cs_fp_mul_lazy(&v, &b.y, &aa);
    cs_fp_sub_lazy(&v, &v, &a.y);
    return add_scaled(&a.x, &a.y, &h, &v, &a.z, &a);
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
    return cs_fp_add(cs_fp_mul(cs_fp_sqr(x), x), B);
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

static bool encodes_identity(const uint8_t in[32]) {
    static const uint8_t identity[32] = {[31] = 0x40};
    return memcmp(in, identity, sizeof identity) == 0;
}

/* The x of an encoding that is not the identity's. p < 2^254, so a set bit 6 makes the number too large here. */
static bool decode_x(cs_fp *x, const uint8_t in[32]) {
    uint8_t bytes[32];
    memcpy(bytes, in, sizeof bytes);
    bytes[31] &= 0x7f;
    return cs_fp_decode(x, bytes);
}

/* The point of an encoding, given its x and the root of what y^2 must be. No point has y = 0: the group's order is odd. */
static bool finish_decoding(cs_g1_affine *out, const uint8_t in[32], cs_fp x, cs_fp square, cs_fp root) {
    if (encodes_identity(in)) {
        *out = CS_G1_AFFINE_IDENTITY;
        return true;
    }
    if (!cs_fp_eq(cs_fp_sqr(root), square))
        return false;
    *out = (cs_g1_affine){x, cs_fp_is_odd(root) == (in[31] >> 7 != 0) ? root : cs_fp_neg(root)};
    return true;
}

enum { DECODED = 64 }; /* points whose square roots are taken at once, at most */

static size_t decode_some(cs_g1_affine *out, const uint8_t *in, size_t n) {
    cs_fp x[DECODED] = {{{0}}}, square[DECODED] = {{{0}}}, root[DECODED];
    size_t good = 0;
    while (good < n && (encodes_identity(in + 32 * good) || decode_x(&x[good], in + 32 * good))) {
        square[good] = curve_rhs(x[good]);
        good++;
    }
    cs_g1_batch_roots(root, square, good);
    for (size_t j = 0; j < good; j++)
        if (!finish_decoding(out + j, in + 32 * j, x[j], square[j], root[j]))
            return j;
    return good;
}

size_t cs_g1_vec_decode(cs_g1_affine *out, const uint8_t *in, size_t n) {
    for (size_t j = 0; j < n; j += DECODED) {
        const size_t count = n - j < DECODED ? n - j : DECODED, good = decode_some(out + j, in + 32 * j, count);
        if (good < count)
            return j + good;
    }
    return n;
}

bool cs_g1_decode(cs_g1_affine *out, const uint8_t in[32]) {
    cs_g1_affine a;
    if (cs_g1_vec_decode(&a, in, 1) == 0)
        return false;
    *out = a;
    return true;
}
