#include "attest/model_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/safetensors.h"

enum { NAME_SIZE = sizeof "layer18446744073709551615.weight", EXACT_BITS = 53 };

typedef char tensor_name[NAME_SIZE];

/* ------------------------------------------------------------ writing */

/* values[k] = w[k] * 2^-scale; every integer below 2^53 is exact. */
static cs_status to_doubles(double *values, const cs_model *m, unsigned scale) {
    const double unit = ldexp(1, -(int)scale);
    for (size_t l = 0; l < m->layers; l++)
        for (size_t k = 0; k < m->rows[l] * m->columns[l]; k++) {
            const int64_t v = m->w[l][k];
            if (v >= (int64_t)1 << EXACT_BITS || v <= -((int64_t)1 << EXACT_BITS))
                return cs_fail(CS_ERR_RANGE,
                               "a weight of layer %zu has more than %d bits and no exact double: lower the rates or scales",
                               l + 1, EXACT_BITS);
            *values++ = (double)v * unit;
        }
    return CS_OK;
}

/* A model's file but for where its numbers are, and what that points at. */
typedef struct description {
    cs_named_tensor tensors[2 * CS_MAX_LAYERS];
    tensor_name names[2 * CS_MAX_LAYERS];
    char scale[16];
    cs_metadata metadata[2];
    cs_safetensors file;
} description;

/* values[cs_model_size(m)], or NULL if only the header is wanted. Rows of weights first, the bias row last: as they lie in
 * memory. */
static void describe(description *d, const double *values, const cs_model *m, const cs_params *p) {
    size_t first = 0;
    for (size_t l = 0; l < m->layers; l++) {
        const size_t rows = m->rows[l] - 1, columns = m->columns[l], bias = first + rows * columns;
        char *weight = d->names[2 * l], *name = d->names[2 * l + 1];
        snprintf(weight, NAME_SIZE, "layer%zu.weight", l + 1);
        snprintf(name, NAME_SIZE, "layer%zu.bias", l + 1);
        d->tensors[2 * l] = (cs_named_tensor){.name = weight, .dtype = CS_DTYPE_F64, .dims = 2, .shape = {rows, columns}};
        d->tensors[2 * l + 1] = (cs_named_tensor){.name = name, .dtype = CS_DTYPE_F64, .dims = 1, .shape = {columns}};
        if (values != NULL) {
            d->tensors[2 * l].f64 = values + first;
            d->tensors[2 * l + 1].f64 = values + bias;
        }
        first = bias + columns;
    }
    snprintf(d->scale, sizeof d->scale, "%u", p->w);
    d->metadata[0] = (cs_metadata){"format", "consort/model/1"};
    d->metadata[1] = (cs_metadata){"scale_bits", d->scale};
    d->file = (cs_safetensors){d->tensors, 2 * m->layers, d->metadata, 2, NULL};
}

cs_status cs_model_encode(cs_buffer *out, const cs_model *m, const cs_params *p) {
    description d;
    double *values = CS_NEW(double, cs_model_size(m));
    if (values == NULL)
        return CS_ERR_MEMORY;
    cs_status status = to_doubles(values, m, p->w);
    if (status == CS_OK) {
        describe(&d, values, m, p);
        status = cs_safetensors_encode(out, &d.file);
    }
    cs_free(values);
    return status;
}

/* ------------------------------------------------------------ reading */

static double double_at(const uint8_t *bytes) {
    const uint64_t bits = cs_load_u64(bytes);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* Multiplying by a power of two is exact unless it overflows. False if v is no integer times 2^-scale, or -0. */
static bool from_double(int64_t *out, double v, double scale) {
    const double integer = v * scale;
    if (!(fabs(integer) < 0x1p53))
        return false;
    *out = (int64_t)integer;
    return (double)*out == integer && (*out != 0 || !signbit(v));
}

static cs_status read_numbers(int64_t *out, const cs_named_tensor *t, size_t n, const char *file, unsigned scale) {
    const double unit = (double)((uint64_t)1 << scale);
    for (size_t k = 0; k < n; k++)
        if (!from_double(&out[k], double_at(t->bytes + 8 * k), unit))
            return cs_fail(CS_ERR_INPUT, "%s: %s: number %zu (%.17g) is not an integer times 2^-%u", file, t->name, k,
                           double_at(t->bytes + 8 * k), scale);
    return CS_OK;
}

static cs_status read_tensor(int64_t *out, const cs_safetensors *from, const char *file, const char *name, size_t rows,
                             size_t columns, unsigned scale) {
    const cs_named_tensor *t = cs_safetensors_find(from, name);
    if (t == NULL)
        return cs_fail(CS_ERR_INPUT, "%s: the tensor \"%s\" is missing", file, name);
    const bool shaped =
        rows == 0 ? t->dims == 1 && t->shape[0] == columns : t->dims == 2 && t->shape[0] == rows && t->shape[1] == columns;
    if (t->dtype != CS_DTYPE_F64 || !shaped)
        return cs_fail(CS_ERR_INPUT,
                       rows == 0 ? "%s: %s: F64 of shape [%zu] is required" : "%s: %s: F64 of shape [%zu, %zu] is required",
                       file, name, rows == 0 ? columns : rows, columns);
    return read_numbers(out, t, rows == 0 ? columns : rows * columns, file, scale);
}

static cs_status read_model(cs_model *out, const cs_params *p, const char *file, const cs_safetensors *from) {
    if (from->tensor_count != 2 * p->layers)
        return cs_fail(CS_ERR_INPUT, "%s: %zu tensors; a weight and a bias for each of %zu layers are required", file,
                       from->tensor_count, p->layers);
    CS_TRY(cs_model_new(out, p));
    for (size_t l = 0; l < p->layers; l++) {
        const size_t rows = p->widths[l], columns = p->widths[l + 1];
        tensor_name name;
        snprintf(name, sizeof name, "layer%zu.weight", l + 1);
        CS_TRY(read_tensor(out->w[l], from, file, name, rows, columns, p->w));
        snprintf(name, sizeof name, "layer%zu.bias", l + 1);
        CS_TRY(read_tensor(out->w[l] + rows * columns, from, file, name, 0, columns, p->w));
    }
    return CS_OK;
}

cs_status cs_model_decode(cs_model *out, const cs_params *p, const char *name, const uint8_t *data, size_t size) {
    cs_safetensors file;
    memset(out, 0, sizeof *out);
    CS_TRY(cs_fail_prefix(cs_safetensors_view(&file, data, size), "%s", name));
    const cs_status status = read_model(out, p, name, &file);
    cs_safetensors_free(&file);
    if (status != CS_OK)
        cs_model_free(out);
    return status;
}

/* A decoded model has one form of each number: below 2^53, and no -0. So it is the header that can differ. */
cs_status cs_model_decode_canonical(cs_model *out, const cs_params *p, const char *name, const uint8_t *data, size_t size) {
    description d;
    cs_buffer header = {0};
    CS_TRY(cs_model_decode(out, p, name, data, size));
    describe(&d, NULL, out, p);
    cs_status status = cs_safetensors_encode_header(&header, &d.file);
    if (status == CS_OK && (size != header.size + 8 * cs_model_size(out) || memcmp(header.data, data, header.size) != 0))
        status = cs_fail(CS_ERR_INPUT, "%s: not the canonical encoding of its model", name);
    cs_buffer_free(&header);
    if (status != CS_OK)
        cs_model_free(out);
    return status;
}

cs_status cs_model_load(cs_model *out, const cs_params *p, const char *path) {
    cs_buffer data = {0};
    memset(out, 0, sizeof *out);
    cs_status status = cs_file_read(path, CS_MODEL_MAX_BYTES, &data);
    if (status == CS_OK)
        status = cs_model_decode(out, p, path, data.data, data.size);
    cs_buffer_free(&data);
    return status;
}
