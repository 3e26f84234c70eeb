/* The instructions of AVX-512 that the kernels use, on vectors of eight 64-bit lanes. With CS_EMULATE_AVX512 the same
 * operations in plain C: tests run the kernels on processors that lack them. */
#ifndef CS_FIELD_AVX512IFMA_VEC512_H
#define CS_FIELD_AVX512IFMA_VEC512_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef CS_EMULATE_AVX512

#define CS_V8 static inline __attribute__((always_inline))

/* Before a loop over limbs: the limbs are registers only if it is unrolled. */
#ifdef __clang__
#define CS_UNROLL _Pragma("clang loop unroll(full)")
#else
#define CS_UNROLL _Pragma("GCC unroll 10")
#endif

#include <immintrin.h>

typedef __m512i cs_v8;
typedef __mmask8 cs_m8;

CS_V8 cs_v8 cs_v8_zero(void) {
    return _mm512_setzero_si512();
}

CS_V8 cs_v8 cs_v8_set1(uint64_t x) {
    return _mm512_set1_epi64((long long)x);
}

/** Lane 0 first. */
CS_V8 cs_v8 cs_v8_set(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
    return _mm512_setr_epi64((long long)a, (long long)b, (long long)c, (long long)d, (long long)e, (long long)f,
                             (long long)g, (long long)h);
}

CS_V8 cs_v8 cs_v8_load(const void *p) {
    return _mm512_loadu_si512(p);
}

CS_V8 void cs_v8_store(void *p, cs_v8 a) {
    _mm512_storeu_si512(p, a);
}

/** Lanes 0-3 from p, 4-7 from q. */
CS_V8 cs_v8 cs_v8_load2(const void *p, const void *q) {
    const __m256i low = _mm256_loadu_si256((const __m256i *)p), high = _mm256_loadu_si256((const __m256i *)q);
    return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

CS_V8 void cs_v8_store2(void *p, void *q, cs_v8 a) {
    _mm256_storeu_si256((__m256i *)p, _mm512_castsi512_si256(a));
    _mm256_storeu_si256((__m256i *)q, _mm512_extracti64x4_epi64(a, 1));
}

CS_V8 cs_v8 cs_v8_add(cs_v8 a, cs_v8 b) {
    return _mm512_add_epi64(a, b);
}

CS_V8 cs_v8 cs_v8_sub(cs_v8 a, cs_v8 b) {
    return _mm512_sub_epi64(a, b);
}

CS_V8 cs_v8 cs_v8_and(cs_v8 a, cs_v8 b) {
    return _mm512_and_si512(a, b);
}

CS_V8 cs_v8 cs_v8_or(cs_v8 a, cs_v8 b) {
    return _mm512_or_si512(a, b);
}

CS_V8 cs_v8 cs_v8_xor(cs_v8 a, cs_v8 b) {
    return _mm512_xor_si512(a, b);
}

CS_V8 cs_v8 cs_v8_shl(cs_v8 a, unsigned n) {
    return _mm512_slli_epi64(a, n);
}

CS_V8 cs_v8 cs_v8_shr(cs_v8 a, unsigned n) {
    return _mm512_srli_epi64(a, n);
}

/** Arithmetic: copies of the sign come in. */
CS_V8 cs_v8 cs_v8_sar(cs_v8 a, unsigned n) {
    return _mm512_srai_epi64(a, n);
}

/** Modulo 2^64. */
CS_V8 cs_v8 cs_v8_mul(cs_v8 a, cs_v8 b) {
    return _mm512_mullo_epi64(a, b);
}

/** acc + low (or high) 52 bits of the product of the low 52 bits of a and b. */
CS_V8 cs_v8 cs_v8_madd_lo(cs_v8 acc, cs_v8 a, cs_v8 b) {
    return _mm512_madd52lo_epu64(acc, a, b);
}

CS_V8 cs_v8 cs_v8_madd_hi(cs_v8 acc, cs_v8 a, cs_v8 b) {
    return _mm512_madd52hi_epu64(acc, a, b);
}

/** Bits of a where the mask has ones, of b elsewhere. */
CS_V8 cs_v8 cs_v8_select(cs_v8 mask, cs_v8 a, cs_v8 b) {
    return _mm512_ternarylogic_epi64(mask, a, b, 0xca);
}

/** Lane k is lane index[k] of a (0-7) and b (8-15). */
CS_V8 cs_v8 cs_v8_permute(cs_v8 a, cs_v8 b, cs_v8 index) {
    return _mm512_permutex2var_epi64(a, index, b);
}

/** Lanes that are negative as signed numbers. */
CS_V8 cs_m8 cs_v8_negative(cs_v8 a) {
    return _mm512_movepi64_mask(a);
}

CS_V8 cs_m8 cs_v8_is_zero(cs_v8 a) {
    return _mm512_testn_epi64_mask(a, a);
}

/** Lanes where a < b as signed numbers. */
CS_V8 cs_m8 cs_v8_less(cs_v8 a, cs_v8 b) {
    return _mm512_cmplt_epi64_mask(a, b);
}

/** a - b where the mask is set, `other` elsewhere. */
CS_V8 cs_v8 cs_v8_sub_where(cs_m8 mask, cs_v8 other, cs_v8 a, cs_v8 b) {
    return _mm512_mask_sub_epi64(other, mask, a, b);
}

/** a + b where the mask is set, `other` elsewhere. */
CS_V8 cs_v8 cs_v8_add_where(cs_m8 mask, cs_v8 other, cs_v8 a, cs_v8 b) {
    return _mm512_mask_add_epi64(other, mask, a, b);
}

/** Lanes of b where the mask is set, of a elsewhere. */
CS_V8 cs_v8 cs_v8_blend(cs_m8 mask, cs_v8 a, cs_v8 b) {
    return _mm512_mask_blend_epi64(mask, a, b);
}

/* Eight signed integers, extended. */

CS_V8 cs_v8 cs_v8_from_i8(const int8_t *p) {
    int64_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    return _mm512_cvtepi8_epi64(_mm_cvtsi64_si128(bytes));
}

CS_V8 cs_v8 cs_v8_from_i16(const int16_t *p) {
    return _mm512_cvtepi16_epi64(_mm_loadu_si128((const __m128i *)p));
}

CS_V8 cs_v8 cs_v8_from_i32(const int32_t *p) {
    return _mm512_cvtepi32_epi64(_mm256_loadu_si256((const __m256i *)p));
}

#else

#define CS_UNROLL

/* Not inlined: compilers take minutes over the whole of it. */
#define CS_V8      static __attribute__((unused, noinline))

typedef uint64_t cs_v8 __attribute__((vector_size(64)));
typedef uint8_t cs_m8;

CS_V8 cs_v8 cs_v8_set1(uint64_t x) {
    return (cs_v8){x, x, x, x, x, x, x, x};
}

CS_V8 cs_v8 cs_v8_set(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
    return (cs_v8){a, b, c, d, e, f, g, h};
}

CS_V8 cs_v8 cs_v8_zero(void) {
    return cs_v8_set1(0);
}

CS_V8 cs_v8 cs_v8_load2(const void *p, const void *q) {
    uint64_t x[8];
    memcpy(x, p, 32);
    memcpy(x + 4, q, 32);
    return (cs_v8){x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]};
}

CS_V8 cs_v8 cs_v8_load(const void *p) {
    return cs_v8_load2(p, (const uint8_t *)p + 32);
}

CS_V8 void cs_v8_store2(void *p, void *q, cs_v8 a) {
    for (int k = 0; k < 4; k++) {
        const uint64_t low = a[k], high = a[k + 4];
        memcpy((uint8_t *)p + 8 * k, &low, 8);
        memcpy((uint8_t *)q + 8 * k, &high, 8);
    }
}

CS_V8 void cs_v8_store(void *p, cs_v8 a) {
    cs_v8_store2(p, (uint8_t *)p + 32, a);
}

CS_V8 cs_v8 cs_v8_add(cs_v8 a, cs_v8 b) {
    return a + b;
}

CS_V8 cs_v8 cs_v8_sub(cs_v8 a, cs_v8 b) {
    return a - b;
}

CS_V8 cs_v8 cs_v8_and(cs_v8 a, cs_v8 b) {
    return a & b;
}

CS_V8 cs_v8 cs_v8_or(cs_v8 a, cs_v8 b) {
    return a | b;
}

CS_V8 cs_v8 cs_v8_xor(cs_v8 a, cs_v8 b) {
    return a ^ b;
}

CS_V8 cs_v8 cs_v8_shl(cs_v8 a, unsigned n) {
    return a << n;
}

CS_V8 cs_v8 cs_v8_shr(cs_v8 a, unsigned n) {
    return a >> n;
}

CS_V8 cs_v8 cs_v8_sar(cs_v8 a, unsigned n) {
    const cs_v8 sign = cs_v8_set1(0) - (a >> 63);
    return a >> n | (sign & ~(cs_v8_set1(UINT64_MAX) >> n));
}

CS_V8 cs_v8 cs_v8_mul(cs_v8 a, cs_v8 b) {
    return a * b;
}

/* All lanes at once: stored one by one, they would have to reach memory before they can be read together. */
#define CS_EACH(f) ((cs_v8){f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7)})

CS_V8 cs_v8 cs_v8_madd_lo(cs_v8 acc, cs_v8 a, cs_v8 b) {
#define CS_LOW(k)  (a[k] * b[k] & ((UINT64_C(1) << 52) - 1))
    return acc + CS_EACH(CS_LOW);
}

CS_V8 cs_v8 cs_v8_madd_hi(cs_v8 acc, cs_v8 a, cs_v8 b) {
#define CS_HIGH(k) ((uint64_t)((unsigned __int128)(a[k] << 12) * (b[k] << 12) >> 76))
    return acc + CS_EACH(CS_HIGH);
}

CS_V8 cs_v8 cs_v8_permute(cs_v8 a, cs_v8 b, cs_v8 index) {
    cs_v8 r = a;
    for (int k = 0; k < 8; k++)
        r[k] = index[k] & 8 ? b[index[k] & 7] : a[index[k] & 7];
    return r;
}

CS_V8 cs_m8 cs_v8_negative(cs_v8 a) {
    unsigned mask = 0;
    for (unsigned k = 0; k < 8; k++)
        mask |= (unsigned)(a[k] >> 63) << k;
    return (cs_m8)mask;
}

CS_V8 cs_m8 cs_v8_is_zero(cs_v8 a) {
    unsigned mask = 0;
    for (unsigned k = 0; k < 8; k++)
        mask |= (unsigned)(a[k] == 0) << k;
    return (cs_m8)mask;
}

CS_V8 cs_v8 cs_v8_blend(cs_m8 mask, cs_v8 a, cs_v8 b) {
    for (unsigned k = 0; k < 8; k++)
        if (mask >> k & 1)
            a[k] = b[k];
    return a;
}

CS_V8 cs_m8 cs_v8_less(cs_v8 a, cs_v8 b) {
    unsigned mask = 0;
    for (unsigned k = 0; k < 8; k++)
        mask |= (unsigned)((int64_t)a[k] < (int64_t)b[k]) << k;
    return (cs_m8)mask;
}

CS_V8 cs_v8 cs_v8_sub_where(cs_m8 mask, cs_v8 other, cs_v8 a, cs_v8 b) {
    return cs_v8_blend(mask, other, a - b);
}

CS_V8 cs_v8 cs_v8_add_where(cs_m8 mask, cs_v8 other, cs_v8 a, cs_v8 b) {
    return cs_v8_blend(mask, other, a + b);
}

CS_V8 cs_v8 cs_v8_select(cs_v8 mask, cs_v8 a, cs_v8 b) {
    return (a & mask) | (b & ~mask);
}

CS_V8 cs_v8 cs_v8_from_i8(const int8_t *p) {
    cs_v8 r = cs_v8_set1(0);
    for (int k = 0; k < 8; k++)
        r[k] = (uint64_t)(int64_t)p[k];
    return r;
}

CS_V8 cs_v8 cs_v8_from_i16(const int16_t *p) {
    cs_v8 r = cs_v8_set1(0);
    for (int k = 0; k < 8; k++)
        r[k] = (uint64_t)(int64_t)p[k];
    return r;
}

CS_V8 cs_v8 cs_v8_from_i32(const int32_t *p) {
    cs_v8 r = cs_v8_set1(0);
    for (int k = 0; k < 8; k++)
        r[k] = (uint64_t)(int64_t)p[k];
    return r;
}

#endif

#endif
