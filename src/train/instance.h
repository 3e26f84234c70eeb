/* What the training proof is about: everything public, already validated, borrowed from the statement; and a rank's own
 * part. */
#ifndef CS_TRAIN_INSTANCE_H
#define CS_TRAIN_INSTANCE_H

#include "curve/g1.h"
#include "session/attack.h"
#include "session/record.h"
#include "train/blocks.h"
#include "train/model.h"
#include "train/passes.h"
#include "train/sgd.h"
#include "train/table.h"
#include "witness/witness.h"

typedef struct cs_instance {
    const cs_params *params;
    uint8_t digest[32]; /* of the complete statement: opens the transcript */
    const cs_table *table;
    const cs_blocks *blocks;
    const cs_model *initial;           /* W(0); NULL for a verifier to whom it is only committed, or who has its ... */
    const uint8_t *initial_seed;       /* ... seed[32], from which it follows (cs_model_from_seed); else NULL */
    const cs_model *final;             /* W(T), or NULL if it is only committed */
    cs_g1_affine *const *dataset_rows; /* [n_ranks][cs_dataset_row_count]: commitments to rank i's D and Y */
    const cs_g1_affine *initial_rows;  /* [cs_initial_row_count], or NULL if W(0) is public */
    const cs_g1_affine *final_rows;    /* [cs_final_row_count], or NULL if the final model is public */
    uint32_t *const *draws;            /* [n_ranks][steps * batch]; hidden ones: each rank has its own only */
    const cs_passes *passes;           /* [n_ranks] if draws are hidden, at most params->hidden_passes passes each */
} cs_instance;

/** Steps whose sums of gradients do not fit the tensors that the ranks committed to: weight tables were wrong from there on.
 */
typedef struct cs_doubts {
    size_t n;
    size_t steps[CS_MAX_RANKS]; /* different ones */
} cs_doubts;

/** A rank's private part of the proof. Borrowed; wiped by their owners. */
typedef struct cs_shard {
    cs_tensor
        *tensors; /* [blocks->n], D, Y, all of training, F and G on rank 0 if committed; MULT is filled by the prover */
    const cs_fr *dataset_blindings; /* [cs_dataset_row_count] */
    const cs_fr *final_blindings;   /* [cs_final_row_count] on rank 0 if the final model is committed */
    const cs_fr *initial_blindings; /* [cs_initial_row_count] on rank 0 if W(0) is committed: those of an earlier segment */
    const cs_trainer *trainer;      /* has the model, if it is committed, and checks weight tables; NULL: nobody does */
    bool trusting;                  /* members are declared honest-but-curious: tables are not checked */
    const cs_signing *signing;      /* of this rank's answers, or NULL; all ranks sign or none does */
    cs_record *record;              /* root: gets what every rank sends, for cs_train_judge; or NULL */
    cs_witness_rows *rows;          /* gets the commitments of this proof, or has those of an earlier one; or NULL */
    struct cs_table_sums *tables; /* weight tables are summed so that they can be attributed (train/table_sums.h); if one is
                                     wrong the proof ends without a failure of the lockstep: CS_ERR_RANK on all ranks. All
                                     have it or none has. NULL: a failure like any other */
    struct cs_kept_sums *kept;    /* sums of gradients of this rank's steps (train/kept_sums.h), of which weight tables are
                                     made; freed when they are. All ranks have some or none has, and no `tables` then. NULL:
                                     tables are summed under pads */
    bool save_memory; /* prove in less memory, somewhat slower, whatever the size; long witnesses are in any case */
#ifdef CS_TAMPER
    cs_attack *attack; /* how this rank cheats, or NULL */
#endif
} cs_shard;

/** Fills the blocks of hidden draws, which are zero before, from the rank's draws and its passes. CS_ERR_INTERNAL if a
 * record comes twice in a pass. Local. */
cs_status cs_hidden_draws_fill(cs_tensor *tensors, const cs_blocks *blocks, const cs_params *p, const cs_passes *passes,
                               const uint32_t *draws);

/** Commitment rows of one rank's D and Y, of all F blocks (0 if the final model is public), and of all G blocks (0 if W(0)
 * is public). The same model has the same rows as F and as G. */
size_t cs_dataset_row_count(const cs_params *p);
size_t cs_final_row_count(const cs_params *p);
size_t cs_initial_row_count(const cs_params *p);

/** Commits to D and Y with the given blindings. out[row count]. Local. */
cs_status cs_dataset_commit(cs_g1_affine *out, const cs_params *p, const cs_blocks *blocks, const cs_tensor *tensors,
                            const cs_fr *blindings);

/** Commits to a model within the bounds of W(T), as rows of F or, the same, of G: out[n], n = blindings, is
 * cs_final_row_count or cs_initial_row_count. CS_ERR_INTERNAL if a weight is out of bounds; CS_ERR_MEMORY. Local. */
cs_status cs_model_commit(cs_g1_affine *out, const cs_params *p, const cs_model *m, const cs_fr *blindings, size_t n);

/** Puts a model into the blocks F or G. Local. */
void cs_model_to_blocks(cs_tensor *tensors, const cs_blocks *blocks, cs_block_kind kind, const cs_model *m);

#endif
