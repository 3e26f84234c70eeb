/* A job in segments: attestations over consecutive steps of one job, each going on from the model of the one before. Seed,
 * draws and rates are the whole job's, so the models are those of the job in one piece. Local. */
#ifndef CS_ATTEST_SEGMENTS_H
#define CS_ATTEST_SEGMENTS_H

#include "attest/job.h"
#include "attest/plan.h"

/** The first step of segment k of n, 1 <= n <= steps; the number of steps for k = n. Segments are a power of two long, but
 * for the last, if that makes n of them (a segment costs what its padded length costs), else as equal as possible. */
size_t cs_segment_start(size_t steps, size_t n, size_t k);

/** Parameters of the job's steps from..to-1: their rates; as bounds of the first weights those that follow for the weights
 * at step `from`. The forms of first and final model, and passes of hidden draws, are the job's. CS_ERR_MEMORY. Freed by
 * cs_params_free. */
cs_status cs_segment_params(cs_params *out, const cs_params *job, size_t from, size_t to);

/** Passes of hidden draws in `steps` steps (the most of any rank), each segment's first draw beginning a new pass; 0 for
 * public draws. CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_segment_hidden_passes(size_t *out, const cs_job *job, size_t steps);

/** The plan of segment k of n. */
cs_status cs_segment_plan(cs_plan *out, const cs_job *job, size_t n, size_t k);

/** The fewest segments whose plans fit `limit` bytes per rank (0: unknown, whatever fits). CS_ERR_MEMORY, with numbers, if a
 * single step does not. CS_ERR_INPUT if the job cannot be cut and would have to be: hidden draws with total limits. */
cs_status cs_segments_fewest(size_t *out, const cs_job *job, double limit);

/** The most of: cs_segments_fewest, `wanted`, what the job says. Errors as there and of cs_segments_check. */
cs_status cs_segments_choose(size_t *out, const cs_job *job, double limit, size_t wanted);

/** The job's plan, with "segments": [{"from", "to", "memory_bytes_per_rank", "proof_bytes", "cpu_seconds_per_rank"}, ...] of
 * n segments, steps `from` to `to` - 1 of the job each. A new object. CS_ERR_MEMORY. */
cs_status cs_segments_plan_to_json(json_t **out, const cs_job *job, size_t n);

/** The same for people; nothing of segments if there is only one. */
cs_status cs_segments_plan_to_text(cs_buffer *out, const cs_job *job, size_t n);

/** "512", "800K", "1.5G", "24GiB": bytes, with powers of 1024. CS_ERR_USAGE; `what` is for the message. */
cs_status cs_memory_size(double *out, const char *what, const char *text);

/** A number of segments. CS_ERR_USAGE. */
cs_status cs_segments_number(size_t *out, const char *what, const char *text);

/** n segments are possible: at most one per step, and no total limits if draws are hidden. CS_ERR_INPUT. */
cs_status cs_segments_check(const cs_job *job, size_t n);

#endif
