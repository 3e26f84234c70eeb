/* The table of batch kernels on affine points that every implementation of G fills in. */
#ifndef CS_CURVE_G1_KERNELS_H
#define CS_CURVE_G1_KERNELS_H

#include "base/isa.h"
#include "curve/g1.h"

/* All complete: identities, doublings and inverses take a slow path; otherwise one shared inversion and about 5M + 1S an
 * addition. `scratch` has CS_G1_SCRATCH(n) entries. Constant time for terms that are neither the identity nor ± each other;
 * indices show in the cache. Every implementation gives identical bytes. */
typedef struct cs_g1_kernels {
    cs_isa isa;

    /* r[j] = a[j] + b[j]; r may be a or b. */
    void (*add)(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n);

    /* acc[target[j]] += points[index[j] / 2], or its negative if index[j] is odd; distinct targets. points may
     * be acc if no index[j] / 2 is a target. */
    void (*accumulate)(cs_g1_affine *acc, const uint32_t *target, const cs_g1_affine *points, const uint32_t *index,
                       cs_fp *scratch, size_t n);

    /* r[j] = 2 a[j]; r may be a. */
    void (*twice)(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n);

    /* r[j] = a[j]^((p + 1) / 4), a square root of a[j] if there is one; r may be a. Constant time; no scratch space. */
    void (*roots)(cs_fp *r, const cs_fp *a, size_t n);
} cs_g1_kernels;

/** Entries of scratch space that a batch of n takes, in any implementation. */
#define CS_G1_SCRATCH(n) (3 * (n) + 64)

/** The implementation for an instruction set, or NULL if it is not available: for dispatch, and for tests that compare. */
const cs_g1_kernels *cs_g1_kernels_of(cs_isa isa);

/** The one in use (cs_isa_chosen). */
const cs_g1_kernels *cs_g1_kernels_chosen(void);

extern const cs_g1_kernels cs_g1_kernels_portable, cs_g1_kernels_x86_64, cs_g1_kernels_avx512ifma;

#endif
