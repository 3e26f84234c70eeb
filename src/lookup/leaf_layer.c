#include "lookup/leaf_layer.h"
#include "base/bits.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include "lookup/leaf_grid.h"
#include <string.h>

/* Rounds on integers; parts that an entry of a table is made of after them; terms of a half, ones included. */
enum { ROUNDS = 2, PARTS = 1 << ROUNDS, TERMS = 1 + PARTS * CS_LEAF_KINDS };
enum { PRODUCTS = CS_LEAF_KINDS * CS_LEAF_KINDS };

/* A piece of one half as combinations of integers: numerators and denominators are sums over k of p[k] x[k] and q[k] x[k],
 * where x[0] stands for ones. */
typedef struct side {
    unsigned n;
    const int64_t *x[TERMS];
    cs_fr p[TERMS], q[TERMS];
} side;

/* base + sum of t[k] x[k]: as it is made up, and prepared for many tiles. */
typedef struct sum {
    cs_fr base;
    unsigned n;
    const int64_t *x[CS_AFFINE_TERMS];
    cs_fr t[CS_AFFINE_TERMS];
    cs_fr_affine plan;
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

/* The same for a half of the leaf layer's tables after the rounds. */
typedef struct fold_recipe {
    unsigned has[PARTS];
    cs_fr p[PARTS], q[PARTS];
} fold_recipe;

typedef struct folded {
    bool made;
    fold_recipe of;
    sum up, down;
} folded;

struct cs_leaf_layer {
    const cs_leaves *l;
    const cs_tiles *tiles;
    cs_leaf_grid *grid;
    cs_fr lambda;
    unsigned rounds;                  /* done */
    cs_fr plain[CS_LEAF_KINDS];       /* coefficients of the leaves' denominators */
    cs_fr weight[PARTS];              /* eq(challenges, part) */
    cs_fr coef[PARTS][CS_LEAF_KINDS]; /* the same times those */
    mixture mixtures[2][2];
    folded folded[2];
    cs_leaf_corners corners; /* pieces in work */
    cs_leaf_piece part[PARTS];
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
    y->grid = cs_leaf_grid_new(y->plain);
    if (!y->grid) {
        cs_free(y);
        return NULL;
    }
    return y;
}

void cs_leaf_layer_free(cs_leaf_layer *y) {
    if (y)
        cs_leaf_grid_free(y->grid);
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

static void prepare(sum *s) {
    cs_fr_vec_affine_plan(&s->plan, s->base, s->t, s->n);
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
    prepare(&out->up);
    prepare(&out->down);
}

static void multiply(cs_leaf_layer *y, const side *a, const side *b) {
    int64_t(*into)[CS_TILE] = y->products;
    for (unsigned j = 1; j < b->n; j++)
        for (unsigned i = 1; i < a->n; i++, into++)
            for (size_t k = 0; k < CS_TILE; k++)
                (*into)[k] = a->x[i][k] * b->x[j][k];
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
    cs_fr_vec_affine(p, &last->up.plan, last->up.x, CS_TILE);
    cs_fr_vec_affine(q, &last->down.plan, last->down.x, CS_TILE);
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

/* ---- the leaf layer ---- */

static void add_leaves(void *context, size_t t, cs_fr weight) {
    cs_leaf_layer *y = context;
    for (unsigned half = 0; half < 2; half++)
        for (size_t c = 0; c < CS_LEAF_CORNERS; c++)
            load_tile(y, (CS_LEAF_CORNERS * t + c) * 2 + half, &y->corners[half][c]);
    cs_leaf_grid_add(y->grid, weight, (const cs_leaf_piece(*)[CS_LEAF_CORNERS])y->corners);
}

static void play_leaves(void *context, cs_fr point, cs_fr at[2]) {
    cs_leaf_layer *y = context;
    if (y->rounds == 0)
        cs_leaf_grid_first(y->grid, point, at);
    else
        cs_leaf_grid_second(y->grid, y->weight[1], at);
}

static void start_leaves(void *context, const cs_fr eq[CS_TILE]) {
    cs_leaf_layer *y = context;
    cs_leaf_grid_start(y->grid, y->lambda, eq);
}

/* The tables' own sums of a half; those of the second have lambda in the numerators. */
static void mix_parts(const cs_leaf_layer *y, const fold_recipe *r, unsigned half, folded *out) {
    side s;
    combine(y, y->part, &s);
    *out = (folded){.made = true, .of = *r};
    for (unsigned k = 0; k < s.n; k++) {
        add_to_sum(&out->down, s.q[k], s.x[k]);
        add_to_sum(&out->up, half ? cs_fr_add(s.p[k], cs_fr_mul(y->lambda, s.q[k])) : s.p[k], s.x[k]);
    }
    prepare(&out->up);
    prepare(&out->down);
}

/* Tile t of the tables after the rounds, made of one of the leaves' tiles for each part of a half. The first challenge is
 * the highest bit of a part, and the lowest of those that number lines, but for the half. */
static void fold_leaves(void *context, size_t t, cs_fr *const out[]) {
    cs_leaf_layer *y = context;
    for (unsigned h = 0; h < 2; h++) {
        fold_recipe r;
        folded *last = &y->folded[h];
        for (unsigned part = 0; part < PARTS; part++) {
            load_tile(y, (PARTS * t + cs_reversed(part, ROUNDS)) * 2 + h, &y->part[part]);
            r.has[part] = y->part[part].has;
            r.p[part] = y->part[part].p;
            r.q[part] = y->part[part].q;
        }
        if (!last->made || memcmp(&r, &last->of, sizeof r) != 0)
            mix_parts(y, &r, h, last);
        cs_fr_vec_affine(out[h ? CS_LAYER_P1 : CS_LAYER_P0], &last->up.plan, last->up.x, CS_TILE);
        cs_fr_vec_affine(out[h ? CS_LAYER_Q1 : CS_LAYER_Q0], &last->down.plan, last->down.x, CS_TILE);
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
    y->folded[0].made = y->folded[1].made = false;
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
    if (!of_leaves)
        return (cs_layer_source){.rounds = 1, .context = y, .pair = play_fractions, .bind = bind, .load = fold_fractions};
    return (cs_layer_source){.rounds = ROUNDS,
                             .context = y,
                             .start = start_leaves,
                             .add = add_leaves,
                             .play = play_leaves,
                             .bind = bind,
                             .load = fold_leaves};
}
