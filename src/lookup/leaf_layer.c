#include "lookup/leaf_layer.h"
#include "base/bits.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include <string.h>

/* Rounds on integers; parts that an entry of a table is made of after them; terms of a half, ones included. */
enum { ROUNDS = 2, PARTS = 1 << ROUNDS, TERMS = 1 + PARTS * CS_LEAF_KINDS };
enum { PRODUCTS = CS_LEAF_KINDS * CS_LEAF_KINDS, BATCH = 8 };

/* A piece of one half as combinations of integers: numerators and denominators are sums over k of p[k] x[k] and q[k] x[k],
 * where x[0] stands for ones. */
typedef struct side {
    unsigned n;
    const int64_t *x[TERMS];
    cs_fr p[TERMS], q[TERMS];
} side;

/* base + sum of t[k] x[k] */
typedef struct sum {
    cs_fr base;
    unsigned n;
    const int64_t *x[CS_AFFINE_TERMS];
    cs_fr t[CS_AFFINE_TERMS];
} sum;

/* What the sums for a tile of fractions depend on but for the integers: most tiles have what the one before had. */
typedef struct recipe {
    unsigned has[2];
    cs_fr p[2], q[2], weight, lambda;
} recipe;

typedef struct mixture {
    bool made;
    recipe of;
    sum up, down;
} mixture;

struct cs_leaf_layer {
    const cs_leaves *l;
    const cs_tiles *tiles;
    cs_fr lambda;
    unsigned rounds;                  /* done */
    cs_fr plain[CS_LEAF_KINDS];       /* coefficients of the leaves' denominators */
    cs_fr weight[PARTS];              /* eq(challenges, part) */
    cs_fr coef[PARTS][CS_LEAF_KINDS]; /* the same times those */
    mixture mixtures[2][2];
    cs_leaf_piece low[2][PARTS / 2], high[2][PARTS / 2], part[PARTS]; /* pieces in work */
    int64_t products[PRODUCTS][CS_TILE];
    cs_fr fractions[2][CS_LAYER_TABLES][CS_TILE];
};

static void set_coefs(cs_leaf_layer *y) {
    for (unsigned part = 0; part < 1U << y->rounds; part++)
        for (unsigned k = 0; k < CS_LEAF_KINDS; k++)
            y->coef[part][k] = cs_fr_mul(y->weight[part], y->plain[k]);
}

cs_leaf_layer *cs_leaf_layer_new(const cs_leaves *l, const cs_tiles *tiles) {
    cs_leaf_layer *y = CS_NEW(cs_leaf_layer, 1);
    if (!y)
        return NULL;
    y->l = l;
    y->tiles = tiles;
    cs_leaf_coefs(l, y->plain);
    return y;
}

void cs_leaf_layer_free(cs_leaf_layer *y) {
    cs_free(y);
}

static void add_piece(side *s, cs_fr weight, const cs_fr coef[CS_LEAF_KINDS], const cs_leaf_piece *piece) {
    s->p[0] = cs_fr_add(s->p[0], cs_fr_mul(weight, piece->p));
    s->q[0] = cs_fr_add(s->q[0], cs_fr_mul(weight, piece->q));
    for (unsigned k = 0; k < CS_LEAF_KINDS; k++) {
        if (!(piece->has >> k & 1))
            continue;
        s->x[s->n] = piece->x[k];
        s->p[s->n] = k == CS_LEAF_P ? weight : CS_FR_ZERO;
        s->q[s->n++] = coef[k];
    }
}

/* A piece of the leaves. */
static void side_of(const cs_leaf_layer *y, const cs_leaf_piece *piece, side *out) {
    *out = (side){.n = 1};
    add_piece(out, CS_FR_ONE, y->plain, piece);
}

/* A piece of one half of the leaves after the rounds so far. */
static void combine(const cs_leaf_layer *y, const cs_leaf_piece *parts, side *out) {
    *out = (side){.n = 1};
    for (unsigned part = 0; part < 1U << y->rounds; part++)
        add_piece(out, y->weight[part], y->coef[part], &parts[part]);
}

/* The integers of a pair of terms, not both of ones: those of one side, or products in `into`. */
static const int64_t *pair_of(const int64_t *x, const int64_t *y, int64_t *into) {
    if (!x || !y)
        return x ? x : y;
    for (size_t k = 0; k < CS_TILE; k++)
        into[k] = x[k] * y[k];
    return into;
}

static void load_tile(const cs_leaf_layer *y, size_t tile, cs_leaf_piece *out) {
    cs_leaf_piece_load(y->l, cs_tile_entry(y->tiles, tile), CS_TILE, out);
}

/* ---- the layer above the leaves ---- */

static void add_to_sum(sum *s, cs_fr t, const int64_t *x) {
    if (!x) {
        s->base = t;
    } else if (!cs_fr_is_zero(t)) { /* public: which kinds of integers a piece has */
        s->x[s->n] = x;
        s->t[s->n++] = t;
    }
}

/* Products are where multiply() puts them. */
static void mix(cs_leaf_layer *y, const recipe *r, const side *a, const side *b, mixture *out) {
    *out = (mixture){.made = true, .of = *r};
    const int64_t(*product)[CS_TILE] = (const int64_t(*)[CS_TILE])y->products;
    for (unsigned j = 0; j < b->n; j++) {
        const cs_fr bq = cs_fr_mul(r->weight, b->q[j]);
        const cs_fr both = cs_fr_add(cs_fr_mul(r->weight, b->p[j]), cs_fr_mul(r->lambda, bq));
        for (unsigned i = 0; i < a->n; i++) {
            const int64_t *ints = i && j ? *product++ : i ? a->x[i] : j ? b->x[j] : NULL;
            add_to_sum(&out->up, cs_fr_add(cs_fr_mul(a->p[i], bq), cs_fr_mul(a->q[i], both)), ints);
            add_to_sum(&out->down, cs_fr_mul(a->q[i], bq), ints);
        }
    }
}

static void multiply(cs_leaf_layer *y, const side *a, const side *b) {
    int64_t(*into)[CS_TILE] = y->products;
    for (unsigned j = 1; j < b->n; j++)
        for (unsigned i = 1; i < a->n; i++, into++)
            (void)pair_of(a->x[i], b->x[j], *into);
}

/* Tile x of the fractions, each numerator plus lambda times its denominator; all times weight. `last`: what was mixed for a
 * tile like this. */
static void load_fractions(cs_leaf_layer *y, size_t x, cs_fr weight, cs_fr lambda, mixture *last, cs_fr *p, cs_fr *q) {
    recipe r = {.weight = weight, .lambda = lambda};
    side sides[2];
    for (unsigned h = 0; h < 2; h++) {
        cs_leaf_piece *piece = &y->part[h];
        load_tile(y, 2 * x + h, piece);
        side_of(y, piece, &sides[h]);
        r.has[h] = piece->has;
        r.p[h] = piece->p;
        r.q[h] = piece->q;
    }
    multiply(y, &sides[0], &sides[1]);
    if (!last->made || memcmp(&r, &last->of, sizeof r) != 0)
        mix(y, &r, &sides[0], &sides[1], last);
    cs_fr_vec_affine(p, last->up.base, last->up.t, last->up.x, last->up.n, CS_TILE);
    cs_fr_vec_affine(q, last->down.base, last->down.t, last->down.x, last->down.n, CS_TILE);
}

void cs_leaf_layer_fractions(cs_leaf_layer *y, size_t x, cs_fr *p, cs_fr *q) {
    load_fractions(y, x, CS_FR_ONE, CS_FR_ZERO, &y->mixtures[0][0], p, q);
}

/* Tile t of the tables of this layer's sumcheck. */
static void load_tables(cs_leaf_layer *y, size_t t, cs_fr weight, mixture last[2], cs_fr *const out[]) {
    load_fractions(y, 2 * t, weight, CS_FR_ZERO, &last[0], out[CS_LAYER_P0], out[CS_LAYER_Q0]);
    load_fractions(y, 2 * t + 1, weight, y->lambda, &last[1], out[CS_LAYER_P1], out[CS_LAYER_Q1]);
}

static void play_fractions(void *context, const cs_fr eq[CS_TILE], size_t t, cs_fr at[2]) {
    cs_leaf_layer *y = context;
    cs_fr *to[2][CS_LAYER_TABLES];
    for (unsigned high = 0; high < 2; high++) {
        for (unsigned k = 0; k < CS_LAYER_TABLES; k++)
            to[high][k] = y->fractions[high][k];
        load_tables(y, 2 * t + high, CS_FR_ONE, y->mixtures[0], to[high]);
    }
    cs_layer_pair(eq, (const cs_fr *const *)to[0], (const cs_fr *const *)to[1], at);
}

static void fold_fractions(void *context, size_t t, cs_fr *const out[]) {
    cs_leaf_layer *y = context;
    cs_fr *high[CS_LAYER_TABLES];
    for (unsigned k = 0; k < CS_LAYER_TABLES; k++)
        high[k] = y->fractions[0][k];
    load_tables(y, 2 * t, y->weight[0], y->mixtures[0], out);
    load_tables(y, 2 * t + 1, y->weight[1], y->mixtures[1], high);
    for (unsigned k = 0; k < CS_LAYER_TABLES; k++)
        cs_fr_vec_add(out[k], out[k], high[k], CS_TILE);
}

/* ---- rounds ---- */

typedef struct batch {
    unsigned n;
    const int64_t *x[BATCH];
    cs_fr t[BATCH];
} batch;

static void flush(const cs_fr eq[CS_TILE], batch *b, cs_fr *out) {
    cs_fr dots[BATCH];
    cs_fr_vec_dots(dots, eq, CS_FR_ONE, b->x, b->n, CS_TILE);
    for (unsigned k = 0; k < b->n; k++)
        *out = cs_fr_add(*out, cs_fr_mul(b->t[k], dots[k]));
    b->n = 0;
}

/* Sum under eq of p q' + q (p' + lambda q'), with q', p' of the second half. */
static cs_fr sum_of_pairs(cs_leaf_layer *y, const cs_fr eq[CS_TILE], const side *a, const side *b) {
    cs_fr out = CS_FR_ZERO;
    batch now = {.n = 0};
    for (unsigned j = 0; j < b->n; j++) {
        const cs_fr both = cs_fr_add(b->p[j], cs_fr_mul(y->lambda, b->q[j]));
        for (unsigned i = 0; i < a->n; i++) {
            const cs_fr t = cs_fr_add(cs_fr_mul(a->p[i], b->q[j]), cs_fr_mul(a->q[i], both));
            if (i == 0 && j == 0) {
                out = t; /* eq adds up to one */
                continue;
            }
            now.x[now.n] = pair_of(a->x[i], b->x[j], y->products[now.n]);
            now.t[now.n++] = t;
            if (now.n == BATCH)
                flush(eq, &now, &out);
        }
    }
    flush(eq, &now, &out);
    return out;
}

/* high = 2 high - low: the line through both at 2. */
static void step(const cs_leaf_piece *low, cs_leaf_piece *high) {
    high->p = cs_fr_sub(cs_fr_add(high->p, high->p), low->p);
    high->q = cs_fr_sub(cs_fr_add(high->q, high->q), low->q);
    for (unsigned k = 0; k < CS_LEAF_KINDS; k++) {
        const bool in_low = low->has >> k & 1, in_high = high->has >> k & 1;
        int64_t *x = high->x[k];
        for (size_t j = 0; in_high && j < CS_TILE; j++)
            x[j] *= 2;
        for (size_t j = 0; in_low && j < CS_TILE; j++)
            x[j] = (in_high ? x[j] : 0) - low->x[k][j];
    }
    high->has |= low->has;
}

/* The leaves' tiles of tile t of the tables after the rounds so far, one for each part of a half. The first challenge is the
 * highest bit of a part, and the lowest of those that number lines, but for the half. */
static void load_half(const cs_leaf_layer *y, size_t t, unsigned half, cs_leaf_piece *parts) {
    for (unsigned part = 0; part < 1U << y->rounds; part++) {
        load_tile(y, (t << y->rounds | cs_reversed(part, y->rounds)) * 2 + half, &parts[part]);
    }
}

static void play_leaves(void *context, const cs_fr eq[CS_TILE], size_t t, cs_fr at[2]) {
    cs_leaf_layer *y = context;
    for (unsigned half = 0; half < 2; half++) {
        load_half(y, 2 * t, half, y->low[half]);
        load_half(y, 2 * t + 1, half, y->high[half]);
    }
    for (unsigned node = 0; node < 2; node++) {
        side a, b;
        combine(y, node ? y->high[0] : y->low[0], &a);
        combine(y, node ? y->high[1] : y->low[1], &b);
        at[node] = sum_of_pairs(y, eq, &a, &b);
        for (unsigned part = 0; node == 0 && part < 1U << y->rounds; part++) {
            step(&y->low[0][part], &y->high[0][part]);
            step(&y->low[1][part], &y->high[1][part]);
        }
    }
}

static void fold_leaves(void *context, size_t t, cs_fr *const out[]) {
    cs_leaf_layer *y = context;
    for (unsigned h = 0; h < 2; h++) {
        side s;
        load_half(y, t, h, y->part);
        combine(y, y->part, &s);
        cs_fr_vec_affine(out[h ? CS_LAYER_Q1 : CS_LAYER_Q0], s.q[0], s.q + 1, s.x + 1, s.n - 1, CS_TILE);
        sum numerators = {.base = s.p[0]};
        for (unsigned k = 0; k < s.n; k++)
            add_to_sum(&numerators, h ? cs_fr_add(s.p[k], cs_fr_mul(y->lambda, s.q[k])) : s.p[k], s.x[k]);
        cs_fr_vec_affine(out[h ? CS_LAYER_P1 : CS_LAYER_P0], numerators.base, numerators.t, numerators.x, numerators.n,
                         CS_TILE);
    }
}

/* ---- the two sumchecks ---- */

static void bind(void *context, cs_fr r) {
    cs_leaf_layer *y = context;
    for (unsigned part = 1U << y->rounds; part-- > 0;) {
        const cs_fr high = cs_fr_mul(y->weight[part], r);
        y->weight[2 * part] = cs_fr_sub(y->weight[part], high);
        y->weight[2 * part + 1] = high;
    }
    y->rounds++;
    set_coefs(y);
}

unsigned cs_leaf_layer_rounds(unsigned bits, unsigned level) {
    const unsigned most = level + 1 == bits ? ROUNDS : level + 2 == bits ? 1 : 0;
    return level < most ? level : most;
}

cs_layer_source cs_leaf_layer_source(cs_leaf_layer *y, bool of_leaves, cs_fr lambda) {
    y->lambda = lambda;
    y->rounds = 0;
    y->weight[0] = CS_FR_ONE;
    set_coefs(y);
    return (cs_layer_source){.rounds = of_leaves ? ROUNDS : 1,
                             .context = y,
                             .pair = of_leaves ? play_leaves : play_fractions,
                             .bind = bind,
                             .load = of_leaves ? fold_leaves : fold_fractions};
}
