#include "session/leaves_avx512.h"

#ifdef __x86_64__

#include <immintrin.h>

#include "base/bytes.h"
#include "session/blake2b.h"

#define AVX512 __attribute__((target("avx512f")))
#define INLINE inline __attribute__((always_inline))

enum { LANES = CS_LEAVES_WIDE, WORDS = CS_BLAKE2B_WORDS, BLOCK = CS_BLAKE2B_BLOCK };

/* Even or odd words of four pairs of lanes, two words of a pair in each quarter of a register: out[k] has word 2k of all
 * eight, counting the even or odd ones only. */
AVX512 static INLINE void gather_quarters(__m512i *out, __m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i ab = _mm512_shuffle_i64x2(a, b, 0x88), cd = _mm512_shuffle_i64x2(c, d, 0x88);
    const __m512i ab_odd = _mm512_shuffle_i64x2(a, b, 0xdd), cd_odd = _mm512_shuffle_i64x2(c, d, 0xdd);
    out[0] = _mm512_shuffle_i64x2(ab, cd, 0x88);
    out[2] = _mm512_shuffle_i64x2(ab_odd, cd_odd, 0x88);
    out[4] = _mm512_shuffle_i64x2(ab, cd, 0xdd);
    out[6] = _mm512_shuffle_i64x2(ab_odd, cd_odd, 0xdd);
}

/* m[j] = word j of the eight blocks at `data`. */
AVX512 static INLINE void load_block(__m512i m[WORDS], const uint8_t *data) {
    for (int j = 0; j < WORDS; j += LANES) {
        __m512i r[LANES], even[LANES / 2], odd[LANES / 2];
        for (int i = 0; i < LANES; i++)
            r[i] = _mm512_loadu_si512(data + CS_LEAF * i + 8 * j);
        for (int i = 0; i < LANES / 2; i++) {
            even[i] = _mm512_unpacklo_epi64(r[2 * i], r[2 * i + 1]);
            odd[i] = _mm512_unpackhi_epi64(r[2 * i], r[2 * i + 1]);
        }
        gather_quarters(m + j, even[0], even[1], even[2], even[3]);
        gather_quarters(m + j + 1, odd[0], odd[1], odd[2], odd[3]);
    }
}

/* RFC 7693, section 3.1. */
AVX512 static INLINE void mix(__m512i *a, __m512i *b, __m512i *c, __m512i *d, __m512i x, __m512i y) {
    *a = _mm512_add_epi64(_mm512_add_epi64(*a, *b), x);
    *d = _mm512_ror_epi64(_mm512_xor_si512(*d, *a), 32);
    *c = _mm512_add_epi64(*c, *d);
    *b = _mm512_ror_epi64(_mm512_xor_si512(*b, *c), 24);
    *a = _mm512_add_epi64(_mm512_add_epi64(*a, *b), y);
    *d = _mm512_ror_epi64(_mm512_xor_si512(*d, *a), 16);
    *c = _mm512_add_epi64(*c, *d);
    *b = _mm512_ror_epi64(_mm512_xor_si512(*b, *c), 63);
}

AVX512 static INLINE void play_round(__m512i v[WORDS], const __m512i m[WORDS], const uint8_t s[WORDS]) {
    CS_BLAKE2B_ROUND(mix, v, m, s);
}

/* Section 3.2, after `done` bytes in each lane, this block included. */
AVX512 static INLINE void compress(__m512i h[8], const uint8_t *data, uint64_t done) {
    __m512i m[WORDS], v[WORDS];
    load_block(m, data);
    for (int k = 0; k < 8; k++) {
        v[k] = h[k];
        v[8 + k] = _mm512_set1_epi64((int64_t)CS_BLAKE2B_IV[k]);
    }
    v[12] = _mm512_xor_si512(v[12], _mm512_set1_epi64((int64_t)done));
    v[14] = _mm512_xor_si512(v[14], _mm512_set1_epi64(done == CS_LEAF ? -1 : 0));
    for (int round = 0; round < CS_BLAKE2B_ROUNDS; round++)
        play_round(v, m, CS_BLAKE2B_SIGMA[round]);
    for (int k = 0; k < 8; k++)
        h[k] = _mm512_xor_si512(h[k], _mm512_xor_si512(v[k], v[8 + k]));
}

/* Section 2.5: parameters of 32 bytes of hash and no key. */
AVX512 static void hash_eight(uint8_t *out, const uint8_t *data) {
    __m512i h[8];
    for (int k = 0; k < 8; k++)
        h[k] = _mm512_set1_epi64((int64_t)(CS_BLAKE2B_IV[k] ^ (k == 0 ? 0x01010000 ^ CS_LEAF_HASH : 0)));
    for (size_t done = 0; done < CS_LEAF; done += BLOCK)
        compress(h, data + done, done + BLOCK);
    for (int k = 0; k < CS_LEAF_HASH / 8; k++) {
        uint64_t words[LANES];
        _mm512_storeu_si512(words, h[k]);
        for (int i = 0; i < LANES; i++)
            cs_store_u64(out + CS_LEAF_HASH * i + 8 * k, words[i]);
    }
}

void cs_leaves_avx512(uint8_t *out, const uint8_t *data, size_t n) {
    for (size_t k = 0; k < n; k += LANES)
        hash_eight(out + CS_LEAF_HASH * k, data + CS_LEAF * k);
}

#endif
