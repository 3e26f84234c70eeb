/* What somebody demands of a model before using it: policy.json (docs/formats.md), compared with established facts. Local.
 */
#ifndef CS_PROVENANCE_POLICY_H
#define CS_PROVENANCE_POLICY_H

#include "provenance/facts.h"

enum { CS_POLICY_VERSION = 1 };

/** Longest policy file in bytes. */
#define CS_POLICY_MAX_BYTES ((size_t)1 << 20)

/** Both ends are included; 0 and UINT64_MAX where nothing is demanded. */
typedef struct cs_policy_bounds {
    uint64_t at_least, at_most;
} cs_policy_bounds;

/** A member that must be there. */
typedef struct cs_policy_member {
    char *name; /* owned */
    uint8_t ed25519[32];
} cs_policy_member;

/** Demands. What is absent from the file is not demanded. */
typedef struct cs_policy {
    cs_policy_bounds steps, draws, multiply_adds; /* of the whole chain */
    char *purpose;                                /* owned; NULL if not demanded */
    cs_policy_member *members;                    /* [n_members], owned: exactly these, in any order; NULL if not demanded */
    size_t n_members;
    bool datasets_certified; /* every dataset has a certificate */
    bool hidden_refused;     /* every certificate names its authority */
    bool all_signed;         /* every member signed the manifest and the final statement */
} cs_policy;

/** One demand that does not hold. */
typedef struct cs_policy_unmet {
    char field[32]; /* "steps.at_most", "purpose", … */
    char demanded[256], found[256];
} cs_policy_unmet;

/** Most demands that one policy can hold. */
enum { CS_POLICY_DEMANDS = 11 };

/** Of a comparison: how many demands the policy made, and those not met, in the order of the fields above. */
typedef struct cs_policy_verdict {
    size_t demands, n_unmet;
    cs_policy_unmet unmet[CS_POLICY_DEMANDS];
} cs_policy_verdict;

/** Reads and validates: all fields known, unknown ones refused. `name` is for messages. CS_ERR_INPUT, CS_ERR_MEMORY. Freed
 * by cs_policy_free; empty after a failure. */
cs_status cs_policy_decode(cs_policy *out, const char *name, const uint8_t *data, size_t size);

/** cs_policy_decode of a file. Also CS_ERR_IO. */
cs_status cs_policy_load(cs_policy *out, const char *path);

/** Frees and empties; a zeroed one is fine. */
void cs_policy_free(cs_policy *p);

/** Compares with chain[n], the facts of one attestation (n = 1) or of a verified chain, first segment first. Bounds hold for
 * the sum over the chain, all other demands for each segment. If the first segment has a predecessor that was not verified
 * with it, no bound from above is met. CS_OK if all demands are met; else CS_REJECT (COMPUTE if a bound of steps, draws or
 * multiply-adds is unmet, else POLICY) with a text that names the first. `verdict` may be NULL. */
cs_status cs_policy_check(cs_policy_verdict *verdict, const cs_policy *p, const cs_facts *chain, size_t n);

/** {"demands": n, "unmet": [{"field", "demanded", "found"}, …]}. New; NULL without memory. */
json_t *cs_policy_verdict_to_json(const cs_policy_verdict *v);

/** One line for each demand that is not met, or one that says how many are. Lack of memory is sticky in the buffer. */
void cs_policy_verdict_to_text(cs_buffer *out, const cs_policy_verdict *v);

#endif
