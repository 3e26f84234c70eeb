#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/safetensors.h"
#include "data/safetensors_format.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) {
    const cs_named_tensor *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* {"data_offsets":[offset,end],"dtype":…,"shape":[…]}, or NULL without memory. */
static json_t *describe(const cs_named_tensor *tensor, size_t offset, size_t end) {
    json_t *shape = json_array();
    for (size_t d = 0; d < tensor->dims; d++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[d]));
    if (json_array_size(shape) != tensor->dims) {
        json_decref(shape);
        return NULL;
    }
    return json_pack("{s:s,s:o,s:[I,I]}", "dtype", tensor->dtype == CS_DTYPE_F64 ? "F64" : "I64", "shape", shape,
                     "data_offsets", (json_int_t)offset, (json_int_t)end);
}

static cs_status add_string(json_t *metadata, const char *key, const char *value) {
    if (json_object_get(metadata, key))
        return cs_fail(CS_ERR_INPUT, "metadata key \"%.64s\" is given twice", key);
    if (json_object_set_new(metadata, key, json_string(value)) != 0)
        return cs_fail(CS_ERR_INPUT, "metadata \"%.64s\": key or value is not UTF-8", key);
    return CS_OK;
}

static cs_status add_metadata(json_t *header, const cs_safetensors *file) {
    if (file->metadata_count == 0)
        return CS_OK;
    json_t *metadata = json_object();
    if (json_object_set_new(header, CS_SAFETENSORS_METADATA, metadata) != 0)
        return cs_fail(CS_ERR_MEMORY, "no memory for a safetensors header");
    for (size_t k = 0; k < file->metadata_count; k++)
        CS_TRY(add_string(metadata, file->metadata[k].key, file->metadata[k].value));
    return CS_OK;
}

static cs_status add_tensor(json_t *header, const cs_named_tensor *tensor, size_t *offset) {
    size_t count, end;
    CS_TRY(cs_named_tensor_count(&count, tensor));
    if (__builtin_add_overflow(*offset, count * CS_TENSOR_ITEM, &end) || end > INT64_MAX)
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": the file would be too large", tensor->name);
    if (tensor->name[0] == '\0' || strcmp(tensor->name, CS_SAFETENSORS_METADATA) == 0)
        return cs_fail(CS_ERR_INPUT, "\"%s\" is no name for a tensor", tensor->name);
    if (json_object_get(header, tensor->name))
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\" is given twice", tensor->name);
    json_t *entry = describe(tensor, *offset, end);
    if (!entry)
        return cs_fail(CS_ERR_MEMORY, "no memory for a safetensors header");
    if (json_object_set_new(header, tensor->name, entry) != 0)
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": its name is not UTF-8", tensor->name);
    *offset = end;
    return CS_OK;
}

static cs_status append_header(cs_buffer *out, const json_t *header) {
    char *text = json_dumps(header, JSON_COMPACT | JSON_SORT_KEYS);
    if (!text)
        return cs_fail(CS_ERR_MEMORY, "no memory for a safetensors header");
    const size_t length = strlen(text), padded = (length + 7) / 8 * 8;
    cs_status status = CS_OK;
    if (padded > CS_SAFETENSORS_MAX_HEADER) {
        status = cs_fail(CS_ERR_INPUT, "a safetensors header of %zu bytes is too long, at most %zu", padded,
                         CS_SAFETENSORS_MAX_HEADER);
    } else {
        cs_buffer_append_u64(out, padded);
        cs_buffer_append(out, text, length);
        cs_buffer_append(out, "       ", padded - length);
    }
    free(text);
    return status;
}

static cs_status append_values(cs_buffer *out, const cs_named_tensor *tensor, size_t count) {
    CS_TRY(cs_buffer_reserve(out, 8 * count));
    for (size_t k = 0; k < count; k++) {
        uint64_t bits;
        if (tensor->dtype == CS_DTYPE_F64)
            memcpy(&bits, &tensor->f64[k], sizeof bits);
        else
            bits = (uint64_t)tensor->i64[k];
        cs_store_u64(out->data + out->size + 8 * k, bits);
    }
    out->size += 8 * count;
    return CS_OK;
}

static cs_status encode_sorted(cs_buffer *out, const cs_safetensors *file, const cs_named_tensor *const *sorted,
                               json_t *header, bool values) {
    size_t offset = 0;
    CS_TRY(add_metadata(header, file));
    for (size_t k = 0; k < file->tensor_count; k++)
        CS_TRY(add_tensor(header, sorted[k], &offset));
    CS_TRY(append_header(out, header));
    for (size_t k = 0; k < file->tensor_count && values; k++) {
        size_t count;
        CS_TRY(cs_named_tensor_count(&count, sorted[k]));
        CS_TRY(append_values(out, sorted[k], count));
    }
    return cs_buffer_status(out);
}

static cs_status encode(cs_buffer *out, const cs_safetensors *file, bool values) {
    if (file->tensor_count > CS_SAFETENSORS_MAX_TENSORS)
        return cs_fail(CS_ERR_INPUT, "%zu tensors in a safetensors file, at most %zu", file->tensor_count,
                       CS_SAFETENSORS_MAX_TENSORS);
    const cs_named_tensor **sorted = CS_NEW(const cs_named_tensor *, file->tensor_count);
    if (!sorted)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < file->tensor_count; k++)
        sorted[k] = &file->tensors[k];
    qsort(sorted, file->tensor_count, sizeof *sorted, compare_names);
    json_t *header = json_object();
    const cs_status status = header ? encode_sorted(out, file, sorted, header, values)
                                    : cs_fail(CS_ERR_MEMORY, "no memory for a safetensors header");
    json_decref(header);
    cs_free(sorted);
    return status;
}

cs_status cs_safetensors_encode(cs_buffer *out, const cs_safetensors *file) {
    return encode(out, file, true);
}

cs_status cs_safetensors_encode_header(cs_buffer *out, const cs_safetensors *file) {
    return encode(out, file, false);
}

cs_status cs_safetensors_write(const char *path, const cs_safetensors *file) {
    cs_buffer bytes = {0};
    cs_status status = cs_safetensors_encode(&bytes, file);
    if (status == CS_OK)
        status = cs_file_write(path, bytes.data, bytes.size, 0644);
    else
        status = cs_fail_prefix(status, "%s", path);
    cs_buffer_free(&bytes);
    return status;
}
