#include "train/int_matmul.h"

#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Four rows of m at a time, so that a row of c is loaded and stored once for four products. The compiler makes vector code
 * of the inner loop for whatever instruction set the caller is compiled for. */
static inline __attribute__((always_inline)) void matmul(uint64_t *restrict c, const int32_t *restrict x,
                                                         const int32_t *restrict m, size_t rows, size_t inner,
                                                         size_t columns) {
    for (size_t i = 0; i < rows; i++, x += inner, c += columns) {
        size_t k = 0;
        for (; k + 4 <= inner; k += 4) {
            const int32_t *m0 = m + k * columns, *m1 = m0 + columns, *m2 = m1 + columns, *m3 = m2 + columns;
            const int64_t x0 = x[k], x1 = x[k + 1], x2 = x[k + 2], x3 = x[k + 3];
            for (size_t j = 0; j < columns; j++)
                c[j] += (uint64_t)(x0 * m0[j]) + (uint64_t)(x1 * m1[j]) + (uint64_t)(x2 * m2[j]) + (uint64_t)(x3 * m3[j]);
        }
        for (; k < inner; k++) {
            const int64_t x0 = x[k];
            for (size_t j = 0; j < columns; j++)
                c[j] += (uint64_t)(x0 * m[k * columns + j]);
        }
    }
}

static void matmul_portable(uint64_t *c, const int32_t *x, const int32_t *m, size_t rows, size_t inner, size_t columns,
                            double *scratch) {
    (void)scratch;
    matmul(c, x, m, rows, inner, columns);
}

#ifdef __x86_64__

__attribute__((target("avx2"))) static void matmul_avx2(uint64_t *c, const int32_t *x, const int32_t *m, size_t rows,
                                                        size_t inner, size_t columns, double *scratch) {
    (void)scratch;
    matmul(c, x, m, rows, inner, columns);
}

/* Products in doubles, exactly: a sum of at most INNER = 2^7 products of |x| <= 2^15 and |m| <= 2^31 is an integer of at
 * most 2^53, and so is every part of it in whatever order. Each such sum becomes an integer before it is added to c. */
enum { INNER = CS_INT_MATMUL_INNER, TILE_ROWS = 4, TILE_COLUMNS = 12, WIDTH = 96 };
_Static_assert(CS_INT_MATMUL_BITS + 31 + 7 <= 53 && INNER == 1 << 7, "sums are exact in doubles");
_Static_assert(CS_INT_MATMUL_SCRATCH == (WIDTH + TILE_ROWS) * INNER && WIDTH % TILE_COLUMNS == 0, "room for both packs");

#define FMA __attribute__((target("avx2,fma")))

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* to[panel][inner][TILE_COLUMNS]: part of m in panels of columns, filled up with zeros. */
FMA static void pack_panels(double *to, const int32_t *m, size_t stride, size_t inner, size_t columns) {
    for (size_t j = 0; j < columns; j += TILE_COLUMNS)
        for (size_t k = 0; k < inner; k++, to += TILE_COLUMNS) {
            const int32_t *from = m + k * stride + j;
            if (columns - j >= TILE_COLUMNS)
                for (size_t i = 0; i < TILE_COLUMNS; i++)
                    to[i] = from[i];
            else
                for (size_t i = 0; i < TILE_COLUMNS; i++)
                    to[i] = i < columns - j ? from[i] : 0;
        }
}

/* to[TILE_ROWS][INNER]: some rows of x, filled up with zeros. */
FMA static void pack_rows(double *to, const int32_t *x, size_t stride, size_t inner, size_t rows) {
    for (size_t i = 0; i < TILE_ROWS; i++)
        for (size_t k = 0; k < inner; k++)
            to[i * INNER + k] = i < rows ? x[i * stride + k] : 0;
}

/* sums[TILE_ROWS][TILE_COLUMNS] of one tile: twelve sums of four in registers. */
FMA static void multiply_tile(double *sums, const double *x, const double *m, size_t inner) {
    __m256d s[TILE_ROWS][3];
    for (size_t i = 0; i < TILE_ROWS; i++)
        s[i][0] = s[i][1] = s[i][2] = _mm256_setzero_pd();
    for (size_t k = 0; k < inner; k++, m += TILE_COLUMNS) {
        const __m256d m0 = _mm256_loadu_pd(m), m1 = _mm256_loadu_pd(m + 4), m2 = _mm256_loadu_pd(m + 8);
        for (size_t i = 0; i < TILE_ROWS; i++) {
            const __m256d factor = _mm256_broadcast_sd(x + i * INNER + k);
            s[i][0] = _mm256_fmadd_pd(factor, m0, s[i][0]);
            s[i][1] = _mm256_fmadd_pd(factor, m1, s[i][1]);
            s[i][2] = _mm256_fmadd_pd(factor, m2, s[i][2]);
        }
    }
    for (size_t i = 0; i < TILE_ROWS; i++)
        for (size_t j = 0; j < 3; j++)
            _mm256_storeu_pd(sums + i * TILE_COLUMNS + 4 * j, s[i][j]);
}

/* c[rows][columns] += x m for at most INNER products each and at most WIDTH columns. */
FMA static void multiply_block(uint64_t *c, size_t c_stride, const int32_t *x, size_t x_stride, const double *panels,
                               double *packed, size_t rows, size_t inner, size_t columns) {
    double sums[TILE_ROWS * TILE_COLUMNS];
    for (size_t i = 0; i < rows; i += TILE_ROWS) {
        const size_t high = least(rows - i, TILE_ROWS);
        pack_rows(packed, x + i * x_stride, x_stride, inner, high);
        for (size_t j = 0; j < columns; j += TILE_COLUMNS) {
            const size_t wide = least(columns - j, TILE_COLUMNS);
            multiply_tile(sums, packed, panels + j * inner, inner);
            for (size_t r = 0; r < high; r++)
                for (size_t k = 0; k < wide; k++)
                    c[(i + r) * c_stride + j + k] += (uint64_t)(int64_t)sums[r * TILE_COLUMNS + k];
        }
    }
}

static void matmul_fma(uint64_t *c, const int32_t *x, const int32_t *m, size_t rows, size_t inner, size_t columns,
                       double *scratch) {
    double *const panels = scratch, *const packed = scratch + WIDTH * INNER;
    for (size_t j = 0; j < columns; j += WIDTH)
        for (size_t k = 0; k < inner; k += INNER) {
            const size_t wide = least(columns - j, WIDTH), deep = least(inner - k, INNER);
            pack_panels(panels, m + k * columns + j, columns, deep, wide);
            multiply_block(c + j, columns, x + k, inner, panels, packed, rows, deep, wide);
        }
}

cs_int_matmul_kernel cs_int_matmul_kernel_at(size_t k) {
    if (k == 0)
        return (cs_int_matmul_kernel){"portable", matmul_portable};
    if (k == 1 && __builtin_cpu_supports("avx2"))
        return (cs_int_matmul_kernel){"avx2", matmul_avx2};
    if (k == 2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (cs_int_matmul_kernel){"fma", matmul_fma};
    return (cs_int_matmul_kernel){NULL, NULL};
}

#else

cs_int_matmul_kernel cs_int_matmul_kernel_at(size_t k) {
    return k == 0 ? (cs_int_matmul_kernel){"portable", matmul_portable} : (cs_int_matmul_kernel){NULL, NULL};
}

#endif

cs_int_matmul_fn *cs_int_matmul_best(void) {
    const char *forced = getenv("CONSORT_ISA");
    cs_int_matmul_fn *best = matmul_portable;
    if (forced != NULL && strcmp(forced, "portable") == 0)
        return best;
    for (size_t k = 1; cs_int_matmul_kernel_at(k).run != NULL; k++)
        best = cs_int_matmul_kernel_at(k).run;
    return best;
}
