/* Fiat-Shamir: a SHA-256 chain. state' = SHA-256(state || "absorb" || label, length || data). Every label is in labels.h, so
 * that prover and verifier cannot spell one differently. Local; cannot fail. */
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
