/* What rank 0 keeps of a final model that is only committed: the blindings of its commitment rows, so that the next segment
 * of a chain can go on from it. The weights are in the model file beside it. Secret; mode 0600; byte by byte in
 * docs/formats.md. Local. */
#ifndef CS_ATTEST_MODEL_OPENING_H
#define CS_ATTEST_MODEL_OPENING_H

#include "base/error.h"
#include "curve/g1.h"
#include "field/fr.h"

/** Writes the blindings of rows[n]; refuses to replace a file (CS_ERR_IO). CS_ERR_MEMORY. */
cs_status cs_model_opening_write(const char *path, const cs_g1_affine *rows, const cs_fr *blindings, size_t n);

/** Reads blindings[n], which must have been written with the same rows. CS_ERR_INPUT if they were not, or if the file is
 * damaged or others than its owner may read it; CS_ERR_IO, CS_ERR_MEMORY. */
cs_status cs_model_opening_read(cs_fr *blindings, const char *path, const cs_g1_affine *rows, size_t n);

#endif
