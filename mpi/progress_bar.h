/* Progress of a run: one line of a terminal, rewritten, or lines of JSON on standard error. */
#ifndef CS_MPI_PROGRESS_BAR_H
#define CS_MPI_PROGRESS_BAR_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "attest/stages.h"

typedef struct cs_progress_bar {
    FILE *out; /* NULL: nothing is shown */
    bool lines;
    double started, reported; /* wall seconds */
    const char *stage;        /* the last report */
    double done, left;
    double shown; /* lines: the part done of the last one */
    bool ticking, ended;
    pthread_t ticker; /* redraws while no report comes */
    pthread_mutex_t lock;
    pthread_cond_t wake;
} cs_progress_bar;

/** A listener. lines: JSON on standard error, one for each stage and each hundredth of the run. Otherwise it draws on
 * standard error, or, as mpirun hides the terminal behind a pipe, on the process's terminal if the program that started it
 * runs in its foreground; without a terminal it does nothing. */
cs_run_progress cs_progress_bar_start(cs_progress_bar *bar, bool lines);

/** Clears the line. */
void cs_progress_bar_end(cs_progress_bar *bar);

#endif
