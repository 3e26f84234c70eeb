#include "train/int_matmul.h"

#include <stdlib.h>

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

enum { TILE_ROWS = 4, TILE_COLUMNS = 12 };
#define TILE_TARGET __attribute__((target("avx2,fma")))
#include "train/int_matmul_doubles.h"

/* Twelve sums of four. */
TILE_TARGET static void multiply_tile(double *sums, const double *x, const double *m, size_t inner) {
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

cs_int_matmul_kernel cs_int_matmul_kernel_at(size_t k) {
    if (k == 0)
        return (cs_int_matmul_kernel){"portable", CS_ISA_PORTABLE, matmul_portable};
    if (k == 1 && __builtin_cpu_supports("avx2"))
        return (cs_int_matmul_kernel){"avx2", CS_ISA_X86_64, matmul_avx2};
    if (k == 2 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return (cs_int_matmul_kernel){"fma", CS_ISA_X86_64, matmul_doubles};
#ifdef CS_HAVE_AVX512IFMA
    if (k == 3 && cs_isa_available(CS_ISA_AVX512IFMA))
        return (cs_int_matmul_kernel){"avx512", CS_ISA_AVX512IFMA, cs_int_matmul_avx512};
#endif
    return (cs_int_matmul_kernel){NULL, CS_ISA_PORTABLE, NULL};
}

#else

cs_int_matmul_kernel cs_int_matmul_kernel_at(size_t k) {
    return (cs_int_matmul_kernel){k ? NULL : "portable", CS_ISA_PORTABLE, k ? NULL : matmul_portable};
}

#endif

cs_int_matmul_fn *cs_int_matmul_best(void) {
    const char *forced = getenv("CONSORT_ISA");
    const cs_isa most = forced && *forced ? cs_isa_chosen() : (cs_isa)(CS_ISA_COUNT - 1);
    cs_int_matmul_fn *best = matmul_portable;
    for (size_t k = 1; cs_int_matmul_kernel_at(k).run != NULL; k++)
        if (cs_int_matmul_kernel_at(k).isa <= most)
            best = cs_int_matmul_kernel_at(k).run;
    return best;
}
