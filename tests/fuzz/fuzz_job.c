/* The job file: whatever is read has parameters that validate, a digest and a plan. */
#include <stdlib.h>

#include "attest/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cs_job job;
    cs_plan plan;
    uint8_t digest[32];
    if (cs_job_parse(&job, "job.json", data, size) != CS_OK)
        return 0;
    if (cs_params_validate(&job.params) != CS_OK || cs_job_digest(digest, &job, NULL) != CS_OK ||
        cs_plan_new(&plan, &job.params) != CS_OK)
        abort();
    cs_job_free(&job);
    return 0;
}
