#include "attest/forecast.h"

#include <math.h>
#include <string.h>

#include "base/bits.h"

/* Measured with 64-bit arithmetic (mulx) on one core of an EPYC, benchmarks/forecast.sh: CPU seconds per unit. Only their
 * proportions matter once a tenth of a run is measured. */
static const double TRAIN_PRODUCT = 4.5e-11;  /* a multiplication or addition of training */
static const double TRAIN_WEIGHT = 1.1e-8;    /* a weight and step; */
static const double TRAIN_MASK = 1.2e-8;      /* with several ranks, */
static const double TRAIN_PAD = 2.0e-9;       /* and for each other one */
static const double TRAIN_UNIT = 0.9e-8;      /* a feature or activation of a draw */
static const double TRAIN_START = 0.008;      /* draws, first model, table */
static const double TRAIN_STEP = 0.5e-4;      /* a step, whatever its size; and for each other rank */
static const double DATASET_COLUMN = 2.8e-5;  /* generators and tables or buckets */
static const double CERTIFIED = 0.01;         /* datasets that are committed already */
static const double DATASET_ENTRY = 2.0e-7;   /* an integer of a dataset that the run commits to */
static const double COMMIT_ENTRY = 3.6e-7;    /* an integer in a row commitment */
static const double COMMIT_COLUMN = 6.6e-5;   /* multiplicities, tables and buckets, whatever the number of rows */
static const double RELATION_ENTRY = 6.5e-8;  /* an integer in the relations */
static const double RELATION_RECORD = 1.3e-8; /* a feature of a draw */
static const double RELATION_TABLE = 6.5e-7;  /* an entry of a weight table; */
static const double RELATION_PADS = 0.3e-6;   /* with several ranks */
static const double RELATION_MESSAGE = 2.0e-4;
static const double LOOKUP_LEAF = 3.2e-7; /* a leaf of the fraction tree that is stored */
static const double LOOKUP_ROW = 2.3e-7;  /* a row of the table */
static const double OPEN_ENTRY = 5.0e-8;  /* an integer in the batch opening */
static const double OPEN_COLUMN = 7.0e-5; /* a column there */
static const double FINALE_MESSAGE = 4.8e-4;
static const double FINALE_RANK_MESSAGE = 5.0e-5; /* for each rank */
static const double VERIFY_POINT = 1.3e-5;        /* a point of the verifier's multi-scalar multiplication */
static const double VERIFY_SCALAR = 7.0e-8;       /* a public weight or a draw */

/* How much of the forecast has to be measured before the measured speed counts as much as the one above. */
static const double TRUST = 0.02;

/* Part of what was left of a stage that is still left when it takes longer than thought. */
static const double AT_LEAST = 0.05;

static void add(cs_forecast *f, const char *name, double seconds) {
    f->names[f->n] = name;
    f->seconds[f->n++] = seconds;
}

static double training(const cs_plan *plan, const cs_params *p) {
    const double others = p->n_ranks - 1, masks = others > 0 ? TRAIN_MASK + others * TRAIN_PAD : 0;
    double units = 0;
    for (size_t l = 0; l <= p->layers; l++)
        units += (double)p->widths[l];
    return TRAIN_START +
           (double)plan->steps * ((others + 1) * TRAIN_STEP + (double)p->batch * units * TRAIN_UNIT +
                                  (double)plan->parameters * (6 * (double)p->batch * TRAIN_PRODUCT + TRAIN_WEIGHT + masks));
}

static double relations(const cs_plan *plan, const cs_params *p) {
    double tables = 0;
    for (size_t l = 1; l <= p->layers; l++)
        tables += (double)(p->widths[l - 1] + 1) + (l > 1 ? (double)p->widths[l] : 0);
    const double steps = (double)plan->steps, entry = RELATION_TABLE + (p->n_ranks > 1 ? RELATION_PADS : 0);
    const double entries = (double)(plan->committed_integers - (p->certified ? plan->dataset_integers : 0));
    return entries * RELATION_ENTRY + steps * (double)p->batch * (double)p->widths[0] * RELATION_RECORD +
           steps * tables * entry + (double)plan->messages * RELATION_MESSAGE;
}

void cs_forecast_new(cs_forecast *out, const cs_plan *plan, const cs_params *p, double crowd) {
    const double columns = (double)plan->columns, ranks = p->n_ranks, messages = (double)plan->messages;
    const double datasets = (double)plan->dataset_integers, all = (double)plan->committed_integers;
    const double early = crowd * cs_plan_arithmetic(CS_WORK_COMMITMENTS), single = cs_plan_arithmetic(CS_WORK_POINTS);
    *out = (cs_forecast){0};
    add(out, "dataset commitments",
        p->certified ? CERTIFIED
                     : crowd * cs_plan_arithmetic(CS_WORK_DATASETS) * (columns * DATASET_COLUMN + datasets * DATASET_ENTRY));
    add(out, CS_FORECAST_TRAINING, crowd * cs_plan_arithmetic(CS_WORK_TRAINING) * training(plan, p));
    add(out, "commitments", early * ((all - datasets) * COMMIT_ENTRY + columns * COMMIT_COLUMN));
    add(out, "relations", crowd * cs_plan_arithmetic(CS_WORK_RELATIONS) * relations(plan, p));
    add(out, "lookups",
        crowd * cs_plan_arithmetic(CS_WORK_LOOKUPS) *
            ((double)plan->stored_leaves * LOOKUP_LEAF + (double)cs_pow2(plan->table_rows) * LOOKUP_ROW));
    add(out, "opening", crowd * cs_plan_arithmetic(CS_WORK_OPENING) * (all * OPEN_ENTRY + columns * OPEN_COLUMN));
    add(out, "finale", single * messages * (FINALE_MESSAGE + ranks * FINALE_RANK_MESSAGE));
    add(out, "verification", single * (plan->msm_points * VERIFY_POINT + plan->verify_scalars * VERIFY_SCALAR));
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
