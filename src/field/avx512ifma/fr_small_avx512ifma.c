/* Kernels for several arrays of small integers, with AVX-512 IFMA. They stand as u minus a power of two, u not negative and
 * one limb. */
#include <string.h>

#include "field/avx512ifma/fr_lanes.h"

static const uint64_t AFFINE_LIFT = UINT64_C(1) << CS_AFFINE_BITS, PRODUCT_LIFT = UINT64_C(1) << CS_PRODUCT_BITS;
static const cs_fr TWO52 = {{0x59fe20dbdd9dc5fc, 0x0e6a05c149c00b0e, 0xd7b98f777ecca0fa, 0x1fb1c38e237dc211}};

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

/* The last entries, fewer than LANES, through a copy. */
CS_V8 void affine_groups(cs_fr *r, const cs_x8 *base, const cs_x8 *t, const int64_t *const *x, unsigned n_terms, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    size_t j = 0;
    for (; j + LANES <= n; j += LANES)
        affine_group(r + j, base, t, x, n_terms, j, &m);
    if (j < n) {
        int64_t last[CS_AFFINE_TERMS][LANES];
        const int64_t *at[CS_AFFINE_TERMS];
        cs_fr out[LANES];
        for (unsigned k = 0; k < n_terms; k++) {
            memset(last[k], 0, sizeof last[k]);
            memcpy(last[k], x[k] + j, (n - j) * sizeof *x[k]);
            at[k] = last[k];
        }
        affine_group(out, base, t, at, n_terms, 0, &m);
        memcpy(r + j, out, (n - j) * sizeof *r);
    }
}

void cs_fr_avx512_affine_plan(cs_fr_affine *plan, cs_fr base, const cs_fr *t, unsigned n_terms) {
    cs_fr lifts = CS_FR_ZERO;
    plan->n_terms = n_terms;
    for (unsigned k = 0; k < n_terms; k++) {
        plan->t[k] = cs_fr_mul(t[k], TWO52);
        lifts = cs_fr_add(lifts, t[k]);
    }
    plan->base = cs_fr_sub(base, cs_fr_mul(lifts, cs_fr_from_u64(AFFINE_LIFT)));
}

void cs_fr_avx512_affine(cs_fr *r, const cs_fr_affine *plan, const int64_t *const *x, size_t n) {
    const cs_x8 base = cs_x8_all(plan->base.v);
    cs_x8 t[CS_AFFINE_TERMS];
    for (unsigned k = 0; k < plan->n_terms; k++)
        t[k] = cs_x8_all(plan->t[k].v);
    if (plan->n_terms == 1)
        affine_groups(r, &base, t, x, 1, n);
    else if (plan->n_terms == 2)
        affine_groups(r, &base, t, x, 2, n);
    else if (plan->n_terms == 3)
        affine_groups(r, &base, t, x, 3, n);
    else if (plan->n_terms == 4)
        affine_groups(r, &base, t, x, 4, n);
    else
        affine_groups(r, &base, t, x, plan->n_terms, n);
}

/* Of eight entries, six columns of weights 2^(52 k) one after the other, each of which takes two halves of a product at a
 * time. */
CS_V8 void add_products(uint64_t *sums, const cs_x8 *t, const int64_t *x, const int64_t *y, size_t n) {
    for (size_t j = 0; j < n; j += LANES, sums += CS_PRODUCT_WORDS * LANES) {
        cs_v8 c[CS_PRODUCT_WORDS], u = cs_v8_load(x + j);
        if (y)
            u = cs_v8_mul(u, cs_v8_load(y + j));
        u = cs_v8_add(u, cs_v8_set1(PRODUCT_LIFT));
        CS_UNROLL
        for (int k = 0; k < CS_PRODUCT_WORDS; k++)
            c[k] = cs_v8_load(sums + k * LANES);
        CS_UNROLL
        for (int k = 0; k < 5; k++) {
            c[k] = cs_v8_madd_lo(c[k], t->l[k], u);
            c[k + 1] = cs_v8_madd_hi(c[k + 1], t->l[k], u);
        }
        CS_UNROLL
        for (int k = 0; k < CS_PRODUCT_WORDS; k++)
            cs_v8_store(sums + k * LANES, c[k]);
    }
}

void cs_fr_avx512_products_add(uint64_t *sums, cs_fr t, const cs_int_product *products, size_t n_products, size_t n) {
    const cs_x8 factor = cs_x8_all(t.v);
    for (size_t k = 0; k < n_products; k++, sums += CS_PRODUCT_WORDS * n) {
        if (products[k].y)
            add_products(sums, &factor, products[k].x, products[k].y, n);
        else
            add_products(sums, &factor, products[k].x, NULL, n);
    }
}

/* Eight sums less two steps of the reduction, which divide by 2^104: below 2^314 before, below 2m after. */
CS_V8 cs_x8 short_sums(const uint64_t *sums, const cs_mod8 *m) {
    cs_v8 c[CS_PRODUCT_WORDS + 1];
    for (int k = 0; k < CS_PRODUCT_WORDS; k++)
        c[k] = cs_v8_load(sums + k * LANES);
    c[0] = cs_v8_add(c[0], cs_v8_set1(CS_LOW52));
    c[1] = cs_v8_add(c[1], cs_v8_set1(CS_LOW52));
    c[CS_PRODUCT_WORDS] = cs_v8_zero();
    cs_columns_step(c, m);
    cs_columns_step(c + 1, m);
    const cs_x8 r = {{c[2], c[3], c[4], c[5], c[6]}};
    return cs_x8_carry(&r);
}

/* v times the sums over 2^104. */
static cs_fr take_products(uint64_t *sums, const cs_fr *v, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    cs_fr out = CS_FR_ZERO;
    for (size_t j = 0; j < n;) {
        cs_columns all = cs_columns_start();
        for (unsigned g = 0; g < FLUSH && j < n; g++, j += LANES) {
            const cs_x8 sum = short_sums(sums + CS_PRODUCT_WORDS * j, &m), factor = cs_x8_load(v + j);
            cs_columns_add(&all, &sum, &factor);
        }
        out = cs_fr_add(out, cs_fr_lanes_redc(&all, false, &m));
    }
    memset(sums, 0, n * CS_PRODUCT_WORDS * sizeof *sums);
    return out;
}

void cs_fr_avx512_products_take(cs_fr *out, uint64_t *sums, const cs_fr *v, cs_fr total, size_t n_products, size_t n) {
    const cs_fr lifts = cs_fr_mul(total, cs_fr_from_u64(PRODUCT_LIFT)), two104 = cs_fr_mul(TWO52, TWO52);
    for (size_t k = 0; k < n_products; k++)
        out[k] = cs_fr_sub(cs_fr_mul(take_products(sums + CS_PRODUCT_WORDS * n * k, v, n), two104), lifts);
}
