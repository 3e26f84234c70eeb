/* What a rank signs of the sums of gradients that it makes with the others (docs/protocol.md, 6.12): a hash chain of its own
 * over all that it sends and shows while it trains, one signature a step. A signature covers all steps before it, so who has
 * the last one has all of them. Local.
 *
 * The chain is a transcript over SHA-256("consort/sums/1", NUL, session nonce, statement digest, rank as u32). In each step
 * it absorbs under "gradient" the view of the rank's pads, SHA-256 of the hashes of its padded addends of each rank's part,
 * and SHA-256 of how the vector is divided; then under "sums/shown" SHA-256 of the states of all ranks' chains with the
 * addends in them, as this rank knows them, and SHA-256 of the sums of its own part, unmasked. Then it is signed:
 * "consort/sums-signature/1", NUL, nonce, digest, rank as u32, number of the step from 1 as u64, state.
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

/** What a chain absorbs in a step, between `before` and what is signed. */
typedef struct cs_sums_word {
    uint8_t before[32];
    uint8_t view[32], sent[32], shape[32]; /* with the addends */
    uint8_t states[32], shown[32];         /* with the sums */
    uint8_t signature[CS_SENT_SIGNATURE_SIZE];
} cs_sums_word;

void cs_sums_begin(cs_transcript *chain, const cs_sums_speaker *who);

/** Addends, from word->view on; and sums, from word->states on. */
void cs_sums_addends(cs_transcript *chain, const cs_sums_word *word);
void cs_sums_shown(cs_transcript *chain, const cs_sums_word *word);

/** Where word->before leads. */
void cs_sums_after(cs_transcript *chain, const cs_sums_word *word);

/** Bytes of an entry that is an element of F, as in weight tables; entries of gradients have at most 8. */
enum { CS_SUMS_ELEMENT = 32 };

/** SHA-256, all u64: for each of n_ranks the first entry of its part of the vector, and how many; then bytes of an entry. */
void cs_sums_shape(uint8_t out[32], const size_t *starts, const size_t *counts, int n_ranks, size_t width);

/** SHA-256 of the states of chains[n_ranks]. */
void cs_sums_hash_states(uint8_t out[32], const cs_transcript *chains, int n_ranks);

/** `step` counts from 1. */
void cs_sums_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who, uint64_t step, const uint8_t state[32],
                  const uint8_t *secret);
bool cs_sums_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who, uint64_t step,
                   const uint8_t state[32], const uint8_t key[32]);

#endif
