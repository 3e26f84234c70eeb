#include <unistd.h>

#include "base/text.h"
#include "commands.h"
#include "provenance/document.h"
#include "provenance/identity_file.h"
#include "provenance/trust.h"

enum { JSON, N_OPTIONS };

static const struct option ADD_OPTIONS[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
static const struct option SHOW_OPTIONS[] = {
    {"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static const char ADD_USAGE[] =
    "usage: consort trust add AUTHORITIES.json X.pub\n\n"
    "Puts an authority on the list, which is made if it is missing. The .pub file's own signature is checked; whose key it\n"
    "really is, you must know from elsewhere.\n";

static const char SHOW_USAGE[] = "usage: consort trust show AUTHORITIES.json [--json]\n\n"
                                 "Shows the authorities on a list, and the digest that names the list as a set among which "
                                 "a source may hide.\n";

static cs_status print(const cs_trust *t, bool json) {
    uint8_t set[32];
    char hex[65];
    cs_buffer text = {0};
    CS_TRY(cs_trust_digest(set, t));
    if (json)
        return cs_cli_print_json(
            json_pack("{s:o, s:o}", "set", cs_document_hex_to_json(set, sizeof set), "trust", cs_trust_to_json(t)));
    cs_hex32(hex, set);
    cs_text_append(&text, "set %s of %zu\n", hex, t->n);
    for (size_t k = 0; k < t->n; k++) {
        cs_hex32(hex, t->authorities[k].ed25519);
        cs_text_append(&text, "  %s  %s\n", hex, t->authorities[k].name);
    }
    return cs_cli_print(&text);
}

static cs_status add(int argc, char **argv) {
    const char *files[2];
    cs_public_identity authority;
    cs_trust trust = {0};
    int help;
    CS_TRY(cs_cli_parse(argc, argv, ADD_OPTIONS, NULL, files, 2, ADD_USAGE, &help));
    if (help)
        return CS_OK;
    CS_TRY(cs_public_identity_load(&authority, files[1]));
    if (access(files[0], F_OK) == 0)
        CS_TRY(cs_trust_load(&trust, files[0]));
    cs_status status = cs_fail_prefix(cs_trust_add(&trust, &authority), "%s", files[0]);
    if (status == CS_OK)
        status = cs_document_save(cs_trust_to_json(&trust), files[0], 0644);
    if (status == CS_OK)
        status = print(&trust, false);
    cs_trust_free(&trust);
    return status;
}

static cs_status show(int argc, char **argv) {
    const char *values[N_OPTIONS] = {0}, *file;
    cs_trust trust;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, SHOW_OPTIONS, values, &file, 1, SHOW_USAGE, &help));
    if (help)
        return CS_OK;
    CS_TRY(cs_trust_load(&trust, file));
    const cs_status status = print(&trust, values[JSON] != NULL);
    cs_trust_free(&trust);
    return status;
}

static const cs_cli_part PARTS[] = {{"add", "put an authority on a list", add}, {"show", "who is on a list", show}};

cs_status cs_cli_trust(int argc, char **argv) {
    return cs_cli_dispatch(argc, argv, PARTS, sizeof PARTS / sizeof *PARTS);
}
