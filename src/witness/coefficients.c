/* The coefficient vectors E of a batch of claims at a point. */
#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "witness/witness.h"
#include <string.h>

/* Ranks first .. first + n - 1 at a point. */
typedef struct at_point {
    const cs_witness *w;
    const cs_fr *point;
    int first;
    size_t n;
    cs_fr *whole, *inside, *axis; /* [n] each: of the part in hand */
} at_point;

/* inside[k] *= eq(axis, point) up to the real length, which most ranks have in common. */
static void multiply_inside(const at_point *x, const cs_block *b, unsigned axis, const cs_axis *a, const cs_fr *point) {
    cs_fr value = CS_FR_ZERO;
    for (size_t k = 0; k < x->n; k++) {
        const int rank = x->first + (int)k;
        const size_t length = cs_block_length(b, axis, rank);
        if (k == 0 || length != cs_block_length(b, axis, rank - 1))
            value = cs_eq_below(a->point, point, a->bits, length);
        x->inside[k] = cs_fr_mul(x->inside[k], value);
    }
}

/* whole = the part's tensor product at the block's own coordinates. */
static cs_status part_at(const at_point *x, const cs_part *p, const cs_fr *point) {
    const cs_block *b = &x->w->layout->blocks[p->block];
    for (size_t k = 0; k < x->n; k++)
        x->whole[k] = x->inside[k] = CS_FR_ONE;
    for (unsigned k = 0; k < p->n_axes; k++) {
        const cs_axis *a = &p->axes[k];
        CS_TRY(cs_axis_at(x->axis, a, point, x->first, x->n));
        cs_fr_vec_mul(x->whole, x->whole, x->axis, x->n);
        if (p->outside)
            multiply_inside(x, b, k, a, point);
        point += a->bits;
    }
    if (p->outside)
        cs_fr_vec_sub(x->whole, x->whole, x->inside, x->n);
    return CS_OK;
}

/* out += the part, under gamma and its ranks' weights. */
static cs_status add_part(const at_point *x, const cs_part *p, cs_fr gamma, cs_fr *out) {
    const cs_layout *l = x->w->layout;
    const cs_block *b = &l->blocks[p->block];
    unsigned low = 0;
    for (unsigned axis = 0; axis < b->axes; axis++)
        low += b->bits[axis];
    const unsigned high = l->bits - low;
    CS_TRY(part_at(x, p, x->point + high));
    cs_fr_vec_mul(x->whole, x->whole, p->weights + x->first, x->n);
    cs_fr_vec_axpy(out, cs_fr_mul(gamma, cs_eq_index(x->point, high, b->offset >> low)), x->whole, x->n);
    return CS_OK;
}

cs_status cs_witness_coefficients_at(const cs_witness *w, const cs_fr *gammas, const cs_fr *point, int first, size_t n,
                                     cs_fr *out) {
    cs_fr *space = CS_NEW(cs_fr, 3 * n);
    cs_status status = space ? CS_OK : CS_ERR_MEMORY;
    const at_point x = {w, point, first, n, space, space + n, space + 2 * n};
    memset(out, 0, n * sizeof *out);
    for (size_t k = 0; status == CS_OK && k < w->n_parts; k++)
        status = add_part(&x, &w->parts[k], gammas[w->parts[k].claim], out);
    cs_free(space);
    return status;
}
