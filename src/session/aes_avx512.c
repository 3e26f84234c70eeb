#include "session/aes_avx512.h"

#ifdef __x86_64__

#include <immintrin.h>
#include <sodium.h>
#include <string.h>

#define VAES512 __attribute__((target("vaes,aes,avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi")))
#define INLINE  inline __attribute__((always_inline))

enum { ROUNDS = CS_AES_ROUND_KEYS - 1, UNIT = 64, BLOCKS = UNIT / CS_AES_BLOCK, MOST = 8 };

/* ------------------------------------------------------------------ units of four blocks */

VAES512 static INLINE __m512i four_times(const uint8_t *round_key) {
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const void *)round_key));
}

/* x[n] = encryptions of the counters from `counter` on, n <= MOST a constant. */
VAES512 static INLINE void make_units(__m512i *x, int n, const cs_aes_key *key, uint64_t prefix, uint64_t counter) {
    const __m512i reversed = _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    const __m512i four = _mm512_set_epi64(BLOCKS, 0, BLOCKS, 0, BLOCKS, 0, BLOCKS, 0), first = four_times(key->round[0]);
    const int64_t high = (int64_t)prefix;
    __m512i block = _mm512_add_epi64(_mm512_set_epi64(3, high, 2, high, 1, high, 0, high),
                                     _mm512_maskz_set1_epi64(0xaa, (int64_t)counter));
    for (int i = 0; i < n; i++) {
        x[i] = _mm512_xor_si512(_mm512_shuffle_epi8(block, reversed), first);
        block = _mm512_add_epi64(block, four);
    }
    for (int r = 1; r < ROUNDS; r++) {
        const __m512i k = four_times(key->round[r]);
        for (int i = 0; i < n; i++)
            x[i] = _mm512_aesenc_epi128(x[i], k);
    }
    const __m512i last = four_times(key->round[ROUNDS]);
    for (int i = 0; i < n; i++)
        x[i] = _mm512_aesenclast_epi128(x[i], last);
}

VAES512 static INLINE void most_units(uint8_t *out, const cs_aes_key *key, uint64_t prefix, uint64_t counter) {
    __m512i x[MOST];
    make_units(x, MOST, key, prefix, counter);
    for (int i = 0; i < MOST; i++)
        _mm512_storeu_si512(out + UNIT * i, x[i]);
}

VAES512 void cs_aes_stream_avx512(uint8_t *out, size_t blocks, const cs_aes_key *key, uint64_t prefix, uint64_t counter) {
    enum { AT_ONCE = MOST * BLOCKS };
    for (; blocks >= AT_ONCE; blocks -= AT_ONCE, counter += AT_ONCE, out += MOST * UNIT)
        most_units(out, key, prefix, counter);
    if (blocks > 0) {
        uint8_t rest[MOST * UNIT];
        most_units(rest, key, prefix, counter);
        memcpy(out, rest, blocks * CS_AES_BLOCK);
        sodium_memzero(rest, sizeof rest);
    }
}

/* ------------------------------------------------------------------ sums */

enum { LANES = 16, PARTS = UNIT / LANES, BOTH = 2, NUMBERS = BOTH * UNIT, WORDS = MOST * LANES }; /* added at once */

/* How numbers of a register's part are spread to 32 bits each: bytes of a shuffle of the unit in which they begin, and of
 * the next one where they end in that; `kept`: bytes that are theirs. */
typedef struct spreading {
    __m512i from[PARTS];
    __mmask64 kept;
} spreading;

VAES512 static INLINE spreading spread_by(size_t width) {
    uint8_t from[PARTS][UNIT];
    spreading s = {.kept = 0};
    for (size_t part = 0; part < PARTS; part++) {
        for (size_t k = 0; k < UNIT; k++)
            from[part][k] = (uint8_t)(LANES * width * part % UNIT + k / 4 * width + k % 4);
        s.from[part] = _mm512_loadu_si512(from[part]);
    }
    for (size_t k = 0; k < UNIT; k++)
        s.kept |= (__mmask64)(k % 4 < width) << k;
    return s;
}

/* 16 of the 64 numbers of x[width]. */
VAES512 static INLINE __m512i spread(const __m512i *x, size_t part, size_t width, const spreading *s) {
    const size_t unit = LANES * width * part / UNIT, last = (LANES * width * (part + 1) - 1) / UNIT;
    if (width == sizeof(uint32_t))
        return x[unit];
    if (unit == last)
        return _mm512_maskz_permutexvar_epi8(s->kept, s->from[part], x[unit]);
    return _mm512_maskz_permutex2var_epi8(s->kept, x[unit], s->from[part], x[last]);
}

VAES512 static INLINE void add_numbers(uint32_t sums[NUMBERS], size_t width, bool negative, const spreading *s,
                                       const cs_aes_key *key, uint64_t counter) {
    __m512i x[BOTH * 4];
    make_units(x, (int)(BOTH * width), key, 0, counter);
    for (size_t k = 0; k < BOTH * PARTS; k++) {
        const __m512i old = _mm512_loadu_si512(sums + LANES * k), more = spread(x + k / PARTS * width, k % PARTS, width, s);
        _mm512_storeu_si512(sums + LANES * k, negative ? _mm512_sub_epi32(old, more) : _mm512_add_epi32(old, more));
    }
}

/* Of a constant width and sign. */
VAES512 static INLINE void add_narrow(uint32_t *sums, size_t n, size_t width, bool negative, const cs_aes_key *key,
                                      uint64_t counter) {
    const spreading s = spread_by(width);
    for (; n >= NUMBERS; n -= NUMBERS, sums += NUMBERS, counter += BOTH * width * BLOCKS)
        add_numbers(sums, width, negative, &s, key, counter);
    if (n > 0) {
        uint32_t rest[NUMBERS] = {0};
        memcpy(rest, sums, n * sizeof *sums);
        add_numbers(rest, width, negative, &s, key, counter);
        memcpy(sums, rest, n * sizeof *sums);
        sodium_memzero(rest, sizeof rest);
    }
}

#define OF_WIDTH(width)                                                                                                     \
    case width:                                                                                                             \
        if (negative)                                                                                                       \
            add_narrow(sums, n, width, true, key, counter);                                                                 \
        else                                                                                                                \
            add_narrow(sums, n, width, false, key, counter);                                                                \
        break

VAES512 void cs_aes_add_narrow_avx512(uint32_t *sums, size_t n, size_t width, bool negative, const cs_aes_key *key,
                                      uint64_t counter) {
    switch (width) {
        OF_WIDTH(1);
        OF_WIDTH(2);
        OF_WIDTH(3);
        OF_WIDTH(4);
    }
}

VAES512 static INLINE void add_half(uint64_t *sums, __m256i words, __m512i sign) {
    const __m512i more = _mm512_xor_si512(_mm512_cvtepu32_epi64(words), sign);
    _mm512_storeu_si512(sums, _mm512_sub_epi64(_mm512_add_epi64(_mm512_loadu_si512(sums), more), sign));
}

VAES512 static INLINE void add_words(uint64_t sums[WORDS], __m512i sign, const cs_aes_key *key, uint64_t counter) {
    __m512i x[MOST];
    make_units(x, MOST, key, 0, counter);
    for (size_t k = 0; k < MOST; k++) {
        add_half(sums + LANES * k, _mm512_castsi512_si256(x[k]), sign);
        add_half(sums + LANES * k + LANES / 2, _mm512_extracti64x4_epi64(x[k], 1), sign);
    }
}

VAES512 void cs_aes_add_words_avx512(uint64_t *sums, size_t n, bool negative, const cs_aes_key *key, uint64_t counter) {
    const __m512i sign = _mm512_set1_epi64(-(int64_t)negative);
    for (; n >= WORDS; n -= WORDS, sums += WORDS, counter += MOST * BLOCKS)
        add_words(sums, sign, key, counter);
    if (n > 0) {
        uint64_t rest[WORDS] = {0};
        memcpy(rest, sums, n * sizeof *sums);
        add_words(rest, sign, key, counter);
        memcpy(sums, rest, n * sizeof *sums);
        sodium_memzero(rest, sizeof rest);
    }
}

#endif
