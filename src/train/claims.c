/* Claims on committed blocks, one variable per rank. */
#include "base/memory.h"
#include "poly/mle.h"
#include "train/proof.h"

cs_fr cs_train_real(const cs_proof *p, size_t l, const cs_fr *point) {
    const cs_fr t = cs_indicator(point, p->bt, p->params->steps);
    const cs_fr b = cs_indicator(point + p->bt, p->bb, p->params->batch);
    const cs_fr j = cs_indicator(point + p->bt + p->bb, cs_params_width_bits(p->params, l), p->params->widths[l]);
    return cs_fr_mul(cs_fr_mul(t, b), j);
}

/* Draws rank weights; value = sum of omega_i (variable_i - constant). */
static void weigh(cs_proof *p, cs_var first, size_t stride, cs_fr constant, cs_fr *omega, cs_expr *value) {
    cs_session_rank_weights(&p->session, CS_LABEL_CLAIM_RANKS, omega);
    for (int i = 0; i < p->session.n_ranks; i++) {
        cs_expr_add_term(value, omega[i], first + (cs_var)((size_t)i * stride));
        cs_expr_add_const(value, cs_fr_neg(cs_fr_mul(omega[i], constant)), i);
    }
}

cs_status cs_train_claim_block(cs_proof *p, size_t block, cs_var first, size_t stride, const cs_axis *axes) {
    cs_fr omega[CS_MAX_RANKS];
    cs_expr value = {0};
    weigh(p, first, stride, CS_FR_ZERO, omega, &value);
    cs_status status = cs_witness_claim(&p->witness, &value);
    if (status == CS_OK)
        status = cs_witness_part(&p->witness, omega, CS_FR_ONE, block, axes);
    return cs_session_fail(&p->session, status);
}

/* The drawn rows of the dataset, at positions that everybody knows. */
static cs_status public_records(cs_proof *p, const cs_fr *omega, cs_fr factor, const cs_axis *t, const cs_axis *b,
                                const cs_axis *k) {
    const cs_gather gather = {
        .time = *t, .batch = *b, .steps = p->params->steps, .batch_size = p->params->batch, .draws = p->instance->draws};
    const cs_gather *kept = cs_witness_gather(&p->witness, &gather);
    if (!kept)
        return CS_ERR_MEMORY;
    const cs_axis axes[2] = {cs_axis_gather(kept, cs_params_row_bits(p->params)), *k};
    return cs_witness_part(&p->witness, omega, factor, cs_train_block(p, CS_BLOCK_D, 0, 0), axes);
}

static cs_status hidden_records(cs_proof *p, cs_expr *value, cs_fr *omega, cs_fr factor, const cs_axis *t, const cs_axis *b,
                                const cs_axis *k) {
    for (int i = 0; i < p->session.n_ranks; i++)
        omega[i] = cs_fr_mul(omega[i], factor);
    return cs_train_hidden_records(p, value, omega, cs_train_block(p, CS_BLOCK_D, 0, 0), t, b, k);
}

cs_status cs_train_claim_activation(cs_proof *p, size_t l, cs_var first, size_t stride, const cs_axis *t, const cs_axis *b,
                                    const cs_axis *k) {
    cs_fr omega[CS_MAX_RANKS], factor = CS_FR_ONE, bias = cs_fr_from_i64((int64_t)1 << p->params->a);
    cs_expr value = {0};
    bias = cs_fr_mul(bias, cs_axis_sum_below(t, p->params->steps));
    bias = cs_fr_mul(bias, cs_axis_sum_below(b, p->params->batch));
    bias = cs_fr_mul(bias, cs_axis_entry(k, p->params->widths[l]));
    const bool longer = k->bits > cs_params_width_bits(p->params, l);
    const cs_axis kept = longer ? cs_axis_low_half(k, &factor) : *k;
    weigh(p, first, stride, bias, omega, &value);
    if (l == 0 && p->params->hidden_passes > 0)
        return hidden_records(p, &value, omega, factor, t, b, &kept);
    const cs_axis axes[3] = {*t, *b, kept};
    cs_status status = cs_witness_claim(&p->witness, &value);
    if (status == CS_OK && l > 0)
        status = cs_witness_part(&p->witness, omega, factor, cs_train_block(p, CS_BLOCK_A, l, 0), axes);
    else if (status == CS_OK)
        status = public_records(p, omega, factor, t, b, &kept);
    return cs_session_fail(&p->session, status);
}
