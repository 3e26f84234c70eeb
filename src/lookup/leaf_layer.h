/* Internal: the prover's first layer of fractions and the first rounds of the leaf layer's sumcheck, on the leaves'
 * integers. With A, B denominators and a, b numerators of the two halves of the leaves, the layer is the sum under eq of
 *
 *     a B + A (b + lambda B),
 *
 * and before the first challenge and after it every factor is a constant plus a few field elements times integers. A product
 * of two such is a combination of products of integers, whose sums under eq take four limb products each. Local. */
#ifndef CS_LOOKUP_LEAF_LAYER_H
#define CS_LOOKUP_LEAF_LAYER_H

#include "lookup/leaf_ints.h"
#include "sumcheck/sumcheck.h"

/** Tables of the layer's sumcheck: numerators and denominators of either half; the second numerator plus lambda times its
 * denominator. */
enum { CS_LEAF_P0, CS_LEAF_P1, CS_LEAF_Q0, CS_LEAF_Q1 };

typedef struct cs_leaf_layer cs_leaf_layer;

/** For leaves that are small; refers to l. NULL without memory. */
cs_leaf_layer *cs_leaf_layer_new(const cs_leaves *l);
void cs_leaf_layer_free(cs_leaf_layer *layer);

/** Fractions x .. x + n - 1 (n <= CS_LEAF_PIECE, a power of two that divides x) of the layer above the leaves: leaf x plus
 * leaf half + x, and so on. */
void cs_leaf_layer_fractions(cs_leaf_layer *layer, size_t x, size_t n, cs_fr *p, cs_fr *q);

/** First rounds of the sumcheck over layer `level` of a tree of 2^bits leaves that are played on integers, if the leaves are
 * small. */
unsigned cs_leaf_layer_rounds(unsigned bits, unsigned level);

typedef struct cs_leaf_sumcheck {
    cs_fr lambda, omega; /* omega: this rank's weight */
    const cs_fr *point;
} cs_leaf_sumcheck;

/** Prepares the sumcheck over the leaves under eq(point, ·), of one variable less than there are for leaves: two rounds on
 * integers. `out` must outlast the sumcheck; its tables belong to the layer. */
cs_status cs_leaf_layer_start(cs_leaf_layer *layer, const cs_leaf_sumcheck *what, cs_sc_witness *out);

/** The same for the sumcheck over those fractions, of two variables less: none of them is stored before the first fold. */
cs_status cs_leaf_layer_start_first(cs_leaf_layer *layer, const cs_leaf_sumcheck *what, cs_sc_witness *out);

#endif
