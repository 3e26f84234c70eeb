/* Verifying an attestation: needs the file and nothing else, no MPI, no secrets. */
#ifndef CONSORT_VERIFY_H
#define CONSORT_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "consort/status.h"

/** What else must hold. Zero everywhere: nothing. */
typedef struct cs_verify_options {
    const char *model_path;  /* a .safetensors file that must hold exactly the released model */
    const char *trust_path;  /* a list of authorities (consort trust): certificates must be by one of them */
    const char *at;          /* "YYYY-MM-DD", the day at which certificates and licences are judged; NULL: today (UTC) */
    const char *policy_path; /* demands that must be met (docs/provenance.md) */
    const char *export_path; /* an exported document that must be exactly what this attestation gives */
} cs_verify_options;

/** What was found, as far as it was reached: valid when the verification is CS_OK, for messages otherwise. */
typedef struct cs_verify_report {
    char job[65];    /* the job's name */
    size_t segments; /* attestations; what follows is about all of them */
    size_t members;  /* different ones */
    size_t rows;     /* records of all members' datasets, each dataset once */
    size_t layers, parameters;
    size_t steps, batch; /* batch: of all members together; 0 if the attestations differ in it */
    size_t draws;        /* records used over all steps */
    bool model_public;   /* the last model is released with the attestation (else only committed) */
    bool initial_given;  /* the first W(0) is given (else derived from the seed) */
    size_t file_bytes, proof_bytes;
    size_t commitment_rows; /* of one member, in the last attestation: datasets and training */
    size_t messages;
    char refusal[16];          /* "proof", "authority", "quota", … (docs/cli.md); "" unless CS_REJECT with a kind */
    char statement_digest[65]; /* hexadecimal; opens the last proof's transcript */
    char model_digest[65];     /* of the last model, hexadecimal; "" if it is only committed */
    double read_seconds;       /* reading and validating the statement and models */
    double derive_seconds;     /* seed, W(0), draws, lookup table */
    double provenance_seconds; /* manifest, signatures, certificates, datasets' proofs */
    double proof_seconds;      /* the proof itself */
} cs_verify_report;

/** CS_OK: the attestation at `path` is valid: its statement is well formed and proved, manifest, signatures, certificates
 * and datasets' proofs that come with it hold, and so do `options` (may be NULL). CS_REJECT: it is well formed and something
 * of that does not hold, or it has a version or a field that this program does not know; report->refusal says what kind of
 * reason it is. CS_ERR_INPUT: malformed. CS_ERR_USAGE: `at` is no day. CS_ERR_IO, CS_ERR_MEMORY: undecided. cs_error_text()
 * has the reason. Local; one thread. */
cs_status cs_verify_file(const char *path, const cs_verify_options *options, cs_verify_report *report);

/** The same for a chain: attestation k + 1 goes on from the final model of attestation k. All of them are verified;
 * `options` are about the last one's model and export, and a policy about all of them together. An attestation that goes on
 * from another one is accepted in its chain only. A path may be a listing of attestations (docs/formats.md), which stands
 * for them, also in cs_verify_file. n >= 1. */
cs_status cs_verify_chain(const char *const *paths, size_t n, const cs_verify_options *options, cs_verify_report *report);

#endif
