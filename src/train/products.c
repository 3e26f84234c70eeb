/* Forward and backward products with the weights (6.1, 6.2):
 *
 *   2^w q + remainder - 2^(w-1) [real]  =  sum over (t, k) of eq(r_t, t) left_i(t, r_b, k) table(t, k)     at (r_t, r_b,
 * r_j)
 *
 * left is a rank's own (activations, or errors), the table of contracted weights is common. */
#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "train/proof.h"
#include "train/table_sums.h"

typedef struct product {
    cs_relation relation;
    cs_block_kind quotient, limbs;
    size_t l;        /* layer of quotient and limbs */
    unsigned k_bits; /* of the summed width axis */
    cs_label label;
    cs_fr point[3 * CS_AXIS_BITS]; /* r_t, r_b, r_j */
    cs_fr omega[CS_MAX_RANKS];
    cs_axis time;
    cs_axis weights; /* the weights' other axis: r_j, or for backward products r_j as a long axis */
    bool backward;
    cs_view left;                     /* prover */
    cs_fr *table, *left_sums, *times; /* prover: tables of the sumcheck */
} product;

static cs_axis time_axis(const cs_proof *p, const product *q) {
    return cs_axis_eq(q->point, p->bt);
}

static cs_axis batch_axis(const cs_proof *p, const product *q) {
    return cs_axis_eq(q->point + p->bt, p->bb);
}

static cs_axis width_axis(const cs_proof *p, const product *q) {
    return cs_axis_eq(q->point + p->bt + p->bb, cs_params_width_bits(p->params, q->l));
}

/* Coefficient and block of the left side: part 0 the quotient, then the limbs. */
static size_t left_part(const cs_proof *p, const product *q, unsigned part, cs_fr *coefficient) {
    unsigned shift = part ? 0 : p->params->w;
    for (unsigned k = 0; part && k + 1 < part; k++)
        shift += p->params->limb_bits[k];
    *coefficient = cs_fr_from_u64((uint64_t)1 << shift);
    return cs_train_block(p, part ? q->limbs : q->quotient, q->l, part ? part - 1 : 0);
}

static cs_fr half_at(const cs_proof *p, const product *q) {
    return cs_fr_mul(cs_fr_from_u64((uint64_t)1 << (p->params->w - 1)), cs_train_real(p, q->l, q->point));
}

/* This rank's left side at the point, times omega_i. */
static cs_status left_value(const cs_proof *p, const product *q, cs_fr omega, cs_fr *out) {
    const cs_axis axes[3] = {time_axis(p, q), batch_axis(p, q), width_axis(p, q)};
    cs_fr *tables[3] = {0};
    cs_status status = CS_OK;
    for (int k = 0; k < 3 && status == CS_OK; k++) {
        tables[k] = CS_NEW(cs_fr, (size_t)1 << axes[k].bits);
        status = tables[k] ? cs_axis_table(tables[k], &axes[k], p->session.rank) : CS_ERR_MEMORY;
    }
    if (status == CS_OK) {
        cs_fr sum = cs_fr_neg(half_at(p, q));
        for (unsigned part = 0; part <= p->params->n_limbs; part++) {
            cs_fr coefficient;
            const cs_tensor *x = &p->shard->tensors[left_part(p, q, part, &coefficient)];
            const cs_fr value = cs_contract_all(x, tables[0], (size_t)1 << axes[0].bits, tables[1],
                                                (size_t)1 << axes[1].bits, tables[2], (size_t)1 << axes[2].bits);
            sum = cs_fr_add(sum, cs_fr_mul(coefficient, value));
        }
        *out = cs_fr_mul(omega, sum);
    }
    for (int k = 0; k < 3; k++)
        cs_free(tables[k]);
    return status;
}

/* Claims the left side on the quotient and the limbs. */
static cs_status claim_left(cs_proof *p, const product *q) {
    cs_session *s = &p->session;
    const cs_fr half = half_at(p, q);
    cs_expr claim = {0};
    cs_expr_add_term(&claim, CS_FR_ONE, q->relation.first);
    for (int i = 0; i < s->n_ranks; i++)
        cs_expr_add_const(&claim, cs_fr_mul(q->omega[i], half), i);
    cs_status status = cs_witness_claim(&p->witness, &claim);
    const cs_axis axes[3] = {time_axis(p, q), batch_axis(p, q), width_axis(p, q)};
    for (unsigned part = 0; status == CS_OK && part <= p->params->n_limbs; part++) {
        cs_fr coefficient;
        const size_t block = left_part(p, q, part, &coefficient);
        status = cs_witness_part(&p->witness, q->omega, coefficient, block, axes);
    }
    return cs_session_fail(s, status);
}

static cs_fr eq_time_at(void *context, int rank, const cs_fr *point) {
    const cs_axis *time = context;
    (void)rank;
    return cs_eq_at(time->point, point, time->bits);
}

/* Prover: left contracted over the batch, and eq(r_t, t) repeated along k. */
static cs_status sum_tables(const cs_proof *p, product *q) {
    const size_t size = (size_t)1 << (p->bt + q->k_bits), k_size = (size_t)1 << q->k_bits;
    const cs_axis batch = batch_axis(p, q);
    cs_fr *eq_time = CS_NEW(cs_fr, (size_t)1 << p->bt), *eq_batch = CS_NEW(cs_fr, (size_t)1 << p->bb);
    q->left_sums = CS_NEW(cs_fr, size);
    q->times = CS_NEW(cs_fr, size);
    const cs_status status = eq_time && eq_batch && q->left_sums && q->times ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        cs_fr_vec_eq(eq_time, q->time.point, p->bt);
        cs_fr_vec_eq(eq_batch, batch.point, p->bb);
        cs_contract_batch(q->left_sums, q->k_bits, &q->left, eq_batch);
        for (size_t t = 0; t < (size_t)1 << p->bt; t++)
            for (size_t k = 0; k < k_size; k++)
                q->times[(t << q->k_bits) + k] = eq_time[t];
    }
    cs_free(eq_time);
    cs_free(eq_batch);
    q->relation.job.witness =
        (cs_sc_witness){.tables = {{.values = q->left_sums}, {.values = q->table}}, .publics = {{.values = q->times}}};
    return status;
}

static cs_status claim_product(cs_proof *p, cs_relation *r) {
    product *q = (product *)r;
    CS_TRY(claim_left(p, q));
    if (cs_holds(&p->session))
        CS_TRY(cs_session_fail(&p->session, sum_tables(p, q)));
    r->job.what = (cs_sumcheck){.label = q->label,
                                .bits = p->bt + q->k_bits,
                                .n_own = 1,
                                .n_common = 1,
                                .n_public = 1,
                                .n_terms = 1,
                                .publics = {{eq_time_at, &q->time, false}},
                                .terms = {{.weights = q->omega, .pub = 0, .n_factors = 2, .factor = {0, 1}}}};
    cs_expr_add_term(&r->job.claim, CS_FR_ONE, r->first);
    return CS_OK;
}

static void add_weight_claim(cs_proof *p, size_t l, cs_var value, const cs_axis *time, const cs_axis *k, const cs_axis *j) {
    cs_weight_claim *c = &p->weight_claims[l][p->n_weight_claims[l]++];
    *c = (cs_weight_claim){.has_time = true, .time = *time, .k = *k, .j = *j};
    cs_expr_add_term(&c->value, CS_FR_ONE, value);
}

/* Claims on the errors or activations, and on the weights. */
static cs_status finish_product(cs_proof *p, cs_relation *relation) {
    const product *q = (const product *)relation;
    const cs_sc_result *r = &relation->job.result;
    const cs_axis time = cs_axis_eq(r->point, p->bt), k = cs_axis_eq(r->point + p->bt, q->k_bits), b = batch_axis(p, q);
    const size_t l = q->l;
    if (!q->backward) {
        add_weight_claim(p, l, r->common, &time, &k, &q->weights);
        return cs_train_claim_activation(p, l - 1, r->first, r->per_rank, &time, &b, &k);
    }
    add_weight_claim(p, l + 1, r->common, &time, &q->weights, &k);
    p->error_claims[l + 1][p->n_error_claims[l + 1]++] =
        (cs_error_claim){.first = r->first, .stride = r->per_rank, .t = time, .b = b, .j = k};
    return CS_OK;
}

static void free_product(cs_relation *r) {
    product *q = (product *)r;
    cs_free(q->table);
    cs_free(q->left_sums);
    cs_free(q->times);
    cs_free(q);
}

static cs_status add_product(cs_relations *all, product **out) {
    product *q = *out = CS_NEW(product, 1);
    if (q)
        q->relation = (cs_relation){.n_values = 1, .claim = claim_product, .finish = finish_product, .free = free_product};
    return cs_train_add_relation(all, q ? &q->relation : NULL);
}

/* Rank weights, and this rank's value. */
static cs_status weigh_left(cs_proof *p, product *q, cs_label ranks) {
    cs_session *s = &p->session;
    q->time = time_axis(p, q);
    cs_session_rank_weights(s, ranks, q->omega);
    return cs_holds(s) ? cs_session_fail(s, left_value(p, q, q->omega[s->rank], q->relation.values)) : CS_OK;
}

cs_status cs_train_forward(cs_proof *p, size_t l, cs_relations *all) {
    cs_session *s = &p->session;
    product *q;
    CS_TRY(cs_session_fail(s, add_product(all, &q)));
    q->quotient = CS_BLOCK_Z;
    q->limbs = CS_BLOCK_R;
    q->l = l;
    q->label = CS_LABEL_FORWARD_VALUE;
    q->k_bits = cs_params_long_width_bits(p->params, l - 1);
    cs_session_challenges(s, CS_LABEL_FORWARD_POINT, q->point, p->bt + p->bb + cs_params_width_bits(p->params, l));
    q->weights = width_axis(p, q);
    if (cs_holds(s))
        q->left = cs_train_activation_view(p, l - 1);
    if (cs_proving(s))
        CS_TRY(cs_train_table_columns(p, l, &q->weights, &q->table));
    return weigh_left(p, q, CS_LABEL_FORWARD_RANKS);
}

cs_status cs_train_backward(cs_proof *p, size_t l, cs_relations *all) {
    cs_session *s = &p->session;
    product *q;
    CS_TRY(cs_session_fail(s, add_product(all, &q)));
    q->quotient = CS_BLOCK_V;
    q->limbs = CS_BLOCK_RV;
    q->l = l;
    q->label = CS_LABEL_BACKWARD_VALUE;
    q->k_bits = cs_params_width_bits(p->params, l + 1);
    q->backward = true;
    cs_session_challenges(s, CS_LABEL_BACKWARD_POINT, q->point, p->bt + p->bb + cs_params_width_bits(p->params, l));
    q->weights = cs_table_input_axis(p->params, l, q->point + p->bt + p->bb);
    if (cs_holds(s))
        q->left = cs_train_delta_view(p, l + 1);
    if (cs_proving(s))
        CS_TRY(cs_train_table_rows(p, l + 1, &q->weights, &q->table));
    return weigh_left(p, q, CS_LABEL_BACKWARD_RANKS);
}
