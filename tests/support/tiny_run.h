/* The whole job on a tiny scale: three members as threads, from files in a temporary folder to an attestation. */
#ifndef CS_TESTS_SUPPORT_TINY_RUN_H
#define CS_TESTS_SUPPORT_TINY_RUN_H

#include "attest/run.h"
#include "comm/threads.h"
#include "support/faults.h"

enum { CS_TINY_RANKS = 3, CS_TINY_MOST = 7 };

typedef struct cs_tiny {
    char folder[64];                      /* job.json, alice.csv, bob.csv, carol.csv, test.csv */
    int ranks;                            /* CS_TINY_RANKS, or as cs_tiny_new_idle was told ... */
    bool numbered;                        /* ... then members are called m0, m1, …, else alice, bob, carol */
    cs_run_options options[CS_TINY_MOST]; /* job and out are set by cs_tiny_run; a test may set the others before */
    cs_faults *faults;                    /* NULL: an honest network */
    void (*network)(cs_comm *comm);       /* changes the transport of each rank before it runs; NULL: nobody does */
    cs_run_report reports[CS_TINY_MOST];
    cs_comm_outcome outcomes[CS_TINY_MOST];
    char keys[CS_TINY_MOST][112]; /* with cs_tiny_identify: paths of the members' secret keys */
    char job[96], out[96], attestation[128], model[128], report[128]; /* paths */
} cs_tiny;

/** A folder with a job of three members, four steps, widths 3-3-2. `output`: "public" or "committed". CS_ERR_IO. */
cs_status cs_tiny_new(cs_tiny *t, const char *output);

/** The same with members m0, m1, … of whom those whose bit is set in `idle` have no records, three steps, widths 2-3-2.
 *  `fields` stand at the job's beginning ("" or such as "\"indices\": \"hidden\", "). */
cs_status cs_tiny_new_idle(cs_tiny *t, int ranks, unsigned idle, const char *fields);

/** Removes the folder. */
void cs_tiny_free(cs_tiny *t);

/** Replaces a piece of job.json (or of another file of the folder). CS_ERR_INPUT if it is not there. */
cs_status cs_tiny_edit(const cs_tiny *t, const char *file, const char *what, const char *with);

/** Gives all members identities, which the job names. CS_ERR_IO. */
cs_status cs_tiny_identify(cs_tiny *t);

/** All members run; files go to folder/out. The root's status, if all went well; otherwise that of the cause. */
cs_status cs_tiny_run(cs_tiny *t, const char *out);

/** The same with another number of ranks (at most CS_TINY_MOST). */
cs_status cs_tiny_run_ranks(cs_tiny *t, const char *out, int ranks);

/** All of the first `ranks` ranks say the names of those whose bit is set in `named`, and of no others; else the test fails.
 */
void cs_tiny_expect_names(const cs_tiny *t, int ranks, unsigned named);

/** Do both files hold the same bytes? No, if one cannot be read. */
bool cs_tiny_same_files(const char *a, const char *b);

#endif
