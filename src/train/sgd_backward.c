/* Backward pass (6.2): gradients of all layers and the errors between them. */
#include <string.h>

#include "base/bits.h"
#include "train/trainer.h"

/* out[n_{l-1} + 1][n_l] = sum over the batch of A_{l-1}^T delta_l, the bias unit 2^a in the last row. */
static void layer_gradient(cs_trainer *t, size_t l, uint64_t *out) {
    const size_t batch = t->p->batch, rows = t->p->widths[l - 1], n = t->p->widths[l];
    for (size_t from = 0; from < batch; from += CS_SGD_ROWS)
        cs_sgd_transpose(t->transposed, t->activation[l - 1], batch, rows, from, cs_smaller(from + CS_SGD_ROWS, batch));
    memset(out, 0, (rows + 1) * n * sizeof *out);
    t->matmul(out, t->transposed, t->delta, rows, batch, n, t->products);
    uint64_t *bias = out + rows * n;
    for (size_t b = 0; b < batch; b++)
        for (size_t j = 0; j < n; j++)
            bias[j] += (uint64_t)(int64_t)t->delta[b * n + j] << t->p->a;
}

/* delta_l = V_l S_l with 2^w V_l + RV_l - 2^(w-1) = delta_{l+1} W_{l+1}^T. */
static cs_status propagate(cs_trainer *t, size_t step, size_t l) {
    const size_t n = t->p->widths[l], count = t->p->batch * n;
    memset(t->sums, 0, count * sizeof *t->sums);
    cs_sgd_multiply(t, t->delta, &t->backward[l], t->p->widths[l + 1], n);
    cs_sgd_round(t->values, t, count);
    CS_TRY(cs_sgd_put(t, step, CS_BLOCK_V, l, 0, t->values, n));
    CS_TRY(cs_sgd_put_remainder(t, step, CS_BLOCK_RV, l, t->values, n));
    for (size_t k = 0; k < count; k++)
        t->delta[k] = (int32_t)(t->values[k] * t->mask[l][k]);
    return CS_OK;
}

cs_status cs_sgd_backward(cs_trainer *t, size_t step, uint64_t *out) {
    out += cs_trainer_size(t);
    for (size_t l = t->p->layers; l >= 1; l--) {
        const size_t rows = t->p->widths[l - 1] + 1, n = t->p->widths[l];
        out -= rows * n;
        layer_gradient(t, l, out);
        (void)cs_sgd_tamper(t, step, CS_TAMPER_GRADIENT, l, 0, (int64_t *)out, rows, n);
        if (l > 1)
            CS_TRY(propagate(t, step, l - 1));
    }
    return CS_OK;
}
