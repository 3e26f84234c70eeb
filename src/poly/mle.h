/* Multilinear extensions and their short evaluations.
 *
 * Index convention, everywhere: a vector of length 2^k is indexed by k bits and point[0] belongs to the HIGHEST bit. A
 * sumcheck binds the highest bit first, so a bound vector is lo + r (hi - lo) of its halves. Local; cannot fail. */
#ifndef CS_POLY_MLE_H
#define CS_POLY_MLE_H

#include "field/fr.h"

/** Product over k of (a_k b_k + (1 - a_k)(1 - b_k)). */
cs_fr cs_eq_at(const cs_fr *a, const cs_fr *b, unsigned bits);

/** eq(point, index): the corner of the cube that selects an entry. */
cs_fr cs_eq_index(const cs_fr *point, unsigned bits, size_t index);

/** MLE of "x < n" at point; n may be anything (n >= 2^bits gives 1). */
cs_fr cs_indicator(const cs_fr *point, unsigned bits, size_t n);

/** MLE at q of the vector eq(p, .) cut off at n. */
cs_fr cs_eq_below(const cs_fr *p, const cs_fr *q, unsigned bits, size_t n);

/** MLE of "x < y" for two numbers of `bits` bits, at (a, b). */
cs_fr cs_less(const cs_fr *a, const cs_fr *b, unsigned bits);

/** Lagrange coefficients at r for the nodes 0, 1, …, n-1 (n <= 8). */
void cs_lagrange(cs_fr *out, unsigned n, cs_fr r);

/** out[0..n) = 1, x, x^2, … */
void cs_powers(cs_fr *out, cs_fr x, size_t n);

#endif
