/* The command line of consort-prove. */
#ifndef CS_MPI_OPTIONS_H
#define CS_MPI_OPTIONS_H

#include "attest/run.h"
#include "comm/delay.h"

typedef struct cs_prove_options {
    cs_run_options run;
    bool plan, json, quiet, progress, help, version;
    bool has_network; /* injected, for measuring */
    cs_network network;
} cs_prove_options;

/** CS_ERR_USAGE with what is wrong. Strings are those of argv. Local. */
cs_status cs_prove_options_parse(cs_prove_options *out, int argc, char **argv);

/** The text of --help. Static. */
const char *cs_prove_usage(void);

#endif
