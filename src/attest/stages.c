#include "attest/stages.h"

#include <string.h>

#include "base/timer.h"

static const double TELL_SECONDS = 0.2;

static void add_time(cs_stages *s) {
    const double now = cs_wall_seconds(), cpu = cs_cpu_seconds();
    if (s->n > 0) {
        s->seconds[s->n - 1] += now - s->since;
        s->cpu_seconds[s->n - 1] += cpu - s->cpu_since;
    }
    s->since = now;
    s->cpu_since = cpu;
}

static void enter(cs_stages *s, const char *name) {
    add_time(s);
    if (name == NULL || s->n == CS_MAX_STAGES || (s->n > 0 && strcmp(s->names[s->n - 1], name) == 0))
        return;
    s->begun[s->n] = s->since;
    s->names[s->n++] = name;
    s->fraction = 0;
    s->told = 0;
}

static void tell(cs_stages *s) {
    double spent = 0;
    if (s->listener.fn == NULL || s->since - s->told < TELL_SECONDS)
        return;
    for (size_t k = 0; k < s->n; k++)
        spent += s->seconds[k];
    const double left = cs_forecast_left(&s->forecast, s->names, s->seconds, s->n, s->fraction, s->since - s->reported);
    const double done = left < 0 || spent <= 0 ? 0 : spent / (spent + left);
    s->done = done > s->done ? done : s->done;
    s->told = s->since;
    s->listener.fn(s->listener.context, s->names[s->n - 1], s->done, left);
}

static void report(void *context, const char *stage, double fraction) {
    cs_stages *s = context;
    enter(s, stage);
    s->fraction = fraction;
    s->reported = s->since;
    tell(s);
}

static cs_stage_wait *find(cs_stages *s, uint32_t tag) {
    const uint32_t stage = (uint32_t)s->n - 1;
    for (size_t k = s->n_waits; k-- > 0 && s->waits[k].stage == stage;)
        if (s->waits[k].tag == tag)
            return &s->waits[k];
    if (s->n_waits == CS_MAX_STAGE_WAITS)
        return NULL;
    s->waits[s->n_waits] = (cs_stage_wait){.stage = stage, .tag = tag};
    return &s->waits[s->n_waits++];
}

static void watch(void *context, uint32_t tag, cs_comm_doing doing, double seconds) {
    cs_stages *s = context;
    cs_stage_wait *w = find(s, tag);
    (doing == CS_COMM_WAITING ? s->waiting : s->sending)[s->n - 1] += seconds;
    if (w != NULL && doing == CS_COMM_WAITING) {
        w->received++;
        w->waiting += seconds;
    } else if (w != NULL) {
        w->sent++;
        w->sending += seconds;
    }
    if (s->listener.fn != NULL) {
        add_time(s);
        tell(s);
    }
}

void cs_stages_start(cs_stages *s, const cs_run_progress *listener, const char *first) {
    *s = (cs_stages){0};
    if (listener != NULL)
        s->listener = *listener;
    report(s, first, 0);
}

cs_progress cs_stages_progress(cs_stages *s) {
    return (cs_progress){.fn = report, .context = s};
}

cs_comm_watch cs_stages_watch(cs_stages *s) {
    return (cs_comm_watch){.fn = watch, .context = s};
}

void cs_stages_stop(cs_stages *s) {
    enter(s, NULL);
}
