#include "train/update.h"

#include "base/isa.h"

/* The compiler makes vector code of these loops for whatever instruction set the caller is compiled for. */
#define INLINE static inline __attribute__((always_inline))

/* Noise may wrap: it is found all the same, by its sum. */
INLINE bool apply(int64_t *restrict w, const uint64_t *restrict sum, size_t n, const cs_update *how) {
    const int64_t most = how->most, bound = how->bound;
    const uint64_t rate = (uint64_t)how->rate;
    uint64_t noise = 0;
    for (size_t k = 0; k < n; k++) {
        const int64_t g = (int64_t)sum[k], v = (int64_t)((uint64_t)w[k] - rate * sum[k]);
        w[k] = v;
        noise |= (uint64_t)(g > most) | (uint64_t)(g < -most) | (uint64_t)(v > bound) | (uint64_t)(v < -bound);
    }
    return noise == 0;
}

INLINE int64_t narrow(int32_t *restrict low, const int64_t *restrict w, size_t n) {
    int64_t most = 0, least = 0;
    for (size_t k = 0; k < n; k++) {
        most = w[k] > most ? w[k] : most;
        least = w[k] < least ? w[k] : least;
        low[k] = (int32_t)(uint32_t)w[k];
    }
    return most > -least ? most : -least;
}

static bool apply_portable(int64_t *w, const uint64_t *sum, size_t n, const cs_update *how) {
    return apply(w, sum, n, how);
}

static int64_t narrow_portable(int32_t *low, const int64_t *w, size_t n) {
    return narrow(low, w, n);
}

static const cs_update_kernel portable = {"portable", apply_portable, narrow_portable};

#ifdef __x86_64__

__attribute__((target("avx2"))) static bool apply_avx2(int64_t *w, const uint64_t *sum, size_t n, const cs_update *how) {
    return apply(w, sum, n, how);
}

__attribute__((target("avx2"))) static int64_t narrow_avx2(int32_t *low, const int64_t *w, size_t n) {
    return narrow(low, w, n);
}

static const cs_update_kernel avx2 = {"avx2", apply_avx2, narrow_avx2};

const cs_update_kernel *cs_update_kernel_at(size_t k) {
    return k == 0 ? &portable : k == 1 && cs_isa_has(CS_ISA_AVX2) ? &avx2 : NULL;
}

#else

const cs_update_kernel *cs_update_kernel_at(size_t k) {
    return k == 0 ? &portable : NULL;
}

#endif

const cs_update_kernel *cs_update_best(void) {
    size_t k = 0;
    while (cs_update_kernel_at(k + 1) != NULL)
        k++;
    return cs_update_kernel_at(k);
}
