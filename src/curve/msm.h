/* Multi-scalar multiplication. Local. Variable time: public or already masked scalars only. Points may be the identity;
 * repeated points and scalars are fine. */
#ifndef CS_CURVE_MSM_H
#define CS_CURVE_MSM_H

#include "curve/g1.h"
#include "field/fr_vec.h"

/** *out = sum of k[j] P[j], n < 2^28: Pippenger with signed windows and batch-affine bucket additions. CS_ERR_MEMORY. */
cs_status cs_msm_var(cs_g1 *out, const cs_fr *k, const cs_g1_affine *p, size_t n);

/** The same for integers k (not CS_INT_FR) that all lie in [min, max]: as few windows as the range needs.
 *  CS_ERR_MEMORY; CS_ERR_INTERNAL if one is outside. */
cs_status cs_msm_int_var(cs_g1 *out, cs_int_type type, const void *k, int64_t min, int64_t max, const cs_g1_affine *p,
                         size_t n);

#endif
