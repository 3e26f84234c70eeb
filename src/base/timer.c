#include "base/timer.h"

#include <math.h>
#include <sys/resource.h>

static double seconds_of(clockid_t id) {
    struct timespec t = {0};
    clock_gettime(id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double cs_wall_seconds(void) {
    return seconds_of(CLOCK_MONOTONIC);
}

double cs_cpu_seconds(void) {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double cs_thread_cpu_seconds(void) {
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

int cs_wall_condition(pthread_cond_t *out) {
    pthread_condattr_t by;
    int error = pthread_condattr_init(&by);
    if (error != 0)
        return error;
    error = pthread_condattr_setclock(&by, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(out, &by);
    (void)pthread_condattr_destroy(&by);
    return error;
}

struct timespec cs_wall_after(double seconds) {
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    const double whole = floor(seconds), end = (double)t.tv_nsec + 1e9 * (seconds - whole);
    t.tv_sec += (time_t)whole + (end >= 1e9);
    t.tv_nsec = (long)(end >= 1e9 ? end - 1e9 : end);
    return t;
}

double cs_peak_rss_bytes(void) {
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss; /* Linux counts kibibytes */
}
