/* How far a long operation is. The library calls back; a program shows it or not. */
#ifndef CS_BASE_PROGRESS_H
#define CS_BASE_PROGRESS_H

/** `stage`: static name; fraction: 0..1 within the whole run. */
typedef void cs_progress_fn(void *context, const char *stage, double fraction);

typedef struct cs_progress {
    cs_progress_fn *fn; /* NULL: nobody listens */
    void *context;
} cs_progress;

static inline void cs_progress_report(const cs_progress *p, const char *stage, double fraction) {
    if (p && p->fn)
        p->fn(p->context, stage, fraction);
}

#endif
