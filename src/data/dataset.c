#include "data/dataset.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/gunzip.h"
#include "data/table.h"
#include <string.h>

void cs_dataset_free(cs_dataset *dataset) {
    for (size_t f = 0; dataset->names && f < dataset->features; f++)
        cs_free(dataset->names[f]);
    cs_free(dataset->names);
    cs_free(dataset->values);
    cs_free(dataset->labels);
    *dataset = (cs_dataset){0};
}

static size_t byte_limit(const cs_dataset_options *o) {
    return o->max_bytes ? o->max_bytes : CS_DATASET_MAX_BYTES;
}

static cs_status check_options(const cs_dataset_options *o) {
    if (o->classes < 1 || o->classes > INT32_MAX)
        return cs_fail(CS_ERR_INPUT, "dataset: %u classes declared, must be 1..%d", o->classes, INT32_MAX);
    if (!o->affine || o->affine_count == 0)
        return cs_fail(CS_ERR_INPUT, "dataset: no range of the features declared");
    for (size_t f = 0; f < o->affine_count; f++) {
        const cs_status status = cs_affine_check(&o->affine[f]);
        if (status != CS_OK)
            return cs_fail_prefix(status, "dataset: range %zu", f + 1);
    }
    return CS_OK;
}

static cs_status decode_unpacked(cs_records *table, cs_dataset_format format, const uint8_t *data, size_t size) {
    if (size == 0)
        return cs_fail(CS_ERR_INPUT, "%s: empty file", table->file);
    const bool npy = cs_npy_detect(data, size), idx = cs_idx_detect(data, size);
    if ((format == CS_DATASET_NPY && !npy) || (format == CS_DATASET_IDX && !idx))
        return cs_fail(CS_ERR_INPUT, "%s: declared as %s, but does not begin like such a file", table->file,
                       format == CS_DATASET_NPY ? "NPY" : "IDX");
    if (format == CS_DATASET_CSV && (npy || idx))
        return cs_fail(CS_ERR_INPUT, "%s: declared as CSV, but begins like an %s file", table->file, npy ? "NPY" : "IDX");
    if (npy)
        return cs_npy_decode(table, data, size);
    return idx ? cs_idx_decode(table, data, size) : cs_csv_decode(table, data, size);
}

static cs_status decode_table(cs_records *table, cs_dataset_format format, const cs_dataset_source *source) {
    const size_t limit = byte_limit(table->options);
    if (source->size > limit)
        return cs_fail(CS_ERR_INPUT, "%s: %zu bytes, the limit is %zu", source->name, source->size, limit);
    cs_buffer unpacked = {0};
    cs_status status = CS_OK;
    table->file = source->name;
    if (cs_gzip_detect(source->data, source->size)) {
        CS_TRY_OUT(cs_gunzip(&unpacked, source->name, source->data, source->size, limit));
        CS_TRY_OUT(decode_unpacked(table, format, unpacked.data, unpacked.size));
    } else {
        CS_TRY_OUT(decode_unpacked(table, format, source->data, source->size));
    }
    if (table->filled == 0)
        status = cs_fail(CS_ERR_INPUT, "%s: no rows", source->name);
out:
    cs_buffer_free(&unpacked);
    cs_free(table->row);
    return status;
}

static cs_status decode_labels(cs_dataset *out, const cs_dataset_options *options, const cs_dataset_source *labels,
                               size_t rows, const char *table_name) {
    cs_dataset_options plain = *options;
    plain.header = CS_DATASET_HEADER_AUTO;
    plain.skip_lines = 0;
    cs_records table = {.options = &plain, .out = out, .has_labels = true};
    CS_TRY(decode_table(&table, CS_DATASET_AUTO, labels));
    if (table.filled != rows)
        return cs_fail(CS_ERR_INPUT, "%s: %zu labels for the %zu rows of %s", labels->name, table.filled, rows, table_name);
    return CS_OK;
}

cs_status cs_dataset_decode(cs_dataset *out, const cs_dataset_options *options, const cs_dataset_source *table,
                            const cs_dataset_source *labels) {
    *out = (cs_dataset){0};
    CS_TRY(check_options(options));
    cs_records main_table = {.options = options, .out = out, .has_features = true, .has_labels = !labels};
    cs_status status = decode_table(&main_table, options->format, table);
    if (status == CS_OK && labels)
        status = decode_labels(out, options, labels, main_table.filled, table->name);
    if (status == CS_OK)
        out->rows = main_table.filled;
    else
        cs_dataset_free(out);
    return status;
}

cs_status cs_dataset_load(cs_dataset *out, const cs_dataset_options *options, const char *path) {
    *out = (cs_dataset){0};
    const size_t limit = byte_limit(options);
    const char *label_path = options->label_path;
    cs_buffer table = {0}, labels = {0};
    cs_status status = CS_OK;
    CS_TRY_OUT(cs_file_read(path, limit, &table));
    if (label_path)
        CS_TRY_OUT(cs_file_read(label_path, limit, &labels));
    const cs_dataset_source table_source = {path, table.data, table.size};
    const cs_dataset_source label_source = {label_path, labels.data, labels.size};
    status = cs_dataset_decode(out, options, &table_source, label_path ? &label_source : NULL);
out:
    cs_buffer_free(&table);
    cs_buffer_free(&labels);
    return status;
}
