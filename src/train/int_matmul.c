#include "train/int_matmul.h"

#include <stdlib.h>
#include <string.h>

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

static void matmul_portable(uint64_t *c, const int32_t *x, const int32_t *m, size_t rows, size_t inner, size_t columns) {
    matmul(c, x, m, rows, inner, columns);
}

#ifdef __x86_64__

__attribute__((target("avx2"))) static void matmul_avx2(uint64_t *c, const int32_t *x, const int32_t *m, size_t rows,
                                                        size_t inner, size_t columns) {
    matmul(c, x, m, rows, inner, columns);
}

cs_int_matmul_kernel cs_int_matmul_kernel_at(size_t k) {
    if (k == 0)
        return (cs_int_matmul_kernel){"portable", matmul_portable};
    if (k == 1 && __builtin_cpu_supports("avx2"))
        return (cs_int_matmul_kernel){"avx2", matmul_avx2};
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
