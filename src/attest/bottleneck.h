/* What a run's time went to most: one stage, one rank. Local. */
#ifndef CS_ATTEST_BOTTLENECK_H
#define CS_ATTEST_BOTTLENECK_H

#include "attest/report.h"

typedef enum cs_doing { CS_DOING_COMPUTING, CS_DOING_WAITING, CS_DOING_SENDING } cs_doing;

/** All ranks go through a stage together, so the longest stage holds up the run, and in it the rank that computes most holds
 * up the others. If even that rank computes for less than half of the stage, the exchanges hold up everybody: then the rank
 * that waits (or sends, if it does that for longer) most is named. */
typedef struct cs_bottleneck {
    size_t stage; /* index */
    int rank;
    double seconds; /* of the stage */
    double share;   /* of the run */
    double cpu;     /* seconds of that rank's CPU in the stage */
    cs_doing doing;
} cs_bottleneck;

/** Of a run that is done, on its root. */
cs_bottleneck cs_bottleneck_find(const cs_run_report *r);

/** One sentence, without a line's end. Lack of memory is sticky in the buffer. */
void cs_bottleneck_to_text(cs_buffer *out, const cs_run_report *r);

/** A new object; NULL without memory. */
json_t *cs_bottleneck_to_json(const cs_run_report *r);

#endif
