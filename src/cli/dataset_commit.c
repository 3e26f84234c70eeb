#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strings.h"
#include "base/text.h"
#include "base/timer.h"
#include "commands.h"
#include "data/schema.h"
#include "provenance/wellformed.h"

enum { SCHEMA, OUT, NAME, LABELS, COLUMNS, CHECK, NO_CHECK, JSON, N_OPTIONS };
enum { DEFAULT_COLUMNS = 2048 };

static const struct option OPTIONS[] = {{"schema", required_argument, NULL, SCHEMA},
                                        {"out", required_argument, NULL, OUT},
                                        {"name", required_argument, NULL, NAME},
                                        {"labels", required_argument, NULL, LABELS},
                                        {"columns", required_argument, NULL, COLUMNS},
                                        {"check", no_argument, NULL, CHECK},
                                        {"no-check", no_argument, NULL, NO_CHECK},
                                        {"json", no_argument, NULL, JSON},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort dataset commit RECORDS --schema SCHEMA.json --out FOLDER [options]\n\n"
    "Commits to a dataset, once for all proofs that will use it, and proves that it is well formed: every feature in the\n"
    "range that the schema gives it, one label for each record, nothing else. FOLDER/dataset.json and FOLDER/proof are for\n"
    "everybody; FOLDER/opening is secret and all that training needs, so the records' file is not needed again.\n\n"
    "  --schema FILE   how the records look: the \"data\" object of a job, classes included\n"
    "  --out FOLDER    made if it is missing; a dataset in it is never replaced\n"
    "  --name TEXT     the dataset's name; default: RECORDS without folder and extension\n"
    "  --labels FILE   the labels, if they are not a column of RECORDS\n"
    "  --columns C     integers in one commitment, a power of two (2048); jobs that use the dataset have the same\n"
    "  --no-check      no proof: it cannot be certified, and each training proof shows again that it is well formed\n"
    "  --json          print as JSON\n";

typedef struct work {
    cs_schema schema;
    cs_dataset data;
    cs_dataset_doc doc;
    cs_dataset_opening opening;
    cs_buffer proof;
    double commit_seconds, proof_seconds;
} work;

static void release(work *w) {
    cs_schema_free(&w->schema);
    cs_dataset_free(&w->data);
    cs_dataset_doc_free(&w->doc);
    cs_dataset_opening_free(&w->opening);
    cs_buffer_free(&w->proof);
    cs_free(w);
}

static cs_status load(work *w, const char *records, const char *const *values) {
    CS_TRY(cs_schema_load(&w->schema, values[SCHEMA]));
    const cs_schema *s = &w->schema;
    const cs_dataset_options options = {.format = s->format,
                                        .header = s->header,
                                        .skip_lines = s->skip_lines,
                                        .label_name = values[LABELS] == NULL ? s->label_name : NULL,
                                        .label_column = values[LABELS] == NULL ? s->label_column : 0,
                                        .label_path = values[LABELS],
                                        .features = s->affine_count > 1 ? s->affine_count : 0,
                                        .classes = (uint32_t)s->n_classes,
                                        .affine = s->affine,
                                        .affine_count = s->affine_count,
                                        .max_rows = CS_DATASET_MAX_ROWS};
    return cs_dataset_load(&w->data, &options, records);
}

/* "dir/records.csv.gz" -> "records" */
static char *default_name(const char *records) {
    const char *slash = strrchr(records, '/');
    char *name = cs_string_copy(slash != NULL ? slash + 1 : records);
    if (name != NULL && name[0] != '\0')
        name[1 + strcspn(name + 1, ".")] = '\0';
    return name;
}

static cs_status read_columns(size_t *out, const char *text) {
    char *end;
    *out = DEFAULT_COLUMNS;
    if (text == NULL)
        return CS_OK;
    const unsigned long value = strtoul(text, &end, 10);
    if (strspn(text, "0123456789") != strlen(text) || text[0] == '\0' || *end != '\0' || value > CS_DATASET_MAX_COLUMNS)
        return cs_fail(CS_ERR_USAGE, "--columns %s: a power of two from %d to %d is required", text, CS_DATASET_MIN_COLUMNS,
                       CS_DATASET_MAX_COLUMNS);
    *out = value;
    return CS_OK;
}

/* The document without commitments; takes over maps and names of the schema. */
static cs_status describe(work *w, const char *records, const char *const *values) {
    cs_dataset_doc *d = &w->doc;
    CS_TRY(read_columns(&d->columns, values[COLUMNS]));
    d->rows = w->data.rows;
    d->features = w->data.features;
    d->classes = w->schema.n_classes;
    d->maps = w->schema.affine;
    d->n_maps = w->schema.affine_count;
    d->class_names = w->schema.classes;
    w->schema.affine = NULL;
    w->schema.classes = NULL;
    d->value_bits = cs_affine_value_bits(d->maps, d->n_maps);
    CS_TRY(cs_string_own(&d->name, values[NAME] != NULL ? cs_string_copy(values[NAME]) : default_name(records)));
    return cs_dataset_doc_check(d);
}

/* What does not verify is not written. */
static cs_status prove(work *w) {
    CS_TRY(cs_wellformed_prove(&w->doc, &w->opening, NULL, &w->proof));
    cs_wellformed_seal(&w->doc, &w->proof);
    return cs_fail_prefix(cs_wellformed_verify(&w->doc, w->proof.data, w->proof.size), "nothing is written");
}

static cs_status commit(work *w, const char *records, const char *const *values) {
    CS_TRY(load(w, records, values));
    CS_TRY(describe(w, records, values));
    const double start = cs_wall_seconds();
    CS_TRY(cs_dataset_doc_commit(&w->doc, &w->opening, &w->data));
    w->commit_seconds = cs_wall_seconds() - start;
    if (values[NO_CHECK] == NULL)
        CS_TRY(prove(w));
    w->proof_seconds = cs_wall_seconds() - start - w->commit_seconds;
    return cs_dataset_folder_write(values[OUT], &w->doc, &w->opening, &w->proof);
}

static cs_status print(const work *w, const char *folder, bool json) {
    const cs_dataset_doc *d = &w->doc;
    uint8_t digest[32];
    char hex[65], size[32];
    cs_buffer text = {0};
    CS_TRY(cs_dataset_doc_digest(digest, d));
    cs_hex32(hex, digest);
    if (json)
        return cs_cli_print_json(json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:i, s:I, s:b, s:I, s:f, s:f}", "folder", folder,
                                           "name", d->name, "digest", hex, "rows", (json_int_t)d->rows, "features",
                                           (json_int_t)d->features, "classes", (json_int_t)d->classes, "value_bits",
                                           (int)d->value_bits, "commitments", (json_int_t)cs_dataset_doc_commitments(d),
                                           "proof", (int)d->has_proof, "proof_bytes", (json_int_t)w->proof.size,
                                           "commit_seconds", w->commit_seconds, "proof_seconds", w->proof_seconds));
    cs_text_append(&text, "dataset %s: %s\n", d->name, hex);
    cs_text_append(&text, "  %zu records of %zu features and %zu classes, %u bits, %zu commitments (%.2f s)\n", d->rows,
                   d->features, d->classes, d->value_bits, cs_dataset_doc_commitments(d), w->commit_seconds);
    if (d->has_proof)
        cs_text_append(&text, "  proved well formed: %s (%.2f s)\n", cs_text_bytes(size, (double)w->proof.size),
                       w->proof_seconds);
    else
        cs_text_append(&text, "  not proved well formed: it cannot be certified\n");
    cs_text_append(&text, "  %s/opening is secret: keep it, training needs it\n", folder);
    return cs_cli_print(&text);
}

cs_status cs_cli_dataset_commit(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *records;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, &records, 1, USAGE, &help));
    if (help)
        return CS_OK;
    if (values[SCHEMA] == NULL || values[OUT] == NULL)
        return cs_fail(CS_ERR_USAGE,
                       "commit: --schema FILE and --out FOLDER are required; see consort dataset commit --help");
    if (values[CHECK] != NULL && values[NO_CHECK] != NULL)
        return cs_fail(CS_ERR_USAGE, "commit: --check and --no-check exclude each other");
    CS_TRY(cs_dataset_folder_must_be_free(values[OUT]));
    work *w = CS_NEW(work, 1);
    if (w == NULL)
        return CS_ERR_MEMORY;
    cs_status status = commit(w, records, values);
    if (status == CS_OK)
        status = print(w, values[OUT], values[JSON] != NULL);
    release(w);
    return status;
}
