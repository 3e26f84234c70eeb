#include "base/bytes.h"
#include "base/memory.h"
#include "data/safetensors.h"
#include "data/safetensors_format.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 3 /* header, tensor, shape */

/* What a decoded file's pointers point into. */
typedef struct cs_safetensors_memory {
    json_t *header; /* names, keys and values */
    cs_named_tensor *tensors;
    cs_metadata *metadata;
    void **values; /* [tensor_count] */
    size_t tensor_count;
} cs_safetensors_memory;

typedef struct byte_range {
    size_t begin, end;
    size_t tensor;
} byte_range;

void cs_safetensors_free(cs_safetensors *file) {
    cs_safetensors_memory *m = file->owned;
    if (m) {
        for (size_t k = 0; m->values && k < m->tensor_count; k++)
            cs_free(m->values[k]);
        cs_free(m->values);
        cs_free(m->metadata);
        cs_free(m->tensors);
        json_decref(m->header);
        cs_free(m);
    }
    *file = (cs_safetensors){0};
}

/* The parser recurses as deep as the text nests: looked at first. */
static bool depth_bounded(const char *text, size_t length) {
    size_t depth = 0;
    bool quoted = false;
    for (size_t k = 0; k < length; k++) {
        if (quoted && text[k] == '\\')
            k++;
        else if (text[k] == '"')
            quoted = !quoted;
        else if (!quoted && (((text[k] == '{' || text[k] == '[') && ++depth > MAX_DEPTH) ||
                             ((text[k] == '}' || text[k] == ']') && depth-- == 0)))
            return false;
    }
    return true;
}

static cs_status parse_header(json_t **header, const char *text, size_t length) {
    json_error_t error;
    if (length == 0 || text[0] != '{' || !depth_bounded(text, length))
        return cs_fail(CS_ERR_INPUT, "safetensors header: not a JSON object, or nested too deeply");
    *header = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    if (!*header)
        return cs_fail(CS_ERR_INPUT, "safetensors header: byte %d: %s", error.position, error.text);
    return CS_OK;
}

static bool read_size(size_t *out, const json_t *value) {
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *out = (size_t)json_integer_value(value);
    return true;
}

static cs_status read_dtype(cs_named_tensor *tensor, const json_t *entry) {
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    if (!dtype || (strcmp(dtype, "F64") != 0 && strcmp(dtype, "I64") != 0))
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": dtype is neither F64 nor I64", tensor->name);
    tensor->dtype = dtype[0] == 'F' ? CS_DTYPE_F64 : CS_DTYPE_I64;
    return CS_OK;
}

static cs_status read_shape(cs_named_tensor *tensor, const json_t *entry) {
    const json_t *shape = json_object_get(entry, "shape");
    tensor->dims = json_array_size(shape);
    if (!json_is_array(shape) || tensor->dims > CS_TENSOR_MAX_DIMS)
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": shape is not an array of at most %d sizes", tensor->name,
                       CS_TENSOR_MAX_DIMS);
    for (size_t d = 0; d < tensor->dims; d++) {
        if (!read_size(&tensor->shape[d], json_array_get(shape, d)))
            return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": axis %zu of its shape is not a size", tensor->name, d + 1);
    }
    return CS_OK;
}

/* Reads one tensor's entry; its bytes lie in the first `data_size` behind the header. */
static cs_status read_entry(cs_named_tensor *tensor, byte_range *range, const json_t *entry, size_t data_size) {
    size_t count;
    if (json_object_size(entry) != 3)
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": must have dtype, shape and data_offsets, and nothing else",
                       tensor->name);
    CS_TRY(read_dtype(tensor, entry));
    CS_TRY(read_shape(tensor, entry));
    CS_TRY(cs_named_tensor_count(&count, tensor));
    const json_t *offsets = json_object_get(entry, "data_offsets");
    if (json_array_size(offsets) != 2 || !read_size(&range->begin, json_array_get(offsets, 0)) ||
        !read_size(&range->end, json_array_get(offsets, 1)))
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": data_offsets is not a pair of sizes", tensor->name);
    if (range->begin > range->end || range->end > data_size)
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": bytes %zu..%zu of %zu", tensor->name, range->begin, range->end,
                       data_size);
    if (range->end - range->begin != count * CS_TENSOR_ITEM)
        return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": %zu bytes for %zu numbers of 8", tensor->name,
                       range->end - range->begin, count);
    return CS_OK;
}

static int compare_ranges(const void *a, const void *b) {
    const byte_range *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static cs_status check_cover(const byte_range *ranges, size_t count, const cs_named_tensor *tensors, size_t data_size) {
    size_t at = 0;
    for (size_t k = 0; k < count; k++) {
        if (ranges[k].begin != at)
            return cs_fail(CS_ERR_INPUT, "tensor \"%.64s\": its bytes begin at %zu, expected %zu (%s)",
                           tensors[ranges[k].tensor].name, ranges[k].begin, at, ranges[k].begin < at ? "overlap" : "gap");
        at = ranges[k].end;
    }
    return at == data_size ? CS_OK : cs_fail(CS_ERR_INPUT, "%zu bytes behind the last tensor", data_size - at);
}

static int compare_tensors(const void *a, const void *b) {
    const cs_named_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static int compare_metadata(const void *a, const void *b) {
    const cs_metadata *x = a, *y = b;
    return strcmp(x->key, y->key);
}

static cs_status read_metadata(cs_safetensors *out, json_t *object) {
    const char *key;
    json_t *value;
    size_t k = 0;
    if (!json_is_object(object))
        return cs_fail(CS_ERR_INPUT, "safetensors header: " CS_SAFETENSORS_METADATA " is not an object");
    cs_metadata *metadata = out->owned->metadata = CS_NEW(cs_metadata, json_object_size(object));
    if (!metadata)
        return CS_ERR_MEMORY;
    json_object_foreach(object, key, value) {
        if (!json_is_string(value))
            return cs_fail(CS_ERR_INPUT, "safetensors metadata \"%.64s\" is not a string", key);
        metadata[k++] = (cs_metadata){key, json_string_value(value)};
    }
    qsort(metadata, k, sizeof *metadata, compare_metadata);
    out->metadata = metadata;
    out->metadata_count = k;
    return CS_OK;
}

static cs_status read_tensors(cs_safetensors *out, byte_range *ranges, const uint8_t *data, size_t size) {
    cs_safetensors_memory *m = out->owned;
    for (size_t k = 0; k < m->tensor_count; k++) {
        CS_TRY(read_entry(&m->tensors[k], &ranges[k], json_object_get(m->header, m->tensors[k].name), size));
        ranges[k].tensor = k;
    }
    qsort(ranges, m->tensor_count, sizeof *ranges, compare_ranges);
    CS_TRY(check_cover(ranges, m->tensor_count, m->tensors, size));
    for (size_t k = 0; k < m->tensor_count; k++)
        m->tensors[ranges[k].tensor].bytes = data + ranges[k].begin;
    out->tensors = m->tensors;
    out->tensor_count = m->tensor_count;
    return CS_OK;
}

/* Takes memory for the tensors that the parsed header lists and notes their names, sorted. */
static cs_status list_tensors(cs_safetensors_memory *m) {
    const char *key;
    json_t *value;
    const size_t most = json_object_size(m->header);
    if (most > CS_SAFETENSORS_MAX_TENSORS + 1)
        return cs_fail(CS_ERR_INPUT, "safetensors header: %zu tensors, at most %zu", most, CS_SAFETENSORS_MAX_TENSORS);
    m->tensors = CS_NEW(cs_named_tensor, most);
    m->values = CS_NEW(void *, most);
    if (!m->tensors || !m->values)
        return CS_ERR_MEMORY;
    json_object_foreach(m->header, key, value) {
        if (key[0] == '\0')
            return cs_fail(CS_ERR_INPUT, "safetensors header: a tensor without a name");
        if (strcmp(key, CS_SAFETENSORS_METADATA) != 0)
            m->tensors[m->tensor_count++].name = key;
    }
    qsort(m->tensors, m->tensor_count, sizeof *m->tensors, compare_tensors);
    return CS_OK;
}

static cs_status view(cs_safetensors *out, const uint8_t *data, size_t size) {
    cs_safetensors_memory *m = out->owned;
    if (size < CS_SAFETENSORS_LENGTH_BYTES)
        return cs_fail(CS_ERR_INPUT, "not a safetensors file: %zu bytes", size);
    const uint64_t length = cs_load_u64(data);
    if (length > CS_SAFETENSORS_MAX_HEADER || length > size - CS_SAFETENSORS_LENGTH_BYTES)
        return cs_fail(CS_ERR_INPUT, "safetensors header: declared length of %llu bytes is too large",
                       (unsigned long long)length);
    const uint8_t *text = data + CS_SAFETENSORS_LENGTH_BYTES;
    CS_TRY(parse_header(&m->header, (const char *)text, (size_t)length));
    CS_TRY(list_tensors(m));
    json_t *metadata = json_object_get(m->header, CS_SAFETENSORS_METADATA);
    if (metadata)
        CS_TRY(read_metadata(out, metadata));
    byte_range *ranges = CS_NEW(byte_range, m->tensor_count);
    if (!ranges)
        return CS_ERR_MEMORY;
    const cs_status status = read_tensors(out, ranges, text + length, size - CS_SAFETENSORS_LENGTH_BYTES - (size_t)length);
    cs_free(ranges);
    return status;
}

cs_status cs_safetensors_view(cs_safetensors *out, const uint8_t *data, size_t size) {
    *out = (cs_safetensors){0};
    out->owned = CS_NEW(cs_safetensors_memory, 1);
    if (!out->owned)
        return CS_ERR_MEMORY;
    const cs_status status = view(out, data, size);
    if (status != CS_OK)
        cs_safetensors_free(out);
    return status;
}

static cs_status copy_values(cs_named_tensor *tensor, void **memory) {
    size_t count;
    CS_TRY(cs_named_tensor_count(&count, tensor));
    const uint8_t *const data = tensor->bytes;
    tensor->bytes = NULL;
    if (tensor->dtype == CS_DTYPE_I64) {
        int64_t *values = CS_NEW(int64_t, count);
        for (size_t k = 0; values && k < count; k++)
            values[k] = (int64_t)cs_load_u64(data + k * CS_TENSOR_ITEM);
        tensor->i64 = *memory = values;
    } else {
        double *values = CS_NEW(double, count);
        for (size_t k = 0; values && k < count; k++) {
            const uint64_t bits = cs_load_u64(data + k * CS_TENSOR_ITEM);
            memcpy(&values[k], &bits, sizeof bits);
        }
        tensor->f64 = *memory = values;
    }
    return *memory ? CS_OK : CS_ERR_MEMORY;
}

cs_status cs_safetensors_decode(cs_safetensors *out, const uint8_t *data, size_t size) {
    CS_TRY(cs_safetensors_view(out, data, size));
    cs_status status = CS_OK;
    for (size_t k = 0; status == CS_OK && k < out->tensor_count; k++)
        status = copy_values(&out->owned->tensors[k], &out->owned->values[k]);
    if (status != CS_OK)
        cs_safetensors_free(out);
    return status;
}
