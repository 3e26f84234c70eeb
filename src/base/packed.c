#include "base/packed.h"

#include "base/bytes.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* ------------------------------------------------------------------ one at a time */

static uint64_t load_one(const uint8_t *p, size_t width) {
    uint64_t v = 0;
    for (size_t k = 0; k < width; k++)
        v |= (uint64_t)p[k] << (8 * k);
    return v;
}

static void store_one(uint8_t *p, uint64_t v, size_t width) {
    for (size_t k = 0; k < width; k++)
        p[k] = (uint8_t)(v >> (8 * k));
}

/* Entries of n that a kernel may read or write eight bytes for without leaving the vector. */
static size_t roomy(size_t n, size_t width, size_t bytes) {
    const size_t last = (bytes + width - 1) / width;
    return n > last ? n - last : 0;
}

static void add_portable(uint64_t *values, const uint8_t *packed, size_t n, size_t width, bool negative) {
    const uint64_t mask = UINT64_MAX >> (64 - 8 * width), sign = negative ? UINT64_MAX : 0; /* -x = (x ^ sign) - sign */
    const size_t roomy_n = roomy(n, width, 8);
    for (size_t k = 0; k < roomy_n; k++)
        values[k] += ((cs_load_u64(packed + width * k) & mask) ^ sign) - sign;
    for (size_t k = roomy_n; k < n; k++)
        values[k] += (load_one(packed + width * k, width) ^ sign) - sign;
}

static void add_narrow_portable(uint32_t *values, const uint8_t *packed, size_t n, size_t width, bool negative) {
    const uint32_t mask = UINT32_MAX >> (32 - 8 * width), sign = negative ? UINT32_MAX : 0;
    for (size_t k = 0; k < n; k++)
        values[k] += ((cs_load_u32(packed + width * k) & mask) ^ sign) - sign;
}

static void load_portable(uint64_t *values, const uint8_t *packed, size_t n, size_t width) {
    const uint64_t mask = UINT64_MAX >> (64 - 8 * width), sign = (uint64_t)1 << (8 * width - 1);
    const size_t roomy_n = roomy(n, width, 8);
    for (size_t k = 0; k < roomy_n; k++)
        values[k] = ((cs_load_u64(packed + width * k) & mask) ^ sign) - sign;
    for (size_t k = roomy_n; k < n; k++)
        values[k] = (load_one(packed + width * k, width) ^ sign) - sign;
}

/* Eight bytes at a time, each overwriting what is too much of the one before. */
static void store_portable(uint8_t *packed, const uint64_t *values, size_t n, size_t width) {
    const size_t roomy_n = roomy(n, width, 8);
    for (size_t k = 0; k < roomy_n; k++)
        cs_store_u64(packed + width * k, values[k]);
    for (size_t k = roomy_n; k < n; k++)
        store_one(packed + width * k, values[k], width);
}

static const cs_packed_kernel portable = {"portable", add_portable, add_narrow_portable, load_portable, store_portable};

/* ------------------------------------------------------------------ four at a time */

#ifdef __x86_64__

#define AVX2 __attribute__((target("avx2")))

/* Entries lie in the low bytes of each half of a register, two of them or four: bytes of a shuffle that spreads them to 64
 * or 32 bits each, zeros above, or gathers two again. */
AVX2 static __m256i spreading(size_t width, size_t lane) {
    uint8_t from[16];
    for (size_t k = 0; k < 16; k++)
        from[k] = (uint8_t)(k % lane < width ? k / lane * width + k % lane : 0x80);
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)from));
}

AVX2 static __m256i gathering(size_t width) {
    uint8_t from[16];
    for (size_t k = 0; k < 16; k++)
        from[k] = (uint8_t)(k < 2 * width ? 8 * (k / width) + k % width : 0x80);
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)from));
}

/* `half`: bytes of the entries of one half. */
AVX2 static inline __m256i load_lanes(const uint8_t *p, size_t half, __m256i spread) {
    const __m128i low = _mm_loadu_si128((const void *)p), high = _mm_loadu_si128((const void *)(p + half));
    return _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), spread);
}

/* Entries done four at a time; each time, 2 width + 16 bytes are read or written. */
static size_t by_fours(size_t n, size_t width) {
    return roomy(n, width, 16) & ~(size_t)3;
}

AVX2 static void add_avx2(uint64_t *values, const uint8_t *packed, size_t n, size_t width, bool negative) {
    const __m256i spread = spreading(width, sizeof *values);
    const size_t fours = by_fours(n, width);
    for (size_t k = 0; k < fours; k += 4) {
        __m256i *v = (void *)(values + k);
        const __m256i old = _mm256_loadu_si256(v), more = load_lanes(packed + width * k, 2 * width, spread);
        _mm256_storeu_si256(v, negative ? _mm256_sub_epi64(old, more) : _mm256_add_epi64(old, more));
    }
    add_portable(values + fours, packed + width * fours, n - fours, width, negative);
}

/* The last ones read 16 bytes from their last half's start, which is 4 width bytes before packed[n]. */
AVX2 static void add_narrow_avx2(uint32_t *values, const uint8_t *packed, size_t n, size_t width, bool negative) {
    const __m256i spread = spreading(width, sizeof *values);
    const size_t eights = n & ~(size_t)7;
    for (size_t k = 0; k < eights; k += 8) {
        __m256i *v = (void *)(values + k);
        const __m256i old = _mm256_loadu_si256(v), more = load_lanes(packed + width * k, 4 * width, spread);
        _mm256_storeu_si256(v, negative ? _mm256_sub_epi32(old, more) : _mm256_add_epi32(old, more));
    }
    add_narrow_portable(values + eights, packed + width * eights, n - eights, width, negative);
}

AVX2 static void load_avx2(uint64_t *values, const uint8_t *packed, size_t n, size_t width) {
    const __m256i spread = spreading(width, sizeof *values),
                  sign = _mm256_set1_epi64x((int64_t)((uint64_t)1 << (8 * width - 1)));
    const size_t fours = by_fours(n, width);
    for (size_t k = 0; k < fours; k += 4) {
        const __m256i v = load_lanes(packed + width * k, 2 * width, spread);
        _mm256_storeu_si256((void *)(values + k), _mm256_sub_epi64(_mm256_xor_si256(v, sign), sign));
    }
    load_portable(values + fours, packed + width * fours, n - fours, width);
}

AVX2 static void store_avx2(uint8_t *packed, const uint64_t *values, size_t n, size_t width) {
    const __m256i gather = gathering(width);
    const size_t fours = by_fours(n, width);
    for (size_t k = 0; k < fours; k += 4) {
        const __m256i v = _mm256_shuffle_epi8(_mm256_loadu_si256((const void *)(values + k)), gather);
        uint8_t *to = packed + width * k;
        _mm_storeu_si128((void *)to, _mm256_castsi256_si128(v));
        _mm_storeu_si128((void *)(to + 2 * width), _mm256_extracti128_si256(v, 1));
    }
    store_portable(packed + width * fours, values + fours, n - fours, width);
}

static const cs_packed_kernel avx2 = {"avx2", add_avx2, add_narrow_avx2, load_avx2, store_avx2};

const cs_packed_kernel *cs_packed_kernel_at(size_t k) {
    return k == 0 ? &portable : k == 1 && cs_isa_has(CS_ISA_AVX2) ? &avx2 : NULL;
}

#else

const cs_packed_kernel *cs_packed_kernel_at(size_t k) {
    return k == 0 ? &portable : NULL;
}

#endif

const cs_packed_kernel *cs_packed_best(void) {
    size_t k = 0;
    while (cs_packed_kernel_at(k + 1) != NULL)
        k++;
    return cs_packed_kernel_at(k);
}
