/* G: BN254 G1, y^2 = x^3 + 3 over the base field, prime order r, cofactor 1; about 100 bits of security.
 * Affine points are 64 bytes (one cache line); the identity is (0, 0), which is not on the curve. Local; cannot fail
 * unless a status is returned. */
#ifndef CS_CURVE_G1_H
#define CS_CURVE_G1_H

#include "base/error.h"
#include "field/fp.h"
#include "field/fr.h"

typedef struct cs_g1_affine {
    cs_fp x, y;
} cs_g1_affine;

/** Jacobian: (x/z^2, y/z^3); z = 0 is the identity. */
typedef struct cs_g1 {
    cs_fp x, y, z;
} cs_g1;

extern const cs_g1 CS_G1_IDENTITY;
extern const cs_g1_affine CS_G1_AFFINE_IDENTITY;

cs_g1 cs_g1_from_affine(cs_g1_affine a);
cs_g1_affine cs_g1_to_affine(cs_g1 a);           /* one inversion */
cs_g1 cs_g1_add(cs_g1 a, cs_g1 b);               /* complete: doubling and inverse included */
cs_g1 cs_g1_add_affine(cs_g1 a, cs_g1_affine b); /* complete */
cs_g1 cs_g1_double(cs_g1 a);
cs_g1 cs_g1_neg(cs_g1 a);
cs_g1_affine cs_g1_affine_neg(cs_g1_affine a);
cs_g1 cs_g1_mul_var(cs_g1_affine a, cs_fr k); /* variable time: public scalars only */
bool cs_g1_eq(cs_g1 a, cs_g1 b);
bool cs_g1_is_identity(cs_g1 a);
bool cs_g1_affine_is_identity(cs_g1_affine a);
bool cs_g1_on_curve(cs_g1_affine a); /* false for the identity */

/** r[j] = affine form of a[j], one shared inversion. CS_ERR_MEMORY. */
cs_status cs_g1_vec_to_affine(cs_g1_affine *r, const cs_g1 *a, size_t n);

/** r[j] = a[j] + b[j], all affine, one shared inversion; complete. r may be a or b. CS_ERR_MEMORY. Batch kernel: constant
 * time for a[j] != ±b[j], neither the identity. */
cs_status cs_g1_vec_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, size_t n);

/** sum[k] = points[0][k] + … + points[rows - 1][k], k < n; points[rows][n] is used up. Complete; public points only.
 * CS_ERR_MEMORY. */
cs_status cs_g1_vec_sum(cs_g1_affine *sum, cs_g1_affine *points, size_t rows, size_t n);

/** 32 bytes: x little-endian, bit 7 of the last byte for an odd y, bit 6 alone (all else zero) for the identity. */
void cs_g1_encode(uint8_t out[32], cs_g1_affine a);

/** Refuses everything but the one canonical encoding of a point of the curve: false. */
bool cs_g1_decode(cs_g1_affine *out, const uint8_t in[32]);

/** n points of 32 bytes each; returns n, or the index of the first bad one. */
size_t cs_g1_vec_decode(cs_g1_affine *out, const uint8_t *in, size_t n);

#endif
