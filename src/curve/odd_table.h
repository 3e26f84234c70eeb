/* Tables of odd multiples, the base of all fixed-base commitments: an unsigned digit u of b bits is 2u - (2^b - 1), an odd
 * number of at most b bits with a sign, times the half generator, plus the public (2^b - 1) halves. No entry is the
 * identity. Local. */
#ifndef CS_CURVE_ODD_TABLE_H
#define CS_CURVE_ODD_TABLE_H

#include "curve/g1.h"

/** Space for building tables of n bases with `size` entries each. CS_ERR_MEMORY. Free with cs_odd_space_free. */
typedef struct cs_odd_space {
    cs_g1_affine *a, *b, *step;
    cs_fp *scratch;
} cs_odd_space;

cs_status cs_odd_space_new(cs_odd_space *s, size_t n, size_t size);
void cs_odd_space_free(cs_odd_space *s);

/** table[j * size + k] = (2k + 1) base[j], k < size; size a power of two. Doubling steps, one shared inversion each. */
void cs_odd_table(cs_g1_affine *table, const cs_g1_affine *base, size_t n, size_t size, cs_odd_space *s);

/** Where digit u of b bits lies in a table that starts at entry `start`: 2 * entry + sign (see cs_g1_kernels). */
static inline uint32_t cs_odd_code(size_t start, unsigned bits, unsigned u) {
    const unsigned half = 1u << (bits - 1), positive = u >> (bits - 1), mirror = (positive - 1) & (half - 1);
    return 2 * ((uint32_t)start + ((u & (half - 1)) ^ mirror)) + (1 - positive);
}

/** *out = the table's point for a code: an odd multiple or its negative, without a branch. */
void cs_odd_take(cs_g1_affine *out, const cs_g1_affine *table, uint32_t code);

#endif
