/* Verifying an attestation: needs the file and nothing else, no MPI, no secrets. */
#ifndef CONSORT_VERIFY_H
#define CONSORT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consort/status.h"

/** What else must hold. Zero everywhere: nothing. */
typedef struct cs_verify_options {
    const char *model_path; /* a .safetensors file that must hold exactly the released model */
} cs_verify_options;

/** What was found, as far as it was reached: valid when the verification is CS_OK, for messages otherwise. */
typedef struct cs_verify_report {
    char job[65];   /* the job's name */
    size_t members; /* ranks */
    size_t rows;    /* dataset records of all members together */
    size_t layers, parameters;
    size_t steps, batch; /* batch: of all members together */
    size_t draws;        /* records used over all steps */
    bool model_public;   /* the final model is released with the attestation (else only committed) */
    bool initial_given;  /* W(0) is given (else derived from the seed) */
    size_t file_bytes, proof_bytes;
    size_t commitment_rows; /* of one member: datasets and training */
    size_t messages;
    char statement_digest[65]; /* hexadecimal; opens the proof's transcript */
    char model_digest[65];     /* hexadecimal, "" if the model is only committed */
    double read_seconds;       /* reading and validating the statement and models */
    double derive_seconds;     /* seed, W(0), draws, lookup table */
    double proof_seconds;      /* the proof itself */
} cs_verify_report;

/** CS_OK: the attestation at `path` is valid: its statement is well formed and proved, and `options` (may be NULL) hold.
 * CS_REJECT: it is well formed but not proved, or an option does not hold. CS_ERR_INPUT: malformed. CS_ERR_IO,
 * CS_ERR_MEMORY: undecided. cs_error_text() has the reason. Local; one thread. */
cs_status cs_verify_file(const char *path, const cs_verify_options *options, cs_verify_report *report);

#endif
