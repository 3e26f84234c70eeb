#include "comm/gmac.h"

#include <sodium.h>
#include <string.h>

#include "base/isa.h"

#ifdef __x86_64__

#include <immintrin.h>

/* Blocks are polynomials over GF(2) whose lowest coefficient is the highest bit of the first byte. With the order of their
 * bytes reversed, a product of 127 bits comes out one place too low, which the hash key, shifted by one, makes up for
 * (S. Gueron, M. Kounavis, Intel carry-less multiplication instruction and its usage for computing the GCM mode, 2014; and
 * RFC 8452, appendix A). Products of sixteen blocks with sixteen powers are added up before they are reduced. */
#define CLMUL  __attribute__((target("pclmul,ssse3")))
#define VCLMUL __attribute__((target("vpclmulqdq,avx2,pclmul")))

enum { BLOCK = CS_GMAC_BLOCK, GROUP = CS_GMAC_GROUP };

/* ------------------------------------------------------------------ single blocks */

/* Of a = a0 + x^64 a1 and b: a0 b0, (a0 + a1)(b0 + b1) and a1 b1 (A. Karatsuba, Y. Ofman, 1962). */
typedef struct product {
    __m128i low, middle, high;
} product;

CLMUL static inline __m128i load_block(const uint8_t *p) {
    const __m128i reversed = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm_shuffle_epi8(_mm_loadu_si128((const void *)p), reversed);
}

CLMUL static inline __m128i sum_words(__m128i x) {
    return _mm_xor_si128(x, _mm_shuffle_epi32(x, 0x4e));
}

CLMUL static inline void multiply_add(product *sum, __m128i a, __m128i b) {
    sum->low = _mm_xor_si128(sum->low, _mm_clmulepi64_si128(a, b, 0x00));
    sum->high = _mm_xor_si128(sum->high, _mm_clmulepi64_si128(a, b, 0x11));
    sum->middle = _mm_xor_si128(sum->middle, _mm_clmulepi64_si128(sum_words(a), sum_words(b), 0x00));
}

/* Half of the polynomial x^128 + x^127 + x^126 + x^121 + 1 away, from below. */
CLMUL static inline __m128i fold(__m128i x) {
    const __m128i polynomial = _mm_set_epi64x(0, (int64_t)0xc200000000000000);
    return _mm_xor_si128(_mm_shuffle_epi32(x, 0x4e), _mm_clmulepi64_si128(x, polynomial, 0x00));
}

CLMUL static inline __m128i reduce(const product *p) {
    const __m128i middle = _mm_xor_si128(p->middle, _mm_xor_si128(p->low, p->high));
    const __m128i low = _mm_xor_si128(p->low, _mm_slli_si128(middle, 8));
    const __m128i high = _mm_xor_si128(p->high, _mm_srli_si128(middle, 8));
    return _mm_xor_si128(high, fold(fold(low)));
}

/* The last `blocks` powers, at most GROUP. */
CLMUL static inline __m128i absorb_some(__m128i state, const cs_gmac *g, const uint8_t *data, size_t blocks) {
    const uint8_t(*powers)[BLOCK] = g->powers + GROUP - blocks;
    product sum = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    for (size_t k = 0; k < blocks; k++) {
        const __m128i x = load_block(data + BLOCK * k);
        multiply_add(&sum, k == 0 ? _mm_xor_si128(x, state) : x, _mm_loadu_si128((const void *)powers[k]));
    }
    return reduce(&sum);
}

CLMUL static void absorb_clmul(uint8_t state[BLOCK], const cs_gmac *g, const uint8_t *data, size_t groups) {
    __m128i x = _mm_loadu_si128((const void *)state);
    for (; groups > 0; groups--, data += GROUP * BLOCK)
        x = absorb_some(x, g, data, GROUP);
    _mm_storeu_si128((void *)state, x);
}

CLMUL static void absorb_last(uint8_t state[BLOCK], const cs_gmac *g, const uint8_t *data, size_t blocks) {
    const __m128i x = _mm_loadu_si128((const void *)state);
    _mm_storeu_si128((void *)state, absorb_some(x, g, data, blocks));
}

/* Shifted by one, for what products lack; its powers. */
CLMUL static void make_powers(cs_gmac *g, const uint8_t key[BLOCK]) {
    const __m128i polynomial = _mm_set_epi64x((int64_t)0xc200000000000000, 1), h = load_block(key);
    const __m128i top = _mm_shuffle_epi32(_mm_srai_epi32(h, 31), 0xff); /* all ones if the highest bit is set */
    const __m128i carry = _mm_slli_si128(_mm_srli_epi64(h, 63), 8);
    const __m128i first = _mm_xor_si128(_mm_or_si128(_mm_slli_epi64(h, 1), carry), _mm_and_si128(top, polynomial));
    __m128i power = first;
    for (size_t k = GROUP; k-- > 0;) {
        product p = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
        _mm_storeu_si128((void *)g->powers[k], power);
        multiply_add(&p, power, first);
        power = reduce(&p);
    }
}

/* ------------------------------------------------------------------ two blocks in a vector */

VCLMUL static inline __m256i load_two(const uint8_t *p) {
    const __m256i reversed = _mm256_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, /* the other half */
                                             0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    return _mm256_shuffle_epi8(_mm256_loadu_si256((const void *)p), reversed);
}

/* Of each block. */
VCLMUL static inline __m256i sum_words_of_two(__m256i x) {
    return _mm256_xor_si256(x, _mm256_shuffle_epi32(x, 0x4e));
}

VCLMUL static inline __m128i add_halves(__m256i x) {
    return _mm_xor_si128(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
}

VCLMUL static void absorb_vclmul(uint8_t state[BLOCK], const cs_gmac *g, const uint8_t *data, size_t groups) {
    __m256i x = _mm256_zextsi128_si256(_mm_loadu_si128((const void *)state));
    for (; groups > 0; groups--, data += GROUP * BLOCK) {
        __m256i low = _mm256_setzero_si256(), middle = low, high = low;
        for (size_t k = 0; k < GROUP; k += 2) {
            const __m256i b = _mm256_loadu_si256((const void *)g->powers[k]);
            const __m256i a = _mm256_xor_si256(x, load_two(data + BLOCK * k));
            low = _mm256_xor_si256(low, _mm256_clmulepi64_epi128(a, b, 0x00));
            high = _mm256_xor_si256(high, _mm256_clmulepi64_epi128(a, b, 0x11));
            middle = _mm256_xor_si256(middle, _mm256_clmulepi64_epi128(sum_words_of_two(a), sum_words_of_two(b), 0x00));
            x = _mm256_setzero_si256();
        }
        const product sum = {add_halves(low), add_halves(middle), add_halves(high)};
        x = _mm256_zextsi128_si256(reduce(&sum));
    }
    _mm_storeu_si128((void *)state, _mm256_castsi256_si128(x));
}

const cs_gmac_kernel *cs_gmac_kernel_at(size_t k) {
    static const cs_gmac_kernel clmul = {"pclmul", absorb_clmul}, vclmul = {"vpclmul", absorb_vclmul};
    return k == 0 && cs_isa_has(CS_ISA_AES) ? &clmul : k == 1 && cs_isa_has(CS_ISA_VAES) ? &vclmul : NULL;
}

#else

static void absorb_last(uint8_t state[CS_GMAC_BLOCK], const cs_gmac *g, const uint8_t *data, size_t blocks) {
    (void)state, (void)g, (void)data, (void)blocks;
}

static void make_powers(cs_gmac *g, const uint8_t key[CS_GMAC_BLOCK]) {
    (void)key;
    sodium_memzero(g->powers, sizeof g->powers);
}

const cs_gmac_kernel *cs_gmac_kernel_at(size_t k) {
    (void)k;
    return NULL;
}

#endif

const cs_gmac_kernel *cs_gmac_best(void) {
    const cs_gmac_kernel *best = NULL;
    for (size_t k = 0; cs_gmac_kernel_at(k) != NULL; k++)
        best = cs_gmac_kernel_at(k);
    return best;
}

void cs_gmac_init(cs_gmac *out, const cs_gmac_kernel *kernel, const uint8_t key[32]) {
    uint8_t h[CS_GMAC_BLOCK];
    *out = (cs_gmac){.kernel = kernel, .cipher = cs_aes_kernel_at(0)};
    cs_aes_expand(&out->key, key);
    out->cipher->stream(h, 1, &out->key, 0, 0);
    make_powers(out, h);
    sodium_memzero(h, sizeof h);
}

/* Section 6.4, the bytes of the state in reverse order: whole groups, then what is left, padded with zeros, then the length
 * in bits. */
static void hash(uint8_t state[CS_GMAC_BLOCK], const cs_gmac *g, const uint8_t *data, size_t size) {
    enum { GROUP_SIZE = CS_GMAC_GROUP * CS_GMAC_BLOCK };
    uint8_t rest[GROUP_SIZE] = {0}, length[CS_GMAC_BLOCK] = {0};
    const size_t groups = size / GROUP_SIZE, left = size % GROUP_SIZE;
    memset(state, 0, CS_GMAC_BLOCK);
    g->kernel->absorb(state, g, data, groups);
    if (left > 0) {
        memcpy(rest, data + size - left, left);
        absorb_last(state, g, rest, (left + CS_GMAC_BLOCK - 1) / CS_GMAC_BLOCK);
    }
    for (size_t k = 0; k < 8; k++)
        length[k] = (uint8_t)((uint64_t)size << 3 >> (56 - 8 * k));
    absorb_last(state, g, length, 1);
}

static uint64_t load_big_endian(const uint8_t *p, size_t n) {
    uint64_t v = 0;
    for (size_t k = 0; k < n; k++)
        v = v << 8 | p[k];
    return v;
}

void cs_gmac_tag(uint8_t tag[CS_GMAC_TAG], const cs_gmac *g, const uint8_t nonce[CS_GMAC_NONCE], const uint8_t *data,
                 size_t size) {
    uint8_t state[CS_GMAC_BLOCK];
    hash(state, g, data, size);
    g->cipher->stream(tag, 1, &g->key, load_big_endian(nonce, 8), load_big_endian(nonce + 8, 4) << 32 | 1);
    for (size_t k = 0; k < CS_GMAC_TAG; k++)
        tag[k] ^= state[CS_GMAC_BLOCK - 1 - k];
    sodium_memzero(state, sizeof state);
}
