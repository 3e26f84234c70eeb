#include "lookup/lookup.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include "lookup/leaf_layer.h"
#include <math.h>

enum { MAX_BITS = 40, BLOCK = CS_LEAF_PIECE };

/* Own tables of a layer's sumcheck: both halves of numerators and denominators; the second numerator is p1 + lambda q1, so
 * that the layer is p0 q1 + q0 (p1 + lambda q1). */
enum { P0 = CS_LEAF_P0, P1 = CS_LEAF_P1, Q0 = CS_LEAF_Q0, Q1 = CS_LEAF_Q1 };

/* A rank's tree: layer k has 2^k fractions, k < bits; the leaves (layer `bits`) are loaded when they are needed. */
typedef struct tree {
    unsigned bits;
    cs_fr *p[MAX_BITS], *q[MAX_BITS];
    cs_leaf_layer *small; /* if the leaves are small integers */
} tree;

static void free_tree(tree *t) {
    for (unsigned k = 0; k < MAX_BITS; k++) {
        cs_free(t->p[k]);
        cs_free(t->q[k]);
    }
    cs_leaf_layer_free(t->small);
}

/* Fractions of leaves x.. and those half the tree further on. */
static void add_leaf_block(tree *t, const cs_leaves *l, cs_fr *p, cs_fr *q, size_t x, size_t half, size_t n) {
    if (t->small) {
        cs_leaf_layer_fractions(t->small, x, n, p, q);
        return;
    }
    cs_fr p0[BLOCK], q0[BLOCK], p1[BLOCK], q1[BLOCK];
    cs_leaves_numerators(l, x, n, p0);
    cs_leaves_denominators(l, x, n, q0);
    cs_leaves_numerators(l, half + x, n, p1);
    cs_leaves_denominators(l, half + x, n, q1);
    cs_fr_vec_fractions(p, q, p0, q0, p1, q1, n);
}

static void add_leaves(tree *t, const cs_leaves *l, cs_fr *p, cs_fr *q, size_t half) {
    for (size_t x = 0; x < half; x += BLOCK)
        add_leaf_block(t, l, p + x, q + x, x, half, half - x < BLOCK ? half - x : BLOCK);
}

static cs_status new_layer(tree *t, unsigned k) {
    t->p[k] = CS_NEW(cs_fr, (size_t)1 << k);
    t->q[k] = CS_NEW(cs_fr, (size_t)1 << k);
    return t->p[k] && t->q[k] ? CS_OK : CS_ERR_MEMORY;
}

static void free_layer(tree *t, unsigned k) {
    cs_free(t->p[k]);
    cs_free(t->q[k]);
    t->p[k] = t->q[k] = NULL;
}

/* The layer above the leaves. */
static cs_status first_layer(tree *t, const cs_leaves *l) {
    const unsigned k = l->bits - 1;
    CS_TRY(new_layer(t, k));
    add_leaves(t, l, t->p[k], t->q[k], (size_t)1 << k);
    return CS_OK;
}

/* The layer after that, a block of the first one at a time. */
static void second_layer(tree *t, const cs_leaves *l) {
    const unsigned k = l->bits - 2;
    const size_t n = (size_t)1 << k;
    cs_fr p[2][BLOCK], q[2][BLOCK];
    for (size_t x = 0; x < n; x += BLOCK) {
        const size_t m = n - x < BLOCK ? n - x : BLOCK;
        for (size_t half = 0; half < 2; half++)
            add_leaf_block(t, l, p[half], q[half], half * n + x, 2 * n, m);
        cs_fr_vec_fractions(t->p[k] + x, t->q[k] + x, p[0], q[0], p[1], q[1], m);
    }
}

/* Without its first layer, half of its memory: until the layers above it are done with for a long tree, for good if the
 * leaves are small integers. */
static cs_status grow_tree(tree *t, const cs_leaves *l) {
    t->bits = l->bits;
    if (cs_leaves_are_small(l)) {
        t->small = cs_leaf_layer_new(l);
        if (!t->small)
            return CS_ERR_MEMORY;
    }
    const bool is_long = (t->small || l->bits >= l->long_bits) && l->bits >= 2;
    if (l->bits > 0 && !is_long)
        CS_TRY(first_layer(t, l));
    for (unsigned k = l->bits > 0 ? l->bits - 1 : 0; k-- > 0;) {
        const size_t n = (size_t)1 << k;
        CS_TRY(new_layer(t, k));
        if (is_long && k + 2 == l->bits)
            second_layer(t, l);
        else
            cs_fr_vec_fractions(t->p[k], t->q[k], t->p[k + 1], t->q[k + 1], t->p[k + 1] + n, t->q[k + 1] + n, n);
    }
    return CS_OK;
}

/* The leaves as tables of the last layer's sumcheck. */
typedef struct half_leaves {
    const cs_leaves *l;
    size_t start;
    cs_fr lambda;
} half_leaves;

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
        const size_t m = n - x < BLOCK ? n - x : BLOCK;
        load_q(context, offset + x, m, q);
        cs_fr_vec_axpy(out + x, h->lambda, q, m);
    }
}

/* The prover's tables for the layer whose children are layer level + 1. */
static cs_status layer_tables(tree *t, half_leaves halves[2], unsigned level, const cs_leaf_sumcheck *what,
                              cs_sc_witness *out) {
    const size_t half = (size_t)1 << level;
    const cs_fr lambda = what->lambda;
    *out = (cs_sc_witness){0};
    if (level + 1 == t->bits && t->small)
        return cs_leaf_layer_start(t->small, what, out);
    if (level + 2 == t->bits && t->small)
        return cs_leaf_layer_start_first(t->small, what, out);
    if (level + 1 == t->bits) {
        halves[0].lambda = halves[1].lambda = lambda;
        halves[0].start = 0;
        halves[1].start = half;
        out->tables[P0] = (cs_sc_table){.load = load_p, .context = &halves[0]};
        out->tables[P1] = (cs_sc_table){.load = load_p_plus_q, .context = &halves[1]};
        out->tables[Q0] = (cs_sc_table){.load = load_q, .context = &halves[0]};
        out->tables[Q1] = (cs_sc_table){.load = load_q, .context = &halves[1]};
        return CS_OK;
    }
    cs_fr *p = t->p[level + 1], *q = t->q[level + 1];
    cs_fr_vec_axpy(p + half, lambda, q + half, half);
    out->tables[P0].values = p;
    out->tables[P1].values = p + half;
    out->tables[Q0].values = q;
    out->tables[Q1].values = q + half;
    return CS_OK;
}

/* Where the reduction stands: p_i and q_i of every rank at `point`, as combinations of the last layer's final values. */
typedef struct state {
    cs_fr point[MAX_BITS];
    cs_sc_result values;
    cs_var q, p; /* before the first layer: q_i is q + i stride; p_i is p + i stride, or zero */
    size_t stride;
    bool at_root, has_p;
    cs_fr lambda, mu; /* of the last layer */
} state;

/* e += omega (p_i + lambda q_i). */
static void add_fraction(cs_expr *e, const state *st, int i, cs_fr omega, cs_fr lambda) {
    const cs_fr on_q = cs_fr_mul(omega, lambda);
    if (st->at_root) {
        cs_expr_add_term(e, on_q, st->q + (cs_var)((size_t)i * st->stride));
        if (st->has_p)
            cs_expr_add_term(e, omega, st->p + (cs_var)((size_t)i * st->stride));
        return;
    }
    const cs_fr not_mu = cs_fr_sub(CS_FR_ONE, st->mu);
    const cs_fr p1 = cs_fr_mul(omega, st->mu); /* p1 = P1 - lambda' Q1 */
    cs_expr_add_term(e, cs_fr_mul(omega, not_mu), cs_sc_own(&st->values, i, P0));
    cs_expr_add_term(e, p1, cs_sc_own(&st->values, i, P1));
    cs_expr_add_term(e, cs_fr_mul(on_q, not_mu), cs_sc_own(&st->values, i, Q0));
    cs_expr_add_term(e, cs_fr_sub(cs_fr_mul(on_q, st->mu), cs_fr_mul(p1, st->lambda)), cs_sc_own(&st->values, i, Q1));
}

static void add_fractions_of_ranks(const cs_session *s, const state *st, const cs_fr *omega, cs_fr lambda, cs_expr *out) {
    for (int i = 0; i < s->n_ranks; i++)
        add_fraction(out, st, i, omega[i], lambda);
}

/* (a) (b) = sign (c), or = 1 without c, of variables of one rank. */
static cs_status root_row(cs_session *s, cs_label label, int rank, cs_var a, cs_var b, const cs_var *c, cs_fr sign) {
    cs_expr left = {0}, right = {0}, product = {0};
    cs_expr_add_term(&left, CS_FR_ONE, a);
    cs_expr_add_term(&right, CS_FR_ONE, b);
    if (c)
        cs_expr_add_term(&product, sign, *c);
    else
        cs_expr_add_const(&product, CS_FR_ONE, rank);
    return cs_session_fail(s, cs_ledger_product(&s->ledger, &left, &right, &product, rank, label));
}

/* One tree: q at the root has an inverse, and p is zero. */
static cs_status send_root(cs_session *s, const tree *t, state *st) {
    cs_fr mine[2];
    if (cs_proving(s)) {
        mine[0] = t->q[0][0];
        mine[1] = cs_fr_inv(mine[0]);
    }
    *st = (state){.at_root = true, .stride = 2};
    CS_TRY(cs_session_send_own(s, CS_LABEL_LOOKUP_ROOT, mine, 2, NULL, 0, &st->q));
    for (int i = 0; i < s->n_ranks; i++) {
        const cs_var q = st->q + 2 * (cs_var)i;
        CS_TRY(root_row(s, CS_LABEL_LOOKUP_INVERTIBLE, i, q, q + 1, NULL, CS_FR_ONE));
    }
    return CS_OK;
}

enum { ROOT_P, ROOT_Q, ROOT_INVERSE, ROOT_TREE, ROOT_SUM = 2 * ROOT_TREE, ROOT_VALUES };

/* Two trees: both q have inverses, and p / q of the first, the sum, is -p / q of the second. */
static cs_status send_two_roots(cs_session *s, const tree *trees, state *st) {
    cs_fr mine[ROOT_VALUES];
    cs_var first;
    for (int k = 0; cs_proving(s) && k < 2; k++) {
        mine[k * ROOT_TREE + ROOT_P] = trees[k].p[0][0];
        mine[k * ROOT_TREE + ROOT_Q] = trees[k].q[0][0];
        mine[k * ROOT_TREE + ROOT_INVERSE] = cs_fr_inv(trees[k].q[0][0]);
    }
    if (cs_proving(s))
        mine[ROOT_SUM] = cs_fr_mul(mine[ROOT_P], mine[ROOT_INVERSE]);
    CS_TRY(cs_session_send_own(s, CS_LABEL_LOOKUP_ROOT, mine, ROOT_VALUES, NULL, 0, &first));
    for (int k = 0; k < 2; k++) {
        const cs_var root = first + (cs_var)k * ROOT_TREE;
        const cs_fr sign = k ? cs_fr_neg(CS_FR_ONE) : CS_FR_ONE;
        st[k] = (state){.at_root = true, .stride = ROOT_VALUES, .has_p = true, .p = root + ROOT_P, .q = root + ROOT_Q};
        for (int i = 0; i < s->n_ranks; i++) {
            const cs_var of_rank = (cs_var)i * ROOT_VALUES, p = st[k].p + of_rank, q = st[k].q + of_rank;
            CS_TRY(root_row(s, CS_LABEL_LOOKUP_INVERTIBLE, i, q, root + of_rank + ROOT_INVERSE, NULL, CS_FR_ONE));
            CS_TRY(root_row(s, CS_LABEL_LOOKUP_ROOT, i, first + of_rank + ROOT_SUM, q, &p, sign));
        }
    }
    return CS_OK;
}

static cs_status prove_layer(cs_session *s, tree *t, half_leaves *halves, unsigned level, cs_fr *omega, state *st) {
    cs_status status = CS_OK;
    if (cs_proving(s) && level + 2 == t->bits && !t->p[level + 1] && !t->small) /* its turn has come */
        status = first_layer(t, halves[0].l);
    CS_TRY(cs_session_fail(s, status));
    const cs_fr lambda = cs_session_challenge(s, CS_LABEL_LOOKUP_LAMBDA);
    cs_session_rank_weights(s, CS_LABEL_LOOKUP_RANKS, omega);
    cs_expr claim = {0};
    add_fractions_of_ranks(s, st, omega, lambda, &claim);
    const cs_sumcheck what = {.label = CS_LABEL_LOOKUP_LAMBDA,
                              .bits = level,
                              .n_own = 4,
                              .n_terms = 2,
                              .eq_point = st->point,
                              .single = cs_leaf_layer_rounds(halves[0].l->bits, level),
                              .terms = {{.weights = omega, .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {P0, Q1}},
                                        {.weights = omega, .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {Q0, P1}}}};
    cs_sc_witness tables;
    if (cs_proving(s)) {
        const cs_leaf_sumcheck mine = {.lambda = lambda, .omega = omega[s->rank], .point = st->point};
        status = layer_tables(t, halves, level, &mine, &tables);
    }
    CS_TRY(cs_session_fail(s, status));
    CS_TRY(cs_sumcheck_run(s, &what, &claim, &tables, &st->values));
    if (cs_proving(s) && level + 1 < t->bits)
        free_layer(t, level + 1);
    st->at_root = false;
    st->lambda = lambda;
    st->mu = cs_session_challenge(s, CS_LABEL_LOOKUP_MERGE);
    st->point[0] = st->mu;
    for (unsigned k = 0; k < level; k++)
        st->point[k + 1] = st->values.point[k];
    return CS_OK;
}

/* What growing the tree takes of the whole; a layer takes twice as long as the one before. For reports only. */
static const double GROWING = 0.25;

typedef struct span {
    double before, all; /* leaves of the trees before this one, and of all trees */
} span;

/* From a tree's root to one claim on the witness. */
static cs_status reduce(cs_witness *w, const cs_leaves *leaves, tree *t, state *st, cs_fr *omega, span of_all) {
    cs_session *s = w->session;
    half_leaves halves[2] = {{.l = leaves}, {.l = leaves}};
    for (unsigned level = 0; level < leaves->bits; level++) {
        CS_TRY(prove_layer(s, t, halves, level, omega, st));
        cs_progress_report(s->progress, NULL, GROWING + (1 - GROWING) * (of_all.before + ldexp(2, (int)level)) / of_all.all);
    }
    cs_session_rank_weights(s, CS_LABEL_LOOKUP_RANKS, omega);
    const cs_fr lambda = cs_session_challenge(s, CS_LABEL_LOOKUP_LAMBDA);
    cs_expr value = {0};
    add_fractions_of_ranks(s, st, omega, lambda, &value);
    const cs_status status = cs_leaves_claim(leaves, w, st->point, omega, lambda, &value);
    cs_expr_free(&value);
    return cs_session_fail(s, status);
}

static cs_status grow(cs_witness *w, const cs_lookups *what, cs_leaves_part part, const cs_fr mix[2], cs_leaves *leaves,
                      tree *t) {
    CS_TRY(cs_leaves_new(leaves, w, what, part, mix[0], mix[1]));
    if (leaves->bits >= MAX_BITS)
        return cs_fail(CS_ERR_INTERNAL, "lookups: too many leaves");
    return cs_proving(w->session) ? grow_tree(t, leaves) : CS_OK;
}

cs_status cs_lookup_prove(cs_witness *w, const cs_lookups *what) {
    static const cs_leaves_part parts[2][2] = {{CS_LEAVES_ALL}, {CS_LEAVES_LOOKUPS, CS_LEAVES_TABLE}};
    cs_session *s = w->session;
    const int n = what->apart ? 2 : 1;
    cs_leaves leaves[2] = {{0}, {0}};
    tree trees[2] = {{0}, {0}};
    state states[2];
    cs_fr mix[2];
    mix[0] = cs_session_challenge(s, CS_LABEL_LOOKUP_ALPHA);
    mix[1] = cs_session_challenge(s, CS_LABEL_LOOKUP_BETA);
    cs_fr *omega = CS_NEW(cs_fr, (size_t)s->n_ranks);
    cs_status status = omega ? CS_OK : CS_ERR_MEMORY;
    for (int k = 0; status == CS_OK && k < n; k++)
        status = grow(w, what, parts[n - 1][k], mix, &leaves[k], &trees[k]);
    status = cs_session_fail(s, status);
    cs_progress_report(s->progress, NULL, GROWING);
    if (status == CS_OK)
        status = n == 1 ? send_root(s, trees, states) : send_two_roots(s, trees, states);
    span of_all = {.all = ldexp(1, (int)leaves[0].bits) + (n > 1 ? ldexp(1, (int)leaves[1].bits) : 0)};
    for (int k = 0; k < n; k++) {
        if (status == CS_OK)
            status = reduce(w, &leaves[k], &trees[k], &states[k], omega, of_all);
        of_all.before += ldexp(1, (int)leaves[k].bits);
        free_tree(&trees[k]);
        cs_leaves_free(&leaves[k]);
    }
    cs_free(omega);
    return status;
}
