/* Who sent a wrong share of a weight table: what a session about a table has besides that about gradients (attribution.c).
 * Row t - 1 of its sum, t = 1, 2, …, is - sum over s < t of c_s sum over b of <x(s,b,·), vector> y(s,b,·), x and y being the
 * two sides of the update, and e is the tensor product of two eq tables; so <e, share> is a gradient weighted by step. */
#include "base/bytes.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include "train/attribution_parts.h"

enum { ELEMENT = CS_SUMS_ELEMENT };

/* The updates of step s are in all rows from row s on. */
static void weigh_updates(const cs_params *p, const cs_fr *rows, cs_fr *updates) {
    cs_fr later = CS_FR_ZERO;
    for (size_t s = cs_table_steps(p); s-- > 0;) {
        later = cs_fr_add(later, rows[s]);
        updates[s] = cs_fr_mul(cs_fr_from_i64(-p->rate[s]), later);
    }
}

cs_status cs_naming_draw_table(cs_naming *n, cs_transcript *t) {
    const cs_table_name which = n->about->table.which;
    const unsigned steps = cs_params_step_bits(n->params),
                   bits = which.backward ? cs_params_width_bits(n->params, which.layer)
                                         : cs_params_long_width_bits(n->params, which.layer - 1);
    cs_fr point[2 * CS_AXIS_BITS];
    for (unsigned k = 0; k < steps + bits; k++)
        point[k] = cs_transcript_challenge(t, CS_LABEL_ATTRIBUTION_POINT);
    const cs_axis drawn = cs_axis_eq(point + steps, bits), vector = cs_table_vector(n->params, which, n->about->rows);
    n->table_k = which.backward ? vector : drawn;
    n->table_j = which.backward ? drawn : vector;
    n->table_steps = CS_NEW(cs_fr, (size_t)1 << steps);
    n->table_updates = CS_NEW(cs_fr, (size_t)1 << steps);
    if (n->table_steps == NULL || n->table_updates == NULL)
        return CS_ERR_MEMORY;
    cs_fr_vec_eq(n->table_steps, point, steps);
    weigh_updates(n->params, n->table_steps, n->table_updates);
    return CS_OK;
}

cs_status cs_naming_add_table(cs_proof *p, cs_relations *all) {
    cs_naming *n = p->naming;
    return cs_train_reduce_gradients(p, n->about->table.which.layer, &n->table_k, &n->table_j, n->table_updates, CS_FR_ONE,
                                     n->table.totals, &n->table.mine, all);
}

cs_status cs_naming_combine_elements(const cs_naming *n, const cs_fr *values, cs_fr *out) {
    const cs_table_name which = n->about->table.which;
    const cs_axis *axis = which.backward ? &n->table_j : &n->table_k;
    const size_t width = cs_table_width(n->params, which);
    cs_fr *drawn = CS_NEW(cs_fr, (size_t)1 << axis->bits);
    const cs_status status = drawn != NULL ? cs_axis_table(drawn, axis, 0) : CS_ERR_MEMORY;
    *out = CS_FR_ZERO;
    for (size_t t = 0; status == CS_OK && t < cs_table_steps(n->params); t++)
        *out = cs_fr_add(*out, cs_fr_mul(n->table_steps[t], cs_fr_vec_dot(drawn, values + t * width, width)));
    cs_free(drawn);
    return status;
}

cs_status cs_naming_combine_table(const cs_naming *n, const uint8_t *elements, cs_fr *out) {
    const size_t size = cs_table_size(n->params, n->about->table.which);
    cs_fr *values = CS_NEW(cs_fr, size);
    cs_status status = values != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < size; k++)
        if (!cs_fr_decode(&values[k], elements + ELEMENT * k))
            status = CS_REJECT;
    if (status == CS_OK)
        status = cs_naming_combine_elements(n, values, out);
    cs_free(values);
    return status;
}
