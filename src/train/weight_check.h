/* Private random projections of one layer's weights (6.3), kept step by step while a rank trains. With them the rank notices
 * a wrong weight table before the table meets its data, so that neither its failure nor its silence depends on a record.
 * Freivalds' check of a matrix product (R. Freivalds, Probabilistic machines can use less running time, IFIP 1977), with one
 * vector for all steps. Local. */
#ifndef CS_TRAIN_WEIGHT_CHECK_H
#define CS_TRAIN_WEIGHT_CHECK_H

#include "base/error.h"
#include "field/fr_vec.h"

enum { CS_CHECK_BITS = 62 };

typedef struct cs_weight_check {
    size_t layer, steps;
    size_t rows, columns;           /* of W, the bias row included */
    unsigned row_bits, column_bits; /* of their padded axes */
    unsigned step_bits;
    bool one_way;        /* no table is a contraction of rows: b_columns and by_row are empty */
    int64_t *b_rows;     /* [2^row_bits] uniform in 0..2^62-1, secret */
    int64_t *b_columns;  /* [2^column_bits] */
    __int128 *by_column; /* [steps + 1][columns]: sum over k of b_rows[k] W(t, k, j) */
    __int128 *by_row;    /* [steps + 1][rows]: sum over j of b_columns[j] W(t, k, j) */
    bool avx2;           /* this processor has it: projections are made by it */
    int64_t *low, *high; /* [columns]: low + 2^31 high is not in by_column yet, of rows whose bounds add up to `load` */
    uint64_t load;
} cs_weight_check;

/** Entries of b_columns, and of by_row for one step. */
size_t cs_weight_check_columns_drawn(const cs_weight_check *c);
size_t cs_weight_check_rows_kept(const cs_weight_check *c);

/** `shape`: the sizes above; the rest is allocated and drawn. CS_ERR_MEMORY. Free (also after a failure) with
 * cs_weight_check_free. */
cs_status cs_weight_check_new(cs_weight_check *out, const cs_weight_check *shape);
void cs_weight_check_free(cs_weight_check *c);

/** Adds w[rows][columns], the rows of W(t) from row `first` on, to the projections of W(t), t <= steps; row 0 comes first
 *  and starts them anew, and they are complete with the last one. |w| <= largest, and max(rows of W, columns) * largest must
 *  be below 2^64. Small weights are faster. */
void cs_weight_check_keep(cs_weight_check *c, size_t t, size_t first, size_t rows, const int64_t *w, int64_t largest);

/** As cs_trainer_check_columns and cs_trainer_check_rows; rows only if not one_way (CS_ERR_INTERNAL). */
cs_status cs_weight_check_columns(const cs_weight_check *c, const cs_fr *table, const cs_fr *vector, size_t *wrong);
cs_status cs_weight_check_rows(const cs_weight_check *c, const cs_fr *table, const cs_fr *vector, size_t *wrong);

#endif
