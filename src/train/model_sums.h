/* Contractions of public or shared weights with field vectors. Local. */
#ifndef CS_TRAIN_MODEL_SUMS_H
#define CS_TRAIN_MODEL_SUMS_H

#include "field/fr_vec.h"
#include "train/model.h"

/** out[count] = rows first.. of W_l contracted over their columns with vector[columns]. Weights are narrowed to 32 bits, a
 * few rows at a time, where they fit: a third of the time. CS_ERR_MEMORY. */
cs_status cs_model_contract_columns(cs_fr *out, const cs_model *m, size_t l, const cs_fr *vector, size_t first,
                                    size_t count);

#endif
