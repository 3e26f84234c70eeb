#include "progress_bar.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/timer.h"

static const double REDRAW_SECONDS = 0.2;

static void draw(void *context, const char *stage, double fraction) {
    cs_progress_bar *bar = context;
    const double now = cs_wall_seconds(), spent = now - bar->started;
    const int same = bar->stage != NULL && strcmp(bar->stage, stage) == 0;
    if (fraction < bar->fraction)
        fraction = bar->fraction;
    bar->fraction = fraction;
    if (same && now - bar->shown < REDRAW_SECONDS)
        return;
    bar->stage = stage;
    bar->shown = now;
    fprintf(stderr, "\r\033[K%-20s %3.0f %%", stage, 100 * fraction);
    if (fraction > 0.02)
        fprintf(stderr, "  about %.0f s left", spent * (1 - fraction) / fraction);
    fflush(stderr);
}

cs_progress cs_progress_bar_start(cs_progress_bar *bar) {
    *bar = (cs_progress_bar){.started = cs_wall_seconds()};
    return (cs_progress){.fn = isatty(STDERR_FILENO) ? draw : NULL, .context = bar};
}

void cs_progress_bar_end(cs_progress_bar *bar) {
    if (bar->stage != NULL)
        fprintf(stderr, "\r\033[K");
}
