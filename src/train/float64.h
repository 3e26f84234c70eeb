/* The same training in double precision, for comparison only: same model, same public W(0) (divided by 2^w), same draws of
 * all ranks, same schedule. */
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

/** Trains in double precision on all members' rows together (for data that is all at hand, as in the examples; a real
 *  consortium has no such place). members[n_ranks], draws as from cs_draws_new. accuracy: on `test`. CS_ERR_MEMORY. */
cs_status cs_float64_accuracy(const cs_params *p, const cs_model *initial, const cs_rows *members, uint32_t *const *draws,
                              cs_rows test, double *accuracy);

#endif
