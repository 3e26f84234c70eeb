/* Claims on errors, and on labels. */
#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "train/proof.h"

/* The labels of the drawn records, at positions that everybody knows: a part of the claim begun. */
static cs_status public_labels(cs_proof *p, const cs_error_claim *c, const cs_fr *omega, cs_fr scale) {
    const cs_gather gather = {
        .time = c->t, .batch = c->b, .steps = p->params->steps, .batch_size = p->params->batch, .draws = p->instance->draws};
    const cs_gather *kept = cs_witness_gather(&p->witness, &gather);
    if (!kept)
        return CS_ERR_MEMORY;
    const cs_axis label[2] = {cs_axis_gather(kept, cs_params_row_bits(p->params)), c->j};
    return cs_witness_part(&p->witness, omega, scale, cs_train_block(p, CS_BLOCK_Y, 0, 0), label);
}

/* This rank's labels of the drawn records at (t, b, j). */
static cs_status labels_at(const cs_proof *p, const cs_error_claim *c, cs_fr *out) {
    const cs_tensor *y = &p->shard->tensors[cs_train_block(p, CS_BLOCK_Y, 0, 0)];
    const size_t steps = (size_t)1 << c->t.bits, batch = (size_t)1 << c->b.bits, width = (size_t)1 << c->j.bits;
    const uint32_t *draws = p->instance->draws[p->session.rank];
    cs_fr *t = CS_NEW(cs_fr, steps), *b = CS_NEW(cs_fr, batch), *j = CS_NEW(cs_fr, width);
    cs_status status = t && b && j ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_axis_table(t, &c->t, p->session.rank);
    if (status == CS_OK)
        status = cs_axis_table(b, &c->b, p->session.rank);
    if (status == CS_OK)
        status = cs_axis_table(j, &c->j, p->session.rank);
    *out = CS_FR_ZERO;
    for (size_t k = 0; status == CS_OK && k < p->params->steps * p->params->batch; k++) {
        const cs_fr weight = cs_fr_mul(t[k / p->params->batch], b[k % p->params->batch]);
        const cs_fr row = cs_fr_vec_dot_int(j, y->type, cs_tensor_at(y, draws[k] * width), width);
        *out = cs_fr_add(*out, cs_fr_mul(weight, row));
    }
    cs_free(t);
    cs_free(b);
    cs_free(j);
    return status;
}

/* The same at hidden positions: each rank's value is a variable of its own, which enters the claim on P. */
static cs_status hidden_labels(cs_proof *p, const cs_error_claim *c, const cs_fr *omega, cs_fr scale, cs_expr *value) {
    cs_session *s = &p->session;
    cs_fr mine = CS_FR_ZERO, ranks[CS_MAX_RANKS];
    cs_expr claim = {0};
    cs_var first;
    if (cs_proving(s))
        CS_TRY(cs_session_fail(s, labels_at(p, c, &mine)));
    CS_TRY(cs_session_send_own(s, CS_LABEL_DRAWS_LABELS, &mine, 1, NULL, 0, &first));
    cs_session_rank_weights(s, CS_LABEL_DRAWS_RANKS, ranks);
    for (int i = 0; i < s->n_ranks; i++) {
        cs_expr_add_term(value, cs_fr_neg(cs_fr_mul(omega[i], scale)), first + (cs_var)i);
        cs_expr_add_term(&claim, ranks[i], first + (cs_var)i);
    }
    return cs_train_hidden_records(p, &claim, ranks, cs_train_block(p, CS_BLOCK_Y, 0, 0), &c->t, &c->b, &c->j);
}

/* delta_L = P - 2^d Y at the drawn records: linear in committed tensors. */
static cs_status output_error(cs_proof *p, const cs_error_claim *c, const cs_fr *omega) {
    const bool hidden = p->params->hidden_passes > 0;
    const cs_axis quotient[3] = {c->t, c->b, c->j};
    const cs_fr scale = cs_fr_neg(cs_fr_from_u64((uint64_t)1 << p->params->d));
    cs_expr value = {0};
    for (int i = 0; i < p->session.n_ranks; i++)
        cs_expr_add_term(&value, omega[i], c->first + (cs_var)((size_t)i * c->stride));
    if (hidden) {
        const cs_status status = hidden_labels(p, c, omega, scale, &value);
        if (status != CS_OK) {
            cs_expr_free(&value);
            return status;
        }
    }
    cs_status status = cs_witness_claim(&p->witness, &value);
    if (status == CS_OK)
        status = cs_witness_part(&p->witness, omega, CS_FR_ONE, cs_train_block(p, CS_BLOCK_P, 0, 0), quotient);
    if (status == CS_OK && !hidden)
        status = public_labels(p, c, omega, scale);
    return cs_session_fail(&p->session, status);
}

/* All claims on a hidden layer's errors, combined by gamma: weights of V S at (t, b, j). */
typedef struct combination {
    const cs_proof *p;
    const cs_error_claim *claims;
    unsigned n, bj;
    cs_fr gammas[CS_ERROR_CLAIMS];
} combination;

static cs_fr combination_at(void *context, int rank, const cs_fr *point) {
    const combination *c = context;
    cs_fr sum = CS_FR_ZERO;
    (void)rank;
    for (unsigned k = 0; k < c->n; k++) {
        const cs_error_claim *e = &c->claims[k];
        cs_fr value = cs_eq_at(e->t.point, point, c->p->bt);
        value = cs_fr_mul(value, cs_eq_at(e->b.point, point + c->p->bt, c->p->bb));
        value = cs_fr_mul(value, cs_eq_at(e->j.point, point + c->p->bt + c->p->bb, c->bj));
        sum = cs_fr_add(sum, cs_fr_mul(c->gammas[k], value));
    }
    return sum;
}

static cs_status combination_table(const combination *c, cs_fr *out) {
    const size_t nt = (size_t)1 << c->p->bt, nb = (size_t)1 << c->p->bb, nj = (size_t)1 << c->bj;
    cs_fr *t = CS_NEW(cs_fr, nt), *b = CS_NEW(cs_fr, nb), *j = CS_NEW(cs_fr, nj);
    const cs_status status = t && b && j ? CS_OK : CS_ERR_MEMORY;
    for (unsigned k = 0; status == CS_OK && k < c->n; k++) {
        cs_fr_vec_eq(t, c->claims[k].t.point, c->p->bt);
        cs_fr_vec_eq(b, c->claims[k].b.point, c->p->bb);
        cs_fr_vec_eq(j, c->claims[k].j.point, c->bj);
        for (size_t x = 0; x < nt; x++)
            for (size_t y = 0; y < nb; y++)
                cs_fr_vec_axpy(out + (x * nb + y) * nj, cs_fr_mul(c->gammas[k], cs_fr_mul(t[x], b[y])), j, nj);
    }
    cs_free(t);
    cs_free(b);
    cs_free(j);
    return status;
}

static cs_status hidden_errors(cs_proof *p, size_t l, const cs_fr *omega, combination *c) {
    cs_session *s = &p->session;
    const unsigned bits = p->bt + p->bb + c->bj;
    const size_t v = cs_train_block(p, CS_BLOCK_V, l, 0), mask = cs_train_block(p, CS_BLOCK_S, l, 0);
    cs_expr claim = {0};
    for (unsigned k = 0; k < c->n; k++)
        for (int i = 0; i < s->n_ranks; i++)
            cs_expr_add_term(&claim, cs_fr_mul(c->gammas[k], omega[i]),
                             c->claims[k].first + (cs_var)((size_t)i * c->claims[k].stride));
    cs_sc_witness tables = {0};
    cs_status status = CS_OK;
    if (cs_proving(s)) {
        tables.tables[0] = (cs_sc_table){.load = cs_train_load_tensor, .context = &p->shard->tensors[v]};
        tables.tables[1] = (cs_sc_table){.load = cs_train_load_tensor, .context = &p->shard->tensors[mask]};
        tables.publics[0].values = CS_NEW(cs_fr, (size_t)1 << bits);
        status = tables.publics[0].values ? combination_table(c, tables.publics[0].values) : CS_ERR_MEMORY;
    }
    status = cs_session_fail(s, status);
    const cs_sumcheck what = {.label = CS_LABEL_ERROR_MIX,
                              .bits = bits,
                              .n_own = 2,
                              .n_public = 1,
                              .n_terms = 1,
                              .publics = {{combination_at, c, false}},
                              .terms = {{.weights = omega, .pub = 0, .n_factors = 2, .factor = {0, 1}}}};
    cs_sc_result r;
    if (status == CS_OK)
        status = cs_sumcheck_run(s, &what, &claim, &tables, &r);
    cs_expr_free(&claim);
    cs_free(tables.publics[0].values);
    if (status != CS_OK)
        return status;
    const cs_axis at[3] = {cs_axis_eq(r.point, p->bt), cs_axis_eq(r.point + p->bt, p->bb),
                           cs_axis_eq(r.point + p->bt + p->bb, c->bj)};
    CS_TRY(cs_train_claim_block(p, v, cs_sc_own(&r, 0, 0), r.per_rank, at));
    return cs_train_claim_block(p, mask, cs_sc_own(&r, 0, 1), r.per_rank, at);
}

cs_status cs_train_reduce_errors(cs_proof *p, size_t l) {
    cs_session *s = &p->session;
    cs_fr omega[CS_MAX_RANKS];
    combination c = {
        .p = p, .claims = p->error_claims[l], .n = p->n_error_claims[l], .bj = cs_params_width_bits(p->params, l)};
    cs_session_rank_weights(s, CS_LABEL_ERROR_RANKS, omega);
    cs_powers(c.gammas, cs_session_challenge(s, CS_LABEL_ERROR_MIX), c.n);
    if (l < p->params->layers)
        return hidden_errors(p, l, omega, &c);
    for (unsigned k = 0; k < c.n; k++)
        CS_TRY(output_error(p, &c.claims[k], omega));
    return CS_OK;
}

/* Every real row of Y sums to one; its entries are bits by a lookup. */
cs_status cs_train_labels_one_hot(cs_proof *p) {
    cs_session *s = &p->session;
    const unsigned bits = cs_params_row_bits(p->params);
    cs_fr omega[CS_MAX_RANKS], r[CS_AXIS_BITS];
    cs_session_rank_weights(s, CS_LABEL_LABELS_RANKS, omega);
    cs_session_challenges(s, CS_LABEL_LABELS_POINT, r, bits);
    cs_expr value = {0};
    for (int i = 0; i < s->n_ranks; i++)
        cs_expr_add_const(&value, cs_fr_mul(omega[i], cs_indicator(r, bits, p->params->rows[i])), i);
    const cs_axis axes[2] = {cs_axis_eq(r, bits), cs_axis_ones(cs_params_width_bits(p->params, p->params->layers))};
    cs_status status = cs_witness_claim(&p->witness, &value);
    if (status == CS_OK)
        status = cs_witness_part(&p->witness, omega, CS_FR_ONE, cs_train_block(p, CS_BLOCK_Y, 0, 0), axes);
    return cs_session_fail(s, status);
}
