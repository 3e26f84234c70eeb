/* An attestation, opened: container, statement and models decoded and validated (6.8), nothing proved yet. Local. */
#ifndef CS_ATTEST_ATTESTATION_H
#define CS_ATTEST_ATTESTATION_H

#include "attest/container.h"
#include "attest/derive.h"
#include "attest/evidence.h"

/** Owns everything. */
typedef struct cs_attestation {
    cs_container container;
    cs_statement statement;
    cs_evidence evidence;
    bool has_initial, has_final;
    cs_model initial, final; /* the given W(0); the released W(T) */
    size_t file_bytes;
    uint8_t digest[32]; /* SHA-256 of the file */
} cs_attestation;

/** Reads and validates the file. CS_ERR_INPUT, CS_ERR_IO, CS_ERR_MEMORY. Freed by cs_attestation_free; empty after a
 * failure. */
cs_status cs_attestation_open(cs_attestation *out, const char *path);

/** The same of an evidence file (attest/accusation.h): it has no signatures, certificates or datasets' proofs,
 * and if it has the section WORD nothing else. */
cs_status cs_attestation_open_evidence(cs_attestation *out, const char *path);

void cs_attestation_free(cs_attestation *a);

/** Seed, draws, W(0), table and the instance of the proof: cs_derived_new and cs_derived_complete. `a` must outlive `out`.
 */
cs_status cs_attestation_derive(cs_derived *out, const cs_attestation *a);

/** Fills a container with a complete statement, the models (NULL: none), the proof and the rest (copied). */
cs_status cs_attestation_pack(cs_container *out, const cs_statement *s, const cs_model *initial, const cs_model *final,
                              const cs_buffer *proof, const cs_evidence *evidence);

#endif
