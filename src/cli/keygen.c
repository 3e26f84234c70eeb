#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "base/text.h"
#include "commands.h"
#include "data/json.h"
#include "provenance/identity_file.h"

enum { NAME, OUT, PASSPHRASE, NO_PASSPHRASE, JSON, N_OPTIONS };

static const struct option OPTIONS[] = {{"name", required_argument, NULL, NAME},
                                        {"out", required_argument, NULL, OUT},
                                        {"passphrase-file", required_argument, NULL, PASSPHRASE},
                                        {"no-passphrase", no_argument, NULL, NO_PASSPHRASE},
                                        {"json", no_argument, NULL, JSON},
                                        {"help", no_argument, NULL, 'h'},
                                        {NULL, 0, NULL, 0}};

static const char USAGE[] =
    "usage: consort keygen --name NAME --out DIR [--passphrase-file FILE | --no-passphrase] [--json]\n\n"
    "Makes the identity of a member or of an authority: DIR/STEM.key, secret, and DIR/STEM.pub, which everybody may have.\n"
    "STEM is the name in lower case, with '-' between its letters and digits. No file is replaced.\n\n"
    "  --name NAME              who it is, as others will see it\n"
    "  --passphrase-file FILE   seals the secret with the passphrase in FILE (default: the file that\n"
    "                           CONSORT_PASSPHRASE_FILE names; else it is asked for on a terminal)\n"
    "  --no-passphrase          the secret is protected by the file's mode (0600) alone\n"
    "  --json                   paths and public keys as JSON\n";

/* Both files, or neither. */
static cs_status write_files(const cs_secret_identity *me, const char *secret, const char *public, const char *passphrase) {
    CS_TRY(cs_file_must_not_exist(secret));
    CS_TRY(cs_file_must_not_exist(public));
    CS_TRY(cs_secret_identity_save(me, secret, passphrase));
    const cs_status status = cs_secret_identity_publish_file(me, public);
    if (status != CS_OK)
        (void)unlink(secret);
    return status;
}

static cs_status report(const cs_public_identity *p, const char *secret, const char *public, bool sealed, bool json) {
    if (json)
        return cs_cli_print_json(json_pack("{s:s, s:s, s:b, s:o}", "key", secret, "pub", public, "sealed", (int)sealed,
                                           "identity", cs_public_identity_to_json(p)));
    cs_buffer text = {0};
    char ed25519[65], x25519[65];
    cs_hex32(ed25519, p->ed25519);
    cs_hex32(x25519, p->x25519);
    cs_text_append(&text, "%s: secret%s\n%s: for everybody\n", secret,
                   sealed ? ", sealed with the passphrase" : ", not sealed: only the file's mode protects it", public);
    cs_text_append(&text, "  name     %s\n  ed25519  %s\n  x25519   %s\n", p->name, ed25519, x25519);
    return cs_cli_print(&text);
}

static cs_status keygen(const cs_secret_identity *me, const char *out, const char *passphrase, bool json) {
    char *stem = cs_identity_stem(&me->public);
    char *secret = stem == NULL ? NULL : cs_string_format("%s/%s.key", out, stem);
    char *public = stem == NULL ? NULL : cs_string_format("%s/%s.pub", out, stem);
    cs_status status = secret == NULL || public == NULL ? CS_ERR_MEMORY : cs_file_make_folder(out);
    if (status == CS_OK)
        status = write_files(me, secret, public, passphrase);
    if (status == CS_OK)
        status = report(&me->public, secret, public, passphrase != NULL, json);
    cs_free(stem);
    cs_free(secret);
    cs_free(public);
    return status;
}

cs_status cs_cli_keygen(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0};
    char *passphrase = NULL;
    cs_secret_identity me;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, values, NULL, 0, USAGE, &help));
    if (help)
        return CS_OK;
    if (values[NAME] == NULL || values[OUT] == NULL)
        return cs_fail(CS_ERR_USAGE, "keygen: --name NAME and --out DIR are required; see consort keygen --help");
    if (values[PASSPHRASE] != NULL && values[NO_PASSPHRASE] != NULL)
        return cs_fail(CS_ERR_USAGE, "keygen: --passphrase-file and --no-passphrase exclude each other");
    CS_TRY(cs_secret_identity_generate(&me, values[NAME]));
    cs_status status = values[NO_PASSPHRASE] != NULL ? CS_OK : cs_cli_new_passphrase(&passphrase, values[PASSPHRASE]);
    if (status == CS_OK)
        status = keygen(&me, values[OUT], passphrase, values[JSON] != NULL);
    cs_secret_identity_wipe(&me);
    cs_free(passphrase);
    return status;
}
