/* The same training in double precision, for comparison only: same model, same public W(0) (divided by 2^w), same draws of all ranks, same schedule. */
#ifndef CS_TRAIN_FLOAT64_H
#define CS_TRAIN_FLOAT64_H

#include "train/model.h"

/** A rank's rows: features[rows][widths[0]] (integers at scale 2^a), labels[rows]. */
typedef struct cs_rows {
    size_t rows;
    const int32_t *features;
    const int32_t *labels;
} cs_rows;

/** Fraction of `test` rows predicted correctly by the integer model. */
cs_status cs_model_accuracy(const cs_model *m, const cs_params *p, cs_rows test, double *accuracy);

/** One rank's float64 gradient contributions cannot be pooled without its data, so the comparison is a collective: gradients of doubles are summed by the
 *  callback `sum` (in place, over the ranks; identity on one rank). accuracy: on `test`. */
typedef cs_status cs_sum_doubles_fn(void *context, double *values, size_t n);
cs_status cs_float64_accuracy(const cs_params *p, const cs_model *initial, cs_rows mine, const uint32_t *draws, cs_rows test,
                              cs_sum_doubles_fn *sum, void *context, double *accuracy);

#endif
