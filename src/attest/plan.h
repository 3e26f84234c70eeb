/* What a job will cost, without running it; formulas in docs/cli.md. Local. */
#ifndef CS_ATTEST_PLAN_H
#define CS_ATTEST_PLAN_H

#include "attest/job.h"
#include "base/buffer.h"
#include "train/params.h"

typedef struct cs_plan {
    size_t steps, draws;       /* training steps; records used by all ranks together, over all steps */
    size_t parameters;         /* weights of the model */
    size_t blocks;             /* tensors of a rank */
    size_t committed_integers; /* per rank, padding included; rank 0's, which also holds a committed final model */
    size_t lookups;            /* per rank, real entries; leaves with padding, and about how many of them are worked on: */
    size_t lookup_leaves, stored_leaves;
    size_t table_rows;       /* real rows of the lookup table */
    size_t columns;          /* C */
    size_t rank_rows;        /* commitment rows of rank 0 */
    size_t committed_rows;   /* of all ranks together */
    size_t proof_rows;       /* of them, those that the proof has: the others' commitments are in the statement */
    size_t dataset_integers; /* per rank, padded; of which real: */
    size_t dataset_values;
    size_t messages;         /* about: messages of the session */
    double additions;        /* about: of points, for a rank's row commitments without datasets' */
    double memory_bytes;     /* about, per rank */
    double proof_bytes;      /* about */
    double msm_points;       /* about: points of the verifier's multi-scalar multiplication */
    double verify_scalars;   /* about: field operations of the verifier: public weights and gathers */
    double rank_cpu_seconds; /* about, per rank, with the instruction set in use, on one core */
    double verify_seconds;   /* about */
    bool coarse_errors;      /* 2^-d is coarser than 1 / (8 global batch): accuracy may suffer (section 7) */
} cs_plan;

/** From valid parameters (column_bits may be any value up to 20). CS_ERR_MEMORY. */
cs_status cs_plan_new(cs_plan *out, const cs_params *p);

/** A new object; NULL without memory. */
json_t *cs_plan_to_json(const cs_plan *plan);

/** A table for people, one figure a line. Lack of memory is sticky in the buffer. */
void cs_plan_to_text(cs_buffer *out, const cs_plan *plan, const cs_job *job);

/** Bytes of memory that the machine can still give away (MemAvailable); 0 if unknown. */
double cs_memory_available(void);

#endif
