/* Progress on a terminal: one line of standard error, rewritten. */
#ifndef CS_MPI_PROGRESS_BAR_H
#define CS_MPI_PROGRESS_BAR_H

#include "base/progress.h"

typedef struct cs_progress_bar {
    double started, shown; /* wall seconds */
    double fraction;
    const char *stage;
} cs_progress_bar;

/** A listener that draws if standard error is a terminal, and does nothing otherwise. */
cs_progress cs_progress_bar_start(cs_progress_bar *bar);

/** Clears the line. */
void cs_progress_bar_end(cs_progress_bar *bar);

#endif
