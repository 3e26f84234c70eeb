/* A C2PA-style manifest of a trained model: a manifest store in the JSON form that C2PA tools write (C2PA Technical
 * Specification 2.2; for models as assets its Guidance for AI and ML, section 7), signed as the other documents of this
 * folder are (provenance/sign.h), not in COSE. Field by field in docs/formats.md. Local. */
#ifndef CS_PROVENANCE_EXPORT_C2PA_H
#define CS_PROVENANCE_EXPORT_C2PA_H

#include "provenance/export_model_card.h"
#include "provenance/identity.h"

/** The body: one manifest for the model (assertions: asset type, hash of the released file, actions, and the facts, which
 * have the attestation's digest; ingredients: datasets and the model it started from) and one for each certificate
 * (assertions: the licence as training-and-data-mining entries, CAWG 1.1, and the certificate's facts). The model's
 * names its signer too: a signature alone does not cover the signer's name. All of it follows from facts and signer, and
 * does not depend on `at`. A new object. CS_ERR_USAGE (cs_facts_check_judged), CS_ERR_MEMORY. */
cs_status cs_export_c2pa_body(json_t **out, const cs_facts *f, const char *signer, const uint8_t key[32]);

/** Appends the document, canonical, signed by `me` under CS_SIGN_EXPORT. CS_ERR_USAGE, CS_ERR_MEMORY. */
cs_status cs_export_c2pa(cs_buffer *out, const cs_facts *f, const cs_secret_identity *me);

#endif
