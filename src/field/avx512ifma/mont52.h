/* Eight numbers at a time, 5 limbs of 52 bits, modulo an odd m with 2^253 < m < 2^254 (F_r and F_p), with the 52-bit
 * multiply-add instructions.
 *
 * In memory a residue v is v 2^256 mod m in 4 limbs of 64 bits. A product here divides by 2^260, so one factor is unpacked
 * 4 bits to the left (cs_x8_load_shifted, cs_x8_times16): 16 a b / 2^260 = a b / 2^256, and both sides keep the memory's
 * form.
 *
 * "Carried" means that every limb is below 2^52. Multiplications and stores read no more than that of a limb, sums do
 * (cs_x8_carry_factor). Bounds are in units of m; a number below 5m is below 2^256 and 16 times it is below 2^260. */
#ifndef CS_FIELD_AVX512IFMA_MONT52_H
#define CS_FIELD_AVX512IFMA_MONT52_H

#include "field/avx512ifma/vec512.h"

typedef struct cs_x8 {
    cs_v8 l[5];
} cs_x8;

/** A modulus: its limbs of 52 bits, and -1/m mod 2^52. */
typedef struct cs_modulus52 {
    uint64_t m[5], n0;
} cs_modulus52;

#define CS_LOW52 ((UINT64_C(1) << 52) - 1)

/* Limbs of 52 bits of a number given in limbs of 64 bits; constant expressions. */
#define CS_LIMBS52(a0, a1, a2, a3)                                                                                          \
    {                                                                                                                       \
        (a0) & CS_LOW52, ((a0) >> 52 | (a1) << 12) & CS_LOW52, ((a1) >> 40 | (a2) << 24) & CS_LOW52,                        \
            ((a2) >> 28 | (a3) << 36) & CS_LOW52, (a3) >> 16                                                                \
    }

/** The modulus in registers. */
typedef struct cs_mod8 {
    cs_v8 m[5], n0;
} cs_mod8;

CS_V8 cs_mod8 cs_mod8_of(const cs_modulus52 *m) {
    cs_mod8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.m[k] = cs_v8_set1(m->m[k]);
    r.n0 = cs_v8_set1(m->n0);
    return r;
}

/* ---- to and from memory ---- */

/* Eight elements of four limbs, as they lie in memory, two a vector: to one vector per limb and back. */

CS_V8 void cs_transpose_in(cs_v8 limb[4], const cs_v8 pair[4]) {
    const cs_v8 even = {0, 4, 8, 12, 1, 5, 9, 13}, odd = {2, 6, 10, 14, 3, 7, 11, 15};
    const cs_v8 low = {0, 1, 2, 3, 8, 9, 10, 11}, high = {4, 5, 6, 7, 12, 13, 14, 15};
    const cs_v8 a = cs_v8_permute(pair[0], pair[1], even), b = cs_v8_permute(pair[2], pair[3], even);
    const cs_v8 c = cs_v8_permute(pair[0], pair[1], odd), d = cs_v8_permute(pair[2], pair[3], odd);
    limb[0] = cs_v8_permute(a, b, low);
    limb[1] = cs_v8_permute(a, b, high);
    limb[2] = cs_v8_permute(c, d, low);
    limb[3] = cs_v8_permute(c, d, high);
}

CS_V8 void cs_transpose_out(cs_v8 pair[4], const cs_v8 limb[4]) {
    const cs_v8 low = {0, 1, 2, 3, 8, 9, 10, 11}, high = {4, 5, 6, 7, 12, 13, 14, 15};
    const cs_v8 first = {0, 4, 8, 12, 1, 5, 9, 13}, second = {2, 6, 10, 14, 3, 7, 11, 15};
    const cs_v8 a = cs_v8_permute(limb[0], limb[1], low), b = cs_v8_permute(limb[2], limb[3], low);
    const cs_v8 c = cs_v8_permute(limb[0], limb[1], high), d = cs_v8_permute(limb[2], limb[3], high);
    pair[0] = cs_v8_permute(a, b, first);
    pair[1] = cs_v8_permute(a, b, second);
    pair[2] = cs_v8_permute(c, d, first);
    pair[3] = cs_v8_permute(c, d, second);
}

/* Products with powers of two shift and add in one instruction, and on more ports than shifts have. */

/** low + x 2^n, cut off at 52 bits. */
CS_V8 cs_v8 cs_v8_add_shl(cs_v8 low, cs_v8 x, unsigned n) {
    return cs_v8_madd_lo(low, x, cs_v8_set1(UINT64_C(1) << n));
}

/** high + the low 52 bits of x over 2^n. */
CS_V8 cs_v8 cs_v8_add_shr(cs_v8 high, cs_v8 x, unsigned n) {
    return cs_v8_madd_hi(high, x, cs_v8_set1(UINT64_C(1) << (52 - n)));
}

/** Limbs of 64 bits to carried limbs of 52. */
CS_V8 cs_x8 cs_x8_unpack(const cs_v8 limb[4]) {
    return (cs_x8){{cs_v8_and(limb[0], cs_v8_set1(CS_LOW52)), cs_v8_add_shl(cs_v8_shr(limb[0], 52), limb[1], 12),
                    cs_v8_add_shl(cs_v8_shr(limb[1], 40), limb[2], 24), cs_v8_add_shl(cs_v8_shr(limb[2], 28), limb[3], 36),
                    cs_v8_shr(limb[3], 16)}};
}

/** The same of 16 times the number. */
CS_V8 cs_x8 cs_x8_unpack_shifted(const cs_v8 limb[4]) {
    return (cs_x8){{cs_v8_add_shl(cs_v8_zero(), limb[0], 4), cs_v8_add_shl(cs_v8_shr(limb[0], 48), limb[1], 16),
                    cs_v8_add_shl(cs_v8_shr(limb[1], 36), limb[2], 28), cs_v8_add_shl(cs_v8_shr(limb[2], 24), limb[3], 40),
                    cs_v8_shr(limb[3], 12)}};
}

/** Limbs of 52 bits, carried or as cs_x8_carry_factor leaves them, below 2^256, to limbs of 64. */
CS_V8 void cs_x8_pack(cs_v8 limb[4], const cs_x8 *a) {
    limb[0] = cs_v8_select(cs_v8_set1(CS_LOW52), a->l[0], cs_v8_shl(a->l[1], 52));
    limb[1] = cs_v8_add_shr(cs_v8_shl(a->l[2], 40), a->l[1], 12);
    limb[2] = cs_v8_add_shr(cs_v8_shl(a->l[3], 28), a->l[2], 24);
    limb[3] = cs_v8_add_shr(cs_v8_shl(a->l[4], 16), a->l[3], 36);
}

CS_V8 void cs_load_limbs(cs_v8 limb[4], const void *eight) {
    const uint8_t *p = eight;
    const cs_v8 pair[4] = {cs_v8_load(p), cs_v8_load(p + 64), cs_v8_load(p + 128), cs_v8_load(p + 192)};
    cs_transpose_in(limb, pair);
}

/** Eight elements of 32 bytes that lie one after the other. */
CS_V8 cs_x8 cs_x8_load(const void *eight) {
    cs_v8 limb[4];
    cs_load_limbs(limb, eight);
    return cs_x8_unpack(limb);
}

CS_V8 cs_x8 cs_x8_load_shifted(const void *eight) {
    cs_v8 limb[4];
    cs_load_limbs(limb, eight);
    return cs_x8_unpack_shifted(limb);
}

/** From eight places. */
CS_V8 cs_x8 cs_x8_gather(const void *const from[8]) {
    cs_v8 limb[4];
    const cs_v8 pair[4] = {cs_v8_load2(from[0], from[1]), cs_v8_load2(from[2], from[3]), cs_v8_load2(from[4], from[5]),
                           cs_v8_load2(from[6], from[7])};
    cs_transpose_in(limb, pair);
    return cs_x8_unpack(limb);
}

/** Carried or as cs_x8_carry_factor leaves them, below 2^256. */
CS_V8 void cs_x8_store(void *eight, const cs_x8 *a) {
    cs_v8 limb[4], pair[4];
    uint8_t *p = eight;
    cs_x8_pack(limb, a);
    cs_transpose_out(pair, limb);
    CS_UNROLL
    for (int k = 0; k < 4; k++)
        cs_v8_store(p + 64 * k, pair[k]);
}

CS_V8 void cs_x8_scatter(void *const to[8], const cs_x8 *a) {
    cs_v8 limb[4], pair[4];
    cs_x8_pack(limb, a);
    cs_transpose_out(pair, limb);
    CS_UNROLL
    for (int k = 0; k < 4; k++)
        cs_v8_store2(to[2 * k], to[2 * k + 1], pair[k]);
}

/** Limbs of 52 bits of one constant in all lanes. */
CS_V8 cs_x8 cs_x8_set1(const uint64_t limbs[5]) {
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_set1(limbs[k]);
    return r;
}

/** The number in 4 limbs of 64 bits, in all lanes; shifted: 16 times it. */
CS_V8 cs_x8 cs_x8_all(const uint64_t v[4]) {
    const cs_v8 limb[4] = {cs_v8_set1(v[0]), cs_v8_set1(v[1]), cs_v8_set1(v[2]), cs_v8_set1(v[3])};
    return cs_x8_unpack(limb);
}

CS_V8 cs_x8 cs_x8_all_shifted(const uint64_t v[4]) {
    const cs_v8 limb[4] = {cs_v8_set1(v[0]), cs_v8_set1(v[1]), cs_v8_set1(v[2]), cs_v8_set1(v[3])};
    return cs_x8_unpack_shifted(limb);
}

/* ---- sums ---- */

/** Carries limbs that may be negative, the number itself is not, for products and stores, which read the low 52 bits of a
 * limb: carried limbs, with anything above in all but the last. */
CS_V8 cs_x8 cs_x8_carry_factor(const cs_x8 *a) {
    cs_x8 r = *a;
    CS_UNROLL
    for (int k = 0; k < 4; k++)
        r.l[k + 1] = cs_v8_add(r.l[k + 1], cs_v8_sar(r.l[k], 52));
    return r;
}

/** The same, carried. */
CS_V8 cs_x8 cs_x8_carry(const cs_x8 *a) {
    cs_x8 r = cs_x8_carry_factor(a);
    CS_UNROLL
    for (int k = 0; k < 4; k++)
        r.l[k] = cs_v8_and(r.l[k], cs_v8_set1(CS_LOW52));
    return r;
}

/* Limb by limb, not carried. */

CS_V8 cs_x8 cs_x8_add(const cs_x8 *a, const cs_x8 *b) {
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_add(a->l[k], b->l[k]);
    return r;
}

CS_V8 cs_x8 cs_x8_sub(const cs_x8 *a, const cs_x8 *b) {
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_sub(a->l[k], b->l[k]);
    return r;
}

CS_V8 cs_x8 cs_x8_blend(cs_m8 mask, const cs_x8 *a, const cs_x8 *b) {
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_blend(mask, a->l[k], b->l[k]);
    return r;
}

/** m with all limbs negated. */
CS_V8 cs_x8 cs_x8_minus(const cs_mod8 *m) {
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_sub(cs_v8_zero(), m->m[k]);
    return r;
}

/** a - b + m, carried: below a's bound + 1, for b reduced. */
CS_V8 cs_x8 cs_x8_sub_raw(const cs_x8 *a, const cs_x8 *b, const cs_mod8 *m) {
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_add(cs_v8_sub(a->l[k], b->l[k]), m->m[k]);
    return cs_x8_carry(&r);
}

/* Which lanes are negative numbers: limbs need not be carried. */
CS_V8 cs_m8 cs_x8_negative(const cs_x8 *a) {
    cs_v8 carry = cs_v8_sar(a->l[0], 52);
    CS_UNROLL
    for (int k = 1; k < 4; k++)
        carry = cs_v8_sar(cs_v8_add(a->l[k], carry), 52);
    return cs_v8_negative(cs_v8_add(a->l[4], carry));
}

/** a, or a - m if that is not negative. a need not be carried, and the result is not. */
CS_V8 cs_x8 cs_x8_lessen(const cs_x8 *a, const cs_mod8 *m) {
    cs_x8 less;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        less.l[k] = cs_v8_sub(a->l[k], m->m[k]);
    return cs_x8_blend(cs_x8_negative(&less), &less, a);
}

/** The same, carried: reduced for a below 2m. */
CS_V8 cs_x8 cs_x8_reduce(const cs_x8 *a, const cs_mod8 *m) {
    const cs_x8 less = cs_x8_lessen(a, m);
    return cs_x8_carry(&less);
}

/** a if it is not negative, else a + m: reduced for a in (-m, m). a need not be carried, and the result is not. */
CS_V8 cs_x8 cs_x8_raise_raw(const cs_x8 *a, const cs_mod8 *m) {
    const cs_m8 negative = cs_x8_negative(a);
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_add_where(negative, a->l[k], a->l[k], m->m[k]);
    return r;
}

/** The same, carried. */
CS_V8 cs_x8 cs_x8_raise(const cs_x8 *a, const cs_mod8 *m) {
    const cs_x8 r = cs_x8_raise_raw(a, m);
    return cs_x8_carry(&r);
}

/** Reduced for a in (-m, 2m) with limbs below 2^60. a need not be carried, and the result is not. What is well above zero by
 * its last limb is taken into (-m, m), what is not is there. */
CS_V8 cs_x8 cs_x8_settle(const cs_x8 *a, const cs_mod8 *m) {
    const cs_m8 positive = cs_v8_less(cs_v8_set1(UINT64_C(1) << 20), a->l[4]);
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_sub_where(positive, a->l[k], a->l[k], m->m[k]);
    return cs_x8_raise_raw(&r, m);
}

/** Stores a number that need not be carried. */
CS_V8 void cs_x8_store_sum(void *eight, const cs_x8 *a) {
    const cs_x8 r = cs_x8_carry_factor(a);
    cs_x8_store(eight, &r);
}

/** 16 a for carried a below 5m: carried. */
CS_V8 cs_x8 cs_x8_times16(const cs_x8 *a) {
    cs_x8 r;
    r.l[0] = cs_v8_add_shl(cs_v8_zero(), a->l[0], 4);
    CS_UNROLL
    for (int k = 1; k < 5; k++)
        r.l[k] = cs_v8_add_shl(cs_v8_shr(a->l[k - 1], 48), a->l[k], 4);
    return r;
}

/* ---- products ---- */

/** Sums of products in columns of weight 2^(52 k). A product adds less than 10 * 2^52 to a column: up to 400 of them fit. */
typedef struct cs_columns {
    cs_v8 c[10];
} cs_columns;

CS_V8 cs_columns cs_columns_zero(void) {
    cs_columns r;
    CS_UNROLL
    for (int k = 0; k < 10; k++)
        r.c[k] = cs_v8_zero();
    return r;
}

/** Zero for cs_columns_redc: the columns that it clears hold 2^52 - 1 more than they stand for, so that it rounds up. */
CS_V8 cs_columns cs_columns_start(void) {
    cs_columns r;
    CS_UNROLL
    for (int k = 0; k < 10; k++)
        r.c[k] = k < 5 ? cs_v8_set1(CS_LOW52) : cs_v8_zero();
    return r;
}

/** sum += a b; factors carried or as cs_x8_carry_factor leaves them. */
CS_V8 void cs_columns_add(cs_columns *sum, const cs_x8 *a, const cs_x8 *b) {
    CS_UNROLL
    for (int i = 0; i < 5; i++)
        CS_UNROLL
    for (int j = 0; j < 5; j++) {
        sum->c[i + j] = cs_v8_madd_lo(sum->c[i + j], a->l[i], b->l[j]);
        sum->c[i + j + 1] = cs_v8_madd_hi(sum->c[i + j + 1], a->l[i], b->l[j]);
    }
}

/* One step of Montgomery's reduction: adds q m 2^(52 k) so that column k becomes a multiple of 2^52, and carries it on.
 *
 * c[0] = C + 2^52 - 1 where the column is C, at most 2^64 - 2^52. q = -C / m mod 2^52, and lo(q m[0]) would be -C mod 2^52:
 * it takes C to the next multiple of 2^52 from C on. So what is carried is ceil(C / 2^52) = floor(c[0] / 2^52), and the
 * product is not needed. C = c[0] + 1 mod 2^52, so q = c[0] n0 + n0 mod 2^52, of which a multiply-add gives 53 bits and
 * the next ones read 52. */
CS_V8 void cs_columns_step(cs_v8 *c, const cs_mod8 *m) {
    const cs_v8 q = cs_v8_madd_lo(m->n0, c[0], m->n0);
    const cs_v8 carry = cs_v8_madd_hi(cs_v8_shr(c[0], 52), q, m->m[0]);
    CS_UNROLL
    for (int j = 1; j < 5; j++) {
        c[j] = cs_v8_madd_lo(c[j], q, m->m[j]);
        c[j + 1] = cs_v8_madd_hi(c[j + 1], q, m->m[j]);
    }
    c[1] = cs_v8_add(c[1], carry);
}

/** sum / 2^260, not carried: below m times (1 + sum / (m 2^260)). For sums, from cs_columns_start on, of up to 400 products.
 */
CS_V8 cs_x8 cs_columns_redc(const cs_columns *sum, const cs_mod8 *m) {
    cs_columns s = *sum;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        cs_columns_step(s.c + k, m);
    return (cs_x8){{s.c[5], s.c[6], s.c[7], s.c[8], s.c[9]}};
}

/** a b / 2^260, not carried, for factors carried or as cs_x8_carry_factor leaves them. With one of them 16 times a number
 * below i m and the other below j m the result is below (1 + i j / 5) m: 16 m / 2^260 is below 1/5. */
CS_V8 cs_x8 cs_x8_mul_raw(const cs_x8 *a, const cs_x8 *b, const cs_mod8 *m) {
    cs_columns s = cs_columns_start();
    CS_UNROLL
    for (int i = 0; i < 5; i++) {
        CS_UNROLL
        for (int j = 0; j < 5; j++) {
            s.c[i + j] = cs_v8_madd_lo(s.c[i + j], a->l[j], b->l[i]);
            s.c[i + j + 1] = cs_v8_madd_hi(s.c[i + j + 1], a->l[j], b->l[i]);
        }
        cs_columns_step(s.c + i, m);
    }
    return (cs_x8){{s.c[5], s.c[6], s.c[7], s.c[8], s.c[9]}};
}

CS_V8 cs_x8 cs_x8_mul(const cs_x8 *a, const cs_x8 *b, const cs_mod8 *m) {
    const cs_x8 r = cs_x8_mul_raw(a, b, m);
    return cs_x8_carry(&r);
}

/** Two independent a b / 2^260 + c, written step by step: one's latencies hide the other's. Not carried, nor need c be. */
CS_V8 void cs_x8_mul2_add_raw(cs_x8 r[2], const cs_x8 a[2], const cs_x8 b[2], const cs_x8 c[2], const cs_mod8 *m) {
    cs_columns s = cs_columns_start(), t = cs_columns_start();
    CS_UNROLL
    for (int k = 0; k < 5; k++) {
        s.c[5 + k] = c[0].l[k];
        t.c[5 + k] = c[1].l[k];
    }
    CS_UNROLL
    for (int i = 0; i < 5; i++) {
        CS_UNROLL
        for (int j = 0; j < 5; j++) {
            s.c[i + j] = cs_v8_madd_lo(s.c[i + j], a[0].l[j], b[0].l[i]);
            t.c[i + j] = cs_v8_madd_lo(t.c[i + j], a[1].l[j], b[1].l[i]);
            s.c[i + j + 1] = cs_v8_madd_hi(s.c[i + j + 1], a[0].l[j], b[0].l[i]);
            t.c[i + j + 1] = cs_v8_madd_hi(t.c[i + j + 1], a[1].l[j], b[1].l[i]);
        }
        cs_columns_step(s.c + i, m);
        cs_columns_step(t.c + i, m);
    }
    r[0] = (cs_x8){{s.c[5], s.c[6], s.c[7], s.c[8], s.c[9]}};
    r[1] = (cs_x8){{t.c[5], t.c[6], t.c[7], t.c[8], t.c[9]}};
}

/** Two independent products, not carried. */
CS_V8 void cs_x8_mul2_raw(cs_x8 r[2], const cs_x8 a[2], const cs_x8 b[2], const cs_mod8 *m) {
    const cs_v8 zero = cs_v8_zero();
    const cs_x8 none[2] = {{{zero, zero, zero, zero, zero}}, {{zero, zero, zero, zero, zero}}};
    cs_x8_mul2_add_raw(r, a, b, none, m);
}

/** The same, carried as factors are (cs_x8_carry_factor). */
CS_V8 void cs_x8_mul2_factors(cs_x8 r[2], const cs_x8 a[2], const cs_x8 b[2], const cs_mod8 *m) {
    cs_x8_mul2_raw(r, a, b, m);
    r[0] = cs_x8_carry_factor(&r[0]);
    r[1] = cs_x8_carry_factor(&r[1]);
}

/** The same, carried. */
CS_V8 void cs_x8_mul2(cs_x8 r[2], const cs_x8 a[2], const cs_x8 b[2], const cs_mod8 *m) {
    cs_x8_mul2_raw(r, a, b, m);
    r[0] = cs_x8_carry(&r[0]);
    r[1] = cs_x8_carry(&r[1]);
}

#endif
