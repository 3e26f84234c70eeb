/* The session (section 2): what the ranks (proving) or the verifier (checking) run. It owns the transcript and the ledger.
 * Protocol code is written once and runs in both roles: the verifier has no witness, reads commitments from the proof, and
 * adds the same variables and rows. In the proving role every function marked Collective is one lockstep exchange; a rank
 * that fails locally returns through cs_session_fail, which makes all ranks leave at that exchange. */
#ifndef CS_SESSION_SESSION_H
#define CS_SESSION_SESSION_H

#include "base/progress.h"
#include "comm/comm.h"
#include "curve/commit.h"
#include "ledger/ledger.h"
#include "session/attack.h"
#include "session/deferred.h"
#include "session/judge.h"
#include "session/keys.h"
#include "session/pads.h"
#include "session/record.h"
#include "transcript/transcript.h"

typedef enum cs_role { CS_PROVE, CS_VERIFY } cs_role;

/** What a rank knows of the ledger; private to the rank. */
typedef struct cs_member {
    cs_fr *known;     /* [n_vars] the rank's share; the full value of own and common variables */
    bool *carried;    /* [n_vars] is `known` this rank's share? (common variables: only on rank 0) */
    cs_fr *blindings; /* [n_rows] of this rank's part of each commitment row */
    size_t cap_known, cap_carried, cap_blindings;
    bool answered[CS_ANSWER_COUNT];
    cs_committer *committer;
} cs_member;

typedef struct cs_session {
    cs_role role;
    int rank, n_ranks;  /* among those with data, who are the ranks of a proof; -1: the verifier's, and an idle rank's */
    uint8_t digest[32]; /* of the statement */
    cs_transcript transcript;
    cs_ledger ledger;
    size_t messages;
    /* proving */
    cs_comm *comm;
    const cs_keyring *keys;
    cs_pads *pads;
    cs_member member;
    const cs_progress *progress; /* NULL: nobody wants to know how far it is */
    bool alone;                  /* the ranks have given their last answer: the rest is the root's */
    cs_buffer *proof;            /* root: what the verifier will read */
    cs_transcript sent;          /* chain over all that this rank sends (session/record.h) */
    const cs_signing *signing;   /* NULL: answers are not signed */
    cs_record *record;           /* root: gets what each rank sends; NULL: nobody can be named */
    /* verifying */
    const uint8_t *in;
    size_t in_size, in_pos;
    cs_deferred deferred;
    cs_judge *judge;    /* whose ranks are held against what is read, or NULL */
    cs_deferred *later; /* gets the group equations instead of their being checked at the end; NULL: they are checked */
#ifdef CS_TAMPER
    cs_attack *attack; /* NULL: honest */
#endif
} cs_session;

/** `digest` of the statement. proof: the root's output (NULL elsewhere). Local. */
cs_status cs_session_prove(cs_session *s, cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const uint8_t digest[32],
                           size_t ledger_width, cs_buffer *proof);
cs_status cs_session_verify(cs_session *s, int n_ranks, const uint8_t digest[32], size_t ledger_width, const uint8_t *proof,
                            size_t size);
void cs_session_free(cs_session *s);

static inline bool cs_proving(const cs_session *s) {
    return s->role == CS_PROVE;
}

/** Does this rank have data, hence shares? Else it verifies, or it is idle: it follows the messages and sends none. */
static inline bool cs_holds(const cs_session *s) {
    return s->role == CS_PROVE && s->rank >= 0;
}

/** Is what stands in rows of any use to this rank? Not to an idle one that makes nothing of the tail: it needs their number
 * only, and may leave out what public parts of theirs take long to work out. */
static inline bool cs_needs_rows(const cs_session *s) {
    return s->role == CS_VERIFY || s->rank >= 0 || s->comm->rank == 0;
}

/** Does this rank know anything of a coordinate of this kind? Of others it holds zero, and so does its commitment. */
static inline bool cs_knows(const cs_session *s, cs_kind kind) {
    return kind == CS_SHARED || kind == CS_COMMON || kind == CS_OWN(s->rank);
}

static inline bool cs_is_root(const cs_session *s) {
    return s->role == CS_PROVE && s->comm->rank == 0;
}

/** Test builds: does this rank go on when its own checks fail? Always false otherwise. */
static inline bool cs_session_dishonest(const cs_session *s) {
#ifdef CS_TAMPER
    return s->attack && s->attack->dishonest;
#else
    (void)s;
    return false;
#endif
}

/** A local failure: in the proving role makes it collective (cs_comm_raise) unless it already is (CS_ERR_RANK). Returns
 *  `status`; CS_OK is passed through. */
cs_status cs_session_fail(cs_session *s, cs_status status);

/** A message: one variable per kind. values[n] (prover): what this rank knows of each coordinate; coordinates it does not
 * hold are ignored. The verifier passes NULL. *first: index of the first variable. Collective. */
cs_status cs_session_send(cs_session *s, cs_label label, const cs_kind *kinds, const cs_fr *values, size_t n, cs_var *first);

/** The same for n shared variables. Collective. */
cs_status cs_session_send_shared(cs_session *s, cs_label label, const cs_fr *values, size_t n, cs_var *first);

/** The same for `per_rank` own variables of each rank (rank-major), mine[per_rank] being this rank's, followed by `n_common`
 *  common ones. Variable k of rank i is *first + i * per_rank + k. Collective. */
cs_status cs_session_send_own(cs_session *s, cs_label label, const cs_fr *mine, size_t per_rank, const cs_fr *common,
                              size_t n_common, cs_var *first);

/** A scalar from the transcript, which every rank derives itself. Local. */
cs_fr cs_session_challenge(cs_session *s, cs_label label);
void cs_session_challenges(cs_session *s, cs_label label, cs_fr *out, size_t n);

/** omega[i] = x^(i+1), x a challenge: drawn after everything that it combines is committed. Local. */
void cs_session_rank_weights(cs_session *s, cs_label label, cs_fr *omega);

/** Commitments of every rank, added up: sum[count] (root and verifier; others get the identity). mine[count]: prover. Rows
 *  with common[k] (may be NULL: none) are carried by rank 0 alone, and every member compares the encoding with its own
 *  mine[k]: CS_ERR_ABORT. Collective. */
cs_status cs_session_sum_points(cs_session *s, cs_label label, const cs_g1_affine *mine, const bool *common, size_t count,
                                cs_g1_affine *sum);

/** Commitments of every rank, each by itself: all[i][counts[i]] filled for the verifier and the root (all may be NULL
 * elsewhere). Collective. */
cs_status cs_session_each_points(cs_session *s, cs_label label, const cs_g1_affine *mine, const size_t *counts,
                                 cs_g1_affine **all);

/** What the root does with each rank's answer, in rank order: answer[n], for the time of the call. */
typedef struct cs_answer_use {
    void *context;
    void (*take)(void *context, int rank, const cs_fr *answer);
} cs_answer_use;

/** What this rank reveals to the root alone: n scalars that are uniform whatever the witness is (the caller's argument).
 *  Refuses the second time: CS_ERR_ABORT. With identities the answer is signed, and the root refuses one that is not:
 *  CS_ERR_ABORT (session/record.h). On the root sum[n] is their sum over the ranks, and `use`, unless it is NULL, is given
 * every rank's own. Collective. When verifying it has no effect, but that a judge takes the answers of those whom it judges.
 */
cs_status cs_session_answer(cs_session *s, cs_answer which, cs_label label, cs_fr *mine, size_t n, cs_fr *sum,
                            const cs_answer_use *use);

/** Who keeps what goes through a sum, so that it can be attributed (train/table_sums.h): how->note, give and take are its
 * own (comm/comm.h), all else the session's; and it is told the rest. */
typedef struct cs_sum_keeper {
    void *context;
    size_t note[CS_COMM_NOTES];
    void (*give)(void *context, cs_comm_note which, uint8_t *out);
    void (*take)(void *context, int rank, const uint8_t *note);
    /* This rank's view and padded addends, n elements of 32 bytes. */
    cs_status (*begin)(void *context, const uint8_t view[32], const uint8_t *addends, size_t n);
    /* Another rank's addends of this rank's part, and what came behind them. */
    cs_status (*receive)(void *context, int rank, const uint8_t *addends, size_t size, const uint8_t *note);
    /* This rank's sums of its own part, unmasked; and all, once they are shown. */
    void (*show)(void *context, const uint8_t *sums, size_t size);
    cs_status (*end)(void *context, const uint8_t *sums);
} cs_sum_keeper;

/** values[n]: this rank's addends on entry, the sum over the ranks on return, which the ranks learn and nobody else. Goes
 * under pads keyed by this rank's view (label, index, history, transcript). keeper: NULL, or on all ranks; then sums are
 * made directly, and one that is not reduced is taken for zero. Collective; not called when verifying. */
cs_status cs_session_sum_under_pads(cs_session *s, cs_label label, uint64_t index, cs_fr *values, size_t n,
                                    const cs_sum_keeper *keeper);

/** What all ranks could work out and one does for all: values[n * width] holds this rank's rows on entry, of n that
 * cs_comm_part divides, and all on return. Masked with the common stream, so that nobody else learns them, and part of this
 * rank's view from then on; nothing says that they are right: who cares checks them. The (label, index) is used once.
 * CS_ERR_ABORT for what is no encoding; CS_ERR_MEMORY. Collective; not called when verifying. */
cs_status cs_session_show_rows(cs_session *s, cs_label label, uint64_t index, cs_fr *values, size_t n, size_t width);

/** Every rank's small number (of a public check) to every rank: all[ranks of comm]. Collective; not called when verifying.
 */
cs_status cs_session_numbers(cs_session *s, cs_label label, uint64_t mine, uint64_t *all);

/** Bytes that say nothing of this rank's secrets (the caller's argument) to the root alone, `size` of them, which has them
 * in its record (it must have one, for all ranks of comm), at cs_comm_place_of. Signed with the answers. CS_ERR_ABORT.
 * Collective; when verifying a judge takes those of the ranks whom it judges. */
cs_status cs_session_tell_root(cs_session *s, cs_label label, cs_told which, const cs_buffer *mine, size_t size);

/** Every rank says whether it goes on; one failure stops all. Collective; no effect when verifying. */
cs_status cs_session_agree(cs_session *s, cs_status status);

/** Points and scalars by the root, made of answers that are already masked. Root: in; verifier: out (and other ranks, while
 * the ranks still run). Collective until s->alone, then the root's. */
cs_status cs_session_root_points(cs_session *s, cs_label label, cs_g1_affine *points, size_t n);
cs_status cs_session_root_scalars(cs_session *s, cs_label label, cs_fr *scalars, size_t n);

/* When the ranks have given their last answers they may work for the root, on nothing but what it gives them
 * (witness/ipa.h). A failure is the caller's to raise.
 *
 * Root: ask for help with f[n], hands[ranks of comm] being what each rank is to work on; then in each round take the sums of
 * the others' points (CS_ERR_ABORT names a rank whose points are malformed) and tell them the challenge. The others: offer,
 * then in each round give. Collective. */
cs_status cs_session_ask_help(cs_session *s, const cs_buffer *hands, const cs_fr *f, size_t n, size_t rounds);
cs_status cs_session_take_help(cs_session *s, cs_g1_affine sums[2]);
cs_status cs_session_tell_helpers(cs_session *s, cs_fr c);
cs_status cs_session_offer_help(cs_session *s, cs_buffer *hand);
cs_status cs_session_give_help(cs_session *s, const cs_g1_affine sums[2], cs_fr *c);

/** The zero-share of a cross row (section 5) under this rank's view. Local. */
cs_status cs_session_zero_share(cs_session *s, cs_label label, cs_fr *out);

/** The verifier has read everything (CS_ERR_INPUT for trailing data) and all group equations hold (CS_REJECT), or are left
 * to s->later. Local. */
cs_status cs_session_finish(cs_session *s);

#endif
