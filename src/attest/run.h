/* The main job: members train together and prove it together, from the job file to the attestation. Knows no MPI: any
 * transport behind cs_comm. */
#ifndef CS_ATTEST_RUN_H
#define CS_ATTEST_RUN_H

#include <signal.h>

#include "attest/report.h"
#include "attest/stages.h"
#include "comm/comm.h"
#include "session/attack.h"
#include "train/sgd.h"

/** What a signal handler and a run tell each other. */
typedef struct cs_run_stop {
    volatile sig_atomic_t wanted; /* the run is to save and to stop */
    volatile sig_atomic_t saving; /* it would: it is training. Otherwise all that it will save is saved already */
} cs_run_stop;

/** What one member says on its command line. Strings are borrowed; NULL: as the job says. */
typedef struct cs_run_options {
    const char *job; /* path of the job file; required */
    const char *out; /* folder for the root's files; required on the root */
    const char *data, *labels, *opening;
    const char *key;                /* this member's secret key file; NULL: an identity for this run alone */
    const char *passphrase_file;    /* of the key file, if it is sealed */
    const char *exclude;            /* names of members of the job who are left out, separated by commas; NULL: nobody */
    const char *member;             /* must be the name of the member at this rank */
    double timeout;                 /* seconds that a silent rank is waited for; 0: by the plan, < 0: for ever */
    int ranks_here;                 /* ranks that share this machine's memory; 0: all */
    double memory;                  /* bytes that this rank may take; 0: its share of what the machine has */
    size_t segments;                /* at least so many; 0: as the job says */
    double speed;                   /* times what is measured of this rank (attest/balance.h); 0: just that */
    const char *checkpoint;         /* folder for this rank's checkpoints; NULL: none. All ranks have one, or none has */
    bool resume;                    /* go on from the latest checkpoint there that all ranks have */
    bool attributable;              /* find out who sends a wrong gradient or share of a table. All ranks, or none */
    double checkpoint_seconds;      /* how often the root asks for one while training; 0: every ten minutes ... */
    size_t checkpoint_steps;        /* ... or after every so many steps */
    cs_run_stop *stop;              /* NULL: nobody stops this run */
    void (*warn)(const char *text); /* about what does not end the run; NULL: nobody listens */
    cs_run_progress progress;       /* called on this rank */
    const char *profile; /* the root writes a timeline of all ranks there; elsewhere: this rank may name its host */
#ifdef CS_TAMPER
    cs_tamper_fn *tamper; /* test builds only */
    cs_attack *attack;    /* how this rank cheats in the proof, or NULL */
#endif
} cs_run_options;

/** Collective. Rank i is member i of the job and reads its own data only. In order: job, keys and data (locally); handshake;
 * dataset commitments; statement; training; final model; proof; the root verifies it and only then writes
 * <out>/<name>.attestation, .safetensors and .report.json, each by way of a temporary file. None of them may exist before.
 * A job that does not fit the memory of every rank is cut into segments, one proof after the other from a handshake of its
 * own on, with <name>.1.attestation, ... and <name>.chain, which lists them, once all are proved.
 * On failure nothing is left under its final name, every rank returns a failure: its own, or CS_ERR_RANK with the ranks that
 * failed. *report: on the root all of it, elsewhere this rank's part.
 *
 *  CS_ERR_USAGE: number of ranks, name or key do not fit the job. CS_ERR_INPUT: job, data, opening, or two ranks differ.
 * CS_ERR_MEMORY: also if the plan exceeds what the machine has. CS_ERR_RANGE, CS_ERR_ABORT: while training or proving.
 * CS_REJECT: the root's own verification failed. CS_ERR_IO. CS_ERR_STOPPED: options->stop->wanted on some rank. */
cs_status cs_run(cs_comm *comm, const cs_run_options *options, cs_run_report *report);

#endif
