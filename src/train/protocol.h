/* The training proof (sections 2 to 7 of docs/protocol.md): one protocol, run by the ranks to prove and by anyone to verify.
 */
#ifndef CS_TRAIN_PROTOCOL_H
#define CS_TRAIN_PROTOCOL_H

#include "base/progress.h"
#include "comm/comm.h"
#include "session/deferred.h"
#include "session/judge.h"
#include "session/keys.h"
#include "session/pads.h"
#include "train/instance.h"

/** Figures of one proof, for reports. */
typedef struct cs_proof_stats {
    size_t committed; /* integers committed by this rank, padding included */
    size_t lookups;   /* real lookups of this rank */
    size_t messages;  /* messages of the session */
    size_t variables, products, linears, rows, columns;
} cs_proof_stats;

/** Collective over comm. On the root `proof` receives the proof bytes; elsewhere it stays empty. The root has not verified
 * it yet. On failure every rank returns a failure: its own, or CS_ERR_RANK. `pads` continue the history of training. */
cs_status cs_train_prove(cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const cs_instance *instance, cs_shard *shard,
                         const cs_progress *progress, cs_buffer *proof, cs_proof_stats *stats);

/** Where in a proof the commitments to rank `rank`'s rows are: bytes at *at. CS_ERR_MEMORY. Local. */
cs_status cs_train_rows_of(const cs_instance *instance, int rank, size_t *at, size_t *size);

/** Could a proof of `size` bytes have the commitments of the witness? Before time and memory are taken for it. CS_ERR_INPUT.
 * Local. */
cs_status cs_train_check_size(const cs_params *p, const cs_blocks *blocks, size_t size);

/** Local. earlier: group equations of other proofs, which are checked with this one's for less than each by itself, or NULL:
 * CS_REJECT does not say then which proof is wrong. CS_OK: accepted. CS_REJECT: with the reason. CS_ERR_INPUT: malformed
 * (truncated, trailing data, bad point, scalar not reduced). */
cs_status cs_train_verify(const cs_instance *instance, const uint8_t *proof, size_t size, const cs_deferred *earlier,
                          cs_proof_stats *stats);

/** Local. Holds what ranks sent against the proof that the root showed, of which only the part up to the last answers is
 * read: *used bytes. judge->ranks say who is found guilty of what. CS_OK whatever is found; CS_ERR_INPUT or CS_REJECT: what
 * was shown, or what a rank is said to have sent, is malformed; CS_ERR_MEMORY. */
cs_status cs_train_judge(const cs_instance *instance, const uint8_t *proof, size_t size, cs_judge *judge, size_t *used);

#endif
