/* Hashing to generators, and the process-wide cache of them. */
#include "curve/generators.h"

#include <gmp.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "curve/batch.h"
#include "curve/generator_counters.h"

#define LABEL "consort/generator/1"

/* One generation of the cache. Older ones stay alive: callers hold views on them. */
typedef struct generation {
    cs_generators view;
    cs_g1_affine *g, *g_half;
    struct generation *older;
} generation;

static struct {
    pthread_mutex_t lock;
    generation *newest;
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER, .newest = NULL};

/* By the Jacobi symbol, which costs a fraction of the square root that half of all x would be tried for in vain. */
static bool is_square(cs_fp a) {
    static const mp_limb_t modulus[4] = {0x3c208c16d87cfd47, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029};
    _Static_assert(GMP_NUMB_BITS == 64, "four limbs");
    uint8_t raw[32];
    mp_limb_t limbs[4];
    mpz_t x, p;
    cs_fp_encode(raw, a);
    for (size_t k = 0; k < 4; k++)
        limbs[k] = cs_load_u64(raw + 8 * k);
    return mpz_jacobi(mpz_roinit_n(x, limbs, 4), mpz_roinit_n(p, modulus, 4)) >= 0; /* neither owns memory */
}

/* The first counter whose digest, a little-endian number mod p, is the x of a point; its y^2 in place of y. */
static cs_g1_affine hash_to_x(char name, uint64_t index) {
    const cs_fp b = cs_fp_from_u64(3);
    uint8_t text[sizeof LABEL - 1 + 1 + 8 + 4] = LABEL;
    uint8_t *const tail = text + sizeof LABEL - 1;
    uint8_t digest[64] = {0}; /* upper half stays zero */
    cs_g1_affine p;
    tail[0] = (uint8_t)name;
    cs_store_u64(tail + 1, index);
    const bool known = name == 'g' && index < sizeof GENERATOR_COUNTERS - 1;
    for (uint32_t counter = known ? (uint32_t)(GENERATOR_COUNTERS[index] - 'a') : 0;; counter++) {
        cs_store_u32(tail + 9, counter);
        cs_sha256(digest, text, sizeof text);
        p.x = cs_fp_from_wide(digest);
        p.y = cs_fp_add(cs_fp_mul(cs_fp_sqr(p.x), p.x), b);
        if (known || is_square(p.y))
            return p;
    }
}

/* out[j] = the point of that name and index first + j, with an even y. */
static void hash_to_points(cs_g1_affine *out, char name, uint64_t first, size_t n) {
    enum { SOME = 64 };
    cs_fp y[SOME];
    for (size_t from = 0; from < n; from += SOME) {
        const size_t count = n - from < SOME ? n - from : SOME;
        for (size_t j = 0; j < count; j++) {
            out[from + j] = hash_to_x(name, first + from + j);
            y[j] = out[from + j].y;
        }
        cs_g1_batch_roots(y, y, count);
        for (size_t j = 0; j < count; j++)
            out[from + j].y = cs_fp_is_odd(y[j]) ? cs_fp_neg(y[j]) : y[j];
    }
}

static void generation_free(generation *c) {
    if (c == NULL)
        return;
    cs_free(c->g);
    cs_free(c->g_half);
    cs_free(c);
}

/* g, then h and u, with halves: `old` (or NULL) gives the first ones. */
static void fill(generation *c, const generation *old, size_t n, cs_fp *scratch) {
    const size_t kept = old == NULL ? 0 : old->view.n;
    if (kept > 0) {
        memcpy(c->g, old->g, kept * sizeof *c->g);
        memcpy(c->g_half, old->g_half, kept * sizeof *c->g_half);
    }
    hash_to_points(c->g_half + kept, 'g', kept, n - kept);
    cs_g1_batch_double(c->g + kept, c->g_half + kept, scratch, n - kept);
    cs_g1_affine half[2], whole[2];
    hash_to_points(&half[0], 'h', 0, 1);
    hash_to_points(&half[1], 'u', 0, 1);
    cs_fp scratch2[CS_G1_SCRATCH(2)];
    cs_g1_batch_double(whole, half, scratch2, 2);
    c->view = (cs_generators){.n = n, .g = c->g, .g_half = c->g_half, .h = whole[0], .h_half = half[0], .u = whole[1]};
}

static cs_status grow(size_t n) {
    generation *c = CS_NEW(generation, 1);
    cs_fp *scratch = CS_NEW(cs_fp, CS_G1_SCRATCH(n));
    if (c != NULL) {
        c->g = CS_NEW(cs_g1_affine, n);
        c->g_half = CS_NEW(cs_g1_affine, n);
    }
    if (c == NULL || scratch == NULL || c->g == NULL || c->g_half == NULL) {
        cs_free(scratch);
        generation_free(c);
        return CS_ERR_MEMORY;
    }
    fill(c, cache.newest, n, scratch);
    cs_free(scratch);
    c->older = cache.newest;
    cache.newest = c;
    return CS_OK;
}

cs_status cs_generators_get(cs_generators *out, size_t n) {
    cs_status status = CS_OK;
    pthread_mutex_lock(&cache.lock);
    if (cache.newest == NULL || cache.newest->view.n < n)
        status = grow(n);
    if (status == CS_OK)
        *out = cache.newest->view;
    pthread_mutex_unlock(&cache.lock);
    return status;
}

void cs_generators_release(void) {
    pthread_mutex_lock(&cache.lock);
    while (cache.newest != NULL) {
        generation *older = cache.newest->older;
        generation_free(cache.newest);
        cache.newest = older;
    }
    pthread_mutex_unlock(&cache.lock);
}
