#include "provenance/dataset_matrix.h"

#include "base/bits.h"
#include "base/memory.h"
#include "curve/commit.h"

cs_dataset_bits cs_dataset_doc_bits(const cs_dataset_doc *d) {
    cs_dataset_bits b = {cs_bits(d->rows), cs_bits(d->features), cs_bits(d->classes), cs_bits(d->columns)};
    const unsigned narrow = b.in < b.out ? b.in : b.out;
    if (b.rows + narrow < b.columns)
        b.rows = b.columns - narrow;
    return b;
}

static void image_range(const cs_dataset_doc *d, int32_t *min, int32_t *max) {
    cs_dataset_doc_range(d, 0, min, max);
    for (size_t k = 1; k < d->n_maps; k++) {
        int32_t low, high;
        cs_dataset_doc_range(d, k, &low, &high);
        *min = low < *min ? low : *min;
        *max = high > *max ? high : *max;
    }
}

cs_status cs_dataset_matrices_new(cs_dataset_matrices *out, const cs_dataset_doc *d, const cs_dataset_opening *o) {
    const cs_dataset_bits b = cs_dataset_doc_bits(d);
    int32_t min, max;
    image_range(d, &min, &max);
    *out = (cs_dataset_matrices){0};
    /* padding is zero, so the range has room for it */
    cs_status status = cs_tensor_new(&out->d, (size_t)1 << (b.rows + b.in), min < 0 ? min : 0, max > 0 ? max : 0);
    if (status == CS_OK)
        status = cs_tensor_new(&out->y, (size_t)1 << (b.rows + b.out), 0, 1);
    if (status != CS_OK) {
        cs_dataset_matrices_free(out);
        return status;
    }
    for (size_t row = 0; row < o->rows; row++) {
        cs_tensor_store_i16(&out->d, row << b.in, o->values + row * o->features, o->features);
        cs_tensor_set(&out->y, (row << b.out) + (size_t)o->labels[row], 1);
    }
    return CS_OK;
}

void cs_dataset_matrices_free(cs_dataset_matrices *m) {
    cs_tensor_free(&m->d);
    cs_tensor_free(&m->y);
}

cs_status cs_dataset_matrices_commit(cs_g1_affine *out, const cs_dataset_doc *d, const cs_dataset_matrices *m,
                                     const cs_fr *blindings) {
    const size_t n = cs_dataset_doc_commitments(d), features = cs_dataset_doc_feature_rows(d);
    const cs_dataset_bits b = cs_dataset_doc_bits(d);
    cs_int_row *rows = CS_NEW(cs_int_row, n);
    if (rows == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        const bool of_d = k < features;
        const cs_tensor *t = of_d ? &m->d : &m->y;
        const size_t at = (of_d ? k : k - features) * d->columns;
        rows[k] = (cs_int_row){.type = t->type, .data = cs_tensor_at(t, at), .n = d->columns, .min = t->min, .max = t->max};
        cs_int_row_shape(&rows[k], 2, (size_t[]){d->rows, of_d ? d->features : d->classes},
                         (unsigned[]){b.rows, of_d ? b.in : b.out}, at);
    }
    const cs_status status = cs_commit_rows(out, rows, n, blindings);
    cs_free(rows);
    return status;
}

static cs_status check_record(const cs_dataset_opening *o, size_t row, const int32_t *low, const int32_t *high) {
    const int16_t *values = o->values + row * o->features;
    for (size_t k = 0; k < o->features; k++)
        if (values[k] < low[k] || values[k] > high[k])
            return cs_fail(CS_ERR_INPUT, "record %zu: feature %zu is %d; its map gives %d to %d", row + 1, k + 1, values[k],
                           low[k], high[k]);
    return CS_OK;
}

cs_status cs_dataset_opening_check(const cs_dataset_doc *d, const cs_dataset_opening *o) {
    if (o->rows != d->rows || o->features != d->features)
        return cs_fail(CS_ERR_INPUT, "the data has %zu records of %zu features; %zu of %zu are declared", o->rows,
                       o->features, d->rows, d->features);
    cs_status status = CS_OK;
    int32_t *low = CS_NEW(int32_t, d->features), *high = CS_NEW(int32_t, d->features);
    if (low == NULL || high == NULL)
        status = CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < d->features; k++)
        cs_dataset_doc_range(d, k, &low[k], &high[k]);
    for (size_t row = 0; status == CS_OK && row < d->rows; row++)
        status = check_record(o, row, low, high);
    cs_free(low);
    cs_free(high);
    CS_TRY(status);
    for (size_t row = 0; row < d->rows; row++)
        if (o->labels[row] < 0 || (size_t)o->labels[row] >= d->classes)
            return cs_fail(CS_ERR_INPUT, "record %zu: label %d; there are %zu classes, from 0", row + 1, o->labels[row],
                           d->classes);
    return CS_OK;
}

/* values[k] of row r, 16 bits of each. */
static cs_status narrow(int16_t *out, const cs_dataset *data) {
    for (size_t row = 0; row < data->rows; row++)
        for (size_t k = 0; k < data->features; k++) {
            const int32_t v = data->values[row * data->features + k];
            if (v != (int16_t)v)
                return cs_fail(CS_ERR_INPUT, "record %zu: feature %zu is %d, which has more than 16 bits", row + 1, k + 1,
                               v);
            out[row * data->features + k] = (int16_t)v;
        }
    return CS_OK;
}

cs_status cs_dataset_opening_take(cs_dataset_opening *out, cs_dataset *data) {
    *out = (cs_dataset_opening){.rows = data->rows,
                                .features = data->features,
                                .values = CS_NEW(int16_t, data->rows * data->features),
                                .labels = data->labels};
    data->labels = NULL;
    const cs_status status = out->values != NULL ? narrow(out->values, data) : CS_ERR_MEMORY;
    cs_dataset_free(data);
    if (status != CS_OK)
        cs_dataset_opening_free(out);
    return status;
}

cs_status cs_dataset_doc_commit(cs_dataset_doc *doc, cs_dataset_opening *opening, cs_dataset *data) {
    const size_t n = cs_dataset_doc_commitments(doc);
    cs_dataset_matrices m = {0};
    CS_TRY(cs_dataset_opening_take(opening, data));
    opening->n = n;
    cs_status status = cs_dataset_opening_check(doc, opening);
    opening->blindings = CS_NEW(cs_fr, n);
    doc->commitments = CS_NEW(cs_g1_affine, n);
    if (status == CS_OK && (opening->blindings == NULL || doc->commitments == NULL))
        status = CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < n; k++)
        opening->blindings[k] = cs_fr_random();
    if (status == CS_OK)
        status = cs_dataset_matrices_new(&m, doc, opening);
    if (status == CS_OK)
        status = cs_dataset_matrices_commit(doc->commitments, doc, &m, opening->blindings);
    cs_dataset_matrices_free(&m);
    if (status != CS_OK)
        cs_dataset_opening_free(opening);
    return status;
}
