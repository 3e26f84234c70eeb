/* Jobs in which any ranks but one follow a strategy (-DCS_TAMPER), and what must hold whatever they do. */
#ifndef CS_TESTS_SUPPORT_DISHONEST_H
#define CS_TESTS_SUPPORT_DISHONEST_H

#ifdef CS_TAMPER

#include "support/cheat.h"

enum { CS_DISHONEST_RANKS = 4 };

/** What the cheats do with frames that they send, with the tag of the strategy's label. */
typedef enum cs_meddling {
    CS_MEDDLING_NONE,
    CS_MEDDLING_CHANGE, /* another content for everybody: a wrong aggregate, wrong weights */
    CS_MEDDLING_ONE,    /* another content for the first honest rank only */
    CS_MEDDLING_REPEAT, /* the content that went under this tag before: what was shown, hence its challenge, once more */
    CS_MEDDLING_REPLAY, /* what the rank sent in another session: its handshake, with the nonce, or all but that */
    CS_MEDDLING_HOLD,   /* nothing is sent any more */
    CS_MEDDLING_LATE,   /* sent, but late */
    CS_MEDDLING_TWICE   /* sent twice: who answers twice? */
} cs_meddling;

/** How a run ends. */
typedef enum cs_ending {
    CS_ENDING_NAMED,    /* a proof that is refused; every cheat that acted is named, and its evidence holds */
    CS_ENDING_UNNAMED,  /* a proof that is refused, or an honest rank stops; nobody is named */
    CS_ENDING_EITHER,   /* one of these: what the cheat hits is chance, or depends on the number of ranks */
    CS_ENDING_REPAIRED, /* no harm done, or an honest rank stops; nobody is named: a sum of few bytes is made again */
    CS_ENDING_ACCEPTED  /* no harm done */
} cs_ending;

typedef struct cs_strategy {
    const char *name;
    cs_ending ending;
    cs_label label;    /* of messages, answers and frames */
    size_t occurrence; /* which one of them, from 0 */
    bool message;      /* lies in the message: adds to all that it may */
    bool answer;       /* lies in the answer, at `position` */
    size_t position;   /* of n scalars: position mod n */
    cs_meddling frames;
    bool root_only;   /* only rank 0 sends such frames: nothing happens unless it is a cheat */
    bool foreign_key; /* signs with another key than its own */
    bool stands_down; /* does not insist: stops where an honest rank would */
    bool hidden;      /* draws are hidden */
    cs_cheat witness; /* what training is changed to (`rank` is ignored); change NULL: nothing */
    void (*before_proof)(cs_example_rank *r, void *context); /* changes tensors after training, or NULL */
} cs_strategy;

/** Runs the strategy with n_ranks ranks, cheats[i] saying which ones follow it, and checks, with a message for whatever
 * fails:
 *
 *  - nothing false is accepted; the ending is the strategy's;
 *  - no honest rank is named with evidence, and none at all if the root is honest;
 *  - no honest rank answers twice, or at all after one of its own checks failed;
 *  - everybody is out within ten seconds.
 *
 * Returns false if something fails. */
bool cs_dishonest_run(const cs_strategy *s, int n_ranks, const bool *cheats);

/** Every strategy with 2, 3 and 4 ranks. The cheats are the last of two, the last two of three and the last three of four,
 * or, in every other run, so many with the root among them: each strategy has it with two and four ranks, or with three. */
bool cs_dishonest_run_all(const cs_strategy *list, size_t n);

#endif

#endif
