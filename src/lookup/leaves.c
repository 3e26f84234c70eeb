#include "lookup/leaves.h"
#include "base/bits.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include <stdlib.h>
#include <string.h>

enum { LONG_BITS = 25 };

/* Biggest first; among equals in the list's order. */
static int by_size(const void *a, const void *b) {
    const cs_leaf_block *x = a, *y = b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    return (x->lookup > y->lookup) - (x->lookup < y->lookup);
}

/* alpha less the tag and the columns' constants. */
static cs_fr constant_of(const cs_leaves *l, const cs_lookup *lookup) {
    cs_fr out = cs_fr_sub(l->alpha, cs_fr_from_i64(lookup->tag));
    for (unsigned c = 0; c < lookup->n_columns; c++)
        out = cs_fr_sub(out, cs_fr_mul(l->mix[c], cs_fr_from_i64(lookup->columns[c].constant)));
    return out;
}

static cs_status compress_lines(const cs_leaves *l, cs_leaf_block *b) {
    if (!b->lookup->lines)
        return CS_OK;
    const cs_block *shape = cs_leaves_shape(l, b->lookup);
    const unsigned last = shape->axes - 1;
    b->lines = CS_NEW(cs_fr, (size_t)1 << shape->bits[last]);
    if (!b->lines)
        return CS_ERR_MEMORY;
    for (size_t j = 0; j < shape->shape[last]; j++)
        b->lines[j] = cs_fr_add(cs_fr_from_i64(b->lookup->lines[j].tag),
                                cs_fr_mul(l->mix[0], cs_fr_from_i64(b->lookup->lines[j].constant)));
    return CS_OK;
}

/* The last axis of the biggest lookup is a line, if that leaves enough lines for the first rounds and if a line is a tile
 * at least. */
static unsigned low_bits(const cs_leaves *l) {
    enum { LINES_BITS = 4 };
    if (l->bits <= CS_TILE_BITS + LINES_BITS)
        return l->bits;
    const cs_block *biggest = cs_leaves_shape(l, l->blocks[0].lookup);
    const size_t most = cs_smaller(CS_SC_PAIR_BITS, l->bits - LINES_BITS);
    return (unsigned)cs_larger(CS_TILE_BITS, cs_smaller(most, biggest->bits[biggest->axes - 1]));
}

static cs_status place_blocks(cs_leaves *l) {
    for (; l->n < l->what->n; l->n++) {
        const cs_lookup *lookup = &l->what->list[l->n];
        l->blocks[l->n] =
            (cs_leaf_block){.size = cs_leaves_shape(l, lookup)->size, .lookup = lookup, .constant = constant_of(l, lookup)};
    }
    qsort(l->blocks, l->n, sizeof *l->blocks, by_size);
    size_t offset = 0;
    for (size_t k = 0; k < l->n; k++) {
        l->blocks[k].base = offset;
        offset += l->blocks[k].size;
        CS_TRY(compress_lines(l, &l->blocks[k]));
    }
    l->bits = cs_bits(offset);
    l->low_bits = low_bits(l);
    return CS_OK;
}

cs_status cs_leaves_new(cs_leaves *l, const cs_witness *w, const cs_lookups *what, cs_fr alpha, cs_fr beta) {
    *l = (cs_leaves){.w = w, .what = what, .alpha = alpha, .blocks = CS_NEW(cs_leaf_block, what->n)};
    if (!l->blocks)
        return CS_ERR_MEMORY;
    l->long_bits = what->long_bits ? what->long_bits : LONG_BITS;
    l->mix[0] = beta;
    l->mix[1] = cs_fr_mul(beta, beta);
    l->mix[2] = cs_fr_mul(l->mix[1], beta);
    return place_blocks(l);
}

void cs_leaves_free(cs_leaves *l) {
    for (size_t k = 0; l->blocks && k < l->n; k++)
        cs_free(l->blocks[k].lines);
    cs_free(l->blocks);
    *l = (cs_leaves){0};
}

size_t cs_leaves_entry(const cs_leaves *l, size_t x) {
    return (x & (((size_t)1 << l->low_bits) - 1)) | cs_reversed(x >> l->low_bits, l->bits - l->low_bits) << l->low_bits;
}

size_t cs_leaves_real(const cs_leaves *l, const cs_block *b, size_t line) {
    const int rank = l->w->session->rank;
    const unsigned last = b->axes - 1;
    bool real = true;
    for (unsigned axis = last; axis-- > 0;) {
        real = real && (line & (((size_t)1 << b->bits[axis]) - 1)) < cs_block_length(b, axis, rank);
        line >>= b->bits[axis];
    }
    return real ? cs_block_length(b, last, rank) : 0;
}

/* ---- loading ---- */

static size_t block_size(const cs_leaves *l, size_t block) {
    return l->w->layout->blocks[block].size;
}

/* One for real entries, zero for padding, from entry `from` of a tensor. */
static void load_real(const cs_leaves *l, const cs_block *b, size_t from, size_t n, cs_fr *out) {
    const unsigned last = b->axes - 1;
    const size_t line = (size_t)1 << b->bits[last];
    for (size_t x = 0; x < n;) {
        const size_t column = (from + x) & (line - 1), run = cs_smaller(line - column, n - x);
        const size_t length = cs_leaves_real(l, b, (from + x) >> b->bits[last]);
        for (size_t k = 0; k < run; k++)
            out[x + k] = column + k < length ? CS_FR_ONE : CS_FR_ZERO;
        x += run;
    }
}

static void load_compressed(const cs_leaves *l, const cs_leaf_block *leaves, size_t from, size_t n, cs_fr *out) {
    const cs_lookup *lookup = leaves->lookup;
    const cs_block *b = cs_leaves_shape(l, lookup);
    const size_t line = (size_t)1 << b->bits[b->axes - 1];
    for (size_t x = 0; x < n; x++)
        out[x] = leaves->lines ? cs_fr_sub(leaves->constant, leaves->lines[(from + x) & (line - 1)]) : leaves->constant;
    for (unsigned c = 0; c < lookup->n_columns; c++) {
        for (unsigned k = 0; k < lookup->columns[c].n; k++) {
            const size_t block = lookup->columns[c].block[k];
            const cs_tensor *t = &l->w->tensors[block];
            const cs_fr scale = cs_fr_neg(cs_fr_mul(l->mix[c], cs_fr_from_i64(lookup->columns[c].coef[k])));
            const size_t repeat = b->size / block_size(l, block);
            if (repeat == 1) {
                cs_fr_vec_axpy_int(out, scale, t->type, cs_tensor_at(t, from), n);
                continue;
            }
            for (size_t x = 0; x < n; x++)
                cs_fr_vec_axpy_int(&out[x], scale, t->type, cs_tensor_at(t, (from + x) / repeat), 1);
        }
    }
}

static void load_block(const cs_leaves *l, const cs_leaf_block *b, bool numerator, size_t from, size_t n, cs_fr *out) {
    if (numerator)
        load_real(l, cs_leaves_shape(l, b->lookup), from, n, out);
    else
        load_compressed(l, b, from, n, out);
}

static void load_entries(const cs_leaves *l, bool numerator, size_t offset, size_t n, cs_fr *out) {
    size_t done = 0;
    for (size_t k = 0; k < l->n && done < n; k++) {
        const cs_leaf_block *b = &l->blocks[k];
        if (offset + done >= b->base + b->size)
            continue;
        const size_t from = offset + done - b->base;
        const size_t length = cs_smaller(b->size - from, n - done);
        load_block(l, b, numerator, from, length, out + done);
        done += length;
    }
    for (; done < n; done++)
        out[done] = numerator ? CS_FR_ZERO : CS_FR_ONE;
}

/* Leaves that are neighbouring entries together. */
static void load(const cs_leaves *l, bool numerator, size_t offset, size_t n, cs_fr *out) {
    const size_t run = (size_t)1 << l->low_bits;
    for (size_t done = 0, length; done < n; done += length) {
        const size_t x = offset + done;
        length = cs_smaller(run - x % run, n - done);
        load_entries(l, numerator, cs_leaves_entry(l, x), length, out + done);
    }
}

void cs_leaves_numerators(const cs_leaves *l, size_t offset, size_t n, cs_fr *out) {
    load(l, true, offset, n, out);
}

void cs_leaves_denominators(const cs_leaves *l, size_t offset, size_t n, cs_fr *out) {
    load(l, false, offset, n, out);
}

/* ---- the claim at the leaves ---- */

/* Adds the public constants of rank i: -omega_i (p + lambda q). */
static void take_constant(cs_expr *value, const cs_fr *omega, int rank, cs_fr p, cs_fr lambda, cs_fr q) {
    cs_expr_add_const(value, cs_fr_neg(cs_fr_mul(omega[rank], cs_fr_add(p, cs_fr_mul(lambda, q)))), rank);
}

static cs_fr box_at(const cs_block *b, int rank, const cs_fr *point) {
    cs_fr out = CS_FR_ONE;
    for (unsigned axis = 0; axis < b->axes; axis++) {
        out = cs_fr_mul(out, cs_indicator(point, b->bits[axis], cs_block_length(b, axis, rank)));
        point += b->bits[axis];
    }
    return out;
}

typedef struct place {
    cs_fr here; /* eq of the block's position */
    const cs_fr *rest;
    const cs_fr *omega;
    cs_fr lambda;
} place;

/* MLE of the compressed lines at the last axis's part of the point. */
static cs_status lines_at(const cs_leaf_block *leaves, const cs_block *b, const cs_fr *point, cs_fr *out) {
    const size_t n = (size_t)1 << b->bits[b->axes - 1];
    cs_fr *eq = CS_NEW(cs_fr, n);
    if (!eq)
        return CS_ERR_MEMORY;
    cs_fr_vec_eq(eq, point, b->bits[b->axes - 1]);
    *out = cs_fr_vec_dot(eq, leaves->lines, n);
    cs_free(eq);
    return CS_OK;
}

static cs_status lookup_parts(const cs_leaves *l, cs_witness *w, const place *p, const cs_leaf_block *leaves,
                              cs_fr *public_q) {
    const cs_lookup *lookup = leaves->lookup;
    const cs_block *b = cs_leaves_shape(l, lookup);
    cs_axis axes[3];
    const cs_fr *at = p->rest;
    for (unsigned axis = 0; axis < b->axes; at += b->bits[axis++])
        axes[axis] = cs_axis_eq(at, b->bits[axis]);
    cs_fr constant = leaves->constant, lines = CS_FR_ZERO;
    if (leaves->lines)
        CS_TRY(lines_at(leaves, b, axes[b->axes - 1].point, &lines));
    constant = cs_fr_sub(constant, lines);
    for (unsigned c = 0; c < lookup->n_columns; c++) {
        const cs_lookup_column *column = &lookup->columns[c];
        const cs_fr scale = cs_fr_neg(cs_fr_mul(p->here, cs_fr_mul(p->lambda, l->mix[c])));
        for (unsigned k = 0; k < column->n; k++)
            CS_TRY(cs_witness_part(w, p->omega, cs_fr_mul(scale, cs_fr_from_i64(column->coef[k])), column->block[k], axes));
    }
    *public_q = cs_fr_add(*public_q, cs_fr_mul(p->here, constant));
    return CS_OK;
}

/* A point of the leaves as one of the entries. */
static void point_of_entries(const cs_leaves *l, const cs_fr *point, cs_fr *out) {
    const unsigned n = l->bits - l->low_bits;
    for (unsigned k = 0; k < l->bits; k++)
        out[k] = point[k < n ? n - 1 - k : k];
}

cs_status cs_leaves_claim(const cs_leaves *l, cs_witness *w, const cs_fr *of_leaf, const cs_fr *omega, cs_fr lambda,
                          cs_expr *value) {
    cs_fr point[CS_SC_BITS], public_q = CS_FR_ZERO, unused = CS_FR_ONE;
    const int n_ranks = w->session->n_ranks;
    cs_expr empty = {0};
    point_of_entries(l, of_leaf, point);
    CS_TRY(cs_witness_claim(w, &empty));
    const size_t claim = w->n_claims - 1;
    for (size_t k = 0; k < l->n; k++) {
        const cs_leaf_block *b = &l->blocks[k];
        const unsigned low = cs_bits(b->size), split = l->bits - low;
        const place p = {cs_eq_index(point, split, b->base >> low), point + split, omega, lambda};
        unused = cs_fr_sub(unused, p.here);
        CS_TRY(lookup_parts(l, w, &p, b, &public_q));
        for (int i = 0; i < n_ranks; i++)
            take_constant(value, omega, i, cs_fr_mul(p.here, box_at(cs_leaves_shape(l, b->lookup), i, p.rest)), lambda,
                          CS_FR_ZERO);
    }
    for (int i = 0; i < n_ranks; i++)
        take_constant(value, omega, i, CS_FR_ZERO, lambda, cs_fr_add(public_q, unused));
    cs_expr_merge(value);
    w->claims[claim] = *value;
    *value = (cs_expr){0};
    return w->claims[claim].failed ? CS_ERR_MEMORY : CS_OK;
}
