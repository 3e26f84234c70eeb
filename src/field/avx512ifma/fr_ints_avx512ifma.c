/* Vectors on F and small integers with AVX-512 IFMA. */
#include "field/avx512ifma/fr_lanes.h"

const cs_fr CS_FR_MINUS_BIAS[4] = {
    {{0xc87065cda00002a6, 0x79792ff2612020b9, 0x2498a15afc9006b8, 0x29a7c440696e2e7e}},
    {{0x1a36c27dc002a524, 0xec94541884c3fcf2, 0x33a5722544dec86a, 0x1190d5afe788da4a}},
    {{0xf9ee31616523a314, 0x9cc45635218a1fe6, 0xaf176a14e96bfc40, 0x2d064cb36afb8ef2}},
    {{0xe97e7e9731d0253e, 0x6feda1a019c3a6b1, 0x6851b6c47f0567e5, 0x1fb6cd1c94150bf6}},
};

/* By integer type; cs_int_size is not known when the code is compiled. */
static const size_t INT_BYTES[4] = {1, 2, 4, 8};

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
    CS_UNROLL
    for (int k = 0; k < 8; k++)
        c[k] = k < (is_long ? 2 : 1) ? cs_v8_set1(CS_LOW52) : cs_v8_zero();
    CS_UNROLL
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
    CS_UNROLL
    for (int k = 0; k < 5; k++) {
        plus.l[k] = top[k];
        minus.l[k] = cs_v8_sub(cs_v8_add(m->m[k], m->m[k]), top[k]);
    }
    return cs_x8_blend(cs_v8_negative(x), &plus, &minus);
}

/* r = base + t x, or t x for base NULL and a t that is not zero: that is below 2m, and from -m on takes one addition. */
CS_V8 void axpy_int_group(cs_fr *r, const cs_fr *base, const cs_x8 *t, cs_v8 x, bool is_long, const cs_mod8 *m) {
    const cs_x8 product = times_ints(t, x, is_long, m);
    cs_x8 sum;
    if (base) {
        const cs_x8 before = cs_x8_load(base);
        sum = cs_add_to_reduced(&before, &product, m);
    } else {
        const cs_x8 minus = cs_x8_minus(m), less = cs_x8_add(&product, &minus);
        sum = cs_x8_raise_raw(&less, m);
    }
    cs_x8_store_sum(r, &sum);
}

/* r += t x, or r = t x. */
CS_V8 void take_ints(cs_fr *r, bool add, const cs_x8 *t, cs_int_type type, const void *x, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    const bool is_long = type == CS_INT_I64;
    size_t j = 0;
    for (; j + LANES <= n; j += LANES) {
        __builtin_prefetch(r + j + AHEAD);
        axpy_int_group(r + j, add ? r + j : NULL, t, load_ints(type, x, j), is_long, &m);
    }
    if (j < n) {
        cs_fr last[LANES] = {{{0}}};
        int64_t ints[LANES] = {0};
        if (add)
            memcpy(last, r + j, (n - j) * sizeof *r);
        memcpy(ints, (const uint8_t *)x + j * INT_BYTES[type], (n - j) * INT_BYTES[type]);
        axpy_int_group(last, add ? last : NULL, t, load_ints(type, ints, 0), is_long, &m);
        memcpy(r + j, last, (n - j) * sizeof *r);
    }
}

/* For t times what times_ints wants. */
CS_V8 void take_ints_of(cs_fr *r, bool add, const cs_fr *t, cs_int_type type, const void *x, size_t n) {
    const cs_x8 factor = cs_x8_all(t->v);
    switch (type) {
    case CS_INT_I8:
        take_ints(r, add, &factor, CS_INT_I8, x, n);
        break;
    case CS_INT_I16:
        take_ints(r, add, &factor, CS_INT_I16, x, n);
        break;
    case CS_INT_I32:
        take_ints(r, add, &factor, CS_INT_I32, x, n);
        break;
    default:
        take_ints(r, add, &factor, CS_INT_I64, x, n);
    }
}

/* 2^52 and 2^104, what a product with a short or a long integer is divided by. */
static const cs_fr SHIFTS[2] = {{{0x59fe20dbdd9dc5fc, 0x0e6a05c149c00b0e, 0xd7b98f777ecca0fa, 0x1fb1c38e237dc211}},
                                {{0xd7159bb78b5a7980, 0x68adcb5acd8dadb2, 0x2103b7f249ae3e97, 0x15bd4d1190dfdfe2}}};

void cs_fr_avx512_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        cs_fr_avx512_axpy(r, t, x, n);
        return;
    }
    cs_fr_mul_to(&t, &t, &SHIFTS[type == CS_INT_I64]);
    take_ints_of(r, true, &t, type, x, n);
}

void cs_fr_avx512_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR)
        memmove(r, x, n * sizeof *r);
    else
        take_ints_of(r, false, &SHIFTS[type == CS_INT_I64], type, x, n);
}

/* Sums of v (x + bias) and of v, in columns. */
typedef struct int_sums {
    cs_v8 c[7], s[5];
} int_sums;

/* A column takes four terms below 2^52 of each of up to FLUSH groups. */
CS_V8 void dot_ints_group(int_sums *sums, const cs_fr *v, cs_int_type type, const void *x) {
    const cs_x8 a = cs_x8_load(v);
    const cs_v8 u = cs_v8_add(load_ints(type, x, 0), cs_v8_set1(UINT64_C(1) << (8 * INT_BYTES[type] - 1)));
    const cs_v8 high = cs_v8_shr(u, 52);
    CS_UNROLL
    for (int k = 0; k < 5; k++) {
        sums->c[k] = cs_v8_madd_lo(sums->c[k], a.l[k], u);
        sums->c[k + 1] = cs_v8_madd_hi(sums->c[k + 1], a.l[k], u);
        if (type == CS_INT_I64) {
            sums->c[k + 1] = cs_v8_madd_lo(sums->c[k + 1], a.l[k], high);
            sums->c[k + 2] = cs_v8_madd_hi(sums->c[k + 2], a.l[k], high);
        }
        sums->s[k] = cs_v8_add(sums->s[k], a.l[k]);
    }
}

/* The last entries through copies, where the vector is zero behind the end. */
CS_V8 void dot_ints_last(int_sums *sums, const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    cs_fr last[LANES] = {{{0}}};
    int64_t ints[LANES] = {0};
    memcpy(last, v, n * sizeof *v);
    memcpy(ints, x, n * INT_BYTES[type]);
    dot_ints_group(sums, last, type, ints);
}

CS_V8 cs_fr dot_ints(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    uint64_t products[6] = {0}, plain[6] = {0};
    const uint8_t *ints = x;
    for (size_t j = 0; j < n;) {
        int_sums sums;
        CS_UNROLL
        for (int k = 0; k < 7; k++)
            sums.c[k] = cs_v8_zero();
        CS_UNROLL
        for (int k = 0; k < 5; k++)
            sums.s[k] = cs_v8_zero();
        const size_t end = n - j < FLUSH * LANES ? n : j + FLUSH * LANES;
        for (; j + LANES <= end; j += LANES) {
            __builtin_prefetch(v + j + AHEAD);
            dot_ints_group(&sums, v + j, type, ints + j * INT_BYTES[type]);
        }
        if (j < end)
            dot_ints_last(&sums, v + j, type, ints + j * INT_BYTES[type], end - j);
        j = end;
        cs_lanes_flush(products, sums.c, 7);
        cs_lanes_flush(plain, sums.s, 5);
    }
    cs_fr sum = cs_fr_reduce_short(plain), product = cs_fr_reduce_short(products);
    cs_fr_mul_to(&sum, &sum, &CS_FR_MINUS_BIAS[type]);
    cs_fr_add_to(&sum, &sum, &product);
    return sum;
}

cs_fr cs_fr_avx512_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    switch (type) {
    case CS_INT_I8:
        return dot_ints(v, CS_INT_I8, x, n);
    case CS_INT_I16:
        return dot_ints(v, CS_INT_I16, x, n);
    case CS_INT_I32:
        return dot_ints(v, CS_INT_I32, x, n);
    case CS_INT_I64:
        return dot_ints(v, CS_INT_I64, x, n);
    default:
        return cs_fr_avx512_dot(v, x, n);
    }
}
