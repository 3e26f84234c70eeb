/* How far a long operation is. The library calls back; a program shows it or not. */
#ifndef CS_BASE_PROGRESS_H
#define CS_BASE_PROGRESS_H

/** `stage`: static name, NULL: the one under way; fraction: 0..1 of this stage, 0 where it begins. */
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
