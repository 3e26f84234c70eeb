#include "data/array.h"
#include <string.h>

static uint64_t load(const uint8_t *p, size_t item, bool big_endian) {
    uint64_t v = 0;
    for (size_t k = 0; k < item; k++)
        v = v << 8 | p[big_endian ? k : item - 1 - k];
    return v;
}

static double to_double(const cs_array *array, uint64_t bits) {
    if (array->kind == CS_ARRAY_UNSIGNED)
        return (double)bits;
    if (array->kind == CS_ARRAY_SIGNED) {
        const unsigned unused = (unsigned)(64 - 8 * array->item);
        const uint64_t sign = (uint64_t)1 << 63;
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): an item has at least one byte */
        const uint64_t high = bits << unused; /* the number times 2^unused, in two's complement */
        const uint64_t magnitude = (high & sign ? 0 - high : high) >> unused;
        return high & sign ? -(double)magnitude : (double)magnitude;
    }
    if (array->item == sizeof(float)) {
        const uint32_t low = (uint32_t)bits;
        float f;
        memcpy(&f, &low, sizeof f);
        return (double)f;
    }
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static void load_record(double *row, const cs_array *array, const uint8_t *data, size_t columns) {
    if (array->kind == CS_ARRAY_UNSIGNED && array->item == 1) {
        for (size_t c = 0; c < columns; c++)
            row[c] = data[c];
        return;
    }
    for (size_t c = 0; c < columns; c++)
        row[c] = to_double(array, load(data + c * array->item, array->item, array->big_endian));
}

cs_status cs_array_decode(cs_records *table, const cs_array *array, const uint8_t *data, size_t size) {
    if (array->dims == 0)
        return cs_fail(CS_ERR_INPUT, "%s: a single number, expected records", table->file);
    const size_t records = array->shape[0];
    size_t columns = 1, cells, bytes;
    bool overflow = false;
    for (size_t d = 1; d < array->dims; d++)
        overflow |= __builtin_mul_overflow(columns, array->shape[d], &columns);
    overflow |= __builtin_mul_overflow(columns, records, &cells);
    overflow |= __builtin_mul_overflow(cells, array->item, &bytes);
    if (overflow || bytes != size)
        return cs_fail(CS_ERR_INPUT,
                       "%s: the header declares %zu records of %zu numbers of %zu bytes, but %zu bytes follow it",
                       table->file, records, columns, array->item, size);
    if (cells == 0)
        return cs_fail(CS_ERR_INPUT, "%s: no rows", table->file);
    if (table->options->max_rows && records > table->options->max_rows)
        return cs_fail(CS_ERR_INPUT, "%s: %zu records, the limit is %zu", table->file, records, table->options->max_rows);
    table->unit = "record";
    CS_TRY(cs_records_begin(table, columns, records, columns));
    for (size_t r = 0; r < records; r++) {
        load_record(table->row, array, data + r * columns * array->item, columns);
        CS_TRY(cs_records_append(table, r + 1));
    }
    return CS_OK;
}
