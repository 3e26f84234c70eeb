/* consort: everything that needs no MPI. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/harden.h"
#include "base/isa.h"
#include "commands.h"
#include "consort/version.h"
#include "curve/generators.h"
#include "provenance/refusal.h"

static const struct {
    const char *name, *summary;
    cs_status (*run)(int argc, char **argv);
} COMMANDS[] = {{"verify", "check an attestation", cs_cli_verify},
                {"verify-evidence", "check evidence that a member cheated", cs_cli_verify_evidence},
                {"inspect", "show who made an attestation, of what", cs_cli_inspect},
                {"plan", "what a job will cost", cs_cli_plan},
                {"keygen", "make the keys of a member or an authority", cs_cli_keygen},
                {"dataset", "commit to a dataset, certify it, show it", cs_cli_dataset},
                {"licence", "translate licences to and from CAWG assertions", cs_cli_licence},
                {"trust", "keep a list of authorities", cs_cli_trust},
                {"manifest", "what the members of a job agree on and sign", cs_cli_manifest},
                {"export", "tell others, in a C2PA-style manifest or a model card", cs_cli_export},
                {"compare", "accuracy of the released model, and of floating point", cs_cli_compare}};

enum { N_COMMANDS = sizeof COMMANDS / sizeof *COMMANDS };

static void print_help(void) {
    printf("usage: consort COMMAND [options]\n\n");
    for (int k = 0; k < N_COMMANDS; k++)
        printf("  %-15s %s\n", COMMANDS[k].name, COMMANDS[k].summary);
    printf("\n  consort COMMAND --help, consort --version\n\n"
           "Exit status: 0 accepted or done, 1 rejected, 2 wrong usage, 3 malformed input, 4 file error, 5 memory, 9 "
           "defect,\n21 and more: refused, one for each kind of reason (docs/cli.md).\n");
}

static cs_status dispatch(int argc, char **argv) {
    if (argc < 2)
        return cs_fail(CS_ERR_USAGE, "a command is missing; see consort --help");
    for (int k = 0; k < N_COMMANDS; k++)
        if (strcmp(argv[1], COMMANDS[k].name) == 0)
            return COMMANDS[k].run(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0) {
        printf("consort %s (%s)\n", CONSORT_VERSION, cs_isa_name(cs_isa_chosen()));
        return CS_OK;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help();
        return CS_OK;
    }
    return cs_fail(CS_ERR_USAGE, "unknown command \"%s\"; see consort --help", argv[1]);
}

int main(int argc, char **argv) {
    char name[32];
    cs_harden_process();
    if (sodium_init() < 0) {
        fprintf(stderr, "consort: libsodium does not start\n");
        return CS_ERR_INTERNAL;
    }
    cs_status status = cs_isa_check();
    if (status == CS_OK)
        status = dispatch(argc, argv);
    if (status == CS_OK)
        status = cs_cli_finish();
    if (status != CS_OK)
        fprintf(stderr, "consort: %s: %s\n", cs_refusal_status_name(name, status), cs_error_text());
    cs_generators_release();
    return cs_refusal_exit_status(status);
}
