#include "data/table.h"
#include "base/memory.h"
#include <math.h>

static cs_status choose_label(cs_records *table, size_t label_name_column) {
    const cs_dataset_options *o = table->options;
    table->label = table->columns;
    if (!table->has_labels)
        return CS_OK;
    if (!table->has_features) {
        table->label = 0;
        return table->columns == 1
                   ? CS_OK
                   : cs_fail(CS_ERR_INPUT, "%s: a label file has one column, this has %zu", table->file, table->columns);
    }
    if (o->label_name) {
        table->label = label_name_column;
        return label_name_column < table->columns
                   ? CS_OK
                   : cs_fail(CS_ERR_INPUT, "%s: no column is named \"%.64s\": declare the label's column", table->file,
                             o->label_name);
    }
    if (o->label_column > table->columns)
        return cs_fail(CS_ERR_INPUT, "%s: the label is declared in column %zu, but there are %zu", table->file,
                       o->label_column, table->columns);
    table->label = (o->label_column ? o->label_column : table->columns) - 1;
    return CS_OK;
}

static cs_status check_features(const cs_records *table, size_t features) {
    const cs_dataset_options *o = table->options;
    if (features == 0)
        return cs_fail(CS_ERR_INPUT, "%s: no feature column", table->file);
    if (o->features && features != o->features)
        return cs_fail(CS_ERR_INPUT, "%s: %zu features, expected %zu", table->file, features, o->features);
    if (features > CS_DATASET_MAX_FEATURES)
        return cs_fail(CS_ERR_INPUT, "%s: %zu features, at most %zu are supported", table->file, features,
                       CS_DATASET_MAX_FEATURES);
    if (o->affine_count != 1 && o->affine_count != features)
        return cs_fail(CS_ERR_INPUT, "%s: %zu features, but ranges for %zu: declare one, or one per feature", table->file,
                       features, o->affine_count);
    return CS_OK;
}

cs_status cs_records_begin(cs_records *table, size_t columns, size_t records, size_t label_name_column) {
    const cs_dataset_options *o = table->options;
    table->columns = columns;
    CS_TRY(choose_label(table, label_name_column));
    const size_t features = columns - (table->label < columns);
    if (table->has_features)
        CS_TRY(check_features(table, features));
    table->capacity = o->max_rows && o->max_rows < records ? o->max_rows : records;
    table->row = CS_NEW(double, columns);
    if (!table->row)
        return CS_ERR_MEMORY;
    if (table->has_labels && !(table->out->labels = CS_NEW(int32_t, table->capacity)))
        return CS_ERR_MEMORY;
    if (!table->has_features)
        return CS_OK;
    size_t cells;
    if (__builtin_mul_overflow(table->capacity, features, &cells))
        return cs_fail(CS_ERR_INPUT, "%s: %zu records of %zu features are too many", table->file, table->capacity, features);
    table->out->features = features;
    table->out->values = CS_NEW(int32_t, cells);
    return table->out->values ? CS_OK : CS_ERR_MEMORY;
}

static cs_status fail_value(const cs_records *table, size_t number, size_t column, const cs_affine *map) {
    const double v = table->row[column];
    if (!isfinite(v))
        return cs_fail(CS_ERR_INPUT, "%s: %s %zu, column %zu: not a finite number", table->file, table->unit, number,
                       column + 1);
    return cs_fail(CS_ERR_INPUT, "%s: %s %zu, column %zu: value %.17g outside the declared range %.17g..%.17g", table->file,
                   table->unit, number, column + 1, v, map->min, map->max);
}

static cs_status append_label(cs_records *table, size_t number) {
    const double v = table->row[table->label];
    const uint32_t classes = table->options->classes;
    if (!(v >= 0 && v < classes && v == floor(v)))
        return cs_fail(CS_ERR_INPUT, "%s: %s %zu, column %zu: label %.17g outside 0..%u", table->file, table->unit, number,
                       table->label + 1, v, classes - 1);
    table->out->labels[table->filled] = (int32_t)v;
    return CS_OK;
}

cs_status cs_records_append(cs_records *table, size_t number) {
    const cs_dataset_options *o = table->options;
    if (table->filled == table->capacity)
        return cs_fail(CS_ERR_INPUT, "%s: %s %zu: more than %zu rows", table->file, table->unit, number, table->capacity);
    if (table->has_labels)
        CS_TRY(append_label(table, number));
    if (table->has_features) {
        const size_t per_feature = o->affine_count != 1;
        const cs_affine *map = o->affine;
        int32_t *to = table->out->values + table->filled * table->out->features;
        for (size_t c = 0; c < table->columns; c++) {
            if (c == table->label)
                continue;
            const double v = table->row[c];
            if (!(v >= map->min && v <= map->max))
                return fail_value(table, number, c, map);
            *to++ = cs_affine_apply(map, v);
            map += per_feature;
        }
    }
    table->filled++;
    return CS_OK;
}
