/* Montgomery arithmetic on 4 limbs of 64 bits, radix 2^256, for an odd modulus m below 2^254; shared by F_r and F_p.
 * Everything is inlined into its caller with a constant modulus; values are fully reduced unless a comment says otherwise;
 * outputs may be inputs; constant time. `n0` is -1/m mod 2^64. */
#ifndef CS_FIELD_PORTABLE_MONT_H
#define CS_FIELD_PORTABLE_MONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CS_INLINE static inline __attribute__((always_inline))

typedef unsigned __int128 cs_u128;

/** r = a + b, returns the carry. */
CS_INLINE uint64_t cs_limbs_add(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]) {
    cs_u128 t = 0;
    for (int k = 0; k < 4; k++) {
        t += (cs_u128)a[k] + b[k];
        r[k] = (uint64_t)t;
        t >>= 64;
    }
    return (uint64_t)t;
}

/** r = a - b, returns the borrow (0 or 1). */
CS_INLINE uint64_t cs_limbs_sub(uint64_t r[4], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t borrow = 0;
    for (int k = 0; k < 4; k++) {
        const cs_u128 t = (cs_u128)a[k] - b[k] - borrow;
        r[k] = (uint64_t)t;
        borrow = (uint64_t)(t >> 64) & 1;
    }
    return borrow;
}

/** r = mask ? a : b, for mask 0 or all ones. */
CS_INLINE void cs_limbs_select(uint64_t r[4], uint64_t mask, const uint64_t a[4], const uint64_t b[4]) {
    for (int k = 0; k < 4; k++)
        r[k] = b[k] ^ (mask & (a[k] ^ b[k]));
}

CS_INLINE bool cs_limbs_is_zero(const uint64_t a[4]) {
    return (a[0] | a[1] | a[2] | a[3]) == 0;
}

CS_INLINE bool cs_limbs_eq(const uint64_t a[4], const uint64_t b[4]) {
    return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3])) == 0;
}

/** r = a mod m for a < 2m. */
CS_INLINE void cs_mont_reduce_once(uint64_t r[4], const uint64_t a[4], const uint64_t m[4]) {
    uint64_t s[4];
    const uint64_t borrow = cs_limbs_sub(s, a, m);
    cs_limbs_select(r, -borrow, a, s);
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

/** r = a b / 2^256 mod m, for a b < 2^256 m (one factor may be any 256-bit number): interleaved product and reduction
 *  (CIOS; Koç, Acar, Kaliski, "Analyzing and comparing Montgomery multiplication algorithms", 1996). */
CS_INLINE void cs_mont_mul(uint64_t r[4], const uint64_t a[4], const uint64_t b[4], const uint64_t m[4], uint64_t n0) {
    uint64_t t[4] = {0};
    for (int i = 0; i < 4; i++) {
        cs_u128 p = (cs_u128)a[0] * b[i] + t[0];
        const uint64_t q = (uint64_t)p * n0;
        cs_u128 s = (cs_u128)q * m[0] + (uint64_t)p;
        for (int j = 1; j < 4; j++) {
            p = (cs_u128)a[j] * b[i] + t[j] + (uint64_t)(p >> 64);
            s = (cs_u128)q * m[j] + (uint64_t)p + (uint64_t)(s >> 64);
            t[j - 1] = (uint64_t)s;
        }
        t[3] = (uint64_t)(p >> 64) + (uint64_t)(s >> 64);
    }
    cs_mont_reduce_once(r, t, m);
}

/** r = t / 2^256 mod m for a 512-bit t with t < 2^256 m. */
CS_INLINE void cs_mont_redc(uint64_t r[4], const uint64_t t[8], const uint64_t m[4], uint64_t n0) {
    uint64_t u[8];
    uint64_t top = 0;
    for (int k = 0; k < 8; k++)
        u[k] = t[k];
    for (int i = 0; i < 4; i++) {
        const uint64_t q = u[i] * n0;
        cs_u128 s = 0;
        for (int j = 0; j < 4; j++) {
            s = (cs_u128)q * m[j] + u[i + j] + (uint64_t)(s >> 64);
            u[i + j] = (uint64_t)s;
        }
        s = (cs_u128)u[i + 4] + (uint64_t)(s >> 64) + top;
        u[i + 4] = (uint64_t)s;
        top = (uint64_t)(s >> 64);
    }
    cs_mont_reduce_once(r, u + 4, m);
}

/** acc += a b, 9 limbs. */
CS_INLINE void cs_limbs_mul_add(uint64_t acc[9], const uint64_t a[4], const uint64_t b[4]) {
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        cs_u128 s = 0;
        for (int j = 0; j < 4; j++) {
            s = (cs_u128)a[j] * b[i] + acc[i + j] + (uint64_t)(s >> 64);
            acc[i + j] = (uint64_t)s;
        }
        s = (cs_u128)acc[i + 4] + (uint64_t)(s >> 64) + carry;
        acc[i + 4] = (uint64_t)s;
        carry = (uint64_t)(s >> 64);
    }
    acc[8] += carry;
}

/** r = a^e for a fixed 256-bit exponent: 4-bit windows, a constant sequence of operations for a given e. */
CS_INLINE void cs_mont_pow(uint64_t r[4], const uint64_t a[4], const uint64_t e[4], const uint64_t one[4],
                           void (*mul)(uint64_t r[4], const uint64_t a[4], const uint64_t b[4])) {
    uint64_t table[16][4];
    uint64_t acc[4];
    for (int k = 0; k < 4; k++) {
        table[0][k] = acc[k] = one[k];
        table[1][k] = a[k];
    }
    for (int k = 2; k < 16; k++)
        mul(table[k], table[k - 1], a);
    for (int w = 63; w >= 0; w--) {
        for (int k = 0; k < 4; k++)
            mul(acc, acc, acc);
        mul(acc, acc, table[e[w / 16] >> (4 * (w % 16)) & 15]);
    }
    for (int k = 0; k < 4; k++)
        r[k] = acc[k];
}

#endif
