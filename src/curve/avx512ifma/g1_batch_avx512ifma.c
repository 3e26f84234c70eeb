/* Batches of points with AVX-512 IFMA: sixteen additions at a time, in two groups of eight lanes, each lane with a product
 * of denominators of its own (Montgomery's trick); one inversion for all lanes.
 *
 * Scales: cs_x8_mul divides by 2^260 and a coordinate in memory is v 2^256. A product of n denominators is therefore some
 * number N, whatever scale it has; with the running inverse kept at 2^518 / N, inverse * product before * rise is four times
 * the slope at scale 2^256 for every addition. Its square over 2^260 is the slope's at scale 2^256, and so is its product
 * with four times a difference. Bounds are in units of p, as in mont52.h: a product of factors below i and j is below
 * 1 + i j / 84. */
#include <string.h>

#include "curve/g1_kernels.h"
#include "curve/root_windows.h"
#include "field/avx512ifma/mont52.h"
#include "field/portable/fp_inline.h"

enum { LANES = 8, GROUPS = 2, STEP = LANES * GROUPS };

static const cs_modulus52 P = {CS_LIMBS52(UINT64_C(0x3c208c16d87cfd47), UINT64_C(0x97816a916871ca8d),
                                          UINT64_C(0xb85045b68181585d), UINT64_C(0x30644e72e131a029)),
                               CS_FP_N0 &CS_LOW52};

static const cs_g1_affine NOTHING = {{{0}}, {{0}}};

enum { AHEAD = 2 };   /* steps that terms are fetched in advance */
enum { MOST = 4096 }; /* additions that share an inversion: their terms and scratch space fit the second cache */

/* A batch in work. The scratch space holds, for every step, the products before it, its denominators, and which lanes
 * before the end are exceptions. */
typedef struct batch {
    cs_mod8 m;
    cs_x8 twice, thrice;   /* 2p and 3p, limb by limb */
    cs_v8 limit;           /* the highest limb of 3p/2 */
    cs_x8 one;             /* the denominator of exceptions: any number that is not zero */
    cs_x8 running[GROUPS]; /* forward: products; backward: their inverses; factors */
    uint8_t *kept;         /* [steps][GROUPS][2] of five vectors */
    cs_m8 *exceptions;     /* [steps][GROUPS] */
} batch;

static size_t steps_of(size_t n) {
    return (n + STEP - 1) / STEP;
}

static batch start(cs_fp *scratch, size_t n) {
    batch b = {.m = cs_mod8_of(&P), .kept = (uint8_t *)scratch};
    b.exceptions = b.kept + steps_of(n) * GROUPS * 2 * sizeof(cs_x8);
    b.one = cs_x8_all(CS_FP_ONE.v);
    for (int k = 0; k < 5; k++) {
        b.twice.l[k] = cs_v8_add(b.m.m[k], b.m.m[k]);
        b.thrice.l[k] = cs_v8_add(b.twice.l[k], b.m.m[k]);
    }
    b.limit = cs_v8_shr(b.thrice.l[4], 1);
    for (int g = 0; g < GROUPS; g++)
        b.running[g] = b.one;
    return b;
}

CS_V8 void store_limbs(uint8_t *to, const cs_x8 *a) {
    for (size_t k = 0; k < 5; k++)
        cs_v8_store(to + k * sizeof(cs_v8), a->l[k]);
}

CS_V8 cs_x8 load_limbs(const uint8_t *from) {
    cs_x8 r;
    for (size_t k = 0; k < 5; k++)
        r.l[k] = cs_v8_load(from + k * sizeof(cs_v8));
    return r;
}

/* Keeps the product before a group, and its denominators. */
CS_V8 void keep(const batch *b, size_t group, const cs_x8 *d) {
    uint8_t *to = b->kept + group * 2 * sizeof(cs_x8);
    store_limbs(to, &b->running[group % GROUPS]);
    store_limbs(to + sizeof(cs_x8), d);
}

CS_V8 cs_x8 kept_product(const batch *b, size_t group) {
    return load_limbs(b->kept + group * 2 * sizeof(cs_x8));
}

CS_V8 cs_x8 kept_denominators(const batch *b, size_t group) {
    return load_limbs(b->kept + group * 2 * sizeof(cs_x8) + sizeof(cs_x8));
}

/* From the products N of all lanes to 2^518 / N. In F_p, the inverse of a number N is 2^512 / N. */
static void invert(batch *b) {
    cs_fp product[LANES], inverse[LANES], all = CS_FP_ONE;
    const cs_x8 both = cs_x8_mul(&b->running[0], &b->running[1], &b->m), reduced = cs_x8_reduce(&both, &b->m);
    cs_x8_store(product, &reduced);
    for (int k = 0; k < LANES; k++) {
        inverse[k] = all;
        cs_fp_mul_to(&all, &all, &product[k]);
    }
    all = cs_fp_mul(cs_fp_inv(all), cs_fp_from_u64(64));
    for (int k = LANES; k-- > 0;) {
        cs_fp_mul_to(&inverse[k], &inverse[k], &all);
        cs_fp_mul_to(&all, &all, &product[k]);
    }
    const cs_x8 of_both = cs_x8_load(inverse), factors[GROUPS] = {of_both, of_both};
    const cs_x8 other[GROUPS] = {b->running[1], b->running[0]};
    cs_x8_mul2_factors(b->running, factors, other, &b->m);
}

CS_V8 cs_m8 all_zero(const cs_x8 *a) {
    return cs_v8_is_zero(cs_v8_or(cs_v8_or(cs_v8_or(a->l[0], a->l[1]), cs_v8_or(a->l[2], a->l[3])), a->l[4]));
}

/* slope[g] = four times rise / denominator, at scale 2^256, for rises below 18/5 (factors): a factor below 21/20; moves the
 * running inverses on. */
CS_V8 void divide(batch *b, size_t step, cs_x8 slope[GROUPS], const cs_x8 rise[GROUPS], const cs_x8 d[GROUPS]) {
    const cs_x8 before[GROUPS] = {kept_product(b, step * GROUPS), kept_product(b, step * GROUPS + 1)};
    cs_x8 t[GROUPS];
    cs_x8_mul2_factors(t, b->running, before, &b->m);
    cs_x8_mul2_factors(b->running, b->running, d, &b->m);
    cs_x8_mul2_factors(slope, t, rise, &b->m);
}

/* a - p where a is above 3/2, or so: limbs that are not carried add little to the highest one. a below 5/2 comes to less
 * than 8/5, a below 3/2 to the same. */
CS_V8 cs_x8 lessen_roughly(const cs_x8 *a, const batch *b) {
    const cs_m8 large = cs_v8_less(b->limit, a->l[4]);
    cs_x8 r;
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_sub_where(large, a->l[k], a->l[k], b->m.m[k]);
    return r;
}

/* The third points, mirrored, of the lines with these slopes, as divide gives them, through (x1, y1) and points with x2;
 * less[g]: 2p - x1 - x2, not carried. */
CS_V8 void chords(cs_x8 x3[GROUPS], cs_x8 y3[GROUPS], const cs_x8 x1[GROUPS], const cs_x8 y1[GROUPS],
                  const cs_x8 less[GROUPS], const cs_x8 slope[GROUPS], const batch *b) {
    cs_x8 t[GROUPS], minus[GROUPS];
    cs_x8_mul2_add_raw(x3, slope, slope, less, &b->m); /* in (0, 2 + 51/50) */
    for (int g = 0; g < GROUPS; g++) {
        x3[g] = lessen_roughly(&x3[g], b); /* below 2 + 1/50 */
        x3[g] = lessen_roughly(&x3[g], b); /* below 8/5 */
        for (int k = 0; k < 5; k++) {
            t[g].l[k] = cs_v8_shl(cs_v8_add(cs_v8_sub(x1[g].l[k], x3[g].l[k]), b->twice.l[k]), 2);
            minus[g].l[k] = cs_v8_sub(b->m.m[k], y1[g].l[k]);
        }
        t[g] = cs_x8_carry_factor(&t[g]); /* below 12 */
    }
    cs_x8_mul2_add_raw(y3, slope, t, minus, &b->m); /* in (0, 2 + 1/5) */
    for (int g = 0; g < GROUPS; g++) {
        x3[g] = cs_x8_reduce(&x3[g], &b->m);
        y3[g] = lessen_roughly(&y3[g], b); /* below 8/5 */
        y3[g] = cs_x8_reduce(&y3[g], &b->m);
    }
}

/* Where the terms of a batch lie, and its results. */
typedef struct terms {
    cs_g1_affine *r;
    const cs_g1_affine *a, *b;
    const uint32_t *target, *index;
    size_t n;
} terms;

/* The terms of one group; lanes behind the end have the identity, twice. */
typedef struct group {
    const cs_g1_affine *left[LANES], *right[LANES];
    cs_m8 negative;
} group;

CS_V8 const cs_g1_affine *left_of(const terms *t, size_t j) {
    return t->a + (t->target ? t->target[j] : j);
}

CS_V8 const cs_g1_affine *right_of(const terms *t, size_t j) {
    return t->b + (t->index ? t->index[j] >> 1 : j);
}

CS_V8 group find(const terms *t, size_t number) {
    const size_t j = number * LANES;
    unsigned negative = 0;
    group g;
    if (j + LANES <= t->n)
        for (size_t k = 0; k < LANES; k++) {
            g.left[k] = left_of(t, j + k);
            g.right[k] = right_of(t, j + k);
            if (t->index)
                negative |= (t->index[j + k] & 1) << k;
        }
    else
        for (size_t k = 0; k < LANES; k++) {
            const bool real = j + k < t->n;
            g.left[k] = real ? left_of(t, j + k) : &NOTHING;
            g.right[k] = real ? right_of(t, j + k) : &NOTHING;
            if (t->index && real)
                negative |= (t->index[j + k] & 1) << k;
        }
    g.negative = (cs_m8)negative;
    return g;
}

/* Fetches the terms of a step of an accumulation, if there is such a step: they lie anywhere. */
CS_V8 void fetch(const terms *t, size_t step) {
    const size_t j = step * STEP;
    for (size_t k = j; t->target && j + STEP <= t->n && k < j + STEP; k++) {
        __builtin_prefetch(left_of(t, k), 1);
        __builtin_prefetch(right_of(t, k));
    }
}

/* Lanes of a group before the end. */
CS_V8 cs_m8 real_lanes(const terms *t, size_t number) {
    const size_t left = t->n > number * LANES ? t->n - number * LANES : 0;
    return (cs_m8)(left < LANES ? (1u << left) - 1 : 0xff);
}

CS_V8 cs_x8 gather_x(const cs_g1_affine *const p[LANES]) {
    const void *const at[LANES] = {&p[0]->x, &p[1]->x, &p[2]->x, &p[3]->x, &p[4]->x, &p[5]->x, &p[6]->x, &p[7]->x};
    return cs_x8_gather(at);
}

CS_V8 cs_x8 gather_y(const cs_g1_affine *const p[LANES]) {
    const void *const at[LANES] = {&p[0]->y, &p[1]->y, &p[2]->y, &p[3]->y, &p[4]->y, &p[5]->y, &p[6]->y, &p[7]->y};
    return cs_x8_gather(at);
}

static cs_g1_affine add_exception(cs_g1_affine a, cs_g1_affine b) {
    if (cs_g1_affine_is_identity(a))
        return b;
    return cs_g1_affine_is_identity(b) ? a : cs_g1_to_affine(cs_g1_add_affine(cs_g1_from_affine(a), b));
}

/* Results of the exceptions of a group, before anything is overwritten. */
static void add_exceptions(cs_g1_affine out[LANES], const group *g, cs_m8 exceptions) {
    for (unsigned k = 0; k < LANES; k++)
        if (exceptions >> k & 1)
            out[k] = add_exception(*g->left[k], g->negative >> k & 1 ? cs_g1_affine_neg(*g->right[k]) : *g->right[k]);
}

/* Writes a group's results: those of lanes behind the end go nowhere. */
CS_V8 void put(const terms *t, size_t number, const cs_x8 *x, const cs_x8 *y, const cs_g1_affine special[LANES],
               cs_m8 exceptions) {
    const size_t j = number * LANES;
    cs_g1_affine nowhere[LANES], *to[LANES];
    void *at_x[LANES], *at_y[LANES];
    for (size_t k = 0; k < LANES; k++) {
        to[k] = j + k < t->n ? t->r + (t->target ? t->target[j + k] : j + k) : &nowhere[k];
        at_x[k] = &to[k]->x;
        at_y[k] = &to[k]->y;
    }
    cs_x8_scatter(at_x, x);
    cs_x8_scatter(at_y, y);
    for (unsigned k = 0; k < LANES && exceptions; k++)
        if (exceptions >> k & 1)
            *to[k] = special[k];
}

/* Denominators, and which pairs are exceptions: identities, and pairs with the same x; their denominators are ones. */
CS_V8 void multiply_differences(batch *b, const terms *t) {
    for (size_t step = 0; step < steps_of(t->n); step++) {
        cs_x8 d[GROUPS];
        fetch(t, step + AHEAD);
        for (size_t g = 0; g < GROUPS; g++) {
            const size_t number = step * GROUPS + g;
            const group in = find(t, number);
            const cs_x8 x1 = gather_x(in.left), x2 = gather_x(in.right), raw = cs_x8_sub(&x2, &x1);
            const cs_m8 exceptions = (cs_m8)(all_zero(&raw) | all_zero(&x1) | all_zero(&x2));
            d[g] = cs_x8_sub_raw(&x2, &x1, &b->m);
            if (exceptions)
                d[g] = cs_x8_blend(exceptions, &d[g], &b->one);
            b->exceptions[number] = (cs_m8)(exceptions & real_lanes(t, number));
            keep(b, number, &d[g]);
        }
        cs_x8_mul2_factors(b->running, b->running, d, &b->m);
    }
}

/* y2 - y1, or -y2 - y1: a factor below 3. */
CS_V8 cs_x8 signed_rise(const cs_x8 *y1, const cs_x8 *y2, cs_m8 negative, const batch *b) {
    cs_x8 r;
    for (int k = 0; k < 5; k++) {
        const cs_v8 less = cs_v8_sub(b->twice.l[k], y1->l[k]);
        r.l[k] = cs_v8_sub_where(negative, cs_v8_add(less, y2->l[k]), less, y2->l[k]);
    }
    return cs_x8_carry_factor(&r);
}

CS_V8 void add_step(batch *b, const terms *t, size_t step) {
    cs_x8 x1[GROUPS], y1[GROUPS], rise[GROUPS], d[GROUPS], less[GROUPS], slope[GROUPS], x3[GROUPS], y3[GROUPS];
    cs_g1_affine special[GROUPS][LANES];
    for (size_t g = 0; g < GROUPS; g++) {
        const group in = find(t, step * GROUPS + g);
        const cs_x8 y2 = gather_y(in.right);
        x1[g] = gather_x(in.left);
        y1[g] = gather_y(in.left);
        rise[g] = signed_rise(&y1[g], &y2, in.negative, b);
        d[g] = kept_denominators(b, step * GROUPS + g);
        for (int k = 0; k < 5; k++) /* d is x2 - x1 + p */
            less[g].l[k] = cs_v8_sub(b->thrice.l[k], cs_v8_add(cs_v8_add(x1[g].l[k], x1[g].l[k]), d[g].l[k]));
        if (b->exceptions[step * GROUPS + g])
            add_exceptions(special[g], &in, b->exceptions[step * GROUPS + g]);
    }
    divide(b, step, slope, rise, d);
    chords(x3, y3, x1, y1, less, slope, b);
    for (size_t g = 0; g < GROUPS; g++)
        put(t, step * GROUPS + g, &x3[g], &y3[g], special[g], b->exceptions[step * GROUPS + g]);
}

CS_V8 void add_some(const terms *t, cs_fp *scratch) {
    batch b = start(scratch, t->n);
    multiply_differences(&b, t);
    invert(&b);
    for (size_t step = steps_of(t->n); step-- > 0;)
        add_step(&b, t, step);
}

static void batch_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n) {
    for (size_t from = 0; from < n; from += MOST) {
        const terms t = {r + from, a + from, b + from, NULL, NULL, n - from < MOST ? n - from : MOST};
        add_some(&t, scratch);
    }
}

static void batch_accumulate(cs_g1_affine *acc, const uint32_t *target, const cs_g1_affine *points, const uint32_t *index,
                             cs_fp *scratch, size_t n) {
    for (size_t from = 0; from < n; from += MOST) {
        const terms t = {acc, acc, points, target + from, index + from, n - from < MOST ? n - from : MOST};
        add_some(&t, scratch);
    }
}

/* ---- doubling ---- */

CS_V8 cs_x8 twofold(const cs_x8 *a) {
    const cs_x8 r = cs_x8_add(a, a);
    return cs_x8_carry(&r);
}

CS_V8 void twice_step(batch *b, const terms *t, size_t step) {
    static const cs_g1_affine special[LANES]; /* identities stay what they are */
    cs_x8 x1[GROUPS], y1[GROUPS], rise[GROUPS], d[GROUPS], less[GROUPS], slope[GROUPS], x3[GROUPS], y3[GROUPS];
    cs_x8 shifted[GROUPS];
    for (size_t g = 0; g < GROUPS; g++) {
        const group in = find(t, step * GROUPS + g);
        x1[g] = gather_x(in.left);
        y1[g] = gather_y(in.left);
        d[g] = kept_denominators(b, step * GROUPS + g);
        shifted[g] = cs_x8_times16(&x1[g]);
        for (int k = 0; k < 5; k++)
            less[g].l[k] = cs_v8_sub(b->twice.l[k], cs_v8_add(x1[g].l[k], x1[g].l[k]));
    }
    cs_x8_mul2_raw(rise, shifted, x1, &b->m); /* x^2, below 6/5 */
    for (int g = 0; g < GROUPS; g++) {
        const cs_x8 two = cs_x8_add(&rise[g], &rise[g]);
        rise[g] = cs_x8_add(&two, &rise[g]); /* below 18/5 */
        rise[g] = cs_x8_carry_factor(&rise[g]);
    }
    divide(b, step, slope, rise, d);
    chords(x3, y3, x1, y1, less, slope, b);
    for (size_t g = 0; g < GROUPS; g++)
        put(t, step * GROUPS + g, &x3[g], &y3[g], special, b->exceptions[step * GROUPS + g]);
}

static void twice_some(const terms *t, cs_fp *scratch) {
    batch b = start(scratch, t->n);
    for (size_t step = 0; step < steps_of(t->n); step++) {
        cs_x8 d[GROUPS];
        for (size_t g = 0; g < GROUPS; g++) {
            const size_t number = step * GROUPS + g;
            const group in = find(t, number);
            const cs_x8 y = gather_y(in.left), two = twofold(&y);
            const cs_m8 exceptions = all_zero(&y); /* identities alone: the group's order is odd */
            b.exceptions[number] = (cs_m8)(exceptions & real_lanes(t, number));
            d[g] = cs_x8_blend(exceptions, &two, &b.one);
            keep(&b, number, &d[g]);
        }
        cs_x8_mul2_factors(b.running, b.running, d, &b.m);
    }
    invert(&b);
    for (size_t step = steps_of(t->n); step-- > 0;)
        twice_step(&b, t, step);
}

static void batch_twice(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n) {
    for (size_t from = 0; from < n; from += MOST) {
        const terms t = {r + from, a + from, a + from, NULL, NULL, n - from < MOST ? n - from : MOST};
        twice_some(&t, scratch);
    }
}

/* ---- square roots ---- */

/* acc = acc^((p + 1) / 4) of a number v 2^256: to products it is v / 16 at scale 2^260, so that its power is short of the
 * factor 16^((p + 1) / 4) = 4 (a square's power is its root). Below 2, carried. */
CS_V8 void root_step(cs_x8 acc[GROUPS], const cs_mod8 *m) {
    const cs_x8 four = cs_x8_all(cs_fp_from_u64(4).v);
    const cs_x8 fours[GROUPS] = {four, four};
    cs_x8 odd[CS_ROOT_POWERS][GROUPS], square[GROUPS];
    cs_x8_mul2(square, acc, acc, m);
    memcpy(odd[0], acc, sizeof odd[0]);
    for (int x = 1; x < CS_ROOT_POWERS; x++)
        cs_x8_mul2(odd[x], odd[x - 1], square, m);
    int left = CS_ROOT_BITS;
    memcpy(acc, odd[cs_root_next(&left).power / 2], sizeof odd[0]);
    while (left > 0) {
        const cs_root_window w = cs_root_next(&left);
        for (int x = 0; x < w.squarings; x++)
            cs_x8_mul2(acc, acc, acc, m);
        if (w.power)
            cs_x8_mul2(acc, acc, odd[w.power / 2], m);
    }
    cs_x8_mul2(acc, acc, fours, m);
}

static void batch_roots(cs_fp *r, const cs_fp *a, size_t n) {
    const cs_mod8 m = cs_mod8_of(&P);
    for (size_t j = 0; j < n; j += STEP) {
        const size_t count = n - j < STEP ? n - j : STEP;
        cs_fp block[STEP] = {{{0}}};
        memcpy(block, a + j, count * sizeof *a);
        cs_x8 acc[GROUPS] = {cs_x8_load(block), cs_x8_load(block + LANES)};
        root_step(acc, &m);
        for (size_t g = 0; g < GROUPS; g++) {
            acc[g] = cs_x8_reduce(&acc[g], &m);
            cs_x8_store(block + g * LANES, &acc[g]);
        }
        memcpy(r + j, block, count * sizeof *r);
    }
}

const cs_g1_kernels cs_g1_kernels_avx512ifma = {
    .isa = CS_ISA_AVX512IFMA, .add = batch_add, .accumulate = batch_accumulate, .twice = batch_twice, .roots = batch_roots};
