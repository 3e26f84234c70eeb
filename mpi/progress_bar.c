#include "progress_bar.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/timer.h"

static const double REDRAW_SECONDS = 0.5;
static const double LINE_STEP = 0.01;

/* ------------------------------------------------------------ a terminal's line */

/* With the lock. Between reports the seconds left run down by the clock. */
static void draw(cs_progress_bar *bar) {
    const double since = cs_wall_seconds() - bar->reported;
    const double left = bar->left > since ? bar->left - since : 0, spent = bar->reported + since - bar->started;
    if (bar->left < 0)
        fprintf(bar->out, "\r\033[K%-20s", bar->stage);
    else
        fprintf(bar->out, "\r\033[K%-20s %3.0f %%  about %.0f s left", bar->stage, 100 * spent / (spent + left), left);
    fflush(bar->out);
}

static void *tick(void *context) {
    cs_progress_bar *bar = context;
    pthread_mutex_lock(&bar->lock);
    while (!bar->ended) {
        const struct timespec until = cs_wall_after(REDRAW_SECONDS);
        pthread_cond_timedwait(&bar->wake, &bar->lock, &until);
        if (!bar->ended && bar->stage != NULL)
            draw(bar);
    }
    pthread_mutex_unlock(&bar->lock);
    return NULL;
}

/* The terminal of a process whose standard error is a pipe to mpirun, its parent. */
static FILE *hidden_terminal(void) {
    const int fd = open("/dev/tty", O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return NULL;
    FILE *out = tcgetpgrp(fd) == getpgid(getppid()) ? fdopen(fd, "w") : NULL;
    if (out == NULL)
        (void)close(fd);
    return out;
}

/* ------------------------------------------------------------ lines */

static void print_line(cs_progress_bar *bar, bool new_stage) {
    if (!new_stage && bar->done < bar->shown + LINE_STEP)
        return;
    bar->shown = bar->done;
    fprintf(bar->out, "{\"stage\": \"%s\", \"seconds\": %.3f, ", bar->stage, bar->reported - bar->started);
    if (bar->left < 0)
        fprintf(bar->out, "\"done\": null, \"seconds_left\": null}\n");
    else
        fprintf(bar->out, "\"done\": %.4f, \"seconds_left\": %.3f}\n", bar->done, bar->left);
    fflush(bar->out);
}

static void hear(void *context, const char *stage, double done, double seconds_left) {
    cs_progress_bar *bar = context;
    pthread_mutex_lock(&bar->lock);
    const bool new_stage = bar->stage == NULL || strcmp(bar->stage, stage) != 0;
    bar->stage = stage;
    bar->done = done;
    bar->left = seconds_left;
    bar->reported = cs_wall_seconds();
    if (bar->lines)
        print_line(bar, new_stage);
    else if (new_stage)
        draw(bar);
    pthread_mutex_unlock(&bar->lock);
}

/* ------------------------------------------------------------ life */

cs_run_progress cs_progress_bar_start(cs_progress_bar *bar, bool lines) {
    *bar = (cs_progress_bar){.started = cs_wall_seconds(), .lines = lines, .lock = PTHREAD_MUTEX_INITIALIZER};
    bar->out = lines || isatty(STDERR_FILENO) ? stderr : hidden_terminal();
    if (bar->out == NULL)
        return (cs_run_progress){0};
    bar->ticking = !lines && cs_wall_condition(&bar->wake) == 0 && pthread_create(&bar->ticker, NULL, tick, bar) == 0;
    return (cs_run_progress){.fn = hear, .context = bar};
}

void cs_progress_bar_end(cs_progress_bar *bar) {
    if (bar->ticking) {
        pthread_mutex_lock(&bar->lock);
        bar->ended = true;
        pthread_cond_signal(&bar->wake);
        pthread_mutex_unlock(&bar->lock);
        pthread_join(bar->ticker, NULL);
        (void)pthread_cond_destroy(&bar->wake);
    }
    if (bar->out != NULL && !bar->lines && bar->stage != NULL) {
        fprintf(bar->out, "\r\033[K");
        fflush(bar->out);
    }
    if (bar->out != NULL && bar->out != stderr)
        (void)fclose(bar->out);
}
