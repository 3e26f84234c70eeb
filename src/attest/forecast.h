/* When a run will be done: the plan's counts times what each costs give every stage's share, and the stages measured so far
 * give the speed. Local. */
#ifndef CS_ATTEST_FORECAST_H
#define CS_ATTEST_FORECAST_H

#include <stddef.h>

#include "attest/plan.h"

enum { CS_FORECAST_STAGES = 8 };

/** Seconds that each stage would take, in order. */
typedef struct cs_forecast {
    size_t n;
    const char *names[CS_FORECAST_STAGES]; /* static strings */
    double seconds[CS_FORECAST_STAGES];
} cs_forecast;

/** `crowd`: ranks that share a core; stages of the root alone have it for themselves. */
void cs_forecast_new(cs_forecast *out, const cs_plan *plan, const cs_params *p, double crowd);

/** The stage whose waiting says nothing of the others': it has as many exchanges as steps. */
#define CS_FORECAST_TRAINING "training"

/** Seconds left, given the stages so far and what they took. The last one is under way: `since` seconds ago 0..1 of it was
 * done (0: not known). -1 while f->n = 0. */
double cs_forecast_left(const cs_forecast *f, const char *const *names, const double *seconds, size_t n, double fraction,
                        double since);

#endif
