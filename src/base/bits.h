/* Powers of two, bits in reverse, and the smaller or larger of two sizes. */
#ifndef CS_BASE_BITS_H
#define CS_BASE_BITS_H

#include <stddef.h>

/** Smallest k with 2^k >= n, for n >= 1. */
static inline unsigned cs_bits(size_t n) {
    unsigned k = 0;
    while (((size_t)1 << k) < n)
        k++;
    return k;
}

/** Smallest power of two >= n, for n >= 1. */
static inline size_t cs_pow2(size_t n) {
    return (size_t)1 << cs_bits(n);
}

/** The lowest n bits of x in reverse; those above are dropped. */
static inline size_t cs_reversed(size_t x, unsigned n) {
    size_t out = 0;
    for (unsigned k = 0; k < n; k++)
        out |= (x >> k & 1) << (n - 1 - k);
    return out;
}

static inline size_t cs_smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t cs_larger(size_t a, size_t b) {
    return a > b ? a : b;
}

#endif
