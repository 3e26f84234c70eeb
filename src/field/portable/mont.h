/* Montgomery arithmetic on 4 limbs of 64 bits, radix 2^256, for an odd modulus m below 2^254; shared by F_r and F_p.
 * Everything is inlined into its caller with a constant modulus; values are fully reduced unless a comment says otherwise;
 * outputs may be inputs; constant time. `n0` is -1/m mod 2^64. The modulus of a product is 8 limbs: m, and 2^-64 mod m. */
#ifndef CS_FIELD_PORTABLE_MONT_H
#define CS_FIELD_PORTABLE_MONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_INLINE static inline __attribute__((always_inline))

typedef unsigned __int128 cs_u128;

/* Carries are written as comparisons of single limbs: gcc turns these into add/adc, but keeps 128-bit sums with their zero
 * halves in memory (measured: 25 against 40 ns per multiplication). */

/** a + b + *carry; *carry (0 or 1) becomes the carry out. */
CS_INLINE uint64_t cs_limb_adc(uint64_t a, uint64_t b, uint64_t *carry) {
    const uint64_t s = a + b, t = s + *carry;
    *carry = (uint64_t)(s < a) + (uint64_t)(t < s);
    return t;
}

/** a - b - *borrow; *borrow (0 or 1) becomes the borrow out. */
CS_INLINE uint64_t cs_limb_sbb(uint64_t a, uint64_t b, uint64_t *borrow) {
    const uint64_t d = a - b, t = d - *borrow;
    *borrow = (uint64_t)(a < b) + (uint64_t)(d < t);
    return t;
}

/** Low limb of a b + c + d, which fits in two limbs; *high is the other one. */
CS_INLINE uint64_t cs_limb_mac(uint64_t *high, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    const cs_u128 p = (cs_u128)a * b;
    uint64_t low = (uint64_t)p, up = (uint64_t)(p >> 64);
    low += c;
    up += low < c;
    low += d;
    up += low < d;
    *high = up;
    return low;
}

/** r = flag ? a : b for a flag of 0 or 1, by masks that the compiler cannot see through: gcc turns a condition, and masks it
 * understands, into a branch. */
CS_INLINE void cs_limbs_select(uint64_t r[4], uint64_t flag, const uint64_t a[4], const uint64_t b[4]) {
    uint64_t yes = -flag;
    __asm__("" : "+r"(yes));
    const uint64_t no = ~yes;
    const uint64_t r0 = (a[0] & yes) | (b[0] & no), r1 = (a[1] & yes) | (b[1] & no);
    const uint64_t r2 = (a[2] & yes) | (b[2] & no), r3 = (a[3] & yes) | (b[3] & no);
    r[0] = r0;
    r[1] = r1;
    r[2] = r2;
    r[3] = r3;
}

CS_INLINE bool cs_limbs_is_zero(const uint64_t a[4]) {
    return (a[0] | a[1] | a[2] | a[3]) == 0;
}

CS_INLINE bool cs_limbs_eq(const uint64_t a[4], const uint64_t b[4]) {
    return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])) == 0;
}

/** t[0..3] = (t + q m) / 2^64 for 5 limbs, which fits: one round of reduction. */
CS_INLINE void cs_mont_redc_limb(uint64_t t[5], const uint64_t m[4], uint64_t n0) {
    uint64_t c;
    const uint64_t q = t[0] * n0;
    (void)cs_limb_mac(&c, q, m[0], t[0], 0);
    for (int j = 1; j < 4; j++)
        t[j - 1] = cs_limb_mac(&c, q, m[j], t[j], c);
    t[3] = t[4] + c;
}

/** A fixed factor t of many multiplications: row[i] = t 2^(64 i) / 2^192 mod m, so that a product is the sum of a's limbs
 * times rows, with one round of reduction instead of four. */
typedef struct cs_mont_fixed {
    uint64_t row[4][4];
} cs_mont_fixed;

#ifdef CS_MULX
#include "field/x86_64/mont_x86_64.h"
#else

/** r = a + b, returns the carry. */
CS_INLINE uint64_t cs_limbs_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t carry = 0;
    for (int k = 0; k < 4; k++)
        r[k] = cs_limb_adc(a[k], b[k], &carry);
    return carry;
}

/** r = a - b, returns the borrow. */
CS_INLINE uint64_t cs_limbs_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t borrow = 0;
    for (int k = 0; k < 4; k++)
        r[k] = cs_limb_sbb(a[k], b[k], &borrow);
    return borrow;
}

/** r = a mod m for a < 2m. */
CS_INLINE void cs_mont_reduce_once(uint64_t r[4], const uint64_t a[4], const uint64_t m[4]) {
    uint64_t s[4];
    const uint64_t borrow = cs_limbs_sub(s, a, m);
    cs_limbs_select(r, borrow, a, s);
}

CS_INLINE void cs_mont_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4]) {
    uint64_t s[4];
    (void)cs_limbs_add(s, a, b);
    cs_mont_reduce_once(r, s, m);
}

CS_INLINE void cs_mont_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4]) {
    uint64_t s[4], back[4];
    const uint64_t mask = -cs_limbs_sub(s, a, b);
    for (int k = 0; k < 4; k++)
        back[k] = m[k] & mask;
    (void)cs_limbs_add(r, s, back);
}

/** r = a b / 2^256 mod m for a below 3m and any b; r is below m + a b / 2^256 + m / 2^61, so below 2m for a and b below 2m,
 * or a below m (1 - 2^-61) and any b. Interleaved product and reduction, where the top limb of m, below 2^62, keeps every
 * sum in one limb (CIOS; Koç, Acar, Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", 1996). The
 * order matters: a limb of the product must not exceed the top limb of a, so the factor that may be any 256-bit number is b.
 */
CS_INLINE void cs_mont_mul_lazy(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t[4] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t c, d;
        uint64_t low = cs_limb_mac(&c, a[0], b[i], t[0], 0);
        const uint64_t q = low * n0;
        (void)cs_limb_mac(&d, q, m[0], low, 0);
        for (int j = 1; j < 4; j++) {
            low = cs_limb_mac(&c, a[j], b[i], t[j], c);
            t[j - 1] = cs_limb_mac(&d, q, m[j], low, d);
        }
        t[3] = c + d;
    }
    for (int k = 0; k < 4; k++)
        r[k] = t[k];
}

/** r = (a + q m) / 2^256, at most m, congruent to a / 2^256, for any a. */
CS_INLINE void cs_mont_redc_lazy(uint64_t r[4], const uint64_t a[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t[4] = {a[0], a[1], a[2], a[3]};
    for (int i = 0; i < 4; i++) {
        uint64_t d;
        const uint64_t q = t[0] * n0;
        (void)cs_limb_mac(&d, q, m[0], t[0], 0);
        for (int j = 1; j < 4; j++)
            t[j - 1] = cs_limb_mac(&d, q, m[j], t[j], d);
        t[3] = d;
    }
    for (int k = 0; k < 4; k++)
        r[k] = t[k];
}

/** r = (a b + c d) / 2^256 mod m in one sequence of reductions, below 2m for reduced factors. Takes a and c below 2m with
 * any b and d; r is below m + (a b + c d) / 2^256. */
CS_INLINE void cs_mont_mul2_lazy(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t c[4],
                                 const uint64_t d[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t[4] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t c1, c2, c3;
        uint64_t low = cs_limb_mac(&c1, a[0], b[i], t[0], 0);
        low = cs_limb_mac(&c2, c[0], d[i], low, 0);
        const uint64_t q = low * n0;
        (void)cs_limb_mac(&c3, q, m[0], low, 0);
        for (int j = 1; j < 4; j++) {
            low = cs_limb_mac(&c1, a[j], b[i], t[j], c1);
            low = cs_limb_mac(&c2, c[j], d[i], low, c2);
            t[j - 1] = cs_limb_mac(&c3, q, m[j], low, c3);
        }
        t[3] = c1 + c2 + c3;
    }
    for (int k = 0; k < 4; k++)
        r[k] = t[k];
}

/** r = a t / 2^256 mod m, below 5m, for any a. */
CS_INLINE void cs_mont_mul_fixed(uint64_t r[4], const uint64_t a[4], const cs_mont_fixed *t, const uint64_t m[4],
                                 uint64_t n0) {
    uint64_t s[5] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t c = 0;
        for (int j = 0; j < 4; j++)
            s[j] = cs_limb_mac(&c, t->row[i][j], a[i], s[j], c);
        s[4] += c;
    }
    cs_mont_redc_limb(s, m, n0);
    for (int k = 0; k < 4; k++)
        r[k] = s[k];
}

/** r = the low four limbs of a x. */
CS_INLINE void cs_limbs_mul1_low(uint64_t r[4], const uint64_t a[4], uint64_t x) {
    uint64_t c = 0;
    for (int k = 0; k < 4; k++)
        r[k] = cs_limb_mac(&c, a[k], x, 0, c);
}

/** r = (a + q m) / 2^64 for 5 limbs, which fits: one round of reduction. */
CS_INLINE void cs_mont_redc_short(uint64_t r[4], const uint64_t a[5], const uint64_t m[4], uint64_t n0) {
    uint64_t t[5] = {a[0], a[1], a[2], a[3], a[4]};
    cs_mont_redc_limb(t, m, n0);
    for (int k = 0; k < 4; k++)
        r[k] = t[k];
}

/** acc += a x, 5 limbs, which fits. */
CS_INLINE void cs_limbs_mul1_add5(uint64_t acc[5], const uint64_t a[4], uint64_t x) {
    uint64_t high = 0;
    for (int k = 0; k < 4; k++)
        acc[k] = cs_limb_mac(&high, a[k], x, acc[k], high);
    acc[4] += high;
}

/** acc += a x, 6 limbs. */
CS_INLINE void cs_limbs_mul1_add(uint64_t acc[6], const uint64_t a[4], uint64_t x) {
    uint64_t high = 0, carry = 0;
    for (int k = 0; k < 4; k++)
        acc[k] = cs_limb_mac(&high, a[k], x, acc[k], high);
    acc[4] = cs_limb_adc(acc[4], high, &carry);
    acc[5] += carry;
}

/** acc += a b, 9 limbs. */
CS_INLINE void cs_limbs_mul_add(uint64_t acc[9], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t c = 0;
        for (int j = 0; j < 4; j++)
            acc[i + j] = cs_limb_mac(&c, a[j], b[i], acc[i + j], c);
        acc[i + 4] = cs_limb_adc(acc[i + 4], c, &carry);
    }
    acc[8] += carry;
}

#endif

/** r = a b / 2^256 mod m for a below m (1 - 2^-61) and any 256-bit b, or both reduced. */
CS_INLINE void cs_mont_mul(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t[4];
    cs_mont_mul_lazy(t, a, b, m, n0);
    cs_mont_reduce_once(r, t, m);
}

/** For a reduced t. */
CS_INLINE void cs_mont_fix(cs_mont_fixed *f, const uint64_t t[4], const uint64_t m[4], uint64_t n0) {
    uint64_t s[5] = {t[0], t[1], t[2], t[3], 0};
    for (int i = 3; i >= 0; i--) {
        for (int k = 0; k < 4; k++)
            f->row[i][k] = s[k];
        s[4] = 0;
        cs_mont_redc_limb(s, m, n0);
    }
}

/** r = a / 2^256 mod m for any a: out of Montgomery form. */
CS_INLINE void cs_mont_redc(uint64_t r[4], const uint64_t a[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t[4];
    cs_mont_redc_lazy(t, a, m, n0);
    cs_mont_reduce_once(r, t, m);
}

#endif
