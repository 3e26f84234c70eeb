#include "poly/tensor.h"

#include <string.h>

#include "base/memory.h"

cs_int_type cs_int_type_for(int64_t min, int64_t max) {
    if (min >= INT8_MIN && max <= INT8_MAX)
        return CS_INT_I8;
    if (min >= INT16_MIN && max <= INT16_MAX)
        return CS_INT_I16;
    if (min >= INT32_MIN && max <= INT32_MAX)
        return CS_INT_I32;
    return CS_INT_I64;
}

cs_status cs_tensor_new(cs_tensor *out, size_t n, int64_t min, int64_t max) {
    const cs_int_type type = cs_int_type_for(min, max);
    *out = (cs_tensor){.type = type, .data = cs_calloc(n, cs_int_size(type)), .n = n, .min = min, .max = max};
    return out->data != NULL ? CS_OK : CS_ERR_MEMORY;
}

void cs_tensor_free(cs_tensor *t) {
    cs_free(t->data);
    *t = (cs_tensor){0};
}

/* The plain value if it is below 2^62, else -1. */
static int64_t small_value(cs_fr x) {
    uint64_t limbs[4];
    cs_fr_to_limbs(limbs, x);
    return limbs[3] || limbs[2] || limbs[1] || limbs[0] >> 62 ? -1 : (int64_t)limbs[0];
}

int64_t cs_tensor_get(const cs_tensor *t, size_t k) {
    if (t->type != CS_INT_FR)
        return cs_int_at(t->type, t->data, k);
    const cs_fr x = ((const cs_fr *)t->data)[k];
    const int64_t positive = small_value(x), negative = small_value(cs_fr_neg(x));
    return positive >= 0 ? positive : negative >= 0 ? -negative : INT64_MIN;
}

void cs_tensor_set(cs_tensor *t, size_t k, int64_t v) {
    switch (t->type) {
    case CS_INT_I8:
        ((int8_t *)t->data)[k] = (int8_t)v;
        break;
    case CS_INT_I16:
        ((int16_t *)t->data)[k] = (int16_t)v;
        break;
    case CS_INT_I32:
        ((int32_t *)t->data)[k] = (int32_t)v;
        break;
    case CS_INT_I64:
        ((int64_t *)t->data)[k] = v;
        break;
    case CS_INT_FR:
        ((cs_fr *)t->data)[k] = cs_fr_from_i64(v);
        break;
    }
}

void cs_tensor_store_i16(cs_tensor *t, size_t k, const int16_t *v, size_t n) {
    if (t->type == CS_INT_I8)
        for (size_t j = 0; j < n; j++)
            ((int8_t *)t->data)[k + j] = (int8_t)v[j];
    else if (t->type == CS_INT_I16)
        memcpy((int16_t *)t->data + k, v, n * sizeof *v);
    else
        for (size_t j = 0; j < n; j++)
            cs_tensor_set(t, k + j, v[j]);
}

const void *cs_tensor_at(const cs_tensor *t, size_t k) {
    return (const unsigned char *)t->data + k * cs_int_size(t->type);
}

cs_status cs_tensor_to_fr(cs_tensor *t) {
    if (t->type == CS_INT_FR)
        return CS_OK;
    cs_fr *values = CS_NEW(cs_fr, t->n);
    if (values == NULL)
        return CS_ERR_MEMORY;
    cs_fr_vec_from_int(values, t->type, t->data, t->n);
    cs_free(t->data);
    t->data = values;
    t->type = CS_INT_FR;
    return CS_OK;
}

void cs_tensor_load(cs_fr *r, const cs_tensor *t, size_t offset, size_t n) {
    if (t->type == CS_INT_FR)
        memcpy(r, cs_tensor_at(t, offset), n * sizeof *r);
    else
        cs_fr_vec_from_int(r, t->type, cs_tensor_at(t, offset), n);
}
