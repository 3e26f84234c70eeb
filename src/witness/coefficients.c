/* The coefficient vector E of a batch of claims at a point. */
#include "poly/mle.h"
#include "witness/witness.h"

/* The part's tensor product at the block's own coordinates. */
static cs_status part_at(const cs_witness *w, const cs_part *p, int rank, const cs_fr *point, cs_fr *out) {
    const cs_block *b = &w->layout->blocks[p->block];
    cs_fr whole = CS_FR_ONE, inside = CS_FR_ONE;
    for (unsigned k = 0; k < p->n_axes; k++) {
        const cs_axis *a = &p->axes[k];
        cs_fr value;
        CS_TRY(cs_axis_at(&value, a, point, rank));
        whole = cs_fr_mul(whole, value);
        if (p->outside)
            inside = cs_fr_mul(inside, cs_eq_below(a->point, point, a->bits, cs_block_length(b, k, rank)));
        point += a->bits;
    }
    *out = p->outside ? cs_fr_sub(whole, inside) : whole;
    return CS_OK;
}

cs_status cs_witness_coefficients_at(const cs_witness *w, int rank, const cs_fr *gammas, const cs_fr *point, cs_fr *out) {
    *out = CS_FR_ZERO;
    for (size_t k = 0; k < w->n_parts; k++) {
        const cs_part *p = &w->parts[k];
        const cs_block *b = &w->layout->blocks[p->block];
        if (cs_fr_is_zero(p->weights[rank]))
            continue;
        unsigned low = 0;
        for (unsigned axis = 0; axis < b->axes; axis++)
            low += b->bits[axis];
        const unsigned high = w->layout->bits - low;
        cs_fr value;
        CS_TRY(part_at(w, p, rank, point + high, &value));
        value = cs_fr_mul(value, cs_eq_index(point, high, b->offset >> low));
        *out = cs_fr_add(*out, cs_fr_mul(value, cs_fr_mul(gammas[p->claim], p->weights[rank])));
    }
    return CS_OK;
}
