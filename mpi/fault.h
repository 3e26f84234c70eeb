/* Test builds only (-DCS_TAMPER): a rank that is killed where a test wants it to be. Nothing of it exists in other builds.
 */
#ifndef CS_MPI_FAULT_H
#define CS_MPI_FAULT_H

#ifdef CS_TAMPER

#include "attest/run.h"

/** $CONSORT_DIE is RANK@STAGE or RANK@SECONDS: that rank gets SIGKILL when it enters the stage, or so long after this call.
 *  No effect on other ranks, or without the variable. Local. */
void cs_fault_install(cs_run_options *options, int rank);

#endif

#endif
