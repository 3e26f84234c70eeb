#include "train/kept_sums.h"

#include <string.h>

#include "base/memory.h"

/* ------------------------------------------------------------------ which way */

/* Measured with AVX-512 on one machine, in nanoseconds; others take longer for both ways. */
enum {
    PADDED_ENTRY = 350, /* of a table that is summed under pads, whatever the number of ranks; */
    PADDED_DRAW = 2,    /* and for each of a rank's draws */
    SHOWN_ENTRY = 50,   /* of one that is shown */
    KEPT_WEIGHT = 2,    /* a weight and step that a rank keeps, and contracts over columns; */
    KEPT_BACK = 5       /* over rows */
};
enum { ENTRY_BYTES = 4, MOST_BYTES = 1 << 26 };

/* Of one step: entries of its rows in all tables; weights, and those that are contracted over rows, too. */
typedef struct counts {
    size_t entries, weights, back;
} counts;

static counts count_step(const cs_params *p) {
    counts n = {0};
    for (size_t l = 1; l <= p->layers; l++) {
        const size_t weights = (p->widths[l - 1] + 1) * p->widths[l];
        n.entries += cs_table_width(p, (cs_table_name){.backward = false, .layer = l});
        n.entries += l > 1 ? cs_table_width(p, (cs_table_name){.backward = true, .layer = l}) : 0;
        n.weights += weights;
        n.back += l > 1 ? weights : 0;
    }
    return n;
}

double cs_kept_sums_bytes(const cs_params *p) {
    return (double)cs_table_steps(p) * (double)count_step(p).weights * ENTRY_BYTES / p->n_ranks;
}

/* Numbers far below 2^53: the same everywhere. */
bool cs_kept_sums_pay(const cs_params *p) {
    const counts n = count_step(p);
    const double ranks = p->n_ranks, entries = (double)n.entries * ranks;
    const double padded = entries * (PADDED_ENTRY + PADDED_DRAW * (double)p->batch),
                 shown = entries * SHOWN_ENTRY + (double)n.weights * KEPT_WEIGHT + (double)n.back * KEPT_BACK;
    return p->n_ranks > 1 && shown < padded && cs_kept_sums_bytes(p) <= MOST_BYTES;
}

/* ------------------------------------------------------------------ keeping */

cs_status cs_kept_sums_new(cs_kept_sums *k, const cs_comm *comm, const cs_params *p) {
    cs_kept_sums_free(k);
    cs_comm_part(comm, cs_table_steps(p), &k->first, &k->count);
    k->steps = CS_NEW(cs_kept_sum, k->count);
    return k->steps != NULL ? CS_OK : CS_ERR_MEMORY;
}

void cs_kept_sums_free(cs_kept_sums *k) {
    for (size_t s = 0; k->steps != NULL && s < k->count; s++)
        cs_free(k->steps[s].entries);
    cs_free(k->steps);
    *k = (cs_kept_sums){0};
}

/* All ranks know the sum, and show its size by how they send the next one (train/entries.h). */
static cs_int_type type_for(const uint64_t *sum, size_t n) {
    uint64_t used = 0;
    for (size_t k = 0; k < n; k++)
        used |= sum[k] ^ (0 - (sum[k] >> 63));
    return used >> 15 == 0 ? CS_INT_I16 : used >> 31 == 0 ? CS_INT_I32 : CS_INT_I64;
}

static void copy16(int16_t *restrict out, const uint64_t *restrict sum, size_t n) {
    for (size_t k = 0; k < n; k++)
        out[k] = (int16_t)sum[k];
}

static void copy32(int32_t *restrict out, const uint64_t *restrict sum, size_t n) {
    for (size_t k = 0; k < n; k++)
        out[k] = (int32_t)sum[k];
}

cs_status cs_kept_sums_keep(cs_kept_sums *k, size_t step, const uint64_t *sum, size_t n) {
    if (step < k->first || step - k->first >= k->count)
        return CS_OK;
    cs_kept_sum *kept = &k->steps[step - k->first];
    kept->type = type_for(sum, n);
    kept->entries = cs_calloc(n, cs_int_size(kept->type));
    if (kept->entries == NULL)
        return CS_ERR_MEMORY;
    if (kept->type == CS_INT_I16)
        copy16(kept->entries, sum, n);
    else if (kept->type == CS_INT_I32)
        copy32(kept->entries, sum, n);
    else
        memcpy(kept->entries, sum, n * sizeof *sum);
    return CS_OK;
}

/* ------------------------------------------------------------------ contracting */

/* A layer's matrix in the sums. */
typedef struct matrix {
    size_t at, rows, columns;
} matrix;

static matrix matrix_of(const cs_params *p, size_t layer) {
    size_t at = 0;
    for (size_t l = 1; l < layer; l++)
        at += (p->widths[l - 1] + 1) * p->widths[l];
    return (matrix){at, p->widths[layer - 1] + 1, p->widths[layer]};
}

/* out, which is zero, becomes the matrix contracted with vector. */
static void contract(const cs_kept_sum *kept, const matrix *m, bool backward, const cs_fr *vector, cs_fr *out) {
    const size_t size = cs_int_size(kept->type);
    const uint8_t *entries = (const uint8_t *)kept->entries + m->at * size;
    if (!backward)
        cs_fr_vec_dot_rows(out, vector, kept->type, entries, m->rows, m->columns);
    for (size_t row = 0; backward && row < m->rows; row++)
        cs_fr_vec_axpy_int(out, vector[row], kept->type, entries + row * m->columns * size, m->columns);
}

cs_status cs_kept_sums_contract(const cs_kept_sums *k, const cs_params *p, cs_table_name which, const cs_fr *vector,
                                cs_fr *rows) {
    const matrix m = matrix_of(p, which.layer);
    const size_t contracted = which.backward ? m.rows : m.columns, width = which.backward ? m.columns : m.rows;
    cs_fr *scaled = CS_NEW(cs_fr, contracted);
    if (scaled == NULL)
        return CS_ERR_MEMORY;
    cs_status status = CS_OK;
    memset(rows, 0, k->count * width * sizeof *rows);
    for (size_t s = 0; s < k->count && status == CS_OK; s++) {
        cs_fr_vec_scale(scaled, cs_fr_from_i64(-p->rate[k->first + s]), vector, contracted);
        if (k->steps[s].entries != NULL)
            contract(&k->steps[s], &m, which.backward, scaled, rows + s * width);
        else
            status = cs_fail(CS_ERR_INTERNAL, "the sum of step %zu was not kept", k->first + s);
    }
    cs_free(scaled);
    return status;
}
