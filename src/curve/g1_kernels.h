/* The table of batch kernels on affine points that every implementation of G fills in. */
#ifndef CS_CURVE_G1_KERNELS_H
#define CS_CURVE_G1_KERNELS_H

#include "base/isa.h"
#include "curve/g1.h"

/** Operands of a batch of additions, by index into arrays of points. An index list holds 2 * index + sign: 1 takes the
 * negative. NULL is the identity map with plus signs: entry j is point j. */
typedef struct cs_g1_operand {
    const cs_g1_affine *points;
    const uint32_t *index;
} cs_g1_operand;

typedef struct cs_g1_kernels {
    cs_isa isa;

    /* r[to[j]] = a_j + b_j for j < n, distinct targets; to NULL: r[j]. One shared inversion, about 5M + 1S each. Complete:
     * identities, doublings and inverses take a slow path. `scratch` has cs_g1_scratch(n) entries. All operands are as
     * they were before the call: r may be the array of a or b only if each target is read by its own addition alone.
     * Constant time (indices apart: they show in the cache) for a_j != ±b_j, neither the identity. */
    void (*add)(cs_g1_affine *r, const uint32_t *to, cs_g1_operand a, cs_g1_operand b, cs_fp *scratch, size_t n);

    /* r[j] = 2 a[j], one shared inversion. r may be a. Complete; constant time for a[j] not the identity. */
    void (*twice)(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n);
} cs_g1_kernels;

/** Entries of scratch space that a batch of n takes, in any implementation. */
static inline size_t cs_g1_scratch(size_t n) {
    return 2 * n + 64;
}

/** The implementation for an instruction set, or NULL if it is not available. */
const cs_g1_kernels *cs_g1_kernels_of(cs_isa isa);

/** The one in use (cs_isa_chosen). */
const cs_g1_kernels *cs_g1_kernels_chosen(void);

extern const cs_g1_kernels cs_g1_kernels_portable, cs_g1_kernels_x86_64, cs_g1_kernels_avx512ifma;

#endif
