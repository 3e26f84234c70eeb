/* N ranks as threads of one process: a transport for tests, which need no MPI and no second program then. */
#ifndef CS_COMM_THREADS_H
#define CS_COMM_THREADS_H

#include "comm/comm.h"

/** What one rank runs. Its return ends the rank; a rank that returns while others wait for it counts as lost. Runs on a
 * thread of its own, so it must not use cmocka's assertions but return a status. */
typedef cs_status cs_comm_run(cs_comm *comm, void *arg);

/** How a rank ended. */
typedef struct cs_comm_outcome {
    cs_status status;
    int kind;        /* of its failure (cs_error_kind), 0 with CS_OK */
    char text[1024]; /* its error text, "" with CS_OK */
    cs_comm_stats stats;
} cs_comm_outcome;

/** Runs `size` >= 1 ranks to their ends: rank i is run(its comm, args[i]); with args NULL every rank gets NULL. A rank may
 *  replace the ops of its comm, to play a dishonest network. outcomes[size] may be NULL. Returns CS_OK if every rank did;
 *  otherwise, with its text and number, the first status that is not CS_ERR_RANK (the cause), or CS_ERR_RANK. Local. */
cs_status cs_comm_run_threads(int size, cs_comm_run *run, void *const *args, cs_comm_outcome *outcomes);

#endif
