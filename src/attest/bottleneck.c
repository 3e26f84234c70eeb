#include "attest/bottleneck.h"

#include <math.h>

#include "base/text.h"

static const char *const DOING[] = {"computing", "waiting", "sending"};

static double computing(const cs_rank_figures *f, size_t stage) {
    return f->stage_seconds[stage] - f->stage_waiting[stage] - f->stage_sending[stage];
}

/* The rank for which `figure` is greatest. */
static int most(const cs_run_report *r, size_t stage, double (*figure)(const cs_rank_figures *, size_t)) {
    int best = 0;
    for (int i = 1; i < r->ranks; i++)
        if (figure(&r->per_rank[i], stage) > figure(&r->per_rank[best], stage))
            best = i;
    return best;
}

static double in_exchanges(const cs_rank_figures *f, size_t stage) {
    return fmax(f->stage_waiting[stage], f->stage_sending[stage]);
}

cs_bottleneck cs_bottleneck_find(const cs_run_report *r) {
    cs_bottleneck out = {0};
    for (size_t k = 0; k < r->stages.n; k++)
        if (r->stages.seconds[k] > out.seconds) {
            out.seconds = r->stages.seconds[k];
            out.stage = k;
        }
    const size_t k = out.stage;
    out.share = r->wall_seconds > 0 ? out.seconds / r->wall_seconds : 0;
    out.rank = most(r, k, computing);
    /* What comes after the finished proof is the root's: there are no figures of it. */
    const bool measured = r->per_rank[0].stage_seconds[k] > 0;
    if (measured && computing(&r->per_rank[out.rank], k) < out.seconds / 2) {
        out.rank = most(r, k, in_exchanges);
        const cs_rank_figures *f = &r->per_rank[out.rank];
        out.doing = f->stage_sending[k] > f->stage_waiting[k] ? CS_DOING_SENDING : CS_DOING_WAITING;
    }
    out.cpu = measured ? r->per_rank[out.rank].stage_cpu[k] : r->stages.cpu_seconds[k];
    return out;
}

void cs_bottleneck_to_text(cs_buffer *out, const cs_run_report *r) {
    const cs_bottleneck b = cs_bottleneck_find(r);
    cs_text_append(out, "bottleneck: %s on rank %d (%s), %.0f %% of the run, %s", r->stages.names[b.stage], b.rank,
                   r->members[b.rank], 100 * b.share, DOING[b.doing]);
    if (b.doing == CS_DOING_COMPUTING && b.cpu < 0.75 * b.seconds)
        cs_text_append(out, " (with a core for %.0f %% of that time)", 100 * b.cpu / b.seconds);
}

json_t *cs_bottleneck_to_json(const cs_run_report *r) {
    const cs_bottleneck b = cs_bottleneck_find(r);
    return json_pack("{s:s, s:i, s:s, s:f, s:f, s:f, s:s}", "stage", r->stages.names[b.stage], "rank", b.rank, "member",
                     r->members[b.rank], "seconds", b.seconds, "share", b.share, "cpu_seconds", b.cpu, "doing",
                     DOING[b.doing]);
}
