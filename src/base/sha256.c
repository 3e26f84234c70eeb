#include "base/sha256.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/isa.h"

enum { BLOCK = 64, CHUNK = 512 };

#ifdef CS_HAVE_X86_64
#include <cpuid.h>
#include <immintrin.h>

static const uint32_t ROUND[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
    0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
    0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

enum { UNKNOWN, ABSENT, PRESENT };

/* Found out once: asking takes microseconds in a virtual machine. */
static bool has_instructions(void) {
    static atomic_int known = UNKNOWN;
    int k = atomic_load_explicit(&known, memory_order_relaxed);
    if (k == UNKNOWN) {
        unsigned eax, ebx, ecx, edx;
        const bool has = __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA) != 0;
        k = has && cs_isa_chosen() != CS_ISA_PORTABLE ? PRESENT : ABSENT;
        atomic_store_explicit(&known, k, memory_order_relaxed);
    }
    return k == PRESENT;
}

/* The instructions want the eight words as ABEF and CDGH; four rounds take two of them. */
__attribute__((target("sha,sse4.1"))) static void compress(uint32_t state[8], const uint8_t *data, size_t blocks) {
    const __m128i order = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)state), 0xb1);
    const __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(state + 4)), 0x1b);
    __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);
    for (; blocks > 0; blocks--, data += BLOCK) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
        for (int k = 0; k < 4; k++)
            w[k] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(data + 16 * k)), order);
        for (int k = 0; k < 16; k++) {
            const __m128i sum = _mm_add_epi32(w[k % 4], _mm_load_si128((const __m128i *)(const void *)(ROUND + 4 * k)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
            const __m128i w3 = w[(k + 3) % 4], part = _mm_sha256msg1_epu32(w[k % 4], w[(k + 1) % 4]);
            w[k % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(part, _mm_alignr_epi8(w3, w[(k + 2) % 4], 4)), w3);
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

#else

static bool has_instructions(void) {
    return false;
}

static void compress(uint32_t state[8], const uint8_t *data, size_t blocks) {
    (void)state, (void)data, (void)blocks;
}

#endif

void cs_sha256_update(crypto_hash_sha256_state *state, const void *data, size_t n) {
    const uint8_t *at = data;
    const size_t buffered = (size_t)(state->count >> 3) % BLOCK, first = buffered ? BLOCK - buffered : 0;
    if (n < first + BLOCK || !has_instructions()) {
        crypto_hash_sha256_update(state, at, n);
        return;
    }
    crypto_hash_sha256_update(state, at, first);
    const size_t blocks = (n - first) / BLOCK;
    compress(state->state, at + first, blocks);
    state->count += (uint64_t)blocks * BLOCK * 8;
    crypto_hash_sha256_update(state, at + first + blocks * BLOCK, (n - first) % BLOCK);
}

void cs_sha256(uint8_t out[32], const void *data, size_t n) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    cs_sha256_update(&state, data, n);
    crypto_hash_sha256_final(&state, out);
}

/* Integers of `size` bytes, at most 8. */
static void update_integers(crypto_hash_sha256_state *state, const void *values, size_t n, size_t size) {
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) { /* they lie there as they are hashed */
        cs_sha256_update(state, values, n * size);
        return;
    }
    const uint8_t *at = values;
    uint8_t bytes[8 * CHUNK];
    for (size_t part; n > 0; n -= part, at += part * size) {
        part = n < CHUNK ? n : CHUNK;
        for (size_t k = 0; k < part * size; k++)
            bytes[k] = at[k + size - 1 - 2 * (k % size)];
        cs_sha256_update(state, bytes, part * size);
    }
}

void cs_sha256_update_i64(crypto_hash_sha256_state *state, const int64_t *values, size_t n) {
    update_integers(state, values, n, sizeof *values);
}

void cs_sha256_update_i32(crypto_hash_sha256_state *state, const int32_t *values, size_t n) {
    update_integers(state, values, n, sizeof *values);
}
