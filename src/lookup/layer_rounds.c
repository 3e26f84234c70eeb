#include "lookup/layer_rounds.h"
#include "base/bits.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include <string.h>

enum { P0 = CS_LAYER_P0, P1 = CS_LAYER_P1, Q0 = CS_LAYER_Q0, Q1 = CS_LAYER_Q1, TABLES = CS_LAYER_TABLES };

void cs_layer_pair(const cs_fr eq[CS_TILE], const cs_fr *const low[TABLES], const cs_fr *const high[TABLES], cs_fr at[2]) {
    cs_fr_round round = {
        .n_tables = TABLES, .n_terms = 2, .terms = {{2, {P0, Q1}}, {2, {Q0, P1}}}, .outer = -1, .weight = eq, .degree = 2};
    memcpy(round.lo, low, TABLES * sizeof *low);
    memcpy(round.hi, high, TABLES * sizeof *high);
    cs_fr_vec_round(at, &round, CS_TILE);
}

/* The map of the tables, or those `later` rounds. */
static const cs_tile_map *map_of(const cs_layer_rounds *y, unsigned later) {
    return &y->job.tiles->map[y->map + later];
}

/* ---- constant tiles ---- */

static cs_status start_constants(cs_layer_rounds *y) {
    const cs_tile_map *m = map_of(y, 0);
    y->constants = cs_calloc(m->n_constants + 1, sizeof *y->constants);
    if (!y->constants)
        return CS_ERR_MEMORY;
    for (size_t c = 0; c < m->n_constants; c++) {
        cs_fr *now = y->constants[c];
        now[Q0] = y->job.child_q[m->parts[c][0]];
        now[Q1] = y->job.child_q[m->parts[c][1]];
        now[P1] = cs_fr_mul(y->job.lambda, now[Q1]);
    }
    return CS_OK;
}

/* To those of the next map. */
static cs_status fold_constants(cs_layer_rounds *y) {
    const cs_tile_map *m = map_of(y, 1);
    cs_free(y->unfolded);
    y->unfolded = y->constants;
    y->constants = cs_calloc(m->n_constants + 1, sizeof *y->constants);
    if (!y->constants)
        return CS_ERR_MEMORY;
    for (size_t c = 0; c < m->n_constants; c++)
        cs_fr_vec_fold(y->constants[c], y->unfolded[m->parts[c][0]], y->unfolded[m->parts[c][1]], y->r, TABLES);
    return CS_OK;
}

/* The round polynomial at 0 and 2 of a pair of constant tiles whose eq adds up to one. P0 is zero. */
static void constant_pair(const cs_fr *low, const cs_fr *high, cs_fr at[2]) {
    cs_fr two[TABLES];
    for (unsigned k = 0; k < TABLES; k++)
        two[k] = cs_fr_sub(cs_fr_add(high[k], high[k]), low[k]);
    at[0] = cs_fr_mul(low[Q0], low[P1]);
    at[1] = cs_fr_mul(two[Q0], two[P1]);
}

static void add_constants(const cs_layer_rounds *y, const cs_fr *eq_of_constant, cs_fr *out) {
    const cs_tile_map *m = map_of(y, 1);
    for (size_t c = 0; c < m->n_constants; c++) {
        cs_fr at[2];
        constant_pair(y->constants[m->parts[c][0]], y->constants[m->parts[c][1]], at);
        for (unsigned node = 0; node < 2; node++)
            out[node] = cs_fr_add(out[node], cs_fr_mul(eq_of_constant[c], at[node]));
    }
}

/* ---- tiles ---- */

/* A tile of each table, where it is stored or in `space`. */
typedef struct tile {
    const cs_fr *at[TABLES];
    cs_fr space[TABLES][CS_TILE];
} tile;

static void fill_constant(const cs_fr *constant, tile *out) {
    for (unsigned k = 0; k < TABLES; k++) {
        for (size_t j = 0; j < CS_TILE; j++)
            out->space[k][j] = constant[k];
        out->at[k] = out->space[k];
    }
}

/* A tile of the tables before the last challenge. */
static void get_unfolded(const cs_layer_rounds *y, size_t t, tile *out) {
    const cs_tile_map *m = map_of(y, 0) - 1;
    if (!cs_tile_stored(m, t)) {
        fill_constant(y->unfolded[cs_tile_constant(m, t)], out);
        return;
    }
    for (unsigned k = 0; k < TABLES; k++)
        out->at[k] = y->tables[k] + ((size_t)m->at[t] << CS_TILE_BITS);
}

/* A tile of the tables with all challenges. Called once for each, and in order when tables are folded: no tile is written
 * before what lies there is folded. */
static void make_tile(const cs_layer_rounds *y, size_t t, tile *out) {
    const cs_tile_map *m = map_of(y, 0);
    if (!cs_tile_stored(m, t)) {
        fill_constant(y->constants[cs_tile_constant(m, t)], out);
        return;
    }
    cs_fr *to[TABLES];
    for (unsigned k = 0; k < TABLES; k++)
        out->at[k] = to[k] = y->tables[k] + ((size_t)m->at[t] << CS_TILE_BITS);
    if (y->done == y->job.source.rounds) {
        y->job.source.load(y->job.source.context, t, to);
        return;
    }
    tile low, high;
    get_unfolded(y, 2 * t, &low);
    get_unfolded(y, 2 * t + 1, &high);
    for (unsigned k = 0; k < TABLES; k++)
        cs_fr_vec_fold(to[k], low.at[k], high.at[k], y->r, CS_TILE);
}

static void play_pair(cs_layer_rounds *y, size_t t, cs_fr at[2]) {
    if (y->done < y->job.source.rounds) {
        y->job.source.pair(y->job.source.context, y->eq_in_tile, t, at);
        return;
    }
    tile low, high;
    make_tile(y, 2 * t, &low);
    make_tile(y, 2 * t + 1, &high);
    cs_layer_pair(y->eq_in_tile, low.at, high.at, at);
}

/* ---- rounds ---- */

/* eq of a constant tile counts for its constant. */
static void count_constant(cs_layer_rounds *y, size_t t) {
    cs_fr *eq = &y->eq_of_constant[cs_tile_constant(map_of(y, 1), t)];
    *eq = cs_fr_add(*eq, y->eq_of_tile[t]);
}

static void play_tiles(cs_layer_rounds *y, cs_fr out[2]) {
    const cs_tile_map *m = map_of(y, 1);
    const bool from_source = y->done <= y->job.source.rounds;
    for (size_t k = 0; k < m->n; k++) {
        const size_t t = from_source ? cs_tile_by_line(y->job.tiles, m->n, k) : k;
        if (!cs_tile_stored(m, t)) {
            count_constant(y, t);
            continue;
        }
        cs_fr at[2];
        play_pair(y, t, at);
        for (unsigned node = 0; node < 2; node++)
            out[node] = cs_fr_add(out[node], cs_fr_mul(y->eq_of_tile[t], at[node]));
    }
}

/* The first of two rounds that the source plays at once: tiles of the tables after both go to it. */
static void add_tiles(cs_layer_rounds *y) {
    const cs_layer_source *source = &y->job.source;
    const cs_tile_map *m = map_of(y, 2);
    source->start(source->context, y->eq_in_tile);
    for (size_t k = 0; k < m->n; k++) {
        const size_t t = cs_tile_by_line(y->job.tiles, m->n, k);
        if (cs_tile_stored(m, t)) {
            source->add(source->context, t, cs_fr_add(y->eq_of_tile[2 * t], y->eq_of_tile[2 * t + 1]));
        } else {
            count_constant(y, 2 * t);
            count_constant(y, 2 * t + 1);
        }
    }
}

static void play_both(cs_layer_rounds *y, cs_fr out[2]) {
    const cs_tile_map *m = map_of(y, 1);
    if (y->done == 0)
        add_tiles(y);
    for (size_t t = 0; t < m->n && y->done > 0; t++)
        if (!cs_tile_stored(m, t))
            count_constant(y, t);
    y->job.source.play(y->job.source.context, y->job.point[1], out);
}

static void play_round(void *context, cs_fr *out) {
    cs_layer_rounds *y = context;
    for (size_t c = 0; c < map_of(y, 1)->n_constants; c++)
        y->eq_of_constant[c] = CS_FR_ZERO;
    out[0] = out[1] = CS_FR_ZERO;
    if (y->job.source.add && y->done < y->job.source.rounds)
        play_both(y, out);
    else
        play_tiles(y, out);
    add_constants(y, y->eq_of_constant, out);
}

static cs_status new_tables(cs_fr *tables[TABLES], size_t n_tiles) {
    for (unsigned k = 0; k < TABLES; k++) {
        tables[k] = CS_NEW(cs_fr, (n_tiles ? n_tiles : 1) << CS_TILE_BITS);
        if (!tables[k])
            return CS_ERR_MEMORY;
    }
    return CS_OK;
}

/* All tiles, in the order of leaves. */
static cs_status hand_over(cs_layer_rounds *y) {
    const cs_tile_map *m = map_of(y, 0);
    CS_TRY(new_tables(y->whole, m->n));
    for (size_t t = 0; t < m->n; t++) {
        tile now;
        make_tile(y, t, &now);
        const size_t place = cs_tile_place(y->job.tiles, t, cs_bits(m->n)) << CS_TILE_BITS;
        for (unsigned k = 0; k < TABLES; k++)
            memcpy(y->whole[k] + place, now.at[k], CS_TILE * sizeof **y->whole);
    }
    for (unsigned k = 0; k < TABLES; k++)
        y->out->tables[k].values = y->whole[k];
    return CS_OK;
}

/* One variable less: the sum over that variable, whose eq adds up to one. */
static void shorten_eq(cs_layer_rounds *y) {
    for (size_t t = 0; t < map_of(y, 1)->n; t++)
        y->eq_of_tile[t] = cs_fr_add(y->eq_of_tile[2 * t], y->eq_of_tile[2 * t + 1]);
}

static cs_status bind(void *context, cs_fr r) {
    cs_layer_rounds *y = context;
    y->r = r;
    CS_TRY(fold_constants(y));
    y->map++;
    if (y->done < y->job.source.rounds)
        y->job.source.bind(y->job.source.context, r);
    y->done++;
    if (y->done == y->job.source.rounds)
        CS_TRY(new_tables(y->tables, map_of(y, 0)->stored));
    if (y->done == y->all)
        return hand_over(y);
    shorten_eq(y);
    return CS_OK;
}

/* eq of the variables after the first one, times omega. The variable that is bound next is the lowest bit of a tile's
 * number, and the columns' are the highest bits. */
static cs_status start_eq(cs_layer_rounds *y) {
    const unsigned columns = y->job.tiles->column_bits, n = y->job.bits - CS_TILE_BITS - 1, lines = n - columns;
    cs_fr *point = CS_NEW(cs_fr, n + 1);
    y->eq_of_tile = CS_NEW(cs_fr, (size_t)1 << n);
    if (point && y->eq_of_tile) {
        for (unsigned k = 0; k < columns; k++)
            point[k] = y->job.point[1 + lines + k];
        for (unsigned k = 0; k < lines; k++)
            point[columns + k] = y->job.point[lines - k];
        cs_fr_vec_eq(y->eq_of_tile, point, n);
        cs_fr_vec_scale(y->eq_of_tile, y->job.omega, y->eq_of_tile, (size_t)1 << n);
        cs_fr_vec_eq(y->eq_in_tile, y->job.point + n + 1, CS_TILE_BITS);
    }
    const cs_status status = point && y->eq_of_tile ? CS_OK : CS_ERR_MEMORY;
    cs_free(point);
    return status;
}

/* The most constants that a map has. */
static size_t most_constants(const cs_tiles *tiles) {
    size_t most = 0;
    for (unsigned k = 0; k < tiles->n_maps; k++)
        most = cs_larger(most, tiles->map[k].n_constants);
    return most;
}

cs_status cs_layer_rounds_start(cs_layer_rounds *y, const cs_layer_rounds_job *job, cs_sc_witness *out) {
    *y = (cs_layer_rounds){.job = *job, .map = job->map, .out = out};
    const unsigned alone = job->bits > CS_SC_PAIR_BITS ? job->bits - CS_SC_PAIR_BITS : 0;
    y->all = alone > job->single ? alone : job->single;
    *out = (cs_sc_witness){.first = {.rounds = y->all, .round = play_round, .bind = bind, .context = y}};
    y->eq_of_constant = CS_NEW(cs_fr, most_constants(job->tiles) + 1);
    if (!y->eq_of_constant)
        return CS_ERR_MEMORY;
    CS_TRY(start_constants(y));
    return start_eq(y);
}

void cs_layer_rounds_free(cs_layer_rounds *y) {
    for (unsigned k = 0; k < TABLES; k++) {
        cs_free(y->tables[k]);
        cs_free(y->whole[k]);
    }
    cs_free(y->constants);
    cs_free(y->unfolded);
    cs_free(y->eq_of_tile);
    cs_free(y->eq_of_constant);
    *y = (cs_layer_rounds){0};
}
