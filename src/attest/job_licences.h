/* Does a job keep to the licences of its datasets, and are these well formed? Known before anybody trains. Local. */
#ifndef CS_ATTEST_JOB_LICENCES_H
#define CS_ATTEST_JOB_LICENCES_H

#include "attest/job.h"
#include "provenance/trust.h"

/** For every certificate beside a dataset: it is about that dataset; its licence permits the day and the job's purpose; and
 * the most draws that the schedule and the limits of members[].datasets[] can give are within its quotas. With a trust list
 * (else NULL) its authority is on it. CS_REJECT of the kinds of certificates; CS_ERR_MEMORY. */
cs_status cs_job_check_licences(const cs_job *job, const cs_trust *trust, const char *at);

/** Verifies the well-formedness proofs of all members' datasets, which a training proof over them relies on. CS_REJECT
 * (proof), CS_ERR_INPUT, CS_ERR_IO, CS_ERR_MEMORY. */
cs_status cs_job_check_proofs(const cs_job *job);

#endif
