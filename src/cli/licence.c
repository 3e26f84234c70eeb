#include <string.h>

#include "base/file.h"
#include "commands.h"
#include "provenance/cawg.h"
#include "provenance/document.h"

static const struct option OPTIONS[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static const char TO_USAGE[] = "usage: consort licence to-cawg LICENCE.json\n\n"
                               "Prints the licence as a CAWG training and data mining assertion (cawg.training-mining), "
                               "which C2PA manifests carry. Its\n"
                               "constraint_info holds the terms themselves: nothing is lost.\n";

static const char FROM_USAGE[] = "usage: consort licence from-cawg ASSERTION.json\n\n"
                                 "Prints the licence of a CAWG training and data mining assertion: exactly the one that "
                                 "to-cawg made it of. Of assertions by\n"
                                 "others, allowed and notAllowed are understood if all four entries say the same; "
                                 "constraints in free text are refused.\n";

static cs_status to_cawg(int argc, char **argv) {
    const char *file;
    cs_licence licence;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, NULL, &file, 1, TO_USAGE, &help));
    if (help)
        return CS_OK;
    CS_TRY(cs_licence_load(&licence, file));
    return cs_cli_print_json(cs_cawg_from_licence(&licence));
}

static cs_status from_cawg(int argc, char **argv) {
    const char *file;
    cs_licence licence;
    json_t *assertion;
    int help;
    CS_TRY(cs_cli_parse(argc, argv, OPTIONS, NULL, &file, 1, FROM_USAGE, &help));
    if (help)
        return CS_OK;
    CS_TRY(cs_document_load(&assertion, file, CS_LICENCE_FILE_BYTES));
    const cs_json v = cs_json_root(file, assertion);
    const cs_status status = cs_cawg_to_licence(&licence, &v);
    json_decref(assertion);
    return status == CS_OK ? cs_cli_print_json(cs_licence_to_json(&licence)) : status;
}

static const cs_cli_part PARTS[] = {{"to-cawg", "as a CAWG training and data mining assertion", to_cawg},
                                    {"from-cawg", "the licence of such an assertion", from_cawg}};

cs_status cs_cli_licence(int argc, char **argv) {
    return cs_cli_dispatch(argc, argv, PARTS, sizeof PARTS / sizeof *PARTS);
}
