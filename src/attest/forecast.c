#include "attest/forecast.h"

#include <math.h>
#include <string.h>

#include "attest/costs.h"

/* How much of the forecast has to be measured before the measured speed counts as much as the one above. */
static const double TRUST = 0.02;

/* Part of what was left of a stage that is still left when it takes longer than thought. */
static const double AT_LEAST = 0.05;

static void add(cs_forecast *f, const char *name, double seconds) {
    f->names[f->n] = name;
    f->seconds[f->n++] = seconds;
}

void cs_forecast_new(cs_forecast *out, const cs_plan *plan, const cs_params *p, double crowd) {
    cs_costs costs;
    cs_costs_new(&costs, plan, p);
    *out = (cs_forecast){0};
    add(out, "dataset commitments", crowd * costs.datasets);
    add(out, CS_FORECAST_TRAINING, crowd * costs.training);
    add(out, "commitments", crowd * costs.commitments);
    add(out, "relations", crowd * costs.relations);
    add(out, "lookups", crowd * costs.lookups);
    add(out, "opening", crowd * costs.opening);
    add(out, "finale", costs.finale);
    add(out, "verification", costs.verification);
}

static size_t index_of(const cs_forecast *f, const char *name) {
    size_t k = 0;
    while (k < f->n && strcmp(f->names[k], name) != 0)
        k++;
    return k;
}

double cs_forecast_left(const cs_forecast *f, const char *const *names, const double *seconds, size_t n, double fraction,
                        double since) {
    if (f->n == 0 || n == 0)
        return -1;
    double all = 0, expected = 0, measured = 0, later = 0;
    size_t next = 0;
    for (size_t k = 0; k < f->n; k++)
        all += f->seconds[k];
    for (size_t k = 0; k + 1 < n; k++) {
        const size_t i = index_of(f, names[k]);
        if (i < f->n) {
            expected += f->seconds[i];
            measured += seconds[k];
            next = i + 1;
        }
    }
    const size_t now = index_of(f, names[n - 1]);
    const double whole = now < f->n ? f->seconds[now] : 0, spent = now < f->n ? fmax(seconds[n - 1] - since, 0) : 0;
    for (size_t k = now < f->n ? now + 1 : next; k < f->n; k++)
        later += f->seconds[k];
    const double slower =
        (measured + (fraction > 0 ? spent : 0) + TRUST * all) / (expected + fraction * whole + TRUST * all);
    /* This stage: as forecast while little of it is done, as measured towards its end; and at least a little. */
    const double at_report = (1 - fraction) * ((1 - fraction) * slower * whole + (fraction > 0 ? spent : 0));
    return fmax(at_report - since, AT_LEAST * at_report) + slower * later;
}
