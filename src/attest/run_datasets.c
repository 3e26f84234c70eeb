#include <string.h>

#include "attest/exchange.h"
#include "attest/run_state.h"
#include "base/memory.h"
#include "base/spy.h"
#include "data/schema_json.h"
#include "provenance/dataset_matrix.h"
#include "provenance/shard.h"

enum { TAG_DATASETS = 0x10000 };

static const cs_job_member *me(const cs_run_state *r) {
    return &r->job.members[cs_run_me(r)];
}

/* ------------------------------------------------------------ before anyone is bothered */

static cs_status load_committed(cs_run_state *r) {
    const cs_job_member *m = me(r);
    if (r->options->data != NULL || r->options->labels != NULL || r->options->opening != NULL)
        return cs_fail(CS_ERR_USAGE,
                       "%s names committed datasets of member \"%s\": --data, --labels and --opening have no place",
                       r->job.file, m->name);
    r->openings = CS_NEW(cs_dataset_opening, m->datasets.n);
    if (r->openings == NULL)
        return CS_ERR_MEMORY;
    for (; r->n_openings < m->datasets.n; r->n_openings++)
        CS_TRY(cs_dataset_folder_read_opening(&r->openings[r->n_openings], m->folders[r->n_openings],
                                              &m->datasets.use[r->n_openings].doc));
    return CS_OK;
}

static cs_status load_data(cs_run_state *r) {
    const cs_run_options *o = r->options;
    const char *path = o->data != NULL ? o->data : me(r)->data, *opening = o->opening != NULL ? o->opening : me(r)->opening;
    /* a data file of one's own brings its own labels, or has them as a column */
    const char *labels = o->labels != NULL ? o->labels : o->data != NULL ? NULL : me(r)->labels;
    if (path == NULL)
        return cs_fail(CS_ERR_USAGE, "%s names no data for member \"%s\": give --data", r->job.file, me(r)->name);
    const cs_dataset_options options = cs_job_dataset_options(&r->job, labels, 0);
    CS_TRY(cs_dataset_load(&r->data, &options, path));
    if (r->data.rows != me(r)->rows)
        return cs_fail(CS_ERR_INPUT, "%s: %zu rows; %s: members[%d].rows says %zu", path, r->data.rows, r->job.file,
                       r->comm->rank, me(r)->rows);
    return cs_string_own(&r->opening_path, opening != NULL ? cs_string_copy(opening) : cs_string_format("%s.opening", path));
}

/* A member without records, by the job: it has nothing to load, and must not think that it trains on something. */
static cs_status load_nothing(const cs_run_state *r) {
    const cs_run_options *o = r->options;
    if (o->data != NULL || o->labels != NULL || o->opening != NULL)
        return cs_fail(
            CS_ERR_USAGE,
            "%s: member \"%s\" is idle, it has no records: --data, --labels and --opening have no place; to train "
            "on its data the job must say how many \"rows\" there are",
            r->job.file, me(r)->name);
    return CS_OK;
}

cs_status cs_run_load_datasets(cs_run_state *r) {
    if (!cs_run_holds(r))
        return load_nothing(r);
    return r->job.has_datasets ? load_committed(r) : load_data(r);
}

/* ------------------------------------------------------------ data that is committed for this run */

/* The document of a member's data: everything that the job says, without the commitments. */
static cs_status describe_data(cs_dataset_uses *out, const cs_job *job, const cs_job_member *m) {
    const cs_params *p = &job->params;
    CS_TRY(cs_dataset_uses_new(out, 1));
    cs_dataset_doc *d = &out->use[0].doc;
    d->rows = m->rows;
    d->columns = (size_t)1 << p->column_bits;
    d->features = p->widths[0];
    d->classes = p->widths[p->layers];
    d->value_bits = cs_affine_value_bits(job->affine, job->affine_count);
    CS_TRY(cs_string_own(&d->name, cs_string_copy(m->name)));
    d->maps = CS_NEW(cs_affine, job->affine_count);
    d->class_names = job->classes == NULL ? NULL : CS_NEW(char *, d->classes);
    if (d->maps == NULL || (d->class_names == NULL && job->classes != NULL))
        return CS_ERR_MEMORY;
    memcpy(d->maps, job->affine, job->affine_count * sizeof *job->affine);
    d->n_maps = job->affine_count;
    for (size_t k = 0; d->class_names != NULL && k < d->classes; k++)
        CS_TRY(cs_string_own(&d->class_names[k], cs_string_copy(job->classes[k])));
    return cs_fail_prefix(cs_dataset_doc_check(d), "%s", job->file);
}

/* This rank's own: the blindings are those of its opening file, and its document gets the commitments. */
static cs_status commit_data(cs_run_state *r, cs_dataset_doc *d) {
    const size_t n = cs_dataset_doc_commitments(d);
    cs_dataset_matrices matrices = {0};
    r->openings = CS_NEW(cs_dataset_opening, 1);
    d->commitments = CS_NEW(cs_g1_affine, n);
    if (r->openings == NULL || d->commitments == NULL)
        return CS_ERR_MEMORY;
    CS_TRY(cs_opening_get(&r->opening, r->opening_path, &r->job.params, n, &r->data));
    cs_dataset_opening *o = &r->openings[0];
    CS_TRY(cs_dataset_opening_take(o, &r->data));
    r->n_openings = 1;
    o->n = n;
    o->blindings = r->opening.blindings;
    r->opening.blindings = NULL;
    cs_status status = cs_dataset_matrices_new(&matrices, d, o);
    if (status == CS_OK)
        status = cs_dataset_matrices_commit(d->commitments, d, &matrices, o->blindings);
    cs_dataset_matrices_free(&matrices);
    return status;
}

static cs_status take_points(cs_dataset_doc *d, const cs_buffer *bytes, int rank) {
    const size_t n = cs_dataset_doc_commitments(d);
    if (bytes->size != 32 * n)
        return cs_fail(CS_ERR_ABORT, "rank %d sent %zu bytes as its part of the datasets' commitments; %zu are expected",
                       rank, bytes->size, 32 * n);
    d->commitments = CS_NEW(cs_g1_affine, n);
    if (d->commitments == NULL)
        return CS_ERR_MEMORY;
    const size_t bad = cs_g1_vec_decode(d->commitments, bytes->data, n);
    return bad == n ? CS_OK
                    : cs_fail(CS_ERR_ABORT, "the datasets' commitments of rank %d: item %zu is not a point of the curve",
                              rank, bad);
}

/* This rank's own, as it goes to the others. */
static cs_status commit_own(cs_run_state *r, cs_buffer *mine) {
    cs_dataset_doc *own = &r->statement.members[cs_run_me(r)].datasets.use[0].doc;
    CS_TRY(commit_data(r, own));
    for (size_t k = 0; k < cs_dataset_doc_commitments(own); k++) {
        uint8_t bytes[32];
        cs_g1_encode(bytes, own->commitments[k]);
        cs_buffer_append(mine, bytes, sizeof bytes);
    }
    return cs_buffer_status(mine);
}

/* What the rank says its commitments are; one without data has none. */
static cs_status take_part(cs_run_state *r, const cs_buffer *part, int rank) {
    const int member = cs_run_member(r, rank);
    if (member < r->job.params.n_ranks)
        return take_points(&r->statement.members[member].datasets.use[0].doc, part, rank);
    return part->size == 0
               ? CS_OK
               : cs_fail(CS_ERR_ABORT, "rank %d is idle, and sent %zu bytes of commitments to a dataset", rank, part->size);
}

/* Collective. Every rank ends with the same documents and finds its own commitments in its own. */
static cs_status exchange_documents(cs_run_state *r, cs_buffer *mine, cs_buffer *parts) {
    const int rank = r->comm->rank;
    size_t longest = 0;
    for (int i = 0; i < r->job.params.n_ranks; i++) {
        CS_TRY(describe_data(&r->statement.members[i].datasets, &r->job, &r->job.members[i]));
        const size_t n = cs_dataset_doc_commitments(&r->statement.members[i].datasets.use[0].doc);
        longest = n > longest ? n : longest;
    }
    if (cs_run_holds(r))
        CS_TRY(commit_own(r, mine));
#ifdef CS_TAMPER
    else if (r->options->attack != NULL && r->options->attack->intrude != NULL)
        r->options->attack->intrude(r->options->attack->context, rank, CS_LABEL_STATEMENT, mine);
#endif
    CS_TRY(cs_exchange_parts(r->comm, TAG_DATASETS, mine, 32 * longest, parts, "the datasets' commitments"));
    for (int i = 0; i < r->comm->size; i++)
        if (i != rank)
            CS_TRY(take_part(r, &parts[i], i));
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): a dataset has commitments */
    if (parts[rank].size != mine->size || (mine->size > 0 && memcmp(parts[rank].data, mine->data, mine->size) != 0))
        return cs_fail(CS_ERR_ABORT, "the root changed the commitment to this member's dataset");
    return CS_OK;
}

static cs_status commit_for_this_run(cs_run_state *r) {
    cs_buffer mine = {0}, *parts = CS_NEW(cs_buffer, (size_t)r->comm->size);
    const cs_status status = parts == NULL ? CS_ERR_MEMORY : exchange_documents(r, &mine, parts);
    for (int i = 0; parts != NULL && i < r->comm->size; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    cs_buffer_free(&mine);
    return status;
}

/* ------------------------------------------------------------ the rank's witness */

/* D and Y, and their rows' blindings; the other tensors are the trainer's. */
static cs_status fill_shard(cs_run_state *r, const cs_dataset_doc **docs, const cs_dataset_opening **openings) {
    const cs_params *p = &r->job.params;
    cs_tensor *features = &r->tensors[cs_blocks_find(&r->blocks, CS_BLOCK_D, 0, 0)];
    cs_tensor *classes = &r->tensors[cs_blocks_find(&r->blocks, CS_BLOCK_Y, 0, 0)];
    cs_dataset_uses_docs(docs, &r->statement.members[cs_run_me(r)].datasets);
    for (size_t k = 0; k < r->n_openings; k++)
        openings[k] = &r->openings[k];
    CS_TRY(cs_shard_tensors(features, classes, p, docs, openings, r->n_openings));
    CS_TRY(cs_shard_blindings(r->dataset_blindings, p, docs, openings, r->n_openings));
#ifdef CS_TAMPER
    for (size_t k = 0; k < cs_dataset_row_count(p); k++) {
        uint8_t bytes[32];
        cs_fr_encode(bytes, r->dataset_blindings[k]);
        CS_SPY("blinding", bytes, sizeof bytes);
    }
#endif
    return CS_OK;
}

/* The shard has all of them. */
static void drop_openings(cs_run_state *r) {
    for (size_t k = 0; k < r->n_openings; k++)
        cs_dataset_opening_free(&r->openings[k]);
    r->n_openings = 0;
}

static cs_status fill_datasets(cs_run_state *r) {
    const cs_dataset_doc **docs = CS_NEW(const cs_dataset_doc *, r->n_openings);
    const cs_dataset_opening **openings = CS_NEW(const cs_dataset_opening *, r->n_openings);
    r->dataset_blindings = CS_NEW(cs_fr, cs_dataset_row_count(&r->statement.params));
    const cs_status status =
        docs != NULL && openings != NULL && r->dataset_blindings != NULL ? fill_shard(r, docs, openings) : CS_ERR_MEMORY;
    cs_free(docs);
    cs_free(openings);
    drop_openings(r);
    return status;
}

/* D and Y are the same in all segments. */
static cs_tensor *dataset_tensor(const cs_run_state *r, int which) {
    return &r->tensors[cs_blocks_find(&r->blocks, which == 0 ? CS_BLOCK_D : CS_BLOCK_Y, 0, 0)];
}

void cs_run_keep_datasets(cs_run_state *r) {
    for (int k = 0; k < 2; k++) {
        r->kept[k] = *dataset_tensor(r, k);
        *dataset_tensor(r, k) = (cs_tensor){0};
    }
}

static void take_kept(cs_run_state *r) {
    for (int k = 0; k < 2; k++) {
        cs_tensor_free(dataset_tensor(r, k));
        *dataset_tensor(r, k) = r->kept[k];
        r->kept[k] = (cs_tensor){0};
    }
}

cs_status cs_run_make_tensors(cs_run_state *r) {
    const cs_params *p = &r->statement.params;
    cs_table table;
    CS_TRY(cs_table_new(&table, p));
    cs_status status = cs_blocks_new(&r->blocks, p, table.n);
    cs_table_free(&table);
    CS_TRY(status);
    if (!cs_run_holds(r))
        return CS_OK;
    r->tensors = CS_NEW(cs_tensor, r->blocks.n);
    if (r->tensors == NULL)
        return CS_ERR_MEMORY;
    CS_TRY(cs_blocks_tensors(r->tensors, &r->blocks, cs_run_me(r)));
    if (r->kept[0].data == NULL)
        return fill_datasets(r);
    take_kept(r);
    return CS_OK;
}

cs_status cs_run_commit_datasets(cs_run_state *r) {
    const cs_dataset_uses *uses[CS_MAX_RANKS];
    for (int i = 0; i < r->comm->size; i++)
        memcpy(r->statement.members[cs_run_member(r, i)].key, r->keys.members[i], 32);
    if (!r->job.has_datasets)
        CS_TRY(commit_for_this_run(r));
    cs_statement_uses(uses, &r->statement);
    return cs_dataset_uses_check(uses, &r->statement.params);
}

void cs_run_free_tensors(cs_run_state *r) {
    if (r->tensors != NULL)
        cs_blocks_tensors_free(r->tensors, &r->blocks);
    cs_free(r->tensors);
    r->tensors = NULL;
    cs_blocks_free(&r->blocks);
}

void cs_run_free_datasets(cs_run_state *r) {
    drop_openings(r);
    cs_tensor_free(&r->kept[0]);
    cs_tensor_free(&r->kept[1]);
    cs_free(r->dataset_blindings);
    cs_free(r->openings);
    cs_opening_free(&r->opening);
    cs_dataset_free(&r->data);
}
