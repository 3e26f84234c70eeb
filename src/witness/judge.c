/* Judging ranks by their answers to the opening (section 5, "Naming a cheat"). */
#include "witness/witness.h"

/* f_i and its blinding open D_i + sum over rows of e theta_i L_row K_{i,row}: an equation of rank r. */
static cs_status add_rank(const cs_witness *w, const cs_judged *r, cs_deferred *d) {
    const size_t columns = (size_t)1 << w->layout->column_bits;
    const cs_fr *answer = r->answers[CS_ANSWER_OPENING];
    cs_deferred_begin(d);
    CS_TRY(cs_deferred_add(d, CS_FR_ONE, r->points[w->mask_at]));
    for (size_t row = 0; row < w->layout->rows; row++)
        if (cs_layout_live(w->layout, r->rank, row))
            CS_TRY(cs_deferred_add(d, cs_fr_mul(w->theta_e[r->rank], w->left[row]), w->points[r->rank][row]));
    d->weight = cs_fr_neg(d->weight);
    cs_deferred_add_h(d, answer[columns]);
    return cs_deferred_add_generators(d, answer, columns);
}

static cs_status ranks_open(const void *context, const cs_judge *j, size_t from, size_t to) {
    cs_deferred d = {0};
    cs_status status = CS_OK;
    for (size_t k = from; status == CS_OK && k < to; k++)
        status = add_rank(context, &j->ranks[k], &d);
    if (status == CS_OK)
        status = cs_deferred_check(&d);
    cs_deferred_free(&d);
    return status;
}

static cs_status find(const void *context, cs_judge *j, size_t k) {
    (void)context;
    cs_judge_find(&j->ranks[k], CS_OFFENCE_OPENING, CS_LABEL_OPEN_ANSWER);
    return CS_OK;
}

cs_status cs_witness_judge(const cs_witness *w) {
    return cs_judge_search(w->session->judge, 0, w->session->judge->n, w, ranks_open, find);
}
