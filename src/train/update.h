/* What a step does to each parameter: the update, its bounds, and the kernel's form of the new weight. Local; no branch and
 * no address depends on a value. */
#ifndef CS_TRAIN_UPDATE_H
#define CS_TRAIN_UPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What is the same for all parameters of a layer in a step: rate most < 2^62 and bound < 2^62 (cs_params_validate). */
typedef struct cs_update {
    int64_t rate;
    int64_t most;  /* of a sum of gradients */
    int64_t bound; /* of a weight */
} cs_update;

typedef struct cs_update_kernel {
    const char *name; /* "portable", "avx2" */
    /* w[n] -= rate sum[n]. False, and any w, if a sum or a weight is beyond its bound. */
    bool (*apply)(int64_t *w, const uint64_t *sum, size_t n, const cs_update *how);
    /* low[n] = w[n] mod 2^32; returns the largest |w|, which is below 2^63. */
    int64_t (*narrow)(int32_t *low, const int64_t *w, size_t n);
} cs_update_kernel;

/** Kernel k = 0, 1, … that this processor can run and CONSORT_ISA allows, best last; NULL from the end on. All give the
 * same numbers. */
const cs_update_kernel *cs_update_kernel_at(size_t k);

/** The best one. Chosen anew each time: not for inner loops. */
const cs_update_kernel *cs_update_best(void);

#endif
