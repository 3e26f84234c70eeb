/* A policy: what is read can be compared with facts, and what is refused leaves nothing behind. */
#include <stdlib.h>

#include "base/memory.h"
#include "provenance/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const size_t before = cs_memory_live();
    cs_facts nothing = {0};
    cs_policy policy;
    cs_policy_verdict verdict;
    if (cs_policy_decode(&policy, "policy.json", data, size) == CS_OK) {
        const cs_status status = cs_policy_check(&verdict, &policy, &nothing, 1);
        if (verdict.demands > CS_POLICY_DEMANDS || verdict.n_unmet > verdict.demands ||
            (status == CS_OK) != (verdict.n_unmet == 0))
            abort();
        cs_policy_free(&policy);
    }
    if (cs_memory_live() != before)
        abort();
    return 0;
}
