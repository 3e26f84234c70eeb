#include "base/timer.h"

#include <sys/resource.h>
#include <time.h>

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

double cs_peak_rss_bytes(void) {
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss; /* Linux counts kibibytes */
}
