/* The provenance section of a model card: Markdown with YAML front matter, after Mitchell et al., "Model Cards for Model
 * Reporting" (2019), in the form that model hubs read. It says what was established and nothing else, and follows byte for
 * byte from the facts: whoever has the attestation can write it again and see every change. Local. */
#ifndef CS_PROVENANCE_EXPORT_MODEL_CARD_H
#define CS_PROVENANCE_EXPORT_MODEL_CARD_H

#include "provenance/facts.h"

/** Of model card and C2PA-style manifest: changes whenever the same facts would be written differently. */
enum { CS_EXPORT_VERSION = 1 };

/** Appends the card of one attestation's facts. Does not depend on `at`. CS_ERR_USAGE (cs_facts_check_judged),
 * CS_ERR_MEMORY. */
cs_status cs_export_model_card(cs_buffer *out, const cs_facts *f);

#endif
