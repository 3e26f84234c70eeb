/* Contractions of public or shared weights with field vectors. Local. */
#ifndef CS_TRAIN_MODEL_SUMS_H
#define CS_TRAIN_MODEL_SUMS_H

#include "field/fr_vec.h"
#include "train/model.h"

/** out[count] = rows first.. of W_l contracted over their columns with vector[columns]. Weights are narrowed to 32 bits, a
 * few rows at a time, where they fit: a third of the time. CS_ERR_MEMORY. */
cs_status cs_model_contract_columns(cs_fr *out, const cs_model *m, size_t l, const cs_fr *vector, size_t first,
                                    size_t count);

/** The same for all real rows of W_l(0) from the seed (cs_model_from_seed) but the bias row, which is zero, and for n
 * vectors at once: out[n][widths[l - 1]], vectors[n][columns]. The weights are made a few rows at a time and not kept.
 * CS_ERR_MEMORY. */
cs_status cs_model_seed_contract_columns(cs_fr *const *out, const cs_params *p, const uint8_t seed[32], size_t l,
                                         const cs_fr *const *vectors, size_t n);

#endif
