/* Kernels for several arrays of small integers, with AVX-512 IFMA. They stand as u minus a power of two, u not negative and
 * one limb. */
#include "field/avx512ifma/fr_lanes.h"

static const uint64_t AFFINE_LIFT = UINT64_C(1) << CS_AFFINE_BITS, DOTS_LIFT = UINT64_C(1) << CS_DOTS_BITS;

/* r = base - 2^45 sum of t + sum of t u, with the terms' factors times 2^52: one step of the reduction divides by it. Base,
 * the step, and 40 terms below m 2^46 / 2^52 each: the result is below 3m. */
CS_V8 void affine_group(cs_fr *r, const cs_x8 *base, const cs_x8 *t, const int64_t *const *x, unsigned n_terms, size_t j,
                        const cs_mod8 *m) {
    cs_v8 c[6] = {cs_v8_set1(CS_LOW52), base->l[0], base->l[1], base->l[2], base->l[3], base->l[4]};
    for (unsigned k = 0; k < n_terms; k++) {
        const cs_v8 u = cs_v8_add(cs_v8_load(x[k] + j), cs_v8_set1(AFFINE_LIFT));
        CS_UNROLL
        for (int i = 0; i < 5; i++) {
            c[i] = cs_v8_madd_lo(c[i], t[k].l[i], u);
            c[i + 1] = cs_v8_madd_hi(c[i + 1], t[k].l[i], u);
        }
    }
    cs_columns_step(c, m);
    cs_x8 sum = {{c[1], c[2], c[3], c[4], c[5]}};
    sum = cs_x8_lessen(&sum, m);
    sum = cs_x8_reduce(&sum, m);
    cs_x8_store(r, &sum);
}

CS_V8 void affine_groups(cs_fr *r, const cs_x8 *base, const cs_x8 *t, const int64_t *const *x, unsigned n_terms, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    for (size_t j = 0; j < n; j += LANES)
        affine_group(r + j, base, t, x, n_terms, j, &m);
}

void cs_fr_avx512_affine(cs_fr *r, cs_fr base, const cs_fr *t, const int64_t *const *x, unsigned n_terms, size_t n) {
    const size_t whole = n - n % LANES;
    const cs_fr shift = cs_fr_from_u64(UINT64_C(1) << 52);
    const int64_t *rest[CS_AFFINE_TERMS];
    cs_x8 factor[CS_AFFINE_TERMS];
    cs_fr lifts = CS_FR_ZERO;
    for (unsigned k = 0; k < n_terms; k++) {
        const cs_fr scaled = cs_fr_mul(t[k], shift);
        factor[k] = cs_x8_all(scaled.v);
        lifts = cs_fr_add(lifts, t[k]);
        rest[k] = x[k] + whole;
    }
    const cs_fr start = cs_fr_sub(base, cs_fr_mul(lifts, cs_fr_from_u64(AFFINE_LIFT)));
    const cs_x8 from = cs_x8_all(start.v);
    if (n_terms == 1)
        affine_groups(r, &from, factor, x, 1, whole);
    else if (n_terms == 2)
        affine_groups(r, &from, factor, x, 2, whole);
    else if (n_terms == 3)
        affine_groups(r, &from, factor, x, 3, whole);
    else
        affine_groups(r, &from, factor, x, n_terms, whole);
    cs_fr_kernels_x86_64.affine(r + whole, base, t, rest, n_terms, n - whole);
}

/* wide += sum of v (x + 2^50) for whole groups of eight. */
static void lifted_dot(uint64_t wide[6], const cs_fr *v, const int64_t *x, size_t n) {
    for (size_t j = 0; j < n;) {
        cs_v8 c[6];
        for (int k = 0; k < 6; k++)
            c[k] = cs_v8_zero();
        for (unsigned g = 0; g < FLUSH && j < n; g++, j += LANES) {
            const cs_x8 a = cs_x8_load(v + j);
            const cs_v8 u = cs_v8_add(cs_v8_load(x + j), cs_v8_set1(DOTS_LIFT));
            CS_UNROLL
            for (int k = 0; k < 5; k++) {
                c[k] = cs_v8_madd_lo(c[k], a.l[k], u);
                c[k + 1] = cs_v8_madd_hi(c[k + 1], a.l[k], u);
            }
        }
        cs_lanes_flush(wide, c, 6);
    }
}

void cs_fr_avx512_dots(cs_fr *out, const cs_fr *v, cs_fr total, const int64_t *const *x, unsigned n_terms, size_t n) {
    const size_t whole = n - n % LANES;
    const cs_fr lifts = cs_fr_mul(total, cs_fr_from_u64(DOTS_LIFT));
    for (unsigned k = 0; k < n_terms; k++) {
        uint64_t wide[6] = {0};
        lifted_dot(wide, v, x[k], whole);
        for (size_t j = whole; j < n; j++)
            cs_limbs_mul1_add(wide, v[j].v, (uint64_t)x[k][j] + DOTS_LIFT);
        out[k] = cs_fr_sub(cs_fr_reduce_short(wide), lifts);
    }
}
