/* Independent generators g_0, g_1, …, h, u from a fixed label: SHA-256("consort/generator/1", name, index, counter), try and
 * increment to a point P of the curve, then g = 2 P. Twice a hashed point is as unknown a point as the hashed one; the half
 * (P itself) is what row commitments use to recode a digit into odd multiples, none of which is the identity. */
#ifndef CS_CURVE_GENERATORS_H
#define CS_CURVE_GENERATORS_H

#include "curve/g1.h"

typedef struct cs_generators {
    size_t n;
    const cs_g1_affine *g;      /* g[0..n) */
    const cs_g1_affine *g_half; /* 2 g_half[j] = g[j] */
    cs_g1_affine h, h_half, u;
} cs_generators;

/** At least n generators (a view on a cache of this process, valid until cs_generators_release). CS_ERR_MEMORY. */
cs_status cs_generators_get(cs_generators *out, size_t n);

/** Frees the cache (end of a program, leak checks). */
void cs_generators_release(void);

#endif
