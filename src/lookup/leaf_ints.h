/* Internal: leaves as integers, the prover's form of them while they are many. Leaf j of a piece is the fraction
 *
 *     (p + x[CS_LEAF_P][j])  /  (q + sum over kinds k of coef[k] x[k][j]),
 *
 * with constants p and q of the whole piece and the coefficients of cs_leaf_coefs. Kinds that are not in `has` count as
 * zero.
 */
#ifndef CS_LOOKUP_LEAF_INTS_H
#define CS_LOOKUP_LEAF_INTS_H

#include "lookup/leaves.h"

enum { CS_LEAF_PIECE = CS_TILE };

/** Kinds of integers: numerators; whether the denominator has alpha; tags; columns. */
enum { CS_LEAF_P, CS_LEAF_ALPHA, CS_LEAF_TAG, CS_LEAF_COLUMN, CS_LEAF_KINDS = CS_LEAF_COLUMN + CS_LOOKUP_COLUMNS };

typedef struct cs_leaf_piece {
    unsigned has; /* bit k: kind k has integers */
    cs_fr p, q;
    int64_t x[CS_LEAF_KINDS][CS_LEAF_PIECE];
} cs_leaf_piece;

/** Coefficients of the kinds in a denominator (none of CS_LEAF_P). */
void cs_leaf_coefs(const cs_leaves *l, cs_fr coef[CS_LEAF_KINDS]);

/** Whether all leaves of this rank are integers small enough: X X <= 2^CS_AFFINE_BITS for the largest of them, X, rounded up
 * to less than twice what it is. Reads the tensors whose type does not say so. */
bool cs_leaves_are_small(const cs_leaves *l);

/** The leaves of entries offset .. offset + n - 1; n <= CS_LEAF_PIECE is a power of two that divides offset. */
void cs_leaf_piece_load(const cs_leaves *l, size_t offset, size_t n, cs_leaf_piece *out);

#endif
