#include "data/safetensors.h"
#include "data/safetensors_format.h"
#include <string.h>

cs_status cs_named_tensor_count(size_t *count, const cs_named_tensor *tensor) {
    *count = 1;
    if (tensor->dims > CS_TENSOR_MAX_DIMS)
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": %zu axes, at most %d", tensor->name, tensor->dims,
                       CS_TENSOR_MAX_DIMS);
    size_t bytes;
    for (size_t d = 0; d < tensor->dims; d++) {
        if (__builtin_mul_overflow(*count, tensor->shape[d], count))
            return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": its shape is too large", tensor->name);
    }
    if (__builtin_mul_overflow(*count, CS_TENSOR_ITEM, &bytes))
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": its shape is too large", tensor->name);
    return CS_OK;
}

const cs_named_tensor *cs_safetensors_find(const cs_safetensors *file, const char *name) {
    for (size_t k = 0; k < file->tensor_count; k++) {
        if (strcmp(file->tensors[k].name, name) == 0)
            return &file->tensors[k];
    }
    return NULL;
}

const char *cs_safetensors_value(const cs_safetensors *file, const char *key) {
    for (size_t k = 0; k < file->metadata_count; k++) {
        if (strcmp(file->metadata[k].key, key) == 0)
            return file->metadata[k].value;
    }
    return NULL;
}
