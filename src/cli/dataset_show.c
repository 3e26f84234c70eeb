#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/strings.h"
#include "base/text.h"
#include "certified.h"
#include "commands.h"
#include "data/schema_json.h"
#include "provenance/document.h"

enum { TRUST, AT, JSON, N_OPTIONS };
enum { SHOWN_FEATURES = 40 };

static const struct option OPTIONS[] = {{"trust", required_argument, NULL, TRUST},
                                        {"at", required_argument, NULL, AT},
                                        {"json", no_argument, NULL, JSON},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort dataset show FOLDER [--trust FILE [--at DATE]] [--json]\n\n"
    "Shows what everybody may know of a dataset: its numbers' meaning, its commitments, its certificate. Checks the\n"
    "well-formedness proof, and that the certificate is about this dataset.\n\n"
    "  --trust FILE   also check the certificate against this list of authorities (consort trust)\n"
    "  --at DATE      as of this day, YYYY-MM-DD, UTC (today)\n"
    "  --json         as JSON\n";

/* What is in the folder, and what was checked. */
typedef struct view {
    cs_dataset_doc doc;
    cs_certified_dataset dataset;
    bool has_certificate, trusted;
    cs_certificate certificate;
    char at[CS_DATE_SIZE];
} view;

static void release(view *v) {
    cs_dataset_doc_free(&v->doc);
    cs_certificate_free(&v->certificate);
    cs_free(v);
}

static cs_status load_certificate(view *v, const char *folder) {
    char *path = cs_string_format("%s/certificate.json", folder);
    if (path == NULL)
        return CS_ERR_MEMORY;
    v->has_certificate = access(path, F_OK) == 0;
    cs_status status = v->has_certificate ? cs_certificate_load(&v->certificate, path) : CS_OK;
    if (status == CS_OK && v->has_certificate)
        status = cs_fail_prefix(cs_certificate_check_dataset(&v->certificate, &v->dataset), "%s", path);
    cs_free(path);
    return status;
}

static cs_status check_trust(view *v, const char *folder, const char *trust_file) {
    cs_trust trust;
    if (!v->has_certificate)
        return cs_refuse(CS_REFUSAL_AUTHORITY, "%s: the dataset has no certificate", folder);
    CS_TRY(cs_trust_load(&trust, trust_file));
    const cs_status status = cs_certificate_check(&v->certificate, &trust, v->at);
    cs_trust_free(&trust);
    v->trusted = status == CS_OK;
    return cs_fail_prefix(status, "%s", folder);
}

static cs_status look(view *v, const char *folder, const char *const *values) {
    CS_TRY(values[AT] != NULL ? cs_date_read(v->at, "--at", values[AT]) : cs_date_today(v->at));
    CS_TRY(cs_dataset_folder_read_doc(&v->doc, folder));
    CS_TRY(cs_cli_certified_dataset(&v->dataset, &v->doc));
    if (v->doc.has_proof)
        CS_TRY(cs_cli_check_proof(folder, &v->doc));
    CS_TRY(load_certificate(v, folder));
    return values[TRUST] != NULL ? check_trust(v, folder, values[TRUST]) : CS_OK;
}

/* ------------------------------------------------------------ printing */

static json_t *to_json(const view *v) {
    const cs_dataset_doc *d = &v->doc;
    json_t *certificate = v->has_certificate ? cs_certificate_to_json(&v->certificate) : json_null();
    return json_pack("{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:i, s:o, s:o, s:I, s:b, s:o, s:b, s:s}", "name", d->name, /* */
                     "digest", cs_document_hex_to_json(v->dataset.digest, 32),                                       /* */
                     "schema", cs_document_hex_to_json(v->dataset.schema, 32), "rows", (json_int_t)d->rows,          /* */
                     "columns", (json_int_t)d->columns, "features", (json_int_t)d->features,                         /* */
                     "classes", (json_int_t)d->classes, "value_bits", (int)d->value_bits,                            /* */
                     "maps", cs_features_to_json(d->maps, d->n_maps),                                                /* */
                     "class_names", cs_classes_to_json(d->class_names, d->classes),                                  /* */
                     "commitments", (json_int_t)cs_dataset_doc_commitments(d), "well_formed", (int)d->has_proof,     /* */
                     "certificate", certificate, "trusted", (int)v->trusted, "at", v->at);
}

static void show_features(cs_buffer *out, const cs_dataset_doc *d) {
    for (size_t k = 0; k < d->n_maps && k < SHOWN_FEATURES; k++) {
        int32_t min, max;
        cs_dataset_doc_range(d, k, &min, &max);
        if (d->n_maps == 1)
            cs_text_append(out, "    all        ");
        else
            cs_text_append(out, "    %-10zu ", k + 1);
        cs_text_append(out, " [%g, %g] as integers in [%d, %d]\n", d->maps[k].min, d->maps[k].max, (int)min, (int)max);
    }
    if (d->n_maps > SHOWN_FEATURES)
        cs_text_append(out, "    and %zu more (--json shows all)\n", d->n_maps - SHOWN_FEATURES);
}

static void show(cs_buffer *out, const view *v) {
    const cs_dataset_doc *d = &v->doc;
    char digest[65], schema[65];
    cs_hex32(digest, v->dataset.digest);
    cs_hex32(schema, v->dataset.schema);
    cs_text_append(out, "%s\n  dataset       %s\n  schema        %s\n", d->name, digest, schema);
    cs_text_append(out, "  records       %zu\n  commitments   %zu of %zu integers each\n", d->rows,
                   cs_dataset_doc_commitments(d), d->columns);
    cs_text_append(out, "  well formed   %s\n", d->has_proof ? "proved, and the proof holds" : "NOT proved");
    cs_text_append(out, "  classes       %zu", d->classes);
    for (size_t k = 0; d->class_names != NULL && k < d->classes && k < SHOWN_FEATURES; k++)
        cs_text_append(out, "%s\"%s\"", k == 0 ? ": " : ", ", d->class_names[k]);
    cs_text_append(out, "\n  features      %zu, %u bits\n", d->features, d->value_bits);
    show_features(out, d);
    if (!v->has_certificate) {
        cs_text_append(out, "  certificate   none\n");
        return;
    }
    cs_cli_show_certificate(out, &v->certificate);
    if (v->trusted)
        cs_text_append(out, "    checked     by the trust list, as of %s\n", v->at);
    else
        cs_text_append(out, "    checked     NOT: give --trust\n");
}

cs_status cs_cli_dataset_show(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *folder;
    cs_buffer text = {0};
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, &folder, 1, USAGE, &help));
    if (help)
        return CS_OK;
    view *v = CS_NEW(view, 1);
    if (v == NULL)
        return CS_ERR_MEMORY;
    cs_status status = look(v, folder, values);
    if (status == CS_OK && values[JSON] != NULL)
        status = cs_cli_print_json(to_json(v));
    else if (status == CS_OK) {
        show(&text, v);
        status = cs_cli_print(&text);
    }
    release(v);
    return status;
}
