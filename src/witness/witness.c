#include "witness/witness.h"
#include "base/memory.h"
#include "curve/commit.h"
#include <string.h>

/* ---- rows ---- */

/* Does the block reach into the row, and where? Offsets within the row and the block, and the length of the overlap. */
static size_t overlap(const cs_block *b, size_t start, size_t columns, size_t *in_row, size_t *in_block) {
    const size_t end = start + columns, last = b->offset + b->size;
    if (b->offset >= end || last <= start)
        return 0;
    const size_t from = b->offset > start ? b->offset : start, to = last < end ? last : end;
    *in_row = from - start;
    *in_block = from - b->offset;
    return to - from;
}

void cs_witness_load(const cs_witness *w, size_t offset, size_t n, cs_fr *out) {
    memset(out, 0, n * sizeof *out);
    for (size_t k = 0; k < w->layout->n; k++) {
        size_t at, from;
        const size_t length = overlap(&w->layout->blocks[k], offset, n, &at, &from);
        if (length && w->tensors[k].data)
            cs_tensor_load(out + at, &w->tensors[k], from, length);
    }
}

/* The row's entries are the block's from `from` on. */
static void leave_out_padding(cs_int_row *row, const cs_block *b, int rank, size_t from) {
    size_t lengths[3];
    for (unsigned axis = 0; axis < b->axes; axis++)
        lengths[axis] = cs_block_length(b, axis, rank);
    cs_int_row_shape(row, b->axes, lengths, b->bits, from);
}

/* A row that lies in one block is committed where it is; others are put together as 64-bit integers in `space`. */
static void describe_row(const cs_witness *w, size_t row, int64_t *space, cs_int_row *out, bool *used_space) {
    const size_t columns = (size_t)1 << w->layout->column_bits;
    *out = (cs_int_row){.type = CS_INT_I64, .data = space, .n = columns};
    *used_space = false;
    for (size_t k = 0; k < w->layout->n; k++) {
        const cs_tensor *t = &w->tensors[k];
        size_t at, from;
        const size_t length = overlap(&w->layout->blocks[k], row * columns, columns, &at, &from);
        if (length == 0 || !t->data)
            continue;
        if (length == columns) {
            *out = (cs_int_row){.type = t->type, .data = cs_tensor_at(t, from), .n = columns, .min = t->min, .max = t->max};
            leave_out_padding(out, &w->layout->blocks[k], w->session->rank, from);
            return;
        }
        *used_space = true;
        for (size_t j = 0; j < length; j++)
            space[at + j] = cs_tensor_get(t, from + j);
        out->min = t->min < out->min ? t->min : out->min;
        out->max = t->max > out->max ? t->max : out->max;
    }
}

/* A mixed row with field elements in it (dishonest ranks only) is loaded as such. */
static cs_status load_mixed(const cs_witness *w, size_t row, cs_int_row *out, void **owned) {
    const size_t columns = (size_t)1 << w->layout->column_bits;
    for (size_t k = 0; k < w->layout->n; k++) {
        size_t at, from;
        if (w->tensors[k].type != CS_INT_FR || !overlap(&w->layout->blocks[k], row * columns, columns, &at, &from))
            continue;
        cs_fr *values = CS_NEW(cs_fr, columns);
        *owned = values;
        if (!values)
            return CS_ERR_MEMORY;
        cs_witness_load(w, row * columns, columns, values);
        *out = (cs_int_row){.type = CS_INT_FR, .data = values, .n = columns};
        return CS_OK;
    }
    return CS_OK;
}

static cs_status commit_new_rows(cs_witness *w, cs_g1_affine *out, size_t count) {
    const cs_layout *l = w->layout;
    const size_t columns = (size_t)1 << l->column_bits;
    cs_int_row *rows = CS_NEW(cs_int_row, count);
    cs_fr *blindings = CS_NEW(cs_fr, count);
    void **owned = CS_NEW(void *, count);
    cs_status status = rows && blindings && owned ? CS_OK : CS_ERR_MEMORY;
    size_t n = 0;
    for (size_t row = 0; status == CS_OK && row < l->rows; row++) {
        if (!cs_layout_live(l, w->session->rank, row) || (l->row_state[row] & CS_ROW_CERTIFIED))
            continue;
        int64_t *space = CS_NEW(int64_t, columns);
        bool used = false;
        if (!space) {
            status = CS_ERR_MEMORY;
            break;
        }
        describe_row(w, row, space, &rows[n], &used);
        if (used) {
            owned[n] = space;
            void *values = NULL;
            status = load_mixed(w, row, &rows[n], &values);
            if (values) {
                cs_free(space);
                owned[n] = values;
            }
        } else {
            cs_free(space);
        }
        blindings[n] = w->blindings[row] = cs_fr_random();
        n++;
    }
    if (status == CS_OK)
        status = cs_commit_rows_reporting(out, rows, count, blindings, w->session->progress);
    for (size_t k = 0; owned && k < count; k++)
        cs_free(owned[k]);
    cs_free(owned);
    cs_free(rows);
    cs_free(blindings);
    return status;
}

/* ---- commitments of all ranks ---- */

/* Puts points given in row order into the table of a rank. */
static void scatter_points(cs_witness *w, int rank, const cs_g1_affine *points, bool certified) {
    size_t next = 0;
    for (size_t row = 0; row < w->layout->rows; row++)
        if (cs_layout_live(w->layout, rank, row) && !(w->layout->row_state[row] & CS_ROW_CERTIFIED) == !certified)
            w->points[rank][row] = points[next++];
}

static cs_status exchange_rows(cs_witness *w, const cs_g1_affine *mine, cs_g1_affine *const *certified) {
    cs_session *s = w->session;
    const size_t n_ranks = (size_t)s->n_ranks;
    size_t *counts = CS_NEW(size_t, n_ranks);
    cs_g1_affine **all = CS_NEW(cs_g1_affine *, n_ranks);
    const bool keep = !cs_proving(s) || cs_is_root(s);
    cs_status status = counts && all ? CS_OK : CS_ERR_MEMORY;
    for (int i = 0; status == CS_OK && i < s->n_ranks; i++) {
        counts[i] = cs_layout_count(w->layout, i, false);
        if (keep && !((all[i] = CS_NEW(cs_g1_affine, counts[i])) && (w->points[i] = CS_NEW(cs_g1_affine, w->layout->rows))))
            status = CS_ERR_MEMORY;
    }
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = cs_session_each_points(s, CS_LABEL_WITNESS, mine, counts, all);
    for (int i = 0; status == CS_OK && keep && i < s->n_ranks; i++) {
        scatter_points(w, i, all[i], false);
        scatter_points(w, i, certified[i], true);
    }
    for (size_t i = 0; all && i < n_ranks; i++)
        cs_free(all[i]);
    cs_free(all);
    cs_free(counts);
    return status;
}

static void keep_certified_blindings(cs_witness *w, const cs_fr *blindings) {
    size_t next = 0;
    for (size_t row = 0; row < w->layout->rows; row++)
        if (cs_layout_live(w->layout, w->session->rank, row) && (w->layout->row_state[row] & CS_ROW_CERTIFIED))
            w->blindings[row] = blindings[next++];
}

/* ---- rows of an earlier session ---- */

static bool is_new(const cs_witness *w, size_t row) {
    return cs_layout_live(w->layout, w->session->rank, row) && !(w->layout->row_state[row] & CS_ROW_CERTIFIED);
}

static cs_status take_rows(cs_witness *w, cs_g1_affine *out, size_t count, const cs_witness_rows *from) {
    if (from->n != count)
        return cs_fail(CS_ERR_INPUT, "%zu commitments are kept of a witness of %zu rows", from->n, count);
    for (size_t row = 0, next = 0; row < w->layout->rows; row++)
        if (is_new(w, row))
            w->blindings[row] = from->blindings[next++];
    memcpy(out, from->points, count * sizeof *out);
    return CS_OK;
}

static cs_status keep_rows(const cs_witness *w, const cs_g1_affine *points, size_t count, cs_witness_rows *out) {
    cs_witness_rows_free(out);
    out->blindings = CS_NEW(cs_fr, count);
    out->points = CS_NEW(cs_g1_affine, count);
    if (!out->blindings || !out->points)
        return CS_ERR_MEMORY;
    for (size_t row = 0; row < w->layout->rows; row++)
        if (is_new(w, row))
            out->blindings[out->n++] = w->blindings[row];
    memcpy(out->points, points, count * sizeof *points);
    return out->made ? out->made(out->context) : CS_OK;
}

void cs_witness_rows_free(cs_witness_rows *rows) {
    cs_free(rows->blindings);
    cs_free(rows->points);
    rows->blindings = NULL;
    rows->points = NULL;
    rows->n = 0;
    rows->given = false;
}

cs_status cs_witness_new(cs_witness *w, cs_session *s, const cs_layout *layout, cs_g1_affine *const *certified,
                         const cs_tensor *tensors, const cs_fr *blindings, cs_witness_rows *keep) {
    *w = (cs_witness){.session = s, .layout = layout, .tensors = tensors};
    cs_g1_affine *mine = NULL;
    w->points = CS_NEW(cs_g1_affine *, (size_t)s->n_ranks);
    cs_status status = w->points ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK && cs_proving(s)) {
        const size_t count = cs_layout_count(layout, s->rank, false);
        mine = CS_NEW(cs_g1_affine, count);
        w->blindings = CS_NEW(cs_fr, layout->rows);
        status = mine && w->blindings ? CS_OK : CS_ERR_MEMORY;
        if (status == CS_OK)
            keep_certified_blindings(w, blindings);
        if (status == CS_OK && keep && keep->given)
            status = take_rows(w, mine, count, keep);
        else if (status == CS_OK && count > 0)
            status = commit_new_rows(w, mine, count);
        if (status == CS_OK && keep && !keep->given)
            status = keep_rows(w, mine, count, keep);
    }
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = exchange_rows(w, mine, certified);
    if (status == CS_OK && keep)
        memcpy(keep->shown, s->transcript.state, sizeof keep->shown);
    cs_free(mine);
    return status;
}

void cs_witness_free(cs_witness *w) {
    for (int i = 0; w->points && i < w->session->n_ranks; i++)
        cs_free(w->points[i]);
    for (size_t k = 0; k < w->n_claims; k++)
        cs_expr_free(&w->claims[k]);
    for (size_t k = 0; k < w->n_parts; k++)
        cs_free(w->parts[k].weights);
    for (size_t k = 0; k < w->n_kept; k++)
        cs_free(w->kept[k]);
    cs_free(w->points);
    cs_free(w->claims);
    cs_free(w->parts);
    cs_free(w->kept);
    cs_free(w->blindings);
    cs_free(w->folded_row);
    cs_free(w->answer);
    cs_free(w->answer_values);
    cs_free(w->left);
    cs_free(w->right);
    *w = (cs_witness){0};
}

/* ---- claims ---- */

cs_status cs_witness_claim(cs_witness *w, cs_expr *value) {
    if (w->n_claims == w->cap_claims) {
        const size_t capacity = w->cap_claims ? 2 * w->cap_claims : 64;
        cs_expr *claims = cs_grow(w->claims, w->n_claims, capacity, sizeof *claims);
        if (!claims)
            return CS_ERR_MEMORY;
        w->claims = claims;
        w->cap_claims = capacity;
    }
    w->claims[w->n_claims++] = *value;
    *value = (cs_expr){0};
    return w->claims[w->n_claims - 1].failed ? cs_fail(CS_ERR_MEMORY, "witness: no memory for a claim") : CS_OK;
}

static cs_status add_part(cs_witness *w, const cs_fr *weights, cs_fr coefficient, size_t block, const cs_axis *axes,
                          bool outside) {
    if (w->n_parts == w->cap_parts) {
        const size_t capacity = w->cap_parts ? 2 * w->cap_parts : 64;
        cs_part *parts = cs_grow(w->parts, w->n_parts, capacity, sizeof *parts);
        if (!parts)
            return CS_ERR_MEMORY;
        w->parts = parts;
        w->cap_parts = capacity;
    }
    const size_t n_ranks = (size_t)w->session->n_ranks;
    cs_part *p = &w->parts[w->n_parts];
    *p = (cs_part){.claim = w->n_claims - 1, .block = block, .n_axes = w->layout->blocks[block].axes, .outside = outside};
    p->weights = CS_NEW(cs_fr, n_ranks);
    if (!p->weights)
        return CS_ERR_MEMORY;
    w->n_parts++;
    for (size_t i = 0; i < n_ranks; i++)
        if (cs_block_held(&w->layout->blocks[block], (int)i))
            p->weights[i] = cs_fr_mul(coefficient, weights[i]);
    memcpy(p->axes, axes, p->n_axes * sizeof *axes);
    return CS_OK;
}

cs_status cs_witness_part(cs_witness *w, const cs_fr *weights, cs_fr coefficient, size_t block, const cs_axis *axes) {
    return add_part(w, weights, coefficient, block, axes, false);
}

cs_status cs_witness_part_outside(cs_witness *w, const cs_fr *weights, cs_fr coefficient, size_t block,
                                  const cs_axis *axes) {
    return add_part(w, weights, coefficient, block, axes, true);
}

/* A block of memory that lives as long as the witness, or NULL. */
static void *keep(cs_witness *w, size_t size) {
    if (w->n_kept == w->cap_kept) {
        const size_t capacity = w->cap_kept ? 2 * w->cap_kept : 16;
        void **kept = cs_grow(w->kept, w->n_kept, capacity, sizeof *kept);
        if (!kept)
            return NULL;
        w->kept = kept;
        w->cap_kept = capacity;
    }
    void *block = cs_calloc(1, size);
    if (block)
        w->kept[w->n_kept++] = block;
    return block;
}

const cs_gather *cs_witness_gather(cs_witness *w, const cs_gather *gather) {
    cs_gather *copy = keep(w, sizeof *copy);
    if (copy)
        *copy = *gather;
    return copy;
}

cs_vector *cs_witness_vector(cs_witness *w, unsigned bits) {
    cs_vector *v = keep(w, sizeof *v);
    cs_fr *entries = v ? keep(w, sizeof *entries << bits) : NULL;
    if (!entries)
        return NULL;
    *v = (cs_vector){.entries = entries, .bits = bits};
    return v;
}
