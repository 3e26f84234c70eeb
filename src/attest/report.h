/* The figures of one run. Local. */
#ifndef CS_ATTEST_REPORT_H
#define CS_ATTEST_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "attest/stages.h"
#include "base/buffer.h"
#include "comm/comm.h"
#include "data/json.h"
#include "train/params.h"

/** What one rank took, up to the finished proof. */
typedef struct cs_rank_figures {
    double cpu, transport_cpu, peak_bytes; /* transport_cpu: a part of cpu; see cs_comm_path */
    uint64_t bytes_sent, bytes_received;
    double stage_cpu[CS_MAX_STAGES]; /* seconds in each of the stages; by the clock: */
    double stage_seconds[CS_MAX_STAGES], stage_waiting[CS_MAX_STAGES], stage_sending[CS_MAX_STAGES];
} cs_rank_figures;

typedef struct cs_run_report {
    char job[65];
    char member[65];                /* of this rank, "" before the job is read */
    char members[CS_MAX_RANKS][65]; /* [ranks] names */
    int ranks;
    size_t segments; /* attestations, one after the other */
    size_t steps, draws, parameters;
    size_t committed;                       /* integers, padding included, all ranks */
    size_t lookups;                         /* all ranks */
    size_t messages;                        /* of the session */
    cs_stages stages;                       /* wall seconds on the root */
    cs_rank_figures per_rank[CS_MAX_RANKS]; /* [ranks] */
    double wall_seconds;
    double cpu_max, cpu_mean;                                   /* seconds per rank, up to the finished proof */
    uint64_t bytes_sent_max, bytes_received_max, exchanges_max; /* per rank */
    double peak_bytes_max, peak_bytes_total;                    /* resident memory per rank, and of all together */
    size_t proof_bytes, file_bytes;
    double verify_seconds; /* on the root, one core */
    bool has_path;
    cs_comm_path path; /* the root's, at the end of the run; measured with an injected network only */
    bool has_accuracy;
    double accuracy; /* of the integer model on the job's test rows */
    size_t test_rows;
    char attestation[4096], model[4096]; /* paths of the root's files */
} cs_run_report;

/** A new object; NULL without memory. */
json_t *cs_run_report_to_json(const cs_run_report *r);

/** A table for people, one figure a line. Lack of memory is sticky in the buffer. */
void cs_run_report_to_text(cs_buffer *out, const cs_run_report *r);

#endif
