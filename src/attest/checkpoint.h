/* The head of a checkpoint: what it is about, before what is in it (docs/formats.md). Local. */
#ifndef CS_ATTEST_CHECKPOINT_H
#define CS_ATTEST_CHECKPOINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pipe.h"
#include "curve/g1.h"
#include "train/params.h"

#define CS_CHECKPOINT_MAGIC "consort check 2\n"

/** Where a run was when it was saved. */
typedef enum cs_checkpoint_stage {
    CS_CHECKPOINT_TRAINING, /* `done` steps of the segment are made, from none to all */
    CS_CHECKPOINT_COMMITTED /* all of them, and the witness is committed to */
} cs_checkpoint_stage;

enum { CS_CHECKPOINT_COUNTERS = 5 };

typedef struct cs_checkpoint_head {
    uint8_t run[32];   /* nonce of the run's first session: the same on all ranks and in all resumed sessions */
    uint8_t state[32]; /* digest of where the run was, the same on all ranks */
    uint8_t job[32];   /* digest that the handshake compares */
    uint8_t seed[32];  /* of the statement: datasets, parameters, contributions */
    uint8_t draws[32]; /* this rank's secret seed of hidden draws in this segment; else zero */
    uint8_t after[32]; /* digest of the statement of the segment before; zero in the first */
    size_t rank, ranks;
    size_t sequence; /* saves of the run before this one */
    size_t segments, segment, done;
    cs_checkpoint_stage stage;
    bool contributions;
    uint64_t counters[CS_CHECKPOINT_COUNTERS]; /* committed, lookups, messages, bytes of proofs and files so far */
    uint8_t members[CS_MAX_RANKS][32];         /* [ranks] X25519 keys */
    uint8_t contribution[CS_MAX_RANKS][32];    /* [ranks] if there are any; else zero */
} cs_checkpoint_head;

cs_status cs_checkpoint_write_head(const cs_writer *out, const cs_checkpoint_head *head);

/** Every number within its range. CS_ERR_INPUT; what the reader fails with. */
cs_status cs_checkpoint_read_head(cs_checkpoint_head *out, const cs_reader *in);

/** Commitments and blindings, 32 bytes each. Reading allocates *out[n], the caller's also after a failure: CS_ERR_INPUT for
 * what is not on the curve, or not reduced; CS_ERR_MEMORY. */
cs_status cs_checkpoint_write_points(const cs_writer *out, const cs_g1_affine *points, size_t n);
cs_status cs_checkpoint_read_points(cs_g1_affine **out, size_t n, const cs_reader *in);
cs_status cs_checkpoint_write_scalars(const cs_writer *out, const cs_fr *x, size_t n);
cs_status cs_checkpoint_read_scalars(cs_fr **out, size_t n, const cs_reader *in);

#endif
