/* The commands of `consort`: argv[0] is the command's name. Each returns the program's exit status and has recorded why. */
#ifndef CS_CLI_COMMANDS_H
#define CS_CLI_COMMANDS_H

#include "base/buffer.h"
#include "base/error.h"
#include "provenance/identity.h"

#include <getopt.h>
#include <jansson.h>

cs_status cs_cli_verify(int argc, char **argv);
cs_status cs_cli_verify_evidence(int argc, char **argv);
cs_status cs_cli_inspect(int argc, char **argv);
cs_status cs_cli_plan(int argc, char **argv);
cs_status cs_cli_keygen(int argc, char **argv);
cs_status cs_cli_compare(int argc, char **argv);
cs_status cs_cli_export(int argc, char **argv);

cs_status cs_cli_dataset(int argc, char **argv);
cs_status cs_cli_licence(int argc, char **argv);
cs_status cs_cli_trust(int argc, char **argv);
cs_status cs_cli_manifest(int argc, char **argv);

/** Of `consort dataset`. */
cs_status cs_cli_dataset_commit(int argc, char **argv);
cs_status cs_cli_dataset_certify(int argc, char **argv);
cs_status cs_cli_dataset_show(int argc, char **argv);

/** One part of a command like `consort dataset`. */
typedef struct cs_cli_part {
    const char *name, *summary;
    cs_status (*run)(int argc, char **argv);
} cs_cli_part;

/** Runs the part of the command argv[0] that argv[1] names; it is called with argv[0] = "command part". --help lists
 * parts[n]. CS_ERR_USAGE. */
cs_status cs_cli_dispatch(int argc, char **argv, const cs_cli_part *parts, size_t n);

/** Reads the command line of a command: `options` as for getopt_long, each with flag == NULL and val an index into
 * values[n_options], which becomes the option's argument ("" for one without). Exactly `n_files` arguments remain:
 * files[n_files]. Prints `usage` for --help and sets *help. CS_ERR_USAGE. */
cs_status cs_cli_parse(int argc, char **argv, const struct option *options, const char **values, const char **files,
                       int n_files, const char *usage, int *help);

/** Reads a secret key file. If it is sealed, the passphrase is in `passphrase_file`, else (NULL) in the file that
 * CONSORT_PASSPHRASE_FILE names, else asked for if standard input is a terminal. As cs_secret_identity_load. */
cs_status cs_cli_load_key(cs_secret_identity *out, const char *path, const char *passphrase_file);

/** The passphrase for a new key: as above, but asked for twice. *out is NULL if there is none, or an empty one was typed;
 * cs_free. CS_ERR_USAGE if the two differ. */
cs_status cs_cli_new_passphrase(char **out, const char *passphrase_file);

/** The same with one or more arguments: *files points into argv. */
cs_status cs_cli_parse_list(int argc, char **argv, const struct option *options, const char **values,
                            const char *const **files, size_t *n_files, const char *usage, int *help);

/** Prints to standard output and frees the buffer, or the object. CS_ERR_MEMORY, CS_ERR_IO. */
cs_status cs_cli_print(cs_buffer *text);
cs_status cs_cli_print_json(json_t *v);

/** CS_ERR_IO if not all that was printed has arrived. */
cs_status cs_cli_finish(void);

#endif
