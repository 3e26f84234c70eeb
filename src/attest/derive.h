/* What follows from a statement, and the instance that the proof is about. Local. */
#ifndef CS_ATTEST_DERIVE_H
#define CS_ATTEST_DERIVE_H

#include "attest/statement.h"
#include "train/sampler.h"

/** Owns all it points at but the statement, which it borrows. */
typedef struct cs_derived {
    const cs_statement *statement;
    uint8_t seed[32];
    uint8_t initial_digest[32], table_digest[32];
    uint8_t training_digest[32]; /* before the final model is known */
    const cs_model *initial;     /* the caller's, or by cs_derived_make_initial; NULL: from the seed or only committed */
    cs_model from_seed;
    cs_table table;
    cs_blocks blocks;
    cs_g1_affine *dataset_rows[CS_MAX_RANKS]; /* [n_ranks][cs_dataset_row_count] */
    cs_piece *pieces[CS_MAX_RANKS];           /* [n_ranks][datasets] where the members' datasets lie */
    cs_pieces shards[CS_MAX_RANKS];           /* [n_ranks] */
    uint32_t **draws;                         /* hidden ones: all NULL, for the caller to put in its own (borrowed) */
    size_t draws_before;                      /* of each rank in the segments before; public ones lie before draws[rank] */
    cs_passes passes[CS_MAX_RANKS];           /* [n_ranks] of hidden draws */
    cs_instance instance;                     /* valid after cs_derived_complete */
} cs_derived;

/** Seed, table, blocks, draws, training digest. The statement has parameters, members and dataset commitments; it need not
 * be complete. `initial`: the given W(0) (borrowed), NULL if the statement derives it from the seed, or only commits to it
 * and the caller is no member. `proof`: the one that is to be verified, whose length bounds the work, or NULL. CS_ERR_INPUT
 * if the proof is too short for the statement; if W(0) is missing, superfluous, out of its bounds or does not have the
 * digest that the statement says; CS_ERR_MEMORY. Freed by cs_derived_free; empty after a failure. */
cs_status cs_derived_new(cs_derived *out, const cs_statement *s, const cs_model *initial, const cs_buffer *proof);

/** A W(0) that follows from the seed, in numbers: a verifier of the proof needs none. Before cs_derived_complete. Nothing
 * happens if W(0) is known, or only committed. CS_ERR_MEMORY. */
cs_status cs_derived_make_initial(cs_derived *d);

/** Checks W(T) (`final`, borrowed; NULL if it is only committed) against its bounds and the complete statement, and builds
 * the instance. CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_derived_complete(cs_derived *d, const cs_model *final);

void cs_derived_free(cs_derived *d);

#endif
