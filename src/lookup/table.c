#include "lookup/table.h"
#include "base/bits.h"
#include "base/memory.h"
#include "field/fr_vec.h"

enum { PIECE = 256, COLUMNS = 1 + CS_LOOKUP_COLUMNS };

/* Most pieces of a column are all the same: a tag, or zeros. */
static bool is_constant(const int32_t *x, size_t n) {
    size_t same = 1;
    while (same < n && x[same] == x[0])
        same++;
    return same == n;
}

/* out[j] = alpha - table(from + j): a constant and what varies times its power of beta. */
static void denominators(const cs_leaves *l, size_t from, size_t n, cs_fr *out) {
    const cs_lookup_table *t = &l->what->table;
    int64_t varying[COLUMNS][PIECE];
    const int64_t *x[COLUMNS];
    cs_fr base = l->alpha, coef[COLUMNS];
    unsigned terms = 0;
    for (unsigned k = 0; k < COLUMNS; k++) {
        const int32_t *column = (k == 0 ? t->tag : t->columns[k - 1]) + from;
        const cs_fr minus = cs_fr_neg(k == 0 ? CS_FR_ONE : l->mix[k - 1]);
        if (is_constant(column, n)) {
            base = cs_fr_add(base, cs_fr_mul(minus, cs_fr_from_i64(column[0])));
            continue;
        }
        for (size_t j = 0; j < n; j++)
            varying[terms][j] = column[j];
        x[terms] = varying[terms];
        coef[terms++] = minus;
    }
    cs_fr_affine plan;
    cs_fr_vec_affine_plan(&plan, base, coef, terms);
    cs_fr_vec_affine(out, &plan, x, n);
}

/* Rows before the copies of the first one that fill the table up. */
static size_t distinct_rows(const cs_lookup_table *t) {
    size_t n = t->n;
    bool copy = true;
    while (copy && n > 1) {
        copy = t->tag[n - 1] == t->tag[0];
        for (unsigned k = 0; k < CS_LOOKUP_COLUMNS; k++)
            copy = copy && t->columns[k][n - 1] == t->columns[k][0];
        n -= copy;
    }
    return n;
}

static cs_status inverses(const cs_leaves *l, cs_vector *out) {
    const size_t rows = distinct_rows(&l->what->table);
    for (size_t y = 0; y < rows; y += PIECE)
        denominators(l, y, rows - y < PIECE ? rows - y : PIECE, out->entries + y);
    cs_fr_vec_inverse(out->entries, out->entries, rows);
    for (size_t y = 0; y < rows; y++)
        if (cs_fr_is_zero(out->entries[y]))
            return cs_fail(CS_ERR_ABORT, "lookups: the challenge is row %zu of the table; start the session again", y);
    for (size_t y = rows; y < l->what->table.n; y++)
        out->entries[y] = out->entries[0];
    return CS_OK;
}

static cs_status add_claim(const cs_leaves *l, cs_witness *w, const cs_fr *omega, cs_var sum, size_t stride) {
    cs_vector *vector = cs_witness_vector(w, cs_bits(l->what->table.n));
    cs_expr value = {0};
    if (!vector)
        return CS_ERR_MEMORY;
    if (cs_needs_rows(w->session))
        CS_TRY(inverses(l, vector));
    for (int i = 0; i < w->session->n_ranks; i++)
        cs_expr_add_term(&value, omega[i], sum + (cs_var)((size_t)i * stride));
    CS_TRY(cs_witness_claim(w, &value));
    const cs_axis axis = cs_axis_vector(vector);
    return cs_witness_part(w, omega, CS_FR_ONE, l->what->multiplicities, &axis);
}

cs_status cs_lookup_table_claim(const cs_leaves *l, cs_witness *w, cs_var sum, size_t stride) {
    cs_fr *omega = CS_NEW(cs_fr, (size_t)w->session->n_ranks);
    if (!omega)
        return CS_ERR_MEMORY;
    cs_session_rank_weights(w->session, CS_LABEL_CLAIM_RANKS, omega);
    const cs_status status = add_claim(l, w, omega, sum, stride);
    cs_free(omega);
    return status;
}
