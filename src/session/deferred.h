/* The verifier's group equations, each "sum of scalar * point = identity", under independent random weights, as one
 * multi-scalar multiplication at the end. A false equation passes with probability 1/r. Local. */
#ifndef CS_SESSION_DEFERRED_H
#define CS_SESSION_DEFERRED_H

#include "curve/generators.h"
#include "field/fr_vec.h"

typedef struct cs_deferred {
    cs_fr *scalars;
    cs_g1_affine *points;
    size_t n, cap_scalars, cap_points;
    cs_fr *generators; /* scalars of g_0 … */
    size_t n_generators;
    cs_fr h, u;
    cs_fr weight; /* of the equation being added */
} cs_deferred;

/** Starts an equation: draws its weight. */
void cs_deferred_begin(cs_deferred *d);

/** Terms of the current equation. CS_ERR_MEMORY. */
cs_status cs_deferred_add(cs_deferred *d, cs_fr scalar, cs_g1_affine point);
cs_status cs_deferred_add_generators(cs_deferred *d, const cs_fr *scalars, size_t n);
void cs_deferred_add_h(cs_deferred *d, cs_fr scalar);
void cs_deferred_add_u(cs_deferred *d, cs_fr scalar);

/** All equations of another proof as well, with the weights that they have there. CS_ERR_MEMORY. */
cs_status cs_deferred_merge(cs_deferred *d, const cs_deferred *other);

/** CS_OK if all equations hold, CS_REJECT if not. */
cs_status cs_deferred_check(const cs_deferred *d);

void cs_deferred_free(cs_deferred *d);

#endif
