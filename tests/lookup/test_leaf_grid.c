/* The leaf layer's first two rounds from sums of integers, against the same entry by entry in the field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field/fr_vec.h"
#include "lookup/leaf_grid.h"

enum { TILES = 600, KINDS = CS_LEAF_KINDS, CORNERS = CS_LEAF_CORNERS };

typedef struct sample {
    cs_fr coef[KINDS], lambda, point, r, eq[CS_TILE];
    cs_fr first[2], second[2]; /* expected */
} sample;

static void fill_piece(cs_leaf_piece *piece, unsigned has, unsigned recipe) {
    piece->has = has;
    piece->p = cs_fr_from_u64(recipe % 2);
    piece->q = cs_fr_from_u64(1000 + recipe);
    for (unsigned k = 0; k < KINDS; k++)
        for (size_t j = 0; j < CS_TILE; j++) {
            const int64_t most = INT64_C(1) << 22, any = (int64_t)rand() % most;
            piece->x[k][j] = rand() % 4 == 0 ? most : rand() % 3 == 0 ? -most : rand() % 2 ? any : -any;
        }
}

/* Fraction j of a piece. */
static void fraction(const sample *s, const cs_leaf_piece *piece, size_t j, cs_fr *p, cs_fr *q) {
    *p = piece->p;
    *q = piece->q;
    for (unsigned k = 0; k < KINDS; k++) {
        const cs_fr x = cs_fr_from_i64(piece->has >> k & 1 ? piece->x[k][j] : 0);
        if (k == CS_LEAF_P)
            *p = cs_fr_add(*p, x);
        *q = cs_fr_add(*q, cs_fr_mul(s->coef[k], x));
    }
}

static cs_fr line(cs_fr low, cs_fr high, cs_fr x) {
    return cs_fr_add(low, cs_fr_mul(x, cs_fr_sub(high, low)));
}

/* What is summed, with the first two variables u and v. */
static cs_fr layer(const sample *s, cs_fr p[2][CORNERS], cs_fr q[2][CORNERS], cs_fr u, cs_fr v) {
    cs_fr num[2], den[2];
    for (unsigned h = 0; h < 2; h++) {
        num[h] = line(line(p[h][0], p[h][1], u), line(p[h][2], p[h][3], u), v);
        den[h] = line(line(q[h][0], q[h][1], u), line(q[h][2], q[h][3], u), v);
    }
    return cs_fr_add(cs_fr_mul(num[0], den[1]), cs_fr_mul(den[0], cs_fr_add(num[1], cs_fr_mul(s->lambda, den[1]))));
}

static void expect(sample *s, cs_fr weight, cs_leaf_corners corners) {
    for (size_t j = 0; j < CS_TILE; j++) {
        cs_fr p[2][CORNERS], q[2][CORNERS];
        for (unsigned h = 0; h < 2; h++)
            for (unsigned c = 0; c < CORNERS; c++)
                fraction(s, &corners[h][c], j, &p[h][c], &q[h][c]);
        const cs_fr eq = cs_fr_mul(weight, s->eq[j]);
        for (unsigned node = 0; node < 2; node++) {
            const cs_fr x = cs_fr_from_u64(2 * (uint64_t)node);
            const cs_fr low = layer(s, p, q, x, CS_FR_ZERO), high = layer(s, p, q, x, CS_FR_ONE);
            s->first[node] = cs_fr_add(s->first[node], cs_fr_mul(eq, line(low, high, s->point)));
            s->second[node] = cs_fr_add(s->second[node], cs_fr_mul(eq, layer(s, p, q, s->r, x)));
        }
    }
}

static void make_sample(sample *s) {
    cs_fr point[CS_TILE_BITS];
    *s = (sample){.lambda = cs_fr_random(), .point = cs_fr_random(), .r = cs_fr_random()};
    for (unsigned k = 0; k < CS_TILE_BITS; k++)
        point[k] = cs_fr_random();
    cs_fr_vec_eq(s->eq, point, CS_TILE_BITS);
    for (unsigned k = 0; k < KINDS; k++)
        s->coef[k] = k == CS_LEAF_P ? CS_FR_ZERO : cs_fr_random();
}

static void play(cs_leaf_grid *grid, sample *s, size_t tiles, bool often) {
    static cs_leaf_corners corners;
    cs_fr at[2];
    cs_leaf_grid_start(grid, s->lambda, s->eq);
    for (size_t t = 0; t < tiles; t++) {
        const unsigned recipe = often ? (unsigned)rand() % 5 : t % 100 == 99;
        for (unsigned h = 0; h < 2; h++)
            for (unsigned c = 0; c < CORNERS; c++)
                fill_piece(&corners[h][c], often ? (unsigned)rand() % (1U << KINDS) : 1U << CS_LEAF_COLUMN, recipe);
        const cs_fr weight = t % 7 ? cs_fr_random() : cs_fr_neg(CS_FR_ONE);
        expect(s, weight, corners);
        cs_leaf_grid_add(grid, weight, (const cs_leaf_piece(*)[CORNERS])corners);
    }
    cs_leaf_grid_first(grid, s->point, at);
    assert_memory_equal(at, s->first, sizeof at);
    cs_leaf_grid_second(grid, s->r, at);
    assert_memory_equal(at, s->second, sizeof at);
}

/* Tiles of many kinds of recipes, and so many of one that sums are full; twice with the same grid. */
static void rounds_from_integers(void **state) {
    (void)state;
    sample s;
    make_sample(&s);
    cs_leaf_grid *grid = cs_leaf_grid_new(s.coef);
    assert_non_null(grid);
    for (unsigned turn = 0; turn < 4; turn++) {
        memset(s.first, 0, sizeof s.first);
        memset(s.second, 0, sizeof s.second);
        play(grid, &s, turn % 2 ? TILES : turn * 10, turn % 2 == 0);
    }
    cs_leaf_grid_free(grid);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rounds_from_integers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
