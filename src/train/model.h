/* A model: one integer matrix per layer, (widths[l-1] + 1) x widths[l], row-major, the bias row last, at scale 2^w. */
#ifndef CS_TRAIN_MODEL_H
#define CS_TRAIN_MODEL_H

#include "train/params.h"
#include "train/stream.h"

typedef struct cs_model {
    size_t layers;
    size_t rows[CS_MAX_LAYERS], columns[CS_MAX_LAYERS]; /* of layer l at [l-1]; rows include the bias */
    int64_t *w[CS_MAX_LAYERS];
} cs_model;

/** Zero weights of the parameters' shape. CS_ERR_MEMORY. Free with cs_model_free. */
cs_status cs_model_new(cs_model *out, const cs_params *p);
void cs_model_free(cs_model *m);

/** CS_ERR_MEMORY. Free with cs_model_free. */
cs_status cs_model_copy(cs_model *out, const cs_model *m);
size_t cs_model_size(const cs_model *m); /* weights in all layers */

/** Shapes as the parameters say and every |weight of layer l| <= bound(l): CS_ERR_INPUT with layer, row, column otherwise.
 * `initial`: the bound is initial_max, else cs_params_weight_max. */
cs_status cs_model_validate(const cs_model *m, const cs_params *p, bool initial);

/** SHA-256 over layers, then per layer rows, columns and weights (little-endian 64-bit numbers). */
void cs_model_digest(uint8_t out[32], const cs_model *m);

/** W(0) from the public seed: uniform in [-initial_max, initial_max] from a ChaCha20 stream keyed by the seed, for each
 * layer one (train/stream.h), in words of 32 bits if initial_max < 2^31, else of 64; biases zero. CS_ERR_MEMORY. */
cs_status cs_model_from_seed(cs_model *out, const cs_params *p, const uint8_t seed[32]);

/** The same numbers row by row, for who does not keep them. */
typedef struct cs_seed_rows {
    cs_stream stream;
    int64_t most;
} cs_seed_rows;

void cs_seed_rows_begin(cs_seed_rows *s, const cs_params *p, const uint8_t seed[32], size_t l);
bool cs_seed_rows_are_small(const cs_seed_rows *s); /* initial_max < 2^31 */

/** The next n numbers, into `small` if they are small, else into `large`; the other one may be NULL. */
void cs_seed_rows_next(cs_seed_rows *s, int32_t *small, int64_t *large, size_t n);

/** Integer forward pass as in training, but outputs of a layer beyond 32 bits are cut off there instead of refused;
 * features[widths[0]] at scale 2^a. Returns the class with the largest output (lowest index on ties). CS_ERR_MEMORY. */
cs_status cs_model_predict(const cs_model *m, const cs_params *p, const int32_t *features, size_t *class_out);

#endif
