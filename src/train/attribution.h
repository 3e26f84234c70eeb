/* Who sent a wrong gradient (docs/protocol.md, 6.12). After a proof that failed, in a session of its own: each rank shows,
 * in commitments and under the same zero knowledge as a training proof, that what it added to the sums of some steps is the
 * gradient of the tensors that it committed to before. */
#ifndef CS_TRAIN_ATTRIBUTION_H
#define CS_TRAIN_ATTRIBUTION_H

#include "train/protocol.h"
#include "train/sent_sums.h"

/** The session in which the ranks trained. Borrowed. */
typedef struct cs_attribution {
    cs_sent_sums *sums;
    const cs_pads *pads;
    const uint8_t *nonce;    /* [32] */
    const cs_doubts *doubts; /* the same on all ranks; steps of which `sums` knows, at least one */
    const cs_buffer *proof;  /* root: what there was of the proof that failed; it begins with the commitments to rows */
} cs_attribution;

/** Collective over comm, after a new handshake (`keys`, `pads`). instance: of the proof that failed; shard: as there, but
 * that shard->rows has the rows of that proof (given), and record, signing and doubts are ignored. On the root `findings`
 * gets three words (u32) for each rank that is found guilty: rank, cs_offence, and the label of the stage; for
 * CS_OFFENCE_PADS the last one is the other rank of the pair, of which one lies. None: all gradients are those of committed
 * tensors. A rank takes part once after each training: CS_ERR_ABORT. CS_ERR_MEMORY: the root holds 16 bytes of each
 * parameter, rank and step in doubt. */
cs_status cs_train_attribute(cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const cs_instance *instance,
                             cs_shard *shard, const cs_attribution *a, cs_buffer *findings);

#endif
