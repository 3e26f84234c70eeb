/* What the AVX-512 kernels on F share: the modulus, sums over lanes, and the kernels that have files of their own. */
#ifndef CS_FIELD_AVX512IFMA_FR_LANES_H
#define CS_FIELD_AVX512IFMA_FR_LANES_H

#include "field/avx512ifma/mont52.h"
#include "field/fr_kernels.h"
#include "field/portable/fr_inline.h"

enum { LANES = 8, PAIR = 2 * LANES };
enum { AHEAD = 256 }; /* entries of 32 bytes between those in work and those asked for: 8 KiB */
enum { FLUSH = 256 }; /* products that a column takes, with room to spare */

static const cs_modulus52 CS_FR_M52 = {CS_LIMBS52(UINT64_C(0x43e1f593f0000001), UINT64_C(0x2833e84879b97091),
                                                  UINT64_C(0xb85045b68181585d), UINT64_C(0x30644e72e131a029)),
                                       CS_FR_N0 &CS_LOW52};

/** base + product, the base reduced and the product below 2m: reduced. Neither need be carried, and the result is not. */
CS_V8 cs_x8 cs_add_to_reduced(const cs_x8 *base, const cs_x8 *product, const cs_mod8 *m) {
    const cs_x8 minus = cs_x8_minus(m), less = cs_x8_add(base, &minus), sum = cs_x8_add(&less, product);
    return cs_x8_settle(&sum, m);
}

/** out[k] = sum of the lanes of v[k]: 21 instructions, as vectors become half as many and their lanes mean twice as much. */
CS_V8 void cs_lane_sums(uint64_t out[LANES], const cs_v8 v[LANES]) {
    const cs_v8 left[3] = {{0, 1, 2, 3, 8, 9, 10, 11}, {0, 1, 4, 5, 8, 9, 12, 13}, {0, 2, 4, 6, 8, 10, 12, 14}};
    const cs_v8 right[3] = {{4, 5, 6, 7, 12, 13, 14, 15}, {2, 3, 6, 7, 10, 11, 14, 15}, {1, 3, 5, 7, 9, 11, 13, 15}};
    cs_v8 s[LANES];
    CS_UNROLL
    for (int k = 0; k < LANES; k++)
        s[k] = v[k];
    CS_UNROLL
    for (int k = 0; k < 4; k++)
        s[k] = cs_v8_add(cs_v8_permute(s[2 * k], s[2 * k + 1], left[0]), cs_v8_permute(s[2 * k], s[2 * k + 1], right[0]));
    CS_UNROLL
    for (int k = 0; k < 2; k++)
        s[k] = cs_v8_add(cs_v8_permute(s[2 * k], s[2 * k + 1], left[1]), cs_v8_permute(s[2 * k], s[2 * k + 1], right[1]));
    s[0] = cs_v8_add(cs_v8_permute(s[0], s[1], left[2]), cs_v8_permute(s[0], s[1], right[2]));
    cs_v8_store(out, s[0]);
}

/** wide += the columns of all lanes, at most 7, the last below 2^60: column k has weight 2^(52 k). */
CS_V8 void cs_lanes_flush(uint64_t wide[6], const cs_v8 *columns, int n) {
    cs_v8 v[LANES];
    uint64_t sum[LANES], part[8] = {0}, over = 0, carry = 0;
    for (int k = 0; k < LANES; k++)
        v[k] = k < n ? columns[k] : cs_v8_zero();
    for (int k = 0; k + 1 < n; k++) {
        v[k + 1] = cs_v8_add(v[k + 1], cs_v8_shr(v[k], 52));
        v[k] = cs_v8_and(v[k], cs_v8_set1(CS_LOW52));
    }
    cs_lane_sums(sum, v);
    for (int k = 0; k < n; k++) {
        const int limb = 52 * k / 64, shift = 52 * k % 64;
        const uint64_t x = sum[k] + over, low = k + 1 < n ? x & CS_LOW52 : x;
        over = x >> 52;
        part[limb] |= low << shift;
        part[limb + 1] |= shift ? low >> (64 - shift) : 0;
    }
    for (int k = 0; k < 6; k++)
        wide[k] = cs_limb_adc(wide[k], part[k], &carry);
}

/** By integer type: minus 2^(bits - 1), what is added to integers to make them unsigned. */
extern const cs_fr CS_FR_MINUS_BIAS[4];

/** The sum of the columns of all lanes, which started from cs_columns_start, over 2^256; over 2^260 if `sixteenfold`, that
 * is if they hold 16 times what is meant. */
cs_fr cs_fr_lanes_redc(const cs_columns *sum, bool sixteenfold, const cs_mod8 *m);

/* Kernels, one or more a file: contracts in field/fr_vec.h. */
cs_fr cs_fr_avx512_sum(const cs_fr *a, size_t n);
cs_fr cs_fr_avx512_dot(const cs_fr *a, const cs_fr *b, size_t n);
void cs_fr_avx512_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n);
void cs_fr_avx512_round(cs_fr *out, const cs_fr_round *what, size_t n);
void cs_fr_avx512_inverse(cs_fr *r, const cs_fr *a, size_t n);
void cs_fr_avx512_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n);
void cs_fr_avx512_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n);
void cs_fr_avx512_affine_plan(cs_fr_affine *plan, cs_fr base, const cs_fr *t, unsigned n_terms);
void cs_fr_avx512_affine(cs_fr *r, const cs_fr_affine *plan, const int64_t *const *x, size_t n);
void cs_fr_avx512_products_add(uint64_t *sums, cs_fr t, const cs_int_product *products, size_t n_products, size_t n);
void cs_fr_avx512_products_take(cs_fr *out, uint64_t *sums, const cs_fr *v, cs_fr total, size_t n_products, size_t n);
cs_fr cs_fr_avx512_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n);
void cs_fr_avx512_dot_rows(cs_fr *out, const cs_fr *v, cs_int_type type, const void *x, size_t n_rows, size_t n);

#endif
