/* A run in progress: internal to src/attest/run*.c. */
#ifndef CS_ATTEST_RUN_STATE_H
#define CS_ATTEST_RUN_STATE_H

#include "attest/checkpoint.h"
#include "attest/dataset_opening.h"
#include "attest/derive.h"
#include "attest/run.h"
#include "base/strings.h"
#include "data/sealed_file.h"
#include "provenance/dataset_folder.h"
#include "provenance/identity.h"
#include "session/pads.h"
#include "train/attribution.h"
#include "train/kept_sums.h"
#include "train/protocol.h"

/** Checkpoints of this rank (run_checkpoint.c). */
typedef struct cs_run_saves {
    bool on; /* all ranks save */
    char *path[2], *key_path;
    bool offered[2]; /* this rank could go on from ... */
    cs_checkpoint_head offer[2];
    bool resuming; /* from `head`, until the trainer is restored */
    cs_checkpoint_head head;
    cs_sealed_input *from;
    size_t first_segment; /* the one that this session began with */
    uint8_t run[32], draws[32];
    size_t sequence;
    double last, cost;    /* when it saved, and what that took */
    uint8_t (*parts)[32]; /* root: [segments] digests of the attestations so far */
    cs_witness_rows rows;
} cs_run_saves;

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
    cs_fr
        *initial_blindings; /* [cs_initial_row_count] of a committed W(0); from the second segment on its carrier's alone */
    double crowd;           /* ranks that share a core, for the forecast */
    size_t segments, segment;    /* how many, and which one; before they are agreed on: as many as this rank needs */
    uint8_t before[32];          /* digest of the last segment's statement ... */
    cs_g1_affine *before_rows;   /* ... and the commitments to its final model, if it is not public */
    cs_secret_identity identity; /* of --key, or made for this run */
    cs_keyring keys;
    cs_pads *pads;
    cs_dataset data, test;
    char *opening_path;
    char *attestation_path, *model_path, *model_opening_path, *report_path; /* root; the first: of all segments' listing */
    cs_opening opening;
    size_t n_openings;
    cs_dataset_opening *openings; /* [n_openings] of this member's datasets */
    cs_fr *dataset_blindings;     /* [cs_dataset_row_count] */
    cs_blocks blocks;
    cs_tensor kept[2];                     /* D and Y between two segments */
    cs_tensor *tensors;                    /* [blocks.n] */
    cs_statement statement;                /* grows as the run goes on */
    cs_signed manifest;                    /* n = 0: there is none */
    cs_signature signatures[CS_MAX_RANKS]; /* of the members on the statement, if they have identities */
    uint32_t *own_draws;                   /* [steps * batch] hidden ones, else NULL */
    cs_derived derived;
    cs_trainer *trainer;
    cs_fr *final_blindings;              /* the first member's with data, if the final model is committed */
    cs_buffer proof;                     /* root */
    cs_proof_stats stats;                /* of this segment */
    size_t committed, lookups, messages; /* of all so far */
    bool published;                      /* something has its final name */
    cs_record record;                    /* root: what each rank sent while proving this segment */
    double cpu_seconds;
    cs_run_saves saves;
    bool attributable;      /* a wrong gradient will be found: --attributable, and there are others */
    cs_sent_sums sums;      /* of this segment's training */
    cs_table_sums tables;   /* of its weight tables */
    bool keeps;             /* sums of gradients are kept for weight tables */
    cs_kept_sums kept_sums; /* this rank's */
    cs_doubts doubts;       /* of its gradients */
} cs_run_state;

/** The member that a rank is, in the order of the statement's members and the job's: those with data come first, and their
 * numbers are those of the proof's ranks. Without idle members the two are equal. */
static inline int cs_run_member(const cs_run_state *r, int rank) {
    return cs_job_member_at(&r->job, rank);
}

/** This rank's; does it have data; and is it the member who carries what all know (models that are only committed)? */
static inline int cs_run_me(const cs_run_state *r) {
    return cs_run_member(r, r->comm->rank);
}
static inline bool cs_run_holds(const cs_run_state *r) {
    return cs_run_me(r) < r->job.params.n_ranks;
}
static inline bool cs_run_carries(const cs_run_state *r) {
    return cs_run_me(r) == 0;
}

/** What a member is called, by its rank. */
static inline const char *cs_run_name(const cs_run_state *r, int rank) {
    return r->job.members[cs_run_member(r, rank)].name;
}

/** Names of this rank's checkpoints: none exists, or it is to be resumed. Local; part of cs_run_prepare. */
cs_status cs_run_name_checkpoints(cs_run_state *r);

/** The key of a member without one of its own: made for this run, or by the run that is resumed. Local. */
cs_status cs_run_key_of_checkpoints(cs_run_state *r);

/** Which checkpoints this rank can go on from. At least one, if it is to resume: CS_ERR_INPUT, CS_ERR_IO say why not. Local;
 * part of cs_run_prepare. */
cs_status cs_run_find_checkpoints(cs_run_state *r);

/** Goes on from the checkpoint in `slot`: segment, contributions, first model of the segment. Local. */
cs_status cs_run_resume(cs_run_state *r, int slot);

/** A run that saves begins. Local. */
cs_status cs_run_begin_saves(cs_run_state *r);

/** Once the datasets are committed: the statement becomes that of the checkpoint. CS_ERR_INPUT: other data. Local. */
cs_status cs_run_check_resumed(cs_run_state *r);

/** The trainer, and the witness if it was committed to. Local. */
cs_status cs_run_restore(cs_run_state *r);

/** Writes a checkpoint; if it cannot, says so and goes on. Local. */
cs_status cs_run_save(cs_run_state *r, cs_checkpoint_stage stage);

/** Collective: the training, from the checkpoint or from the start. */
cs_status cs_run_train_saving(cs_run_state *r, const cs_progress *progress);

/** After the run. Local. */
void cs_run_remove_checkpoints(cs_run_state *r);
void cs_run_free_saves(cs_run_state *r);

/** Everything that a rank can find out alone, before anyone is bothered. Local. */
cs_status cs_run_prepare(cs_run_state *r);

/** This member's records: committed datasets with their openings, or a data file. Local; part of cs_run_prepare. */
cs_status cs_run_load_datasets(cs_run_state *r);

/** Collective, after the first handshake. The statement gets its members' keys and datasets, the same on every rank, for all
 * segments. */
cs_status cs_run_commit_datasets(cs_run_state *r);

/** Tensors of this segment; those of this rank's D and Y are filled, and their blindings: from the openings, which are
 * dropped, or with what was kept of the segment before. Local. */
cs_status cs_run_make_tensors(cs_run_state *r);
void cs_run_keep_datasets(cs_run_state *r);
void cs_run_free_tensors(cs_run_state *r);

/** Collective: as many segments as the rank needs that needs the most; whether all save; and, if they resume, from where:
 * the latest checkpoint that all have. */
cs_status cs_run_agree(cs_run_state *r);

/** The statement is about segment r->segment from now on, and starts from the model that the last one ended with. Local. */
cs_status cs_run_begin_segment(cs_run_state *r);

/** Keeps what the next segment needs (nothing after the last), and frees everything else of this one. Local. */
cs_status cs_run_end_segment(cs_run_state *r);
void cs_run_free_segment(cs_run_state *r);

/** W(0) where it is no matter of the seed; of a committed one rank 0 alone has a file. Local; part of cs_run_prepare. */
cs_status cs_run_load_initial(cs_run_state *r);

/** Collective, in the first segment: rank 0 gives a committed W(0) and its blindings to all, masked, and every
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

/** The root's names for its files; none may exist. Local; once before the segments are agreed on, and once after. */
cs_status cs_run_name_outputs(cs_run_state *r);

/** The attestation of this segment, under a temporary name: the root's last work of a segment. Local. */
cs_status cs_run_save_segment(cs_run_state *r);

/** Collective: the root verifies the proof; if it does not hold, the root names who cheated, as far as that can be known,
 * and writes evidence where members have identities; all ranks say so and leave. CS_REJECT on the root, CS_ERR_RANK
 * elsewhere. */
cs_status cs_run_judge(cs_run_state *r);

/** Collective, with --attributable, after a proof that failed: finds who sent a wrong gradient in the steps of r->doubts, or
 * a wrong share of the table in doubt, as in train/attribution.h, and tells all ranks. Never CS_OK: CS_REJECT on the root,
 * CS_ERR_RANK elsewhere; or why it could not be done. */
cs_status cs_run_attribute(cs_run_state *r);

/** The same after a proof that ended because a rank calls a weight table wrong. */
cs_status cs_run_doubt_table(cs_run_state *r);

/** Root: evidence against those who contradicted themselves in these sums; its name is put behind the text of the failure,
 * which `status` is. Returns `status`. Local. */
cs_status cs_run_accuse_liars(const cs_run_state *r, const cs_sent_sums *sums, cs_status status);

/** The handshake of another session, after the first one's keys and pads are gone: the members have the same keys, or
 * CS_ERR_ABORT. Collective. */
cs_status cs_run_handshake_again(cs_run_state *r);

/** Those of the segments before the one that is resumed are there, unchanged. CS_ERR_IO, CS_ERR_INPUT. Local. */
cs_status cs_run_check_segments(const cs_run_state *r);

/** Accuracy, files, report: the root's last work, after all segments. Local. */
cs_status cs_run_publish(cs_run_state *r);

/** Removes what the two above wrote (something failed). Local. */
void cs_run_withdraw(cs_run_state *r);

#endif
