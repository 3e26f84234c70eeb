/* Sums over the columns of many rows of small integers, by buckets (N. Pippenger, "On the evaluation of powers and
 * monomials", SIAM J. Comput. 9, 1980): a row adds each half generator, or its negative, to the bucket that the entry's
 * digit names, and sums up its buckets once at the end. That costs no tables, so it is the better way for few rows of many
 * columns; tables shared by all rows (commit.c) are better for many short rows. How many additions there are depends on
 * shapes and declared ranges only; which bucket is added to shows in the cache, as which table entry is taken does. Local.
 */
#ifndef CS_CURVE_ROW_BUCKETS_H
#define CS_CURVE_ROW_BUCKETS_H

#include "curve/commit.h"

/** A row, whose entries less its `min` are read as `windows` unsigned digits of `bits` bits (1..CS_BUCKET_BITS). */
typedef struct cs_bucket_row {
    const cs_int_row *row;
    unsigned bits, windows;
} cs_bucket_row;

enum { CS_BUCKET_BITS = 11 };

/** Digits for n_rows rows of together so many real entries, all below 2^length, among all_rows >= n_rows > 0 in one call of
 * cs_bucket_sums: sets bits and windows. Returns what they cost, in additions, with their share of the inversions. */
double cs_bucket_choose(unsigned *bits, unsigned *windows, unsigned length, size_t entries, size_t n_rows, size_t all_rows);

/** Told of additions done. */
typedef struct cs_bucket_watch {
    void (*add)(void *context, double additions);
    void *context;
} cs_bucket_watch;

/** sums[r] = sum over real entries j and windows w of 2^(bits w) (2 u - (2^bits - 1)) g_half[j], u the digit there. g has as
 * many generators as the longest row has entries. CS_ERR_MEMORY. */
cs_status cs_bucket_sums(cs_g1 *sums, const cs_bucket_row *rows, size_t n_rows, const cs_generators *g,
                         cs_bucket_watch watch);

#endif
