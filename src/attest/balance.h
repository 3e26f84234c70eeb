/* What each rank of a run has to do by itself, and what is divided by it and by the ranks' speeds: parts of sums of
 * gradients and weight tables (cs_comm_sum), and ranges of the first weights in those tables. Nothing of a proof depends on
 * it. Integers only: all ranks come to the same shares from the same figures. Local. */
#ifndef CS_ATTEST_BALANCE_H
#define CS_ATTEST_BALANCE_H

#include "attest/plan.h"

/** Nanoseconds of CPU on the plan's machine, about: what counts is how they compare. */
typedef struct cs_loads {
    uint64_t own[CS_MAX_RANKS]; /* [cs_job_members], by rank: what only that rank can do */
    uint64_t divisible;         /* what all do together */
} cs_loads;

/** `plan` is that of the job, or of a segment of it. */
void cs_loads_of(cs_loads *out, const cs_plan *plan, const cs_job *job);

/** Lines for people: what is divided, what cannot be, and the members' shares if all are as fast. Lack of memory is sticky
 * in the buffer. */
void cs_loads_to_text(cs_buffer *out, const cs_plan *plan, const cs_job *job);

/** How fast this thread multiplies field elements, about CS_SPEED_NORMAL (comm/shares.h) on the plan's machine: the best of
 * a few tries, in about 3 ms. From 1 to 2^16, times `factor` (> 0). The numbers that it works on are public. */
uint32_t cs_speed_measure(double factor);

/** speed[n] as measured by the ranks becomes what it is to the middle one, CS_SPEED_NORMAL if it is within a third of it:
 * measurements on busy machines differ by as much. Zeros count as ones. */
void cs_speed_compare(uint32_t *speed, size_t n);

#endif
