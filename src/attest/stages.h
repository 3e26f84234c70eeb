/* Where the time of a run goes, on one rank: a listener of progress that keeps the seconds between one stage and the next,
 * by the clock and of this process's CPU, and a watch of the exchanges that keeps what they take. Passes on how far the
 * whole run is. Local. */
#ifndef CS_ATTEST_STAGES_H
#define CS_ATTEST_STAGES_H

#include <stddef.h>
#include <stdint.h>

#include "attest/forecast.h"
#include "base/progress.h"
#include "comm/comm.h"

enum { CS_MAX_STAGES = 24, CS_MAX_STAGE_WAITS = 128 };

/** Who wants to know how far a run is. `stage`: static name; done: 0..1 of the whole run, never less than before;
 * seconds_left: about, negative while nothing is known. Called when a stage begins and at most a few times a second. */
typedef struct cs_run_progress {
    void (*fn)(void *context, const char *stage, double done, double seconds_left); /* NULL: nobody */
    void *context;
} cs_run_progress;

/** What the exchanges of one tag took within one stage: seconds, frames awaited and sent. */
typedef struct cs_stage_wait {
    uint32_t stage, tag;
    uint64_t received, sent;
    double waiting, sending;
} cs_stage_wait;

typedef struct cs_stages {
    cs_run_progress listener;
    cs_forecast forecast;             /* n = 0: not known yet */
    size_t n, at;                     /* the current one: a stage may come again, in another round */
    const char *names[CS_MAX_STAGES]; /* static strings */
    double begun[CS_MAX_STAGES];      /* by cs_wall_seconds, for the first time */
    size_t round, rounds;             /* of a run in segments; the forecast is of one */
    double base[CS_MAX_STAGES];       /* `seconds` when this round began; zero in the first */
    double seconds[CS_MAX_STAGES], cpu_seconds[CS_MAX_STAGES];
    double waiting[CS_MAX_STAGES], sending[CS_MAX_STAGES]; /* in exchanges: parts of `seconds` */
    size_t n_waits;
    cs_stage_wait waits[CS_MAX_STAGE_WAITS]; /* those that fit; all are in `waiting` and `sending` */
    double since, cpu_since;
    double fraction, reported; /* of the current stage, as it said at that time */
    double done, told;         /* of the run, and when the listener heard of it */
} cs_stages;

/** Starts the clock in the stage `first`. */
void cs_stages_start(cs_stages *s, const cs_run_progress *listener, const char *first);

/** Round `round` of `rounds` begins. */
void cs_stages_round(cs_stages *s, size_t round, size_t rounds);

/** A progress that feeds `s`. */
cs_progress cs_stages_progress(cs_stages *s);

/** A watch that feeds `s`. */
cs_comm_watch cs_stages_watch(cs_stages *s);

/** Ends the current stage. */
void cs_stages_stop(cs_stages *s);

#endif
