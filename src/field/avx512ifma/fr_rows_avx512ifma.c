/* Products of a matrix of small integers with a vector on F with AVX-512 IFMA: a lane for each row, so that no sums over
 * lanes are needed and rows may be of any length. The vector is cut into digits once for all rows. */
#include <string.h>

#include "field/avx512ifma/fr_lanes.h"

/* COLUMNS products, with what a column takes of each, do not overflow 64 bits. */
enum { COLUMNS = 1024, MOST_DIGITS = 8, MOST_SUMS = 8, FEWEST_ROWS = 2 };

/* Digits of up to eight entries of the vector; only the first ones of each group are used. */
typedef struct digits {
    uint64_t d[MOST_DIGITS][LANES];
} digits;

/* How integers of a type are taken. The digits of the narrow ones leave room for the integer, so that a product has no high
 * half. `bits`: of an integer; `sums`: columns, of weight 2^(width k). */
typedef struct shape {
    unsigned bits, n_digits, width, n_sums;
} shape;

#define SHAPE_I8  ((shape){.bits = 8, .n_digits = 6, .width = 43, .n_sums = 6})
#define SHAPE_I16 ((shape){.bits = 16, .n_digits = 8, .width = 32, .n_sums = 8})
#define SHAPE_I32 ((shape){.bits = 32, .n_digits = 5, .width = 52, .n_sums = 6})
#define SHAPE_I64 ((shape){.bits = 64, .n_digits = 5, .width = 52, .n_sums = 7})

/* Bits from `at` on of numbers of 256 bits, `width` of them. */
CS_V8 cs_v8 bits_at(const cs_v8 limb[4], unsigned at, unsigned width) {
    const unsigned k = at / 64, shift = at % 64;
    cs_v8 x = shift ? cs_v8_shr(limb[k], shift) : limb[k];
    if (shift + width > 64 && k < 3)
        x = cs_v8_or(x, cs_v8_shl(limb[k + 1], 64 - shift));
    return cs_v8_and(x, cs_v8_set1((UINT64_C(1) << width) - 1));
}

/* Zeros behind the end. */
CS_V8 void cut(digits *out, const cs_fr *v, size_t n, shape s) {
    for (size_t j = 0; j < n; j += LANES, out++) {
        cs_fr last[LANES] = {{{0}}};
        cs_v8 limb[4];
        if (n - j < LANES)
            memcpy(last, v + j, (n - j) * sizeof *v);
        cs_load_limbs(limb, n - j < LANES ? last : v + j);
        CS_UNROLL
        for (unsigned k = 0; k < s.n_digits; k++)
            cs_v8_store(out->d[k], bits_at(limb, k * s.width, s.width));
    }
}

/* ---- integers ---- */

/* Rows of a matrix: a place for each lane, the last row's where there is none. */
typedef struct rows {
    const uint8_t *at[LANES];
} rows;

static rows rows_from(const void *x, size_t bytes, size_t n_rows) {
    rows r;
    for (size_t k = 0; k < LANES; k++)
        r.at[k] = (const uint8_t *)x + (k < n_rows ? k : n_rows - 1) * bytes;
    return r;
}

static uint64_t word_at(const uint8_t *p, size_t bytes) {
    uint64_t x = 0;
    memcpy(&x, p, bytes);
    return x;
}

/* The eight bytes from `offset` on of each row. */
CS_V8 cs_v8 whole_words(const rows *r, size_t offset) {
    return cs_v8_set(word_at(r->at[0] + offset, 8), word_at(r->at[1] + offset, 8), word_at(r->at[2] + offset, 8),
                     word_at(r->at[3] + offset, 8), word_at(r->at[4] + offset, 8), word_at(r->at[5] + offset, 8),
                     word_at(r->at[6] + offset, 8), word_at(r->at[7] + offset, 8));
}

/* The last bytes of rows of `bytes` bytes, from `offset` on, fewer than eight; what lies before them is shifted out. */
CS_V8 cs_v8 last_words(const rows *r, size_t offset, size_t bytes) {
    if (bytes >= 8)
        return cs_v8_shr(whole_words(r, bytes - 8), (unsigned)(8 * (offset + 8 - bytes)));
    uint64_t x[LANES];
    for (int k = 0; k < LANES; k++)
        x[k] = word_at(r->at[k] + offset, bytes - offset);
    return cs_v8_load(x);
}

/* ---- sums ---- */

/* c += digits of an entry, which are LANES apart, times (x + 2^(bits - 1)); entry e of the words is what is in brackets. */
CS_V8 void add_entry(cs_v8 *c, const uint64_t *digit, cs_v8 words, unsigned e, shape s) {
    const cs_v8 shifted = e > 0 ? cs_v8_shr(words, e * s.bits % 64) : words;
    const cs_v8 u = s.bits < 52 ? cs_v8_and(shifted, cs_v8_set1((UINT64_C(1) << s.bits % 64) - 1)) : shifted;
    const cs_v8 high = cs_v8_shr(words, 52);
    CS_UNROLL
    for (unsigned k = 0; k < s.n_digits; k++) {
        const cs_v8 d = cs_v8_set1(digit[k * LANES]);
        c[k] = cs_v8_madd_lo(c[k], d, u);
        if (s.width == 52)
            c[k + 1] = cs_v8_madd_hi(c[k + 1], d, u);
        if (s.bits == 64) {
            c[k + 1] = cs_v8_madd_lo(c[k + 1], d, high);
            c[k + 2] = cs_v8_madd_hi(c[k + 2], d, high);
        }
    }
}

/* The same for all entries of the words of each group, the first of which has the given digits. */
CS_V8 void add_words(cs_v8 c[2][MOST_SUMS], const uint64_t *digit, const cs_v8 words[2], int n_groups, shape s) {
    const unsigned entries = 64 / s.bits;
    const uint64_t ones = s.bits == 64 ? 1 : UINT64_MAX / ((UINT64_C(1) << s.bits % 64) - 1);
    const cs_v8 bias = cs_v8_set1(ones << (s.bits - 1));
    cs_v8 lifted[2];
    CS_UNROLL
    for (int g = 0; g < n_groups; g++)
        lifted[g] = cs_v8_xor(words[g], bias);
    CS_UNROLL
    for (unsigned e = 0; e < entries; e++)
        CS_UNROLL
    for (int g = 0; g < n_groups; g++)
        add_entry(c[g], digit + e, lifted[g], e, s);
}

/* Columns of weight 2^(width k), below 2^62 unless the width is 52, to ones of weight 2^(52 k), for cs_columns_step. */
CS_V8 void regroup(cs_v8 out[7], const cs_v8 *c, shape s) {
    CS_UNROLL
    for (unsigned k = 0; k < 7; k++)
        out[k] = k < (s.bits == 64 ? 2 : 1) ? cs_v8_set1(CS_LOW52) : cs_v8_zero();
    CS_UNROLL
    for (unsigned k = 0; k < s.n_sums; k++) {
        const unsigned limb = s.width * k / 52, shift = s.width * k % 52;
        out[limb] = cs_v8_add(out[limb], cs_v8_and(cs_v8_shl(c[k], shift), cs_v8_set1(CS_LOW52)));
        if (limb < 6)
            out[limb + 1] = cs_v8_add(out[limb + 1], cs_v8_shr(c[k], 52 - shift));
    }
}

/* base + the columns mod m: steps of the reduction, each of which divides by 2^52, and the product that makes up for them.
 */
CS_V8 cs_x8 finish(const cs_v8 *c, const cs_x8 *base, const cs_x8 *scale, const cs_mod8 *m, shape s) {
    cs_v8 all[7];
    regroup(all, c, s);
    cs_columns_step(all, m);
    if (s.bits == 64)
        cs_columns_step(all + 1, m);
    const cs_v8 *top = all + (s.bits == 64 ? 2 : 1);
    cs_x8 x = {{top[0], top[1], top[2], top[3], top[4]}};
    x = cs_x8_carry_factor(&x);
    x = cs_x8_mul_raw(&x, scale, m);
    return cs_add_to_reduced(base, &x, m);
}

/* ---- blocks of columns ---- */

/* COLUMNS columns or fewer, of which a row has `bytes` bytes, `stride` bytes behind those of the row before. */
typedef struct block {
    const digits *d;
    size_t bytes, stride;
    cs_x8 scale; /* 2^260 times what the steps of the reduction divide by */
    cs_mod8 m;
} block;

/* out += the products of n rows, at most n_groups times eight. */
CS_V8 void some_rows(cs_fr *out, const block *b, const uint8_t *x, size_t n, int n_groups, shape s) {
    rows r[2];
    cs_v8 c[2][MOST_SUMS], words[2];
    CS_UNROLL
    for (int g = 0; g < n_groups; g++) {
        r[g] = rows_from(x + (size_t)g * LANES * b->stride, b->stride, n - (size_t)g * LANES);
        CS_UNROLL
        for (unsigned k = 0; k < MOST_SUMS; k++)
            c[g][k] = cs_v8_zero();
    }
    const size_t per_digits = LANES * s.bits / 8;
    for (size_t j = 0; j < b->bytes; j += 8) {
        CS_UNROLL
        for (int g = 0; g < n_groups; g++)
            words[g] = j + 8 <= b->bytes ? whole_words(&r[g], j) : last_words(&r[g], j, b->bytes);
        add_words(c, &b->d[j / per_digits].d[0][j % per_digits * 8 / s.bits], words, n_groups, s);
    }
    for (int g = 0; g < n_groups; g++) {
        const size_t first = (size_t)g * LANES, count = n - first < LANES ? n - first : LANES;
        cs_fr z[LANES] = {{{0}}};
        memcpy(z, out + first, count * sizeof *z);
        const cs_x8 before = cs_x8_load(z), sum = finish(c[g], &before, &b->scale, &b->m, s);
        cs_x8_store_sum(z, &sum);
        memcpy(out + first, z, count * sizeof *z);
    }
}

/* Two groups of eight rows side by side, as long as there are that many. */
CS_V8 void all_rows(cs_fr *out, const block *b, const uint8_t *x, size_t n, shape s) {
    size_t row = 0;
    for (; row + LANES < n; row += PAIR)
        some_rows(out + row, b, x + row * b->stride, n - row < PAIR ? n - row : PAIR, 2, s);
    if (row < n)
        some_rows(out + row, b, x + row * b->stride, n - row, 1, s);
}

CS_V8 void dot_rows(cs_fr *out, const cs_fr *v, const void *x, size_t n_rows, size_t n, shape s) {
    static const cs_fr powers[2] = {
        {{0xf90e75f679dc5fb6, 0x5499493fdac24b38, 0x48763e56ddbc9bfd, 0x173128656bebdf7c}},  /* 2^312 */
        {{0x962c046d25a797f9, 0x71715bb184c8c734, 0x06099727105a7eea, 0x0916abf4e5a29cfe}}}; /* 2^364 */
    digits d[COLUMNS / LANES];
    block b = {
        .d = d, .stride = n * s.bits / 8, .scale = cs_x8_all(powers[s.bits == 64 ? 1 : 0].v), .m = cs_mod8_of(&CS_FR_M52)};
    for (size_t j = 0; j < n; j += COLUMNS) {
        const size_t some = n - j < COLUMNS ? n - j : COLUMNS;
        b.bytes = some * s.bits / 8;
        cut(d, v + j, some, s);
        all_rows(out, &b, (const uint8_t *)x + j * s.bits / 8, n_rows, s);
    }
}

void cs_fr_avx512_dot_rows(cs_fr *out, const cs_fr *v, cs_int_type type, const void *x, size_t n_rows, size_t n) {
    if (type == CS_INT_FR || n_rows < FEWEST_ROWS) {
        for (size_t row = 0; row < n_rows; row++)
            out[row] = cs_fr_avx512_dot_int(v, type, (const uint8_t *)x + row * n * cs_int_size(type), n);
        return;
    }
    cs_fr start = cs_fr_avx512_sum(v, n);
    cs_fr_mul_to(&start, &start, &CS_FR_MINUS_BIAS[type]);
    for (size_t row = 0; row < n_rows; row++)
        out[row] = start;
    switch (type) {
    case CS_INT_I8:
        dot_rows(out, v, x, n_rows, n, SHAPE_I8);
        break;
    case CS_INT_I16:
        dot_rows(out, v, x, n_rows, n, SHAPE_I16);
        break;
    case CS_INT_I32:
        dot_rows(out, v, x, n_rows, n, SHAPE_I32);
        break;
    default:
        dot_rows(out, v, x, n_rows, n, SHAPE_I64);
    }
}
