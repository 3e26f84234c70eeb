#include "base/memory.h"
#include "field/fr_vec.h"
#include "train/proof.h"

cs_view cs_train_activation_view(const cs_proof *p, size_t l) {
    const size_t block = l ? cs_train_block(p, CS_BLOCK_A, l, 0) : cs_train_block(p, CS_BLOCK_D, 0, 0);
    return (cs_view){.tensor = &p->shard->tensors[block],
                     .draws = l ? NULL : p->instance->draws[p->session.rank],
                     .steps = p->params->steps,
                     .batch = p->params->batch,
                     .batch_bits = p->bb,
                     .width_bits = cs_params_width_bits(p->params, l),
                     .bias = (int64_t)1 << p->params->a,
                     .bias_at = p->params->widths[l]};
}

cs_view cs_train_delta_view(const cs_proof *p, size_t l) {
    return (cs_view){.tensor = &p->deltas[l],
                     .steps = p->params->steps,
                     .batch = p->params->batch,
                     .batch_bits = p->bb,
                     .width_bits = cs_params_width_bits(p->params, l)};
}

/* delta = V * S, entry by entry. Field elements only if a dishonest rank put some there. */
static cs_status hidden_delta(cs_tensor *out, const cs_tensor *v, const cs_tensor *s) {
    CS_TRY(cs_tensor_new(out, v->n, v->min, v->max));
    if (v->type != CS_INT_FR && s->type != CS_INT_FR) {
        for (size_t x = 0; x < v->n; x++)
            cs_tensor_set(out, x, cs_tensor_get(v, x) * cs_tensor_get(s, x));
        return CS_OK;
    }
    CS_TRY(cs_tensor_to_fr(out));
    cs_fr *values = out->data;
    for (size_t x = 0; x < v->n; x++) {
        cs_fr a, b;
        cs_tensor_load(&a, v, x, 1);
        cs_tensor_load(&b, s, x, 1);
        values[x] = cs_fr_mul(a, b);
    }
    return CS_OK;
}

/* delta_L = P - 2^d Y at the drawn records. */
static cs_status output_delta(const cs_proof *p, cs_tensor *out, const cs_tensor *quotient) {
    const cs_tensor *y = &p->shard->tensors[cs_train_block(p, CS_BLOCK_Y, 0, 0)];
    const unsigned bits = cs_params_width_bits(p->params, p->params->layers);
    const cs_view labels = {.tensor = y,
                            .draws = p->instance->draws[p->session.rank],
                            .steps = p->params->steps,
                            .batch = p->params->batch,
                            .batch_bits = p->bb,
                            .width_bits = bits};
    const int64_t bound = cs_params_error_max(p->params);
    CS_TRY(cs_tensor_new(out, quotient->n, -bound, bound));
    if (quotient->type == CS_INT_FR)
        CS_TRY(cs_tensor_to_fr(out));
    for (size_t t = 0; t < p->params->steps; t++)
        for (size_t b = 0; b < p->params->batch; b++) {
            const size_t row = ((t << p->bb) + b) << bits, label = cs_view_row(&labels, t, b);
            for (size_t j = 0; j < (size_t)1 << bits; j++) {
                const int64_t target = cs_tensor_get(y, label + j) << p->params->d;
                if (quotient->type == CS_INT_FR)
                    ((cs_fr *)out->data)[row + j] =
                        cs_fr_sub(((const cs_fr *)quotient->data)[row + j], cs_fr_from_i64(target));
                else
                    cs_tensor_set(out, row + j, cs_tensor_get(quotient, row + j) - target);
            }
        }
    return CS_OK;
}

cs_status cs_train_make_deltas(cs_proof *p) {
    const cs_tensor *tensors = p->shard->tensors;
    for (size_t l = 1; l < p->params->layers; l++)
        CS_TRY(hidden_delta(&p->deltas[l], &tensors[cs_train_block(p, CS_BLOCK_V, l, 0)],
                            &tensors[cs_train_block(p, CS_BLOCK_S, l, 0)]));
    return output_delta(p, &p->deltas[p->params->layers], &tensors[cs_train_block(p, CS_BLOCK_P, 0, 0)]);
}

void cs_train_load_tensor(const void *tensor, size_t offset, size_t n, cs_fr *out) {
    cs_tensor_load(out, tensor, offset, n);
}
