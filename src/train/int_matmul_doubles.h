/* Products of small integer matrices in doubles, exactly: included once for each instruction set. Who includes it defines
 * before that TILE_ROWS, TILE_COLUMNS and TILE_TARGET (attributes of functions), and after it multiply_tile.
 *
 * A sum of at most INNER = 2^7 products of |x| <= 2^15 and |m| <= 2^31 is an integer of at most 2^53, and so is every part
 * of it in whatever order. Each such sum becomes an integer before it is added to c. */
#include "train/int_matmul.h"

enum { INNER = CS_INT_MATMUL_INNER, WIDTH = 96 };
_Static_assert(CS_INT_MATMUL_BITS + 31 + 7 <= 53 && INNER == 1 << 7, "sums are exact in doubles");
_Static_assert((WIDTH + TILE_ROWS) * INNER <= CS_INT_MATMUL_SCRATCH && WIDTH % TILE_COLUMNS == 0, "room for both packs");

/* sums[TILE_ROWS][TILE_COLUMNS] of one tile, in registers until the end: of x[TILE_ROWS][INNER] and m[inner][TILE_COLUMNS].
 */
TILE_TARGET static void multiply_tile(double *sums, const double *x, const double *m, size_t inner);

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* to[panel][inner][TILE_COLUMNS]: part of m in panels of columns, filled up with zeros. */
TILE_TARGET static void pack_panels(double *to, const int32_t *m, size_t stride, size_t inner, size_t columns) {
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
TILE_TARGET static void pack_rows(double *to, const int32_t *x, size_t stride, size_t inner, size_t rows) {
    for (size_t i = 0; i < TILE_ROWS; i++)
        for (size_t k = 0; k < inner; k++)
            to[i * INNER + k] = i < rows ? x[i * stride + k] : 0;
}

/* c[columns] += sums[columns], whole numbers. */
TILE_TARGET static void add_row(uint64_t *c, const double *sums, size_t columns) {
    if (columns == TILE_COLUMNS)
        for (size_t k = 0; k < TILE_COLUMNS; k++)
            c[k] += (uint64_t)(int64_t)sums[k];
    else
        for (size_t k = 0; k < columns; k++)
            c[k] += (uint64_t)(int64_t)sums[k];
}

/* c[rows][columns] += x m for at most INNER products each and at most WIDTH columns. */
TILE_TARGET static void multiply_block(uint64_t *c, size_t c_stride, const int32_t *x, size_t x_stride, const double *panels,
                                       double *packed, size_t rows, size_t inner, size_t columns) {
    double sums[TILE_ROWS * TILE_COLUMNS];
    for (size_t i = 0; i < rows; i += TILE_ROWS) {
        const size_t high = least(rows - i, TILE_ROWS);
        pack_rows(packed, x + i * x_stride, x_stride, inner, high);
        for (size_t j = 0; j < columns; j += TILE_COLUMNS) {
            multiply_tile(sums, packed, panels + j * inner, inner);
            for (size_t r = 0; r < high; r++)
                add_row(c + (i + r) * c_stride + j, sums + r * TILE_COLUMNS, least(columns - j, TILE_COLUMNS));
        }
    }
}

static void matmul_doubles(uint64_t *c, const int32_t *x, const int32_t *m, size_t rows, size_t inner, size_t columns,
                           double *scratch) {
    double *const panels = scratch, *const packed = scratch + WIDTH * INNER;
    for (size_t j = 0; j < columns; j += WIDTH)
        for (size_t k = 0; k < inner; k += INNER) {
            const size_t wide = least(columns - j, WIDTH), deep = least(inner - k, INNER);
            pack_panels(panels, m + k * columns + j, columns, deep, wide);
            multiply_block(c + j, columns, x + k, inner, panels, packed, rows, deep, wide);
        }
}
