/* The verification with all that it found, for the programs of this project; include/consort/verify.h is what others see.
 * Local. */
#ifndef CS_ATTEST_VERIFY_H
#define CS_ATTEST_VERIFY_H

#include "consort/verify.h"
#include "provenance/export_check.h"
#include "provenance/policy.h"

/** Facts are established when the status is CS_OK, or a policy or an export was refused; otherwise as far as it got. */
typedef struct cs_verify_result {
    cs_verify_report report;
    size_t n;
    cs_facts *facts; /* [n] of each attestation of the chain */
    bool has_verdict;
    cs_policy_verdict verdict; /* with options->policy_path */
    bool has_export;
    cs_export_report export; /* with options->export_path */
} cs_verify_result;

/** As cs_verify_chain; *out is the caller's:
 * cs_verify_result_free, also after a failure. */
cs_status cs_verify_attestations(cs_verify_result *out, const char *const *paths, size_t n,
                                 const cs_verify_options *options);

void cs_verify_result_free(cs_verify_result *r);

#endif
