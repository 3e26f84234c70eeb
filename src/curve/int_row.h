/* Rows of integers that are committed to, and which of their entries are real: the others are zero because of the shape of
 * the tensor that the row is cut from, which is public. They are neither read nor added. Local. */
#ifndef CS_CURVE_INT_ROW_H
#define CS_CURVE_INT_ROW_H

#include <stdbool.h>

#include "field/fr_vec.h"

/** Of every `period` entries, a power of two, the last `padding` are not real; all zero: none is left out. */
typedef struct cs_row_gap {
    size_t period, padding;
} cs_row_gap;

/** One row of a witness matrix: n <= columns entries (the rest is zero) of one type. For integer types every real entry lies
 * in [min, max], the *declared* (public) range of its tensor, which alone decides how many additions an entry costs. Of
 * field elements every entry counts, gaps or none. */
typedef struct cs_int_row {
    cs_int_type type;
    const void *data;
    size_t n;
    int64_t min, max;
    cs_row_gap gaps[2]; /* an entry is real if it is in neither gap */
} cs_int_row;

/** Is entry j real? By public numbers only. */
static inline bool cs_int_row_has(const cs_int_row *row, size_t j) {
    const size_t a = row->gaps[0].period - 1, b = row->gaps[1].period - 1; /* no period: all bits */
    return j < row->n && (j & a) + row->gaps[0].padding <= a && (j & b) + row->gaps[1].padding <= b;
}

/** Have the rows the same real entries? */
bool cs_int_row_alike(const cs_int_row *a, const cs_int_row *b);

/** Number of real entries. */
size_t cs_int_row_count(const cs_int_row *row);

/** Are all real entries of the row of integers within its declared range? */
bool cs_int_row_in_range(const cs_int_row *row);

/** real[c]: is entry columns[c] real? By public numbers only; returns whether all n of them are. */
bool cs_int_row_real(bool *real, const cs_int_row *row, const uint32_t *columns, size_t n);

/** Where the columns of a list lie. */
typedef struct cs_int_span {
    uint32_t low, high; /* the least and the greatest */
    bool run;           /* each is the one before it plus 1 */
} cs_int_span;

/** Of n > 0 columns. */
cs_int_span cs_int_row_span(const uint32_t *columns, size_t n);

/** out[c] = entry columns[c] of a row of integers, in two's complement; 0 beyond its end. columns[n], n > 0, with this span.
 */
void cs_int_row_read(uint64_t *out, const cs_int_row *row, const uint32_t *columns, size_t n, cs_int_span span);

/** Fetches the entries of a span, or the first of many, to be read soon. */
void cs_int_row_fetch(const cs_int_row *row, cs_int_span span);

/** Sets n and gaps of a row of integers whose n entries, a power of two, are entries `at`.. (a multiple of n) of a tensor of
 * 1..3 axes with these real lengths, at least one but of axis 0, each padded to 2^bits. Leaves rows of field elements as
 * they are: dishonest ranks commit to padding in tests. */
void cs_int_row_shape(cs_int_row *row, unsigned axes, const size_t *lengths, const unsigned *bits, size_t at);

/** counts[j] += times for every real entry j of the row. */
void cs_int_row_tally(uint32_t *counts, const cs_int_row *row, uint32_t times);

/** Columns j < n with counts[j] > 0: those that most rows have first, equal ones in order. Returns how many; columns[n]. */
size_t cs_int_row_columns(uint32_t *columns, const uint32_t *counts, size_t n);

#endif
