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

enum { CS_STATEMENT_VERSION = 3 };

/** All pointers are owned. */
typedef struct cs_statement_member {
    char *name;               /* the job's, distinct */
    uint8_t key[32];          /* X25519, distinct */
    cs_signer signer;         /* whose signature the statement needs; identified: all members or none */
    cs_dataset_uses datasets; /* at least one once the datasets are committed */
} cs_statement_member;

/** Consecutive steps of a job that is cut into several attestations (attest/segments.h). */
typedef struct cs_segment {
    bool given;        /* else the statement is about the whole job, and the rest is zero */
    size_t from, to;   /* steps from..to-1 of the job's */
    uint8_t after[32]; /* from > 0: digest of the statement about the steps before, which ends at `from` */
} cs_segment;

/** All pointers are owned. */
typedef struct cs_statement {
    char *name;       /* the job's */
    char *purpose;    /* what the model is for; "" if nothing is said */
    cs_params params; /* of this statement's steps; `initial…` and `final…` are about these, too */
    cs_segment segment;
    cs_params whole;                           /* if it is a segment: of the job; else empty */
    cs_statement_member members[CS_MAX_RANKS]; /* [n_ranks] with data, in rank order; then [n_idle] without */
    size_t n_idle;                             /* members who took part without data: no part of the proof is theirs */
    cs_excluded excluded;                      /* members of the job who were left out of this run */
    char *beacon;                              /* public randomness drawn after the datasets were committed, "" if none */
    bool has_contributions;                    /* of all members, in the order above */
    uint8_t contributions[CS_MAX_RANKS][32];
    bool hidden;                     /* positions of draws stay with their members (protocol.md, 6.9) ... */
    size_t *last_pass[CS_MAX_RANKS]; /* ... who say how many records of each dataset the last pass draws: [datasets.n] */
    json_t *manifest;                /* body of the manifest that all members signed (attest/manifest.h), or NULL */
    bool has_previous;               /* the job's W(0) is the final model of another attestation ... */
    uint8_t previous[32];            /* ... of this digest */
    bool initial_given;              /* else W(0) comes from the seed */
    cs_g1_affine *initial_rows;      /* [cs_initial_row_count] commitments of a committed W(0) (params.initial_committed) */
    uint8_t initial_digest[32];      /* of a given W(0), or of those commitments (cs_statement_set_initial_rows) */
    bool complete;                   /* the final model is set: not so while training */
    uint8_t final_digest[32];        /* of a public W(T) (params.final_public) */
    cs_g1_affine *final_rows;        /* [cs_final_row_count] commitments of a committed W(T) */
} cs_statement;

/** All members, those without data included. */
static inline int cs_statement_members(const cs_statement *s) {
    return s->params.n_ranks + (int)s->n_idle;
}

/** W(0) is committed: copies rows[cs_initial_row_count], sets initial_digest to SHA-256("consort/initial-rows/1" NUL, their
 * encodings). CS_ERR_MEMORY. */
cs_status cs_statement_set_initial_rows(cs_statement *s, const cs_g1_affine *rows);

/** What the job says: no keys but pinned ones, contributions not yet known, datasets only if the job names documents, not
 * complete. CS_ERR_MEMORY. Freed by cs_statement_free; empty after a failure. */
cs_status cs_statement_from_job(cs_statement *out, const cs_job *job, const uint8_t *initial_digest);

/** Makes it a statement about steps from..to-1 of its job (whichever part it was about before), with `hidden_passes` in
 * them if draws are hidden. The caller sets segment.after, initial and final model and their forms. CS_ERR_INPUT,
 * CS_ERR_MEMORY. */
cs_status cs_statement_cut(cs_statement *s, size_t from, size_t to, size_t hidden_passes);

/** The whole job's parameters. */
const cs_params *cs_statement_job_params(const cs_statement *s);

/** Digest of the attestation whose final model is W(0) here: the segment before, or the job's `previous`. NULL: none. */
const uint8_t *cs_statement_before(const cs_statement *s);

/** Both are segments of one job in one run: they differ in nothing but the steps, and what follows from that. CS_ERR_MEMORY.
 */
cs_status cs_statement_same_run(bool *out, const cs_statement *a, const cs_statement *b);

/** Frees and empties; a zeroed one is fine. */
void cs_statement_free(cs_statement *s);

/** Appends the canonical encoding of a complete statement. CS_ERR_MEMORY. */
cs_status cs_statement_encode(cs_buffer *out, const cs_statement *s);

/** Section 6.8 before any equation: types, limits, parameters and their bound inequalities, distinct members, datasets that
 * fit, exact lengths, points of the curve, and that encoding again gives the same bytes. CS_ERR_INPUT names the field;
 * CS_REJECT of the kinds version and unknown for what this program does not know. Freed by cs_statement_free; empty after a
 * failure. */
cs_status cs_statement_decode(cs_statement *out, const uint8_t *data, size_t size);

/** SHA-256("consort/seed/2", parameters, digests and use of all datasets, contributions, digest of the manifest, beacon):
 * draws and W(0) follow from it. CS_ERR_MEMORY. */
cs_status cs_statement_seed(uint8_t out[32], const cs_statement *s);

/** Digest of the manifest's body. CS_ERR_MEMORY. */
cs_status cs_statement_manifest_digest(uint8_t out[32], const cs_statement *s);

/** What is known before training ends: everything but the final model, with the digest of W(0). CS_ERR_MEMORY. */
cs_status cs_statement_training_digest(uint8_t out[32], const cs_statement *s, const uint8_t initial_digest[32]);

/** Opens the proof's transcript and is what the members sign: canonical encoding, seed, digests of W(0) and of the lookup
 * table. CS_ERR_MEMORY. */
cs_status cs_statement_digest(uint8_t out[32], const cs_statement *s, const uint8_t seed[32],
                              const uint8_t initial_digest[32], const uint8_t table_digest[32]);

/** The members' datasets, out[n_ranks], borrowed. */
void cs_statement_uses(const cs_dataset_uses **out, const cs_statement *s);

#endif
