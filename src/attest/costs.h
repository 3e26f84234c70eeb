/* What a run costs a rank in CPU time, stage by stage: the plan's counts times what each costs with the instruction set in
 * use. Local. */
#ifndef CS_ATTEST_COSTS_H
#define CS_ATTEST_COSTS_H

#include "attest/plan.h"

/** Seconds of one core. */
typedef struct cs_costs {
    double input, datasets, training, commitments, relations, lookups, opening, finale, verification;
} cs_costs;

/** Of a plan of this job, or of a segment of it. Of the plan it reads counts only. */
void cs_costs_new(cs_costs *out, const cs_plan *plan, const cs_params *job);

#endif
