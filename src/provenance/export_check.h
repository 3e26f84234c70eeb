/* Whether an exported document is what an attestation's facts give: not one character more, less or other. Local. */
#ifndef CS_PROVENANCE_EXPORT_CHECK_H
#define CS_PROVENANCE_EXPORT_CHECK_H

#include "provenance/export_c2pa.h"

/** Longest exported document in bytes. */
#define CS_EXPORT_MAX_BYTES ((size_t)1 << 26)

/** What was checked. */
typedef struct cs_export_report {
    bool c2pa;           /* a C2PA-style manifest; else a model card */
    cs_signature signer; /* of the manifest: anybody may sign one, its content is checked without trust in the signer */
} cs_export_report;

/** The document at `path`, by its first byte: '{' is a C2PA-style manifest, anything else a model card. CS_OK if it is the
 * unedited export of `f` by this version of the program's export format. CS_REJECT (EXPORT) with the first place that
 * differs otherwise. CS_ERR_USAGE if certificates were not judged (cs_facts_check_judged), CS_ERR_IO, CS_ERR_MEMORY.
 * `report` may be NULL. */
cs_status cs_export_check(cs_export_report *report, const char *path, const cs_facts *f);

#endif
