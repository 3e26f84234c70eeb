#include "train/params.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "train/int_matmul.h"

/* Limits that the static assertions below rely on. */
enum {
    STEP_BITS = 24,
    BATCH_BITS = 16,
    WIDTH_BITS = 20,
    ROW_BITS = 28,
    PASS_BITS = 16,
    MAX_SCALE = 62,
    RATE_BITS = 31,
    MAX_VALUE_BITS = 16,
    MAX_EXP_BITS = 16,
    WEIGHT_BITS = 62,
    WITNESS_BITS = 40,
    MODEL_BITS = 29,        /* a model's file has at most 2^32 bytes */
    DATASET_ROWS_BITS = 24, /* commitments of all members' datasets */
    FIELD_BITS = 252        /* 2^252 < r/2 */
};

/* No integer identity wraps mod r: with the limits above these hold for all parameters, so nothing is left to compute. */
_Static_assert(WIDTH_BITS + 1 + MAX_SCALE + WEIGHT_BITS + 1 < FIELD_BITS, "sums of products with weights");
_Static_assert(MAX_VALUE_BITS + MAX_SCALE + 2 < FIELD_BITS, "2^w Z + R");
_Static_assert(MAX_VALUE_BITS + MAX_EXP_BITS + WIDTH_BITS + 1 < FIELD_BITS, "softmax products");

/* What training multiplies fits its kernels: features, activations and errors, since d < value_bits. */
_Static_assert(MAX_VALUE_BITS - 1 <= CS_INT_MATMUL_BITS, "factors");

void cs_params_free(cs_params *p) {
    cs_free(p->rate);
    *p = (cs_params){0};
}

cs_status cs_params_copy(cs_params *out, const cs_params *p) {
    *out = *p;
    out->rate = CS_NEW(int64_t, p->steps);
    if (out->rate == NULL) {
        *out = (cs_params){0};
        return CS_ERR_MEMORY;
    }
    memcpy(out->rate, p->rate, p->steps * sizeof *p->rate);
    return CS_OK;
}

static cs_status within(const char *field, uint64_t value, uint64_t low, uint64_t high) {
    if (value >= low && value <= high)
        return CS_OK;
    return cs_fail(CS_ERR_INPUT, "%s is %" PRIu64 "; it must be from %" PRIu64 " to %" PRIu64, field, value, low, high);
}

static cs_status within_at(const char *field, size_t index, uint64_t value, uint64_t low, uint64_t high) {
    char name[32];
    snprintf(name, sizeof name, "%s[%zu]", field, index);
    return within(name, value, low, high);
}

static cs_status check_shapes(const cs_params *p) {
    if (p->n_ranks < 1 || p->n_ranks > CS_MAX_RANKS)
        return cs_fail(CS_ERR_INPUT, "n_ranks is %d; it must be from 1 to %d", p->n_ranks, CS_MAX_RANKS);
    CS_TRY(within("steps", p->steps, 1, (uint64_t)1 << STEP_BITS));
    CS_TRY(within("batch", p->batch, 1, (uint64_t)1 << BATCH_BITS));
    CS_TRY(within("layers", p->layers, 1, CS_MAX_LAYERS));
    for (size_t l = 0; l <= p->layers; l++)
        CS_TRY(within_at("widths", l, p->widths[l], 1, (uint64_t)1 << WIDTH_BITS));
    for (size_t i = 0; i < (size_t)p->n_ranks; i++)
        CS_TRY(within_at("rows", i, p->rows[i], 1, (uint64_t)1 << ROW_BITS));
    CS_TRY(within("hidden_passes", p->hidden_passes, 0, (uint64_t)1 << PASS_BITS));
    return CS_OK;
}

static cs_status check_scales(const cs_params *p) {
    CS_TRY(within("a", p->a, 1, MAX_SCALE));
    CS_TRY(within("d", p->d, 1, MAX_SCALE));
    CS_TRY(within("w", p->w, 1, MAX_SCALE));
    CS_TRY(within("n_limbs", p->n_limbs, 1, CS_MAX_LIMBS));
    unsigned sum = 0;
    for (unsigned k = 0; k < p->n_limbs; k++) {
        CS_TRY(within_at("limb_bits", k, p->limb_bits[k], 1, 16));
        sum += p->limb_bits[k];
    }
    if (sum != p->w)
        return cs_fail(CS_ERR_INPUT, "limb_bits add up to %u; they must make up the w = %u bits of a remainder", sum, p->w);
    CS_TRY(within("value_bits", p->value_bits, 2, MAX_VALUE_BITS));
    CS_TRY(within("exp_bits", p->exp_bits, 1, MAX_EXP_BITS));
    CS_TRY(within("column_bits", p->column_bits, 2, 20));
    CS_TRY(within("ledger_width", p->ledger_width, 4, 64));
    if ((p->ledger_width & (p->ledger_width - 1)) != 0)
        return cs_fail(CS_ERR_INPUT, "ledger_width is %zu; it must be a power of two", p->ledger_width);
    return CS_OK;
}

static cs_status check_softmax(const cs_params *p) {
    if (p->d >= p->value_bits)
        return cs_fail(CS_ERR_INPUT, "d is %u; the softmax quotient 0..2^d needs d < value_bits = %u", p->d, p->value_bits);
    if ((uint64_t)p->widths[p->layers] << p->exp_bits > (uint64_t)1 << p->value_bits)
        return cs_fail(CS_ERR_INPUT,
                       "exp_bits is %u; the softmax remainder needs classes * 2^exp_bits <= 2^value_bits (%zu classes, "
                       "value_bits %u)",
                       p->exp_bits, p->widths[p->layers], p->value_bits);
    return CS_OK;
}

/* At most 2^(6 + 16 + 62 + 16): d < value_bits is known. */
static unsigned __int128 gradient_max(const cs_params *p) {
    const unsigned __int128 members = (unsigned)p->n_ranks;
    return members * p->batch * (uint64_t)cs_params_activation_max(p) * (uint64_t)cs_params_error_max(p);
}

static cs_status check_gradients(const cs_params *p) {
    if (gradient_max(p) >> 63 != 0)
        return cs_fail(
            CS_ERR_INPUT,
            "n_ranks * batch * 2^max(value_bits - 1, a) * 2^max(value_bits - 1, d) must be below 2^63, else gradients wrap: "
            "batch is %zu, a is %u, value_bits is %u",
            p->batch, p->a, p->value_bits);
    if (p->rate == NULL)
        return cs_fail(CS_ERR_INPUT, "rate is missing; there must be one per step");
    for (size_t t = 0; t < p->steps; t++)
        if (p->rate[t] < 0 || p->rate[t] > (int64_t)1 << RATE_BITS)
            return cs_fail(CS_ERR_INPUT, "rate[%zu] is %" PRId64 "; it must be from 0 to 2^%d", t, p->rate[t], RATE_BITS);
    for (size_t l = 1; l <= p->layers; l++) {
        if (p->initial_max[l - 1] < 1 || p->initial_max[l - 1] >= (int64_t)1 << WEIGHT_BITS)
            return cs_fail(CS_ERR_INPUT, "initial_max of layer %zu is %" PRId64 "; it must be from 1 to 2^%d - 1", l,
                           p->initial_max[l - 1], WEIGHT_BITS);
        if (cs_params_weight_max(p, l) >> WEIGHT_BITS != 0)
            return cs_fail(CS_ERR_INPUT,
                           "weights of layer %zu may reach 2^%d: initial_max plus the sum of rate times the largest "
                           "gradient is too large; "
                           "take fewer steps, smaller rates, a smaller batch or smaller value_bits",
                           l, WEIGHT_BITS);
    }
    return CS_OK;
}

/* Padded entries of one rank's witness without the table's multiplicities. No term exceeds 2^61, and there are few. */
static unsigned __int128 witness_size(const cs_params *p) {
    const unsigned sample = cs_params_step_bits(p) + cs_params_batch_bits(p);
    unsigned __int128 size = (uint64_t)1 << sample;
    for (size_t l = 1; l <= p->layers; l++) {
        const unsigned blocks = l < p->layers ? 4 + 2 * p->n_limbs : 6 + p->n_limbs;
        size += (unsigned __int128)blocks << (sample + cs_params_width_bits(p, l));
        for (int models = !p->final_public + p->initial_committed; models > 0; models--)
            size += (uint64_t)1 << (cs_params_long_width_bits(p, l - 1) + cs_params_width_bits(p, l));
    }
    for (unsigned c = 0; p->hidden_passes > 0 && c < cs_params_digits(p); c++)
        size += (uint64_t)1 << (sample + cs_params_digit_bits(p, c));
    if (p->hidden_passes > 0)
        size += (uint64_t)1 << (cs_params_pass_bits(p) + cs_params_row_bits(p));
    size += (uint64_t)1 << (cs_params_row_bits(p) + cs_params_width_bits(p, 0));
    return size + ((uint64_t)1 << (cs_params_row_bits(p) + cs_params_width_bits(p, p->layers)));
}

static uint64_t commitment_rows(const cs_params *p, unsigned entry_bits) {
    return entry_bits > p->column_bits ? (uint64_t)1 << (entry_bits - p->column_bits) : 1;
}

/* What a verifier holds at once and a small file could ask for: W(0) from the seed, and commitments of datasets, as many for
 * each member as for the largest. */
static cs_status check_memory(const cs_params *p) {
    uint64_t weights = 0;
    for (size_t l = 1; l <= p->layers; l++)
        weights += (uint64_t)(p->widths[l - 1] + 1) * p->widths[l];
    if (weights >> MODEL_BITS != 0)
        return cs_fail(CS_ERR_INPUT, "widths: the model has %" PRIu64 " weights; it must have fewer than 2^%d", weights,
                       MODEL_BITS);
    const unsigned rows = cs_params_row_bits(p);
    const uint64_t per_rank = commitment_rows(p, rows + cs_params_width_bits(p, 0)) +
                              commitment_rows(p, rows + cs_params_width_bits(p, p->layers));
    if (per_rank * (unsigned)p->n_ranks >> DATASET_ROWS_BITS != 0)
        return cs_fail(CS_ERR_INPUT,
                       "column_bits is %u: %d datasets as large as the largest would have 2^%d commitments or more; take "
                       "more columns, or spread the records evenly",
                       p->column_bits, p->n_ranks, DATASET_ROWS_BITS);
    return CS_OK;
}

cs_status cs_params_validate(const cs_params *p) {
    CS_TRY(check_shapes(p));
    CS_TRY(check_scales(p));
    CS_TRY(check_softmax(p));
    CS_TRY(check_gradients(p));
    if (witness_size(p) >> WITNESS_BITS != 0)
        return cs_fail(
            CS_ERR_INPUT,
            "the witness of a rank would have 2^%d entries or more: steps %zu, batch %zu, widths or rows are too large; "
            "cut the training into several proofs",
            WITNESS_BITS, p->steps, p->batch);
    return check_memory(p);
}

static int64_t larger_power(unsigned x, unsigned y) {
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): scales were checked */
    return (int64_t)1 << (x > y ? x : y);
}

int64_t cs_params_activation_max(const cs_params *p) {
    return larger_power(p->value_bits - 1, p->a);
}

int64_t cs_params_error_max(const cs_params *p) {
    return larger_power(p->value_bits - 1, p->d);
}

int64_t cs_params_gradient_max(const cs_params *p) {
    return (int64_t)gradient_max(p);
}

__int128 cs_params_weight_max(const cs_params *p, size_t l) {
    __int128 rates = 0;
    for (size_t t = 0; t < p->steps; t++)
        rates += p->rate[t];
    return p->initial_max[l - 1] + rates * cs_params_gradient_max(p);
}

unsigned cs_params_step_bits(const cs_params *p) {
    return cs_bits(p->steps);
}

unsigned cs_params_batch_bits(const cs_params *p) {
    return cs_bits(p->batch);
}

unsigned cs_params_width_bits(const cs_params *p, size_t l) {
    return cs_bits(p->widths[l]);
}

unsigned cs_params_long_width_bits(const cs_params *p, size_t l) {
    return cs_bits(p->widths[l] + 1);
}

unsigned cs_params_row_bits(const cs_params *p) {
    size_t rows = 1;
    for (size_t i = 0; i < (size_t)p->n_ranks; i++)
        rows = p->rows[i] > rows ? p->rows[i] : rows;
    return cs_bits(rows);
}

unsigned cs_params_digits(const cs_params *p) {
    const unsigned bits = cs_params_row_bits(p);
    return bits < 1 ? 1 : bits < 3 ? bits : 3;
}

unsigned cs_params_digit_bits(const cs_params *p, unsigned digit) {
    const unsigned bits = cs_params_row_bits(p), n = cs_params_digits(p);
    return bits / n + (digit < bits % n);
}

unsigned cs_params_pass_bits(const cs_params *p) {
    return cs_bits(p->hidden_passes);
}
