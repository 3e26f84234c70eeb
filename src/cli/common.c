#include <stdio.h>
#include <string.h>

#include "commands.h"

static cs_status parse_options(int argc, char **argv, const struct option *options, const char **values, const char *usage,
                               int *help) {
    *help = 0;
    opterr = 0;
    optind = 1;
    for (int option, place = 0; (option = getopt_long(argc, argv, ":h", options, &place)) != -1;) {
        if (option == 'h') {
            fputs(usage, stdout);
            *help = 1;
            return CS_OK;
        }
        if (option == '?' || option == ':')
            return cs_fail(CS_ERR_USAGE, "%s %s: unknown option, or its value is missing; see consort %s --help", argv[0],
                           argv[optind - 1], argv[0]);
        if (values[option] != NULL) /* of two policies, or lists of authorities, one would not count */
            return cs_fail(CS_ERR_USAGE, "%s --%s: given twice", argv[0], options[place].name);
        values[option] = optarg != NULL ? optarg : "";
    }
    return CS_OK;
}

cs_status cs_cli_parse(int argc, char **argv, const struct option *options, const char **values, const char **files,
                       int n_files, const char *usage, int *help) {
    CS_TRY(parse_options(argc, argv, options, values, usage, help));
    if (*help)
        return CS_OK;
    if (argc - optind != n_files)
        return cs_fail(CS_ERR_USAGE, "%s: %d arguments; %d are expected; see consort %s --help", argv[0], argc - optind,
                       n_files, argv[0]);
    for (int k = 0; k < n_files; k++)
        files[k] = argv[optind + k];
    return CS_OK;
}

cs_status cs_cli_parse_list(int argc, char **argv, const struct option *options, const char **values,
                            const char *const **files, size_t *n_files, const char *usage, int *help) {
    CS_TRY(parse_options(argc, argv, options, values, usage, help));
    if (*help)
        return CS_OK;
    if (argc <= optind)
        return cs_fail(CS_ERR_USAGE, "%s: which file? see consort %s --help", argv[0], argv[0]);
    *files = (const char *const *)(argv + optind);
    *n_files = (size_t)(argc - optind);
    return CS_OK;
}

static void print_parts(const char *command, const cs_cli_part *parts, size_t n) {
    printf("usage: consort %s COMMAND [options]\n\n", command);
    for (size_t k = 0; k < n; k++)
        printf("  %-10s %s\n", parts[k].name, parts[k].summary);
    printf("\n  consort %s COMMAND --help\n", command);
}

cs_status cs_cli_dispatch(int argc, char **argv, const cs_cli_part *parts, size_t n) {
    char name[64];
    if (argc < 2)
        return cs_fail(CS_ERR_USAGE, "%s: arguments are missing; see consort %s --help", argv[0], argv[0]);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_parts(argv[0], parts, n);
        return CS_OK;
    }
    for (size_t k = 0; k < n; k++)
        if (strcmp(argv[1], parts[k].name) == 0) {
            snprintf(name, sizeof name, "%s %s", argv[0], parts[k].name);
            argv[1] = name;
            return parts[k].run(argc - 1, argv + 1);
        }
    return cs_fail(CS_ERR_USAGE, "%s %.60s: unknown option or command; see consort %s --help", argv[0], argv[1], argv[0]);
}

cs_status cs_cli_finish(void) {
    return fflush(stdout) == 0 && !ferror(stdout) ? CS_OK : cs_fail(CS_ERR_IO, "cannot write to the standard output");
}

cs_status cs_cli_print(cs_buffer *text) {
    const cs_status status = cs_buffer_status(text);
    if (status == CS_OK)
        fwrite(text->data, 1, text->size, stdout);
    cs_buffer_free(text);
    return status == CS_OK ? cs_cli_finish() : status;
}

cs_status cs_cli_print_json(json_t *v) {
    const int printed = v != NULL && json_dumpf(v, stdout, JSON_INDENT(2)) == 0;
    json_decref(v);
    if (!printed && !ferror(stdout))
        return cs_fail(CS_ERR_MEMORY, "the JSON output cannot be made");
    putchar('\n');
    return cs_cli_finish();
}
