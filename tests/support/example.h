/* Small synthetic training runs for tests and benchmarks: N members as threads of one process, from datasets to a proof. */
#ifndef CS_TESTS_SUPPORT_EXAMPLE_H
#define CS_TESTS_SUPPORT_EXAMPLE_H

#include "comm/threads.h"
#include "provenance/shard.h"
#include "support/committed.h"
#include "train/instance.h"
#include "train/kept_sums.h"
#include "train/protocol.h"

enum { CS_EXAMPLE_DATASETS = 3 };

typedef struct cs_example_options {
    int n_ranks;
    size_t steps, batch, layers, widths[CS_MAX_LAYERS + 1], rows; /* rows of rank 0; rank i has rows + i */
    unsigned a, d, shift;                                         /* w = a + d + shift */
    unsigned value_bits, exp_bits, column_bits, n_limbs;
    bool final_committed;
    const struct cs_example *previous; /* go on from its committed final model, which stays committed; or NULL */
    const int64_t *rates;              /* [steps], or NULL: all one */
    uint64_t seed;                     /* of the synthetic data */
    size_t datasets;  /* > 0: each rank's shard is so many datasets with well-formedness proofs, dataset k of rows + i + k
                         records */
    bool save_memory; /* every rank proves in less memory */
    unsigned without_aes;   /* ranks, as bits, that say that they have no AES */
    bool hidden_draws;      /* positions of draws are not public */
    const uint32_t *shares; /* [n_ranks] of what is divided (comm/shares.h), or NULL: equal ones */
    bool padded_tables;     /* weight tables are summed under pads, whatever the number of ranks */
    bool images;            /* features like those of scanned digits: in [0, 2^a], four in five of them zero */
} cs_example_options;

/** What one member has. */
typedef struct cs_example_rank {
    struct cs_example *example;
    int rank;
    cs_tensor *tensors;
    cs_fr *dataset_blindings, *initial_blindings, *final_blindings;
    cs_trainer *trainer;
    bool keeps;
    cs_kept_sums kept;
    cs_shard shard;
    cs_proof_stats stats;
    double cpu_seconds;   /* of this rank's thread, from the handshake to the end */
    double proof_seconds; /* of it, in the proof */
#ifdef CS_TAMPER
    cs_tamper_fn *tamper;
    void *tamper_context;
    bool skip_table_checks;
    bool plain_commitments; /* made as an honest rank makes them, whatever the tensors hold */
    cs_attack attack;
    /* called after training, before the proof: may change tensors */
    void (*before_proof)(struct cs_example_rank *r, void *context);
    void *before_context;
    /* called with the rank's comm before anything is sent: may replace its ops, to play a dishonest root or network */
    void (*network)(struct cs_example_rank *r, cs_comm *comm);
#endif
} cs_example_rank;

extern const uint8_t CS_EXAMPLE_SEED[32]; /* of W(0) and draws */

typedef struct cs_example {
    cs_params params;
    cs_table table;
    cs_blocks blocks;
    cs_model initial, final;
    uint32_t **draws;
    cs_passes passes[CS_MAX_RANKS]; /* with hidden draws */
    cs_pieces shards[CS_MAX_RANKS];
    cs_piece pieces[CS_MAX_RANKS][CS_EXAMPLE_DATASETS];
    cs_committed *committed[CS_MAX_RANKS]; /* [shards[i].n] the datasets, or NULL */
    uint8_t digest[32];
    cs_g1_affine **dataset_rows, *initial_rows, *final_rows;
    cs_instance instance;
    cs_example_rank ranks[CS_MAX_RANKS];
    cs_buffer proof;
    cs_record record;               /* what each rank sent */
    uint8_t keys[CS_MAX_RANKS][32]; /* with which answers are signed */
    uint8_t secrets[CS_MAX_RANKS][64];
    bool save_memory, padded_tables;
    const uint32_t *shares;
    unsigned without_aes;
    cs_comm_outcome outcomes[CS_MAX_RANKS];
} cs_example;

/** A tiny run: 2 ranks, 2 steps, batch 2, widths 3-3-2. */
cs_example_options cs_example_defaults(void);

/** Parameters, datasets and their commitments, W(0), draws. Free with cs_example_free. */
cs_status cs_example_new(cs_example *e, const cs_example_options *o);
void cs_example_free(cs_example *e);

/** All ranks train (as threads, gradients under pads), then prove. The final model is rank 0's. proof and outcomes are
 * filled. */
cs_status cs_example_prove(cs_example *e);

/** The verifier, on a proof of e's statement. */
cs_status cs_example_verify(const cs_example *e, const uint8_t *proof, size_t size);

/** Judges all ranks by what they sent. `judge` is freed by the caller (cs_judge_free). */
cs_status cs_example_judge(const cs_example *e, cs_judge *judge);

/** Recomputes the statement's digest (after a test changed the statement). */
void cs_example_digest(cs_example *e);

#endif
