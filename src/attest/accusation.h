/* Evidence that a member cheated: what it signed, and what it was shown when it did. Anybody can judge it (session/judge.h);
 * docs/formats.md has the file byte by byte. Local. */
#ifndef CS_ATTEST_ACCUSATION_H
#define CS_ATTEST_ACCUSATION_H

#include "attest/statement.h"
#include "session/judge.h"
#include "train/attribution.h"

enum { CS_ACCUSATION_STAGE_BYTES = 32 };

/** The section DOUB: of a session about sums in doubt. Owns its buffers; zero-initialise it. */
typedef struct cs_doubt {
    cs_doubted about;    /* but the digest of the statement while training; no ranks: of another session */
    int speaker;         /* rank of the accused in the run, which counts idle members */
    cs_sums_word *words; /* [sums in doubt] of the accused */
    cs_buffer told[CS_TOLD_COUNT];
    cs_buffer rows; /* of CS_OFFENCE_WITNESS: commitments to all ranks' rows in the proof that failed, as there */
} cs_doubt;

void cs_doubt_free(cs_doubt *d);

/** What a session about steps in doubt must be, so that it can be judged at all; it gets the digest of the statement while
 * the ranks train. CS_ERR_INPUT. */
cs_status cs_doubt_check(cs_doubt *d, const cs_params *p, const uint8_t training_digest[32]);

/** As cs_accusation_encode and _decode. */
cs_status cs_doubt_encode(cs_buffer *out, const cs_doubt *d);
cs_status cs_doubt_decode(cs_doubt *out, const uint8_t *data, size_t size);

/** The section SENT. Owns its buffers; zero-initialise it. */
typedef struct cs_accusation {
    int rank;
    cs_offence offence;                        /* of what it is accused: what is found must be the same */
    char stage[CS_ACCUSATION_STAGE_BYTES + 1]; /* text of a label */
    uint8_t nonce[32];                         /* of the session */
    cs_sent sent;                              /* signed */
    cs_buffer common;                          /* masked values of the common variables and their blindings */
} cs_accusation;

void cs_accusation_free(cs_accusation *a);

/** Appends the section; decode reads exactly that: CS_ERR_INPUT for anything that would not be encoded so, CS_ERR_MEMORY.
 *  Empty after a failure. Nothing is judged. */
cs_status cs_accusation_encode(cs_buffer *out, const cs_accusation *a);
cs_status cs_accusation_decode(cs_accusation *out, const uint8_t *data, size_t size);

/** What a run has to show of the ranks that were judged. Borrowed. */
typedef struct cs_trial {
    const cs_statement *statement;
    const cs_model *initial, *final; /* as in an attestation: NULL if they are not in it */
    const uint8_t *proof;            /* [used] up to the last answers */
    size_t used;
    const cs_judge *judge;
    const cs_doubted *about; /* of a session about sums in doubt, or NULL */
    const cs_buffer *rows;   /* then: commitments to all ranks' rows in the proof that failed */
} cs_trial;

/** Writes the evidence against judge->ranks[k], whose signature holds. CS_ERR_MEMORY, CS_ERR_IO. */
cs_status cs_accusation_write(const char *path, const cs_trial *t, size_t k);

/** What evidence showed. */
typedef struct cs_accusation_report {
    int rank;
    char member[65];  /* its name in the job */
    cs_signer signer; /* who signed: the name and key that the statement has for it */
    char stage[CS_ACCUSATION_STAGE_BYTES + 1];
    const char *offence;       /* in words, static */
    char statement_digest[65]; /* of the run, hex */
    char nonce[65];            /* of the session, hex */
    size_t file_bytes, ranks;
    double seconds;
} cs_accusation_report;

/** CS_OK: the member did what the evidence says, whoever made the file. CS_REJECT: it does not show that (kind signature:
 * what it shows was not signed by the member). CS_ERR_INPUT, CS_ERR_IO, CS_ERR_MEMORY. */
cs_status cs_accusation_verify(cs_accusation_report *out, const char *path);

#endif
