/* The section TOLD of evidence: what a member signed when it was asked about steps in doubt, which convicts it without a
 * proof: of pads that are not those of its pair, or, if it has no data, of its addend (docs/formats.md). Local. */
#ifndef CS_ATTEST_ACCUSATION_TOLD_H
#define CS_ATTEST_ACCUSATION_TOLD_H

#include "attest/accusation.h"
#include "attest/attestation.h"

/** The section. `roots` and `shown` are owned and empty unless the offence is about pads; zero-initialise it. */
typedef struct cs_told_accusation {
    int member; /* among the statement's */
    cs_offence offence;
    uint8_t initial_digest[32]; /* of W(0), as it enters the statement's digest */
    cs_told_word word;          /* but its rank and the digest of its session */
    int with;                   /* the other rank of the pair */
    uint8_t roots_signature[CS_SENT_SIGNATURE_SIZE];
    cs_buffer roots, shown;
} cs_told_accusation;

void cs_told_accusation_free(cs_told_accusation *a);

/** As cs_accusation_encode and _decode. */
cs_status cs_told_encode(cs_buffer *out, const cs_told_accusation *a);
cs_status cs_told_decode(cs_told_accusation *out, const uint8_t *data, size_t size);

/** What the root has to show. Borrowed. */
typedef struct cs_told_trial {
    const cs_statement *statement;
    const uint8_t *initial_digest;
    const cs_doubted *about;
    const cs_attributed *seen;
    const cs_sent_sums *sums;
    int rank, member; /* the accused, in the run and in the statement */
    cs_offence offence;
} cs_told_trial;

/** Writes the evidence. CS_ERR_MEMORY, CS_ERR_IO. */
cs_status cs_told_write(const char *path, const cs_told_trial *t);

/** As cs_accusation_verify, of a file with that section. */
cs_status cs_told_judge(cs_accusation_report *out, const cs_attestation *file);

#endif
