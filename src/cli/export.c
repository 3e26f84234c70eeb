#include <string.h>

#include "attest/verify.h"
#include "base/file.h"
#include "base/memory.h"
#include "commands.h"
#include "provenance/export_c2pa.h"

enum { KEY, OUT, TRUST, AT, PASSPHRASE, N_OPTIONS };

static const struct option OPTIONS[] = {{"key", required_argument, NULL, KEY},
                                        {"out", required_argument, NULL, OUT},
                                        {"trust", required_argument, NULL, TRUST},
                                        {"at", required_argument, NULL, AT},
                                        {"passphrase-file", required_argument, NULL, PASSPHRASE},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort export c2pa FILE.attestation... --key FILE.key [options]\n"
    "       consort export model-card FILE.attestation... [options]\n\n"
    "Verifies the attestation, then writes what was established for readers of other formats: a C2PA-style manifest, "
    "signed\n"
    "by the key, or the provenance section of a model card. consort verify --export tells an edited one.\n"
    "Several files are a chain; what is exported is about the last one.\n\n"
    "  --key FILE               who signs the C2PA-style manifest: anybody, it is a copy of what the attestation proves\n"
    "  --out FILE               where it goes (standard output); never replaced\n"
    "  --trust FILE             the authorities whose certificates you accept; needed if there are certificates\n"
    "  --at DATE                the day at which certificates are judged (today)\n"
    "  --passphrase-file FILE   of the key\n";

static cs_status write_out(cs_buffer *text, const char *path) {
    if (path == NULL)
        return cs_cli_print(text);
    cs_status status = cs_buffer_status(text);
    if (status == CS_OK)
        status = cs_file_must_not_exist(path);
    if (status == CS_OK)
        status = cs_file_write(path, text->data, text->size, 0644);
    cs_buffer_free(text);
    return status;
}

static cs_status export_c2pa(cs_buffer *out, const cs_facts *f, const char *key, const char *passphrase_file) {
    cs_secret_identity me;
    CS_TRY(cs_cli_load_key(&me, key, passphrase_file));
    const cs_status status = cs_export_c2pa(out, f, &me);
    cs_secret_identity_wipe(&me);
    return status;
}

static cs_status check_usage(const char *kind, const char *const *values) {
    const bool c2pa = strcmp(kind, "c2pa") == 0;
    if (!c2pa && strcmp(kind, "model-card") != 0)
        return cs_fail(CS_ERR_USAGE, "export: \"%s\" is not \"c2pa\" or \"model-card\"; see consort export --help", kind);
    if (c2pa && values[KEY] == NULL)
        return cs_fail(CS_ERR_USAGE, "export c2pa: --key FILE is missing: the manifest is signed");
    if (!c2pa && (values[KEY] != NULL || values[PASSPHRASE] != NULL))
        return cs_fail(CS_ERR_USAGE, "export model-card: --key and --passphrase-file do not belong here: it is not signed");
    return values[OUT] != NULL ? cs_file_must_not_exist(values[OUT]) : CS_OK;
}

cs_status cs_cli_export(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *const * files;
    size_t n;
    int help;
    CS_TRY(cs_cli_parse_list(argc, argv, OPTIONS, values, &files, &n, USAGE, &help));
    if (help)
        return CS_OK;
    CS_TRY(check_usage(files[0], values));
    if (n < 2)
        return cs_fail(CS_ERR_USAGE, "export %s: which attestation? see consort export --help", files[0]);
    const cs_verify_options options = {.trust_path = values[TRUST], .at = values[AT]};
    cs_buffer text = {0};
    cs_verify_result *result = CS_NEW(cs_verify_result, 1);
    if (result == NULL)
        return CS_ERR_MEMORY;
    cs_status status = cs_verify_attestations(result, files + 1, n - 1, &options);
    if (status == CS_OK)
        status = values[KEY] != NULL ? export_c2pa(&text, &result->facts[n - 2], values[KEY], values[PASSPHRASE])
                                     : cs_export_model_card(&text, &result->facts[n - 2]);
    cs_verify_result_free(result);
    cs_free(result);
    if (status == CS_OK)
        return write_out(&text, values[OUT]);
    cs_buffer_free(&text);
    return status;
}
