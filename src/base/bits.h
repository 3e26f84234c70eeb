/* Powers of two, and the smaller or larger of two sizes. */
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

static inline size_t cs_smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t cs_larger(size_t a, size_t b) {
    return a > b ? a : b;
}

#endif
