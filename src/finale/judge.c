/* Judging ranks by their answers to the finale (section 5, "Naming a cheat"). */
#include "base/memory.h"
#include "finale/state.h"

enum { MAX_WIDTH = 64 }; /* of the ledger: params.h */

/* One rank's answer, as it lies in the message. */
typedef struct answer {
    cs_judged *rank;
    const cs_fr *z, *err, *blindings; /* [n_vars], [n_rows], [ledger rows + error rows] */
} answer;

static answer answer_of(const cs_finale *f, cs_judged *rank) {
    const cs_fr *all = rank->answers[CS_ANSWER_FINALE];
    const size_t n_vars = f->s->ledger.n_vars;
    return (answer){.rank = rank, .z = all, .err = all + n_vars, .blindings = all + n_vars + f->n_rows};
}

/* What all ranks are judged by. */
typedef struct court {
    const cs_finale *f;
    cs_var *variable_at; /* [ledger rows][width] the variable of each cell, n_vars: none */
    cs_fr *common;       /* [n_vars] z* of the common variables */
    cs_fr *values;       /* [n_vars] of the rank that is judged: z*, with the common variables in their places */
} court;

/* ---- openings ---- */

/* Row r: mask + e * message, or E_r + e * T, less what the answer says it is. */
static cs_status add_row(const court *c, const answer *a, size_t r, cs_deferred *d) {
    const cs_finale *f = c->f;
    const cs_judge *j = f->s->judge;
    const size_t n_z = f->s->ledger.n_rows, width = f->s->ledger.width, last = a->rank->n_points - f->error_rows;
    const size_t first = r < n_z ? last - f->error_rows - n_z + r : last + (r - n_z);
    const size_t second = r < n_z ? j->row_at[r] : last - f->error_rows + (r - n_z);
    cs_fr row[MAX_WIDTH] = {{{0}}};
    if (width > MAX_WIDTH)
        return cs_fail(CS_ERR_INTERNAL, "finale: rows of %zu variables are too long to be judged", width);
    for (size_t k = 0; k < width; k++) {
        const size_t x = (r - n_z) * width + k;
        const cs_var v = r < n_z ? c->variable_at[r * width + k] : 0;
        if (r < n_z && v < f->s->ledger.n_vars)
            row[k] = a->z[v];
        else if (r >= n_z && x < f->n_rows)
            row[k] = a->err[x];
    }
    cs_deferred_begin(d);
    CS_TRY(cs_deferred_add(d, CS_FR_ONE, a->rank->points[first]));
    CS_TRY(cs_deferred_add(d, f->e, a->rank->points[second]));
    d->weight = cs_fr_neg(d->weight);
    cs_deferred_add_h(d, a->blindings[r]);
    return cs_deferred_add_generators(d, row, width);
}

static cs_status add_rows(const court *c, const answer *a, size_t from, size_t to, cs_deferred *d) {
    for (size_t r = from; r < to; r++)
        CS_TRY(add_row(c, a, r, d));
    return CS_OK;
}

static cs_status rows_open(const court *c, const answer *a, size_t from, size_t to) {
    cs_deferred d = {0};
    cs_status status = add_rows(c, a, from, to, &d);
    if (status == CS_OK)
        status = cs_deferred_check(&d);
    cs_deferred_free(&d);
    return status;
}

/* All rows of several ranks. */
static cs_status ranks_open(const void *context, const cs_judge *j, size_t from, size_t to) {
    const court *c = context;
    cs_deferred d = {0};
    cs_status status = CS_OK;
    for (size_t k = from; status == CS_OK && k < to; k++) {
        const answer a = answer_of(c->f, &j->ranks[k]);
        status = add_rows(c, &a, 0, c->f->s->ledger.n_rows + c->f->error_rows, &d);
    }
    if (status == CS_OK)
        status = cs_deferred_check(&d);
    cs_deferred_free(&d);
    return status;
}

/* The first row of a rank that does not open, by halves; each half is one equation. */
static cs_status find_row(const void *context, cs_judge *j, size_t k) {
    const court *c = context;
    const answer a = answer_of(c->f, &j->ranks[k]);
    const size_t n_z = c->f->s->ledger.n_rows;
    size_t from = 0, to = n_z + c->f->error_rows;
    while (to - from > 1) {
        const size_t middle = from + (to - from) / 2;
        const cs_status status = rows_open(c, &a, from, middle);
        if (status != CS_OK && status != CS_REJECT)
            return status;
        if (status == CS_REJECT)
            to = middle;
        else
            from = middle;
    }
    cs_judge_find(a.rank, CS_OFFENCE_OPENING, from < n_z ? j->row_labels[from] : CS_LABEL_FINALE_ERROR);
    return CS_OK;
}

/* ---- rows ---- */

/* Parts of variables and product rows of others, which are zero on every other rank. */
static void judge_foreign(const cs_finale *f, const answer *a) {
    const cs_ledger *l = &f->s->ledger;
    const int rank = a->rank->rank;
    for (size_t v = 0; v < l->n_vars; v++) {
        const cs_kind kind = l->kinds[v];
        const bool mine = kind == CS_SHARED || kind == CS_OWN(rank) || (kind == CS_COMMON && rank == 0);
        if (!mine && !cs_fr_is_zero(a->z[v]))
            cs_judge_find(a->rank, CS_OFFENCE_FOREIGN, f->s->judge->row_labels[l->cells[v].row]);
    }
    for (size_t x = 0; x < l->n_products; x++)
        if (l->products[x].owner != rank && !cs_fr_is_zero(a->err[x]))
            cs_judge_find(a->rank, CS_OFFENCE_FOREIGN, l->products[x].label);
}

/* (a z*)(b z*) = e (c z*) + E* on the rank's product rows, and its share of the same on every combined local row. */
static void judge_rows(const court *c, const answer *a) {
    const cs_finale *f = c->f;
    const cs_ledger *l = &f->s->ledger;
    for (size_t v = 0; v < l->n_vars; v++)
        c->values[v] = l->kinds[v] == CS_COMMON ? c->common[v] : a->z[v];
    for (size_t x = 0; x < l->n_products; x++) {
        const cs_product *p = &l->products[x];
        if (p->owner != a->rank->rank)
            continue;
        const cs_fr ab = cs_fr_mul(cs_expr_value(&p->a, c->values, f->e, -1), cs_expr_value(&p->b, c->values, f->e, -1));
        const cs_fr ec = cs_fr_mul(f->e, cs_expr_value(&p->c, c->values, f->e, -1));
        if (!cs_fr_eq(cs_fr_sub(ab, ec), a->err[x]))
            cs_judge_find(a->rank, CS_OFFENCE_ROW, p->label);
    }
    for (size_t k = 0; k + 1 < f->combined.n; k++) {
        const cs_fr share = cs_expr_value(&f->combined.rows[k], a->z, f->e, a->rank->rank);
        if (!cs_fr_eq(cs_fr_mul(f->e, share), a->err[l->n_products + k]))
            cs_judge_find(a->rank, CS_OFFENCE_ROW, f->combined.labels[k]);
    }
}

/* ---- common variables ---- */

static size_t count_common(const cs_ledger *l, size_t *rows) {
    size_t n = 0;
    *rows = 0;
    for (size_t v = 0; v < l->n_vars; v++)
        n += l->kinds[v] == CS_COMMON;
    for (size_t r = 0; r < l->n_rows; r++)
        *rows += l->common_rows[r];
    return n;
}

static void append_scalar(cs_buffer *b, cs_fr v) {
    uint8_t raw[CS_SENT_SCALAR_SIZE];
    cs_fr_encode(raw, v);
    cs_buffer_append(b, raw, sizeof raw);
}

/* Out of rank 0's answer. */
static cs_status take_common(const cs_finale *f, const answer *a, cs_buffer *out) {
    const cs_ledger *l = &f->s->ledger;
    cs_buffer_clear(out);
    for (size_t v = 0; v < l->n_vars; v++)
        if (l->kinds[v] == CS_COMMON)
            append_scalar(out, a->z[v]);
    for (size_t r = 0; r < l->n_rows; r++)
        if (l->common_rows[r])
            append_scalar(out, a->blindings[r]);
    return cs_buffer_status(out);
}

/* Decodes j->common: values into their variables, and into the rows of `cells`; blindings[ledger rows]. */
static cs_status read_common(const cs_finale *f, cs_fr *values, cs_fr *cells, cs_fr *blindings) {
    const cs_ledger *l = &f->s->ledger;
    const cs_buffer *b = &f->s->judge->common;
    size_t rows, at = 0;
    const size_t n = count_common(l, &rows);
    if (b->size != CS_SENT_SCALAR_SIZE * (n + rows))
        return cs_fail(CS_ERR_INPUT, "there are %zu bytes of common values; %zu are expected", b->size,
                       CS_SENT_SCALAR_SIZE * (n + rows));
    for (size_t v = 0; v < l->n_vars; v++)
        if (l->kinds[v] == CS_COMMON) {
            if (!cs_fr_decode(&values[v], b->data + CS_SENT_SCALAR_SIZE * at++))
                return cs_fail(CS_ERR_INPUT, "a common value is not reduced");
            cells[l->cells[v].row * l->width + l->cells[v].column] = values[v];
        }
    for (size_t r = 0; r < l->n_rows; r++)
        if (l->common_rows[r] && !cs_fr_decode(&blindings[r], b->data + CS_SENT_SCALAR_SIZE * at++))
            return cs_fail(CS_ERR_INPUT, "a common blinding is not reduced");
    return CS_OK;
}

/* They open what all ranks were shown as the commitments of the common rows (every rank compared those with its own). */
static cs_status common_opens(const cs_finale *f, const cs_fr *cells, const cs_fr *blindings) {
    const cs_ledger *l = &f->s->ledger;
    cs_deferred d = {0};
    cs_status status = CS_OK;
    for (size_t r = 0; status == CS_OK && r < l->n_rows; r++) {
        if (!l->common_rows[r])
            continue;
        cs_deferred_begin(&d);
        status = cs_deferred_add(&d, CS_FR_ONE, f->mask[r]);
        if (status == CS_OK)
            status = cs_deferred_add(&d, f->e, l->points[r]);
        d.weight = cs_fr_neg(d.weight);
        cs_deferred_add_h(&d, blindings[r]);
        if (status == CS_OK)
            status = cs_deferred_add_generators(&d, cells + r * l->width, l->width);
    }
    if (status == CS_OK)
        status = cs_deferred_check(&d);
    cs_deferred_free(&d);
    return status;
}

/* values[n_vars] gets the common variables. CS_OK without them if they do not open: then rows are not judged. */
static cs_status settle_common(const cs_finale *f, cs_fr *values) {
    const cs_ledger *l = &f->s->ledger;
    cs_judge *j = f->s->judge;
    cs_fr *cells = CS_NEW(cs_fr, l->n_rows * l->width), *blindings = CS_NEW(cs_fr, l->n_rows);
    cs_status status = cells && blindings ? read_common(f, values, cells, blindings) : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = common_opens(f, cells, blindings);
    j->common_known = status == CS_OK;
    cs_free(cells);
    cs_free(blindings);
    return status == CS_REJECT ? CS_OK : status;
}

/* ---- the whole ---- */

static cs_status convene(court *c, const cs_finale *f) {
    const cs_ledger *l = &f->s->ledger;
    const size_t cells = l->n_rows * l->width;
    *c = (court){.f = f,
                 .variable_at = CS_NEW(cs_var, cells),
                 .common = CS_NEW(cs_fr, l->n_vars),
                 .values = CS_NEW(cs_fr, l->n_vars)};
    if (!c->variable_at || !c->common || !c->values)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < cells; k++)
        c->variable_at[k] = (cs_var)l->n_vars;
    for (size_t v = 0; v < l->n_vars; v++)
        c->variable_at[l->cells[v].row * l->width + l->cells[v].column] = (cs_var)v;
    return CS_OK;
}

static cs_status judge(const court *c, cs_judge *j) {
    const cs_finale *f = c->f;
    if (!j->common_given) {
        const answer root = answer_of(f, &j->ranks[0]);
        CS_TRY(take_common(f, &root, &j->common));
    }
    CS_TRY(settle_common(f, c->common));
    CS_TRY(cs_judge_search(j, 0, j->n, c, ranks_open, find_row));
    for (size_t k = 0; k < j->n; k++) {
        const answer a = answer_of(f, &j->ranks[k]);
        judge_foreign(f, &a);
        if (j->common_known)
            judge_rows(c, &a);
        if (a.rank->key && !a.rank->is_signed) { /* nothing else can be said of it then */
            a.rank->offence = CS_OFFENCE_SIGNATURE;
            a.rank->stage = CS_LABEL_FINALE_ANSWER;
        }
    }
    return CS_OK;
}

cs_status cs_finale_judge(const cs_finale *f) {
    court c;
    cs_status status = convene(&c, f);
    if (status == CS_OK)
        status = judge(&c, f->s->judge);
    cs_free(c.variable_at);
    cs_free(c.common);
    cs_free(c.values);
    return status;
}
