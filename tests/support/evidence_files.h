/* Evidence that a run of members as threads has left in its folder. */
#ifndef CS_TESTS_SUPPORT_EVIDENCE_FILES_H
#define CS_TESTS_SUPPORT_EVIDENCE_FILES_H

#include "support/tiny_run.h"

/** The evidence against `rank`, in path[512]; false if there is none. */
bool cs_evidence_find(const cs_tiny *t, int rank, char *path);

/** Changed in some places of each section it convicts nobody; else the test fails. */
void cs_evidence_change(const cs_tiny *t, const char *path);

#endif
