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

/* Any weights. The sums of these rows' are complete, those by column not. */
static void project(const cs_weight_check *c, __int128 *by_column, __int128 *by_row, size_t first, size_t rows,
                    const int64_t *w) {
    for (size_t k = 0; k < rows; k++, w += c->columns) {
        const __int128 b = c->b_rows[first + k];
        __int128 sum = 0;
        for (size_t j = 0; j < c->columns; j++) {
            by_column[j] += b * w[j];
            sum += (__int128)c->b_columns[j] * w[j];
        }
        by_row[k] = sum;
    }
}

/* ------------------------------------------------------------------ small weights, four at a time */

/* b = high 2^31 + low. As many products of half a b and a weight as `span` says do not leave 63 bits; fewer than LEAST of
 * them are not worth the way. */
enum { HALF = 31, LEAST = 8, MOST = 64 };

static size_t span(int64_t largest) {
    const int64_t n = ((int64_t)1 << (63 - HALF)) / (largest > 0 ? largest : 1);
    return n > MOST ? MOST : (size_t)n;
}

#ifdef __x86_64__

typedef struct halves {
    int64_t low[MOST], high[MOST];
} halves;

static __int128 joined(int64_t low, int64_t high) {
    return (__int128)high * ((int64_t)1 << HALF) + low;
}

static int64_t low_half(int64_t b) {
    return b & (((int64_t)1 << HALF) - 1);
}

__attribute__((target("avx2"))) static int64_t sum_lanes(__m256i x) {
    const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
    return _mm_extract_epi64(two, 0) + _mm_extract_epi64(two, 1);
}

__attribute__((target("avx2"))) static inline void accumulate(int64_t *to, __m256i a, __m256i b) {
    const __m256i sum = _mm256_loadu_si256((const void *)to);
    _mm256_storeu_si256((void *)to, _mm256_add_epi64(sum, _mm256_mul_epi32(a, b)));
}

/* One row of n weights against its own b, added to the columns' sums, and against the columns'; returns the latter. */
__attribute__((target("avx2"))) static __int128 project_row(halves *columns, const int64_t *w, const int64_t *b_columns,
                                                            int64_t b, size_t n) {
    const __m256i mask = _mm256_set1_epi64x(((int64_t)1 << HALF) - 1);
    const __m256i b_low = _mm256_set1_epi64x(low_half(b)), b_high = _mm256_set1_epi64x(b >> HALF);
    __m256i low = _mm256_setzero_si256(), high = low;
    size_t j = 0;
    for (; j + 4 <= n; j += 4) {
        const __m256i x = _mm256_loadu_si256((const void *)(w + j)),
                      of_column = _mm256_loadu_si256((const void *)(b_columns + j));
        low = _mm256_add_epi64(low, _mm256_mul_epi32(x, _mm256_and_si256(of_column, mask)));
        high = _mm256_add_epi64(high, _mm256_mul_epi32(x, _mm256_srli_epi64(of_column, HALF)));
        accumulate(columns->low + j, x, b_low);
        accumulate(columns->high + j, x, b_high);
    }
    int64_t low_sum = sum_lanes(low), high_sum = sum_lanes(high);
    for (; j < n; j++) {
        low_sum += w[j] * low_half(b_columns[j]);
        high_sum += w[j] * (b_columns[j] >> HALF);
        columns->low[j] += w[j] * low_half(b);
        columns->high[j] += w[j] * (b >> HALF);
    }
    return joined(low_sum, high_sum);
}

/* In squares of `side` rows and columns, so that sums of 64 bits hold. */
static void project_small(const cs_weight_check *c, __int128 *by_column, __int128 *by_row, size_t first, size_t rows,
                          const int64_t *w, size_t side) {
    memset(by_row, 0, rows * sizeof *by_row);
    for (size_t from = 0; from < rows; from += side)
        for (size_t left = 0; left < c->columns; left += side) {
            const size_t height = rows - from < side ? rows - from : side;
            const size_t width = c->columns - left < side ? c->columns - left : side;
            halves columns = {{0}, {0}};
            for (size_t k = from; k < from + height; k++)
                by_row[k] +=
                    project_row(&columns, w + k * c->columns + left, c->b_columns + left, c->b_rows[first + k], width);
            for (size_t j = 0; j < width; j++)
                by_column[left + j] += joined(columns.low[j], columns.high[j]);
        }
}

#else

static void project_small(const cs_weight_check *c, __int128 *by_column, __int128 *by_row, size_t first, size_t rows,
                          const int64_t *w, size_t side) {
    (void)side;
    project(c, by_column, by_row, first, rows, w);
}

#endif

void cs_weight_check_keep(cs_weight_check *c, size_t t, size_t first, size_t rows, const int64_t *w, int64_t largest) {
    __int128 *by_column = c->by_column + t * c->columns, *by_row = c->by_row + t * c->rows + first;
    if (first == 0)
        memset(by_column, 0, c->columns * sizeof *by_column);
    if (c->avx2 && span(largest) >= LEAST)
        project_small(c, by_column, by_row, first, rows, w, span(largest));
    else
        project(c, by_column, by_row, first, rows, w);
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
