#include "lookup/lookup.h"
#include "base/memory.h"
#include "lookup/leaf_layer.h"
#include "lookup/table.h"
#include "lookup/tree.h"
#include <math.h>

/* Own tables of a layer's sumcheck: both children's numerators and denominators; the second numerator is p1 + lambda q1, so
 * that the layer is p0 q1 + q0 (p1 + lambda q1). */
enum { P0 = CS_LAYER_P0, P1 = CS_LAYER_P1, Q0 = CS_LAYER_Q0, Q1 = CS_LAYER_Q1 };

/* A rank's part of the message of the root. */
enum { ROOT_P, ROOT_Q, ROOT_INVERSE, ROOT_SUM, ROOT_VALUES };

/* Where the reduction stands: p_i and q_i of every rank at `point`, as combinations of the last layer's final values. */
typedef struct state {
    cs_fr point[CS_TREE_BITS];
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
static cs_status send_root(cs_session *s, const cs_tree *t, state *st) {
    cs_fr mine[ROOT_VALUES];
    cs_var root;
    if (cs_holds(s)) {
        cs_tree_root(t, &mine[ROOT_P], &mine[ROOT_Q]);
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

static cs_status prove_layer(cs_session *s, const cs_leaves *leaves, cs_tree *t, unsigned level, cs_fr *omega, state *st) {
    const cs_fr lambda = cs_session_challenge(s, CS_LABEL_LOOKUP_LAMBDA);
    cs_session_rank_weights(s, CS_LABEL_LOOKUP_RANKS, omega);
    cs_expr claim = {0};
    add_fractions_of_ranks(s, st, omega, lambda, &claim);
    const cs_sumcheck what = {.label = CS_LABEL_LOOKUP_LAMBDA,
                              .bits = level,
                              .n_own = 4,
                              .n_terms = 2,
                              .eq_point = st->point,
                              .single = cs_leaf_layer_rounds(leaves->bits, level),
                              .terms = {{.weights = omega, .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {P0, Q1}},
                                        {.weights = omega, .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {Q0, P1}}}};
    cs_sc_witness tables;
    CS_TRY(cs_session_fail(s, cs_holds(s) ? cs_tree_start(t, level, lambda, omega[s->rank], st->point, &tables) : CS_OK));
    CS_TRY(cs_sumcheck_run(s, &what, &claim, &tables, &st->values));
    if (cs_holds(s))
        cs_tree_end(t, level);
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
static cs_status reduce(cs_witness *w, const cs_leaves *leaves, cs_tree *t, state *st, cs_fr *omega) {
    cs_session *s = w->session;
    for (unsigned level = 0; level < leaves->bits; level++) {
        CS_TRY(prove_layer(s, leaves, t, level, omega, st));
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

static cs_status grow(cs_witness *w, const cs_lookups *what, cs_fr alpha, cs_fr beta, cs_leaves *leaves, cs_tree **t) {
    CS_TRY(cs_leaves_new(leaves, w, what, alpha, beta));
    if (leaves->bits >= CS_TREE_BITS)
        return cs_fail(CS_ERR_INPUT,
                       "lookups: a rank would have 2^%u leaves, and fewer than 2^%d can be proved: divide the records among "
                       "more datasets or ranks, or take fewer steps",
                       leaves->bits, CS_TREE_BITS);
    return cs_holds(w->session) ? cs_tree_new(t, leaves) : CS_OK;
}

cs_status cs_lookup_prove(cs_witness *w, const cs_lookups *what) {
    cs_session *s = w->session;
    cs_leaves leaves = {0};
    cs_tree *t = NULL;
    state st = {0};
    const cs_fr alpha = cs_session_challenge(s, CS_LABEL_LOOKUP_ALPHA), beta = cs_session_challenge(s, CS_LABEL_LOOKUP_BETA);
    cs_fr *omega = CS_NEW(cs_fr, (size_t)s->n_ranks);
    cs_status status = cs_session_fail(s, omega ? grow(w, what, alpha, beta, &leaves, &t) : CS_ERR_MEMORY);
    cs_progress_report(s->progress, NULL, GROWING);
    if (status == CS_OK)
        status = send_root(s, t, &st);
    if (status == CS_OK)
        status = cs_session_fail(s, cs_lookup_table_claim(&leaves, w, st.root + ROOT_SUM, ROOT_VALUES));
    if (status == CS_OK)
        status = reduce(w, &leaves, t, &st, omega);
    cs_tree_free(t);
    cs_leaves_free(&leaves);
    cs_free(omega);
    return status;
}
