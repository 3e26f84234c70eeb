/* The parts of the job parser: internal to src/attest/job*.c. */
#ifndef CS_ATTEST_JOB_PARTS_H
#define CS_ATTEST_JOB_PARTS_H

#include "attest/job.h"

/** Indices of CS_JOB_SHAPES. */
enum {
    CS_SHAPE_ROOT,
    CS_SHAPE_MODEL,
    CS_SHAPE_SCALES,
    CS_SHAPE_SCHEDULE,
    CS_SHAPE_RATES,
    CS_SHAPE_SEEDS,
    CS_SHAPE_MEMBERS,
    CS_SHAPE_DATASETS,
    CS_SHAPE_DATA,
    CS_SHAPE_FEATURES,
    CS_SHAPE_TEST,
    CS_SHAPE_OUTPUT,
    CS_SHAPE_COUNT
};

/** Reads all fields, in the order in which they depend on each other. */
cs_status cs_job_read(cs_job *job, const cs_json *v);

/** A name that can be part of a file's. */
cs_status cs_job_read_name(char **out, const cs_json *v);

/** Who takes part, with which identities, and with which datasets or rows of data. Reads the members' .pub files and the
 * documents of their datasets. */
cs_status cs_job_read_members(cs_job *job, const cs_json *v);

/** Committed datasets decide the width of commitments, and what features and classes mean: columns, the maps and the names
 * of the classes; and they must fit the parameters. Needs all other parameters. */
cs_status cs_job_take_datasets(cs_job *job);

/** Steps, rates, w. Needs ranks, rows, a and d. */
cs_status cs_job_read_schedule(cs_job *job, const cs_json *v);

/** The attestation that the job goes on from: its final model, and bounds, scales and columns that follow from it. Needs
 * widths, a and w; before the columns' default. */
cs_status cs_job_read_previous(cs_job *job, const cs_json *v);
void cs_job_previous_free(cs_job_previous *previous);

/** How data files look and how features become integers. Needs widths and value_bits. */
cs_status cs_job_read_data(cs_job *job, const cs_json *v);
cs_status cs_job_read_test(cs_job *job, const cs_json *v);

/** A path relative to the job's folder, "{name}" replaced by the member's name (NULL: left as it is). An absent field leaves
 * *out alone. */
cs_status cs_job_read_path(char **out, const cs_job *job, const cs_json *v, const char *member);

#endif
