#include "relation/padding.h"
#include "base/memory.h"

static bool has_open_padding(const cs_block *b, int n_ranks) {
    if (b->zero_padded)
        return false;
    for (unsigned axis = 0; axis < b->axes; axis++)
        for (int i = 0; i < n_ranks; i++)
            if (cs_block_length(b, axis, i) != (size_t)1 << b->bits[axis])
                return true;
    return false;
}

cs_status cs_relation_zero_padding(cs_witness *w) {
    cs_session *s = w->session;
    cs_fr *omega = CS_NEW(cs_fr, (size_t)s->n_ranks);
    cs_expr zero = {0};
    cs_status status = omega ? cs_witness_claim(w, &zero) : CS_ERR_MEMORY;
    if (status == CS_OK)
        cs_session_rank_weights(s, CS_LABEL_PADDING_RANKS, omega);
    const cs_fr gamma = cs_session_challenge(s, CS_LABEL_PADDING_MIX);
    cs_fr scale = CS_FR_ONE;
    for (size_t k = 0; status == CS_OK && k < w->layout->n; k++) {
        const cs_block *b = &w->layout->blocks[k];
        if (!has_open_padding(b, s->n_ranks))
            continue;
        cs_axis axes[3];
        for (unsigned axis = 0; axis < b->axes; axis++) {
            cs_fr point[CS_AXIS_BITS];
            cs_session_challenges(s, CS_LABEL_PADDING_POINT, point, b->bits[axis]);
            axes[axis] = cs_axis_eq(point, b->bits[axis]);
        }
        status = cs_witness_part_outside(w, omega, scale, k, axes);
        scale = cs_fr_mul(scale, gamma);
    }
    cs_free(omega);
    return cs_session_fail(s, status);
}
