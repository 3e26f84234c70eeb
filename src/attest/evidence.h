/* What comes with a statement besides its proof, in sections of the attestation: signatures, certificates and the datasets'
 * own proofs. Decoded, not judged. docs/formats.md has the sections byte by byte. Local. */
#ifndef CS_ATTEST_EVIDENCE_H
#define CS_ATTEST_EVIDENCE_H

#include "attest/container.h"
#include "attest/statement.h"
#include "provenance/certificate.h"
#include "provenance/sign.h"

/** Owns everything. Zero-initialise it. Certificates and proofs are in the order of members and their datasets, without
 * those that have none. */
typedef struct cs_evidence {
    size_t n_manifest, n_statement, n_certificates, n_proofs;
    cs_signature *manifest, *statement; /* on the digests of the manifest and of the statement */
    cs_certificate *certificates;
    cs_buffer *proofs; /* well-formedness proofs (provenance/wellformed.h) */
} cs_evidence;

void cs_evidence_free(cs_evidence *e);

/** Room for so many: all zero. CS_ERR_MEMORY. */
cs_status cs_evidence_new(cs_evidence *out, size_t n_manifest, size_t n_statement, size_t n_certificates, size_t n_proofs);

/** How many certificates and proofs a statement names. */
void cs_evidence_expected(size_t *certificates, size_t *proofs, const cs_statement *s);

/** Fills the sections SIGN, CERT and WELL of a container; what there is none of stays empty. CS_ERR_MEMORY. */
cs_status cs_evidence_encode(cs_container *c, const cs_evidence *e);

/** Reads them; `s` says how many certificates and proofs there are to be. `file` is for messages. CS_ERR_INPUT; CS_REJECT
 * (version, unknown, signature); CS_ERR_MEMORY. Freed by cs_evidence_free; empty after a failure. */
cs_status cs_evidence_decode(cs_evidence *out, const cs_container *c, const cs_statement *s, const char *file);

#endif
