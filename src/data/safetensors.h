/* Named tensors in the safetensors format (huggingface.co/docs/safetensors): how models leave and enter the program. Local.
 *
 * A file is the header's length (8 bytes, little-endian), the header (JSON: for each name its type, shape and byte range;
 * strings under "__metadata__"), and the numbers, little-endian, row by row, without gaps. The writer is canonical: equal
 * content gives equal bytes (keys sorted, no spaces but those that fill the header up to a multiple of 8 bytes, tensors in
 * the order of their names). The reader takes any valid file whose tensors are F64 or I64. */
#ifndef CS_DATA_SAFETENSORS_H
#define CS_DATA_SAFETENSORS_H

#include "base/buffer.h"
#include <stdint.h>

#define CS_TENSOR_MAX_DIMS         8
#define CS_SAFETENSORS_MAX_HEADER  ((size_t)1 << 20) /* bytes */
#define CS_SAFETENSORS_MAX_TENSORS ((size_t)1 << 12)

typedef enum cs_dtype { CS_DTYPE_F64, CS_DTYPE_I64 } cs_dtype;

typedef struct cs_named_tensor {
    const char *name; /* UTF-8, not empty, not "__metadata__" */
    cs_dtype dtype;
    size_t dims, shape[CS_TENSOR_MAX_DIMS]; /* dims = 0: a single number */
    union {
        const double *f64;
        const int64_t *i64;
    }; /* [product of shape], row by row */
    const uint8_t
        *bytes; /* of cs_safetensors_view, instead: the same as they stand in the file, little-endian, not aligned */
} cs_named_tensor;

typedef struct cs_metadata {
    const char *key, *value; /* UTF-8 */
} cs_metadata;

/** For writing, all of it is the caller's. A decoded file owns what it points at through `owned`. */
typedef struct cs_safetensors {
    const cs_named_tensor *tensors; /* [tensor_count], names distinct */
    size_t tensor_count;
    const cs_metadata *metadata; /* [metadata_count], keys distinct */
    size_t metadata_count;
    struct cs_safetensors_memory *owned; /* NULL for writing */
} cs_safetensors;

/** Appends the file to *out, whose new bytes mean nothing after a failure. CS_ERR_INPUT if a name is invalid or given twice,
 * or a limit above is passed; CS_ERR_MEMORY. */
cs_status cs_safetensors_encode(cs_buffer *out, const cs_safetensors *file);

/** The same without the numbers, which are not looked at. */
cs_status cs_safetensors_encode_header(cs_buffer *out, const cs_safetensors *file);

/** Encodes and writes to `path` by way of a temporary file. Also CS_ERR_IO. */
cs_status cs_safetensors_write(const char *path, const cs_safetensors *file);

/** Reads data[size], copying. Tensors and metadata come sorted by name. CS_ERR_INPUT unless the header is a JSON object of
 * bounded length and depth without duplicate keys, each tensor's range fits its type and shape, and the ranges cover the
 * bytes behind the header once, to the last. Freed by cs_safetensors_free; empty after a failure. */
cs_status cs_safetensors_decode(cs_safetensors *out, const uint8_t *data, size_t size);

/** The same without copying the numbers: data must outlive *out. */
cs_status cs_safetensors_view(cs_safetensors *out, const uint8_t *data, size_t size);

/** Frees what a decoded file owns and leaves *file empty. An empty (zeroed) one is fine. */
void cs_safetensors_free(cs_safetensors *file);

/** The tensor of that name, or NULL. */
const cs_named_tensor *cs_safetensors_find(const cs_safetensors *file, const char *name);

/** The value under that key, or NULL. */
const char *cs_safetensors_value(const cs_safetensors *file, const char *key);

/** Product of the shape in *count; CS_ERR_INPUT if dims or the product are too large. */
cs_status cs_named_tensor_count(size_t *count, const cs_named_tensor *tensor);

#endif
