#include "witness/outer.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include <stdlib.h>
#include <string.h>

/* A last axis shorter than SHORT_AXIS is multiplied out with the one before, up to LONG_AXIS entries; one before the last
 * that is shorter than FEW_ROWS, with the first. */
enum { SHORT_AXIS = 64, LONG_AXIS = 4096, FEW_ROWS = 128, NOT_OUTSIDE = -1 };

static cs_status grow(void **list, size_t n, size_t *capacity, size_t size) {
    if (n < *capacity)
        return CS_OK;
    const size_t wanted = *capacity ? 2 * *capacity : 64;
    void *grown = cs_grow(*list, n, wanted, size);
    if (!grown)
        return CS_ERR_MEMORY;
    *list = grown;
    *capacity = wanted;
    return CS_OK;
}

/* Takes `values`, and sets *out to them or to an equal table. */
static cs_status add_table(cs_outers *t, cs_fr *values, size_t n, const cs_fr **out) {
    for (size_t k = 0; k < t->n_tables; k++)
        if (t->tables[k].n == n && memcmp(t->tables[k].values, values, n * sizeof *values) == 0) {
            cs_free(values);
            *out = t->tables[k].values;
            return CS_OK;
        }
    void *list = t->tables;
    const cs_status status = grow(&list, t->n_tables, &t->cap_tables, sizeof *t->tables);
    if (status != CS_OK) {
        cs_free(values);
        return status;
    }
    t->tables = list;
    t->tables[t->n_tables++] = (cs_outer_table){values, n};
    *out = values;
    return CS_OK;
}

/* Table of an axis, zero outside from .. to - 1; no axis: the single entry one. */
static cs_status axis_table(cs_outers *t, const cs_axis *a, int rank, size_t from, size_t to, size_t n, const cs_fr **out) {
    cs_fr *values = CS_NEW(cs_fr, n);
    if (!values)
        return CS_ERR_MEMORY;
    values[0] = CS_FR_ONE;
    const cs_status status = a ? cs_axis_table(values, a, rank) : CS_OK;
    if (status != CS_OK) {
        cs_free(values);
        return status;
    }
    memset(values, 0, from * sizeof *values);
    memset(values + to, 0, (n - to) * sizeof *values);
    return add_table(t, values, n, out);
}

/* Multiplies axis k out with the one after it. */
static cs_status merge_axes(cs_outers *t, cs_outer *product, int k) {
    const size_t n = product->n[k], after = product->n[k + 1];
    cs_fr *values = CS_NEW(cs_fr, n * after);
    if (!values)
        return CS_ERR_MEMORY;
    for (size_t a = 0; a < n; a++)
        cs_fr_vec_scale(values + a * after, product->t[k][a], product->t[k + 1], after);
    CS_TRY(add_table(t, values, n * after, &product->t[k + 1]));
    product->n[k + 1] = n * after;
    for (; k > 0; k--) {
        product->t[k] = product->t[k - 1];
        product->n[k] = product->n[k - 1];
    }
    product->n[0] = 1;
    return axis_table(t, NULL, 0, 0, 1, 1, &product->t[0]);
}

/* Gives the kernels long rows, and many at once. */
static cs_status merge_short_axes(cs_outers *t, cs_outer *product) {
    const size_t *n = product->n;
    if (n[2] < SHORT_AXIS && n[1] > 1 && n[1] * n[2] <= LONG_AXIS)
        CS_TRY(merge_axes(t, product, 1));
    return n[0] > 1 && n[1] < FEW_ROWS ? merge_axes(t, product, 0) : CS_OK;
}

/* Adds a product, cut into slots. Its offset is that in the whole matrix. */
static cs_status add_to_list(cs_outers *t, cs_outer product) {
    if (cs_outer_size(&product) > t->slot_size) {
        unsigned k = 0;
        while (product.n[k] == 1)
            k++;
        product.n[k] /= 2;
        CS_TRY(add_to_list(t, product));
        product.t[k] += product.n[k];
        product.offset += cs_outer_size(&product);
        return add_to_list(t, product);
    }
    void *list = t->list;
    CS_TRY(grow(&list, t->n, &t->cap, sizeof *t->list));
    t->list = list;
    product.slot = product.offset / t->slot_size;
    product.offset %= t->slot_size;
    t->list[t->n++] = product;
    return CS_OK;
}

/* The part's product; with an axis `outside`, only where that one is beyond its real length and those before it are within
 * theirs. */
static cs_status add_product(cs_outers *t, const cs_witness *w, const cs_part *p, cs_fr coefficient, int outside) {
    const cs_block *b = &w->layout->blocks[p->block];
    const int rank = w->session->rank, skip = 3 - (int)p->n_axes;
    cs_outer product = {.coefficient = coefficient, .offset = b->offset};
    for (int k = 0; k < 3; k++) {
        const unsigned axis = k < skip ? 0 : (unsigned)(k - skip);
        const cs_axis *a = k < skip ? NULL : &p->axes[axis];
        const size_t n = a ? (size_t)1 << a->bits : 1, real = a ? cs_block_length(b, axis, rank) : 1;
        CS_TRY(axis_table(t, a, rank, a && (int)axis == outside ? real : 0, a && (int)axis < outside ? real : n, n,
                          &product.t[k]));
        product.n[k] = n;
    }
    CS_TRY(merge_short_axes(t, &product));
    return add_to_list(t, product);
}

static cs_status add_part(cs_outers *t, const cs_witness *w, const cs_part *p, cs_fr coefficient) {
    const cs_block *b = &w->layout->blocks[p->block];
    if (!p->outside)
        return add_product(t, w, p, coefficient, NOT_OUTSIDE);
    for (unsigned axis = 0; axis < p->n_axes; axis++)
        if (cs_block_length(b, axis, w->session->rank) < (size_t)1 << b->bits[axis])
            CS_TRY(add_product(t, w, p, coefficient, (int)axis));
    return CS_OK;
}

/* ---- order ---- */

static int by_number(size_t a, size_t b) {
    return (a > b) - (a < b);
}

static int by_group(const void *a, const void *b) {
    const cs_outer *x = a, *y = b;
    int order = by_number(x->offset, y->offset);
    for (int k = 0; order == 0 && k < 3; k++)
        order = by_number(x->n[k], y->n[k]);
    return order ? order : by_number((uintptr_t)x->t[2], (uintptr_t)y->t[2]);
}

static int by_place(const void *a, const void *b) {
    const cs_outer *x = a, *y = b;
    const int order = by_group(a, b);
    return order ? order : by_number((uintptr_t)x->t[1], (uintptr_t)y->t[1]);
}

size_t cs_outers_group_end(const cs_outers *t, size_t first) {
    size_t end = first + 1;
    while (end < t->n && by_group(&t->list[first], &t->list[end]) == 0)
        end++;
    return end;
}

cs_status cs_outers_new(cs_outers *out, const cs_witness *w, const cs_fr *gammas, size_t slot_size) {
    *out = (cs_outers){.slot_size = slot_size};
    for (size_t k = 0; k < w->n_parts; k++) {
        const cs_part *p = &w->parts[k];
        const cs_fr weight = p->weights[w->session->rank];
        if (!cs_fr_is_zero(weight))
            CS_TRY(add_part(out, w, p, cs_fr_mul(gammas[p->claim], weight)));
    }
    if (out->n)
        qsort(out->list, out->n, sizeof *out->list, by_place);
    return CS_OK;
}

void cs_outers_free(cs_outers *t) {
    for (size_t k = 0; k < t->n_tables; k++)
        cs_free(t->tables[k].values);
    cs_free(t->tables);
    cs_free(t->list);
    *t = (cs_outers){0};
}

/* ---- folded ---- */

void cs_outers_fold(cs_outers *t, const cs_fr *weights) {
    for (size_t k = 0; k < t->n; k++)
        t->list[k].coefficient = cs_fr_mul(t->list[k].coefficient, weights[t->list[k].slot]);
}

/* What the products of a group, whose products end with the same t[2], give it as factor in row (a, b). */
static cs_fr row_factor(const cs_outers *t, size_t first, size_t end, size_t a, size_t b) {
    cs_fr out = CS_FR_ZERO;
    for (size_t k = first; k < end; k++) {
        const cs_outer *x = &t->list[k];
        out = cs_fr_add(out, cs_fr_mul(cs_fr_mul(x->coefficient, x->t[0][a]), x->t[1][b]));
    }
    return out;
}

void cs_outers_load(const cs_outers *t, size_t from, size_t n, cs_fr *out) {
    memset(out, 0, n * sizeof *out);
    for (size_t first = 0, end; first < t->n; first = end) {
        end = cs_outers_group_end(t, first);
        const cs_outer *x = &t->list[first];
        const size_t last = x->offset + cs_outer_size(x), hi = last < from + n ? last : from + n;
        for (size_t at = x->offset > from ? x->offset : from, length; at < hi; at += length) {
            const size_t row = (at - x->offset) / x->n[2], column = (at - x->offset) % x->n[2], rest = x->n[2] - column;
            length = rest < hi - at ? rest : hi - at;
            const cs_fr factor = row_factor(t, first, end, row / x->n[1], row % x->n[1]);
            if (!cs_fr_is_zero(factor))
                cs_fr_vec_axpy(out + (at - from), factor, x->t[2] + column, length);
        }
    }
}
