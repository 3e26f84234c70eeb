/* Judging ranks: the verifier's run of the protocol over what the root showed, next to which each accused rank's own
 * commitments, answers and signature are held. The session keeps its books here (which commitment belongs to which row of
 * the ledger); witness/judge.c and finale/judge.c judge.
 *
 * A rank that follows the protocol is never found guilty, whatever the others and the root do: everything that is checked is
 * checked against the transcript that the rank itself was shown (its signature covers it), and it checks the same before it
 * answers. Local. */
#ifndef CS_SESSION_JUDGE_H
#define CS_SESSION_JUDGE_H

#include "curve/g1.h"
#include "field/fr.h"
#include "session/sums_chain.h"

struct cs_session;

/** What a rank did, from the worst that can be shown to what only the root saw. */
typedef enum cs_offence {
    CS_OFFENCE_NONE,
    CS_OFFENCE_OPENING,   /* its answer does not open its own commitments */
    CS_OFFENCE_FOREIGN,   /* it gave a part to what belongs to another rank */
    CS_OFFENCE_ROW,       /* its answer does not satisfy its own row */
    CS_OFFENCE_SIGNATURE, /* what it signed is not what it sent and was shown: of that no evidence can be made */
    CS_OFFENCE_HELP,      /* what it worked out for the root is wrong: it signed nothing of that */
    /* with --attributable (train/attribution.h) */
    CS_OFFENCE_SENT,     /* what it says it sent while training is not what it sent */
    CS_OFFENCE_SUM,      /* the sums that it showed are not those of what it got */
    CS_OFFENCE_WITNESS,  /* it commits to other tensors than before */
    CS_OFFENCE_GRADIENT, /* the gradient that it sent is not that of its committed tensors */
    CS_OFFENCE_PADS,  /* it, or the other rank that is named with it, lies about the pads that both know, and neither shows
                         them: no evidence */
    CS_OFFENCE_TWICE, /* it signed two different accounts of what it sent and showed */
    CS_OFFENCE_FALSE_PADS, /* the pads that it committed to are not those that it shares with another rank */
    CS_OFFENCE_TABLE,      /* the share of a weight table that it sent is not that of its committed tensors */
    CS_OFFENCE_ALARM,      /* it says of a weight table that is right that it is wrong: no evidence */
    CS_OFFENCE_COUNT
} cs_offence;

/** In words: "its answer does not satisfy its own row". Static storage. */
const char *cs_offence_text(cs_offence offence);

/** One rank and what is found. */
typedef struct cs_judged {
    int rank;
    const cs_sent *sent;       /* borrowed */
    const uint8_t *key;        /* [32] Ed25519, borrowed; NULL: signatures are not looked at */
    int speaker;               /* its rank in the run, which counts idle ranks: who has signed the words */
    const cs_sums_word *words; /* of the steps in doubt (train/attribution.h), borrowed, or NULL */
    /* found */
    cs_offence offence;
    cs_label stage;
    bool is_signed; /* the signature of `key` holds for all of it */
    /* the session's */
    cs_transcript chain;
    size_t n_points;
    cs_g1_affine *points;              /* [n_points] */
    cs_fr *answers[CS_ANSWER_COUNT];   /* the scalars */
    size_t n_answers[CS_ANSWER_COUNT]; /* how many */
} cs_judged;

/** cs_judge_new, then: nonce; rank, sent, key of each rank; and either `common` or rank 0 as the first of them. */
typedef struct cs_judge {
    const uint8_t *nonce; /* [32] of the session, borrowed */
    size_t n;
    cs_judged *ranks; /* [n] owned */
    /* Masked values of the common variables, then the blindings of their commitment rows, 32 bytes a scalar: from rank 0's
     * answer. Every member knows them, and they are judged by the commitments that all were shown. */
    cs_buffer common;
    bool common_given; /* else it is taken from rank 0's answer */
    bool common_known; /* they open those commitments: product rows can be judged */
    /* the session's: points taken so far by each rank, and for each row of the ledger which of them it is, and its label */
    size_t taken, cap_rows, cap_labels;
    size_t *row_at;
    cs_label *row_labels;
} cs_judge;

cs_status cs_judge_new(cs_judge *j, size_t n);
void cs_judge_free(cs_judge *j);

/** Finds `rank` guilty unless it already is. */
void cs_judge_find(cs_judged *rank, cs_offence offence, cs_label stage);

/** Finds the ranks from..to-1 for which an equation does not hold: `hold` checks some of them together (CS_REJECT: they do
 * not), `found` is called for each guilty one. Halves are checked where the whole fails, so that one equation does if
 * nobody is guilty. */
cs_status cs_judge_search(cs_judge *j, size_t from, size_t to, const void *context,
                          cs_status (*hold)(const void *context, const cs_judge *j, size_t from, size_t to),
                          cs_status (*found)(const void *context, cs_judge *j, size_t k));

/* Called by the session, in the verifying role. CS_ERR_INPUT if what a rank is said to have sent is malformed, or is not
 * what the protocol has there. */

/** Every judged rank's chain begins; points are decoded. */
cs_status cs_judge_begin(cs_judge *j, struct cs_session *s);
/** A sum of commitments: each rank's parts. */
cs_status cs_judge_sum(cs_judge *j, cs_label label, size_t count);
/** Commitments that the proof has rank by rank. */
cs_status cs_judge_each(cs_judge *j, cs_label label, const size_t *counts, cs_g1_affine *const *all);
/** The last `count` points of each rank are rows first.. of the ledger. */
cs_status cs_judge_rows(cs_judge *j, cs_label label, size_t first, size_t count);
/** What each rank told the root: `size` bytes. */
cs_status cs_judge_told(cs_judge *j, cs_label label, cs_told which, size_t size);
/** An answer of n scalars; with the last one signatures are checked. */
cs_status cs_judge_answer(cs_judge *j, const cs_transcript *view, cs_answer which, cs_label label, size_t n);

#endif
