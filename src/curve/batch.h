/* Batch-affine additions on caller's scratch space: the inner loop of every multi-point kernel. Local; cannot fail. */
#ifndef CS_CURVE_BATCH_H
#define CS_CURVE_BATCH_H

#include "curve/g1.h"

/** r[j] = a[j] + b[j] with one shared inversion: about 6 field multiplications each. r may be a or b; `scratch` has n
 * entries. Complete; constant time for a[j] != ±b[j], neither the identity. */
void cs_g1_batch_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n);

/** acc[target[j]] += b[j] for distinct targets; otherwise as cs_g1_batch_add. */
void cs_g1_batch_accumulate(cs_g1_affine *acc, const size_t *target, const cs_g1_affine *b, cs_fp *scratch, size_t n);

/** r[j] = 2 a[j] with one shared inversion. r may be a. Complete; constant time for a[j] not the identity. */
void cs_g1_batch_double(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n);

#endif
