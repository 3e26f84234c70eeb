/* Clocks. */
#ifndef CS_BASE_TIMER_H
#define CS_BASE_TIMER_H

double cs_wall_seconds(void); /* monotonic */
double cs_cpu_seconds(void);  /* of this process, user and system */
double cs_thread_cpu_seconds(void);

/** Largest resident set of this process so far, bytes. */
double cs_peak_rss_bytes(void);

#endif
