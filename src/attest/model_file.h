/* Models as .safetensors files: F64 tensors layer{l}.weight [n_in, n_out] and layer{l}.bias [n_out], l from 1, each number
 * an integer of the model times 2^-w, exactly; metadata "format" = "consort/model/1" and "scale_bits" = w. Local. */
#ifndef CS_ATTEST_MODEL_FILE_H
#define CS_ATTEST_MODEL_FILE_H

#include "base/buffer.h"
#include "train/model.h"

/** Longest model file in bytes. */
#define CS_MODEL_MAX_BYTES ((size_t)1 << 32)

/** Appends the file. CS_ERR_RANGE if a weight has more than 53 bits, CS_ERR_MEMORY. */
cs_status cs_model_encode(cs_buffer *out, const cs_model *m, const cs_params *p);

/** Reads data[size]; `name` is for messages. CS_ERR_INPUT unless there are exactly the tensors of p's shape and every number
 * is an integer times 2^-w (no -0, infinity or NaN). Bounds are not checked: cs_model_validate. Freed by cs_model_free;
 * empty after a failure. */
cs_status cs_model_decode(cs_model *out, const cs_params *p, const char *name, const uint8_t *data, size_t size);

/** As cs_model_decode, and encoding again must give the same bytes, metadata included. */
cs_status cs_model_decode_canonical(cs_model *out, const cs_params *p, const char *name, const uint8_t *data, size_t size);

/** Reads a file by cs_model_decode. Also CS_ERR_IO. */
cs_status cs_model_load(cs_model *out, const cs_params *p, const char *path);

#endif
