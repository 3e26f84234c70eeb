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
    if (cs_holds(s))
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
    cs_relation relation;
    const cs_proof *p;
    size_t l;
    const cs_error_claim *claims;
    unsigned n, bj;
    cs_fr gammas[CS_ERROR_CLAIMS], omega[CS_MAX_RANKS];
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

static cs_status make_tables(const cs_proof *p, combination *c) {
    cs_sc_witness *w = &c->relation.job.witness;
    const size_t v = cs_train_block(p, CS_BLOCK_V, c->l, 0), mask = cs_train_block(p, CS_BLOCK_S, c->l, 0);
    w->tables[0] = (cs_sc_table){.load = cs_train_load_tensor, .context = &p->shard->tensors[v]};
    w->tables[1] = (cs_sc_table){.load = cs_train_load_tensor, .context = &p->shard->tensors[mask]};
    w->publics[0].values = CS_NEW(cs_fr, (size_t)1 << (p->bt + p->bb + c->bj));
    return w->publics[0].values ? combination_table(c, w->publics[0].values) : CS_ERR_MEMORY;
}

static cs_status claim_errors(cs_proof *p, cs_relation *r) {
    combination *c = (combination *)r;
    for (unsigned k = 0; k < c->n; k++)
        for (int i = 0; i < p->session.n_ranks; i++)
            cs_expr_add_term(&r->job.claim, cs_fr_mul(c->gammas[k], c->omega[i]),
                             c->claims[k].first + (cs_var)((size_t)i * c->claims[k].stride));
    if (cs_holds(&p->session))
        CS_TRY(cs_session_fail(&p->session, make_tables(p, c)));
    r->job.what = (cs_sumcheck){.label = CS_LABEL_ERROR_MIX,
                                .bits = p->bt + p->bb + c->bj,
                                .n_own = 2,
                                .n_public = 1,
                                .n_terms = 1,
                                .publics = {{combination_at, c, false}},
                                .terms = {{.weights = c->omega, .pub = 0, .n_factors = 2, .factor = {0, 1}}}};
    return CS_OK;
}

static cs_status finish_errors(cs_proof *p, cs_relation *relation) {
    const combination *c = (const combination *)relation;
    const cs_sc_result *r = &relation->job.result;
    const cs_axis at[3] = {cs_axis_eq(r->point, p->bt), cs_axis_eq(r->point + p->bt, p->bb),
                           cs_axis_eq(r->point + p->bt + p->bb, c->bj)};
    CS_TRY(cs_train_claim_block(p, cs_train_block(p, CS_BLOCK_V, c->l, 0), cs_sc_own(r, 0, 0), r->per_rank, at));
    return cs_train_claim_block(p, cs_train_block(p, CS_BLOCK_S, c->l, 0), cs_sc_own(r, 0, 1), r->per_rank, at);
}

static void free_errors(cs_relation *r) {
    cs_free(r->job.witness.publics[0].values);
    cs_free(r);
}

cs_status cs_train_reduce_errors(cs_proof *p, size_t l, cs_relations *all) {
    cs_session *s = &p->session;
    combination *c = CS_NEW(combination, 1);
    if (c) {
        c->relation = (cs_relation){.claim = claim_errors, .finish = finish_errors, .free = free_errors};
        c->p = p;
        c->l = l;
        c->claims = p->error_claims[l];
        c->n = p->n_error_claims[l];
        c->bj = cs_params_width_bits(p->params, l);
    }
    CS_TRY(cs_session_fail(s, cs_train_add_relation(all, c ? &c->relation : NULL)));
    cs_session_rank_weights(s, CS_LABEL_ERROR_RANKS, c->omega);
    cs_powers(c->gammas, cs_session_challenge(s, CS_LABEL_ERROR_MIX), c->n);
    return CS_OK;
}

cs_status cs_train_reduce_output_errors(cs_proof *p) {
    const size_t L = p->params->layers;
    cs_fr omega[CS_MAX_RANKS];
    cs_session_rank_weights(&p->session, CS_LABEL_ERROR_RANKS, omega);
    for (unsigned k = 0; k < p->n_error_claims[L]; k++)
        CS_TRY(output_error(p, &p->error_claims[L][k], omega));
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
