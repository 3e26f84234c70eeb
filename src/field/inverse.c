/* Division steps on the low limbs of f and g give a matrix of 62-bit numbers; it is applied to f and g, and modulo m to d
 * and e, with f = d a and g = e a (mod m) throughout: in the end g = 0, f = ±1 and d = ±1/a. Steps start at delta = 1/2,
 * where 590 suffice for numbers below 2^256 (Wuille, "The safegcd implementation in libsecp256k1 explained", 2021). */
#include "field/inverse.h"

#include "field/portable/mont.h"

enum { LIMBS = 5, LIMB_BITS = 62, ROUNDS = 10, STEPS = 59 }; /* 590 steps */

#define LOW ((UINT64_C(1) << LIMB_BITS) - 1)

typedef __int128 wide;

/* sum of l[k] 2^(62 k), the lower four limbs in [0, 2^62). */
typedef struct number {
    int64_t l[LIMBS];
} number;

/* Some division steps, times a power of two: f' = u f + v g, g' = q f + r g. */
typedef struct matrix {
    int64_t u, v, q, r;
} matrix;

/* All ones if flag is 1, in a way that compilers cannot turn into jumps. */
CS_INLINE uint64_t mask_of(uint64_t flag) {
    uint64_t mask = -flag;
    __asm__("" : "+r"(mask));
    return mask;
}

/* All ones if the number is negative. */
CS_INLINE int64_t if_negative(const number *a) {
    return (int64_t)mask_of((uint64_t)a->l[LIMBS - 1] >> 63);
}

/* The low limbs of f and g, and delta as -(delta + 1/2), an integer. */
typedef struct state {
    uint64_t f, g, minus_delta;
} state;

/* n <= 30 steps; a row of the matrix, times 2^n, is one number u + 2^32 v, to which all steps apply alike. */
CS_INLINE matrix steps(state *s, int n) {
    uint64_t f = s->f, g = s->g, eta = s->minus_delta, uv = 1, qr = UINT64_C(1) << 32;
    for (int k = 0; k < n; k++) {
        const uint64_t positive = mask_of(eta >> 63), odd = mask_of(g & 1), swap = positive & odd;
        /* g is odd: it becomes g - f if delta is positive, else g + f */
        g += ((f ^ positive) - positive) & odd;
        qr += ((uv ^ positive) - positive) & odd;
        /* what was g becomes f: (g - f) + f */
        f += g & swap;
        uv += qr & swap;
        eta = (eta ^ swap) - 1;
        g >>= 1;
        uv <<= 1;
    }
    *s = (state){f, g, eta};
    const int64_t u = (int32_t)(uint32_t)uv, q = (int32_t)(uint32_t)qr;
    return (matrix){u, ((int64_t)uv - u) >> 32, q, ((int64_t)qr - q) >> 32};
}

/* STEPS steps, times 2^62. */
static matrix many_steps(state *s) {
    const matrix a = steps(s, STEPS / 2), b = steps(s, STEPS - STEPS / 2);
    const int64_t rest = 1 << (LIMB_BITS - STEPS);
    return (matrix){(b.u * a.u + b.v * a.q) * rest, (b.u * a.v + b.v * a.r) * rest, (b.q * a.u + b.r * a.q) * rest,
                    (b.q * a.v + b.r * a.r) * rest};
}

/* (f, g) = t (f, g) / 2^62, exactly. */
static void apply(number *f, number *g, const matrix *t) {
    wide x = (wide)t->u * f->l[0] + (wide)t->v * g->l[0], y = (wide)t->q * f->l[0] + (wide)t->r * g->l[0];
    x >>= LIMB_BITS;
    y >>= LIMB_BITS;
    for (int k = 1; k < LIMBS; k++) {
        x += (wide)t->u * f->l[k] + (wide)t->v * g->l[k];
        y += (wide)t->q * f->l[k] + (wide)t->r * g->l[k];
        f->l[k - 1] = (int64_t)((uint64_t)x & LOW);
        g->l[k - 1] = (int64_t)((uint64_t)y & LOW);
        x >>= LIMB_BITS;
        y >>= LIMB_BITS;
    }
    f->l[LIMBS - 1] = (int64_t)x;
    g->l[LIMBS - 1] = (int64_t)y;
}

/* The multiple of m (less than 2^62 of them) that makes low + it divisible by 2^62. */
CS_INLINE int64_t missing(wide low, uint64_t n0) {
    return (int64_t)(((uint64_t)low * n0) & LOW);
}

/* (d, e) = t (d, e) / 2^62 mod m, both in (-2m, m) before and after: a negative one is taken as plus m, so that the product
 * lies in 2^62 (-m, m), and the multiple of m that makes it divisible is taken off. */
static void apply_mod(number *d, number *e, const matrix *t, const number *m, uint64_t n0) {
    const int64_t d_negative = if_negative(d), e_negative = if_negative(e);
    int64_t md = (t->u & d_negative) + (t->v & e_negative), me = (t->q & d_negative) + (t->r & e_negative);
    wide x = (wide)t->u * d->l[0] + (wide)t->v * e->l[0], y = (wide)t->q * d->l[0] + (wide)t->r * e->l[0];
    md -= (int64_t)(((uint64_t)md - (uint64_t)missing(x, n0)) & LOW);
    me -= (int64_t)(((uint64_t)me - (uint64_t)missing(y, n0)) & LOW);
    x = (x + (wide)m->l[0] * md) >> LIMB_BITS;
    y = (y + (wide)m->l[0] * me) >> LIMB_BITS;
    for (int k = 1; k < LIMBS; k++) {
        x += (wide)t->u * d->l[k] + (wide)t->v * e->l[k] + (wide)m->l[k] * md;
        y += (wide)t->q * d->l[k] + (wide)t->r * e->l[k] + (wide)m->l[k] * me;
        d->l[k - 1] = (int64_t)((uint64_t)x & LOW);
        e->l[k - 1] = (int64_t)((uint64_t)y & LOW);
        x >>= LIMB_BITS;
        y >>= LIMB_BITS;
    }
    d->l[LIMBS - 1] = (int64_t)x;
    e->l[LIMBS - 1] = (int64_t)y;
}

static number from_limbs(const uint64_t a[4]) {
    return (number){{(int64_t)(a[0] & LOW), (int64_t)((a[0] >> 62 | a[1] << 2) & LOW),
                     (int64_t)((a[1] >> 60 | a[2] << 4) & LOW), (int64_t)((a[2] >> 58 | a[3] << 6) & LOW),
                     (int64_t)(a[3] >> 56)}};
}

/* Brings the lower limbs back into [0, 2^62). */
static void carry(number *a) {
    for (int k = 0; k + 1 < LIMBS; k++) {
        a->l[k + 1] += a->l[k] >> LIMB_BITS;
        a->l[k] &= (int64_t)LOW;
    }
}

static void add_if_negative(number *a, const number *m) {
    const int64_t mask = if_negative(a);
    for (int k = 0; k < LIMBS; k++)
        a->l[k] += m->l[k] & mask;
    carry(a);
}

/* r = ±d in [0, m), for d in (-2m, m). */
static void normalise(uint64_t r[4], number *d, uint64_t negative, const number *m) {
    const int64_t mask = (int64_t)mask_of(negative);
    add_if_negative(d, m); /* now in (-m, m) */
    for (int k = 0; k < LIMBS; k++)
        d->l[k] = (d->l[k] ^ mask) - mask;
    carry(d);
    add_if_negative(d, m);
    const uint64_t *const l = (const uint64_t *)d->l;
    r[0] = l[0] | l[1] << 62;
    r[1] = l[1] >> 2 | l[2] << 60;
    r[2] = l[2] >> 4 | l[3] << 58;
    r[3] = l[3] >> 6 | l[4] << 56;
}

void cs_mont_inverse_plain(uint64_t r[4], const uint64_t a[4], const uint64_t m[4], uint64_t n0) {
    const number modulus = from_limbs(m);
    number f = modulus, g = from_limbs(a), d = {{0}}, e = {{1}};
    state s = {.minus_delta = (uint64_t)-1};
    for (int k = 0; k < ROUNDS; k++) {
        s.f = (uint64_t)f.l[0] | (uint64_t)f.l[1] << LIMB_BITS;
        s.g = (uint64_t)g.l[0] | (uint64_t)g.l[1] << LIMB_BITS;
        const matrix t = many_steps(&s);
        apply_mod(&d, &e, &t, &modulus, n0);
        apply(&f, &g, &t);
    }
    normalise(r, &d, (uint64_t)f.l[LIMBS - 1] >> 63, &modulus);
}
