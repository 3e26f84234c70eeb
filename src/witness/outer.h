/* Internal: the coefficient vector E of a rank as a sum of products of short vectors. E is as long as the matrix; none of
 * the prover's work needs more of it than these vectors and, once the matrix is cut into slots that are folded into one,
 * what is left. Local. */
#ifndef CS_WITNESS_OUTER_H
#define CS_WITNESS_OUTER_H

#include "witness/witness.h"

/** coefficient * t[0] ⊗ t[1] ⊗ t[2], at `offset` of a slot. offset is a multiple of the product's length. */
typedef struct cs_outer {
    cs_fr coefficient;
    const cs_fr *t[3]; /* borrowed from the table list */
    size_t n[3];       /* powers of two */
    size_t slot, offset;
} cs_outer;

typedef struct cs_outer_table {
    cs_fr *values;
    size_t n;
} cs_outer_table;

typedef struct cs_outers {
    cs_outer *list; /* those of equal place, shape and t[2] (a group) stand together, and in a group those of equal t[1] */
    cs_outer_table *tables; /* different ones */
    size_t n, n_tables, cap, cap_tables;
    size_t slot_size; /* a power of two */
} cs_outers;

/** E of this rank: the combination of its claims' parts with gammas[w->n_claims]. CS_ERR_MEMORY. */
cs_status cs_outers_new(cs_outers *out, const cs_witness *w, const cs_fr *gammas, size_t slot_size);
void cs_outers_free(cs_outers *t);

/** First product after the group that starts at `first`. */
size_t cs_outers_group_end(const cs_outers *t, size_t first);

static inline size_t cs_outer_size(const cs_outer *t) {
    return t->n[0] * t->n[1] * t->n[2];
}

/** Multiplies every product by the weight of its slot: from now on E stands for itself folded to one slot. */
void cs_outers_fold(cs_outers *t, const cs_fr *weights);

/** out[0 .. n) = entries from.. of the folded E. */
void cs_outers_load(const cs_outers *t, size_t from, size_t n, cs_fr *out);

#endif
