/* Random sets of lookups: shapes from single entries to most of the leaves, lengths from none to all, blocks repeated along
 * the last axis, lines, tensors of all types, ranks with records of their own number; and the tree of each by definition. */
#ifndef TESTS_LOOKUP_SAMPLES_H
#define TESTS_LOOKUP_SAMPLES_H

#include "trees.h"

enum { LOOKUPS = 40, BLOCKS = LOOKUPS * CS_LOOKUP_COLUMNS * CS_LOOKUP_TERMS, LEAST_BITS = 14, WIDEST_BITS = 13 };
enum { RANKS = 2, RANK = 1 };

typedef struct sample {
    cs_block blocks[BLOCKS];
    size_t n_blocks, rank_shape[LOOKUPS][RANKS];
    cs_lookup list[LOOKUPS];
    cs_lookup_line *lines[LOOKUPS];
    cs_lookups what;
    cs_layout layout;
    cs_tensor tensors[BLOCKS];
    cs_session session;
    cs_witness w;
    cs_leaves leaves;
    cs_fr alpha, beta, *p, *q; /* of the entries */
    definition tree;
} sample;

static unsigned below(unsigned n) {
    return (unsigned)rand() % n;
}

static unsigned fewer(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* ---- what is looked up ---- */

/* 1 to 2^bits, often all or next to none. */
static size_t random_length(unsigned bits) {
    const size_t all = (size_t)1 << bits;
    return below(3) == 0 ? all : below(4) == 0 ? 1 : 1 + below((unsigned)all);
}

/* A shape of 2^bits entries; the last axis is wide where it may be. */
static cs_block random_shape(sample *s, unsigned bits) {
    static const int64_t MAX[] = {100, 30000, 1 << 20, INT64_C(1) << 40};
    cs_block b = {.axes = 1 + below(3), .max = MAX[below(4)]};
    unsigned left = bits;
    for (unsigned axis = b.axes; axis-- > 0; left -= b.bits[axis])
        b.bits[axis] = axis == 0 ? left : below(fewer(left, WIDEST_BITS) + 1);
    for (unsigned axis = 0; axis < b.axes; axis++)
        b.shape[axis] = random_length(b.bits[axis]);
    b.min = -b.max;
    if (below(3) == 0) { /* rows of this rank, at most those of all; the other rank's are others */
        size_t *rows = s->rank_shape[s->what.n];
        rows[RANK] = below(3) == 0 ? 0 : below((unsigned)b.shape[0] + 1);
        rows[1 - RANK] = b.shape[0] - rows[RANK];
        b.rank_shape = rows;
    }
    return b;
}

static size_t add_block(sample *s, const cs_block *shape, bool repeated) {
    s->blocks[s->n_blocks] = *shape;
    s->blocks[s->n_blocks].axes -= repeated;
    return s->n_blocks++;
}

/* Tags and constants, all alike, alike in tiles, or none like the next. */
static cs_lookup_line *random_lines(const cs_block *shape) {
    const unsigned last = shape->axes - 1, shift = (unsigned[]){0, CS_TILE_BITS, 20}[below(3)];
    cs_lookup_line *lines = CS_NEW(cs_lookup_line, shape->shape[last]);
    assert_non_null(lines);
    for (size_t j = 0; j < shape->shape[last]; j++)
        lines[j] = (cs_lookup_line){.tag = (int32_t)(j >> shift) % 5, .constant = (int32_t)(j >> shift) % 7 - 3};
    return lines;
}

static void add_lookup(sample *s, unsigned bits) {
    const cs_block shape = random_shape(s, bits);
    cs_lookup *lookup = &s->list[s->what.n];
    *lookup = (cs_lookup){.tag = (int32_t)below(200), .n_columns = 1 + below(3), .shaped_like = s->n_blocks};
    for (unsigned c = 0; c < lookup->n_columns; c++) {
        cs_lookup_column *column = &lookup->columns[c];
        *column = (cs_lookup_column){.constant = below(2) ? (int64_t)below(300) - 150 : 0, .n = 1 + below(2)};
        for (unsigned k = 0; k < column->n; k++) {
            const bool first = c == 0 && k == 0;
            column->block[k] = add_block(s, &shape, !first && shape.axes > 1 && below(3) == 0);
            column->coef[k] = below(2) ? 1 : -1;
        }
    }
    if (below(3) == 0)
        lookup->lines = s->lines[s->what.n] = random_lines(&shape);
    s->what.n++;
}

/* Lookups of more than half of 2^bits entries and at most all. */
static void choose_lookups(sample *s, unsigned bits) {
    const size_t all = (size_t)1 << bits;
    size_t n = 0;
    s->what = (cs_lookups){.list = s->list};
    while (s->what.n < LOOKUPS && (n <= all / 2 || below(3) > 0)) {
        const unsigned size = s->what.n == 0 ? bits - 1 - below(3) : below(bits);
        if (n + ((size_t)1 << size) <= all) {
            add_lookup(s, size);
            n += (size_t)1 << size;
        }
    }
}

static size_t size_of(const cs_lookup *lookup, const sample *s) {
    return s->layout.blocks[lookup->shaped_like].size;
}

static bool is_real(const cs_block *b, size_t x) {
    bool real = true;
    for (unsigned axis = b->axes; axis-- > 0; x >>= b->bits[axis]) {
        const size_t length = axis == 0 && b->rank_shape ? b->rank_shape[RANK] : b->shape[axis];
        real = real && x % ((size_t)1 << b->bits[axis]) < length;
    }
    return real;
}

static void fill_block(sample *s, size_t k) {
    const cs_block *b = &s->layout.blocks[k];
    assert_int_equal(cs_tensor_new(&s->tensors[k], b->size, b->min, b->max), CS_OK);
    const unsigned most = b->max < 30000 ? (unsigned)b->max : 30000;
    for (size_t x = 0; x < b->size; x++)
        if (is_real(b, x))
            cs_tensor_set(&s->tensors[k], x, (int64_t)below(2 * most + 1) - most);
}

/* ---- entries by definition ---- */

static cs_fr denominator(const sample *s, const cs_lookup *lookup, size_t x) {
    const cs_block *shape = &s->blocks[lookup->shaped_like];
    const unsigned last = shape->axes - 1;
    const size_t j = x % ((size_t)1 << shape->bits[last]);
    const bool in_line = lookup->lines && j < shape->shape[last];
    cs_fr out = cs_fr_sub(s->alpha, cs_fr_from_i64(lookup->tag + (in_line ? lookup->lines[j].tag : 0))), power = s->beta;
    for (unsigned c = 0; c < lookup->n_columns; c++) {
        int64_t value = lookup->columns[c].constant + (in_line && c == 0 ? lookup->lines[j].constant : 0);
        for (unsigned k = 0; k < lookup->columns[c].n; k++) {
            const size_t block = lookup->columns[c].block[k];
            const size_t at = s->blocks[block].axes < shape->axes ? x >> shape->bits[last] : x;
            value += lookup->columns[c].coef[k] * cs_tensor_get(&s->tensors[block], at);
        }
        out = cs_fr_sub(out, cs_fr_mul(power, cs_fr_from_i64(value)));
        power = cs_fr_mul(power, s->beta);
    }
    return out;
}

/* Biggest first, those of a size in their order; the rest of the leaves is 0 / 1. Returns the bits of the first one's last
 * axis. */
static unsigned define_entries(sample *s, unsigned bits) {
    const cs_block *first = NULL;
    const size_t all = (size_t)1 << bits;
    size_t n = 0;
    s->p = CS_NEW(cs_fr, all);
    s->q = CS_NEW(cs_fr, all);
    assert_true(s->p && s->q);
    for (size_t size = all; size > 0; size /= 2)
        for (const cs_lookup *lookup = s->list; lookup < s->list + s->what.n; lookup++) {
            const cs_block *shape = &s->blocks[lookup->shaped_like];
            for (size_t x = 0; size_of(lookup, s) == size && x < size; x++, n++) {
                first = first ? first : shape;
                s->p[n] = is_real(shape, x) ? CS_FR_ONE : CS_FR_ZERO;
                s->q[n] = denominator(s, lookup, x);
            }
        }
    for (; n < all; n++)
        s->q[n] = CS_FR_ONE;
    assert_non_null(first);
    return first->bits[first->axes - 1];
}

/* ---- cases ---- */

static sample *new_sample(unsigned seed) {
    sample *s = CS_NEW(sample, 1);
    assert_non_null(s);
    srand(seed);
    const unsigned bits = LEAST_BITS + seed % 2;
    choose_lookups(s, bits);
    assert_int_equal(cs_layout_new(&s->layout, s->blocks, s->n_blocks, 6), CS_OK);
    for (size_t k = 0; k < s->n_blocks; k++)
        fill_block(s, k);
    s->session = (cs_session){.role = CS_PROVE, .n_ranks = RANKS, .rank = RANK};
    s->w = (cs_witness){.session = &s->session, .layout = &s->layout, .tensors = s->tensors};
    s->alpha = cs_fr_pow(cs_fr_from_u64(UINT64_C(0x9e3779b97f4a7c15) + seed), 12345);
    s->beta = cs_fr_sqr(s->alpha);
    assert_int_equal(cs_leaves_new(&s->leaves, &s->w, &s->what, s->alpha, s->beta), CS_OK);
    assert_int_equal(s->leaves.bits, bits);
    const unsigned low = low_by_definition(bits, define_entries(s, bits));
    assert_int_equal(s->leaves.low_bits, low);
    definition_challenges(&s->tree, s->alpha);
    definition_grow(&s->tree, bits, low, s->p, s->q);
    return s;
}

static void free_sample(sample *s) {
    definition_free(&s->tree);
    cs_leaves_free(&s->leaves);
    for (size_t k = 0; k < s->n_blocks; k++)
        cs_tensor_free(&s->tensors[k]);
    for (size_t k = 0; k < s->what.n; k++)
        cs_free(s->lines[k]);
    cs_layout_free(&s->layout);
    cs_free(s->p);
    cs_free(s->q);
    cs_free(s);
}

#endif
