/* Products of small integer matrices with AVX-512. */
#include "train/avx512ifma/double512.h"

enum { TILE_ROWS = 8, VECTORS = 2, TILE_COLUMNS = 8 * VECTORS };
#define TILE_TARGET
#include "train/int_matmul_doubles.h"

/* Sixteen sums of eight: twice as many as it takes to hide four cycles of two multipliers. */
static void multiply_tile(double *sums, const double *x, const double *m, size_t inner) {
    cs_d8 s[TILE_ROWS][VECTORS];
    for (size_t i = 0; i < TILE_ROWS; i++)
        s[i][0] = s[i][1] = cs_d8_set1(0);
    for (size_t k = 0; k < inner; k++, m += TILE_COLUMNS) {
        const cs_d8 m0 = cs_d8_load(m), m1 = cs_d8_load(m + 8);
        CS_UNROLL
        for (size_t i = 0; i < TILE_ROWS; i++) {
            const cs_d8 factor = cs_d8_set1(x[i * INNER + k]);
            s[i][0] = cs_d8_madd(s[i][0], factor, m0);
            s[i][1] = cs_d8_madd(s[i][1], factor, m1);
        }
    }
    for (size_t i = 0; i < TILE_ROWS; i++)
        for (size_t j = 0; j < VECTORS; j++)
            cs_d8_store(sums + i * TILE_COLUMNS + 8 * j, s[i][j]);
}

void cs_int_matmul_avx512(uint64_t *c, const int32_t *x, const int32_t *m, size_t rows, size_t inner, size_t columns,
                          double *scratch) {
    matmul_doubles(c, x, m, rows, inner, columns, scratch);
}
