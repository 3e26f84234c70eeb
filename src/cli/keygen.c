#include "session/keys.h"

#include <stdio.h>

#include "commands.h"
#include "data/json.h"

static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static const char USAGE[] = "usage: consort keygen FILE\n\n"
                            "Makes an X25519 key pair, writes it to FILE (mode 0600, never replaced) and prints the public "
                            "key, which goes into the\n"
                            "job as members[].key.\n";

cs_status cs_cli_keygen(int argc, char **argv) {
    const char *file;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, NULL, &file, 1, USAGE, &help));
    if (help)
        return CS_OK;
    cs_identity me;
    char text[65];
    CS_TRY(cs_identity_generate(&me));
    const cs_status status = cs_identity_save(&me, file);
    cs_hex32(text, me.public_key);
    cs_identity_wipe(&me);
    if (status == CS_OK)
        printf("%s\n", text);
    return status;
}
