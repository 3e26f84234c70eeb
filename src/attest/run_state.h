/* A run in progress: internal to src/attest/run*.c. */
#ifndef CS_ATTEST_RUN_STATE_H
#define CS_ATTEST_RUN_STATE_H

#include "attest/dataset_opening.h"
#include "attest/derive.h"
#include "attest/run.h"
#include "base/strings.h"
#include "provenance/dataset_folder.h"
#include "provenance/identity.h"
#include "session/pads.h"
#include "train/protocol.h"

/** Zero-initialised; everything in it is owned by it, except comm, options and report. */
typedef struct cs_run_state {
    cs_comm *comm;
    const cs_run_options *options;
    cs_run_report *report;
    double started, cpu_started;
    double met; /* when this rank left the handshake, as all others did about then */
    cs_job job;
    uint8_t job_digest[32];
    bool initial_given;
    uint8_t initial_digest[32];
    cs_model initial;
    cs_fr *initial_blindings;    /* [job.previous.n_rows] of a committed W(0) */
    cs_secret_identity identity; /* of --key, or made for this run */
    cs_keyring keys;
    cs_pads *pads;
    cs_dataset data, test;
    char *opening_path;
    char *attestation_path, *model_path, *model_opening_path, *report_path; /* root */
    cs_opening opening;
    size_t n_openings;
    cs_dataset_opening *openings; /* [n_openings] of this member's datasets */
    cs_fr *dataset_blindings;     /* [cs_dataset_row_count] */
    cs_blocks blocks;
    cs_tensor *tensors;                    /* [blocks.n] */
    cs_statement statement;                /* grows as the run goes on */
    cs_signed manifest;                    /* n = 0: there is none */
    cs_signature signatures[CS_MAX_RANKS]; /* of the members on the statement, if they have identities */
    uint32_t *own_draws;                   /* [steps * batch] hidden ones, else NULL */
    cs_derived derived;
    cs_trainer *trainer;
    cs_fr *final_blindings; /* rank 0, if the final model is committed */
    cs_buffer proof;        /* root */
    cs_proof_stats stats;
    double cpu_seconds;
} cs_run_state;

/** Everything that a rank can find out alone, before anyone is bothered. Local. */
cs_status cs_run_prepare(cs_run_state *r);

/** This member's records: committed datasets with their openings, or a data file. Local; part of cs_run_prepare. */
cs_status cs_run_load_datasets(cs_run_state *r);

/** Collective, after the handshake. The statement gets its members' keys and datasets, the same on every rank; tensors and
 * blindings of this rank's D and Y are filled. */
cs_status cs_run_commit_datasets(cs_run_state *r);

/** W(0) where it is no matter of the seed; of a committed one rank 0 alone has a file. Local; part of cs_run_prepare. */
cs_status cs_run_load_initial(cs_run_state *r);

/** Collective, after cs_run_commit_datasets: rank 0 gives a committed W(0) and its blindings to all, masked, and every
 * member compares them with the commitments. Without effect for others. CS_ERR_ABORT. */
cs_status cs_run_share_initial(cs_run_state *r);

/** Collective, after cs_run_commit_datasets, for hidden draws: this rank's own, their blocks of the witness, and the
 * statement's last passes of all members. */
cs_status cs_run_choose_draws(cs_run_state *r);

void cs_run_free_datasets(cs_run_state *r);

/** The manifest, if there is one: signed by all members, and what the job says. The statement begins. Local; part of
 * cs_run_prepare. */
cs_status cs_run_load_manifest(cs_run_state *r);

/** Collective, after the root's verification: every member signs the digest of the statement as it knows it, and checks the
 * others' signatures. No effect without identities. */
cs_status cs_run_sign(cs_run_state *r);

/** The root's own verification of the proof. Local. */
cs_status cs_run_verify(cs_run_state *r);

/** Accuracy, container, files, report: the root's last work, after the proof. Local. */
cs_status cs_run_publish(cs_run_state *r);

/** Removes what cs_run_publish wrote (a later step failed). Local. */
void cs_run_withdraw(cs_run_state *r);

#endif
