#include "lookup/tiles.h"
#include "base/bits.h"
#include "base/memory.h"

/* ---- which tiles of leaves are constant ---- */

typedef struct finder {
    const cs_leaves *l;
    cs_tiles *out;
    size_t cap; /* of out->leaf */
} finder;

/* A block with an axis less is not zero where only the last axis is padding. */
static bool has_repeated(const finder *f, const cs_lookup *lookup) {
    for (unsigned c = 0; c < lookup->n_columns; c++)
        for (unsigned k = 0; k < lookup->columns[c].n; k++)
            if (f->l->w->layout->blocks[lookup->columns[c].block[k]].size < cs_leaves_shape(f->l, lookup)->size)
                return true;
    return false;
}

/* Whether entries from.. of a lookup, a tile of them, are padding: if the first is, whose index is the least along each
 * axis. */
static bool is_padding(const finder *f, const cs_lookup *lookup, size_t from) {
    const cs_block *b = cs_leaves_shape(f->l, lookup);
    const unsigned line_bits = b->bits[b->axes - 1];
    const size_t column = from & (((size_t)1 << line_bits) - 1), real = cs_leaves_real(f->l, b, from >> line_bits);
    return column >= real && (real == 0 || !has_repeated(f, lookup));
}

/* What is added along the last axis, if it is the same for a tile of entries from.. */
static bool line_of(const cs_leaf_block *b, unsigned line_bits, size_t from, cs_fr *out) {
    const size_t mask = ((size_t)1 << line_bits) - 1;
    *out = b->lines ? b->lines[from & mask] : CS_FR_ZERO;
    for (size_t j = 1; b->lines && j < CS_TILE; j++)
        if (!cs_fr_eq(b->lines[(from + j) & mask], *out))
            return false;
    return true;
}

/* The number of a constant of leaves, which may be a new one. */
static cs_status constant_of(finder *f, cs_fr q, size_t *out) {
    size_t *n = &f->out->map[0].n_constants;
    for (*out = 0; *out < *n; ++*out)
        if (cs_fr_eq(f->out->leaf[*out], q))
            return CS_OK;
    if (*n == f->cap) {
        cs_fr *more = cs_grow(f->out->leaf, *n, 2 * f->cap + 4, sizeof *more);
        if (!more)
            return CS_ERR_MEMORY;
        f->out->leaf = more;
        f->cap = 2 * f->cap + 4;
    }
    f->out->leaf[(*n)++] = q;
    return CS_OK;
}

/* The tile of entries from.. is a constant. */
static cs_status add_tile(finder *f, size_t from, cs_fr constant) {
    const unsigned low = f->l->low_bits;
    cs_tile_map *m = &f->out->map[0];
    const size_t column = (from & (((size_t)1 << low) - 1)) >> CS_TILE_BITS, lines = m->n >> f->out->column_bits;
    size_t c;
    CS_TRY(constant_of(f, constant, &c));
    m->at[column * lines + (from >> low)] = -1 - (int32_t)c;
    return CS_OK;
}

static cs_status add_lookup(finder *f, const cs_leaf_block *b) {
    const cs_block *shape = cs_leaves_shape(f->l, b->lookup);
    cs_fr line;
    for (size_t from = 0; from < b->size; from += CS_TILE)
        if (is_padding(f, b->lookup, from) && line_of(b, shape->bits[shape->axes - 1], from, &line))
            CS_TRY(add_tile(f, b->base + from, cs_fr_sub(b->constant, line)));
    return CS_OK;
}

/* Lookups of less than a tile come last, several of them to a tile, which is stored; unused leaves are 0/1. */
static cs_status find_leaves(finder *f) {
    const cs_leaves *l = f->l;
    cs_tile_map *m = &f->out->map[0];
    size_t used = 0;
    for (size_t k = 0; k < l->n; k++) {
        const cs_leaf_block *b = &l->blocks[k];
        used = b->base + b->size;
        if (b->size >= CS_TILE)
            CS_TRY(add_lookup(f, b));
    }
    for (size_t from = (used + CS_TILE - 1) & ~(size_t)(CS_TILE - 1); from < m->n << CS_TILE_BITS; from += CS_TILE)
        CS_TRY(add_tile(f, from, CS_FR_ONE));
    for (size_t t = 0; t < m->n; t++)
        if (m->at[t] >= 0)
            m->at[t] = (int32_t)m->stored++;
    return CS_OK;
}

/* ---- the layers above ---- */

static cs_status new_map(cs_tile_map *m, size_t n) {
    m->n = n;
    m->at = CS_NEW(int32_t, n);
    return m->at ? CS_OK : CS_ERR_MEMORY;
}

/* The number of the constant that is made of a and b. */
static cs_status pair_of(cs_tile_map *m, size_t *cap, size_t a, size_t b, size_t *out) {
    for (*out = m->n_constants; (*out)-- > 0;)
        if (m->parts[*out][0] == a && m->parts[*out][1] == b)
            return CS_OK;
    if (m->n_constants == *cap) {
        uint32_t(*more)[2] = cs_grow(m->parts, m->n_constants, 2 * *cap + 4, sizeof *more);
        if (!more)
            return CS_ERR_MEMORY;
        m->parts = more;
        *cap = 2 * *cap + 4;
    }
    *out = m->n_constants++;
    m->parts[*out][0] = (uint32_t)a;
    m->parts[*out][1] = (uint32_t)b;
    return CS_OK;
}

static cs_status pair_up(const cs_tile_map *below, cs_tile_map *m) {
    size_t cap = 0, c;
    CS_TRY(new_map(m, below->n / 2));
    for (size_t t = 0; t < m->n; t++) {
        if (cs_tile_stored(below, 2 * t) || cs_tile_stored(below, 2 * t + 1)) {
            m->at[t] = (int32_t)m->stored++;
            continue;
        }
        CS_TRY(pair_of(m, &cap, cs_tile_constant(below, 2 * t), cs_tile_constant(below, 2 * t + 1), &c));
        m->at[t] = -1 - (int32_t)c;
    }
    return CS_OK;
}

static cs_status make(cs_tiles *out, const cs_leaves *l) {
    finder f = {.l = l, .out = out};
    out->column_bits = l->low_bits - CS_TILE_BITS;
    out->n_maps = l->bits - l->low_bits + 1;
    CS_TRY(new_map(&out->map[0], (size_t)1 << (l->bits - CS_TILE_BITS)));
    CS_TRY(find_leaves(&f));
    for (unsigned k = 1; k < out->n_maps; k++)
        CS_TRY(pair_up(&out->map[k - 1], &out->map[k]));
    return CS_OK;
}

cs_status cs_tiles_new(cs_tiles *out, const cs_leaves *l) {
    *out = (cs_tiles){0};
    const cs_status status = make(out, l);
    if (status != CS_OK)
        cs_tiles_free(out);
    return status;
}

size_t cs_tile_place(const cs_tiles *tiles, size_t t, unsigned n_bits) {
    const unsigned n = n_bits - tiles->column_bits;
    return t >> n | cs_reversed(t, n) << tiles->column_bits;
}

size_t cs_tile_by_line(const cs_tiles *tiles, size_t n, size_t k) {
    const size_t column = k & (((size_t)1 << tiles->column_bits) - 1);
    return column * (n >> tiles->column_bits) + (k >> tiles->column_bits);
}

size_t cs_tile_entry(const cs_tiles *tiles, size_t t) {
    const size_t lines = tiles->map[0].n >> tiles->column_bits;
    return ((t & (lines - 1)) << tiles->column_bits | t / lines) << CS_TILE_BITS;
}

void cs_tiles_free(cs_tiles *t) {
    for (unsigned k = 0; k < t->n_maps; k++) {
        cs_free(t->map[k].at);
        cs_free(t->map[k].parts);
    }
    cs_free(t->leaf);
    *t = (cs_tiles){0};
}
