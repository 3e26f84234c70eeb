/* The coefficient vector E of a batch of claims: as a table for the prover, at a point for the verifier. */
#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "witness/witness.h"
#include <string.h>

/* Tables of a part's axes; missing leading axes have the single entry one. */
typedef struct tables {
    cs_fr *t[3];
    size_t n[3], real[3];
} tables;

static void free_tables(tables *t) {
    for (int k = 0; k < 3; k++)
        cs_free(t->t[k]);
}

static cs_status make_tables(const cs_witness *w, const cs_part *p, int rank, tables *out) {
    const cs_block *b = &w->layout->blocks[p->block];
    for (unsigned k = 0; k < 3; k++) {
        const unsigned skip = 3 - p->n_axes;
        out->n[k] = k < skip ? 1 : (size_t)1 << p->axes[k - skip].bits;
        out->real[k] = k < skip ? 1 : cs_block_length(b, k - skip, rank);
        out->t[k] = CS_NEW(cs_fr, out->n[k]);
        if (!out->t[k])
            return CS_ERR_MEMORY;
        out->t[k][0] = CS_FR_ONE;
        if (k >= skip)
            CS_TRY(cs_axis_table(out->t[k], &p->axes[k - skip], rank));
    }
    return CS_OK;
}

/* out += scale * t0 ⊗ t1 ⊗ t2, or only its entries beyond the real lengths. */
static void add_product(cs_fr *out, cs_fr scale, const tables *t, bool outside) {
    for (size_t a = 0; a < t->n[0]; a++) {
        const cs_fr outer = cs_fr_mul(scale, t->t[0][a]);
        for (size_t b = 0; b < t->n[1]; b++) {
            const bool inside = outside && a < t->real[0] && b < t->real[1];
            const size_t from = inside ? t->real[2] : 0;
            if (from < t->n[2])
                cs_fr_vec_axpy(out + (a * t->n[1] + b) * t->n[2] + from, cs_fr_mul(outer, t->t[1][b]), t->t[2] + from,
                               t->n[2] - from);
        }
    }
}

cs_status cs_witness_coefficients(const cs_witness *w, int rank, const cs_fr *gammas, cs_fr *out) {
    for (size_t k = 0; k < w->n_parts; k++) {
        const cs_part *p = &w->parts[k];
        if (cs_fr_is_zero(p->weights[rank]))
            continue;
        tables t = {0};
        const cs_status status = make_tables(w, p, rank, &t);
        if (status == CS_OK)
            add_product(out + w->layout->blocks[p->block].offset, cs_fr_mul(gammas[p->claim], p->weights[rank]), &t,
                        p->outside);
        free_tables(&t);
        CS_TRY(status);
    }
    return CS_OK;
}

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
