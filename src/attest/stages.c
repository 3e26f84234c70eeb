#include "attest/stages.h"

#include <string.h>

#include "base/timer.h"

static const double TELL_SECONDS = 0.2;

static void add_time(cs_stages *s) {
    const double now = cs_wall_seconds(), cpu = cs_cpu_seconds();
    if (s->n > 0) {
        s->seconds[s->at] += now - s->since;
        s->cpu_seconds[s->at] += cpu - s->cpu_since;
    }
    s->since = now;
    s->cpu_since = cpu;
}

static void enter(cs_stages *s, const char *name) {
    size_t k = 0;
    add_time(s);
    if (name == NULL || (s->n > 0 && strcmp(s->names[s->at], name) == 0))
        return;
    while (k < s->n && strcmp(s->names[k], name) != 0)
        k++;
    if (k == CS_MAX_STAGES)
        return;
    if (k == s->n) {
        s->begun[k] = s->since;
        s->names[k] = name;
        s->n++;
    }
    s->at = k;
    s->fraction = 0;
    s->told = 0;
}

/* Of this round as forecast; of the others as long as those before it took, or as this one. */
static double seconds_left(const cs_stages *s) {
    double here[CS_MAX_STAGES], spent = 0, before = 0;
    for (size_t k = 0; k <= s->at; k++) {
        here[k] = s->seconds[k] - s->base[k];
        spent += here[k];
        if (k < s->at && s->seconds[k] > 0 && strcmp(s->names[k], CS_FORECAST_TRAINING) == 0)
            here[k] *= 1 - (s->waiting[k] + s->sending[k]) / s->seconds[k];
        before += s->base[k];
    }
    for (size_t k = s->at + 1; k < s->n; k++)
        before += s->base[k];
    const double left = cs_forecast_left(&s->forecast, s->names, here, s->at + 1, s->fraction, s->since - s->reported);
    if (left < 0 || s->rounds <= s->round + 1)
        return left;
    return left + (double)(s->rounds - s->round - 1) * (s->round > 0 ? before / (double)s->round : spent + left);
}

static void tell(cs_stages *s) {
    double spent = 0;
    if (s->listener.fn == NULL || s->since - s->told < TELL_SECONDS)
        return;
    for (size_t k = 0; k < s->n; k++)
        spent += s->seconds[k];
    const double left = seconds_left(s);
    const double done = left < 0 || spent <= 0 ? 0 : spent / (spent + left);
    s->done = done > s->done ? done : s->done;
    s->told = s->since;
    s->listener.fn(s->listener.context, s->names[s->at], s->done, left);
}

void cs_stages_round(cs_stages *s, size_t round, size_t rounds) {
    add_time(s);
    s->round = round;
    s->rounds = rounds;
    if (round > 0)
        memcpy(s->base, s->seconds, sizeof s->base);
}

static void report(void *context, const char *stage, double fraction) {
    cs_stages *s = context;
    enter(s, stage);
    s->fraction = fraction;
    s->reported = s->since;
    tell(s);
}

static cs_stage_wait *find(cs_stages *s, uint32_t tag) {
    const uint32_t stage = (uint32_t)s->at;
    for (size_t k = s->n_waits; k-- > 0;)
        if (s->waits[k].stage == stage && s->waits[k].tag == tag)
            return &s->waits[k];
    if (s->n_waits == CS_MAX_STAGE_WAITS)
        return NULL;
    s->waits[s->n_waits] = (cs_stage_wait){.stage = stage, .tag = tag};
    return &s->waits[s->n_waits++];
}

static void watch(void *context, uint32_t tag, cs_comm_doing doing, double seconds) {
    cs_stages *s = context;
    cs_stage_wait *w = find(s, tag);
    (doing == CS_COMM_WAITING ? s->waiting : s->sending)[s->at] += seconds;
    if (w != NULL && doing == CS_COMM_WAITING) {
        w->received++;
        w->waiting += seconds;
    } else if (w != NULL) {
        w->sent++;
        w->sending += seconds;
    }
    if (s->listener.fn != NULL && cs_wall_seconds() - s->told >= TELL_SECONDS) { /* asking for CPU time takes longer */
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
