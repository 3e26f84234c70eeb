/* Internal: what the two halves of the finale share. */
#ifndef CS_FINALE_STATE_H
#define CS_FINALE_STATE_H

#include "finale/finale.h"

struct cs_finale {
    cs_session *s;
    cs_combined combined;               /* the linear rows: by stage, then the cross row */
    size_t n_rows;                      /* product rows and the combined ones */
    size_t error_rows;                  /* commitment rows of an error vector: n_rows / width, rounded up */
    cs_g1_affine *mask, *cross, *error; /* summed commitments to z_r [ledger rows], T and E_r [error rows] */
    cs_fr e;
    cs_fr *z, *err, *blinding; /* root: z* [n_vars], E* [n_rows], blindings [ledger rows + error rows] */
};

/** Row x of the system: product x, or one of the combined rows times one. NULL expressions stand for one (b) and zero (c).
 */
typedef struct cs_finale_row {
    const cs_expr *a, *b, *c;
    int owner; /* -1: everybody's */
} cs_finale_row;

cs_finale_row cs_finale_row_at(const cs_finale *f, size_t x);

/** Judges every rank of s->judge by its answer. Verifying role, after the answers. CS_OK whatever is found; CS_ERR_INPUT if
 * the common values are malformed; CS_ERR_MEMORY. */
cs_status cs_finale_judge(const cs_finale *f);

#endif
