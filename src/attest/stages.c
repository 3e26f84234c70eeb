#include "attest/stages.h"

#include <string.h>

#include "base/timer.h"

static void enter(cs_stages *s, const char *name) {
    const double now = cs_wall_seconds(), cpu = cs_cpu_seconds();
    if (s->n > 0) {
        s->seconds[s->n - 1] += now - s->since;
        s->cpu_seconds[s->n - 1] += cpu - s->cpu_since;
    }
    s->since = now;
    s->cpu_since = cpu;
    if (name == NULL || (s->n > 0 && strcmp(s->names[s->n - 1], name) == 0))
        return;
    if (s->n < CS_MAX_STAGES) {
        s->names[s->n] = name;
        s->cpu_seconds[s->n] = 0;
        s->seconds[s->n++] = 0;
    }
}

static void report(void *context, const char *stage, double fraction) {
    cs_stages *s = context;
    enter(s, stage);
    cs_progress_report(&s->listener, stage, fraction);
}

void cs_stages_start(cs_stages *s, const cs_progress *listener, const char *first) {
    *s = (cs_stages){0};
    if (listener != NULL)
        s->listener = *listener;
    report(s, first, 0);
}

cs_progress cs_stages_progress(cs_stages *s) {
    return (cs_progress){.fn = report, .context = s};
}

void cs_stages_stop(cs_stages *s) {
    enter(s, NULL);
}
