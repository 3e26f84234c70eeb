#include "commands.h"

static const cs_cli_part PARTS[] = {
    {"commit", "commit to a dataset and prove that it is well formed", cs_cli_dataset_commit},
    {"certify", "sign where it comes from and what it may be used for", cs_cli_dataset_certify},
    {"show", "what is known of a dataset", cs_cli_dataset_show}};

cs_status cs_cli_dataset(int argc, char **argv) {
    return cs_cli_dispatch(argc, argv, PARTS, sizeof PARTS / sizeof *PARTS);
}
