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
#include <string.h>

typedef struct product {
    cs_block_kind quotient, limbs;
    size_t l;        /* layer of quotient and limbs */
    unsigned k_bits; /* of the summed width axis */
    cs_label ranks, value;
    cs_fr point[3 * CS_AXIS_BITS]; /* r_t, r_b, r_j */
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

/* Sends the left side as one shared value and claims it on the quotient and the limbs. */
static cs_status send_left(cs_proof *p, const product *q, cs_fr *omega, cs_var *value) {
    cs_session *s = &p->session;
    cs_session_rank_weights(s, q->ranks, omega);
    cs_fr mine = CS_FR_ZERO;
    if (cs_proving(s))
        CS_TRY(cs_session_fail(s, left_value(p, q, omega[s->rank], &mine)));
    CS_TRY(cs_session_send_shared(s, q->value, &mine, 1, value));
    const cs_fr half = half_at(p, q);
    cs_expr claim = {0};
    cs_expr_add_term(&claim, CS_FR_ONE, *value);
    for (int i = 0; i < s->n_ranks; i++)
        cs_expr_add_const(&claim, cs_fr_mul(omega[i], half), i);
    cs_status status = cs_witness_claim(&p->witness, &claim);
    const cs_axis axes[3] = {time_axis(p, q), batch_axis(p, q), width_axis(p, q)};
    for (unsigned part = 0; status == CS_OK && part <= p->params->n_limbs; part++) {
        cs_fr coefficient;
        const size_t block = left_part(p, q, part, &coefficient);
        status = cs_witness_part(&p->witness, omega, coefficient, block, axes);
    }
    return cs_session_fail(s, status);
}

static cs_fr eq_time_at(void *context, int rank, const cs_fr *point) {
    const cs_axis *time = context;
    (void)rank;
    return cs_eq_at(time->point, point, time->bits);
}

/* Prover: left contracted over the batch, and eq(r_t, t) repeated along k. */
static cs_status sum_tables(const cs_proof *p, const product *q, const cs_view *left, cs_sc_witness *out) {
    const size_t size = (size_t)1 << (p->bt + q->k_bits), k_size = (size_t)1 << q->k_bits;
    const cs_axis time = time_axis(p, q), batch = batch_axis(p, q);
    cs_fr *eq_time = CS_NEW(cs_fr, (size_t)1 << p->bt), *eq_batch = CS_NEW(cs_fr, (size_t)1 << p->bb);
    out->tables[0].values = CS_NEW(cs_fr, size);
    out->publics[0].values = CS_NEW(cs_fr, size);
    cs_status status = eq_time && eq_batch && out->tables[0].values && out->publics[0].values ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        cs_fr_vec_eq(eq_time, time.point, p->bt);
        cs_fr_vec_eq(eq_batch, batch.point, p->bb);
        cs_contract_batch(out->tables[0].values, q->k_bits, left, eq_batch);
        for (size_t t = 0; t < (size_t)1 << p->bt; t++)
            for (size_t k = 0; k < k_size; k++)
                out->publics[0].values[(t << q->k_bits) + k] = eq_time[t];
    }
    cs_free(eq_time);
    cs_free(eq_batch);
    return status;
}

/* left: prover's view; table: consumed. */
static cs_status prove_product(cs_proof *p, product *q, const cs_view *left, cs_fr *table, cs_sc_result *out) {
    cs_session *s = &p->session;
    cs_fr omega[CS_MAX_RANKS];
    cs_var value;
    cs_axis time = time_axis(p, q);
    cs_status status = send_left(p, q, omega, &value);
    cs_sc_witness tables = {.tables = {{0}, {.values = table}}};
    if (status == CS_OK && cs_proving(s))
        status = cs_session_fail(s, sum_tables(p, q, left, &tables));
    const cs_sumcheck what = {.label = q->value,
                              .bits = p->bt + q->k_bits,
                              .n_own = 1,
                              .n_common = 1,
                              .n_public = 1,
                              .n_terms = 1,
                              .publics = {{eq_time_at, &time, false}},
                              .terms = {{.weights = omega, .pub = 0, .n_factors = 2, .factor = {0, 1}}}};
    if (status == CS_OK) {
        cs_expr claim = {0};
        cs_expr_add_term(&claim, CS_FR_ONE, value);
        status = cs_sumcheck_run(s, &what, &claim, &tables, out);
    }
    cs_free(tables.tables[0].values);
    cs_free(tables.publics[0].values);
    cs_free(table);
    return status;
}

static void add_weight_claim(cs_proof *p, size_t l, cs_var value, const cs_axis *time, const cs_axis *k, const cs_axis *j) {
    cs_weight_claim *c = &p->weight_claims[l][p->n_weight_claims[l]++];
    *c = (cs_weight_claim){.has_time = true, .time = *time, .k = *k, .j = *j};
    cs_expr_add_term(&c->value, CS_FR_ONE, value);
}

cs_status cs_train_forward(cs_proof *p, size_t l) {
    cs_session *s = &p->session;
    product q = {.quotient = CS_BLOCK_Z,
                 .limbs = CS_BLOCK_R,
                 .l = l,
                 .ranks = CS_LABEL_FORWARD_RANKS,
                 .value = CS_LABEL_FORWARD_VALUE,
                 .k_bits = cs_params_long_width_bits(p->params, l - 1)};
    cs_session_challenges(s, CS_LABEL_FORWARD_POINT, q.point, p->bt + p->bb + cs_params_width_bits(p->params, l));
    const cs_axis j = width_axis(p, &q), batch = batch_axis(p, &q);
    cs_view left = {0};
    cs_fr *table = NULL;
    if (cs_proving(s)) {
        left = cs_train_activation_view(p, l - 1);
        const cs_status status = cs_train_table_columns(p, l, &j, &table);
        if (status != CS_OK) {
            cs_free(table);
            return status;
        }
    }
    cs_sc_result r;
    CS_TRY(prove_product(p, &q, &left, table, &r));
    const cs_axis time = cs_axis_eq(r.point, p->bt), k = cs_axis_eq(r.point + p->bt, q.k_bits);
    add_weight_claim(p, l, r.common, &time, &k, &j);
    return cs_train_claim_activation(p, l - 1, r.first, r.per_rank, &time, &batch, &k);
}

cs_status cs_train_backward(cs_proof *p, size_t l) {
    cs_session *s = &p->session;
    product q = {.quotient = CS_BLOCK_V,
                 .limbs = CS_BLOCK_RV,
                 .l = l,
                 .ranks = CS_LABEL_BACKWARD_RANKS,
                 .value = CS_LABEL_BACKWARD_VALUE,
                 .k_bits = cs_params_width_bits(p->params, l + 1)};
    const unsigned bits = cs_params_width_bits(p->params, l), long_bits = cs_params_long_width_bits(p->params, l);
    cs_session_challenges(s, CS_LABEL_BACKWARD_POINT, q.point, p->bt + p->bb + bits);
    /* the row axis of the weights is the long one; the bias unit gets no error */
    cs_fr long_point[CS_AXIS_BITS] = {CS_FR_ZERO};
    memcpy(long_point + (long_bits - bits), q.point + p->bt + p->bb, bits * sizeof *long_point);
    const cs_axis k = cs_axis_eq_below(long_point, long_bits, p->params->widths[l]);
    cs_view left = {0};
    cs_fr *table = NULL;
    if (cs_proving(s)) {
        left = cs_train_delta_view(p, l + 1);
        const cs_status status = cs_train_table_rows(p, l + 1, &k, &table);
        if (status != CS_OK) {
            cs_free(table);
            return status;
        }
    }
    cs_sc_result r;
    CS_TRY(prove_product(p, &q, &left, table, &r));
    const cs_axis time = cs_axis_eq(r.point, p->bt), j = cs_axis_eq(r.point + p->bt, q.k_bits);
    add_weight_claim(p, l + 1, r.common, &time, &k, &j);
    p->error_claims[l + 1][p->n_error_claims[l + 1]++] =
        (cs_error_claim){.first = r.first, .stride = r.per_rank, .t = time, .b = batch_axis(p, &q), .j = j};
    return CS_OK;
}
