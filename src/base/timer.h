/* Clocks. */
#ifndef CS_BASE_TIMER_H
#define CS_BASE_TIMER_H

#include <pthread.h>
#include <time.h>

double cs_wall_seconds(void); /* monotonic: does not jump with the time of day, by which nothing here waits */
double cs_cpu_seconds(void);  /* of this process, user and system */
double cs_thread_cpu_seconds(void);

/** A condition variable whose timed waits go by the clock of cs_wall_seconds. Non-zero: an error of pthread_cond_init. */
int cs_wall_condition(pthread_cond_t *out);

/** The moment at which such a wait ends that takes `seconds` >= 0 from now. */
struct timespec cs_wall_after(double seconds);

/** Largest resident set of this process so far, bytes. */
double cs_peak_rss_bytes(void);

#endif
