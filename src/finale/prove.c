/* Step 3 of the finale: the public folded instance, in the clear. */
#include "base/bits.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include "finale/state.h"
#include "poly/mle.h"
#include "witness/ipa.h"
#include <string.h>

enum { MAX_TABLES = 5, MAX_BITS = 40 };

/* The summand of a sumcheck in the clear, from the values of its tables. */
typedef cs_fr summand(const cs_fr *values, cs_fr e);

static cs_fr row_summand(const cs_fr *v, cs_fr e) {
    const cs_fr ab = cs_fr_mul(v[1], v[2]);
    return cs_fr_mul(v[0], cs_fr_sub(cs_fr_sub(ab, cs_fr_mul(e, v[3])), v[4]));
}

static cs_fr column_summand(const cs_fr *v, cs_fr e) {
    (void)e;
    return cs_fr_mul(v[0], v[1]);
}

/* An ordinary sumcheck with numbers in the clear. */
typedef struct clear {
    cs_session *s;
    cs_label label, challenge;
    unsigned bits, degree, n_tables;
    cs_fr *tables[MAX_TABLES]; /* root: 2^bits values each, consumed */
    summand *g;
    cs_fr e, claim;
    cs_fr point[MAX_BITS];
} clear;

static void clear_round(const clear *c, size_t half, cs_fr *out) {
    for (unsigned k = 0; k < c->degree; k++)
        out[k] = CS_FR_ZERO;
    for (size_t x = 0; x < half; x++) {
        cs_fr at[MAX_TABLES], step[MAX_TABLES];
        for (unsigned t = 0; t < c->n_tables; t++) {
            at[t] = c->tables[t][x];
            step[t] = cs_fr_sub(c->tables[t][x + half], at[t]);
        }
        for (unsigned node = 0; node <= c->degree; node++) {
            if (node != 1)
                out[node ? node - 1 : 0] = cs_fr_add(out[node ? node - 1 : 0], c->g(at, c->e));
            for (unsigned t = 0; t < c->n_tables; t++)
                at[t] = cs_fr_add(at[t], step[t]);
        }
    }
}

static cs_status run_clear(clear *c) {
    for (unsigned j = 0; j < c->bits; j++) {
        const size_t half = (size_t)1 << (c->bits - 1 - j);
        cs_fr sent[4], lagrange[5];
        if (cs_is_root(c->s))
            clear_round(c, half, sent);
        CS_TRY(cs_session_root_scalars(c->s, c->label, sent, c->degree));
        const cs_fr r = c->point[j] = cs_session_challenge(c->s, c->challenge);
        cs_lagrange(lagrange, c->degree + 1, r);
        cs_fr next = cs_fr_add(cs_fr_mul(lagrange[0], sent[0]), cs_fr_mul(lagrange[1], cs_fr_sub(c->claim, sent[0])));
        for (unsigned k = 2; k <= c->degree; k++)
            next = cs_fr_add(next, cs_fr_mul(lagrange[k], sent[k - 1]));
        c->claim = next;
        for (unsigned t = 0; cs_is_root(c->s) && t < c->n_tables; t++)
            cs_fr_vec_fold(c->tables[t], c->tables[t], c->tables[t] + half, r, half);
    }
    return CS_OK;
}

static cs_status new_tables(clear *c) {
    for (unsigned t = 0; cs_is_root(c->s) && t < c->n_tables; t++)
        if (!(c->tables[t] = CS_NEW(cs_fr, (size_t)1 << c->bits)))
            return CS_ERR_MEMORY;
    return CS_OK;
}

static void free_tables(clear *c) {
    for (unsigned t = 0; t < c->n_tables; t++)
        cs_free(c->tables[t]);
}

static cs_fr value_of(const cs_finale *f, const cs_expr *e, cs_fr absent) {
    return e ? cs_expr_value(e, f->z, f->e, -1) : absent;
}

/* A zerocheck over the rows; abce receives A z*, B z*, C z*, E* at the row point, not yet bound to the commitments. */
static cs_status check_rows(cs_finale *f, clear *c, cs_fr *abce) {
    cs_fr tau[MAX_BITS];
    c->bits = cs_bits(f->n_rows);
    cs_session_challenges(f->s, CS_LABEL_FINALE_ROW_POINT, tau, c->bits);
    CS_TRY(new_tables(c));
    if (cs_is_root(f->s)) {
        cs_fr_vec_eq(c->tables[0], tau, c->bits);
        for (size_t x = 0; x < f->n_rows; x++) {
            const cs_finale_row row = cs_finale_row_at(f, x);
            c->tables[1][x] = value_of(f, row.a, CS_FR_ZERO);
            c->tables[2][x] = value_of(f, row.b, f->e);
            c->tables[3][x] = value_of(f, row.c, CS_FR_ZERO);
            c->tables[4][x] = f->err[x];
        }
    }
    CS_TRY(run_clear(c));
    for (unsigned k = 0; k < 4 && cs_is_root(f->s); k++)
        abce[k] = c->tables[k + 1][0];
    CS_TRY(cs_session_root_scalars(f->s, CS_LABEL_FINALE_ABC, abce, 4));
    const cs_fr right = cs_fr_sub(cs_fr_sub(cs_fr_mul(abce[0], abce[1]), cs_fr_mul(f->e, abce[2])), abce[3]);
    if (!cs_proving(f->s) && !cs_fr_eq(cs_fr_mul(cs_eq_at(tau, c->point, c->bits), right), c->claim))
        return cs_fail(CS_REJECT, "finale: the rows of the ledger do not hold");
    return CS_OK;
}

/* Adds weight * e to the coefficients of the matrix cells; returns weight times e's constant. */
static cs_fr scatter(const cs_ledger *l, cs_fr *cells, cs_fr weight, const cs_expr *e, cs_fr absent) {
    cs_fr constant = CS_FR_ZERO;
    if (!e)
        return cs_fr_mul(weight, absent);
    for (size_t k = 0; k < e->n; k++) {
        const cs_fr term = cs_fr_mul(weight, e->terms[k].coef);
        if (CS_IS_CONST(e->terms[k].var)) {
            constant = cs_fr_add(constant, term);
            continue;
        }
        const cs_cell cell = l->cells[e->terms[k].var];
        cs_fr *to = &cells[(size_t)cell.row * l->width + cell.column];
        *to = cs_fr_add(*to, term);
    }
    return constant;
}

/* Coefficients of the claim A + k B + k^2 C + k^3 E* at the row point, over the matrix of messages and error rows.
 * *constant: what is multiplied by u*. */
static cs_status coefficients(const cs_finale *f, const clear *rows, cs_fr k, cs_fr *cells, cs_fr *constant) {
    const cs_ledger *l = &f->s->ledger;
    cs_fr *eq = CS_NEW(cs_fr, (size_t)1 << rows->bits), powers[4];
    if (!eq)
        return CS_ERR_MEMORY;
    cs_fr_vec_eq(eq, rows->point, rows->bits);
    cs_powers(powers, k, 4);
    *constant = CS_FR_ZERO;
    for (size_t x = 0; x < f->n_rows; x++) {
        const cs_finale_row row = cs_finale_row_at(f, x);
        const cs_expr *parts[3] = {row.a, row.b, row.c};
        for (unsigned part = 0; part < 3; part++) {
            const cs_fr weight = cs_fr_mul(eq[x], powers[part]);
            const cs_fr absent = part == 1 ? CS_FR_ONE : CS_FR_ZERO;
            *constant = cs_fr_add(*constant, scatter(l, cells, weight, parts[part], absent));
        }
        cs_fr *to = &cells[l->n_rows * l->width + x];
        *to = cs_fr_add(*to, cs_fr_mul(eq[x], powers[3]));
    }
    cs_free(eq);
    return CS_OK;
}

/* The matrix of the folded assignment: messages, then error rows. */
static void fill_matrix(const cs_finale *f, cs_fr *matrix) {
    const cs_ledger *l = &f->s->ledger;
    for (size_t v = 0; v < l->n_vars; v++)
        matrix[l->cells[v].row * l->width + l->cells[v].column] = f->z[v];
    memcpy(matrix + l->n_rows * l->width, f->err, f->n_rows * sizeof *matrix);
}

/* The opening of the folded matrix at (left, right): value and blinding in the clear, then the inner-product argument. */
static cs_status open_matrix(cs_finale *f, const cs_fr *left, cs_fr *right, const cs_fr *matrix, cs_fr value,
                             cs_fr blinding) {
    cs_session *s = f->s;
    const cs_ledger *l = &s->ledger;
    const size_t n_rows = l->n_rows + f->error_rows;
    cs_fr *row = CS_NEW(cs_fr, l->width);
    if (!row)
        return CS_ERR_MEMORY;
    cs_status status = CS_OK;
    if (cs_is_root(s)) {
        for (size_t r = 0; r < n_rows; r++)
            cs_fr_vec_axpy(row, left[r], matrix + r * l->width, l->width);
    } else {
        cs_deferred *d = &s->deferred;
        cs_deferred_begin(d);
        cs_deferred_add_h(d, cs_fr_neg(blinding));
        for (size_t r = 0; status == CS_OK && r < n_rows; r++) {
            const bool message = r < l->n_rows;
            const size_t k = message ? r : r - l->n_rows;
            status = cs_deferred_add(d, left[r], message ? f->mask[k] : f->error[k]);
            if (status == CS_OK)
                status = cs_deferred_add(d, cs_fr_mul(f->e, left[r]), message ? l->points[k] : f->cross[k]);
        }
    }
    if (status == CS_OK)
        status = cs_ipa_run(s, row, right, l->width, value);
    cs_free(row);
    return status;
}

typedef struct opening {
    cs_fr *cells, *matrix, *left, *right;
} opening;

/* After the column sumcheck: binds its end to the commitments. */
static cs_status finish(cs_finale *f, const clear *c, opening *o) {
    const cs_ledger *l = &f->s->ledger;
    const unsigned width_bits = cs_bits(l->width), split = c->bits - width_bits;
    const size_t n_rows = l->n_rows + f->error_rows;
    cs_fr_vec_eq(o->left, c->point, split);
    cs_fr_vec_eq(o->right, c->point + split, width_bits);
    cs_fr sent[2] = {CS_FR_ZERO, CS_FR_ZERO};
    if (cs_is_root(f->s)) {
        sent[0] = cs_fr_vec_dot(o->left, f->blinding, n_rows);
        sent[1] = c->tables[1][0]; /* NOLINT(clang-analyzer-core.NullDereference): the root has tables */
    }
    CS_TRY(cs_session_root_scalars(f->s, CS_LABEL_FINALE_OPENING, sent, 2));
    if (!cs_proving(f->s)) {
        cs_fr at = CS_FR_ZERO;
        for (size_t r = 0; r < n_rows; r++)
            at = cs_fr_add(at, cs_fr_mul(o->left[r], cs_fr_vec_dot(o->cells + r * l->width, o->right, l->width)));
        if (!cs_fr_eq(cs_fr_mul(at, sent[1]), c->claim))
            return cs_fail(CS_REJECT, "finale: the folded instance is not that of the rows");
    }
    return open_matrix(f, o->left, o->right, o->matrix, sent[1], sent[0]);
}

static cs_status check_columns(cs_finale *f, const clear *rows, const cs_fr *abce, clear *c, opening *o) {
    const cs_ledger *l = &f->s->ledger;
    const size_t cells = (l->n_rows + f->error_rows) * l->width;
    c->bits = cs_bits(l->n_rows + f->error_rows) + cs_bits(l->width);
    o->cells = CS_NEW(cs_fr, cells);
    o->matrix = CS_NEW(cs_fr, cells);
    o->left = CS_NEW(cs_fr, (size_t)1 << (c->bits - cs_bits(l->width)));
    o->right = CS_NEW(cs_fr, l->width);
    if (!o->cells || !o->matrix || !o->left || !o->right)
        return CS_ERR_MEMORY;
    CS_TRY(new_tables(c));
    const cs_fr k = cs_session_challenge(f->s, CS_LABEL_FINALE_MIX);
    cs_fr constant, powers[4];
    CS_TRY(coefficients(f, rows, k, o->cells, &constant));
    cs_powers(powers, k, 4);
    c->claim = cs_fr_sub(cs_fr_vec_dot(powers, abce, 4), cs_fr_mul(constant, f->e));
    if (cs_is_root(f->s)) {
        fill_matrix(f, o->matrix);
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): the root has tables */
        memcpy(c->tables[0], o->cells, cells * sizeof *o->cells);
        memcpy(c->tables[1], o->matrix, cells * sizeof *o->matrix);
    }
    CS_TRY(run_clear(c));
    return finish(f, c, o);
}

cs_status cs_finale_prove(cs_finale *f) {
    if (cs_proving(f->s) && !cs_is_root(f->s))
        return CS_OK;
    clear rows = {.s = f->s,
                  .label = CS_LABEL_FINALE_ROWS,
                  .challenge = CS_LABEL_FINALE_ROW_CHALLENGE,
                  .degree = 3,
                  .n_tables = 5,
                  .g = row_summand,
                  .e = f->e};
    clear columns = {.s = f->s,
                     .label = CS_LABEL_FINALE_COLUMNS,
                     .challenge = CS_LABEL_FINALE_COLUMN_CHALLENGE,
                     .degree = 2,
                     .n_tables = 2,
                     .g = column_summand,
                     .e = f->e};
    opening o = {0};
    cs_fr abce[4];
    cs_status status = check_rows(f, &rows, abce);
    if (status == CS_OK)
        status = check_columns(f, &rows, abce, &columns, &o);
    free_tables(&rows);
    free_tables(&columns);
    cs_free(o.cells);
    cs_free(o.matrix);
    cs_free(o.left);
    cs_free(o.right);
    return status;
}
