/* Between the trainer's working arrays and the blocks of the witness. */
#include "base/bits.h"
#include "train/trainer.h"

static const char *advice(cs_block_kind kind) {
    switch (kind) {
    case CS_BLOCK_D:
        return "features must lie within value_bits: scale the dataset or raise value_bits";
    case CS_BLOCK_Y:
        return "labels must be one-hot";
    case CS_BLOCK_Z:
        return "the pre-activation Z does not fit: raise value_bits, or lower the rate, initial_max or a";
    case CS_BLOCK_V:
        return "the error V does not fit: raise value_bits, or lower the rate, initial_max or d";
    default:
        return "the parameters contradict each other";
    }
}

static cs_status check_range(const cs_trainer *t, size_t step, const cs_block_info *info, const int64_t *values, size_t n) {
    bool outside = false;
    for (size_t k = 0; k < n; k++)
        outside |= values[k] < info->min || values[k] > info->max;
    if (!outside)
        return CS_OK;
    return cs_fail(CS_ERR_RANGE, "member %s (rank %d), step %zu, layer %zu: a value left its declared range; %s", t->member,
                   t->rank, step, info->layer != 0 || info->kind == CS_BLOCK_D ? info->layer : t->p->layers,
                   advice(info->kind));
}

static bool fits(cs_int_type type, int64_t v) {
    return type == CS_INT_FR || cs_int_type_for(v, v) <= type;
}

static void store(cs_tensor *tensor, size_t offset, const int64_t *values, size_t n) {
    if (tensor->type == CS_INT_I8) {
        int8_t *to = (int8_t *)tensor->data + offset;
        for (size_t k = 0; k < n; k++)
            to[k] = (int8_t)values[k];
    } else if (tensor->type == CS_INT_I16) {
        int16_t *to = (int16_t *)tensor->data + offset;
        for (size_t k = 0; k < n; k++)
            to[k] = (int16_t)values[k];
    } else {
        for (size_t k = 0; k < n; k++)
            cs_tensor_set(tensor, offset + k, values[k]);
    }
}

cs_status cs_sgd_put(cs_trainer *t, size_t step, cs_block_kind kind, size_t layer, size_t limb, int64_t *values,
                     size_t columns) {
    const size_t index = cs_blocks_find(t->blocks, kind, layer, limb), batch = t->p->batch;
    const cs_block_info *info = &t->blocks->info[index];
    cs_tensor *tensor = &t->tensors[index];
    if (cs_sgd_tamper(t, step, (int)kind, layer, limb, values, batch, columns)) {
        for (size_t k = 0; k < batch * columns; k++)
            if (!fits(tensor->type, values[k]))
                CS_TRY(cs_tensor_to_fr(tensor));
    } else {
        CS_TRY(check_range(t, step, info, values, batch * columns));
    }
    const unsigned width_bits = info->axes == 3 ? info->bits[2] : 0;
    for (size_t b = 0; b < batch; b++)
        store(tensor, ((step << info->bits[1]) + b) << width_bits, values + b * columns, columns);
    return CS_OK;
}

cs_status cs_sgd_put_remainder(cs_trainer *t, size_t step, cs_block_kind kind, size_t layer, const int64_t *quotient,
                               size_t columns) {
    const cs_params *p = t->p;
    const uint64_t half = (uint64_t)1 << (p->w - 1);
    unsigned shift = 0;
    for (unsigned limb = 0; limb < p->n_limbs; limb++) {
        /* The top limb takes whatever is left, so a remainder out of its range has a limb out of its range. */
        const int64_t cut = limb + 1 < p->n_limbs ? ((int64_t)1 << p->limb_bits[limb]) - 1 : -1;
        for (size_t k = 0; k < p->batch * columns; k++) {
            const int64_t remainder = (int64_t)(t->sums[k] + half - ((uint64_t)quotient[k] << p->w));
            t->scratch[k] = (remainder >> shift) & cut;
        }
        CS_TRY(cs_sgd_put(t, step, kind, layer, limb, t->scratch, columns));
        shift += p->limb_bits[limb];
    }
    return CS_OK;
}

static void load(int64_t *out, const cs_tensor *tensor, size_t offset, size_t n) {
    if (tensor->type == CS_INT_I8) {
        const int8_t *from = (const int8_t *)tensor->data + offset;
        for (size_t k = 0; k < n; k++)
            out[k] = from[k];
    } else if (tensor->type == CS_INT_I16) {
        const int16_t *from = (const int16_t *)tensor->data + offset;
        for (size_t k = 0; k < n; k++)
            out[k] = from[k];
    } else {
        for (size_t k = 0; k < n; k++)
            out[k] = cs_tensor_get(tensor, offset + k);
    }
}

cs_status cs_sgd_load(cs_trainer *t, size_t step, cs_block_kind kind, int64_t row, int64_t *out, size_t n) {
    const size_t index = cs_blocks_find(t->blocks, kind, 0, 0);
    const cs_block_info *info = &t->blocks->info[index];
    if (row < 0 || (uint64_t)row >= info->shape[0])
        return cs_fail(CS_ERR_INTERNAL, "member %s (rank %d), step %zu: draw of a dataset row that does not exist",
                       t->member, t->rank, step);
    load(out, &t->tensors[index], (size_t)row << info->bits[1], n);
#ifdef CS_TAMPER
    if (t->tamper != NULL)
        return CS_OK;
#endif
    return check_range(t, step, info, out, n);
}
