#include <string.h>

#include "attest/attestation.h"
#include "attest/model_file.h"
#include "base/memory.h"
#include "base/text.h"
#include "commands.h"
#include "provenance/dataset_folder.h"
#include "train/float64.h"

enum { JSON, MODEL, N_OPTIONS };

static const struct option OPTIONS[] = {{"json", no_argument, NULL, JSON},
                                        {"model", required_argument, NULL, MODEL},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort compare JOB.json FILE.attestation [--model FILE.safetensors] [--json]\n\n"
    "Test accuracy of the released model, and of the same training in double precision: same W(0), draws and rates. Needs\n"
    "the data files (or datasets' openings) of all members and the public test file, so it is for examples and "
    "rehearsals.\n\n"
    "  --model FILE   the model, if the attestation only commits to it\n";

typedef struct comparison {
    cs_job job;
    cs_attestation attestation;
    cs_derived derived;
    cs_dataset members[CS_MAX_RANKS], test;
    cs_model model; /* of --model */
    double exact, floating;
} comparison;

static cs_rows rows_of(const cs_dataset *d) {
    return (cs_rows){.rows = d->rows, .features = d->values, .labels = d->labels};
}

/* One committed dataset, from its opening, at its place in the member's shard. */
static cs_status place_dataset(cs_dataset *out, const char *folder, const cs_dataset_doc *doc, size_t offset) {
    cs_dataset_opening opening;
    CS_TRY(cs_dataset_folder_read_opening(&opening, folder, doc));
    for (size_t k = 0; k < doc->rows * doc->features; k++)
        out->values[offset * out->features + k] = opening.values[k];
    memcpy(out->labels + offset, opening.labels, doc->rows * sizeof *out->labels);
    cs_dataset_opening_free(&opening);
    return CS_OK;
}

static cs_status load_committed(cs_dataset *out, const cs_job *job, const cs_job_member *m, const cs_pieces *shard,
                                size_t extent) {
    *out = (cs_dataset){.rows = extent, .features = job->params.widths[0]};
    out->values = CS_NEW(int32_t, extent * out->features);
    out->labels = CS_NEW(int32_t, extent);
    if (out->values == NULL || out->labels == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < shard->n; k++)
        CS_TRY(place_dataset(out, m->folders[k], &m->datasets.use[k].doc, shard->pieces[k].offset));
    return CS_OK;
}

static cs_status load_member(comparison *c, int i) {
    const cs_params *p = &c->job.params;
    const cs_job_member *m = &c->job.members[i];
    if (c->job.has_datasets)
        return load_committed(&c->members[i], &c->job, m, &c->derived.shards[i], p->rows[i]);
    if (m->data == NULL)
        return cs_fail(CS_ERR_INPUT, "%s: members[%d].data: missing; the data of all members is needed here", c->job.file,
                       m->rank);
    const cs_dataset_options options = cs_job_dataset_options(&c->job, m->labels, 0);
    CS_TRY(cs_dataset_load(&c->members[i], &options, m->data));
    return c->members[i].rows == p->rows[i]
               ? CS_OK
               : cs_fail(CS_ERR_INPUT, "%s: %zu rows; the job says %zu", m->data, c->members[i].rows, p->rows[i]);
}

/* The same datasets, used in the same way. */
static cs_status check_datasets(const comparison *c, const char *job, const char *attestation) {
    bool same = true;
    for (int i = 0; same && c->job.has_datasets && i < c->job.params.n_ranks; i++) {
        json_t *a = cs_dataset_uses_to_json(&c->job.members[i].datasets, true);
        json_t *b = cs_dataset_uses_to_json(&c->attestation.statement.members[i].datasets, true);
        same = a != NULL && b != NULL && json_equal(a, b);
        json_decref(a);
        json_decref(b);
    }
    return same ? CS_OK
                : cs_fail(CS_ERR_INPUT, "%s is not an attestation of the job %s: their datasets differ", attestation, job);
}

static cs_status load_data(comparison *c) {
    for (int i = 0; i < c->job.params.n_ranks; i++)
        CS_TRY(load_member(c, i));
    if (c->job.test_data == NULL)
        return cs_fail(CS_ERR_INPUT, "%s: test: missing; a public test file is needed here", c->job.file);
    const cs_dataset_options options = cs_job_dataset_options(&c->job, c->job.test_labels, 0);
    return cs_dataset_load(&c->test, &options, c->job.test_data);
}

/* The statement is about this job if their parameters are the same. */
static cs_status check_same(const comparison *c, const char *job, const char *attestation) {
    const cs_params *a = &c->job.params, *b = &c->attestation.statement.params;
    bool same = a->n_ranks == b->n_ranks && a->steps == b->steps && a->batch == b->batch && a->layers == b->layers &&
                a->a == b->a && a->d == b->d && a->w == b->w &&
                memcmp(a->widths, b->widths, (a->layers + 1) * sizeof *a->widths) == 0 &&
                memcmp(a->rows, b->rows, (size_t)a->n_ranks * sizeof *a->rows) == 0;
    same = same && memcmp(a->rate, b->rate, a->steps * sizeof *a->rate) == 0;
    return same ? CS_OK
                : cs_fail(CS_ERR_INPUT, "%s is not an attestation of the job %s: their parameters differ", attestation, job);
}

static cs_status compare(comparison *c, const char *job, const char *attestation, const char *model) {
    CS_TRY(cs_job_load(&c->job, job));
    CS_TRY(cs_attestation_open(&c->attestation, attestation));
    CS_TRY(check_same(c, job, attestation));
    CS_TRY(check_datasets(c, job, attestation));
    const cs_params *p = &c->attestation.statement.params;
    if (c->attestation.statement.hidden)
        return cs_fail(CS_ERR_USAGE, "%s: its draws are hidden: nobody can make the same training again", attestation);
    if (p->initial_committed)
        return cs_fail(CS_ERR_USAGE, "%s only commits to the model that it starts from", attestation);
    if (model != NULL)
        CS_TRY(cs_model_load(&c->model, p, model));
    else if (!c->attestation.has_final)
        return cs_fail(CS_ERR_USAGE, "%s only commits to its model: give it with --model", attestation);
    CS_TRY(cs_attestation_derive(&c->derived, &c->attestation));
    CS_TRY(cs_derived_make_initial(&c->derived));
    CS_TRY(load_data(c));
    cs_rows rows[CS_MAX_RANKS];
    for (int i = 0; i < p->n_ranks; i++)
        rows[i] = rows_of(&c->members[i]);
    CS_TRY(cs_model_accuracy(model != NULL ? &c->model : &c->attestation.final, p, rows_of(&c->test), &c->exact));
    return cs_float64_accuracy(p, c->derived.initial, rows, c->derived.draws, rows_of(&c->test), &c->floating);
}

static void release(comparison *c) {
    for (int i = 0; i < CS_MAX_RANKS; i++)
        cs_dataset_free(&c->members[i]);
    cs_dataset_free(&c->test);
    cs_model_free(&c->model);
    cs_derived_free(&c->derived);
    cs_attestation_free(&c->attestation);
    cs_job_free(&c->job);
    cs_free(c);
}

cs_status cs_cli_compare(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *files[2];
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, files, 2, USAGE, &help));
    if (help)
        return CS_OK;
    comparison *c = CS_NEW(comparison, 1);
    if (c == NULL)
        return CS_ERR_MEMORY;
    cs_status status = compare(c, files[0], files[1], values[MODEL]);
    cs_buffer text = {0};
    if (status == CS_OK && values[JSON] != NULL)
        status = cs_cli_print_json(json_pack("{s:f, s:f, s:I}", "model_accuracy", c->exact, "float64_accuracy", c->floating,
                                             "test_rows", (json_int_t)c->test.rows));
    else if (status == CS_OK) {
        cs_text_append(&text, "test accuracy: %.4f for the model, %.4f for float64 on the same schedule (%zu rows)\n",
                       c->exact, c->floating, c->test.rows);
        status = cs_cli_print(&text);
    }
    release(c);
    return status;
}
