/* Batches of points by the kernels in use (contracts: curve/g1_kernels.h). Local; cannot fail. */
#ifndef CS_CURVE_BATCH_H
#define CS_CURVE_BATCH_H

#include "curve/g1_kernels.h"

void cs_g1_batch_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n);
void cs_g1_batch_accumulate(cs_g1_affine *acc, const uint32_t *target, const cs_g1_affine *points, const uint32_t *index,
                            cs_fp *scratch, size_t n);
void cs_g1_batch_double(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n);
void cs_g1_batch_roots(cs_fp *r, const cs_fp *a, size_t n);

#endif
