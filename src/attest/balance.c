#include "attest/balance.h"

#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "base/text.h"
#include "base/timer.h"
#include "comm/shares.h"
#include "field/fr_vec.h"
#include "train/kept_sums.h"

/* The figures of plan.c in picoseconds, and what the divided work costs. */
enum {
    COMMIT_ENTRY = 280000,
    DATASET_ENTRY = 60000, /* read, placed, opened */
    OPEN_ENTRY = 70000,
    LOOKUP_LEAF = 450000,
    TABLE_ROW = 120000,
    TRAIN_PRODUCT = 60,
    WEIGHT_STEP = 38000, /* update, forms for the kernels, hash */
    IDLE_STEP = 6000,    /* the update alone */
    PAD_WEIGHT = 8000,   /* for each other rank */
    ADD_WEIGHT = 3000,   /* divided: for each other rank */
    SHOW_WEIGHT = 4000,  /* divided */
    ADD_ENTRY = 30000,   /* of a weight table; divided: for each other rank */
    SHOW_ENTRY = 30000,  /* divided */
    START_WEIGHT = 5000, /* W(0) in a weight table; divided */
    KEPT_WEIGHT = 4000   /* a weight of a step whose sum is kept and contracted instead; divided */
};
/* Of the first member alone: the proof's tail, by message and rank, and the check of a dataset's proof. */
#define TAIL_MESSAGE      ((uint64_t)400000000)
#define TAIL_RANK_MESSAGE ((uint64_t)80000000)
#define DATASET_PROOF     ((uint64_t)100000000000)

typedef unsigned __int128 wide;

/* Far above any run that ends. */
static uint64_t nanoseconds(wide picoseconds) {
    const wide most = (wide)1 << 61;
    return (uint64_t)(picoseconds / 1000 < most ? picoseconds / 1000 : most);
}

/* Of the weight tables of all steps, in both directions. */
static wide table_entries(const cs_plan *plan, const cs_params *p) {
    wide entries = 0;
    for (size_t l = 1; l <= p->layers; l++)
        entries += (plan->steps + (wide)1) * (p->widths[l - 1] + 1 + (l > 1 ? p->widths[l] : 0));
    return entries;
}

static wide divided_work(const cs_plan *plan, const cs_params *p, size_t ranks) {
    const wide others = ranks - 1, weights = plan->parameters, updates = plan->steps * weights;
    const wide gradients = updates * (others * ADD_WEIGHT + SHOW_WEIGHT), shown = table_entries(plan, p) * SHOW_ENTRY;
    cs_params planned = *p; /* a segment's */
    planned.steps = plan->steps;
    if (cs_kept_sums_pay(&planned))
        return gradients + shown + updates * KEPT_WEIGHT;
    return gradients + shown + table_entries(plan, p) * others * ADD_ENTRY + 2 * weights * START_WEIGHT;
}

/* Of every rank with data, whatever its dataset. */
static wide common_work(const cs_plan *plan, const cs_params *p) {
    const wide updates = (wide)plan->steps * plan->parameters, others = (wide)(p->n_ranks - 1);
    return (wide)(plan->committed_integers - plan->dataset_integers) * (COMMIT_ENTRY + OPEN_ENTRY) +
           (wide)plan->stored_leaves * LOOKUP_LEAF + (wide)cs_pow2(plan->table_rows) * TABLE_ROW +
           updates * (6 * (wide)p->batch * TRAIN_PRODUCT + WEIGHT_STEP + others * PAD_WEIGHT);
}

/* Of a rank without. */
static wide idle_work(const cs_plan *plan) {
    return (wide)plan->steps * plan->parameters * (IDLE_STEP + PAD_WEIGHT);
}

static wide root_work(const cs_plan *plan, const cs_job *job) {
    wide work = plan->messages * (TAIL_MESSAGE + (wide)job->params.n_ranks * TAIL_RANK_MESSAGE);
    for (int i = 0; i < job->params.n_ranks; i++)
        work += job->members[i].datasets.n * DATASET_PROOF;
    return work;
}

void cs_loads_of(cs_loads *out, const cs_plan *plan, const cs_job *job) {
    const cs_params *p = &job->params;
    const wide common = common_work(plan, p), entry = DATASET_ENTRY + (p->certified ? 0 : COMMIT_ENTRY);
    const wide record = ((wide)1 << cs_params_width_bits(p, 0)) + ((wide)1 << cs_params_width_bits(p, p->layers));
    for (int i = 0; i < cs_job_members(job); i++) {
        const wide own = i < p->n_ranks ? common + p->rows[i] * record * entry : idle_work(plan);
        const int rank = job->members[i].rank;
        out->own[rank] = nanoseconds(own + (rank == 0 ? root_work(plan, job) : 0));
    }
    out->divisible = nanoseconds(divided_work(plan, p, (size_t)cs_job_members(job)));
}

void cs_loads_to_text(cs_buffer *out, const cs_plan *plan, const cs_job *job) {
    cs_loads loads = {0};
    uint32_t speed[CS_MAX_RANKS], shares[CS_MAX_RANKS];
    const size_t n = (size_t)cs_job_members(job);
    cs_loads_of(&loads, plan, job);
    double all = (double)loads.divisible;
    for (size_t i = 0; i < n; i++) {
        speed[i] = CS_SPEED_NORMAL;
        all += (double)loads.own[i];
    }
    cs_shares_balance(shares, loads.own, speed, n, loads.divisible);
    cs_text_append(
        out,
        "  shared out            about %.1f %% of the work: adding up gradients and weight tables, ranges of the\n"
        "                        first weights; by load and measured speed, equally fast members get\n",
        100 * (double)loads.divisible / all);
    for (size_t i = 0; i < n; i++)
        cs_text_append(out, "%s%s %.0f %%%s", i % 4 == 0 ? "                        " : ", ",
                       job->members[cs_job_member_at(job, (int)i)].name, 100.0 * shares[i] / CS_SHARES_WHOLE,
                       i % 4 == 3 || i + 1 == n ? "\n" : "");
    cs_text_append(out,
                   "  not shared out        draws and their proof stay with their member, %zu a step for each, and so do\n"
                   "                        commitments to its dataset; the first also makes the proof's tail\n",
                   job->params.batch);
}

/* ------------------------------------------------------------ speed */

/* Seconds of the plan's machine for what is tried, in its 64-bit arithmetic. */
enum { ENTRIES = 256, ROUNDS = 48, TRIES = 6 };
static const double NORMAL_SECONDS = 4.0e-4;

static double try_once(cs_fr *a, const cs_fr *b) {
    const double since = cs_thread_cpu_seconds();
    for (int k = 0; k < ROUNDS; k++)
        cs_fr_vec_mul(a, a, b, ENTRIES);
    return cs_thread_cpu_seconds() - since;
}

uint32_t cs_speed_measure(double factor) {
    cs_fr a[ENTRIES], b[ENTRIES];
    double best = INFINITY;
    for (size_t k = 0; k < ENTRIES; k++) {
        a[k] = cs_fr_from_i64((int64_t)k + 2);
        b[k] = cs_fr_from_i64(3 * (int64_t)k + 5);
    }
    for (int k = 0; k < TRIES; k++)
        best = fmin(best, try_once(a, b));
    const double speed = round(factor * CS_SPEED_NORMAL * NORMAL_SECONDS / fmax(best, 1e-6));
    return (uint32_t)fmin(fmax(speed, 1), 1 << 16);
}

/* The middle one, the lower of two. */
static uint32_t middle(const uint32_t *speed, size_t n) {
    for (size_t i = 0; i < n; i++) {
        size_t below = 0, equal = 0;
        for (size_t j = 0; j < n; j++) {
            below += speed[j] < speed[i];
            equal += speed[j] == speed[i];
        }
        if (below <= (n - 1) / 2 && below + equal > (n - 1) / 2)
            return speed[i];
    }
    return speed[0];
}

void cs_speed_compare(uint32_t *speed, size_t n) {
    for (size_t i = 0; i < n; i++)
        speed[i] = speed[i] == 0 ? 1 : speed[i] > 1 << 16 ? 1 << 16 : speed[i];
    const uint64_t usual = middle(speed, n);
    for (size_t i = 0; i < n; i++) {
        const uint64_t ratio = speed[i] * (uint64_t)CS_SPEED_NORMAL / usual;
        const bool near = 3 * (uint64_t)speed[i] <= 4 * usual && 4 * (uint64_t)speed[i] >= 3 * usual;
        speed[i] = near ? CS_SPEED_NORMAL : ratio < 1 ? 1 : ratio > 1 << 16 ? 1 << 16 : (uint32_t)ratio;
    }
}
