/* The fixed-base tables of a committer, for the other files of this folder. Local. */
#ifndef CS_CURVE_COMMITTER_H
#define CS_CURVE_COMMITTER_H

#include "curve/commit.h"

enum {
    CS_COMMITTER_BITS = 6,
    CS_COMMITTER_WINDOWS = 43,
    CS_COMMITTER_ENTRIES = 1 << (CS_COMMITTER_BITS - 1)
}; /* 258 bits */

struct cs_committer {
    size_t n;             /* bases: h, then the generators */
    cs_g1_affine *tables; /* [n][WINDOWS][ENTRIES] odd multiples of 2^(6 w) * half generator */
    cs_g1_affine *offset; /* [n] 2^258 - 1 times the first 1, 2, … half generators: what the digits' signs take away */
};

/** codes[w * stride] for w < CS_COMMITTER_WINDOWS: where the tables hold the parts of k * base j, which is their sum and
 *  2^258 - 1 half generators (codes: cs_odd_code). */
void cs_committer_codes(uint32_t *codes, size_t stride, size_t j, cs_fr k);

#endif
