#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "base/text.h"
#include "certified.h"
#include "commands.h"
#include "provenance/document.h"

enum { LICENCE, KEY, PASSPHRASE, SOURCE, FROM, UNTIL, HIDE_AMONG, OUT, JSON, N_OPTIONS };

static const struct option OPTIONS[] = {{"licence", required_argument, NULL, LICENCE},
                                        {"key", required_argument, NULL, KEY},
                                        {"passphrase-file", required_argument, NULL, PASSPHRASE},
                                        {"source", required_argument, NULL, SOURCE},
                                        {"from", required_argument, NULL, FROM},
                                        {"until", required_argument, NULL, UNTIL},
                                        {"hide-among", required_argument, NULL, HIDE_AMONG},
                                        {"out", required_argument, NULL, OUT},
                                        {"json", no_argument, NULL, JSON},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort dataset certify FOLDER --licence FILE --key FILE --source TEXT --until DATE [options]\n\n"
    "Checks the dataset's well-formedness proof and signs, as an authority, where its records come from and what they may "
    "be\n"
    "used for: FOLDER/certificate.json. Needs dataset.json and proof of the folder, not its opening.\n\n"
    "  --licence FILE           the terms (docs/formats.md)\n"
    "  --key FILE               the authority's secret key (consort keygen)\n"
    "  --passphrase-file FILE   of that key, if it is sealed\n"
    "  --source TEXT            where the records come from\n"
    "  --from DATE              first day on which the certificate is valid, YYYY-MM-DD, UTC (today)\n"
    "  --until DATE             last day\n"
    "  --hide-among FILE        a list of authorities (consort trust), this one among them: nobody can say which of them "
    "signed\n"
    "  --out FILE               instead of FOLDER/certificate.json\n"
    "  --json                   print the certificate\n";

/* Everything that certifying holds. */
typedef struct work {
    cs_dataset_doc doc;
    cs_trust set;
    cs_secret_identity authority;
    cs_certificate certificate;
} work;

static void release(work *w) {
    cs_dataset_doc_free(&w->doc);
    cs_trust_free(&w->set);
    cs_secret_identity_wipe(&w->authority);
    cs_certificate_free(&w->certificate);
    cs_free(w);
}

static cs_status fill_in(cs_certificate *c, const char *const *values) {
    if (strlen(values[SOURCE]) < 1 || strlen(values[SOURCE]) > CS_SOURCE_BYTES)
        return cs_fail(CS_ERR_USAGE, "--source: 1 to %d bytes are allowed", CS_SOURCE_BYTES);
    memcpy(c->source, values[SOURCE], strlen(values[SOURCE]) + 1);
    CS_TRY(values[FROM] != NULL ? cs_date_read(c->from, "--from", values[FROM]) : cs_date_today(c->from));
    CS_TRY(cs_date_read(c->until, "--until", values[UNTIL]));
    return cs_licence_load(&c->licence, values[LICENCE]);
}

static cs_status certify(work *w, const char *folder, const char *const *values) {
    cs_certificate *c = &w->certificate;
    CS_TRY(fill_in(c, values));
    CS_TRY(cs_dataset_folder_read_doc(&w->doc, folder));
    CS_TRY(cs_cli_check_proof(folder, &w->doc));
    CS_TRY(cs_cli_certified_dataset(&c->dataset, &w->doc));
    if (values[HIDE_AMONG] != NULL)
        CS_TRY(cs_trust_load(&w->set, values[HIDE_AMONG]));
    CS_TRY(cs_cli_load_key(&w->authority, values[KEY], values[PASSPHRASE]));
    return values[HIDE_AMONG] != NULL ? cs_certificate_sign_hidden(c, &w->set, &w->authority)
                                      : cs_certificate_sign(c, &w->authority);
}

/* A round trip first: what nobody could read is not written. */
static cs_status write_certificate(const cs_certificate *c, const char *path) {
    cs_buffer text = {0};
    cs_certificate again = {0};
    cs_status status = cs_document_append(&text, cs_certificate_to_json(c));
    if (status == CS_OK)
        status = cs_certificate_decode(&again, path, text.data, text.size);
    if (status == CS_OK)
        status = cs_file_write(path, text.data, text.size, 0644);
    cs_certificate_free(&again);
    cs_buffer_free(&text);
    return status;
}

static cs_status report(const work *w, const char *path, bool json) {
    if (json)
        return cs_cli_print_json(cs_certificate_to_json(&w->certificate));
    cs_buffer text = {0};
    cs_text_append(&text, "%s\n", path);
    cs_cli_show_certificate(&text, &w->certificate);
    return cs_cli_print(&text);
}

static cs_status certify_to(const char *path, const char *folder, const char *const *values) {
    CS_TRY(cs_file_must_not_exist(path));
    work *w = CS_NEW(work, 1);
    if (w == NULL)
        return CS_ERR_MEMORY;
    cs_status status = certify(w, folder, values);
    if (status == CS_OK)
        status = write_certificate(&w->certificate, path);
    if (status == CS_OK)
        status = report(w, path, values[JSON] != NULL);
    release(w);
    return status;
}

cs_status cs_cli_dataset_certify(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *folder;
    char *path;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, &folder, 1, USAGE, &help));
    if (help)
        return CS_OK;
    if (values[LICENCE] == NULL || values[KEY] == NULL || values[SOURCE] == NULL || values[UNTIL] == NULL)
        return cs_fail(CS_ERR_USAGE, "%s: --licence, --key, --source and --until are required; see consort %s --help",
                       argv[0], argv[0]);
    CS_TRY(cs_string_own(&path, values[OUT] != NULL ? cs_string_copy(values[OUT])
                                                    : cs_string_format("%s/certificate.json", folder)));
    const cs_status status = certify_to(path, folder, values);
    cs_free(path);
    return status;
}
