/* Sums on F with AVX-512 IFMA. */
#include <string.h>

#include "field/avx512ifma/fr_lanes.h"

cs_fr cs_fr_lanes_redc(const cs_columns *sum, bool sixteenfold, const cs_mod8 *m) {
    static const cs_fr sixteen = {{0xb9db6b753fffffac, 0xcef7c8380f271055, 0x85a9201d818f016e, 0x1f16424e1bb7724f}};
    static const cs_fr sixteen_r2 = {{0xbb8e645ae216da70, 0x3fe3ab1e35c59e31, 0xc49833d53bb80855, 0x216d0b17f4e44a58}};
    const cs_x8 over260 = cs_columns_redc(sum, m);
    uint64_t wide[6] = {0};
    cs_lanes_flush(wide, over260.l, 5);
    cs_fr low = {{wide[0], wide[1], wide[2], wide[3]}}, high = {{wide[4], wide[5]}};
    cs_fr_mul_to(&low, sixteenfold ? &CS_FR_ONE : &sixteen, &low);
    cs_fr_mul_to(&high, sixteenfold ? &CS_FR_R2 : &sixteen_r2, &high);
    cs_fr_add_to(&low, &low, &high);
    return low;
}

/* Sums of products with low and high halves apart: chains of additions are half as long as in one set of columns. */
typedef struct split_columns {
    cs_v8 low[9], high[9]; /* of weights 2^(52 k) and 2^(52 (k + 1)) */
} split_columns;

CS_V8 void add_product(split_columns *sum, const cs_fr *a, const cs_fr *b) {
    const cs_x8 x = cs_x8_load(a), y = cs_x8_load(b);
    CS_UNROLL
    for (int i = 0; i < 5; i++)
        CS_UNROLL
    for (int j = 0; j < 5; j++) {
        sum->low[i + j] = cs_v8_madd_lo(sum->low[i + j], x.l[i], y.l[j]);
        sum->high[i + j] = cs_v8_madd_hi(sum->high[i + j], x.l[i], y.l[j]);
    }
}

/* Of at most FLUSH groups. */
CS_V8 cs_columns sum_products(const cs_fr *a, const cs_fr *b, size_t n) {
    const cs_columns start = cs_columns_start();
    split_columns s;
    CS_UNROLL
    for (int k = 0; k < 9; k++) {
        s.low[k] = start.c[k];
        s.high[k] = cs_v8_zero();
    }
    for (; n >= LANES; n -= LANES, a += LANES, b += LANES) {
        __builtin_prefetch(a + AHEAD);
        __builtin_prefetch(b + AHEAD);
        add_product(&s, a, b);
    }
    if (n > 0) {
        cs_fr x[LANES] = {{{0}}}, y[LANES] = {{{0}}};
        memcpy(x, a, n * sizeof *a);
        memcpy(y, b, n * sizeof *b);
        add_product(&s, x, y);
    }
    cs_columns r;
    r.c[0] = s.low[0];
    CS_UNROLL
    for (int k = 1; k < 9; k++)
        r.c[k] = cs_v8_add(s.low[k], s.high[k - 1]);
    r.c[9] = s.high[8];
    return r;
}

cs_fr cs_fr_avx512_dot(const cs_fr *a, const cs_fr *b, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    cs_fr total = CS_FR_ZERO;
    for (size_t j = 0; j < n; j += FLUSH * LANES) {
        const size_t some = n - j < FLUSH * LANES ? n - j : FLUSH * LANES;
        const cs_columns sum = sum_products(a + j, b + j, some);
        const cs_fr part = cs_fr_lanes_redc(&sum, false, &m);
        cs_fr_add_to(&total, &total, &part);
    }
    return total;
}

/* wide += low 2^(64 k) + high 2^(64 k + 32). */
static void add_halves(uint64_t wide[6], int k, uint64_t low, uint64_t high) {
    const cs_u128 x = ((cs_u128)high << 32) + low;
    const uint64_t limb[2] = {(uint64_t)x, (uint64_t)(x >> 64)};
    uint64_t carry = 0;
    for (int i = k; i < 6; i++)
        wide[i] = cs_limb_adc(wide[i], i - k < 2 ? limb[i - k] : 0, &carry);
}

/* Halves of limbs are summed as they lie in memory, two entries to a vector: 2^32 of them before a lane overflows. */
cs_fr cs_fr_avx512_sum(const cs_fr *a, size_t n) {
    const size_t most = (size_t)1 << 32;
    const cs_v8 half = cs_v8_set1(UINT32_MAX);
    uint64_t wide[6] = {0};
    for (size_t j = 0; j < n;) {
        const size_t end = n - j < most ? n : j + most;
        cs_v8 low = cs_v8_zero(), high = cs_v8_zero();
        uint64_t l[LANES], h[LANES];
        for (; j + 2 <= end; j += 2) {
            const cs_v8 x = cs_v8_load(a + j);
            low = cs_v8_add(low, cs_v8_and(x, half));
            high = cs_v8_add(high, cs_v8_shr(x, 32));
        }
        cs_v8_store(l, low);
        cs_v8_store(h, high);
        for (int k = 0; k < LANES; k++)
            add_halves(wide, k % 4, l[k], h[k]);
        for (int k = 0; j < end && k < 4; k++)
            add_halves(wide, k, a[j].v[k], 0);
        j = end;
    }
    return cs_fr_reduce_short(wide);
}
