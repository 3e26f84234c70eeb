#include "attest/costs.h"

#include "base/bits.h"
#include "base/isa.h"
#include "train/kept_sums.h"

/* CPU seconds per unit on one core of a Xeon with AVX-512 IFMA at about 2.2 GHz, fitted to the stages of
 * benchmarks/forecast.sh by least squares. A forecast uses only their proportions once a tenth of a run is measured. */
static const double INPUT_ENTRY = 6.0e-9;         /* an integer of a dataset: read, unpacked, placed; */
static const double CERTIFIED_ENTRY = 1.4e-9;     /* compared, where it is committed already; */
static const double DATASET_ENTRY = 7.5e-8;       /* committed by the run */
static const double DATASET_COLUMN = 1.6e-5;      /* generators and tables or buckets */
static const double TRAIN_START = 0.031;          /* draws, first model, table */
static const double TRAIN_STEP = 1.7e-5;          /* a step and rank */
static const double TRAIN_PRODUCT = 5.0e-12;      /* a multiplication or addition of training */
static const double TRAIN_WEIGHT = 1.3e-8;        /* a weight and step; */
static const double TRAIN_MASK = 1.8e-8;          /* with several ranks, */
static const double TRAIN_PAD = 4.0e-10;          /* and for each other one */
static const double TRAIN_UNIT = 8.1e-9;          /* a feature or activation of a draw */
static const double COMMIT_ADDITION = 4.7e-8;     /* an addition of points for a row commitment, */
static const double COMMIT_ENTRY = 2.0e-8;        /* an integer in it */
static const double COMMIT_COLUMN = 5.3e-5;       /* tables and buckets, whatever the number of rows */
static const double RELATION_RECORD = 1.5e-8;     /* a feature of a draw */
static const double RELATION_OUTPUT = 8.5e-7;     /* an output of a draw */
static const double RELATION_HIDDEN = 2.1e-7;     /* a hidden unit of a draw */
static const double RELATION_TABLE = 7.3e-7;      /* an entry of a weight table; */
static const double RELATION_SUM = 1.6e-7;        /* with several ranks that sum it under pads */
static const double RELATION_KEPT = 2.0e-9;       /* a weight and step of which a rank keeps the sum instead */
static const double LOOKUP_LEAF = 1.33e-7;        /* a leaf of the fraction tree that is stored */
static const double LOOKUP_MESSAGE = 4.7e-4;      /* a message of all stages: most are of lookups */
static const double OPEN_DATASET = 9.7e-9;        /* an integer of a dataset in the batch opening, */
static const double OPEN_ENTRY = 3.8e-8;          /* of another tensor, */
static const double OPEN_COLUMN = 2.7e-5;         /* a column there; */
static const double OPEN_MESSAGE = 8.5e-5;        /* a message of all stages */
static const double FINALE_MESSAGE = 3.1e-4;      /* a message; */
static const double FINALE_RANK_MESSAGE = 7.6e-6; /* for each rank */
static const double VERIFY_START = 0.035;
static const double VERIFY_POINT = 3.5e-6;  /* a point of the verifier's multi-scalar multiplication */
static const double VERIFY_SCALAR = 8.0e-9; /* a public weight or a draw */

/* Kinds of work that instruction sets speed up differently. */
typedef enum work { DATASETS, TRAINING, COMMITMENTS, RELATIONS, LOOKUPS, OPENING, POINTS, WORK_KINDS } work;

/* How long each takes, in what it takes with AVX-512 IFMA: medians of the jobs' stages on the same machine. */
static const double TIMES[CS_ISA_COUNT][WORK_KINDS] = {
    [CS_ISA_PORTABLE] = {6.0, 4.2, 7.5, 5.3, 4.5, 6.8, 3.4},
    [CS_ISA_X86_64] = {2.7, 1.1, 3.3, 2.3, 2.2, 2.3, 1.6},
    [CS_ISA_AVX512IFMA] = {1, 1, 1, 1, 1, 1, 1},
};

static double times(work kind) {
    return TIMES[cs_isa_chosen()][kind];
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

/* Sumchecks over draws and units, and over steps and inputs, are as long as their padded axes. */
static double relations(const cs_plan *plan, const cs_params *p) {
    const unsigned steps = cs_params_step_bits(p), draws = steps + cs_params_batch_bits(p);
    const bool keep = cs_kept_sums_pay(p);
    double hidden = 0, tables = 0, outputs = (double)((size_t)1 << (draws + cs_params_width_bits(p, p->layers)));
    for (size_t l = 1; l < p->layers; l++)
        hidden += (double)((size_t)1 << (draws + cs_params_width_bits(p, l)));
    for (size_t l = 1; l <= p->layers; l++)
        tables += (double)((size_t)1 << (steps + cs_params_long_width_bits(p, l - 1)));
    return (double)plan->steps * (double)p->batch * (double)p->widths[0] * RELATION_RECORD + outputs * RELATION_OUTPUT +
           hidden * RELATION_HIDDEN + tables * (RELATION_TABLE + (p->n_ranks > 1 && !keep ? RELATION_SUM : 0)) +
           (keep ? (double)plan->steps * (double)plan->parameters / p->n_ranks * RELATION_KEPT : 0);
}

void cs_costs_new(cs_costs *out, const cs_plan *plan, const cs_params *job) {
    cs_params own = *job; /* of the segment that the plan is about */
    own.steps = plan->steps;
    const cs_params *p = &own;
    const double columns = (double)plan->columns, messages = (double)plan->messages;
    const double datasets = (double)plan->dataset_values;
    const double fresh = (double)(plan->committed_integers - plan->dataset_integers);
    *out = (cs_costs){
        .input = INPUT_ENTRY * datasets,
        .datasets = p->certified ? CERTIFIED_ENTRY * datasets
                                 : times(DATASETS) * (columns * DATASET_COLUMN + datasets * DATASET_ENTRY),
        .training = times(TRAINING) * training(plan, p),
        .commitments =
            times(COMMITMENTS) * (plan->additions * COMMIT_ADDITION + fresh * COMMIT_ENTRY + columns * COMMIT_COLUMN),
        .relations = times(RELATIONS) * relations(plan, p),
        .lookups = times(LOOKUPS) * ((double)plan->stored_leaves * LOOKUP_LEAF + messages * LOOKUP_MESSAGE),
        .opening = times(OPENING) * ((double)plan->dataset_integers * OPEN_DATASET + fresh * OPEN_ENTRY +
                                     columns * OPEN_COLUMN + messages * OPEN_MESSAGE),
        .finale = times(POINTS) * messages * (FINALE_MESSAGE + p->n_ranks * FINALE_RANK_MESSAGE),
        .verification =
            times(POINTS) * (VERIFY_START + plan->msm_points * VERIFY_POINT + plan->verify_scalars * VERIFY_SCALAR),
    };
}
