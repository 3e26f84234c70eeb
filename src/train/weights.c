/* Claims on weights (6.3): W_l(tau) = W_l(0) - sum over ranks, s, b of c_s less(s, tau) <A_{l-1}(s,b,·), vk>
 * <delta_l(s,b,·), vj>. */
#include "base/memory.h"
#include "field/fr_vec.h"
#include "train/model_sums.h"
#include "train/proof.h"

/* <vk ⊗ vj, W> of a public matrix. */
static cs_status matrix_at(const cs_model *m, size_t l, const cs_axis *k, const cs_axis *j, cs_fr *out) {
    const size_t rows = m->rows[l - 1];
    cs_fr *tk = CS_NEW(cs_fr, (size_t)1 << k->bits), *tj = CS_NEW(cs_fr, (size_t)1 << j->bits), *sums = CS_NEW(cs_fr, rows);
    cs_status status = tk && tj && sums ? cs_axis_table(tk, k, 0) : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_axis_table(tj, j, 0);
    if (status == CS_OK)
        status = cs_model_contract_columns(sums, m, l, tj, 0, rows);
    *out = status == CS_OK ? cs_fr_vec_dot(tk, sums, rows) : CS_FR_ZERO;
    cs_free(tk);
    cs_free(tj);
    cs_free(sums);
    return status;
}

/* <vk ⊗ vj, F_l> of the committed final model, which every member knows. */
static cs_status committed_value(const cs_proof *p, size_t l, const cs_axis *k, const cs_axis *j, cs_fr *out) {
    return p->shard->trainer ? matrix_at(cs_trainer_model(p->shard->trainer), l, k, j, out)
                             : cs_fail(CS_ERR_INTERNAL, "a committed final model needs the trainer that has it");
}

/* A common variable for <vk ⊗ vj, model>, and the claim that it is the committed one's. Collective. */
static cs_status send_model_value(cs_proof *p, cs_block_kind kind, size_t l, const cs_weight_claim *c, cs_fr value,
                                  cs_var *v) {
    cs_session *s = &p->session;
    const cs_label label = kind == CS_BLOCK_F ? CS_LABEL_FINAL_MODEL_VALUE : CS_LABEL_INITIAL_MODEL_VALUE;
    CS_TRY(cs_session_send_own(s, label, NULL, 0, &value, 1, v));
    cs_fr ones[CS_MAX_RANKS];
    cs_expr claim = {0};
    cs_expr_add_term(&claim, CS_FR_ONE, *v);
    for (int i = 0; i < s->n_ranks; i++)
        ones[i] = CS_FR_ONE;
    const cs_axis axes[2] = {c->k, c->j};
    cs_status status = cs_witness_claim(&p->witness, &claim);
    if (status == CS_OK)
        status = cs_witness_part(&p->witness, ones, CS_FR_ONE, cs_train_block(p, kind, l, 0), axes);
    return cs_session_fail(s, status);
}

/* The final model is one step past the table of steps: its claim has no time. */
cs_status cs_train_final_model(cs_proof *p, size_t l) {
    cs_session *s = &p->session;
    cs_weight_claim *c = &p->weight_claims[l][p->n_weight_claims[l]++];
    const unsigned k_bits = cs_params_long_width_bits(p->params, l - 1), j_bits = cs_params_width_bits(p->params, l);
    cs_fr point[2 * CS_AXIS_BITS], value = CS_FR_ZERO;
    cs_session_challenges(s, CS_LABEL_FINAL_MODEL_POINT, point, k_bits + j_bits);
    c->has_time = false;
    c->k = cs_axis_eq(point, k_bits);
    c->j = cs_axis_eq(point + k_bits, j_bits);
    if (p->instance->final) {
        if (cs_needs_rows(s))
            CS_TRY(cs_session_fail(s, matrix_at(p->instance->final, l, &c->k, &c->j, &value)));
        cs_expr_add_const(&c->value, value, 0);
        return CS_OK;
    }
    cs_var v;
    if (cs_holds(s))
        CS_TRY(cs_session_fail(s, committed_value(p, l, &c->k, &c->j, &value)));
    CS_TRY(send_model_value(p, CS_BLOCK_F, l, c, value, &v));
    cs_expr_add_term(&c->value, CS_FR_ONE, v);
    return CS_OK;
}

/* Public weight of step s in a claim: c_s less(s, tau), or c_s alone; repeated along the batch. */
typedef struct step_weight {
    unsigned bt;
    cs_fr *table, *eq; /* [2^bt]; the second for work */
} step_weight;

static cs_status make_step_weight(const cs_proof *p, const cs_weight_claim *c, step_weight *out) {
    const size_t n = (size_t)1 << p->bt;
    out->bt = p->bt;
    out->table = CS_NEW(cs_fr, n);
    out->eq = CS_NEW(cs_fr, n);
    cs_status status = out->table && out->eq ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK && c->has_time)
        status = cs_axis_table(out->eq, &c->time, 0);
    cs_fr later = CS_FR_ZERO;
    for (size_t t = n; status == CS_OK && t-- > 0;) {
        if (t < p->params->steps) {
            const cs_fr rate = cs_fr_from_i64(p->params->rate[t]);
            out->table[t] = c->has_time ? cs_fr_mul(rate, later) : rate;
        }
        later = cs_fr_add(later, out->eq[t]);
    }
    return status;
}

static cs_fr step_weight_at(void *context, int rank, const cs_fr *point) {
    const step_weight *w = context;
    (void)rank;
    cs_fr_vec_eq(w->eq, point, w->bt);
    return cs_fr_vec_dot(w->eq, w->table, (size_t)1 << w->bt);
}

/* Prover: x(s,b) = <A_{l-1}(s,b,·), vk>, d(s,b) = <delta_l(s,b,·), vj>, the step weights along the batch, and this rank's
 * part of the sum. */
static cs_status update_tables(const cs_proof *p, size_t l, const cs_weight_claim *c, const step_weight *w,
                               cs_sc_witness *out, cs_fr *part) {
    const size_t size = (size_t)1 << (p->bt + p->bb);
    const cs_view x = cs_train_activation_view(p, l - 1), d = cs_train_delta_view(p, l);
    cs_fr *vk = CS_NEW(cs_fr, (size_t)1 << c->k.bits), *vj = CS_NEW(cs_fr, (size_t)1 << c->j.bits);
    for (int k = 0; k < 2; k++)
        out->tables[k].values = CS_NEW(cs_fr, size);
    cs_fr *weights = out->publics[0].values = CS_NEW(cs_fr, size);
    cs_status status = vk && vj && out->tables[0].values && out->tables[1].values && weights ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_axis_table(vk, &c->k, p->session.rank);
    if (status == CS_OK)
        status = cs_axis_table(vj, &c->j, p->session.rank);
    *part = CS_FR_ZERO;
    if (status == CS_OK) {
        cs_contract_last(out->tables[0].values, &x, vk);
        cs_contract_last(out->tables[1].values, &d, vj);
        for (size_t at = 0; at < size; at++) {
            weights[at] = w->table[at >> p->bb];
            const cs_fr xd = cs_fr_mul(out->tables[0].values[at], out->tables[1].values[at]);
            *part = cs_fr_add(*part, cs_fr_mul(weights[at], xd));
        }
    }
    cs_free(vk);
    cs_free(vj);
    return status;
}

/* W_l(0) at the claims on W_l, from the seed: its numbers are made once for all of them. */
static cs_status seed_values(const cs_proof *p, size_t l, cs_fr *values) {
    const size_t n = p->n_weight_claims[l], rows = p->params->widths[l - 1];
    const cs_weight_claim *claims = p->weight_claims[l];
    cs_fr *k[CS_WEIGHT_CLAIMS] = {NULL}, *j[CS_WEIGHT_CLAIMS] = {NULL}, *sums[CS_WEIGHT_CLAIMS] = {NULL};
    const cs_fr *vectors[CS_WEIGHT_CLAIMS] = {NULL};
    cs_status status = CS_OK;
    for (size_t c = 0; c < n; c++) {
        k[c] = CS_NEW(cs_fr, (size_t)1 << claims[c].k.bits);
        vectors[c] = j[c] = CS_NEW(cs_fr, (size_t)1 << claims[c].j.bits);
        sums[c] = CS_NEW(cs_fr, rows);
        if (k[c] == NULL || j[c] == NULL || sums[c] == NULL)
            status = CS_ERR_MEMORY;
        if (status == CS_OK)
            status = cs_axis_table(k[c], &claims[c].k, 0);
        if (status == CS_OK)
            status = cs_axis_table(j[c], &claims[c].j, 0);
    }
    if (status == CS_OK)
        status = cs_model_seed_contract_columns(sums, p->params, p->instance->initial_seed, l, vectors, n);
    for (size_t c = 0; c < n; c++) {
        values[c] = status == CS_OK ? cs_fr_vec_dot(k[c], sums[c], rows) : CS_FR_ZERO;
        cs_free(k[c]);
        cs_free(j[c]);
        cs_free(sums[c]);
    }
    return status;
}

/* values[c] = <vk ⊗ vj, W_l(0)> of claim c, for who has use for it: a verifier has not, if W(0) is committed. */
static cs_status initial_values(const cs_proof *p, size_t l, cs_fr *values) {
    const cs_session *s = &p->session;
    if (!cs_holds(s) && (!cs_needs_rows(s) || p->params->initial_committed))
        return CS_OK;
    if (p->instance->initial == NULL)
        return seed_values(p, l, values);
    for (unsigned k = 0; k < p->n_weight_claims[l]; k++)
        CS_TRY(matrix_at(p->instance->initial, l, &p->weight_claims[l][k].k, &p->weight_claims[l][k].j, &values[k]));
    return CS_OK;
}

/* claim -= W(0) at (vk, vj), which is `value`. */
static cs_status subtract_initial(cs_proof *p, size_t l, cs_weight_claim *c, cs_fr value) {
    if (!p->params->initial_committed) {
        cs_expr_add_const(&c->value, cs_fr_neg(value), 0);
        return CS_OK;
    }
    cs_var v;
    CS_TRY(send_model_value(p, CS_BLOCK_G, l, c, value, &v));
    cs_expr_add_term(&c->value, cs_fr_neg(CS_FR_ONE), v);
    return CS_OK;
}

/* A claim on weights as a relation, whose value is a rank's part of the sum. */
typedef struct update {
    cs_relation relation;
    size_t l;
    cs_weight_claim *c;
    cs_fr initial; /* W(0) there */
    step_weight weight;
    cs_fr omega[CS_MAX_RANKS];
    cs_fr share, *mine; /* of a gradient: see cs_train_reduce_gradients; else NULL */
    cs_expr *totals;
} update;

/* The cross row: claim + sum of the parts = W(0) at (vk, vj). Each rank's part is its own variable, proved by local rows. */
static cs_status update_row(cs_proof *p, update *u) {
    CS_TRY(subtract_initial(p, u->l, u->c, u->initial));
    for (int i = 0; i < p->session.n_ranks; i++)
        cs_expr_add_term(&u->c->value, CS_FR_ONE, u->relation.first + (cs_var)((size_t)i * u->relation.stride));
    return cs_session_fail(&p->session, cs_ledger_zero(&p->session.ledger, &u->c->value, true, CS_LABEL_UPDATE_SUM));
}

static void claim_parts(cs_proof *p, update *u, cs_label label, cs_label ranks) {
    cs_relation *r = &u->relation;
    cs_session_rank_weights(&p->session, ranks, u->omega);
    for (int i = 0; i < p->session.n_ranks; i++)
        cs_expr_add_term(&r->job.claim, u->omega[i], r->first + (cs_var)((size_t)i * r->stride));
    r->job.what = (cs_sumcheck){.label = label,
                                .bits = p->bt + p->bb,
                                .n_own = 2,
                                .n_public = 1,
                                .n_terms = 1,
                                .publics = {{step_weight_at, &u->weight, false}},
                                .terms = {{.weights = u->omega, .pub = 0, .n_factors = 2, .factor = {0, 1}}}};
}

static cs_status claim_update(cs_proof *p, cs_relation *r) {
    CS_TRY(update_row(p, (update *)r));
    claim_parts(p, (update *)r, CS_LABEL_UPDATE_PART, CS_LABEL_UPDATE_RANKS);
    return CS_OK;
}

static cs_status claim_gradient(cs_proof *p, cs_relation *r) {
    update *u = (update *)r;
    for (int i = 0; i < p->session.n_ranks; i++)
        cs_expr_add_term(&u->totals[i], u->share, r->first + (cs_var)((size_t)i * r->stride));
    *u->mine = cs_fr_add(*u->mine, cs_fr_mul(u->share, r->values[0]));
    claim_parts(p, u, CS_LABEL_ATTRIBUTION_PART, CS_LABEL_ATTRIBUTION_RANKS);
    return CS_OK;
}

static cs_status finish_update(cs_proof *p, cs_relation *relation) {
    const update *u = (const update *)relation;
    const cs_sc_result *r = &relation->job.result;
    const size_t l = u->l;
    const cs_axis t = cs_axis_eq(r->point, p->bt), b = cs_axis_eq(r->point + p->bt, p->bb);
    p->error_claims[l][p->n_error_claims[l]++] =
        (cs_error_claim){.first = cs_sc_own(r, 0, 1), .stride = r->per_rank, .t = t, .b = b, .j = u->c->j};
    return cs_train_claim_activation(p, l - 1, cs_sc_own(r, 0, 0), r->per_rank, &t, &b, &u->c->k);
}

static void free_update(cs_relation *r) {
    update *u = (update *)r;
    for (int table = 0; table < 2; table++)
        cs_free(r->job.witness.tables[table].values);
    cs_free(r->job.witness.publics[0].values);
    cs_free(u->weight.table);
    cs_free(u->weight.eq);
    cs_free(u);
}

cs_status cs_train_reduce_gradients(cs_proof *p, size_t l, const cs_axis *k, const cs_axis *j, const cs_fr *step_weights,
                                    cs_fr share, cs_expr *totals, cs_fr *mine, cs_relations *all) {
    cs_weight_claim *c = &p->weight_claims[l][p->n_weight_claims[l]++];
    update *u = CS_NEW(update, 1);
    c->k = *k;
    c->j = *j;
    if (u) {
        u->relation = (cs_relation){.n_values = 1, .claim = claim_gradient, .finish = finish_update, .free = free_update};
        u->l = l;
        u->c = c;
        u->share = share;
        u->totals = totals;
        u->mine = mine;
    }
    cs_status status = cs_train_add_relation(all, u ? &u->relation : NULL);
    if (status == CS_OK)
        status = make_step_weight(p, c, &u->weight);
    for (size_t t = 0; status == CS_OK && t < (size_t)1 << p->bt; t++)
        u->weight.table[t] = step_weights[t];
    if (status == CS_OK && cs_holds(&p->session))
        status = update_tables(p, l, c, &u->weight, &u->relation.job.witness, u->relation.values);
    return cs_session_fail(&p->session, status);
}

cs_status cs_train_reduce_weights(cs_proof *p, size_t l, cs_relations *all) {
    cs_session *s = &p->session;
    cs_fr initial[CS_WEIGHT_CLAIMS] = {CS_FR_ZERO};
    CS_TRY(cs_session_fail(s, initial_values(p, l, initial)));
    for (unsigned k = 0; k < p->n_weight_claims[l]; k++) {
        update *u = CS_NEW(update, 1);
        if (u) {
            u->relation = (cs_relation){.n_values = 1, .claim = claim_update, .finish = finish_update, .free = free_update};
            u->l = l;
            u->c = &p->weight_claims[l][k];
            u->initial = initial[k];
        }
        cs_status status = cs_train_add_relation(all, u ? &u->relation : NULL);
        if (status == CS_OK)
            status = make_step_weight(p, u->c, &u->weight);
        if (status == CS_OK && cs_holds(s))
            status = update_tables(p, l, u->c, &u->weight, &u->relation.job.witness, u->relation.values);
        CS_TRY(cs_session_fail(s, status));
    }
    return CS_OK;
}
