/* Fiat-Shamir: a SHA-256 chain. Every label is in labels.h, so that prover and verifier cannot spell one differently.
 *
 *   start      state = SHA-256("consort/transcript/1"), then absorb(statement, digest)
 *   absorb     state = SHA-256(state || "absorb" || u32(|label|) || label || u64(|data|) || data)
 *   challenge  state = SHA-256(state || "challenge" || u32(|label|) || label);
 *              the 64 bytes SHA-256(state || "output" || 0) || SHA-256(state || "output" || 1), little-endian, mod r
 *
 * u32 and u64 are little-endian. Local; cannot fail. */
#ifndef CS_TRANSCRIPT_TRANSCRIPT_H
#define CS_TRANSCRIPT_TRANSCRIPT_H

#include "field/fr.h"
#include "transcript/labels.h"

typedef struct cs_transcript {
    uint8_t state[32];
} cs_transcript;

/** Starts with the statement's digest. */
void cs_transcript_init(cs_transcript *t, const uint8_t statement_digest[32]);

void cs_transcript_absorb(cs_transcript *t, cs_label label, const void *data, size_t size);

/** 64 bytes of SHA-256 output reduced mod r; the state moves on, so the next challenge is independent. */
cs_fr cs_transcript_challenge(cs_transcript *t, cs_label label);

#endif
