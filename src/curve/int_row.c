#include "curve/int_row.h"

#include "base/bits.h"

bool cs_int_row_alike(const cs_int_row *a, const cs_int_row *b) {
    bool alike = a->n == b->n;
    for (int k = 0; k < 2; k++)
        alike = alike && a->gaps[k].period == b->gaps[k].period && a->gaps[k].padding == b->gaps[k].padding;
    return alike;
}

size_t cs_int_row_count(const cs_int_row *row) {
    size_t count = 0;
    for (size_t j = 0; j < row->n; j++)
        count += cs_int_row_has(row, j);
    return count;
}

/* `what` for the C type of the row's integers. */
#define BY_TYPE(what)                                                                                                       \
    switch (row->type) {                                                                                                    \
    case CS_INT_I8:                                                                                                         \
        what(int8_t);                                                                                                       \
        break;                                                                                                              \
    case CS_INT_I16:                                                                                                        \
        what(int16_t);                                                                                                      \
        break;                                                                                                              \
    case CS_INT_I32:                                                                                                        \
        what(int32_t);                                                                                                      \
        break;                                                                                                              \
    default:                                                                                                                \
        what(int64_t);                                                                                                      \
    }                                                                                                                       \
    (void)0

/* Are all entries within the range, those in gaps too? */
#define ALL_WITHIN(T)                                                                                                       \
    for (size_t j = 0; j < row->n; j++)                                                                                     \
    outside |= ((const T *)row->data)[j] < row->min || ((const T *)row->data)[j] > row->max

static bool all_within(const cs_int_row *row) {
    bool outside = false;
    BY_TYPE(ALL_WITHIN);
    return !outside;
}

bool cs_int_row_in_range(const cs_int_row *row) {
    if (all_within(row)) /* nearly always: gaps hold zeros */
        return true;
    bool outside = false;
    for (size_t j = 0; j < row->n; j++) {
        const int64_t v = cs_int_at(row->type, row->data, j);
        outside |= cs_int_row_has(row, j) && (v < row->min || v > row->max);
    }
    return !outside;
}

bool cs_int_row_real(bool *real, const cs_int_row *row, const uint32_t *columns, size_t n) {
    bool all = true;
    for (size_t c = 0; c < n; c++) {
        real[c] = cs_int_row_has(row, columns[c]);
        all &= real[c];
    }
    return all;
}

cs_int_span cs_int_row_span(const uint32_t *columns, size_t n) {
    cs_int_span s = {columns[0], columns[0], true};
    for (size_t c = 1; c < n; c++) {
        s.low = columns[c] < s.low ? columns[c] : s.low;
        s.high = columns[c] > s.high ? columns[c] : s.high;
        s.run = s.run && columns[c] == columns[c - 1] + 1;
    }
    return s;
}

#define READ(T)                                                                                                             \
    do {                                                                                                                    \
        const T *const entry = row->data;                                                                                   \
        for (size_t c = 0; c < n && whole && span.run; c++)                                                                 \
            out[c] = (uint64_t)entry[span.low + c];                                                                         \
        for (size_t c = 0; c < n && whole && !span.run; c++)                                                                \
            out[c] = (uint64_t)entry[columns[c]];                                                                           \
        for (size_t c = 0; c < n && !whole; c++)                                                                            \
            out[c] = columns[c] < row->n ? (uint64_t)entry[columns[c]] : 0;                                                 \
    } while (0)

void cs_int_row_read(uint64_t *out, const cs_int_row *row, const uint32_t *columns, size_t n, cs_int_span span) {
    const bool whole = span.high < row->n;
    BY_TYPE(READ);
}

void cs_int_row_fetch(const cs_int_row *row, cs_int_span span) {
    enum { LINE = 64, MOST = 8 * LINE };
    const size_t size = cs_int_size(row->type), from = span.low * size / LINE * LINE;
    const size_t end = cs_smaller(cs_smaller((size_t)span.high + 1, row->n) * size, from + MOST);
    for (size_t at = from; at < end; at += LINE)
        __builtin_prefetch((const uint8_t *)row->data + at);
}

void cs_int_row_shape(cs_int_row *row, unsigned axes, const size_t *lengths, const unsigned *bits, size_t at) {
    const size_t n = row->n;
    cs_row_gap *gap = row->gaps;
    unsigned low = 0; /* bits of the axes behind */
    if (row->type == CS_INT_FR)
        return;
    for (unsigned axis = axes; axis-- > 0; low += bits[axis]) {
        const size_t padded = (size_t)1 << bits[axis], from = at >> low & (padded - 1);
        if (axis > 0 && padded << low < n) { /* the row has the whole axis several times */
            *gap++ = (cs_row_gap){padded << low, (padded - lengths[axis]) << low};
        } else { /* the row begins at coordinate `from` and ends before the axis does */
            const size_t left = lengths[axis] > from ? lengths[axis] - from : 0;
            row->n = cs_smaller(row->n, left << low);
        }
    }
}

void cs_int_row_tally(uint32_t *counts, const cs_int_row *row, uint32_t times) {
    for (size_t j = 0; j < row->n; j++)
        counts[j] += cs_int_row_has(row, j) ? times : 0;
}

size_t cs_int_row_columns(uint32_t *columns, const uint32_t *counts, size_t n) {
    size_t listed = 0;
    for (uint32_t count = UINT32_MAX, next; count > 0; count = next) {
        next = 0;
        for (size_t j = 0; j < n; j++)
            if (counts[j] == count)
                columns[listed++] = (uint32_t)j;
            else if (counts[j] < count && counts[j] > next)
                next = counts[j];
    }
    return listed;
}
