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
