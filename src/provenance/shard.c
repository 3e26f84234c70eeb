#include "provenance/shard.h"

#include "base/bits.h"
#include "base/memory.h"
#include "train/instance.h"

/* Limit of cs_params.rows. */
static const size_t MAX_EXTENT = (size_t)1 << 28;

static cs_status differ(const cs_dataset_doc *d, const char *field, size_t is, size_t expected) {
    return is == expected
               ? CS_OK
               : cs_fail(CS_ERR_INPUT, "dataset \"%s\": %s is %zu; %zu is expected here", d->name, field, is, expected);
}

/* Smallest number of rows, a power of two, that fills whole commitment rows of D and of Y; 1 if records are longer. */
static size_t alignment(const cs_dataset_doc *d) {
    const size_t wide = d->columns >> cs_bits(d->features), narrow = d->columns >> cs_bits(d->classes);
    const size_t larger = wide > narrow ? wide : narrow;
    return larger ? larger : 1;
}

cs_status cs_shard_place(cs_piece *pieces, size_t *extent, const cs_dataset_doc *const *docs, size_t n) {
    const cs_dataset_doc *first = docs[0];
    const size_t align = alignment(first);
    size_t end = 0;
    for (size_t k = 0; k < n; k++) {
        CS_TRY(differ(docs[k], "columns", docs[k]->columns, first->columns));
        CS_TRY(differ(docs[k], "features", docs[k]->features, first->features));
        CS_TRY(differ(docs[k], "classes", docs[k]->classes, first->classes));
        end = (end + align - 1) / align * align;
        pieces[k] =
            (cs_piece){.offset = end, .rows = docs[k]->rows, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT};
        end += docs[k]->rows;
        if (end > MAX_EXTENT)
            return cs_fail(CS_ERR_INPUT, "dataset \"%s\": with those before it the shard has more than %zu rows",
                           docs[k]->name, MAX_EXTENT);
    }
    *extent = end;
    return CS_OK;
}

cs_status cs_shard_check(const cs_params *p, int rank, const cs_dataset_doc *const *docs, size_t n) {
    cs_piece *pieces = CS_NEW(cs_piece, n);
    size_t extent = 0;
    cs_status status = pieces != NULL ? cs_shard_place(pieces, &extent, docs, n) : CS_ERR_MEMORY;
    cs_free(pieces);
    CS_TRY(status);
    CS_TRY(differ(docs[0], "columns", docs[0]->columns, (size_t)1 << p->column_bits));
    CS_TRY(differ(docs[0], "features", docs[0]->features, p->widths[0]));
    CS_TRY(differ(docs[0], "classes", docs[0]->classes, p->widths[p->layers]));
    for (size_t k = 0; k < n; k++) {
        if (docs[k]->value_bits > p->value_bits)
            return cs_fail(CS_ERR_INPUT, "dataset \"%s\": value_bits is %u; the run has only %u", docs[k]->name,
                           docs[k]->value_bits, p->value_bits);
        if (p->certified && !docs[k]->has_proof)
            return cs_fail(CS_ERR_INPUT, "dataset \"%s\" has no well-formedness proof: commit it with --check",
                           docs[k]->name);
    }
    size_t records = 0;
    for (size_t k = 0; k < n; k++)
        records += docs[k]->rows;
    if (!p->certified && records != extent)
        return cs_fail(
            CS_ERR_INPUT,
            "%zu datasets without well-formedness proofs leave gaps in a shard, which a training proof cannot show: "
            "commit them with --check, or as one",
            n);
    if (extent != p->rows[rank])
        return cs_fail(CS_ERR_INPUT, "rows[%d] is %zu; its datasets take %zu", rank, p->rows[rank], extent);
    return CS_OK;
}

/* Calls back for every commitment row of every dataset: its index in the dataset's list and in the shard's. */
typedef void row_fn(void *context, size_t dataset, size_t from, size_t to);

static cs_status for_rows(const cs_params *p, const cs_dataset_doc *const *docs, size_t n, row_fn *fn, void *context) {
    const unsigned in = cs_params_width_bits(p, 0), out = cs_params_width_bits(p, p->layers), c = p->column_bits;
    const size_t entries = (size_t)1 << (cs_params_row_bits(p) + in), labels = entries >> c ? entries >> c : 1;
    cs_piece *pieces = CS_NEW(cs_piece, n);
    size_t extent;
    const cs_status status = pieces != NULL ? cs_shard_place(pieces, &extent, docs, n) : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < n; k++) {
        const size_t features = cs_dataset_doc_feature_rows(docs[k]);
        for (size_t row = 0; row < cs_dataset_doc_commitments(docs[k]); row++) {
            const size_t to = row < features ? (pieces[k].offset << in >> c) + row
                                             : labels + (pieces[k].offset << out >> c) + row - features;
            fn(context, k, row, to);
        }
    }
    cs_free(pieces);
    return status;
}

typedef struct points {
    cs_g1_affine *out;
    const cs_dataset_doc *const *docs;
} points;

static void put_point(void *context, size_t dataset, size_t from, size_t to) {
    const points *p = context;
    p->out[to] = p->docs[dataset]->commitments[from];
}

cs_status cs_shard_points(cs_g1_affine *out, const cs_params *p, const cs_dataset_doc *const *docs, size_t n) {
    points context = {out, docs};
    for (size_t row = 0; row < cs_dataset_row_count(p); row++)
        out[row] = CS_G1_AFFINE_IDENTITY;
    return for_rows(p, docs, n, put_point, &context);
}

typedef struct secrets {
    cs_fr *out;
    const cs_dataset_opening *const *openings;
} secrets;

static void put_blinding(void *context, size_t dataset, size_t from, size_t to) {
    const secrets *s = context;
    s->out[to] = s->openings[dataset]->blindings[from];
}

cs_status cs_shard_blindings(cs_fr *out, const cs_params *p, const cs_dataset_doc *const *docs,
                             const cs_dataset_opening *const *openings, size_t n) {
    secrets context = {out, openings};
    for (size_t row = 0; row < cs_dataset_row_count(p); row++)
        out[row] = CS_FR_ZERO;
    return for_rows(p, docs, n, put_blinding, &context);
}

cs_status cs_shard_tensors(cs_tensor *d, cs_tensor *y, const cs_params *p, const cs_dataset_doc *const *docs,
                           const cs_dataset_opening *const *openings, size_t n) {
    const unsigned in = cs_params_width_bits(p, 0), out = cs_params_width_bits(p, p->layers);
    cs_piece *pieces = CS_NEW(cs_piece, n);
    size_t extent;
    const cs_status status = pieces != NULL ? cs_shard_place(pieces, &extent, docs, n) : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < n; k++) {
        const cs_dataset_opening *o = openings[k];
        for (size_t row = 0; row < o->rows; row++) {
            const size_t at = pieces[k].offset + row;
            cs_tensor_store_i16(d, at << in, o->values + row * o->features, o->features);
            cs_tensor_set(y, (at << out) + (size_t)o->labels[row], 1);
        }
    }
    cs_free(pieces);
    return status;
}
