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

/** *out = the table's point for digit u of b bits: ±(odd multiple), the sign without a branch. */
void cs_odd_entry(cs_g1_affine *out, const cs_g1_affine *table, unsigned bits, unsigned u);

#endif
