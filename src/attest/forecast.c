#include "attest/forecast.h"

#include <math.h>
#include <string.h>

/* Measured with 64-bit arithmetic (mulx) on one core of an EPYC at about 4 GHz, seconds per unit. Only their proportions
 * matter once a tenth of a run is measured. */
static const double TRAIN_PRODUCT = 1.0e-9;     /* a multiplication and addition of training */
static const double TRAIN_PAD = 5e-9;           /* a gradient's entry, for each rank and step */
static const double DATASET_COLUMN = 2.0e-5;    /* generators and their tables */
static const double COMMIT_ENTRY = 2.6e-7;      /* an integer in a row commitment */
static const double COMMIT_COLUMN = 1.0e-4;     /* the tables of a column, whatever the number of rows */
static const double RELATION_ENTRY = 1.3e-7;    /* an integer in the relations */
static const double RELATION_MESSAGE = 3.0e-4;  /* a message, for each rank */
static const double LOOKUP_LEAF = 4.6e-7;       /* a leaf of the fraction tree */
static const double OPEN_ENTRY = 7.0e-8;        /* an integer in the batch opening */
static const double OPEN_COLUMN = 2.0e-5;       /* a column there */
static const double FINALE_MESSAGE = 4.0e-4;    /* a message in the finale, */
static const double FINALE_RANK_MESSAGE = 8e-5; /* and for each rank */
static const double VERIFY_POINT = 1.3e-5;      /* a point of the verifier's multi-scalar multiplication */

/* How much of the forecast has to be measured before the measured speed counts as much as the one above. */
static const double TRUST = 0.02;

/* Part of what was left of a stage that is still left when it takes longer than thought. */
static const double AT_LEAST = 0.05;

static void add(cs_forecast *f, const char *name, double seconds) {
    f->names[f->n] = name;
    f->seconds[f->n++] = seconds;
}

void cs_forecast_new(cs_forecast *out, const cs_plan *plan, const cs_params *p, double crowd) {
    const double entries = (double)plan->committed_integers, columns = (double)plan->columns, ranks = p->n_ranks;
    const double leaves = (double)plan->lookup_leaves + (double)plan->table_rows, messages = (double)plan->messages;
    const double steps = (double)plan->steps, weights = (double)plan->parameters;
    *out = (cs_forecast){0};
    add(out, "dataset commitments", crowd * columns * DATASET_COLUMN);
    add(out, CS_FORECAST_TRAINING,
        crowd * steps * weights * (6 * (double)p->batch * TRAIN_PRODUCT + (ranks > 1 ? ranks * TRAIN_PAD : 0)));
    add(out, "commitments", crowd * columns * ((double)plan->rank_rows * COMMIT_ENTRY + COMMIT_COLUMN));
    add(out, "relations", crowd * (entries * RELATION_ENTRY + messages * ranks * RELATION_MESSAGE));
    add(out, "lookups", crowd * leaves * LOOKUP_LEAF);
    add(out, "opening", crowd * (entries * OPEN_ENTRY + columns * OPEN_COLUMN));
    add(out, "finale", messages * (FINALE_MESSAGE + ranks * FINALE_RANK_MESSAGE));
    add(out, "verification", plan->msm_points * VERIFY_POINT);
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
