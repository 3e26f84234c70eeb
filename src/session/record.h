/* What the root keeps of every rank until the run has succeeded, and what ranks sign, so that a cheat can be named and shown
 * (section 5, "Naming a cheat").
 *
 * Each rank keeps a hash chain over everything it sends while it proves: a transcript of its own (transcript/transcript.h)
 * that opens with SHA-256("consort/sent/1", NUL, session nonce, statement digest, rank as u32) and absorbs, in order,
 * commitments as they travel (64 bytes a point) under the label of their message, and at each answer the state of the common
 * transcript as the rank knows it ("sent/view") and the answer; what it tells the root, as it travels. With identities an
 * answer is signed: the label of CS_SENT_SIGNATURE, NUL, the state of that chain. So a signature covers all that the rank
 * sent and all that it was shown before, and nothing that anybody else claims about it. Local. */
#ifndef CS_SESSION_RECORD_H
#define CS_SESSION_RECORD_H

#include "base/buffer.h"
#include "curve/g1.h"
#include "transcript/transcript.h"

#define CS_SENT_SIGNATURE "consort/answer/1"

enum { CS_SENT_SIGNATURE_SIZE = 64, CS_SENT_POINT_SIZE = 64, CS_SENT_SCALAR_SIZE = 32 };

/** The two answers that a rank gives once per session. */
typedef enum cs_answer { CS_ANSWER_OPENING, CS_ANSWER_FINALE, CS_ANSWER_COUNT } cs_answer;

/** What a rank tells the root in a session about steps in doubt (train/attribution.h), in this order. */
typedef enum cs_told { CS_TOLD_SENT, CS_TOLD_PADS, CS_TOLD_COUNT } cs_told;

/** With what answers are signed: this rank's Ed25519 secret key in libsodium's form. Borrowed. */
typedef struct cs_signing {
    const uint8_t *secret; /* [64] */
} cs_signing;

/** What one rank sent. Commitments to witness rows are not in it: the proof has each rank's own. Zero-initialise it. */
typedef struct cs_sent {
    cs_buffer points;                  /* 64 bytes each, in order: its parts of sums of commitments */
    cs_buffer answer[CS_ANSWER_COUNT]; /* 32 bytes a scalar */
    cs_buffer told[CS_TOLD_COUNT];
    bool is_signed;                            /* is there a signature? */
    uint8_t signature[CS_SENT_SIGNATURE_SIZE]; /* of the finale's answer; not checked yet */
} cs_sent;

void cs_sent_free(cs_sent *s);

/** What the root shared out of the opening's argument, and what came back (witness/ipa.h). */
typedef struct cs_help {
    size_t size, rounds; /* of f; rounds played */
    cs_fr *f;            /* [size] as it was at first */
    cs_fr *challenges;   /* [rounds] */
    cs_g1_affine *parts; /* [rounds][n_ranks][2] of every rank but the root */
} cs_help;

/** All ranks' of one session. Zero-initialise it. */
typedef struct cs_record {
    int n_ranks;
    cs_help help;
    uint8_t nonce[32];
    cs_sent *ranks; /* [n_ranks] */
} cs_record;

/** Empties it and makes room. CS_ERR_MEMORY. */
cs_status cs_record_new(cs_record *r, int n_ranks);
void cs_record_free(cs_record *r);

/** The chain at its start. */
void cs_sent_begin(cs_transcript *chain, const uint8_t nonce[32], const uint8_t digest[32], int rank);

/** An answer, in the chain of the rank that was shown what made `view`. */
void cs_sent_answer(cs_transcript *chain, const cs_transcript *view, cs_label label, const cs_buffer *answer);

/** Signs the chain as it is; and checks such a signature. */
void cs_sent_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_transcript *chain, const cs_signing *signing);
bool cs_sent_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_transcript *chain, const uint8_t key[32]);

#endif
