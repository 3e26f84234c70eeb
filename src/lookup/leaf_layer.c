#include "lookup/leaf_layer.h"
#include "base/bits.h"
#include "base/memory.h"
#include "field/fr_vec.h"

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

struct cs_leaf_layer {
    const cs_leaves *l;
    size_t half;
    cs_fr lambda;
    const cs_fr *point;
    unsigned rounds;                  /* done */
    cs_fr plain[CS_LEAF_KINDS];       /* coefficients of the leaves' denominators */
    cs_fr weight[PARTS];              /* eq(challenges, part) */
    cs_fr coef[PARTS][CS_LEAF_KINDS]; /* the same times those */
    cs_fr eq_in_piece[CS_LEAF_PIECE], *eq_of_piece;
    cs_fr omega; /* of this rank */
    cs_sc_witness *out;
    void (*load)(cs_leaf_layer *layer, size_t offset, size_t n, cs_fr *const out[]); /* entries of the four tables */
    size_t size;                                                                     /* of a table, before all rounds */
    cs_fr *tables[4];
    cs_leaf_piece low[2][PARTS / 2], high[2][PARTS / 2], part[PARTS]; /* pieces in work */
    int64_t products[PRODUCTS][CS_LEAF_PIECE];
    cs_fr fractions[2][4][CS_LEAF_PIECE];
};

static void set_coefs(cs_leaf_layer *y) {
    for (unsigned part = 0; part < 1U << y->rounds; part++)
        for (unsigned k = 0; k < CS_LEAF_KINDS; k++)
            y->coef[part][k] = cs_fr_mul(y->weight[part], y->plain[k]);
}

cs_leaf_layer *cs_leaf_layer_new(const cs_leaves *l) {
    cs_leaf_layer *y = CS_NEW(cs_leaf_layer, 1);
    if (!y)
        return NULL;
    y->l = l;
    cs_leaf_coefs(l, y->plain);
    y->half = l->bits > 0 ? (size_t)1 << (l->bits - 1) : 0;
    return y;
}

static void free_tables(cs_leaf_layer *y) {
    for (unsigned k = 0; k < 4; k++) {
        cs_free(y->tables[k]);
        y->tables[k] = NULL;
    }
}

void cs_leaf_layer_free(cs_leaf_layer *y) {
    if (!y)
        return;
    free_tables(y);
    cs_free(y->eq_of_piece);
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
static const int64_t *pair_of(const int64_t *x, const int64_t *y, int64_t *into, size_t n) {
    if (!x || !y)
        return x ? x : y;
    for (size_t k = 0; k < n; k++)
        into[k] = x[k] * y[k];
    return into;
}

static const int64_t *term(const side *s, unsigned k) {
    return k == 0 ? NULL : s->x[k];
}

/* ---- the first layer ---- */

typedef struct sum {
    cs_fr base;
    unsigned n;
    const int64_t *x[CS_AFFINE_TERMS];
    cs_fr t[CS_AFFINE_TERMS];
} sum;

static void add_to_sum(sum *s, cs_fr t, const int64_t *x) {
    if (!x) {
        s->base = t;
    } else if (!cs_fr_is_zero(t)) { /* public: which kinds of integers a piece has */
        s->x[s->n] = x;
        s->t[s->n++] = t;
    }
}

/* Fractions x .. of the first layer, each numerator plus lambda times its denominator; all times weight. */
static void load_fractions(cs_leaf_layer *y, size_t x, size_t n, cs_fr weight, cs_fr lambda, cs_fr *p, cs_fr *q) {
    sum up = {.n = 0}, down = {.n = 0};
    side a, b;
    cs_leaf_piece_load(y->l, x, n, &y->part[0]);
    cs_leaf_piece_load(y->l, y->half + x, n, &y->part[1]);
    side_of(y, &y->part[0], &a);
    side_of(y, &y->part[1], &b);
    int64_t(*into)[CS_LEAF_PIECE] = y->products;
    for (unsigned j = 0; j < b.n; j++) {
        const cs_fr bq = cs_fr_mul(weight, b.q[j]);
        const cs_fr both = cs_fr_add(cs_fr_mul(weight, b.p[j]), cs_fr_mul(lambda, bq));
        for (unsigned i = 0; i < a.n; i++) {
            const int64_t *ints = i || j ? pair_of(term(&a, i), term(&b, j), *into, n) : NULL;
            into += i && j;
            add_to_sum(&up, cs_fr_add(cs_fr_mul(a.p[i], bq), cs_fr_mul(a.q[i], both)), ints);
            add_to_sum(&down, cs_fr_mul(a.q[i], bq), ints);
        }
    }
    cs_fr_vec_affine(p, up.base, up.t, up.x, up.n, n);
    cs_fr_vec_affine(q, down.base, down.t, down.x, down.n, n);
}

void cs_leaf_layer_fractions(cs_leaf_layer *y, size_t x, size_t n, cs_fr *p, cs_fr *q) {
    load_fractions(y, x, n, CS_FR_ONE, CS_FR_ZERO, p, q);
}

/* Tables of the first layer's sumcheck, entries offset .. */
static void load_tables(cs_leaf_layer *y, size_t offset, size_t n, cs_fr weight, cs_fr *const out[]) {
    load_fractions(y, offset, n, weight, CS_FR_ZERO, out[CS_LEAF_P0], out[CS_LEAF_Q0]);
    load_fractions(y, y->half / 2 + offset, n, weight, y->lambda, out[CS_LEAF_P1], out[CS_LEAF_Q1]);
}

/* eq of the variables after the current one as a product, times omega; returns how many of `pairs` make a piece. */
static size_t start_round(cs_leaf_layer *y, size_t pairs) {
    const size_t n = pairs < CS_LEAF_PIECE ? pairs : CS_LEAF_PIECE;
    const unsigned in = cs_bits(n), before = cs_bits(pairs) - in;
    cs_fr_vec_eq(y->eq_of_piece, y->point + y->rounds + 1, before);
    cs_fr_vec_scale(y->eq_of_piece, y->omega, y->eq_of_piece, (size_t)1 << before);
    cs_fr_vec_eq(y->eq_in_piece, y->point + y->rounds + 1 + before, in);
    return n;
}

static void add_to_round(const cs_leaf_layer *y, cs_fr *out, size_t piece, cs_fr at) {
    *out = cs_fr_add(*out, cs_fr_mul(y->eq_of_piece[piece], at));
}

static void play_first_round(void *context, cs_fr *out) {
    cs_leaf_layer *y = context;
    const size_t pairs = y->half / 4, n = start_round(y, pairs);
    cs_fr *lo[4], *hi[4];
    cs_fr_round round = {.n_tables = 4,
                         .n_terms = 2,
                         .terms = {{2, {CS_LEAF_P0, CS_LEAF_Q1}}, {2, {CS_LEAF_Q0, CS_LEAF_P1}}},
                         .outer = -1,
                         .weight = y->eq_in_piece,
                         .degree = 2};
    for (unsigned k = 0; k < 4; k++) {
        round.lo[k] = lo[k] = y->fractions[0][k];
        round.hi[k] = hi[k] = y->fractions[1][k];
    }
    out[0] = out[1] = CS_FR_ZERO;
    for (size_t offset = 0; offset < pairs; offset += n) {
        cs_fr at[2];
        load_tables(y, offset, n, CS_FR_ONE, lo);
        load_tables(y, pairs + offset, n, CS_FR_ONE, hi);
        cs_fr_vec_round(at, &round, n);
        for (unsigned node = 0; node < 2; node++)
            add_to_round(y, &out[node], offset / n, at[node]);
    }
}

static void load_first(cs_leaf_layer *y, size_t offset, size_t n, cs_fr *const out[]) {
    cs_fr *high[4];
    load_tables(y, offset, n, y->weight[0], out);
    if (y->rounds == 0)
        return;
    for (unsigned k = 0; k < 4; k++)
        high[k] = y->fractions[0][k];
    load_tables(y, y->half / 4 + offset, n, y->weight[1], high);
    for (unsigned k = 0; k < 4; k++)
        cs_fr_vec_add(out[k], out[k], high[k], n);
}

/* ---- rounds ---- */

typedef struct batch {
    unsigned n;
    const int64_t *x[BATCH];
    cs_fr t[BATCH];
} batch;

static void flush(const cs_leaf_layer *y, batch *b, size_t n, cs_fr *out) {
    cs_fr dots[BATCH];
    cs_fr_vec_dots(dots, y->eq_in_piece, CS_FR_ONE, b->x, b->n, n);
    for (unsigned k = 0; k < b->n; k++)
        *out = cs_fr_add(*out, cs_fr_mul(b->t[k], dots[k]));
    b->n = 0;
}

/* Sum under eq_in_piece of p q' + q (p' + lambda q'), with q', p' of the second half. */
static cs_fr sum_of_pairs(cs_leaf_layer *y, const side *a, const side *b, size_t n) {
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
            now.x[now.n] = pair_of(term(a, i), term(b, j), y->products[now.n], n);
            now.t[now.n++] = t;
            if (now.n == BATCH)
                flush(y, &now, n, &out);
        }
    }
    flush(y, &now, n, &out);
    return out;
}

/* high = 2 high - low: the line through both at 2. */
static void step(const cs_leaf_piece *low, cs_leaf_piece *high, size_t n) {
    high->p = cs_fr_sub(cs_fr_add(high->p, high->p), low->p);
    high->q = cs_fr_sub(cs_fr_add(high->q, high->q), low->q);
    for (unsigned k = 0; k < CS_LEAF_KINDS; k++) {
        const bool in_low = low->has >> k & 1, in_high = high->has >> k & 1;
        int64_t *x = high->x[k];
        for (size_t j = 0; in_high && j < n; j++)
            x[j] *= 2;
        for (size_t j = 0; in_low && j < n; j++)
            x[j] = (in_high ? x[j] : 0) - low->x[k][j];
    }
    high->has |= low->has;
}

static void load_pieces(cs_leaf_layer *y, size_t offset, size_t n, size_t table) {
    for (unsigned h = 0; h < 2; h++)
        for (size_t part = 0; part < (size_t)1 << y->rounds; part++) {
            const size_t at = h * y->half + part * table + offset;
            cs_leaf_piece_load(y->l, at, n, &y->low[h][part]);
            cs_leaf_piece_load(y->l, at + table / 2, n, &y->high[h][part]);
        }
}

static void play_round(void *context, cs_fr *out) {
    cs_leaf_layer *y = context;
    const size_t table = y->half >> y->rounds, n = start_round(y, table / 2);
    out[0] = out[1] = CS_FR_ZERO;
    for (size_t offset = 0; offset < table / 2; offset += n) {
        load_pieces(y, offset, n, table);
        for (unsigned node = 0; node < 2; node++) {
            side a, b;
            combine(y, node ? y->high[0] : y->low[0], &a);
            combine(y, node ? y->high[1] : y->low[1], &b);
            const cs_fr at = sum_of_pairs(y, &a, &b, n);
            add_to_round(y, &out[node], offset / n, at);
            for (unsigned part = 0; node == 0 && part < 1U << y->rounds; part++) {
                step(&y->low[0][part], &y->high[0][part], n);
                step(&y->low[1][part], &y->high[1][part], n);
            }
        }
    }
}

static void load(cs_leaf_layer *y, size_t offset, size_t n, cs_fr *const out[]) {
    const size_t table = y->half >> y->rounds;
    for (unsigned h = 0; h < 2; h++) {
        side s;
        for (unsigned part = 0; part < 1U << y->rounds; part++)
            cs_leaf_piece_load(y->l, h * y->half + part * table + offset, n, &y->part[part]);
        combine(y, y->part, &s);
        cs_fr_vec_affine(out[h ? CS_LEAF_Q1 : CS_LEAF_Q0], s.q[0], s.q + 1, s.x + 1, s.n - 1, n);
        sum numerators = {.base = s.p[0]};
        for (unsigned k = 0; k < s.n; k++)
            add_to_sum(&numerators, h ? cs_fr_add(s.p[k], cs_fr_mul(y->lambda, s.q[k])) : s.p[k], term(&s, k));
        cs_fr_vec_affine(out[h ? CS_LEAF_P1 : CS_LEAF_P0], numerators.base, numerators.t, numerators.x, numerators.n, n);
    }
}

/* ---- the two sumchecks ---- */

/* The tables as the rounds have left them. */
static cs_status store_tables(cs_leaf_layer *y) {
    const size_t size = y->size >> y->rounds;
    cs_fr *at[4];
    for (unsigned k = 0; k < 4; k++) {
        y->out->tables[k].values = y->tables[k] = CS_NEW(cs_fr, size);
        if (!y->tables[k])
            return CS_ERR_MEMORY;
    }
    for (size_t offset = 0; offset < size; offset += CS_LEAF_PIECE) {
        for (unsigned k = 0; k < 4; k++)
            at[k] = y->tables[k] + offset;
        y->load(y, offset, size - offset < CS_LEAF_PIECE ? size - offset : CS_LEAF_PIECE, at);
    }
    return CS_OK;
}

static cs_status bind(void *context, cs_fr r) {
    cs_leaf_layer *y = context;
    for (unsigned part = 1U << y->rounds; part-- > 0;) {
        const cs_fr high = cs_fr_mul(y->weight[part], r);
        y->weight[2 * part] = cs_fr_sub(y->weight[part], high);
        y->weight[2 * part + 1] = high;
    }
    y->rounds++;
    set_coefs(y);
    return y->rounds == y->out->first.rounds ? store_tables(y) : CS_OK;
}

unsigned cs_leaf_layer_rounds(unsigned bits, unsigned level) {
    const unsigned most = level + 1 == bits ? ROUNDS : level + 2 == bits ? 1 : 0;
    return level < most ? level : most;
}

static cs_status start(cs_leaf_layer *y, size_t size, unsigned rounds, const cs_leaf_sumcheck *what, cs_sc_witness *out) {
    const size_t pieces = size / 2 / CS_LEAF_PIECE;
    free_tables(y);
    cs_free(y->eq_of_piece);
    y->eq_of_piece = CS_NEW(cs_fr, pieces ? pieces : 1);
    if (!y->eq_of_piece)
        return CS_ERR_MEMORY;
    y->lambda = what->lambda;
    y->omega = what->omega;
    y->point = what->point;
    y->rounds = 0;
    y->weight[0] = CS_FR_ONE;
    set_coefs(y);
    y->size = size;
    y->out = out;
    *out = (cs_sc_witness){.first = {.rounds = rounds, .bind = bind, .context = y}};
    return rounds == 0 ? store_tables(y) : CS_OK;
}

cs_status cs_leaf_layer_start(cs_leaf_layer *y, const cs_leaf_sumcheck *what, cs_sc_witness *out) {
    y->load = load;
    const cs_status status = start(y, y->half, cs_leaf_layer_rounds(y->l->bits, y->l->bits - 1), what, out);
    out->first.round = play_round;
    return status;
}

cs_status cs_leaf_layer_start_first(cs_leaf_layer *y, const cs_leaf_sumcheck *what, cs_sc_witness *out) {
    y->load = load_first;
    const cs_status status = start(y, y->half / 2, cs_leaf_layer_rounds(y->l->bits, y->l->bits - 2), what, out);
    out->first.round = play_first_round;
    return status;
}
