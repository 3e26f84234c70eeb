/* Forward pass and softmax (6.1, 6.5): integers, every intermediate tensor put into its block. */
#include <string.h>

#include "train/trainer.h"

static cs_status gather(cs_trainer *t, size_t step) {
    const size_t batch = t->p->batch, n = t->p->widths[0];
    for (size_t b = 0; b < batch; b++)
        t->index[b] = t->draws[step * batch + b];
    (void)cs_sgd_tamper(t, step, CS_TAMPER_DRAW, 0, 0, t->index, 1, batch);
    for (size_t b = 0; b < batch; b++) {
        CS_TRY(cs_sgd_load(t, step, CS_BLOCK_D, t->index[b], t->values, n));
        for (size_t k = 0; k < n; k++)
            t->activation[0][b * n + k] = (int32_t)t->values[k];
    }
    return CS_OK;
}

void cs_sgd_multiply(cs_trainer *t, const int32_t *x, const cs_sgd_matrix *m, size_t inner, size_t columns) {
    const size_t batch = t->p->batch;
    t->matmul(t->sums, x, m->low, batch, inner, columns, t->products);
    if (!m->wide)
        return;
    memset(t->high_sums, 0, batch * columns * sizeof *t->high_sums);
    t->matmul(t->high_sums, x, m->high, batch, inner, columns, t->products);
    for (size_t k = 0; k < batch * columns; k++)
        t->sums[k] += t->high_sums[k] << 31;
}

void cs_sgd_round(int64_t *out, const cs_trainer *t, size_t n) {
    const int64_t half = (int64_t)1 << (t->p->w - 1);
    for (size_t k = 0; k < n; k++)
        out[k] = ((int64_t)t->sums[k] + half) >> t->p->w;
}

/* A = max(Z, 0), S = [Z > 0]. */
static cs_status rectify(cs_trainer *t, size_t step, size_t l) {
    const size_t n = t->p->widths[l], count = t->p->batch * n;
    for (size_t k = 0; k < count; k++)
        t->scratch[k] = t->values[k] > 0 ? t->values[k] : 0;
    CS_TRY(cs_sgd_put(t, step, CS_BLOCK_A, l, 0, t->scratch, n));
    for (size_t k = 0; k < count; k++)
        t->activation[l][k] = (int32_t)t->scratch[k];
    for (size_t k = 0; k < count; k++)
        t->scratch[k] = t->values[k] > 0;
    CS_TRY(cs_sgd_put(t, step, CS_BLOCK_S, l, 0, t->scratch, n));
    for (size_t k = 0; k < count; k++)
        t->mask[l][k] = (int32_t)t->scratch[k];
    return CS_OK;
}

static cs_status forward_layer(cs_trainer *t, size_t step, size_t l) {
    const cs_params *p = t->p;
    const size_t inner = p->widths[l - 1], n = p->widths[l];
    const int64_t *bias = t->model.w[l - 1] + inner * n;
    for (size_t b = 0; b < p->batch; b++)
        for (size_t j = 0; j < n; j++)
            t->sums[b * n + j] = (uint64_t)bias[j] << p->a;
    cs_sgd_multiply(t, t->activation[l - 1], &t->forward[l - 1], inner, n);
    cs_sgd_round(t->values, t, p->batch * n);
    CS_TRY(cs_sgd_put(t, step, CS_BLOCK_Z, l, 0, t->values, n));
    CS_TRY(cs_sgd_put_remainder(t, step, CS_BLOCK_R, l, t->values, n));
    return l < p->layers ? rectify(t, step, l) : CS_OK;
}

cs_status cs_sgd_forward(cs_trainer *t, size_t step) {
    CS_TRY(gather(t, step));
    for (size_t l = 1; l <= t->p->layers; l++)
        CS_TRY(forward_layer(t, step, l));
    return CS_OK;
}

/* M: one-hot of the first largest output. C = <M, Z>. */
static cs_status find_maximum(cs_trainer *t, size_t step) {
    const size_t batch = t->p->batch, n = t->p->widths[t->p->layers];
    const int64_t *z = t->values;
    for (size_t b = 0; b < batch; b++) {
        size_t best = 0;
        for (size_t j = 1; j < n; j++)
            best = z[b * n + j] > z[b * n + best] ? j : best;
        for (size_t j = 0; j < n; j++)
            t->hot[b * n + j] = j == best;
    }
    CS_TRY(cs_sgd_put(t, step, CS_BLOCK_M, 0, 0, t->hot, n));
    for (size_t b = 0; b < batch; b++) {
        t->top[b] = 0;
        for (size_t j = 0; j < n; j++)
            t->top[b] += t->hot[b * n + j] * z[b * n + j];
    }
    return cs_sgd_put(t, step, CS_BLOCK_C, 0, 0, t->top, 1);
}

/* E from the table (a tampered maximum may point outside it), S = sum of E. */
static cs_status exponentiate(cs_trainer *t, size_t step) {
    const size_t batch = t->p->batch, n = t->p->widths[t->p->layers];
    const int64_t last = ((int64_t)1 << t->p->value_bits) - 1;
    for (size_t k = 0; k < batch * n; k++) {
        const int64_t x = t->top[k / n] - t->values[k];
        t->e[k] = t->exp[x < 0 ? 0 : x > last ? last : x];
    }
    CS_TRY(cs_sgd_put(t, step, CS_BLOCK_E, 0, 0, t->e, n));
    for (size_t b = 0; b < batch; b++) {
        t->total[b] = 0;
        for (size_t j = 0; j < n; j++)
            t->total[b] += t->e[b * n + j];
    }
    return CS_OK;
}

/* 2^d E = P S + RHO, GAP = S - 1 - RHO. The table's E(0) is positive, so S is, unless E was tampered with. */
static cs_status divide(cs_trainer *t, size_t step) {
    const size_t batch = t->p->batch, n = t->p->widths[t->p->layers];
    const int64_t one = (int64_t)1 << t->p->d;
    for (size_t k = 0; k < batch * n; k++) {
        const int64_t total = t->total[k / n];
        t->quotient[k] = total > 0 ? t->e[k] * one / total : 0;
    }
    CS_TRY(cs_sgd_put(t, step, CS_BLOCK_P, 0, 0, t->quotient, n));
    for (size_t k = 0; k < batch * n; k++)
        t->remainder[k] = t->e[k] * one - t->quotient[k] * t->total[k / n];
    CS_TRY(cs_sgd_put(t, step, CS_BLOCK_RHO, 0, 0, t->remainder, n));
    for (size_t k = 0; k < batch * n; k++)
        t->scratch[k] = t->total[k / n] - 1 - t->remainder[k];
    return cs_sgd_put(t, step, CS_BLOCK_GAP, 0, 0, t->scratch, n);
}

cs_status cs_sgd_softmax(cs_trainer *t, size_t step) {
    const size_t batch = t->p->batch, n = t->p->widths[t->p->layers];
    CS_TRY(find_maximum(t, step));
    CS_TRY(exponentiate(t, step));
    CS_TRY(divide(t, step));
    for (size_t b = 0; b < batch; b++) {
        CS_TRY(cs_sgd_load(t, step, CS_BLOCK_Y, t->index[b], t->scratch, n));
        for (size_t j = 0; j < n; j++)
            t->delta[b * n + j] = (int32_t)(t->quotient[b * n + j] - t->scratch[j] * ((int64_t)1 << t->p->d));
    }
    return CS_OK;
}
