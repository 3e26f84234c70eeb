#include "train/weight_check.h"

#include <sodium.h>
#include <string.h>

#include "base/isa.h"
#include "base/memory.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

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
    out->avx2 = cs_isa_has(CS_ISA_AVX2);
    out->b_rows = draw((size_t)1 << shape->row_bits);
    out->b_columns = draw(cs_weight_check_columns_drawn(shape));
    out->by_column = CS_NEW(__int128, (shape->steps + 1) * shape->columns);
    out->by_row = CS_NEW(__int128, (shape->steps + 1) * cs_weight_check_rows_kept(shape));
    out->low = CS_NEW(int64_t, shape->columns);
    out->high = CS_NEW(int64_t, shape->columns);
    return out->b_rows && out->b_columns && out->by_column && out->by_row && out->low && out->high ? CS_OK : CS_ERR_MEMORY;
}

void cs_weight_check_free(cs_weight_check *c) {
    cs_free(c->b_rows);
    cs_free(c->b_columns);
    cs_free(c->by_column);
    cs_free(c->by_row);
    cs_free(c->low);
    cs_free(c->high);
    *c = (cs_weight_check){0};
}

size_t cs_weight_check_columns_drawn(const cs_weight_check *c) {
    return c->one_way ? 0 : (size_t)1 << c->column_bits;
}

size_t cs_weight_check_rows_kept(const cs_weight_check *c) {
    return c->one_way ? 0 : c->rows;
}

/* Any weights. The sums of these rows are complete, those by column not. */
static void project(const cs_weight_check *c, __int128 *by_column, __int128 *by_row, size_t first, size_t rows,
                    const int64_t *w) {
    for (size_t k = 0; k < rows; k++, w += c->columns) {
        const __int128 b = c->b_rows[first + k];
        __int128 sum = 0;
        for (size_t j = 0; j < c->columns; j++)
            by_column[j] += b * w[j];
        for (size_t j = 0; j < c->columns && !c->one_way; j++)
            sum += (__int128)c->b_columns[j] * w[j];
        if (!c->one_way)
            by_row[k] = sum;
    }
}

/* ------------------------------------------------------------------ small weights, four at a time */

/* b = high 2^31 + low. Sums of products of half a b and a weight do not leave 63 bits as long as their weights, or bounds of
 * them, add up to ROOM at most. With fewer than LEAST products in a sum it is not worth the way. */
enum { HALF = 31, LEAST = 8, ROWS = 4 };
static const uint64_t ROOM = (uint64_t)1 << (63 - HALF);

static __int128 joined(int64_t low, int64_t high) {
    return (__int128)high * ((int64_t)1 << HALF) + low;
}

/* What is in the halves goes to the sums by column. */
static void settle(cs_weight_check *c, __int128 *by_column) {
    for (size_t j = 0; j < c->columns && c->load > 0; j++) {
        by_column[j] += joined(c->low[j], c->high[j]);
        c->low[j] = c->high[j] = 0;
    }
    c->load = 0;
}

#ifdef __x86_64__

#define AVX2   __attribute__((target("avx2")))
#define INLINE AVX2 static inline __attribute__((always_inline))

static int64_t low_half(int64_t b) {
    return b & (((int64_t)1 << HALF) - 1);
}

INLINE __int128 sum_lanes(__m256i low, __m256i high) {
    int64_t l[4], h[4];
    _mm256_storeu_si256((void *)l, low);
    _mm256_storeu_si256((void *)h, high);
    return joined(l[0] + l[1] + l[2] + l[3], h[0] + h[1] + h[2] + h[3]);
}

/* Columns from, …, to - 1 of a few rows: against the rows' b, added to the halves; and against the columns', added to
 * by_row unless that is not kept. */
INLINE void project_part(cs_weight_check *c, __int128 *by_row, size_t first, const int64_t *w, size_t from, size_t to,
                         size_t rows, bool one_way) {
    const __m256i mask = _mm256_set1_epi64x(((int64_t)1 << HALF) - 1), zero = _mm256_setzero_si256();
    __m256i b_low[ROWS], b_high[ROWS], low_sum[ROWS], high_sum[ROWS];
    for (size_t k = 0; k < rows; k++) {
        b_low[k] = _mm256_set1_epi64x(low_half(c->b_rows[first + k]));
        b_high[k] = _mm256_set1_epi64x(c->b_rows[first + k] >> HALF);
        low_sum[k] = high_sum[k] = zero;
    }
    size_t j = from;
    for (; j + 4 <= to; j += 4) {
        const __m256i of_column = one_way ? zero : _mm256_loadu_si256((const void *)(c->b_columns + j));
        const __m256i column_low = _mm256_and_si256(of_column, mask), column_high = _mm256_srli_epi64(of_column, HALF);
        __m256i low = _mm256_loadu_si256((const void *)(c->low + j)), high = _mm256_loadu_si256((const void *)(c->high + j));
        for (size_t k = 0; k < rows; k++) {
            const __m256i x = _mm256_loadu_si256((const void *)(w + k * c->columns + j));
            low = _mm256_add_epi64(low, _mm256_mul_epi32(x, b_low[k]));
            high = _mm256_add_epi64(high, _mm256_mul_epi32(x, b_high[k]));
            if (one_way)
                continue;
            low_sum[k] = _mm256_add_epi64(low_sum[k], _mm256_mul_epi32(x, column_low));
            high_sum[k] = _mm256_add_epi64(high_sum[k], _mm256_mul_epi32(x, column_high));
        }
        _mm256_storeu_si256((void *)(c->low + j), low);
        _mm256_storeu_si256((void *)(c->high + j), high);
    }
    for (size_t k = 0; k < rows; k++) {
        const int64_t b = c->b_rows[first + k];
        __int128 sum = sum_lanes(low_sum[k], high_sum[k]);
        for (size_t i = j; i < to; i++) {
            const int64_t x = w[k * c->columns + i];
            c->low[i] += x * low_half(b);
            c->high[i] += x * (b >> HALF);
            sum += one_way ? 0 : (__int128)x * c->b_columns[i];
        }
        if (!one_way)
            by_row[k] += sum;
    }
}

AVX2 static void project_four(cs_weight_check *c, __int128 *by_row, size_t first, const int64_t *w, size_t from, size_t to) {
    if (c->one_way)
        project_part(c, by_row, first, w, from, to, ROWS, true);
    else
        project_part(c, by_row, first, w, from, to, ROWS, false);
}

AVX2 static void project_one(cs_weight_check *c, __int128 *by_row, size_t first, const int64_t *w, size_t from, size_t to) {
    if (c->one_way)
        project_part(c, by_row, first, w, from, to, 1, true);
    else
        project_part(c, by_row, first, w, from, to, 1, false);
}

static void project_small(cs_weight_check *c, __int128 *by_column, __int128 *by_row, size_t first, size_t rows,
                          const int64_t *w, int64_t largest) {
    const size_t span = c->one_way || largest == 0 ? c->columns : (size_t)(ROOM / (uint64_t)largest) & ~(size_t)3;
    if (!c->one_way)
        memset(by_row, 0, rows * sizeof *by_row);
    for (size_t k = 0, n; k < rows; k += n) {
        n = rows - k < ROWS ? 1 : ROWS;
        if (c->load + n * (uint64_t)largest > ROOM)
            settle(c, by_column);
        c->load += n * (uint64_t)largest;
        for (size_t from = 0; from < c->columns; from += span) {
            const size_t to = c->columns - from < span ? c->columns : from + span;
            (n == ROWS ? project_four : project_one)(c, by_row + k, first + k, w + k * c->columns, from, to);
        }
    }
}

#else

static void project_small(cs_weight_check *c, __int128 *by_column, __int128 *by_row, size_t first, size_t rows,
                          const int64_t *w, int64_t largest) {
    (void)largest;
    project(c, by_column, by_row, first, rows, w);
}

#endif

void cs_weight_check_keep(cs_weight_check *c, size_t t, size_t first, size_t rows, const int64_t *w, int64_t largest) {
    __int128 *by_column = c->by_column + t * c->columns, *by_row = c->by_row + (c->one_way ? 0 : t * c->rows + first);
    if (first == 0)
        memset(by_column, 0, c->columns * sizeof *by_column);
    if (c->avx2 && (uint64_t)largest <= ROOM / LEAST)
        project_small(c, by_column, by_row, first, rows, w, largest);
    else
        project(c, by_column, by_row, first, rows, w);
    if (first + rows == c->rows)
        settle(c, by_column);
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
    if (c->one_way)
        return cs_fail(CS_ERR_INTERNAL, "rows of layer %zu are not checked: nothing is propagated through it", c->layer);
    return check(c, table, c->b_columns, c->column_bits, vector, c->by_row, c->rows, wrong);
}
