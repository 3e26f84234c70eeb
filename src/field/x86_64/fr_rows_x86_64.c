/* Field elements as eight digits of 32 bits, integers of at most 16 bits made unsigned: a product is one vpmuludq for four
 * digits and takes no carries, and four rows share what is loaded of the vector. 32-bit integers are two of 16. */
#include "field/x86_64/fr_rows.h"

#include <immintrin.h>
#include <string.h>

#include "field/portable/fr_inline.h"

#define AVX2 __attribute__((target("avx2")))

/* COLUMNS products of 32 by 16 bits do not overflow 64. */
enum { ROWS = 4, COLUMNS = 256, DIGITS = 16, LIMBS = 6 };

typedef struct sums {
    uint64_t limbs[ROWS][LIMBS];
} sums;

/* acc += even + 2^32 odd, sums of the digits at even and at odd places. */
static void add_digits(uint64_t acc[LIMBS], const uint64_t even[4], const uint64_t odd[4]) {
    uint64_t carry = 0;
    for (int k = 0; k < LIMBS; k++) {
        cs_u128 s = (cs_u128)acc[k] + carry;
        if (k < 4)
            s += (cs_u128)even[k] + (odd[k] << DIGITS << DIGITS);
        if (k > 0 && k < 5)
            s += odd[k - 1] >> DIGITS >> DIGITS;
        acc[k] = (uint64_t)s;
        carry = (uint64_t)(s >> 64);
    }
}

/* acc->limbs[i] += sum over j < n of v[j] x[i][j]. */
AVX2 static void add_products(sums *acc, const cs_fr *v, uint32_t x[ROWS][COLUMNS], size_t n) {
    __m256i even[ROWS], odd[ROWS];
    for (int i = 0; i < ROWS; i++)
        even[i] = odd[i] = _mm256_setzero_si256();
    for (size_t j = 0; j < n; j++) {
        const __m256i low = _mm256_loadu_si256((const void *)&v[j]), high = _mm256_srli_epi64(low, 32);
        for (int i = 0; i < ROWS; i++) {
            const __m256i factor = _mm256_set1_epi32((int)x[i][j]);
            even[i] = _mm256_add_epi64(even[i], _mm256_mul_epu32(low, factor));
            odd[i] = _mm256_add_epi64(odd[i], _mm256_mul_epu32(high, factor));
        }
    }
    for (int i = 0; i < ROWS; i++) {
        uint64_t e[4], o[4];
        _mm256_storeu_si256((void *)e, even[i]);
        _mm256_storeu_si256((void *)o, odd[i]);
        add_digits(acc->limbs[i], e, o);
    }
}

/* Integers j.. of a row, made unsigned, or their low and high halves. */
AVX2 static void lift(uint32_t *low, uint32_t *high, cs_int_type type, const void *x, size_t j, size_t n) {
    if (type == CS_INT_I8) {
        for (size_t k = 0; k < n; k++)
            low[k] = (uint32_t)(((const int8_t *)x)[j + k] + (1 << 7));
    } else if (type == CS_INT_I16) {
        for (size_t k = 0; k < n; k++)
            low[k] = (uint32_t)(((const int16_t *)x)[j + k] + (1 << 15));
    } else {
        for (size_t k = 0; k < n; k++) {
            const uint32_t u = (uint32_t)((const int32_t *)x)[j + k] + (UINT32_C(1) << 31);
            low[k] = u & UINT16_MAX;
            high[k] = u >> DIGITS;
        }
    }
}

static cs_fr reduced(const uint64_t low[LIMBS], const uint64_t high[LIMBS]) {
    uint64_t all[LIMBS], carry = 0;
    for (int k = 0; k < LIMBS; k++) {
        const uint64_t shifted = high[k] << DIGITS | (k ? high[k - 1] >> (64 - DIGITS) : 0);
        const cs_u128 s = (cs_u128)low[k] + shifted + carry;
        all[k] = (uint64_t)s;
        carry = (uint64_t)(s >> 64);
    }
    return cs_fr_reduce_short(all);
}

/* What the lifting added to each row's sum. */
static cs_fr lifted_too_far(const cs_fr *v, cs_int_type type, size_t n) {
    uint64_t sum[LIMBS] = {0};
    for (size_t j = 0; j < n; j++)
        sum[4] += cs_limbs_add(sum, sum, v[j].v);
    return cs_fr_mul(cs_fr_reduce_short(sum), cs_fr_from_u64(UINT64_C(1) << (8 * cs_int_size(type) - 1)));
}

size_t cs_fr_rows_dot(cs_fr *out, const cs_fr *v, cs_int_type type, const void *x, size_t n_rows, size_t n) {
    if (type == CS_INT_I64 || type == CS_INT_FR || n_rows < ROWS || !__builtin_cpu_supports("avx2"))
        return 0;
    const cs_fr too_far = lifted_too_far(v, type, n);
    const size_t size = cs_int_size(type);
    size_t row = 0;
    for (; row + ROWS <= n_rows; row += ROWS) {
        sums low = {{{0}}}, high = {{{0}}};
        for (size_t j = 0; j < n; j += COLUMNS) {
            const size_t m = n - j < COLUMNS ? n - j : COLUMNS;
            uint32_t l[ROWS][COLUMNS], h[ROWS][COLUMNS];
            for (size_t i = 0; i < ROWS; i++)
                lift(l[i], h[i], type, (const uint8_t *)x + (row + i) * n * size, j, m);
            add_products(&low, v + j, l, m);
            if (type == CS_INT_I32)
                add_products(&high, v + j, h, m);
        }
        for (size_t i = 0; i < ROWS; i++)
            out[row + i] = cs_fr_sub(reduced(low.limbs[i], high.limbs[i]), too_far);
    }
    return row;
}
