#include "lookup/leaf_ints.h"
#include "base/bits.h"
#include <string.h>

void cs_leaf_coefs(const cs_leaves *l, cs_fr coef[CS_LEAF_KINDS]) {
    coef[CS_LEAF_P] = CS_FR_ZERO;
    coef[CS_LEAF_ALPHA] = l->alpha;
    coef[CS_LEAF_TAG] = cs_fr_neg(CS_FR_ONE);
    for (unsigned c = 0; c < CS_LOOKUP_COLUMNS; c++)
        coef[CS_LEAF_COLUMN + c] = cs_fr_neg(l->mix[c]);
}

/* ---- bounds ---- */

static uint64_t magnitude(int64_t x) {
    return x < 0 ? -(uint64_t)x : (uint64_t)x;
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

/* A bound of the entries' magnitudes, less than twice the largest of them. The types of one and two bytes are their own
 * bound. */
static uint64_t bound_of(cs_int_type type, const void *x, size_t n) {
    uint64_t out = 0;
    if (type == CS_INT_I8 || type == CS_INT_I16)
        return UINT64_C(1) << (type == CS_INT_I8 ? 7 : 15);
    if (type == CS_INT_FR)
        return UINT64_MAX;
    for (size_t j = 0; j < n; j++)
        out |= magnitude(cs_int_at(type, x, j));
    return out;
}

/* Saturates at 2^62. */
static uint64_t add_bounds(uint64_t a, uint64_t b, uint64_t factor) {
    const uint64_t most = UINT64_C(1) << 62;
    if (b > most / larger(factor, 1) || a > most - b * factor)
        return most;
    return a + b * factor;
}

static uint64_t bound_of_column(const cs_leaves *l, const cs_lookup_column *column) {
    uint64_t out = add_bounds(0, magnitude(column->constant), 1);
    for (unsigned k = 0; k < column->n; k++) {
        const cs_tensor *t = &l->w->tensors[column->block[k]];
        out = add_bounds(out, bound_of(t->type, t->data, t->n), magnitude(column->coef[k]));
    }
    return out;
}

/* Of the tags and constants along the last axis. */
static uint64_t bound_of_lines(const cs_leaves *l, const cs_lookup *lookup) {
    const cs_block *b = cs_leaves_shape(l, lookup);
    uint64_t out = 0;
    for (size_t j = 0; lookup->lines && j < b->shape[b->axes - 1]; j++)
        out = larger(out, larger(magnitude(lookup->lines[j].tag), magnitude(lookup->lines[j].constant)));
    return out;
}

bool cs_leaves_are_small(const cs_leaves *l) {
    uint64_t most = 1;
    for (size_t k = 0; k < l->what->n; k++) {
        const cs_lookup *lookup = &l->what->list[k];
        const uint64_t lines = bound_of_lines(l, lookup);
        most = larger(most, magnitude(lookup->tag) + lines);
        for (unsigned c = 0; c < lookup->n_columns; c++)
            most = larger(most, bound_of_column(l, &lookup->columns[c]) + (c == 0 ? lines : 0));
    }
    return most <= (UINT64_C(1) << CS_AFFINE_BITS) / most;
}

/* ---- loading ---- */

static void set_all(int64_t *out, int64_t value, size_t n) {
    for (size_t j = 0; j < n; j++)
        out[j] = value;
}

/* x[j] = 1 for real entries of a tensor from entry `from` on, 0 for padding; says how many are real. */
static size_t load_real(const cs_leaves *l, const cs_block *b, size_t from, size_t n, int64_t *x) {
    const unsigned last = b->axes - 1;
    const size_t line = (size_t)1 << b->bits[last];
    size_t all = 0;
    for (size_t done = 0; done < n;) {
        const size_t column = (from + done) & (line - 1), run = cs_smaller(line - column, n - done);
        const size_t length = cs_leaves_real(l, b, (from + done) >> b->bits[last]);
        const size_t real = column < length ? cs_smaller(length - column, run) : 0;
        set_all(x + done, 1, real);
        set_all(x + done + real, 0, run - real);
        all += real;
        done += run;
    }
    return all;
}

#define ADD_ENTRIES(T, COEF)                                                                                                \
    for (size_t j = 0; j < n; j++)                                                                                          \
    out[j] += (COEF) * ((const T *)x)[j]

/* out += x, for integers that are small: as a rule, without products that the processor has none of in vectors. */
static void add_plainly(int64_t *out, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_I8)
        ADD_ENTRIES(int8_t, 1);
    else if (type == CS_INT_I16)
        ADD_ENTRIES(int16_t, 1);
    else
        ADD_ENTRIES(int32_t, 1);
}

/* out += coef x, for integers that are small. */
static void add_entries(int64_t *out, int64_t coef, cs_int_type type, const void *x, size_t n) {
    if (coef == 1) /* public */
        add_plainly(out, type, x, n);
    else if (type == CS_INT_I8)
        ADD_ENTRIES(int8_t, coef);
    else if (type == CS_INT_I16)
        ADD_ENTRIES(int16_t, coef);
    else
        ADD_ENTRIES(int32_t, coef);
}

void cs_lookup_add_column(const cs_witness *w, const cs_lookup *lookup, unsigned c, size_t from, size_t n, int64_t *out) {
    const cs_lookup_column *column = &lookup->columns[c];
    const size_t size = w->layout->blocks[lookup->shaped_like].size;
    for (unsigned k = 0; k < column->n; k++) {
        const cs_tensor *t = &w->tensors[column->block[k]];
        const size_t repeat = size / w->layout->blocks[column->block[k]].size;
        if (repeat == 1 && t->type < CS_INT_I64) {
            add_entries(out, column->coef[k], t->type, cs_tensor_at(t, from), n);
            continue;
        }
        for (size_t j = 0; j < n; j++) {
            const uint64_t x = (uint64_t)cs_tensor_get(t, (from + j) / repeat);
            out[j] = (int64_t)((uint64_t)out[j] + (uint64_t)column->coef[k] * x);
        }
    }
}

/* Integers that are all the same, and public, become part of a constant. */
static bool is_constant(const int64_t *x, size_t n) {
    int64_t differ = 0;
    for (size_t j = 1; j < n; j++)
        differ |= x[j] ^ x[0];
    return differ == 0;
}

/* Adds the tags and constants along the last axis, of entries from `from` on. */
static void add_lines(const cs_leaves *l, const cs_lookup *lookup, size_t from, size_t n, int64_t *tag, int64_t *first) {
    const cs_block *b = cs_leaves_shape(l, lookup);
    const size_t last = b->axes - 1, line = (size_t)1 << b->bits[last];
    for (size_t done = 0; done < n;) {
        const size_t column = (from + done) & (line - 1), run = cs_smaller(line - column, n - done);
        const cs_lookup_line *lines = lookup->lines + column;
        for (size_t j = 0; j < run && column + j < b->shape[last]; j++) {
            tag[done + j] += lines[j].tag;
            first[done + j] += lines[j].constant;
        }
        done += run;
    }
}

/* A piece inside one lookup: constants are where they belong. */
static void load_lookup(const cs_leaves *l, const cs_leaf_block *b, size_t from, size_t n, cs_leaf_piece *out) {
    const cs_lookup *lookup = b->lookup;
    int64_t *p = out->x[CS_LEAF_P];
    const size_t real = load_real(l, cs_leaves_shape(l, lookup), from, n, p);
    if (real == n)
        out->p = CS_FR_ONE;
    else if (real > 0)
        out->has |= 1U << CS_LEAF_P;
    out->q = b->constant;
    for (unsigned c = 0; c < lookup->n_columns; c++) {
        set_all(out->x[CS_LEAF_COLUMN + c], 0, n);
        cs_lookup_add_column(l->w, lookup, c, from, n, out->x[CS_LEAF_COLUMN + c]);
        out->has |= 1U << (CS_LEAF_COLUMN + c);
    }
    if (lookup->lines) {
        set_all(out->x[CS_LEAF_TAG], 0, n);
        add_lines(l, lookup, from, n, out->x[CS_LEAF_TAG], out->x[CS_LEAF_COLUMN]);
        if (is_constant(out->x[CS_LEAF_TAG], n))
            out->q = cs_fr_sub(out->q, cs_fr_from_i64(out->x[CS_LEAF_TAG][0]));
        else
            out->has |= 1U << CS_LEAF_TAG;
    }
}

static void load_mixed_lookup(const cs_leaves *l, const cs_lookup *lookup, size_t n, cs_leaf_piece *out, size_t at) {
    (void)load_real(l, cs_leaves_shape(l, lookup), 0, n, out->x[CS_LEAF_P] + at);
    set_all(out->x[CS_LEAF_ALPHA] + at, 1, n);
    set_all(out->x[CS_LEAF_TAG] + at, lookup->tag, n);
    for (unsigned c = 0; c < CS_LOOKUP_COLUMNS; c++) {
        int64_t *x = out->x[CS_LEAF_COLUMN + c] + at;
        set_all(x, c < lookup->n_columns ? lookup->columns[c].constant : 0, n);
        if (c < lookup->n_columns)
            cs_lookup_add_column(l->w, lookup, c, 0, n, x);
    }
    if (lookup->lines)
        add_lines(l, lookup, 0, n, out->x[CS_LEAF_TAG] + at, out->x[CS_LEAF_COLUMN] + at);
}

/* Several small blocks, whole ones: everything is an integer. Unused leaves are 0 / (0 alpha - (-1)). */
static void load_mixed(const cs_leaves *l, size_t k, size_t n, cs_leaf_piece *out) {
    size_t done = 0;
    for (; k < l->n && done < n; k++) {
        load_mixed_lookup(l, l->blocks[k].lookup, l->blocks[k].size, out, done);
        done += l->blocks[k].size;
    }
    for (unsigned kind = 0; kind < CS_LEAF_KINDS; kind++)
        set_all(out->x[kind] + done, kind == CS_LEAF_TAG ? -1 : 0, n - done);
    out->has = (1U << CS_LEAF_KINDS) - 1;
}

void cs_leaf_piece_load(const cs_leaves *l, size_t offset, size_t n, cs_leaf_piece *out) {
    size_t k = 0;
    while (k < l->n && offset >= l->blocks[k].base + l->blocks[k].size)
        k++;
    out->has = 0;
    out->p = out->q = CS_FR_ZERO;
    if (k == l->n) {
        out->q = CS_FR_ONE;
        return;
    }
    const cs_leaf_block *b = &l->blocks[k];
    const size_t from = offset - b->base;
    if (n > b->size)
        load_mixed(l, k, n, out);
    else
        load_lookup(l, b, from, n, out);
}
