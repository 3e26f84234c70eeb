/* Internal to src/train/attribution*.c. */
#ifndef CS_TRAIN_ATTRIBUTION_PARTS_H
#define CS_TRAIN_ATTRIBUTION_PARTS_H

#include "train/attribution.h"
#include "train/proof.h"

enum { CS_TOLD_INTEGER = 16 };

/** The state of one run of the protocol, in either role. */
typedef struct cs_naming {
    const cs_doubted *about;
    const cs_attribution *a; /* prover */
    size_t entries;          /* of a sum */
    cs_axis k[CS_MAX_LAYERS + 1], j[CS_MAX_LAYERS + 1];
    cs_fr lambda, mu;             /* powers of the first weigh steps, of the second layers */
    cs_fr *step_weights;          /* [2^step bits] */
    cs_expr totals[CS_MAX_RANKS]; /* <e, gradient> of each rank with data */
    cs_fr mine;
    size_t row; /* of the ledger: commitment to the first rank's <e, gradient> */
} cs_naming;

void cs_naming_init(cs_naming *n, const cs_doubted *about);
void cs_naming_free(cs_naming *n, int n_ranks);

/** The digest of the session, from that of the statement. */
void cs_naming_digest(uint8_t out[32], const uint8_t statement[32], const cs_doubted *about);

/** The protocol. */
cs_status cs_naming_run(cs_proof *p);

/** <e, values>: integers of all steps in doubt, those of a step `stride` bytes after those of the one before. */
cs_status cs_naming_combine(const cs_proof *p, const uint8_t *values, size_t stride, cs_fr *out);

/** Bytes that a rank tells of one step, of which the first are hashes. */
size_t cs_naming_hashes(const cs_doubted *d);
size_t cs_naming_step(const cs_naming *n);

/** Root: judges all ranks by what it has in `out`, and appends what it finds. */
cs_status cs_naming_judge(const cs_naming *n, const cs_instance *instance, cs_attributed *out);

#endif
