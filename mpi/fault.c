#include "fault.h"

#ifdef CS_TAMPER

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
    const char *stage;
    cs_run_progress listener;
} fault;

static void hear(void *context, const char *stage, double done, double seconds_left) {
    (void)context;
    if (strcmp(stage, fault.stage) == 0)
        (void)raise(SIGKILL);
    if (fault.listener.fn != NULL)
        fault.listener.fn(fault.listener.context, stage, done, seconds_left);
}

static void die_after(double seconds) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)floor(seconds), .tv_nsec = (long)(1e9 * (seconds - floor(seconds))) + 1}};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
        (void)timer_settime(timer, 0, &when, NULL);
}

void cs_fault_install(cs_run_options *options, int rank) {
    const char *wanted = getenv("CONSORT_DIE"), *where = wanted != NULL ? strchr(wanted, '@') : NULL;
    if (where == NULL || atoi(wanted) != rank)
        return;
    char *end;
    const double seconds = strtod(where + 1, &end);
    if (end != where + 1 && *end == 0) {
        die_after(seconds);
        return;
    }
    fault.stage = where + 1;
    fault.listener = options->progress;
    options->progress = (cs_run_progress){.fn = hear};
}

#endif
