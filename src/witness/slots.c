#include "witness/slots.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include <string.h>

/* More slots mean less memory for the folded tables, but more products that stand above the same integers. */
enum { SLOT_BITS = 4, ROWS = 128, CHUNK = 4096 };

/* A piece of a rank's integers within one slot. */
typedef struct piece {
    size_t slot, offset, n;
    cs_int_type type;
    const void *x;
} piece;

/* ---- the pieces ---- */

/* How many pieces the matrix has; writes them if `out` is given. */
static size_t list_pieces(const cs_witness *w, size_t slot_size, piece *out) {
    size_t count = 0;
    for (size_t k = 0; k < w->layout->n; k++) {
        const cs_block *b = &w->layout->blocks[k];
        const cs_tensor *t = &w->tensors[k];
        const size_t length = b->size < slot_size ? b->size : slot_size;
        for (size_t from = 0; t->data && from < b->size; from += length, count++)
            if (out)
                out[count] = (piece){.slot = (b->offset + from) / slot_size,
                                     .offset = (b->offset + from) % slot_size,
                                     .n = length,
                                     .type = t->type,
                                     .x = cs_tensor_at(t, from)};
    }
    return count;
}

static const void *integers_at(const piece *p, size_t offset) {
    return (const unsigned char *)p->x + (offset - p->offset) * cs_int_size(p->type);
}

/* ---- C ---- */

/* Some rows (a, b), b = first .. first + n - 1, of a group of products. */
typedef struct rows {
    const cs_outer *products; /* [n_products] */
    size_t n_products, a, first, n;
} rows;

static bool is_wanted(const rows *r, size_t b) {
    for (size_t k = 0; k < r->n_products; k++)
        if (!cs_fr_is_zero(r->products[k].t[0][r->a]) && !cs_fr_is_zero(r->products[k].t[1][b]))
            return true;
    return false;
}

/* C[slot of product][slot of piece] += coefficient t0[a] <t1, sums>, sums being those of rows over t2. */
static void add_rows(cs_slots *s, const rows *r, size_t slot, const cs_fr *sums) {
    const cs_fr *last = NULL;
    cs_fr inner = CS_FR_ZERO;
    for (size_t k = 0; k < r->n_products; k++) {
        const cs_outer *x = &r->products[k];
        if (x->t[1] != last)
            inner = cs_fr_vec_dot(x->t[1] + r->first, sums, r->n);
        last = x->t[1];
        cs_fr *c = &s->c[(x->slot << s->bits) + slot];
        *c = cs_fr_add(*c, cs_fr_mul(cs_fr_mul(x->coefficient, x->t[0][r->a]), inner));
    }
}

/* Contracts a piece with a group of products where they overlap: of two intervals aligned to their lengths, one lies within
 * the other. */
static void contract(cs_slots *s, const cs_outer *products, size_t n_products, const piece *p) {
    const size_t start = products->offset, end = start + cs_outer_size(products), row_size = products->n[2];
    const size_t lo = p->offset > start ? p->offset : start, hi = p->offset + p->n < end ? p->offset + p->n : end;
    const size_t column = (lo - start) % row_size, length = row_size < hi - lo ? row_size : hi - lo;
    cs_fr sums[ROWS];
    for (size_t at = lo, next; at < hi; at = next) {
        const size_t row = (at - start) / row_size, left = (hi - at) / length;
        rows r = {products, n_products, row / products->n[1], row % products->n[1], products->n[1] - row % products->n[1]};
        r.n = r.n < left ? r.n : left;
        r.n = r.n < ROWS ? r.n : ROWS;
        next = at + r.n * length;
        for (; r.n && !is_wanted(&r, r.first); r.first++, r.n--)
            at += length;
        while (r.n && !is_wanted(&r, r.first + r.n - 1))
            r.n--;
        if (r.n == 0)
            continue;
        cs_fr_vec_dot_rows(sums, products->t[2] + column, p->type, integers_at(p, at), r.n, length);
        add_rows(s, &r, p->slot, sums);
    }
}

static void fill(cs_slots *s, const piece *pieces, size_t n) {
    const cs_outers *t = &s->products;
    for (size_t k = 0; k < n; k++)
        for (size_t first = 0, end; first < t->n; first = end) {
            end = cs_outers_group_end(t, first);
            contract(s, &t->list[first], end - first, &pieces[k]);
        }
}

/* ---- rounds ---- */

/* Over the pairs of slots that differ in the current variable only: <E, W> at 0, and at 2, where either is 2 hi - lo. */
static void slots_round(void *context, cs_fr *out) {
    const cs_slots *s = context;
    const size_t n = (size_t)1 << (s->bits - s->bound), half = n / 2;
    cs_fr low = CS_FR_ZERO, mixed = CS_FR_ZERO, high = CS_FR_ZERO;
    for (size_t k = 0; k < half; k++) {
        low = cs_fr_add(low, s->c[k * n + k]);
        mixed = cs_fr_add(mixed, cs_fr_add(s->c[k * n + half + k], s->c[(half + k) * n + k]));
        high = cs_fr_add(high, s->c[(half + k) * n + half + k]);
    }
    const cs_fr twice = cs_fr_sub(cs_fr_add(high, high), mixed);
    out[0] = low;
    out[1] = cs_fr_add(low, cs_fr_add(twice, twice));
}

/* The tables of what is left, in chunks that stay in the cache. */
static cs_status write_tables(cs_slots *s) {
    const size_t n = s->products.slot_size, chunk = n < CHUNK ? n : CHUNK, count = list_pieces(s->w, n, NULL);
    cs_fr *w = CS_NEW(cs_fr, n), *e = CS_NEW(cs_fr, n), *weights = CS_NEW(cs_fr, (size_t)1 << s->bits);
    piece *pieces = CS_NEW(piece, count);
    s->tables->tables[0].values = w;
    s->tables->publics[0].values = e;
    const bool ready = w && e && weights && pieces;
    if (ready) {
        (void)list_pieces(s->w, n, pieces);
        cs_fr_vec_eq(weights, s->point, s->bits);
        cs_outers_fold(&s->products, weights);
    }
    for (size_t from = 0; ready && from < n; from += chunk) {
        cs_outers_load(&s->products, from, chunk, e + from);
        for (size_t k = 0; k < count; k++) {
            const piece *p = &pieces[k];
            const size_t lo = p->offset > from ? p->offset : from, last = p->offset + p->n;
            const size_t hi = last < from + chunk ? last : from + chunk;
            if (lo < hi)
                cs_fr_vec_axpy_int(w + lo, weights[p->slot], p->type, integers_at(p, lo), hi - lo);
        }
    }
    cs_free(weights);
    cs_free(pieces);
    return ready ? CS_OK : CS_ERR_MEMORY;
}

static cs_status slots_bind(void *context, cs_fr r) {
    cs_slots *s = context;
    const size_t n = (size_t)1 << (s->bits - s->bound), half = n / 2;
    cs_fr_vec_fold(s->c, s->c, s->c + half * n, r, half * n);
    for (size_t k = 0; k < half; k++)
        cs_fr_vec_fold(s->c + k * half, s->c + k * n, s->c + k * n + half, r, half);
    s->point[s->bound++] = r;
    return s->bound == s->bits ? write_tables(s) : CS_OK;
}

unsigned cs_slots_bits(unsigned row_bits) {
    return row_bits < SLOT_BITS ? row_bits : SLOT_BITS;
}

cs_status cs_slots_new(cs_slots *s, const cs_witness *w, const cs_fr *gammas, cs_sc_witness *tables) {
    const cs_layout *l = w->layout;
    *s = (cs_slots){.w = w, .bits = cs_slots_bits(l->bits - l->column_bits), .tables = tables};
    const size_t slot_size = (size_t)1 << (l->bits - s->bits), count = list_pieces(w, slot_size, NULL);
    CS_TRY(cs_outers_new(&s->products, w, gammas, slot_size));
    tables->first = (cs_sc_first){.rounds = s->bits, .round = slots_round, .bind = slots_bind, .context = s};
    if (s->bits == 0)
        return write_tables(s);
    piece *pieces = CS_NEW(piece, count);
    s->c = CS_NEW(cs_fr, (size_t)1 << 2 * s->bits);
    const bool ready = pieces && s->c;
    if (ready) {
        (void)list_pieces(w, slot_size, pieces);
        fill(s, pieces, count);
    }
    cs_free(pieces);
    return ready ? CS_OK : CS_ERR_MEMORY;
}

void cs_slots_free(cs_slots *s) {
    cs_outers_free(&s->products);
    cs_free(s->c);
    if (s->tables) {
        cs_free(s->tables->tables[0].values);
        cs_free(s->tables->publics[0].values);
    }
}
