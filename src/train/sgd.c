#include "train/sgd.h"

#include <string.h>

#include "base/memory.h"
#include "train/table.h"
#include "train/trainer.h"

static void *take(bool *failed, size_t count, size_t size) {
    void *block = cs_calloc(count, size);
    *failed = *failed || block == NULL;
    return block;
}

#define TAKE(type, count) ((type *)take(&failed, (count), sizeof(type)))

static cs_status allocate_matrix(cs_sgd_matrix *m, size_t n) {
    bool failed = false;
    m->low = TAKE(int32_t, n);
    m->high = TAKE(int32_t, n);
    return failed ? CS_ERR_MEMORY : CS_OK;
}

static cs_status allocate_layers(cs_trainer *t) {
    const cs_params *p = t->p;
    for (size_t l = 1; l <= p->layers; l++)
        t->weight_max[l - 1] = (int64_t)cs_params_weight_max(p, l);
    for (size_t l = 1; t->tensors != NULL && l <= p->layers; l++) {
        const size_t rows = p->widths[l - 1], columns = p->widths[l];
        const cs_weight_check shape = {.layer = l,
                                       .steps = p->steps,
                                       .rows = rows + 1,
                                       .columns = columns,
                                       .one_way = l == 1,
                                       .row_bits = cs_params_long_width_bits(p, l - 1),
                                       .column_bits = cs_params_width_bits(p, l),
                                       .step_bits = cs_params_step_bits(p)};
        CS_TRY(cs_weight_check_new(&t->checks[l - 1], &shape));
        CS_TRY(allocate_matrix(&t->forward[l - 1], (rows + 1) * columns));
        if (l > 1)
            CS_TRY(allocate_matrix(&t->backward[l - 1], rows * columns));
    }
    return CS_OK;
}

static cs_status allocate_step(cs_trainer *t) {
    const cs_params *p = t->p;
    if (t->tensors == NULL)
        return CS_OK;
    const size_t batch = p->batch, last = batch * p->widths[p->layers];
    size_t widest = 0;
    bool failed = false;
    for (size_t l = 0; l <= p->layers; l++)
        widest = p->widths[l] > widest ? p->widths[l] : widest;
    for (size_t l = 0; l < p->layers; l++) {
        t->activation[l] = TAKE(int32_t, batch * p->widths[l]);
        t->mask[l] = TAKE(int32_t, l > 0 ? batch * p->widths[l] : 0);
    }
    t->exp = TAKE(int32_t, (size_t)1 << p->value_bits);
    t->index = TAKE(int64_t, batch);
    t->delta = TAKE(int32_t, batch * widest);
    t->transposed = TAKE(int32_t, batch * widest);
    t->sums = TAKE(uint64_t, batch * widest);
    t->high_sums = TAKE(uint64_t, batch * widest);
    t->products = TAKE(double, CS_INT_MATMUL_SCRATCH);
    t->values = TAKE(int64_t, batch * widest);
    t->scratch = TAKE(int64_t, batch * widest);
    t->hot = TAKE(int64_t, last);
    t->e = TAKE(int64_t, last);
    t->quotient = TAKE(int64_t, last);
    t->remainder = TAKE(int64_t, last);
    t->top = TAKE(int64_t, batch);
    t->total = TAKE(int64_t, batch);
    if (!failed)
        cs_exp_values(t->exp, p);
    return failed ? CS_ERR_MEMORY : CS_OK;
}

/* No sum of products with W_l leaves 63 bits: activations are below 2^(value_bits-1) and 2^a, errors below error_max, and
 * the projections of the weight check need max(rows, columns) |W| < 2^64. */
static cs_status check_sums(const cs_trainer *t, size_t step, size_t l, int64_t largest) {
    const cs_params *p = t->p;
    const unsigned __int128 w = (uint64_t)largest, half = (uint64_t)1 << (p->w - 1),
                            value = (uint64_t)1 << (p->value_bits - 1);
    const unsigned __int128 ahead = w * (p->widths[l - 1] * value + ((uint64_t)1 << p->a)) + half;
    const unsigned __int128 back = w * p->widths[l] * (uint64_t)cs_params_error_max(p) + half;
    if (ahead >> 63 == 0 && back >> 63 == 0)
        return CS_OK;
    return cs_fail(
        CS_ERR_RANGE,
        "member %s (rank %d), step %zu, layer %zu: the weights have grown so much that a sum could leave 64 bits; "
        "lower the rate, initial_max or value_bits",
        t->member, t->rank, step, l);
}

void cs_sgd_transpose(int32_t *out, const int32_t *in, size_t rows, size_t columns, size_t from, size_t to) {
    for (size_t j = 0; j < columns; j++)
        for (size_t k = from; k < to; k++)
            out[j * rows + k] = in[k * columns + j];
}

/* Both forms of W_l with low and high halves. */
static void widen(cs_trainer *t, size_t l) {
    const size_t rows = t->p->widths[l - 1], columns = t->p->widths[l];
    const int64_t *w = t->model.w[l - 1];
    cs_sgd_matrix *forward = &t->forward[l - 1], *backward = &t->backward[l - 1];
    for (size_t k = 0; k < rows * columns; k++) {
        forward->low[k] = (int32_t)(w[k] & INT32_MAX);
        forward->high[k] = (int32_t)(w[k] >> 31);
    }
    for (size_t from = 0; l > 1 && from < rows; from += CS_SGD_ROWS) {
        const size_t to = rows - from < CS_SGD_ROWS ? rows : from + CS_SGD_ROWS;
        cs_sgd_transpose(backward->low, forward->low, rows, columns, from, to);
        cs_sgd_transpose(backward->high, forward->high, rows, columns, from, to);
    }
}

static cs_status noise(const cs_trainer *t, size_t step, size_t l) {
    return cs_fail(CS_ERR_ABORT,
                   "member %s (rank %d), step %zu, layer %zu: the sum of all gradients is noise, beyond its public bound: "
                   "the ranks have seen different things, or a member misbehaves; nothing was revealed, start again",
                   t->member, t->rank, step, l);
}

/* W_l(step) from W_l(step - 1) and the sum of gradients, or as it is if that is NULL, together with the kernel's forms of it
 * and its projections, a few rows at a time, so that a weight comes from memory once. Weights beyond 31 bits are rare. */
static cs_status take_layer(cs_trainer *t, size_t step, size_t l, const uint64_t *sum) {
    const size_t rows = t->p->widths[l - 1], columns = t->p->widths[l]; /* row `rows` holds the biases */
    const cs_update how = {
        .rate = sum != NULL ? t->p->rate[step - 1] : 0, .most = t->gradient_max, .bound = t->weight_max[l - 1]};
    cs_sgd_matrix *forward = &t->forward[l - 1], *backward = &t->backward[l - 1];
    int64_t largest = 0;
    for (size_t from = 0, to; from <= rows; from = to) {
        to = rows + 1 - from < CS_SGD_ROWS ? rows + 1 : from + CS_SGD_ROWS;
        const size_t at = from * columns, n = (to - from) * columns;
        int64_t *w = t->model.w[l - 1] + at;
        if (sum != NULL && !t->update->apply(w, sum + at, n, &how))
            return noise(t, step - 1, l);
        const int64_t most = t->update->narrow(forward->low + at, w, n);
        CS_TRY(check_sums(t, step, l, most));
        if (l > 1)
            cs_sgd_transpose(backward->low, forward->low, rows, columns, from, to < rows ? to : rows);
        cs_weight_check_keep(&t->checks[l - 1], step, from, to - from, w, most);
        largest = most > largest ? most : largest;
    }
    forward->wide = backward->wide = largest > INT32_MAX;
    if (largest > INT32_MAX)
        widen(t, l);
    return CS_OK;
}

/* An idle rank makes the update and no more: it multiplies nothing with the weights. */
static cs_status take_idle_layer(cs_trainer *t, size_t step, size_t l, const uint64_t *sum) {
    const cs_update how = {.rate = t->p->rate[step - 1], .most = t->gradient_max, .bound = t->weight_max[l - 1]};
    const size_t n = t->model.rows[l - 1] * t->model.columns[l - 1];
    return t->update->apply(t->model.w[l - 1], sum, n, &how) ? CS_OK : noise(t, step - 1, l);
}

cs_status cs_sgd_refresh(cs_trainer *t) {
    for (size_t l = 1; t->tensors != NULL && l <= t->p->layers; l++)
        CS_TRY(take_layer(t, t->done, l, NULL));
    return CS_OK;
}

cs_status cs_trainer_new(cs_trainer **out, const cs_params *p, int rank, const char *member, const cs_model *initial,
                         const uint32_t *draws, const cs_blocks *blocks, cs_tensor *tensors) {
    *out = NULL;
    CS_TRY(cs_model_validate(initial, p, true));
    cs_trainer *t = CS_NEW(cs_trainer, 1);
    if (t == NULL)
        return CS_ERR_MEMORY;
    *t = (cs_trainer){.p = p, .rank = rank, .member = member, .draws = draws, .blocks = blocks, .tensors = tensors};
    t->gradient_max = cs_params_gradient_max(p);
    t->matmul = cs_int_matmul_best();
    t->update = cs_update_best();
    cs_status status;
    CS_TRY_OUT(cs_model_copy(&t->model, initial));
    CS_TRY_OUT(allocate_layers(t));
    CS_TRY_OUT(allocate_step(t));
    CS_TRY_OUT(cs_sgd_refresh(t));
    *out = t;
    return CS_OK;
out:
    cs_trainer_free(t);
    return status;
}

void cs_trainer_free(cs_trainer *t) {
    if (t == NULL)
        return;
    cs_model_free(&t->model);
    for (size_t l = 0; l < CS_MAX_LAYERS; l++) {
        cs_weight_check_free(&t->checks[l]);
        cs_free(t->forward[l].low);
        cs_free(t->forward[l].high);
        cs_free(t->backward[l].low);
        cs_free(t->backward[l].high);
        cs_free(t->activation[l]);
        cs_free(t->mask[l]);
    }
    void *const blocks[] = {t->exp,       t->index,    t->delta,     t->transposed, t->sums,
                            t->high_sums, t->products, t->values,    t->scratch,    t->hot,
                            t->e,         t->quotient, t->remainder, t->top,        t->total};
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++)
        cs_free(blocks[k]);
    cs_free(t);
}

size_t cs_trainer_size(const cs_trainer *t) {
    return cs_model_size(&t->model);
}

const cs_model *cs_trainer_model(const cs_trainer *t) {
    return &t->model;
}

static cs_status check_step(const cs_trainer *t, size_t step) {
    if (step == t->done && step < t->p->steps && !t->spoilt)
        return CS_OK;
    return cs_fail(CS_ERR_INTERNAL, "step %zu out of order: this trainer is at step %zu of %zu", step, t->done, t->p->steps);
}

static void idle_gradient(cs_trainer *t, size_t step, uint64_t *out) {
    memset(out, 0, cs_trainer_size(t) * sizeof *out);
    for (size_t l = 1; l <= t->p->layers; l++) {
        const size_t rows = t->model.rows[l - 1], columns = t->model.columns[l - 1];
        (void)cs_sgd_tamper(t, step, CS_TAMPER_GRADIENT, l, 0, (int64_t *)out, rows, columns);
        out += rows * columns;
    }
}

cs_status cs_trainer_gradient(cs_trainer *t, size_t step, uint64_t *out) {
    CS_TRY(check_step(t, step));
    if (t->tensors == NULL) {
        idle_gradient(t, step, out);
        return CS_OK;
    }
    CS_TRY(cs_sgd_forward(t, step));
    CS_TRY(cs_sgd_softmax(t, step));
    return cs_sgd_backward(t, step, out);
}

cs_status cs_trainer_update(cs_trainer *t, size_t step, const uint64_t *sum) {
    CS_TRY(check_step(t, step));
    t->spoilt = true;
    for (size_t l = 1; l <= t->p->layers; l++) {
        CS_TRY(t->tensors != NULL ? take_layer(t, step + 1, l, sum) : take_idle_layer(t, step + 1, l, sum));
        sum += t->model.rows[l - 1] * t->model.columns[l - 1];
    }
    t->done = step + 1;
    t->spoilt = false;
    return CS_OK;
}

static cs_status check_complete(const cs_trainer *t, size_t l) {
    if (t->done == t->p->steps && !t->spoilt && l >= 1 && l <= t->p->layers)
        return CS_OK;
    return cs_fail(CS_ERR_INTERNAL, "weight table of layer %zu checked after %zu of %zu steps", l, t->done, t->p->steps);
}

cs_status cs_trainer_check_columns(const cs_trainer *t, size_t l, const cs_fr *table, const cs_fr *vector, size_t *wrong) {
    CS_TRY(check_complete(t, l));
    return cs_weight_check_columns(&t->checks[l - 1], table, vector, wrong);
}

cs_status cs_trainer_check_rows(const cs_trainer *t, size_t l, const cs_fr *table, const cs_fr *vector, size_t *wrong) {
    CS_TRY(check_complete(t, l));
    return cs_weight_check_rows(&t->checks[l - 1], table, vector, wrong);
}

#ifdef CS_TAMPER
void cs_trainer_set_tamper(cs_trainer *t, cs_tamper_fn *fn, void *context) {
    t->matmul = cs_int_matmul_kernel_at(0).run; /* the one that takes values out of range, too */
    t->tamper = fn;
    t->tamper_context = context;
}

void cs_trainer_tamper_sum(cs_trainer *t, size_t step, uint64_t *values, size_t n) {
    (void)cs_sgd_tamper(t, step, CS_TAMPER_SUM, 0, 0, (int64_t *)values, 1, n);
}
#endif
