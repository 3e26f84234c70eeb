/* The statement: everything public that a proof is about (docs/protocol.md, sections 2 and 6.8). Its canonical JSON is
 * described in docs/formats.md. What can be derived from it (seed, draws, W(0), lookup table, digests) is derived, never
 * read. Local. */
#ifndef CS_ATTEST_STATEMENT_H
#define CS_ATTEST_STATEMENT_H

#include "attest/job.h"
#include "base/buffer.h"
#include "train/instance.h"

/** Longest statement in bytes. */
#define CS_STATEMENT_MAX_BYTES ((size_t)1 << 28)

enum { CS_STATEMENT_VERSION = 1 };

/** All pointers are owned. */
typedef struct cs_statement {
    char *name; /* the job's */
    cs_params params;
    char *member_names[CS_MAX_RANKS];  /* [n_ranks] distinct, informative */
    uint8_t members[CS_MAX_RANKS][32]; /* [n_ranks] distinct public keys */
    char *beacon;                      /* public randomness drawn after the datasets were committed, "" if none */
    cs_affine *features;               /* [n_features]: one map, or one per feature; informative */
    size_t n_features;
    char **classes;                       /* [widths[layers]] names, or NULL; informative */
    cs_g1_affine *datasets[CS_MAX_RANKS]; /* [n_ranks][cs_dataset_row_count] */
    bool initial_given;                   /* else W(0) comes from the seed */
    uint8_t initial_digest[32];           /* of a given W(0) */
    bool complete;                        /* the final model is set: not so while training */
    uint8_t final_digest[32];             /* of a public W(T) (params.final_public) */
    cs_g1_affine *final_rows;             /* [cs_final_row_count] commitments of a committed W(T) */
} cs_statement;

/** What the job says: no keys, no commitments, not complete. CS_ERR_MEMORY. Freed by cs_statement_free; empty after a
 * failure. */
cs_status cs_statement_from_job(cs_statement *out, const cs_job *job, const uint8_t *initial_digest);

/** Frees and empties; a zeroed one is fine. */
void cs_statement_free(cs_statement *s);

/** Appends the canonical encoding of a complete statement. CS_ERR_MEMORY. */
cs_status cs_statement_encode(cs_buffer *out, const cs_statement *s);

/** Section 6.8 before any equation: types, limits, parameters and their bound inequalities, distinct members, exact lengths,
 * points of the curve, and that encoding again gives the same bytes. CS_ERR_INPUT names the field. Freed by
 * cs_statement_free; empty after a failure. */
cs_status cs_statement_decode(cs_statement *out, const uint8_t *data, size_t size);

/** SHA-256("consort/seed/1", parameters, all dataset commitments, beacon): draws and W(0) follow from it. CS_ERR_MEMORY. */
cs_status cs_statement_seed(uint8_t out[32], const cs_statement *s);

/** What is known before training ends: everything but the final model, with the digest of W(0). CS_ERR_MEMORY. */
cs_status cs_statement_training_digest(uint8_t out[32], const cs_statement *s, const uint8_t initial_digest[32]);

/** Opens the proof's transcript: canonical encoding, seed, digests of W(0) and of the lookup table. CS_ERR_MEMORY. */
cs_status cs_statement_digest(uint8_t out[32], const cs_statement *s, const uint8_t seed[32],
                              const uint8_t initial_digest[32], const uint8_t table_digest[32]);

#endif
