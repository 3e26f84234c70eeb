/* Internal: the prover's first layer of fractions and the first rounds of the leaf layer's sumcheck, on the leaves'
 * integers. With A, B denominators and a, b numerators of the two children, the layer is the sum under eq of
 *
 *     a B + A (b + lambda B),
 *
 * and before the first challenge and after it every factor is a constant plus a few field elements times integers. A product
 * of two such is a combination of products of integers, whose sums under eq take four limb products each. Local. */
#ifndef CS_LOOKUP_LEAF_LAYER_H
#define CS_LOOKUP_LEAF_LAYER_H

#include "lookup/layer_rounds.h"
#include "lookup/leaf_ints.h"

typedef struct cs_leaf_layer cs_leaf_layer;

/** For leaves that are small; refers to both. NULL without memory. */
cs_leaf_layer *cs_leaf_layer_new(const cs_leaves *l, const cs_tiles *tiles);
void cs_leaf_layer_free(cs_leaf_layer *layer);

/** p[CS_TILE], q[CS_TILE]: tile x of the fractions above the leaves. */
void cs_leaf_layer_fractions(cs_leaf_layer *layer, size_t x, cs_fr *p, cs_fr *q);

/** First rounds of the sumcheck over layer `level` of a tree of 2^bits leaves that have messages of their own, since they
 * are played on integers. */
unsigned cs_leaf_layer_rounds(unsigned bits, unsigned level);

/** Where the tables of a layer's sumcheck come from: of the fractions' whose children are leaves, or of the layer above,
 * whose children are never stored. One at a time. */
cs_layer_source cs_leaf_layer_source(cs_leaf_layer *layer, bool of_leaves, cs_fr lambda);

#endif
