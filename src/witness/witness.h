/* The committed witness of all ranks, claims on it, and their opening in one batch (section 4). */
#ifndef CS_WITNESS_WITNESS_H
#define CS_WITNESS_WITNESS_H

#include "poly/tensor.h"
#include "session/session.h"
#include "sumcheck/sumcheck.h"
#include "witness/axis.h"
#include "witness/layout.h"

/** One term of a claim: weights[i] * coefficient * <tensor product of axes, block of rank i>, summed over the ranks. */
typedef struct cs_part {
    size_t claim, block;
    cs_fr *weights; /* [n_ranks], coefficient included */
    unsigned n_axes;
    cs_axis axes[3];
    bool outside; /* only the entries beyond the block's real lengths count */
} cs_part;

/** This rank's new rows, to be shown again in another session: in row order, as commitments and what opens them. */
typedef struct cs_witness_rows {
    bool given;       /* taken instead of fresh ones */
    size_t n;         /* rows that are not certified */
    cs_fr *blindings; /* [n] */
    cs_g1_affine *points;
    uint8_t shown[32];                /* state of the transcript when it has the commitments of all ranks */
    cs_status (*made)(void *context); /* called when they are complete, unless they were given; may be NULL */
    void *context;
} cs_witness_rows;

/** Frees and wipes. */
void cs_witness_rows_free(cs_witness_rows *rows);

typedef struct cs_witness {
    cs_session *session;
    const cs_layout *layout;
    const cs_tensor *tensors; /* [layout->n] prover; borrowed */
    cs_g1_affine **points;    /* [n_ranks][rows] verifier and root: commitments of live rows, identity elsewhere */
    cs_fr *blindings;         /* [rows] prover */
    cs_expr *claims;
    cs_part *parts;
    size_t n_claims, n_parts, cap_claims, cap_parts;
    void **kept; /* [n_kept] memory of gathers and vectors */
    size_t n_kept, cap_kept;
    /* what the opening leaves for its inner-product argument */
    cs_fr *folded_row; /* [columns] prover: the matrix folded to a row */
    cs_fr *answer, *left, *right, theta_e[64];
    cs_fr *answer_values; /* [1 + n_ranks] the blinding, and every rank's <f_i, R> */
    cs_fr answer_blinding, answer_value;
    cs_g1_affine mask;
    size_t mask_at; /* for a judge: which of a rank's points its part of `mask` is */
} cs_witness;

/** Commits to the rows that are not certified. certified[i]: commitments of rank i's certified rows in row order; blindings:
 * this rank's, of its certified rows. tensors, blindings and `keep`: prover only; keep, unless it is NULL, gets the new rows
 * (the caller's: cs_witness_rows_free), or has them. Collective. */
cs_status cs_witness_new(cs_witness *w, cs_session *s, const cs_layout *layout, cs_g1_affine *const *certified,
                         const cs_tensor *tensors, const cs_fr *blindings, cs_witness_rows *keep);
void cs_witness_free(cs_witness *w);

/** Starts a claim: the sum of the parts that follow is `value` (its contents are taken). CS_ERR_MEMORY. Local. */
cs_status cs_witness_claim(cs_witness *w, cs_expr *value);

/** A part of the last claim; axes: one per axis of the block. Local. */
cs_status cs_witness_part(cs_witness *w, const cs_fr *weights, cs_fr coefficient, size_t block, const cs_axis *axes);

/** The same, restricted to entries beyond the real lengths. */
cs_status cs_witness_part_outside(cs_witness *w, const cs_fr *weights, cs_fr coefficient, size_t block, const cs_axis *axes);

/** A gather owned by the witness; NULL without memory. */
const cs_gather *cs_witness_gather(cs_witness *w, const cs_gather *gather);

/** The same for a vector of 2^bits entries, which are the caller's to fill. */
cs_vector *cs_witness_vector(cs_witness *w, unsigned bits);

/** All claims at once: sumcheck, masked answers, the cross row. Collective. */
cs_status cs_witness_open(cs_witness *w);

/** The inner-product argument of the opening, by the root with the others' help, after the finale's answers. A failure is
 * the caller's to raise. Collective. */
cs_status cs_witness_prove_opening(cs_witness *w);

/* Internal. */

/** Judges every rank of session->judge by its answer. Verifying role, after the answers. CS_OK whatever is found. */
cs_status cs_witness_judge(const cs_witness *w);

/** out[n]: E of ranks first, first + 1, …, each the gamma-combination of a rank's coefficient vectors, at a point.
 * CS_ERR_MEMORY. */
cs_status cs_witness_coefficients_at(const cs_witness *w, const cs_fr *gammas, const cs_fr *point, int first, size_t n,
                                     cs_fr *out);

/** Loads entries offset.. of the rank's matrix. */
void cs_witness_load(const cs_witness *w, size_t offset, size_t n, cs_fr *out);

#endif
