/* The batch opening (section 4, steps 1 to 4). */
#include "base/memory.h"
#include "curve/commit.h"
#include "curve/msm.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "witness/ipa.h"
#include "witness/slots.h"
#include "witness/witness.h"
#include <string.h>

typedef struct evaluation {
    const cs_witness *w;
    const cs_fr *gammas;
    cs_fr *values; /* [n_ranks] at the point */
    cs_status status;
} evaluation;

/* The first rank comes first: what the ranks have in common is worked out once. */
static cs_fr coefficients_at(void *context, int rank, const cs_fr *point) {
    evaluation *e = context;
    if (rank == 0)
        e->status = cs_witness_coefficients_at(e->w, e->gammas, point, 0, (size_t)e->w->session->n_ranks, e->values);
    return e->values[rank];
}

/* Step 1: one sumcheck over E_i * W_i for all claims. */
static cs_status reduce(cs_witness *w, cs_sc_result *out) {
    cs_session *s = w->session;
    cs_fr *gammas = CS_NEW(cs_fr, w->n_claims), *ones = CS_NEW(cs_fr, (size_t)s->n_ranks);
    cs_fr *values = CS_NEW(cs_fr, (size_t)s->n_ranks);
    evaluation e = {w, gammas, values, CS_OK};
    cs_slots slots = {0};
    cs_sc_witness tables = {.tables = {{.kept = w->folded_row, .kept_bits = w->layout->column_bits}}};
    cs_sumcheck what = {.label = CS_LABEL_OPEN_CLAIMS,
                        .bits = w->layout->bits,
                        .n_own = 1,
                        .n_public = 1,
                        .n_terms = 1,
                        .single = cs_slots_bits(w->layout->bits - w->layout->column_bits),
                        .publics = {{coefficients_at, &e, true}},
                        .terms = {{.weights = ones, .pub = 0, .n_factors = 1, .factor = {0}}}};
    cs_expr claim = {0};
    cs_status status = gammas && ones && values ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        cs_powers(gammas, cs_session_challenge(s, CS_LABEL_OPEN_CLAIMS), w->n_claims);
        for (int i = 0; i < s->n_ranks; i++)
            ones[i] = CS_FR_ONE;
        for (size_t k = 0; k < w->n_claims; k++)
            cs_expr_add(&claim, gammas[k], &w->claims[k]);
        cs_expr_merge(&claim);
    }
    if (status == CS_OK && cs_holds(s))
        status = cs_slots_new(&slots, w, gammas, &tables);
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = cs_sumcheck_run(s, &what, &claim, &tables, out);
    if (status == CS_OK)
        status = cs_session_fail(s, e.status);
    cs_expr_free(&claim);
    cs_slots_free(&slots);
    cs_free(gammas);
    cs_free(ones);
    cs_free(values);
    return status;
}

/* A rank's mask d_i, its commitment and its value y_i. */
typedef struct mask {
    cs_fr *d; /* [columns] */
    cs_fr blinding, y;
    cs_g1_affine point;
} mask;

static cs_status draw_mask(cs_witness *w, mask *m) {
    const size_t columns = (size_t)1 << w->layout->column_bits;
    m->d = CS_NEW(cs_fr, columns);
    if (!m->d)
        return CS_ERR_MEMORY;
    for (size_t j = 0; j < columns; j++)
        m->d[j] = cs_fr_random();
    m->blinding = cs_fr_random();
    m->y = cs_fr_vec_dot(m->d, w->right, columns);
    const cs_int_row row = {.type = CS_INT_FR, .data = m->d, .n = columns};
    return cs_commit_rows(&m->point, &row, 1, &m->blinding);
}

/* f_i = d_i + scale * L^T M_i, followed by its blinding: uniform whatever M_i and the challenge are, because of d_i and t_i.
 * L^T M_i is what the sumcheck folded the matrix to when a row was left. */
static void masked_answer(const cs_witness *w, const mask *m, cs_fr scale, cs_fr *out) {
    const cs_layout *l = w->layout;
    const size_t columns = (size_t)1 << l->column_bits;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): who proves has the mask */
    memcpy(out, m->d, columns * sizeof *out);
    cs_fr_vec_axpy(out, scale, w->folded_row, columns);
    out[columns] = m->blinding;
    for (size_t row = 0; row < l->rows; row++)
        if (cs_layout_live(l, w->session->rank, row))
            out[columns] = cs_fr_add(out[columns], cs_fr_mul(cs_fr_mul(scale, w->left[row]), w->blindings[row]));
}

/* Root: a rank's value <f_i, R>. */
static void take_value(void *context, int rank, const cs_fr *f) {
    const cs_witness *w = context;
    w->answer_values[rank + 1] = cs_fr_vec_dot(f, w->right, (size_t)1 << w->layout->column_bits);
}

/* The blinding of the sum, and each rank's value: each is uniform because of d_i. */
static cs_status show_values(cs_witness *w) {
    const size_t n = (size_t)w->session->n_ranks;
    if (cs_is_root(w->session))
        w->answer_values[0] = w->answer[(size_t)1 << w->layout->column_bits];
    CS_TRY(cs_session_root_scalars(w->session, CS_LABEL_OPEN_ANSWER, w->answer_values, n + 1));
    w->answer_blinding = w->answer_values[0];
    w->answer_value = CS_FR_ZERO;
    for (size_t i = 0; i < n; i++)
        w->answer_value = cs_fr_add(w->answer_value, w->answer_values[i + 1]);
    return CS_OK;
}

static cs_status answer(cs_witness *w, const mask *m) {
    cs_session *s = w->session;
    const size_t columns = (size_t)1 << w->layout->column_bits;
    cs_fr *mine = cs_holds(s) ? CS_NEW(cs_fr, columns + 1) : NULL;
    const cs_answer_use values = {w, take_value};
    w->answer = CS_NEW(cs_fr, columns + 1);
    w->answer_values = CS_NEW(cs_fr, (size_t)s->n_ranks + 1);
    cs_status status = w->answer && w->answer_values && (mine || !cs_holds(s)) ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK && cs_holds(s))
        masked_answer(w, m, w->theta_e[s->rank], mine);
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = cs_session_answer(s, CS_ANSWER_OPENING, CS_LABEL_OPEN_ANSWER, mine, columns + 1, w->answer, &values);
    if (status == CS_OK)
        status = show_values(w);
    cs_free(mine);
    return status;
}

/* y_i + e theta_i w_i = <f_i, R>, rank by rank. */
static cs_status value_rows(cs_witness *w, const cs_sc_result *folded, cs_var y) {
    cs_session *s = w->session;
    for (int i = 0; i < s->n_ranks; i++) {
        cs_expr row = {0};
        cs_expr_add_term(&row, CS_FR_ONE, y + (cs_var)i);
        cs_expr_add_term(&row, w->theta_e[i], cs_sc_own(folded, i, 0));
        cs_expr_add_const(&row, cs_fr_neg(w->answer_values[i + 1]), i);
        const cs_status status = cs_ledger_zero(&s->ledger, &row, false, CS_LABEL_OPEN_VALUE);
        cs_expr_free(&row);
        CS_TRY(status);
    }
    return CS_OK;
}

static cs_status masked_opening(cs_witness *w, const cs_sc_result *folded, mask *m) {
    cs_session *s = w->session;
    cs_status status = CS_OK;
    cs_var y;
    cs_session_rank_weights(s, CS_LABEL_OPEN_RANKS, w->theta_e);
    if (cs_holds(s))
        status = cs_session_fail(s, draw_mask(w, m));
    CS_TRY(status);
    w->mask_at = s->judge ? s->judge->taken : 0;
    CS_TRY(cs_session_sum_points(s, CS_LABEL_OPEN_MASK, &m->point, NULL, 1, &w->mask));
    CS_TRY(cs_session_send_own(s, CS_LABEL_OPEN_MASK_VALUE, &m->y, 1, NULL, 0, &y));
    const cs_fr e = cs_session_challenge(s, CS_LABEL_OPEN_CHALLENGE);
    for (int i = 0; i < s->n_ranks; i++)
        w->theta_e[i] = cs_fr_mul(e, w->theta_e[i]);
    CS_TRY(answer(w, m));
    if (s->judge)
        CS_TRY(cs_witness_judge(w));
    return cs_session_fail(s, value_rows(w, folded, y));
}

cs_status cs_witness_open(cs_witness *w) {
    cs_sc_result folded;
    const cs_layout *l = w->layout;
    const unsigned row_bits = l->bits - l->column_bits;
    if (cs_holds(w->session))
        w->folded_row = CS_NEW(cs_fr, (size_t)1 << l->column_bits);
    CS_TRY(cs_session_fail(w->session, cs_holds(w->session) && !w->folded_row ? CS_ERR_MEMORY : CS_OK));
    CS_TRY(reduce(w, &folded));
    w->left = CS_NEW(cs_fr, l->rows);
    w->right = CS_NEW(cs_fr, (size_t)1 << l->column_bits);
    if (!w->left || !w->right)
        return cs_session_fail(w->session, CS_ERR_MEMORY);
    cs_fr_vec_eq(w->left, folded.point, row_bits);
    cs_fr_vec_eq(w->right, folded.point + row_bits, l->column_bits);
    mask m = {.point = CS_G1_AFFINE_IDENTITY};
    const cs_status status = masked_opening(w, &folded, &m);
    cs_free(m.d);
    return status;
}

/* Com(f; zeta) = sum of D_i + sum over i, rows of e theta_i L_row K_{i,row}: the commitment's part of the equation. */
static cs_status add_commitments(cs_witness *w) {
    cs_deferred *d = &w->session->deferred;
    cs_deferred_begin(d);
    CS_TRY(cs_deferred_add(d, CS_FR_ONE, w->mask));
    cs_deferred_add_h(d, cs_fr_neg(w->answer_blinding));
    for (int i = 0; i < w->session->n_ranks; i++)
        for (size_t row = 0; row < w->layout->rows; row++)
            if (cs_layout_live(w->layout, i, row))
                CS_TRY(cs_deferred_add(d, cs_fr_mul(w->theta_e[i], w->left[row]), w->points[i][row]));
    return CS_OK;
}

cs_status cs_witness_prove_opening(cs_witness *w) {
    const size_t columns = (size_t)1 << w->layout->column_bits;
    if (cs_proving(w->session) && !cs_is_root(w->session))
        return cs_ipa_help(w->session, columns);
    if (!cs_proving(w->session))
        CS_TRY(add_commitments(w));
    return cs_ipa_run(w->session, w->answer, w->right, columns, w->answer_value);
}
