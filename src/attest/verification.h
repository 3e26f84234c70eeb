/* A verification in progress: internal to src/attest/verify*.c. Everything local. */
#ifndef CS_ATTEST_VERIFICATION_H
#define CS_ATTEST_VERIFICATION_H

#include "attest/attestation.h"
#include "provenance/facts.h"
#include "provenance/trust.h"
#include "session/deferred.h"

typedef struct cs_verification {
    const cs_attestation *a;
    const cs_derived *d;
    const cs_trust *trust;  /* NULL: certificates are compared with the statement, and nobody's word is taken */
    const char *at;         /* the day at which they are judged */
    cs_facts *facts;        /* filled as far as things are shown */
    cs_deferred *equations; /* [a->evidence.n_proofs] of each dataset's proof, checked with the training proof's */
} cs_verification;

/** What the statement says, without judgement: everything in `facts` that needs no signature. CS_ERR_MEMORY. */
cs_status cs_verify_describe(const cs_verification *v);

/** The manifest is signed by all members and says what the statement says; contributions are there if they are to be; each
 * member signed the statement. CS_REJECT: manifest, signature, seed and the other kinds of cs_manifest_compare. */
cs_status cs_verify_agreement(const cs_verification *v);

/** Each certificate that the statement names is there and is about its dataset; its licence permits the day, the purpose and
 * the recomputed draws; and, with a trust list, its authority is on it. CS_REJECT: dataset, schema, authority, ring,
 * signature, expired, denied, purpose, quota. */
cs_status cs_verify_certificates(const cs_verification *v);

/** The datasets' own proofs hold for exactly the statement's documents, if v->equations do, which it fills. CS_REJECT
 * (proof, dataset), CS_ERR_INPUT. */
cs_status cs_verify_wellformed(const cs_verification *v);

/** After the equations of all proofs together do not hold: CS_REJECT (proof) that names a dataset whose own do not, CS_OK if
 * all datasets' do. Costs at most about as much as all of them, however many there are. CS_ERR_MEMORY. */
cs_status cs_verify_find_malformed(const cs_verification *v);

/** Attestation k of a chain, if it is a segment of a job and not the first, goes on where segment k - 1 of the same run ends
 * (`before`, NULL for k = 0). Comes before anything is derived: the work grows with the steps before. CS_REJECT: chain;
 * CS_ERR_MEMORY. */
cs_status cs_verify_segment(const cs_statement *before, const cs_statement *s, size_t k);

/** Attestation k of a chain, `chain[0..k]` being the facts so far, follows attestation k - 1, whose statement is `before`
 * (NULL for k = 0), and starts from the model that it ended with. A chain begins at its beginning. CS_REJECT: chain,
 * initial. */
cs_status cs_verify_link(const cs_statement *before, const cs_statement *s, const cs_facts *chain, size_t k);

/** Total quotas of licences hold for all draws of a dataset in the whole chain. CS_REJECT: quota. */
cs_status cs_verify_chain_quotas(const cs_facts *chain, size_t n);

#endif
