#include "session/aes.h"

#include <sodium.h>
#include <string.h>

#include "base/isa.h"
#include "session/aes_avx512.h"

#ifdef __x86_64__

#include <immintrin.h>

#define AES  __attribute__((target("aes,ssse3")))
#define VAES __attribute__((target("vaes,aes,avx2")))

enum { ROUNDS = CS_AES_ROUND_KEYS - 1, WIDE = 8 }; /* registers in flight */

/* ------------------------------------------------------------------ keys (FIPS 197, section 5.2) */

/* Each word of four plus all words before it, plus the schedule's word of the round. */
AES static inline __m128i next_key(__m128i k, __m128i word) {
    k = _mm_xor_si128(k, _mm_slli_si128(k, 4));
    k = _mm_xor_si128(k, _mm_slli_si128(k, 8));
    return _mm_xor_si128(k, word);
}

/* Two round keys from the two before; the round constant must be an immediate operand. */
#define EXPAND(n, constant)                                                                                                 \
    k[n] = next_key(k[(n)-2], _mm_shuffle_epi32(_mm_aeskeygenassist_si128(k[(n)-1], constant), 0xff));                      \
    if ((n) + 1 < CS_AES_ROUND_KEYS)                                                                                        \
    k[(n) + 1] = next_key(k[(n)-1], _mm_shuffle_epi32(_mm_aeskeygenassist_si128(k[n], 0), 0xaa))

AES static void expand(cs_aes_key *out, const uint8_t key[32]) {
    __m128i k[CS_AES_ROUND_KEYS + 1];
    k[0] = _mm_loadu_si128((const void *)key);
    k[1] = _mm_loadu_si128((const void *)(key + 16));
    EXPAND(2, 0x01);
    EXPAND(4, 0x02);
    EXPAND(6, 0x04);
    EXPAND(8, 0x08);
    EXPAND(10, 0x10);
    EXPAND(12, 0x20);
    EXPAND(14, 0x40);
    memcpy(out->round, k, sizeof out->round);
    sodium_memzero(k, sizeof k);
}

/* ------------------------------------------------------------------ eight registers of one block */

AES static inline void eight_blocks(uint8_t *out, const cs_aes_key *key, uint64_t prefix, uint64_t counter) {
    const __m128i reversed = _mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    const __m128i first = _mm_loadu_si128((const void *)key->round[0]);
    __m128i x[WIDE];
    for (int i = 0; i < WIDE; i++) {
        const __m128i block = _mm_set_epi64x((int64_t)(counter + (uint64_t)i), (int64_t)prefix);
        x[i] = _mm_xor_si128(_mm_shuffle_epi8(block, reversed), first);
    }
    for (int r = 1; r < ROUNDS; r++) {
        const __m128i k = _mm_loadu_si128((const void *)key->round[r]);
        for (int i = 0; i < WIDE; i++)
            x[i] = _mm_aesenc_si128(x[i], k);
    }
    const __m128i last = _mm_loadu_si128((const void *)key->round[ROUNDS]);
    for (int i = 0; i < WIDE; i++)
        _mm_storeu_si128((void *)(out + CS_AES_BLOCK * i), _mm_aesenclast_si128(x[i], last));
}

AES static void stream_aes(uint8_t *out, size_t blocks, const cs_aes_key *key, uint64_t prefix, uint64_t counter) {
    for (; blocks >= WIDE; blocks -= WIDE, counter += WIDE, out += WIDE * CS_AES_BLOCK)
        eight_blocks(out, key, prefix, counter);
    if (blocks > 0) {
        uint8_t rest[WIDE * CS_AES_BLOCK];
        eight_blocks(rest, key, prefix, counter);
        memcpy(out, rest, blocks * CS_AES_BLOCK);
        sodium_memzero(rest, sizeof rest);
    }
}

/* ------------------------------------------------------------------ eight registers of two blocks */

VAES static inline __m256i both(const uint8_t *round_key) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)round_key));
}

VAES static inline void sixteen_blocks(uint8_t *out, const cs_aes_key *key, uint64_t prefix, uint64_t counter) {
    const __m256i reversed = _mm256_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7, /* the other half */
                                             8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i two = _mm256_set_epi64x(2, 0, 2, 0), first = both(key->round[0]);
    __m256i x[WIDE], block = _mm256_set_epi64x((int64_t)(counter + 1), (int64_t)prefix, (int64_t)counter, (int64_t)prefix);
    for (int i = 0; i < WIDE; i++) {
        x[i] = _mm256_xor_si256(_mm256_shuffle_epi8(block, reversed), first);
        block = _mm256_add_epi64(block, two);
    }
    for (int r = 1; r < ROUNDS; r++) {
        const __m256i k = both(key->round[r]);
        for (int i = 0; i < WIDE; i++)
            x[i] = _mm256_aesenc_epi128(x[i], k);
    }
    const __m256i last = both(key->round[ROUNDS]);
    for (int i = 0; i < WIDE; i++)
        _mm256_storeu_si256((void *)(out + 2 * CS_AES_BLOCK * i), _mm256_aesenclast_epi128(x[i], last));
}

VAES static void stream_vaes(uint8_t *out, size_t blocks, const cs_aes_key *key, uint64_t prefix, uint64_t counter) {
    for (; blocks >= 2 * WIDE; blocks -= 2 * WIDE, counter += 2 * WIDE, out += 2 * WIDE * CS_AES_BLOCK)
        sixteen_blocks(out, key, prefix, counter);
    stream_aes(out, blocks, key, prefix, counter);
}

/* ------------------------------------------------------------------ choice */

const cs_aes_kernel *cs_aes_kernel_at(size_t k) {
    static const cs_aes_kernel kernels[] = {
        {.name = "aes", .stream = stream_aes},
        {.name = "vaes", .stream = stream_vaes},
        {"vaes512", cs_aes_stream_avx512, cs_aes_add_narrow_avx512, cs_aes_add_words_avx512}};
    static const cs_isa_part needed[] = {CS_ISA_AES, CS_ISA_VAES, CS_ISA_VAES512};
    return k < sizeof kernels / sizeof *kernels && cs_isa_has(needed[k]) ? &kernels[k] : NULL;
}

void cs_aes_expand(cs_aes_key *out, const uint8_t key[32]) {
    expand(out, key);
}

#else

const cs_aes_kernel *cs_aes_kernel_at(size_t k) {
    (void)k;
    return NULL;
}

void cs_aes_expand(cs_aes_key *out, const uint8_t key[32]) {
    (void)key;
    sodium_memzero(out, sizeof *out);
}

#endif

const cs_aes_kernel *cs_aes_best(void) {
    const cs_aes_kernel *best = NULL;
    for (size_t k = 0; cs_aes_kernel_at(k) != NULL; k++)
        best = cs_aes_kernel_at(k);
    return best;
}

bool cs_aes_available(void) {
    return cs_aes_best() != NULL;
}
