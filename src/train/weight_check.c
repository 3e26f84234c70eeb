#include "train/weight_check.h"

#include <sodium.h>

#include "base/memory.h"

static int64_t *draw(size_t n) {
    int64_t *b = CS_NEW(int64_t, n);
    if (b == NULL)
        return NULL;
    randombytes_buf(b, n * sizeof *b);
    for (size_t k = 0; k < n; k++)
        b[k] &= ((int64_t)1 << CS_CHECK_BITS) - 1;
    return b;
}

cs_status cs_weight_check_new(cs_weight_check *out, const cs_weight_check *shape) {
    *out = *shape;
    out->b_rows = draw((size_t)1 << shape->row_bits);
    out->b_columns = draw((size_t)1 << shape->column_bits);
    out->by_column = CS_NEW(__int128, (shape->steps + 1) * shape->columns);
    out->by_row = CS_NEW(__int128, (shape->steps + 1) * shape->rows);
    return out->b_rows && out->b_columns && out->by_column && out->by_row ? CS_OK : CS_ERR_MEMORY;
}

void cs_weight_check_free(cs_weight_check *c) {
    cs_free(c->b_rows);
    cs_free(c->b_columns);
    cs_free(c->by_column);
    cs_free(c->by_row);
    *c = (cs_weight_check){0};
}

void cs_weight_check_keep(cs_weight_check *c, size_t t, const int64_t *w) {
    __int128 *by_column = c->by_column + t * c->columns, *by_row = c->by_row + t * c->rows;
    for (size_t j = 0; j < c->columns; j++)
        by_column[j] = 0;
    for (size_t k = 0; k < c->rows; k++, w += c->columns) {
        const __int128 b = c->b_rows[k];
        __int128 sum = 0;
        for (size_t j = 0; j < c->columns; j++) {
            by_column[j] += b * w[j];
            sum += (__int128)c->b_columns[j] * w[j];
        }
        by_row[k] = sum;
    }
}

/* x = high 2^64 + low with 0 <= low < 2^64. */
static cs_fr from_int128(__int128 x) {
    const cs_fr high = cs_fr_mul(cs_fr_from_i64((int64_t)(x >> 64)),
                                 cs_fr_mul(cs_fr_from_u64((uint64_t)1 << 32), cs_fr_from_u64((uint64_t)1 << 32)));
    return cs_fr_add(high, cs_fr_from_u64((uint64_t)x));
}

/* For every t: sum of b[k] table[t][k], k < 2^bits, against the sum of vector[j] kept[min(t, steps)][j], j < n. */
static cs_status check(const cs_weight_check *c, const cs_fr *table, const int64_t *b, unsigned bits, const cs_fr *vector,
                       const __int128 *kept, size_t n, size_t *wrong) {
    const size_t width = (size_t)1 << bits;
    cs_fr *projection = CS_NEW(cs_fr, n);
    if (projection == NULL)
        return CS_ERR_MEMORY;
    cs_status status = CS_OK;
    for (size_t t = 0; t < (size_t)1 << c->step_bits && status == CS_OK; t++) {
        const __int128 *s = kept + (t < c->steps ? t : c->steps) * n;
        for (size_t j = 0; j < n; j++)
            projection[j] = from_int128(s[j]);
        const cs_fr claimed = cs_fr_vec_dot_int(table + t * width, CS_INT_I64, b, width);
        if (cs_fr_eq(claimed, cs_fr_vec_dot(projection, vector, n)))
            continue;
        if (wrong != NULL)
            *wrong = t;
        status = cs_fail(
            CS_ERR_ABORT,
            "the weight table of layer %zu is wrong at step %zu: it is not that of the model which this rank trained; "
            "another rank misbehaves, nothing private has met the table",
            c->layer, t);
    }
    cs_free(projection);
    return status;
}

cs_status cs_weight_check_columns(const cs_weight_check *c, const cs_fr *table, const cs_fr *vector, size_t *wrong) {
    return check(c, table, c->b_rows, c->row_bits, vector, c->by_column, c->columns, wrong);
}

cs_status cs_weight_check_rows(const cs_weight_check *c, const cs_fr *table, const cs_fr *vector, size_t *wrong) {
    return check(c, table, c->b_columns, c->column_bits, vector, c->by_row, c->rows, wrong);
}
