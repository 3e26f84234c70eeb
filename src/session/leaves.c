#include "session/leaves.h"

#include <sodium.h>

#include "base/bytes.h"
#include "base/isa.h"
#include "session/leaves_avx512.h"

static void hash_one_by_one(uint8_t *out, const uint8_t *data, size_t n) {
    for (size_t k = 0; k < n; k++)
        crypto_generichash(out + CS_LEAF_HASH * k, CS_LEAF_HASH, data + CS_LEAF * k, CS_LEAF, NULL, 0);
}

static const cs_leaf_kernel one_by_one = {"libsodium", hash_one_by_one};

#ifdef __x86_64__

#include <immintrin.h>

#include "session/blake2b.h"

#define AVX2 __attribute__((target("avx2")))

enum { LANES = 4 };

/* m[j] = word j of the four blocks at `data`. */
AVX2 static inline void load_block(__m256i m[CS_BLAKE2B_WORDS], const uint8_t *data) {
    for (int j = 0; j < CS_BLAKE2B_WORDS; j += 4) {
        __m256i r[LANES];
        for (int i = 0; i < LANES; i++)
            r[i] = _mm256_loadu_si256((const void *)(data + CS_LEAF * i + 8 * j));
        const __m256i a = _mm256_unpacklo_epi64(r[0], r[1]), b = _mm256_unpackhi_epi64(r[0], r[1]);
        const __m256i c = _mm256_unpacklo_epi64(r[2], r[3]), d = _mm256_unpackhi_epi64(r[2], r[3]);
        m[j] = _mm256_permute2x128_si256(a, c, 0x20);
        m[j + 1] = _mm256_permute2x128_si256(b, d, 0x20);
        m[j + 2] = _mm256_permute2x128_si256(a, c, 0x31);
        m[j + 3] = _mm256_permute2x128_si256(b, d, 0x31);
    }
}

/* RFC 7693, section 3.1. */
AVX2 static inline void mix(__m256i *a, __m256i *b, __m256i *c, __m256i *d, __m256i x, __m256i y) {
    const __m256i by_24 = _mm256_set_epi8(10, 9, 8, 15, 14, 13, 12, 11, 2, 1, 0, 7, 6, 5, 4, 3, /* the other half */
                                          10, 9, 8, 15, 14, 13, 12, 11, 2, 1, 0, 7, 6, 5, 4, 3);
    const __m256i by_16 = _mm256_set_epi8(9, 8, 15, 14, 13, 12, 11, 10, 1, 0, 7, 6, 5, 4, 3, 2, /* the other half */
                                          9, 8, 15, 14, 13, 12, 11, 10, 1, 0, 7, 6, 5, 4, 3, 2);
    *a = _mm256_add_epi64(_mm256_add_epi64(*a, *b), x);
    *d = _mm256_shuffle_epi32(_mm256_xor_si256(*d, *a), 0xb1);
    *c = _mm256_add_epi64(*c, *d);
    *b = _mm256_shuffle_epi8(_mm256_xor_si256(*b, *c), by_24);
    *a = _mm256_add_epi64(_mm256_add_epi64(*a, *b), y);
    *d = _mm256_shuffle_epi8(_mm256_xor_si256(*d, *a), by_16);
    *c = _mm256_add_epi64(*c, *d);
    const __m256i t = _mm256_xor_si256(*b, *c);
    *b = _mm256_or_si256(_mm256_srli_epi64(t, 63), _mm256_add_epi64(t, t));
}

AVX2 static inline __attribute__((always_inline)) void
play_round(__m256i v[CS_BLAKE2B_WORDS], const __m256i m[CS_BLAKE2B_WORDS], const uint8_t s[CS_BLAKE2B_WORDS]) {
    CS_BLAKE2B_ROUND(mix, v, m, s);
}

/* Section 3.2, after `done` bytes in each lane, this block included. */
AVX2 static void compress(__m256i h[8], const uint8_t *data, uint64_t done) {
    __m256i m[CS_BLAKE2B_WORDS], v[CS_BLAKE2B_WORDS];
    load_block(m, data);
    for (int k = 0; k < 8; k++) {
        v[k] = h[k];
        v[8 + k] = _mm256_set1_epi64x((int64_t)CS_BLAKE2B_IV[k]);
    }
    v[12] = _mm256_xor_si256(v[12], _mm256_set1_epi64x((int64_t)done));
    v[14] = _mm256_xor_si256(v[14], _mm256_set1_epi64x(done == CS_LEAF ? -1 : 0));
    play_round(v, m, CS_BLAKE2B_SIGMA[0]);
    play_round(v, m, CS_BLAKE2B_SIGMA[1]);
    play_round(v, m, CS_BLAKE2B_SIGMA[2]);
    play_round(v, m, CS_BLAKE2B_SIGMA[3]);
    play_round(v, m, CS_BLAKE2B_SIGMA[4]);
    play_round(v, m, CS_BLAKE2B_SIGMA[5]);
    play_round(v, m, CS_BLAKE2B_SIGMA[6]);
    play_round(v, m, CS_BLAKE2B_SIGMA[7]);
    play_round(v, m, CS_BLAKE2B_SIGMA[8]);
    play_round(v, m, CS_BLAKE2B_SIGMA[9]);
    play_round(v, m, CS_BLAKE2B_SIGMA[10]);
    play_round(v, m, CS_BLAKE2B_SIGMA[11]);
    for (int k = 0; k < 8; k++)
        h[k] = _mm256_xor_si256(h[k], _mm256_xor_si256(v[k], v[8 + k]));
}

/* Section 2.5: parameters of 32 bytes of hash and no key. */
AVX2 static void hash_four(uint8_t *out, const uint8_t *data) {
    __m256i h[8];
    for (int k = 0; k < 8; k++)
        h[k] = _mm256_set1_epi64x((int64_t)(CS_BLAKE2B_IV[k] ^ (k == 0 ? 0x01010000 ^ CS_LEAF_HASH : 0)));
    for (size_t done = 0; done < CS_LEAF; done += CS_BLAKE2B_BLOCK)
        compress(h, data + done, done + CS_BLAKE2B_BLOCK);
    for (int k = 0; k < CS_LEAF_HASH / 8; k++) {
        const uint64_t words[LANES] = {(uint64_t)_mm256_extract_epi64(h[k], 0), (uint64_t)_mm256_extract_epi64(h[k], 1),
                                       (uint64_t)_mm256_extract_epi64(h[k], 2), (uint64_t)_mm256_extract_epi64(h[k], 3)};
        for (int i = 0; i < LANES; i++)
            cs_store_u64(out + CS_LEAF_HASH * i + 8 * k, words[i]);
    }
}

static void hash_by_fours(uint8_t *out, const uint8_t *data, size_t n) {
    for (; n >= LANES; n -= LANES, out += LANES * CS_LEAF_HASH, data += LANES * CS_LEAF)
        hash_four(out, data);
    hash_one_by_one(out, data, n);
}

static const cs_leaf_kernel by_fours = {"avx2", hash_by_fours};

static void hash_by_eights(uint8_t *out, const uint8_t *data, size_t n) {
    const size_t done = n - n % CS_LEAVES_WIDE;
    cs_leaves_avx512(out, data, done);
    hash_by_fours(out + CS_LEAF_HASH * done, data + CS_LEAF * done, n - done);
}

static const cs_leaf_kernel by_eights = {"avx512", hash_by_eights};

const cs_leaf_kernel *cs_leaf_kernel_at(size_t k) {
    if (k == 2)
        return cs_isa_has(CS_ISA_AVX512) ? &by_eights : NULL;
    return k == 0 ? &one_by_one : k == 1 && cs_isa_has(CS_ISA_AVX2) ? &by_fours : NULL;
}

#else

const cs_leaf_kernel *cs_leaf_kernel_at(size_t k) {
    return k == 0 ? &one_by_one : NULL;
}

#endif

const cs_leaf_kernel *cs_leaf_best(void) {
    size_t k = 0;
    while (cs_leaf_kernel_at(k + 1) != NULL)
        k++;
    return cs_leaf_kernel_at(k);
}
