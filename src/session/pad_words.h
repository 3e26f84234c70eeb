/* What a rank signs about pads (docs/protocol.md, 6.12): before training, to what keys of pads it commits; and in a session
 * about steps in doubt, what it told the root. Each signature names session, statement and rank. Local. */
#ifndef CS_SESSION_PAD_WORDS_H
#define CS_SESSION_PAD_WORDS_H

#include "session/sums_chain.h"

/** roots[n_ranks]: cs_pad_keys_root of its keys with each rank, zeros where there are none. Signed:
 * "consort/pads-signature/1", NUL, nonce, digest, rank as u32, SHA-256 of the roots. */
void cs_pad_roots_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who, const uint8_t (*roots)[32],
                       int n_ranks, const uint8_t *secret);
bool cs_pad_roots_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who,
                        const uint8_t (*roots)[32], int n_ranks, const uint8_t key[32]);

/** What it has told, and where it was then. The speaker's nonce and digest are those of the session about steps in doubt. */
typedef struct cs_told_word {
    cs_sums_speaker who;
    uint8_t drawn[32]; /* state of the transcript that it was shown, before e is drawn */
    uint8_t asked[32]; /* the same before it commits to its pads */
    uint8_t sent[32];  /* SHA-256 of what it told of its addends */
} cs_told_word;

/** Signed: "consort/told-signature/1", NUL, nonce, digest, rank as u32, drawn, asked, sent, SHA-256 of pads[size], which is
 * what it tells of its pads. */
void cs_told_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_told_word *word, const uint8_t *pads, size_t size,
                  const uint8_t *secret);
bool cs_told_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_told_word *word, const uint8_t *pads,
                   size_t size, const uint8_t key[32]);

#endif
