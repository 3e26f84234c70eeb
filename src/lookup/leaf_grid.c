#include "lookup/leaf_grid.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include <string.h>

/* Points (u, v) of the grid are numbered u + 3 v, 2 standing for infinity. */
enum { GRID = 9, CORNERS = CS_LEAF_CORNERS, KINDS = CS_LEAF_KINDS };
enum { PRODUCTS = GRID * KINDS * KINDS, SUMS = PRODUCTS + 2 * CORNERS * KINDS, TILE_WORDS = CS_PRODUCT_WORDS * CS_TILE };

/* What tiles have in common whose integers are summed together: kinds of either child, constants. */
typedef struct recipe {
    unsigned has[2];
    cs_fr p[2][CORNERS], q[2][CORNERS];
} recipe;

/* Sums of one recipe's tiles: products point by point, then integers corner by corner. */
typedef struct sums {
    recipe of;
    unsigned times;
    cs_fr weight;
    uint64_t at[SUMS * TILE_WORDS];
} sums;

struct cs_leaf_grid {
    cs_fr p[KINDS], q[KINDS], lambda, eq[CS_TILE], value[GRID];
    sums of[2];    /* tiles of two recipes may alternate */
    unsigned last; /* of these */
    const int64_t *x[2][KINDS][GRID];
    int64_t away[2][KINDS][GRID][CS_TILE]; /* of points at infinity */
    cs_int_product list[SUMS];
    cs_fr dots[SUMS];
};

cs_leaf_grid *cs_leaf_grid_new(const cs_fr coef[CS_LEAF_KINDS]) {
    cs_leaf_grid *g = CS_NEW(cs_leaf_grid, 1);
    if (!g)
        return NULL;
    memcpy(g->q, coef, sizeof g->q);
    g->p[CS_LEAF_P] = CS_FR_ONE;
    return g;
}

void cs_leaf_grid_free(cs_leaf_grid *g) {
    cs_free(g);
}

void cs_leaf_grid_start(cs_leaf_grid *g, cs_fr lambda, const cs_fr eq[CS_TILE]) {
    g->lambda = lambda;
    memcpy(g->eq, eq, sizeof g->eq);
    memset(g->value, 0, sizeof g->value);
}

static unsigned point_of(unsigned corner) {
    return (corner & 1) + 3 * (corner >> 1);
}

/* ---- to infinity ---- */

/* The two points whose difference is a point at infinity, along u if it can be. */
static void ends(unsigned point, unsigned *high, unsigned *low) {
    const unsigned step = point % 3 == 2 ? 1 : 3;
    *high = point - step;
    *low = point - 2 * step;
}

static bool is_corner(unsigned point) {
    return point % 3 < 2 && point < 6;
}

/* From the corners to all points. In their order: the last point's ends are at infinity. */
static void extend(cs_fr at[GRID]) {
    for (unsigned k = 0, high, low; k < GRID; k++) {
        if (is_corner(k))
            continue;
        ends(k, &high, &low);
        at[k] = cs_fr_sub(at[high], at[low]);
    }
}

static void extend_ints(const int64_t *x[GRID], int64_t away[GRID][CS_TILE]) {
    for (unsigned k = 0, high, low; k < GRID; k++) {
        if (is_corner(k))
            continue;
        ends(k, &high, &low);
        for (size_t j = 0; j < CS_TILE; j++)
            away[k][j] = x[high][j] - x[low][j];
        x[k] = away[k];
    }
}

/* ---- sums of integers ---- */

static recipe recipe_of(const cs_leaf_corners corners) {
    recipe r = {.has = {0}};
    for (unsigned h = 0; h < 2; h++)
        for (unsigned c = 0; c < CORNERS; c++) {
            const cs_leaf_piece *piece = &corners[h][c];
            r.has[h] |= piece->has;
            r.p[h][c] = piece->p;
            r.q[h][c] = piece->q;
        }
    return r;
}

static void take_ints(cs_leaf_grid *g, const recipe *r, const cs_leaf_corners corners) {
    static const int64_t zeros[CS_TILE];
    for (unsigned h = 0; h < 2; h++)
        for (unsigned k = 0; k < KINDS; k++) {
            if (!(r->has[h] >> k & 1))
                continue;
            for (unsigned c = 0; c < CORNERS; c++)
                g->x[h][k][point_of(c)] = corners[h][c].has >> k & 1 ? corners[h][c].x[k] : zeros;
            extend_ints(g->x[h][k], g->away[h][k]);
        }
}

static size_t list_products(cs_leaf_grid *g, const recipe *r) {
    size_t n = 0;
    for (unsigned i = 0; i < KINDS; i++)
        for (unsigned j = 0; j < KINDS; j++)
            for (unsigned k = 0; k < GRID && r->has[0] >> i & 1 && r->has[1] >> j & 1; k++)
                g->list[n++] = (cs_int_product){g->x[0][i][k], g->x[1][j][k]};
    for (unsigned h = 0; h < 2; h++)
        for (unsigned k = 0; k < KINDS; k++)
            for (unsigned c = 0; c < CORNERS && r->has[h] >> k & 1; c++)
                g->list[n++] = (cs_int_product){g->x[h][k][point_of(c)], NULL};
    return n;
}

/* ---- values on the grid ---- */

/* p q' + q (p' + lambda q') */
static cs_fr layer_at(const cs_leaf_grid *g, cs_fr p0, cs_fr q0, cs_fr p1, cs_fr q1) {
    return cs_fr_add(cs_fr_mul(p0, q1), cs_fr_mul(q0, cs_fr_add(p1, cs_fr_mul(g->lambda, q1))));
}

static void add_times(cs_fr *out, cs_fr a, cs_fr b) {
    *out = cs_fr_add(*out, cs_fr_mul(a, b));
}

static void extend_corners(const cs_fr *corner, cs_fr at[GRID]) {
    for (unsigned c = 0; c < CORNERS; c++)
        at[point_of(c)] = corner[c];
    extend(at);
}

/* Constants with constants, and integers of one child with constants of the other. */
static void add_linear(cs_leaf_grid *g, const sums *s, const cs_fr *dots) {
    cs_fr p[2][GRID], q[2][GRID], x[GRID];
    for (unsigned h = 0; h < 2; h++) {
        extend_corners(s->of.p[h], p[h]);
        extend_corners(s->of.q[h], q[h]);
    }
    for (unsigned k = 0; k < GRID; k++)
        add_times(&g->value[k], s->weight, layer_at(g, p[0][k], q[0][k], p[1][k], q[1][k]));
    for (unsigned h = 0; h < 2; h++)
        for (unsigned i = 0; i < KINDS; i++) {
            if (!(s->of.has[h] >> i & 1))
                continue;
            extend_corners(dots, x);
            dots += CORNERS;
            for (unsigned k = 0; k < GRID; k++)
                add_times(&g->value[k], x[k],
                          h ? layer_at(g, p[0][k], q[0][k], g->p[i], g->q[i])
                            : layer_at(g, g->p[i], g->q[i], p[1][k], q[1][k]));
        }
}

static void flush(cs_leaf_grid *g, sums *s) {
    if (s->times == 0)
        return;
    const cs_fr *dots = g->dots;
    cs_fr_vec_products_take(g->dots, s->at, g->eq, s->weight, list_products(g, &s->of), CS_TILE);
    for (unsigned i = 0; i < KINDS; i++)
        for (unsigned j = 0; j < KINDS; j++) {
            if (!(s->of.has[0] >> i & 1 && s->of.has[1] >> j & 1))
                continue;
            const cs_fr coef = layer_at(g, g->p[i], g->q[i], g->p[j], g->q[j]);
            for (unsigned k = 0; k < GRID; k++)
                add_times(&g->value[k], coef, *dots++);
        }
    add_linear(g, s, dots);
    s->times = 0;
    s->weight = CS_FR_ZERO;
}

/* Where tiles of a recipe are summed. Which ones have it is public. */
static sums *sums_of(cs_leaf_grid *g, const recipe *r) {
    if (memcmp(&g->of[g->last].of, r, sizeof *r) != 0) {
        g->last = 1 - g->last;
        sums *s = &g->of[g->last];
        if (memcmp(&s->of, r, sizeof *r) != 0) {
            flush(g, s);
            s->of = *r;
        }
    }
    return &g->of[g->last];
}

void cs_leaf_grid_add(cs_leaf_grid *g, cs_fr weight, const cs_leaf_corners corners) {
    const recipe r = recipe_of(corners);
    sums *s = sums_of(g, &r);
    if (s->times == CS_PRODUCT_TIMES)
        flush(g, s);
    take_ints(g, &r, corners);
    cs_fr_vec_products_add(s->at, weight, g->list, list_products(g, &r), CS_TILE);
    s->weight = cs_fr_add(s->weight, weight);
    s->times++;
}

/* ---- rounds ---- */

/* A polynomial of degree two with its values at 0, 1 and infinity: f(0) (1 - x) + f(1) x + f(inf) (x^2 - x). */
static cs_fr parabola(const cs_fr f[3], cs_fr x) {
    const cs_fr up = cs_fr_mul(x, cs_fr_add(cs_fr_sub(f[1], f[0]), cs_fr_mul(f[2], cs_fr_sub(x, CS_FR_ONE))));
    return cs_fr_add(f[0], up);
}

void cs_leaf_grid_first(cs_leaf_grid *g, cs_fr point, cs_fr at[2]) {
    flush(g, &g->of[0]);
    flush(g, &g->of[1]);
    for (unsigned node = 0; node < 2; node++) {
        const cs_fr x = cs_fr_from_u64(2 * (uint64_t)node);
        const cs_fr low = parabola(g->value, x), high = parabola(g->value + 3, x);
        at[node] = cs_fr_add(low, cs_fr_mul(point, cs_fr_sub(high, low)));
    }
}

void cs_leaf_grid_second(const cs_leaf_grid *g, cs_fr r, cs_fr at[2]) {
    cs_fr f[3];
    for (unsigned v = 0; v < 3; v++)
        f[v] = parabola(g->value + 3 * (size_t)v, r);
    at[0] = f[0];
    at[1] = parabola(f, cs_fr_from_u64(2));
}
