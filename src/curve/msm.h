/* Multi-scalar multiplication. Local. */
#ifndef CS_CURVE_MSM_H
#define CS_CURVE_MSM_H

#include "curve/g1.h"

/** *out = sum of k[j] P[j]: Pippenger with signed windows and batch-affine bucket additions. Points may be the identity;
 *  repeated points and scalars are fine. Variable time: public or already masked scalars only. CS_ERR_MEMORY. */
cs_status cs_msm_var(cs_g1 *out, const cs_fr *k, const cs_g1_affine *p, size_t n);

#endif
