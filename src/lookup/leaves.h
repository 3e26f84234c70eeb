/* Internal: the leaves of the fraction tree, one for each entry that is looked up, never stored: loaded block by block from
 * small integers. Entries lie one after the other, padding included; leaf x is the entry whose number has the bits of x from
 * low_bits on in reverse. A layer adds up what differs in the highest bit of x, and a sumcheck binds it first: these are
 * neighbouring lines of 2^low_bits entries, then lines two apart, and so on. So padding stays together, at the end of lines
 * and of lists of lines. */
#ifndef CS_LOOKUP_LEAVES_H
#define CS_LOOKUP_LEAVES_H

#include "lookup/lookup.h"

enum { CS_TILE_BITS = 6, CS_TILE = 1 << CS_TILE_BITS };

/** One lookup's place among the entries. */
typedef struct cs_leaf_block {
    size_t base, size;
    const cs_lookup *lookup;
    cs_fr *lines;   /* [padded length of the last axis] compressed lines of the lookup, or NULL */
    cs_fr constant; /* denominators: less the columns' blocks */
} cs_leaf_block;

typedef struct cs_leaves {
    const cs_witness *w;
    const cs_lookups *what;
    cs_fr alpha, mix[CS_LOOKUP_COLUMNS]; /* beta, beta^2, beta^3 */
    unsigned bits, low_bits;             /* low_bits: of a line; public */
    unsigned long_bits;                  /* from so many on, the prover computes a layer twice to save its memory */
    size_t n;
    cs_leaf_block *blocks; /* biggest first, aligned to their size */
} cs_leaves;

/** Places the lookups; refers to w and what. CS_ERR_MEMORY: *l is still to be freed. */
cs_status cs_leaves_new(cs_leaves *l, const cs_witness *w, const cs_lookups *what, cs_fr alpha, cs_fr beta);
void cs_leaves_free(cs_leaves *l);

/** Entry of leaf x. */
size_t cs_leaves_entry(const cs_leaves *l, size_t x);

/** The block whose shape a lookup has. */
static inline const cs_block *cs_leaves_shape(const cs_leaves *l, const cs_lookup *lookup) {
    return &l->w->layout->blocks[lookup->shaped_like];
}

/** How many entries are real, the first ones, in line `line` of a tensor on this rank: an index of all axes but the last. */
size_t cs_leaves_real(const cs_leaves *l, const cs_block *b, size_t line);

/** Numerators and denominators of leaves offset..; unused leaves are 0/1. Prover. */
void cs_leaves_numerators(const cs_leaves *l, size_t offset, size_t n, cs_fr *out);
void cs_leaves_denominators(const cs_leaves *l, size_t offset, size_t n, cs_fr *out);

/** The claim that p_i and q_i of every rank at `point` are what the committed blocks give. p and q of rank i are added to an
 * expression by the caller: value already holds sum of omega_i (p_i + lambda q_i). Takes value. Local. */
cs_status cs_leaves_claim(const cs_leaves *l, cs_witness *w, const cs_fr *point, const cs_fr *omega, cs_fr lambda,
                          cs_expr *value);

#endif
