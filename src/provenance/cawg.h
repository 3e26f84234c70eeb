/* Licences as CAWG training and data mining assertions, version 1.1 (Creator Assertions Working Group, 2025), which C2PA
 * manifests carry. Local.
 *
 *   {"label": "cawg.training-mining", "data": {"entries": {"cawg.ai_training": {"use": …, "constraint_info": …}, …}}}
 *
 * with the same value for all four entries that the specification defines: a licence says how records may be used, whatever
 * the use is called. "use" is notAllowed if the licence denies; allowed if it has no condition at all (any purpose, no
 * quota, no expiry, no attribution); else constrained. "constraint_info", a text by the specification, holds the licence as
 * canonical JSON, so that nothing is lost. */
#ifndef CS_PROVENANCE_CAWG_H
#define CS_PROVENANCE_CAWG_H

#include "provenance/licence.h"

/** The assertion. New; NULL without memory. */
json_t *cs_cawg_from_licence(const cs_licence *l);

/** The licence that cs_cawg_from_licence made the assertion of, exactly; one whose "use" says something else than its terms
 * is refused (UNKNOWN). Of assertions by others, which have no constraint_info: all four entries allowed, or all four
 * notAllowed, become a licence called "CAWG". Everything else, entries that differ and constraints in free text above all,
 * is refused (UNKNOWN): guessing would allow what nobody allowed. CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_cawg_to_licence(cs_licence *out, const cs_json *v);

#endif
