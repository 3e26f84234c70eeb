/* Where the time of a run goes: a listener of progress that keeps the seconds between one stage and the next, by the clock
 * and of this process's CPU. Local. */
#ifndef CS_ATTEST_STAGES_H
#define CS_ATTEST_STAGES_H

#include <stddef.h>

#include "base/progress.h"

enum { CS_MAX_STAGES = 24 };

typedef struct cs_stages {
    cs_progress listener; /* gets every report passed on */
    size_t n;
    const char *names[CS_MAX_STAGES]; /* static strings */
    double seconds[CS_MAX_STAGES], cpu_seconds[CS_MAX_STAGES];
    double since, cpu_since;
} cs_stages;

/** Starts the clock in the stage `first`. */
void cs_stages_start(cs_stages *s, const cs_progress *listener, const char *first);

/** A progress that feeds `s`. */
cs_progress cs_stages_progress(cs_stages *s);

/** Ends the current stage. */
void cs_stages_stop(cs_stages *s);

#endif
