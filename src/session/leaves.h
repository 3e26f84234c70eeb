/* BLAKE2b-256 (RFC 7693) of pieces of long data, four at a time where the processor has AVX2, eight with AVX-512: the hash
 * of all pieces' hashes then stands for the data, as the root of a tree of depth one (R. Merkle, CRYPTO 1987). Local; cannot
 * fail. */
#ifndef CS_SESSION_LEAVES_H
#define CS_SESSION_LEAVES_H

#include <stddef.h>
#include <stdint.h>

enum { CS_LEAF = 4096, CS_LEAF_HASH = 32 };

typedef struct cs_leaf_kernel {
    const char *name; /* "libsodium", "avx2", "avx512" */
    /* out[n][32] = unkeyed hashes of data[n][4096]. */
    void (*hash)(uint8_t *out, const uint8_t *data, size_t n);
} cs_leaf_kernel;

/** Kernel k = 0, 1, … that this processor can run and CONSORT_ISA allows, best last; NULL from the end on. All give the
 * same hashes. */
const cs_leaf_kernel *cs_leaf_kernel_at(size_t k);

/** The best one. Chosen anew each time: not for inner loops. */
const cs_leaf_kernel *cs_leaf_best(void);

#endif
