#include "attest/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/balance.h"
#include "attest/costs.h"
#include "base/bits.h"
#include "base/text.h"
#include "lookup/leaf_layer.h"
#include "train/blocks.h"
#include "train/kept_sums.h"
#include "witness/slots.h"

static const double START = 0.1;            /* seconds: a rank's start, keys, public tables */
static const double WEIGHT_MEMORY = 40;     /* W(0), W(t) and its forms for the kernels */
static const double BASE_MEMORY = 32 << 20; /* program, libraries, MPI, tables of generators */

/* The table has ranges for one bit and for each distinct limb size, and three parts of 2^value_bits rows. */
static size_t table_rows(const cs_params *p) {
    size_t rows = 3 * ((size_t)1 << p->value_bits) + 2;
    for (unsigned k = 0; k < p->n_limbs; k++) {
        bool seen = p->limb_bits[k] == 1;
        for (unsigned j = 0; j < k; j++)
            seen = seen || p->limb_bits[j] == p->limb_bits[k];
        rows += seen ? 0 : (size_t)1 << p->limb_bits[k];
    }
    return rows;
}

/* Whether the block is the first column of a lookup: (Z, A, S) are one. */
static bool is_looked_up(const cs_block_info *b) {
    switch (b->kind) {
    case CS_BLOCK_A:
    case CS_BLOCK_S:
    case CS_BLOCK_M:
    case CS_BLOCK_C:
    case CS_BLOCK_F:
    case CS_BLOCK_G:
    case CS_BLOCK_I:
    case CS_BLOCK_N:
    case CS_BLOCK_MULT:
        return false;
    default:
        return true;
    }
}

/* Leaves of lines that are real, in tiles: others cost a prover nothing (lookup/tiles.h). */
static size_t stored_leaves(const cs_block_info *b) {
    const unsigned last = b->axes - 1;
    const size_t tiles = (b->shape[last] + CS_TILE - 1) / CS_TILE;
    size_t n = cs_smaller(tiles << CS_TILE_BITS, (size_t)1 << b->bits[last]);
    for (unsigned axis = 0; axis < last; axis++)
        n *= b->shape[axis];
    return n;
}

/* Of points, for an integer in a row commitment: of bits many at once, of others eight bits at a time. */
static double additions(int64_t min, int64_t max) {
    if (min >= 0 && max <= 1)
        return 0.15;
    unsigned digits = 1;
    while (digits < 8 && ((uint64_t)max - (uint64_t)min) >> 8 * digits)
        digits++;
    return 1.12 * digits;
}

static void add_block(cs_plan *out, const cs_params *p, const cs_block_info *b) {
    const size_t size = cs_block_size(b), whole = cs_block_rows(b, p->column_bits), rows = whole ? whole : 1;
    size_t real = 1;
    for (unsigned k = 0; k < b->axes; k++)
        real *= b->shape[k];
    out->committed_integers += size;
    out->rank_rows += rows;
    out->committed_rows += b->root_only ? rows : rows * (size_t)p->n_ranks;
    out->memory_bytes += (double)size * (double)cs_int_size(cs_int_type_for(b->min, b->max));
    const bool dataset = b->kind == CS_BLOCK_D || b->kind == CS_BLOCK_Y, shown_before = p->certified && dataset;
    if (dataset) {
        out->dataset_integers += size;
        out->dataset_values += real;
    } else {
        out->additions += (double)(b->kind == CS_BLOCK_MULT ? out->table_rows : real) * additions(b->min, b->max);
    }
    if (!b->certified)
        out->proof_rows += rows * (b->root_only ? 1 : (size_t)p->n_ranks);
    if (is_looked_up(b) && !shown_before) {
        out->lookups += real;
        out->lookup_leaves += size;
        out->stored_leaves += stored_leaves(b);
    }
}

static unsigned larger(unsigned a, unsigned b) {
    return a > b ? a : b;
}

/* Messages of the relations of training, docs/protocol.md, section 11: sumchecks that run together take as many as the one
 * with most variables. */
static size_t relation_messages(const cs_params *p) {
    const unsigned step = cs_params_step_bits(p), draws = step + cs_params_batch_bits(p);
    const size_t claims = 3 * p->layers - 1; /* on weights: forward, final and, but for the first layer, backward */
    unsigned products = draws + cs_params_width_bits(p, p->layers), hidden = 0;
    for (size_t l = 1; l <= p->layers; l++)
        products = larger(products, step + cs_params_long_width_bits(p, l - 1));
    for (size_t l = 1; l < p->layers; l++)
        hidden = larger(hidden, cs_params_width_bits(p, l));
    size_t messages = 2 + cs_sumcheck_messages(products, 0) + cs_sumcheck_messages(draws, 0);
    if (p->layers > 1)
        messages += cs_sumcheck_messages(draws + hidden, 0);
    return messages + (p->final_public ? 0 : p->layers) + (p->initial_committed ? claims : 0);
}

/* The root, and a sumcheck for each layer of the tree. */
static size_t lookup_messages(const cs_plan *plan) {
    const unsigned depth = cs_bits(plan->lookup_leaves);
    size_t messages = 1;
    for (unsigned level = 0; level < depth; level++)
        messages += cs_sumcheck_messages(level, cs_leaf_layer_rounds(depth, level));
    return messages;
}

/* One-hot digits and uses are bits; their counts; records and labels at hidden positions, two sumchecks each. */
static size_t hidden_draws_messages(const cs_params *p) {
    if (p->hidden_passes == 0)
        return 0;
    const unsigned draws = cs_params_step_bits(p) + cs_params_batch_bits(p), rows = cs_params_row_bits(p);
    const size_t records = 3, labels = p->layers == 1 ? 2 : 4;
    const size_t both = cs_sumcheck_messages(rows, 0) + cs_sumcheck_messages(draws, 0);
    size_t messages = records * both + labels * (1 + both) + 1 + cs_sumcheck_messages(draws, 0);
    for (unsigned c = 0; c < cs_params_digits(p); c++)
        messages += cs_sumcheck_messages(draws + cs_params_digit_bits(p, c), 0);
    return messages + cs_sumcheck_messages(cs_params_pass_bits(p) + rows, 0);
}

/* matrix: entries of the witness matrix. */
static size_t count_messages(const cs_plan *plan, const cs_params *p, size_t matrix) {
    const unsigned bits = larger(cs_bits(matrix), p->column_bits);
    const size_t opening = cs_sumcheck_messages(bits, cs_slots_bits(bits - p->column_bits)) + 1;
    return relation_messages(p) + lookup_messages(plan) + hidden_draws_messages(p) + opening;
}

/* What a rank has beside its tensors, at the peak: the sums of gradients that it keeps for weight tables; or, when these are
 * freed, the lookups' tree of fractions or the folded vectors of the opening, of a sixteenth of the matrix's length; the
 * table's inverse denominators, twice (as a claim's coefficients). */
static double working_memory(const cs_plan *plan, const cs_params *p) {
    const size_t table = cs_pow2(plan->table_rows), columns = (size_t)1 << p->column_bits;
    const size_t matrix = plan->committed_integers > columns ? plan->committed_integers : columns;
    const double kept = cs_kept_sums_pay(p) ? cs_kept_sums_bytes(p) : 0;
    return fmax(kept, fmax(32 * (double)plan->stored_leaves, 4 * (double)cs_pow2(matrix)) + 64 * (double)table);
}

static void estimate(cs_plan *out, const cs_params *p, size_t matrix) {
    out->memory_bytes += BASE_MEMORY + WEIGHT_MEMORY * (double)out->parameters + working_memory(out, p);
    out->messages = count_messages(out, p, matrix);
    const double samples = (double)out->steps * (double)p->batch, weights = (double)out->parameters, ranks = p->n_ranks;
    const double message_rows = (double)out->messages * (2.6 + ranks / 4);
    out->proof_bytes = 32 * ((double)out->proof_rows + message_rows) + 64 * (p->column_bits + 16);
    out->msm_points = (double)out->committed_rows + (double)out->columns + 2 * message_rows;
    out->verify_scalars = 2 * weights + ranks * samples;
    cs_costs costs;
    cs_costs_new(&costs, out, p);
    out->verify_seconds = costs.verification;
    out->rank_cpu_seconds = START + costs.input + costs.datasets + costs.training + costs.commitments + costs.relations +
                            costs.lookups + costs.opening + costs.finale;
}

cs_status cs_plan_new(cs_plan *out, const cs_params *p) {
    cs_blocks blocks;
    *out = (cs_plan){.steps = p->steps, .columns = (size_t)1 << p->column_bits, .table_rows = table_rows(p)};
    CS_TRY(cs_blocks_new(&blocks, p, cs_pow2(out->table_rows)));
    const size_t batch = (size_t)p->n_ranks * p->batch;
    out->draws = p->steps * batch;
    for (size_t l = 1; l <= p->layers; l++)
        out->parameters += (p->widths[l - 1] + 1) * p->widths[l];
    out->blocks = blocks.n;
    size_t matrix = 0; /* blocks that are committed by themselves take whole rows */
    for (size_t k = 0; k < blocks.n; k++) {
        const size_t size = cs_block_size(&blocks.info[k]);
        add_block(out, p, &blocks.info[k]);
        matrix += blocks.info[k].certified && size < out->columns ? out->columns : size;
    }
    estimate(out, p, matrix);
    out->coarse_errors = p->d < 63 && (size_t)1 << p->d < 8 * batch;
    cs_blocks_free(&blocks);
    return CS_OK;
}

json_t *cs_plan_to_json(const cs_plan *plan) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:b}", /* */
                     "steps", (json_int_t)plan->steps, "draws", (json_int_t)plan->draws,                           /* */
                     "parameters", (json_int_t)plan->parameters, "blocks", (json_int_t)plan->blocks,               /* */
                     "committed_integers_per_rank", (json_int_t)plan->committed_integers,                          /* */
                     "lookups_per_rank", (json_int_t)plan->lookups, "table_rows", (json_int_t)plan->table_rows,    /* */
                     "columns", (json_int_t)plan->columns, "rows_per_rank", (json_int_t)plan->rank_rows,           /* */
                     "rows", (json_int_t)plan->committed_rows, "messages", (json_int_t)plan->messages,             /* */
                     "memory_bytes_per_rank", plan->memory_bytes, "proof_bytes", plan->proof_bytes,                /* */
                     "verify_msm_points", plan->msm_points, "verify_scalars", plan->verify_scalars,                /* */
                     "cpu_seconds_per_rank", plan->rank_cpu_seconds, "verify_seconds", plan->verify_seconds,       /* */
                     "coarse_errors", (int)plan->coarse_errors);
}

/* What each member does for itself and what is shared out. */
static void division_to_text(cs_buffer *out, const cs_plan *plan, const cs_job *job) {
    const int others = job->params.n_ranks - 1;
    if (cs_job_members(job) == 1)
        return;
    const int partners = job->pad_partners > 0 && job->pad_partners < others ? job->pad_partners : others;
    cs_loads_to_text(out, plan, job);
    cs_text_append(out, "  pads                  with %d of %d other members%s\n", partners, others,
                   job->n_idle > 0 ? " who have records; each idle one shares them with one of these" : "");
}

void cs_plan_to_text(cs_buffer *out, const cs_plan *plan, const cs_job *job) {
    const cs_params *p = &job->params;
    char a[32];
    cs_text_append(out, "%s: %d members", job->name, cs_job_members(job));
    if (job->n_idle > 0)
        cs_text_append(out, " (%zu of them idle)", job->n_idle);
    for (size_t l = 0; l <= p->layers; l++)
        cs_text_append(out, "%s%zu", l == 0 ? ", widths " : "-", p->widths[l]);
    cs_text_append(out, "\n  steps                 %zu, global batch %zu, %zu draws\n", plan->steps,
                   plan->draws / plan->steps, plan->draws);
    cs_text_append(out, "  scales                activations 2^%u, errors 2^%u, weights 2^%u; values of %u bits\n", p->a,
                   p->d, p->w, p->value_bits);
    cs_text_append(out, "  parameters            %zu\n", plan->parameters);
    cs_text_append(out, "  committed integers    %zu per rank, %zu rows of %zu columns\n", plan->committed_integers,
                   plan->rank_rows, plan->columns);
    cs_text_append(out, "  lookups               %zu per rank, in a table of %zu rows\n", plan->lookups, plan->table_rows);
    cs_text_append(out, "  memory                about %s per rank\n", cs_text_bytes(a, plan->memory_bytes));
    cs_text_append(out, "  CPU                   about %.1f s per rank\n", plan->rank_cpu_seconds);
    cs_text_append(out, "  proof                 about %s, %zu messages\n", cs_text_bytes(a, plan->proof_bytes),
                   plan->messages);
    cs_text_append(out, "  verification          about %.2f s: %.0f points, %.0f scalars\n", plan->verify_seconds,
                   plan->msm_points, plan->verify_scalars);
    division_to_text(out, plan, job);
    if (plan->coarse_errors)
        cs_text_append(out,
                       "  warning               scales.d = %u is coarse for a global batch of %zu: accuracy may suffer; "
                       "take 2^d >= %zu\n",
                       p->d, plan->draws / plan->steps, 8 * (plan->draws / plan->steps));
}

double cs_memory_available(void) {
    FILE *file = fopen("/proc/meminfo", "r");
    static const char field[] = "MemAvailable:";
    char line[128];
    double kib = 0;
    while (file != NULL && kib == 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, field, sizeof field - 1) == 0)
            kib = strtod(line + sizeof field - 1, NULL);
    if (file != NULL)
        fclose(file);
    return kib * 1024;
}
