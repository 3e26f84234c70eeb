/* Why something well formed is refused: one kind per reason, each with a name and an exit status of its own. Local. */
#ifndef CS_PROVENANCE_REFUSAL_H
#define CS_PROVENANCE_REFUSAL_H

#include "base/error.h"

/** Never renumbered: exit statuses depend on it. */
typedef enum cs_refusal {
    CS_REFUSAL_NONE,
    CS_REFUSAL_PROOF,     /* a proof does not hold */
    CS_REFUSAL_AUTHORITY, /* the certificate is by nobody on the trust list */
    CS_REFUSAL_EXPIRED,   /* certificate or licence do not cover the date */
    CS_REFUSAL_DENIED,    /* the licence has its deny bit */
    CS_REFUSAL_QUOTA,     /* more draws than the licence allows */
    CS_REFUSAL_PURPOSE,   /* the licence does not permit the purpose */
    CS_REFUSAL_DATASET,   /* another dataset than the one certified or declared */
    CS_REFUSAL_SCHEMA,    /* the dataset's numbers mean something else than was certified */
    CS_REFUSAL_MANIFEST,  /* the manifest is not the one that was agreed on */
    CS_REFUSAL_SIGNATURE, /* a signature is missing, foreign or false */
    CS_REFUSAL_INITIAL,   /* W(0) is not the declared one */
    CS_REFUSAL_SEED,      /* a contribution to the seed is missing or not the one committed to */
    CS_REFUSAL_DRAWS,     /* records are not drawn as declared */
    CS_REFUSAL_CHAIN,     /* a segment does not follow the one before it */
    CS_REFUSAL_COMPUTE,   /* declared and proved amounts of work differ */
    CS_REFUSAL_EXPORT,    /* an exported document does not belong to the attestation */
    CS_REFUSAL_RING,      /* a hidden source is not shown to be in the set */
    CS_REFUSAL_VERSION,   /* a version of a document that this program does not know */
    CS_REFUSAL_UNKNOWN,   /* a field that this program does not know */
    CS_REFUSAL_POLICY,    /* what --require demands does not hold */
    CS_REFUSAL_COUNT
} cs_refusal;

/** Records the text and the kind (not NONE) and returns CS_REJECT. */
cs_status cs_refuse(cs_refusal kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The kind of this thread's last recorded failure: NONE if it was not a refusal of this list. */
cs_refusal cs_refusal_last(void);

/** "authority", "expired", …; static storage. */
const char *cs_refusal_name(cs_refusal kind);

/** Of the last failure, for people: "refused (ring)" for CS_REJECT with a kind, else cs_status_name(status). Written to
 * text[32], which is returned. */
const char *cs_refusal_status_name(char text[32], cs_status status);

/** What a program exits with: 20 + kind for CS_REJECT with a kind, else the status itself. Of the last failure. */
int cs_refusal_exit_status(cs_status status);

#endif
