/* Judging ranks by their answers to the opening (section 5, "Naming a cheat"). */
#include "witness/witness.h"

/* f_i and its blinding open D_i + sum over rows of e theta_i L_row K_{i,row}. */
static cs_status opens(const cs_witness *w, const cs_judged *r) {
    const size_t columns = (size_t)1 << w->layout->column_bits;
    const cs_fr *answer = r->answers[CS_ANSWER_OPENING];
    cs_deferred d = {0};
    cs_deferred_begin(&d);
    d.weight = cs_fr_neg(d.weight);
    cs_status status = cs_deferred_add_generators(&d, answer, columns);
    cs_deferred_add_h(&d, answer[columns]);
    d.weight = cs_fr_neg(d.weight);
    if (status == CS_OK)
        status = cs_deferred_add(&d, CS_FR_ONE, r->points[w->mask_at]);
    for (size_t row = 0; status == CS_OK && row < w->layout->rows; row++)
        if (cs_layout_live(w->layout, r->rank, row))
            status = cs_deferred_add(&d, cs_fr_mul(w->theta_e[r->rank], w->left[row]), w->points[r->rank][row]);
    if (status == CS_OK)
        status = cs_deferred_check(&d);
    cs_deferred_free(&d);
    return status;
}

cs_status cs_witness_judge(const cs_witness *w) {
    cs_judge *j = w->session->judge;
    for (size_t k = 0; k < j->n; k++) {
        const cs_status status = opens(w, &j->ranks[k]);
        if (status != CS_OK && status != CS_REJECT)
            return status;
        if (status == CS_REJECT)
            cs_judge_find(&j->ranks[k], CS_OFFENCE_OPENING, CS_LABEL_OPEN_ANSWER);
    }
    return CS_OK;
}
