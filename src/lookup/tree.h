/* Internal: the prover's tree of fractions over the leaves, and the tables of its layers' sumchecks. Layer k has 2^k
 * fractions: fraction x is child x plus child 2^k + x of the layer below, which is layer k + 1; the leaves are the layer
 * `bits`. The biggest layers are made of tiles (lookup/tiles.h). Local. */
#ifndef CS_LOOKUP_TREE_H
#define CS_LOOKUP_TREE_H

#include "lookup/layer_rounds.h"

enum { CS_TREE_BITS = 40 };

typedef struct cs_tree cs_tree;

/** Refers to l, which has less than CS_TREE_BITS bits. NULL on error. CS_ERR_MEMORY. */
cs_status cs_tree_new(cs_tree **out, const cs_leaves *l);
void cs_tree_free(cs_tree *t);

/** The sum of all leaves is *p / *q. */
void cs_tree_root(const cs_tree *t, cs_fr *p, cs_fr *q);

/** Prepares the sumcheck over layer `level` < bits, whose point is [level]. One after the other, from level 0 on;
 * cs_tree_end follows. *out refers to the tree. CS_ERR_MEMORY. */
cs_status cs_tree_start(cs_tree *t, unsigned level, cs_fr lambda, cs_fr omega, const cs_fr *point, cs_sc_witness *out);
void cs_tree_end(cs_tree *t, unsigned level);

#endif
