#include "lookup/lookup.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include "lookup/leaf_layer.h"
#include "lookup/table.h"
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
    if (l->bits == 0) { /* the only leaf */
        CS_TRY(new_layer(t, 0));
        cs_leaves_numerators(l, 0, 1, t->p[0]);
        cs_leaves_denominators(l, 0, 1, t->q[0]);
        return CS_OK;
    }
    const bool is_long = (t->small || l->bits >= l->long_bits) && l->bits >= 2;
    if (!is_long)
        CS_TRY(first_layer(t, l));
    for (unsigned k = l->bits - 1; k-- > 0;) {
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

/* A rank's part of the message of the root. */
enum { ROOT_P, ROOT_Q, ROOT_INVERSE, ROOT_SUM, ROOT_VALUES };

/* Where the reduction stands: p_i and q_i of every rank at `point`, as combinations of the last layer's final values. */
typedef struct state {
    cs_fr point[MAX_BITS];
    cs_sc_result values;
    cs_var root; /* before the first layer: the message of the root */
    bool at_root;
    cs_fr lambda, mu; /* of the last layer */
} state;

/* e += omega (p_i + lambda q_i). */
static void add_fraction(cs_expr *e, const state *st, int i, cs_fr omega, cs_fr lambda) {
    const cs_fr on_q = cs_fr_mul(omega, lambda);
    if (st->at_root) {
        const cs_var root = st->root + ROOT_VALUES * (cs_var)i;
        cs_expr_add_term(e, omega, root + ROOT_P);
        cs_expr_add_term(e, on_q, root + ROOT_Q);
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

/* (a) (b) = (c), or = 1 without c, of variables of one rank. */
static cs_status root_row(cs_session *s, cs_label label, int rank, cs_var a, cs_var b, const cs_var *c) {
    cs_expr left = {0}, right = {0}, product = {0};
    cs_expr_add_term(&left, CS_FR_ONE, a);
    cs_expr_add_term(&right, CS_FR_ONE, b);
    if (c)
        cs_expr_add_term(&product, CS_FR_ONE, *c);
    else
        cs_expr_add_const(&product, CS_FR_ONE, rank);
    return cs_session_fail(s, cs_ledger_product(&s->ledger, &left, &right, &product, rank, label));
}

/* q has an inverse, and p / q is the sum of the tree. */
static cs_status send_root(cs_session *s, const tree *t, state *st) {
    cs_fr mine[ROOT_VALUES];
    cs_var root;
    if (cs_holds(s)) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): who proves has the tree */
        mine[ROOT_P] = t->p[0][0];
        mine[ROOT_Q] = t->q[0][0];
        mine[ROOT_INVERSE] = cs_fr_inv(mine[ROOT_Q]);
        mine[ROOT_SUM] = cs_fr_mul(mine[ROOT_P], mine[ROOT_INVERSE]);
    }
    CS_TRY(cs_session_send_own(s, CS_LABEL_LOOKUP_ROOT, mine, ROOT_VALUES, NULL, 0, &root));
    *st = (state){.at_root = true, .root = root};
    for (int i = 0; i < s->n_ranks; i++, root += ROOT_VALUES) {
        CS_TRY(root_row(s, CS_LABEL_LOOKUP_INVERTIBLE, i, root + ROOT_Q, root + ROOT_INVERSE, NULL));
        const cs_var sum = root + ROOT_SUM;
        CS_TRY(root_row(s, CS_LABEL_LOOKUP_ROOT, i, root + ROOT_P, root + ROOT_INVERSE, &sum));
    }
    return CS_OK;
}

static cs_status prove_layer(cs_session *s, tree *t, half_leaves *halves, unsigned level, cs_fr *omega, state *st) {
    cs_status status = CS_OK;
    if (cs_holds(s) && level + 2 == t->bits && !t->p[level + 1] && !t->small) /* its turn has come */
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
    if (cs_holds(s)) {
        const cs_leaf_sumcheck mine = {.lambda = lambda, .omega = omega[s->rank], .point = st->point};
        status = layer_tables(t, halves, level, &mine, &tables);
    }
    CS_TRY(cs_session_fail(s, status));
    CS_TRY(cs_sumcheck_run(s, &what, &claim, &tables, &st->values));
    if (cs_holds(s) && level + 1 < t->bits)
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

/* From the tree's root to one claim on the witness. */
static cs_status reduce(cs_witness *w, const cs_leaves *leaves, tree *t, state *st, cs_fr *omega) {
    cs_session *s = w->session;
    half_leaves halves[2] = {{.l = leaves}, {.l = leaves}};
    for (unsigned level = 0; level < leaves->bits; level++) {
        CS_TRY(prove_layer(s, t, halves, level, omega, st));
        cs_progress_report(s->progress, NULL, GROWING + (1 - GROWING) * ldexp(2, (int)level - (int)leaves->bits));
    }
    cs_session_rank_weights(s, CS_LABEL_LOOKUP_RANKS, omega);
    const cs_fr lambda = cs_session_challenge(s, CS_LABEL_LOOKUP_LAMBDA);
    cs_expr value = {0};
    add_fractions_of_ranks(s, st, omega, lambda, &value);
    const cs_status status = cs_leaves_claim(leaves, w, st->point, omega, lambda, &value);
    cs_expr_free(&value);
    return cs_session_fail(s, status);
}

static cs_status grow(cs_witness *w, const cs_lookups *what, cs_fr alpha, cs_fr beta, cs_leaves *leaves, tree *t) {
    CS_TRY(cs_leaves_new(leaves, w, what, alpha, beta));
    if (leaves->bits >= MAX_BITS)
        return cs_fail(CS_ERR_INTERNAL, "lookups: too many leaves");
    return cs_holds(w->session) ? grow_tree(t, leaves) : CS_OK;
}

cs_status cs_lookup_prove(cs_witness *w, const cs_lookups *what) {
    cs_session *s = w->session;
    cs_leaves leaves = {0};
    tree t = {0};
    state st = {0};
    const cs_fr alpha = cs_session_challenge(s, CS_LABEL_LOOKUP_ALPHA), beta = cs_session_challenge(s, CS_LABEL_LOOKUP_BETA);
    cs_fr *omega = CS_NEW(cs_fr, (size_t)s->n_ranks);
    cs_status status = cs_session_fail(s, omega ? grow(w, what, alpha, beta, &leaves, &t) : CS_ERR_MEMORY);
    cs_progress_report(s->progress, NULL, GROWING);
    if (status == CS_OK)
        status = send_root(s, &t, &st);
    if (status == CS_OK)
        status = cs_session_fail(s, cs_lookup_table_claim(&leaves, w, st.root + ROOT_SUM, ROOT_VALUES));
    if (status == CS_OK)
        status = reduce(w, &leaves, &t, &st, omega);
    free_tree(&t);
    cs_leaves_free(&leaves);
    cs_free(omega);
    return status;
}
