/* What a rank signs of the sums of gradients that it makes with the others (docs/protocol.md, 6.12): a hash chain of its own
 * over all that it sends and shows while it trains, one signature a step. A signature covers all steps before it, so who has
 * the last one has all of them. Local.
 *
 *   start    state = transcript over SHA-256("consort/sums/1", NUL, session nonce, statement digest, rank as u32)
 *   addends  absorbs under "gradient": SHA-256(view of the rank's pads, then SHA-256 of its padded addends of each rank's
 * part) sums     absorbs under "sums/shown": SHA-256 of the states of all ranks' chains once the addends are in them, as
 * this rank knows them; SHA-256 of the sums of its own part, unmasked; and the bytes of an entry, as u32 signed   after the
 * sums: "consort/sums-signature/1", NUL, nonce, digest, rank as u32, number of the step from 1 as u64, state
 *
 * So by its signature a rank says: these addends I sent, under pads of this view; those of the others with these hashes
 * reached me; these sums I showed. */
#ifndef CS_SESSION_SUMS_CHAIN_H
#define CS_SESSION_SUMS_CHAIN_H

#include "session/record.h"

/** Whose words they are, and in which session. */
typedef struct cs_sums_speaker {
    uint8_t nonce[32], digest[32]; /* of the session, of the statement while it trains */
    int rank;
} cs_sums_speaker;

void cs_sums_begin(cs_transcript *chain, const cs_sums_speaker *who);

/** hashes[32 n_ranks]. */
void cs_sums_addends(cs_transcript *chain, const uint8_t view[32], const uint8_t *hashes, int n_ranks);
void cs_sums_shown(cs_transcript *chain, const uint8_t states[32], const uint8_t sums[32], size_t width);

/** SHA-256 of the states of chains[n_ranks]. */
void cs_sums_hash_states(uint8_t out[32], const cs_transcript *chains, int n_ranks);

/** `step` counts from 1. */
void cs_sums_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who, uint64_t step, const uint8_t state[32],
                  const uint8_t *secret);
bool cs_sums_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who, uint64_t step,
                   const uint8_t state[32], const uint8_t key[32]);

#endif
