/* Open MPI behind the lockstep of comm/comm.h: point-to-point messages only, and a wait that leaves the core to others. */
#ifndef CS_MPI_TRANSPORT_H
#define CS_MPI_TRANSPORT_H

#include "comm/comm.h"

/** Collective. Starts MPI (argc and argv as for MPI_Init) and fills `c` with this process's rank among all. MPI's errors
 * come back as CS_ERR_RANK from then on instead of ending the process. CS_ERR_INTERNAL if MPI does not start.
 *
 *  A rank that dies takes the others with it: mpirun ends a job when a process is killed or exits without
 *  cs_mpi_comm_finalize. A rank that calls that while others still wait for it is lost to them (CS_ERR_RANK). */
cs_status cs_mpi_comm_init(cs_comm *c, int *argc, char ***argv);

/** Collective. How many of all ranks share this one's machine, by what MPI knows of it; 0 if it does not know. */
int cs_mpi_ranks_here(void);

/** Collective, whatever happened before: tells the peers that this rank is gone, drops what they still send until they are
 * gone too, ends MPI and frees `c`. */
void cs_mpi_comm_finalize(cs_comm *c);

#endif
