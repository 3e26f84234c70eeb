#include "lookup/tree.h"
#include "base/bits.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include "lookup/leaf_layer.h"
#include <string.h>

/* Layers of up to WHOLE_BITS bits are stored whole, in the order of leaves: all rounds on their tables, which have a bit
 * less, go two in a message. Bigger ones are stored as tiles. */
enum { WHOLE_BITS = CS_SC_PAIR_BITS + 1, BLOCK = CS_TILE };
enum { P0 = CS_LAYER_P0, P1 = CS_LAYER_P1, Q0 = CS_LAYER_Q0, Q1 = CS_LAYER_Q1 };

/* The leaves as tables of their layer's sumcheck. */
typedef struct half_leaves {
    const cs_leaves *l;
    size_t start;
    cs_fr lambda;
} half_leaves;

/* A tile of fractions: where it is stored, or in `space`. */
typedef struct tile {
    const cs_fr *p, *q;
    cs_fr space[2][CS_TILE];
} tile;

/* A layer's sumcheck in its first round, on stored children. */
typedef struct stored_children {
    const struct cs_tree *t;
    unsigned level; /* the children's */
    cs_fr lambda, r;
} stored_children;

struct cs_tree {
    const cs_leaves *l;
    unsigned bits;
    cs_fr *p[CS_TREE_BITS], *q[CS_TREE_BITS]; /* of layer k, if it is stored */
    half_leaves halves[2];
    /* Of small leaves: */
    cs_leaf_layer *small;
    cs_tiles tiles;
    cs_fr *constants[CS_TREE_BITS + 1]; /* denominators of layer k's constant tiles */
    cs_layer_rounds rounds;
    stored_children children;
};

void cs_tree_free(cs_tree *t) {
    if (!t)
        return;
    for (unsigned k = 0; k < CS_TREE_BITS; k++) {
        cs_free(t->p[k]);
        cs_free(t->q[k]);
        cs_free(t->constants[k]);
    }
    cs_layer_rounds_free(&t->rounds);
    cs_leaf_layer_free(t->small);
    cs_tiles_free(&t->tiles);
    cs_free(t);
}

void cs_tree_root(const cs_tree *t, cs_fr *p, cs_fr *q) {
    *p = t->p[0][0];
    *q = t->q[0][0];
}

/* ---- tiles ---- */

static const cs_tile_map *map_of(const cs_tree *t, unsigned level) {
    return &t->tiles.map[t->bits - level];
}

static const cs_fr *constants_of(const cs_tree *t, unsigned level) {
    return level == t->bits ? t->tiles.leaf : t->constants[level];
}

static bool in_tiles(const cs_tree *t, unsigned level) {
    return t->small && level > WHOLE_BITS;
}

static void fill(cs_fr *out, cs_fr value) {
    for (size_t j = 0; j < CS_TILE; j++)
        out[j] = value;
}

/* A tile of a layer that is stored as tiles. */
static void get_tile(const cs_tree *t, unsigned level, size_t x, tile *out) {
    const cs_tile_map *m = map_of(t, level);
    if (cs_tile_stored(m, x)) {
        const size_t at = (size_t)m->at[x] << CS_TILE_BITS;
        out->p = t->p[level] + at;
        out->q = t->q[level] + at;
        return;
    }
    fill(out->space[0], CS_FR_ZERO);
    fill(out->space[1], constants_of(t, level)[cs_tile_constant(m, x)]);
    out->p = out->space[0];
    out->q = out->space[1];
}

/* The same of any layer but the leaves: tiles of the one above them are not stored. */
static void make_tile(const cs_tree *t, unsigned level, size_t x, tile *out) {
    if (level + 1 < t->bits) {
        get_tile(t, level, x, out);
        return;
    }
    cs_leaf_layer_fractions(t->small, x, out->space[0], out->space[1]);
    out->p = out->space[0];
    out->q = out->space[1];
}

static void add_children(const cs_tree *t, unsigned level, size_t x, cs_fr *p, cs_fr *q) {
    tile a, b;
    make_tile(t, level + 1, 2 * x, &a);
    make_tile(t, level + 1, 2 * x + 1, &b);
    cs_fr_vec_fractions(p, q, a.p, a.q, b.p, b.q, CS_TILE);
}

/* A layer whose children are tiles. */
static void fill_from_tiles(cs_tree *t, unsigned level) {
    const cs_tile_map *m = map_of(t, level);
    const bool whole = !in_tiles(t, level);
    for (size_t k = 0; k < m->n; k++) {
        const size_t x = level + 2 == t->bits ? cs_tile_by_line(&t->tiles, m->n, k) : k;
        const bool stored = cs_tile_stored(m, x);
        const size_t place = whole ? cs_tile_place(&t->tiles, x, cs_bits(m->n)) : stored ? (size_t)m->at[x] : 0;
        cs_fr *p = t->p[level] + (place << CS_TILE_BITS), *q = t->q[level] + (place << CS_TILE_BITS);
        if (stored) {
            add_children(t, level, x, p, q);
        } else if (whole) {
            fill(p, CS_FR_ZERO);
            fill(q, constants_of(t, level)[cs_tile_constant(m, x)]);
        }
    }
}

static cs_status make_constants(cs_tree *t) {
    for (unsigned level = t->bits; level-- > t->l->low_bits;) {
        const cs_tile_map *m = map_of(t, level);
        const cs_fr *below = constants_of(t, level + 1);
        t->constants[level] = CS_NEW(cs_fr, m->n_constants + 1);
        if (!t->constants[level])
            return CS_ERR_MEMORY;
        for (size_t c = 0; c < m->n_constants; c++)
            t->constants[level][c] = cs_fr_mul(below[m->parts[c][0]], below[m->parts[c][1]]);
    }
    return CS_OK;
}

/* ---- layers ---- */

static cs_status new_layer(cs_tree *t, unsigned level) {
    const size_t n = in_tiles(t, level) ? map_of(t, level)->stored << CS_TILE_BITS : (size_t)1 << level;
    t->p[level] = CS_NEW(cs_fr, n + 1);
    t->q[level] = CS_NEW(cs_fr, n + 1);
    return t->p[level] && t->q[level] ? CS_OK : CS_ERR_MEMORY;
}

static void free_layer(cs_tree *t, unsigned level) {
    cs_free(t->p[level]);
    cs_free(t->q[level]);
    t->p[level] = t->q[level] = NULL;
}

/* Fractions x.. of the layer above the leaves. */
static void add_leaf_block(const cs_leaves *l, cs_fr *p, cs_fr *q, size_t x, size_t n) {
    const size_t half = (size_t)1 << (l->bits - 1);
    cs_fr p0[BLOCK], q0[BLOCK], p1[BLOCK], q1[BLOCK];
    cs_leaves_numerators(l, x, n, p0);
    cs_leaves_denominators(l, x, n, q0);
    cs_leaves_numerators(l, half + x, n, p1);
    cs_leaves_denominators(l, half + x, n, q1);
    cs_fr_vec_fractions(p, q, p0, q0, p1, q1, n);
}

static cs_status first_layer(cs_tree *t) {
    const unsigned k = t->bits - 1;
    const size_t n = (size_t)1 << k;
    CS_TRY(new_layer(t, k));
    for (size_t x = 0; x < n; x += BLOCK)
        add_leaf_block(t->l, t->p[k] + x, t->q[k] + x, x, cs_smaller(n - x, BLOCK));
    return CS_OK;
}

/* The layer after that, a block of the first one at a time. */
static void second_layer(cs_tree *t) {
    const unsigned k = t->bits - 2;
    const size_t n = (size_t)1 << k;
    cs_fr p[2][BLOCK], q[2][BLOCK];
    for (size_t x = 0; x < n; x += BLOCK) {
        const size_t m = cs_smaller(n - x, BLOCK);
        for (size_t half = 0; half < 2; half++)
            add_leaf_block(t->l, p[half], q[half], half * n + x, m);
        cs_fr_vec_fractions(t->p[k] + x, t->q[k] + x, p[0], q[0], p[1], q[1], m);
    }
}

static void add_whole_layers(cs_tree *t, unsigned level) {
    const size_t n = (size_t)1 << level;
    cs_fr *p = t->p[level + 1], *q = t->q[level + 1];
    cs_fr_vec_fractions(t->p[level], t->q[level], p, q, p + n, q + n, n);
}

/* Without its first layer, which is never stored. */
static cs_status grow_small(cs_tree *t) {
    t->small = cs_leaf_layer_new(t->l, &t->tiles);
    if (!t->small)
        return CS_ERR_MEMORY;
    CS_TRY(cs_tiles_new(&t->tiles, t->l));
    CS_TRY(make_constants(t));
    for (unsigned level = t->bits - 1; level-- > 0;) {
        CS_TRY(new_layer(t, level));
        if (level >= WHOLE_BITS || level + 2 == t->bits)
            fill_from_tiles(t, level);
        else
            add_whole_layers(t, level);
    }
    return CS_OK;
}

/* Of leaves that are few, or no small integers. A long tree is without its first layer, half of its memory, until the layers
 * above it are done with. */
static cs_status grow_any(cs_tree *t) {
    const cs_leaves *l = t->l;
    if (l->bits == 0) { /* the only leaf */
        CS_TRY(new_layer(t, 0));
        cs_leaves_numerators(l, 0, 1, t->p[0]);
        cs_leaves_denominators(l, 0, 1, t->q[0]);
        return CS_OK;
    }
    const bool is_long = l->bits >= l->long_bits && l->bits >= 2;
    if (!is_long)
        CS_TRY(first_layer(t));
    for (unsigned level = l->bits - 1; level-- > 0;) {
        CS_TRY(new_layer(t, level));
        if (is_long && level + 2 == l->bits)
            second_layer(t);
        else
            add_whole_layers(t, level);
    }
    return CS_OK;
}

cs_status cs_tree_new(cs_tree **out, const cs_leaves *l) {
    cs_tree *t = *out = CS_NEW(cs_tree, 1);
    if (!t)
        return CS_ERR_MEMORY;
    t->l = l;
    t->bits = l->bits;
    const bool small = l->bits > WHOLE_BITS && l->bits <= CS_TILES_BITS && cs_leaves_are_small(l);
    const cs_status status = small ? grow_small(t) : grow_any(t);
    if (status != CS_OK) {
        cs_tree_free(t);
        *out = NULL;
    }
    return status;
}

/* ---- tables of the sumchecks: leaves of any kind ---- */

static void load_p(const void *context, size_t offset, size_t n, cs_fr *out) {
    const half_leaves *h = context;
    cs_leaves_numerators(h->l, h->start + offset, n, out);
}

static void load_q(const void *context, size_t offset, size_t n, cs_fr *out) {
    const half_leaves *h = context;
    cs_leaves_denominators(h->l, h->start + offset, n, out);
}

static void load_p_plus_q(const void *context, size_t offset, size_t n, cs_fr *out) {
    const half_leaves *h = context;
    load_p(context, offset, n, out);
    for (size_t x = 0; x < n; x += BLOCK) {
        cs_fr q[BLOCK];
        const size_t m = cs_smaller(n - x, BLOCK);
        load_q(context, offset + x, m, q);
        cs_fr_vec_axpy(out + x, h->lambda, q, m);
    }
}

static void start_leaves(cs_tree *t, cs_fr lambda, cs_sc_witness *out) {
    for (size_t h = 0; h < 2; h++)
        t->halves[h] = (half_leaves){.l = t->l, .start = h << (t->bits - 1), .lambda = lambda};
    out->tables[P0] = (cs_sc_table){.load = load_p, .context = &t->halves[0]};
    out->tables[P1] = (cs_sc_table){.load = load_p_plus_q, .context = &t->halves[1]};
    out->tables[Q0] = (cs_sc_table){.load = load_q, .context = &t->halves[0]};
    out->tables[Q1] = (cs_sc_table){.load = load_q, .context = &t->halves[1]};
}

static void start_whole(const cs_tree *t, unsigned level, cs_fr lambda, cs_sc_witness *out) {
    const size_t half = (size_t)1 << level;
    cs_fr *p = t->p[level + 1], *q = t->q[level + 1];
    cs_fr_vec_axpy(p + half, lambda, q + half, half);
    out->tables[P0].values = p;
    out->tables[P1].values = p + half;
    out->tables[Q0].values = q;
    out->tables[Q1].values = q + half;
}

/* ---- the same: tiles ---- */

/* Of tile x of the next round's tables: four children, two for each of the tables' tiles. */
static void get_fours(const stored_children *c, size_t x, tile out[4]) {
    for (size_t k = 0; k < 4; k++)
        get_tile(c->t, c->level, 4 * x + k, &out[k]);
}

static void play_children(void *context, const cs_fr eq[CS_TILE], size_t x, cs_fr at[2]) {
    const stored_children *c = context;
    tile child[4];
    cs_fr p1[2][CS_TILE];
    get_fours(c, x, child);
    for (unsigned high = 0; high < 2; high++) {
        memcpy(p1[high], child[2 * high + 1].p, sizeof p1[high]);
        cs_fr_vec_axpy(p1[high], c->lambda, child[2 * high + 1].q, CS_TILE);
    }
    const cs_fr *const low[CS_LAYER_TABLES] = {child[0].p, p1[0], child[0].q, child[1].q};
    const cs_fr *const high[CS_LAYER_TABLES] = {child[2].p, p1[1], child[2].q, child[3].q};
    cs_layer_pair(eq, low, high, at);
}

static void bind_children(void *context, cs_fr r) {
    stored_children *c = context;
    c->r = r;
}

static void fold_children(void *context, size_t x, cs_fr *const out[]) {
    const stored_children *c = context;
    tile child[4];
    get_fours(c, x, child);
    cs_fr_vec_fold(out[P0], child[0].p, child[2].p, c->r, CS_TILE);
    cs_fr_vec_fold(out[Q0], child[0].q, child[2].q, c->r, CS_TILE);
    cs_fr_vec_fold(out[P1], child[1].p, child[3].p, c->r, CS_TILE);
    cs_fr_vec_fold(out[Q1], child[1].q, child[3].q, c->r, CS_TILE);
    cs_fr_vec_axpy(out[P1], c->lambda, out[Q1], CS_TILE);
}

static cs_layer_source source_of(cs_tree *t, unsigned level, cs_fr lambda) {
    if (level + 2 >= t->bits)
        return cs_leaf_layer_source(t->small, level + 1 == t->bits, lambda);
    t->children = (stored_children){.t = t, .level = level + 1, .lambda = lambda};
    return (cs_layer_source){
        .rounds = 1, .context = &t->children, .pair = play_children, .bind = bind_children, .load = fold_children};
}

cs_status cs_tree_start(cs_tree *t, unsigned level, cs_fr lambda, cs_fr omega, const cs_fr *point, cs_sc_witness *out) {
    *out = (cs_sc_witness){0};
    if (t->small && (level + 2 >= t->bits || in_tiles(t, level + 1))) {
        const cs_layer_rounds_job job = {.tiles = &t->tiles,
                                         .bits = level,
                                         .single = cs_leaf_layer_rounds(t->bits, level),
                                         .map = t->bits - level,
                                         .child_q = constants_of(t, level + 1),
                                         .lambda = lambda,
                                         .omega = omega,
                                         .point = point,
                                         .source = source_of(t, level, lambda)};
        return cs_layer_rounds_start(&t->rounds, &job, out);
    }
    if (level + 2 == t->bits && !t->p[level + 1]) /* its turn has come */
        CS_TRY(first_layer(t));
    if (level + 1 == t->bits)
        start_leaves(t, lambda, out);
    else
        start_whole(t, level, lambda, out);
    return CS_OK;
}

void cs_tree_end(cs_tree *t, unsigned level) {
    cs_layer_rounds_free(&t->rounds);
    if (level + 1 < t->bits)
        free_layer(t, level + 1);
}
