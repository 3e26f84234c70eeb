#include "ledger/ledger.h"
#include "base/memory.h"
#include <string.h>

cs_status cs_ledger_init(cs_ledger *l, size_t width, int n_ranks) {
    *l = (cs_ledger){.width = width, .n_ranks = n_ranks};
    return CS_OK;
}

void cs_ledger_free(cs_ledger *l) {
    for (size_t k = 0; k < l->n_products; k++) {
        cs_expr_free(&l->products[k].a);
        cs_expr_free(&l->products[k].b);
        cs_expr_free(&l->products[k].c);
    }
    for (size_t k = 0; k < l->n_linears; k++)
        cs_expr_free(&l->linears[k].e);
    cs_free(l->kinds);
    cs_free(l->cells);
    cs_free(l->points);
    cs_free(l->common_rows);
    cs_free(l->products);
    cs_free(l->linears);
    *l = (cs_ledger){0};
}

/* Grows one array of the ledger to hold `need` elements. */
static cs_status grow(void **array, size_t *capacity, size_t need, size_t size) {
    if (need <= *capacity)
        return CS_OK;
    size_t next = *capacity ? *capacity : 64;
    while (next < need)
        next *= 2;
    void *block = cs_grow(*array, *capacity, next, size);
    if (!block)
        return CS_ERR_MEMORY;
    *array = block;
    *capacity = next;
    return CS_OK;
}

static size_t count_common(const cs_kind *kinds, size_t n) {
    size_t common = 0;
    for (size_t k = 0; k < n; k++)
        common += kinds[k] == CS_COMMON;
    return common;
}

size_t cs_ledger_message_rows(const cs_ledger *l, const cs_kind *kinds, size_t n) {
    const size_t common = count_common(kinds, n);
    return (n - common + l->width - 1) / l->width + (common + l->width - 1) / l->width;
}

static cs_status reserve_message(cs_ledger *l, size_t n, size_t rows) {
    size_t cap = l->cap_vars;
    CS_TRY(grow((void **)&l->kinds, &cap, l->n_vars + n, sizeof *l->kinds));
    CS_TRY(grow((void **)&l->cells, &l->cap_vars, l->n_vars + n, sizeof *l->cells));
    cap = l->cap_rows;
    CS_TRY(grow((void **)&l->points, &cap, l->n_rows + rows, sizeof *l->points));
    return grow((void **)&l->common_rows, &l->cap_rows, l->n_rows + rows, sizeof *l->common_rows);
}

cs_status cs_ledger_add_message(cs_ledger *l, const cs_kind *kinds, size_t n, const cs_g1_affine *points, cs_var *first) {
    const size_t rows = cs_ledger_message_rows(l, kinds, n);
    if (l->n_vars + n >= 0x80000000u)
        return cs_fail(CS_ERR_INTERNAL, "ledger: too many variables");
    CS_TRY(reserve_message(l, n, rows));
    const size_t own_rows = (n - count_common(kinds, n) + l->width - 1) / l->width;
    size_t at[2] = {0, 0};
    for (size_t k = 0; k < n; k++) {
        const bool common = kinds[k] == CS_COMMON;
        const size_t position = at[common]++;
        const size_t row = l->n_rows + (common ? own_rows : 0) + position / l->width;
        l->kinds[l->n_vars + k] = kinds[k];
        l->cells[l->n_vars + k] = (cs_cell){(uint32_t)row, (uint32_t)(position % l->width)};
    }
    for (size_t r = 0; r < rows; r++) {
        l->points[l->n_rows + r] = points[r];
        l->common_rows[l->n_rows + r] = r >= own_rows;
    }
    *first = (cs_var)l->n_vars;
    l->n_vars += n;
    l->n_rows += rows;
    return CS_OK;
}

static cs_status take(cs_expr *to, cs_expr *from) {
    cs_expr_merge(from);
    *to = *from;
    *from = (cs_expr){0};
    return to->failed ? cs_fail(CS_ERR_MEMORY, "ledger: no memory for an expression") : CS_OK;
}

static bool local_to(const cs_ledger *l, const cs_expr *e, int owner, bool is_c) {
    for (size_t k = 0; k < e->n; k++) {
        const cs_var v = e->terms[k].var;
        if (CS_IS_CONST(v)) {
            if (is_c && v != CS_CONST(owner))
                return false;
        } else if (l->kinds[v] != CS_OWN(owner) && (is_c || l->kinds[v] != CS_COMMON)) {
            return false;
        }
    }
    return true;
}

cs_status cs_ledger_product(cs_ledger *l, cs_expr *a, cs_expr *b, cs_expr *c, int owner, cs_label label) {
    CS_TRY(grow((void **)&l->products, &l->cap_products, l->n_products + 1, sizeof *l->products));
    cs_product *p = &l->products[l->n_products++];
    *p = (cs_product){.owner = owner, .label = label};
    const cs_status sa = take(&p->a, a), sb = take(&p->b, b), sc = take(&p->c, c);
    if (sa != CS_OK || sb != CS_OK || sc != CS_OK)
        return CS_ERR_MEMORY;
    if (!local_to(l, &p->a, owner, false) || !local_to(l, &p->b, owner, false) || !local_to(l, &p->c, owner, true))
        return cs_fail(CS_ERR_INTERNAL, "ledger: product row %s is not local to rank %d", cs_label_text(label), owner);
    return CS_OK;
}

cs_status cs_ledger_zero(cs_ledger *l, cs_expr *e, bool cross, cs_label label) {
    CS_TRY(grow((void **)&l->linears, &l->cap_linears, l->n_linears + 1, sizeof *l->linears));
    cs_linear *row = &l->linears[l->n_linears++];
    *row = (cs_linear){.cross = cross, .label = label};
    return take(&row->e, e);
}

/* Adds coef * e into dense coefficients: one per variable, then one per rank's constant. */
static void scatter(const cs_ledger *l, cs_fr *dense, cs_fr coef, const cs_expr *e) {
    for (size_t k = 0; k < e->n; k++) {
        const cs_term t = e->terms[k];
        cs_fr *to = CS_IS_CONST(t.var) ? &dense[l->n_vars + (t.var & 0x7fffffffu)] : &dense[t.var];
        *to = cs_fr_add(*to, cs_fr_mul(coef, t.coef));
    }
}

static cs_status gather(const cs_ledger *l, const cs_fr *dense, cs_expr *out) {
    cs_expr_clear(out);
    for (size_t v = 0; v < l->n_vars; v++)
        cs_expr_add_term(out, dense[v], (cs_var)v);
    for (int i = 0; i < l->n_ranks; i++)
        cs_expr_add_const(out, dense[l->n_vars + (size_t)i], i);
    return out->failed ? cs_fail(CS_ERR_MEMORY, "ledger: no memory for a combined row") : CS_OK;
}

/* The group of each linear row: local rows by label, in order of appearance; cross rows last. */
static void find_groups(const cs_ledger *l, size_t *group, cs_combined *out) {
    for (size_t k = 0; k < l->n_linears; k++) {
        size_t g = 0;
        while (g < out->n && out->labels[g] != l->linears[k].label)
            g++;
        if (l->linears[k].cross)
            continue;
        if (g == out->n)
            out->labels[out->n++] = l->linears[k].label;
        group[k] = g;
    }
    out->labels[out->n] = CS_LABEL_FINALE_LINEAR;
    for (size_t k = 0; k < l->n_linears; k++)
        if (l->linears[k].cross) {
            group[k] = out->n;
            out->labels[out->n] = l->linears[k].label;
        }
    out->n++;
}

static cs_status combine_group(const cs_ledger *l, cs_fr challenge, const size_t *group, size_t g, cs_fr *dense,
                               cs_expr *out) {
    cs_fr scale = CS_FR_ONE;
    memset(dense, 0, (l->n_vars + (size_t)l->n_ranks) * sizeof *dense);
    for (size_t k = 0; k < l->n_linears; k++)
        if (group[k] == g) {
            scatter(l, dense, scale, &l->linears[k].e);
            scale = cs_fr_mul(scale, challenge);
        }
    return gather(l, dense, out);
}

cs_status cs_ledger_combine(const cs_ledger *l, cs_fr challenge, cs_combined *out) {
    cs_fr *dense = CS_NEW(cs_fr, l->n_vars + (size_t)l->n_ranks);
    size_t *group = CS_NEW(size_t, l->n_linears);
    *out = (cs_combined){.rows = CS_NEW(cs_expr, CS_LABEL_COUNT + 1), .labels = CS_NEW(cs_label, CS_LABEL_COUNT + 1)};
    cs_status status = dense && group && out->rows && out->labels ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK)
        find_groups(l, group, out);
    for (size_t g = 0; status == CS_OK && g < out->n; g++)
        status = combine_group(l, challenge, group, g, dense, &out->rows[g]);
    cs_free(dense);
    cs_free(group);
    return status;
}

void cs_combined_free(cs_combined *c) {
    for (size_t g = 0; c->rows && g < c->n; g++)
        cs_expr_free(&c->rows[g]);
    cs_free(c->rows);
    cs_free(c->labels);
    *c = (cs_combined){0};
}
