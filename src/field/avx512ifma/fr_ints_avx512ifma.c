/* Vectors on F and small integers with AVX-512 IFMA. */
#include "field/avx512ifma/fr_lanes.h"

CS_V8 cs_v8 load_ints(cs_int_type type, const void *x, size_t j) {
    switch (type) {
    case CS_INT_I8:
        return cs_v8_from_i8((const int8_t *)x + j);
    case CS_INT_I16:
        return cs_v8_from_i16((const int16_t *)x + j);
    case CS_INT_I32:
        return cs_v8_from_i32((const int32_t *)x + j);
    default:
        return cs_v8_load((const int64_t *)x + j);
    }
}

/* t |x| with the sign of x, as a number in [0, 2m] that is congruent to it. `t` is the factor times 2^52 for integers of 32
 * bits, times 2^104 for longer ones: as many steps of the reduction, each of which divides by 2^52. */
CS_V8 cs_x8 times_ints(const cs_x8 *t, cs_v8 x, bool is_long, const cs_mod8 *m) {
    const cs_v8 sign = cs_v8_sar(x, 63), magnitude = cs_v8_sub(cs_v8_xor(x, sign), sign);
    const cs_v8 low = cs_v8_and(magnitude, cs_v8_set1(CS_LOW52)), high = cs_v8_shr(magnitude, 52);
    cs_v8 c[8];
    for (int k = 0; k < 8; k++)
        c[k] = k < (is_long ? 2 : 1) ? cs_v8_set1(CS_LOW52) : cs_v8_zero();
    for (int k = 0; k < 5; k++) {
        c[k] = cs_v8_madd_lo(c[k], t->l[k], low);
        c[k + 1] = cs_v8_madd_hi(c[k + 1], t->l[k], low);
        if (is_long) {
            c[k + 1] = cs_v8_madd_lo(c[k + 1], t->l[k], high);
            c[k + 2] = cs_v8_madd_hi(c[k + 2], t->l[k], high);
        }
    }
    cs_columns_step(c, m);
    if (is_long)
        cs_columns_step(c + 1, m);
    const cs_v8 *top = c + (is_long ? 2 : 1);
    cs_x8 plus, minus;
    for (int k = 0; k < 5; k++) {
        plus.l[k] = top[k];
        minus.l[k] = cs_v8_sub(cs_v8_add(m->m[k], m->m[k]), top[k]);
    }
    return cs_x8_blend(cs_v8_negative(x), &plus, &minus);
}

CS_V8 void axpy_int_group(cs_fr *r, const cs_fr *base, const cs_x8 *t, cs_v8 x, bool is_long, const cs_mod8 *m) {
    const cs_x8 product = times_ints(t, x, is_long, m), before = cs_x8_load(base);
    const cs_x8 after = cs_add_to_reduced(&before, &product, m);
    cs_x8_store(r, &after);
}

CS_V8 void axpy_ints(cs_fr *r, const cs_x8 *t, cs_int_type type, const void *x, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    const bool is_long = type == CS_INT_I64;
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        __builtin_prefetch(r + j + AHEAD);
        axpy_int_group(r + j, r + j, t, load_ints(type, x, j), is_long, &m);
    }
    if (j < n) {
        cs_fr last[LANES] = {{{0}}};
        int64_t ints[LANES] = {0};
        memcpy(last, r + j, (n - j) * sizeof *r);
        for (size_t k = j; k < n; k++)
            ints[k - j] = cs_int_at(type, x, k);
        axpy_int_group(last, last, t, cs_v8_load(ints), is_long, &m);
        memcpy(r + j, last, (n - j) * sizeof *r);
    }
}

void cs_fr_avx512_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        cs_fr_avx512_axpy(r, t, x, n);
        return;
    }
    const uint64_t shift = UINT64_C(1) << 52;
    cs_fr scaled = cs_fr_mul(t, cs_fr_from_u64(shift));
    if (type == CS_INT_I64)
        scaled = cs_fr_mul(scaled, cs_fr_from_u64(shift));
    const cs_x8 factor = cs_x8_all(scaled.v);
    switch (type) {
    case CS_INT_I8:
        axpy_ints(r, &factor, CS_INT_I8, x, n);
        break;
    case CS_INT_I16:
        axpy_ints(r, &factor, CS_INT_I16, x, n);
        break;
    case CS_INT_I32:
        axpy_ints(r, &factor, CS_INT_I32, x, n);
        break;
    default:
        axpy_ints(r, &factor, CS_INT_I64, x, n);
    }
}

void cs_fr_avx512_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        memmove(r, x, n * sizeof *r);
        return;
    }
    memset(r, 0, n * sizeof *r);
    cs_fr_avx512_axpy_int(r, CS_FR_ONE, type, x, n);
}

/* Sums of v (x + bias) and of v: a column takes four terms below 2^52 for each of the FLUSH groups. */
CS_V8 size_t dot_ints(uint64_t products[6], uint64_t plain[6], const cs_fr *v, cs_int_type type, const void *x, size_t n,
                      uint64_t bias) {
    size_t j = 0;
    while (j + LANES <= n) {
        cs_v8 c[7], s[5];
        for (int k = 0; k < 7; k++)
            c[k] = cs_v8_zero();
        for (int k = 0; k < 5; k++)
            s[k] = cs_v8_zero();
        for (unsigned g = 0; g < FLUSH && j + LANES <= n; g++, j += LANES) {
            const cs_x8 a = cs_x8_load(v + j);
            const cs_v8 u = cs_v8_add(load_ints(type, x, j), cs_v8_set1(bias));
            const cs_v8 low = cs_v8_and(u, cs_v8_set1(CS_LOW52)), high = cs_v8_shr(u, 52);
            __builtin_prefetch(v + j + AHEAD);
            for (int k = 0; k < 5; k++) {
                c[k] = cs_v8_madd_lo(c[k], a.l[k], low);
                c[k + 1] = cs_v8_madd_hi(c[k + 1], a.l[k], low);
                if (type == CS_INT_I64) {
                    c[k + 1] = cs_v8_madd_lo(c[k + 1], a.l[k], high);
                    c[k + 2] = cs_v8_madd_hi(c[k + 2], a.l[k], high);
                }
                s[k] = cs_v8_add(s[k], a.l[k]);
            }
        }
        cs_lanes_flush(products, c, 7);
        cs_lanes_flush(plain, s, 5);
    }
    return j;
}

cs_fr cs_fr_avx512_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR)
        return cs_fr_avx512_dot(v, x, n);
    uint64_t products[6] = {0}, plain[6] = {0}, bias;
    size_t done;
    switch (type) {
    case CS_INT_I8:
        bias = UINT64_C(1) << 7;
        done = dot_ints(products, plain, v, CS_INT_I8, x, n, bias);
        break;
    case CS_INT_I16:
        bias = UINT64_C(1) << 15;
        done = dot_ints(products, plain, v, CS_INT_I16, x, n, bias);
        break;
    case CS_INT_I32:
        bias = UINT64_C(1) << 31;
        done = dot_ints(products, plain, v, CS_INT_I32, x, n, bias);
        break;
    default:
        bias = UINT64_C(1) << 63;
        done = dot_ints(products, plain, v, CS_INT_I64, x, n, bias);
    }
    const cs_fr rest = cs_fr_kernels_x86_64.dot_int(v + done, type, (const uint8_t *)x + done * cs_int_size(type), n - done);
    const cs_fr sum = cs_fr_reduce_short(plain), product = cs_fr_reduce_short(products);
    return cs_fr_add(rest, cs_fr_sub(product, cs_fr_mul(sum, cs_fr_from_u64(bias))));
}
