/* Dishonest runs for tests (-DCS_TAMPER): who cheats where, and which rows of the ledger break. */
#ifndef CS_TESTS_SUPPORT_CHEAT_H
#define CS_TESTS_SUPPORT_CHEAT_H

#ifdef CS_TAMPER

#include "support/example.h"

/** One change to one tensor of one step on one rank; everything that follows in training is consistent with it. */
typedef struct cs_cheat {
    int rank;
    size_t step;
    int what; /* cs_block_kind, CS_TAMPER_DRAW or CS_TAMPER_GRADIENT */
    size_t layer, limb;
    void (*change)(int64_t *values, size_t rows, size_t columns);
} cs_cheat;

/** What one rank's ledger looks like at the end. */
typedef struct cs_seen {
    size_t n_linears;
    cs_fr *shares; /* [n_linears] this rank's share of each linear row */
    bool *cross;
    cs_label *labels;
    bool product_broken[CS_LABEL_COUNT]; /* rows that this rank owns */
} cs_seen;

typedef struct cs_cheat_run {
    cs_example e;
    cs_cheat cheat;
    cs_seen seen[CS_MAX_RANKS];
    cs_status prove, verify; /* verify: of the proof, if there is one */
    cs_status judge;         /* of judging all ranks after a proof that was refused */
    cs_offence offence[CS_MAX_RANKS];
    cs_label stage[CS_MAX_RANKS];
} cs_cheat_run;

/** Datasets and statement; the test may then change e (ranks, instance) before cs_cheat_go. */
cs_status cs_cheat_new(cs_cheat_run *r, const cs_example_options *o, const cs_cheat *cheat);

/** Rank `rank` goes on whatever is wrong with its own rows; `tables` false: it does not look at weight tables either. */
void cs_cheat_dishonest(cs_cheat_run *r, int rank, bool tables);

/** Trains, proves, verifies. */
void cs_cheat_go(cs_cheat_run *r);

/** Rows with this label that do not hold, over all ranks' shares. */
bool cs_cheat_broken(const cs_cheat_run *r, cs_label label);

/** Are the broken rows exactly those with the labels given (CS_LABEL_COUNT ends the list)? Prints the difference. */
bool cs_cheat_broken_exactly(const cs_cheat_run *r, const cs_label *labels);

/** Is `rank` found guilty at this stage, and nobody else of anything? rank -1: nobody is. Prints what else is. */
bool cs_cheat_named(const cs_cheat_run *r, int rank, cs_offence offence, cs_label stage);

void cs_cheat_free(cs_cheat_run *r);

#endif

#endif
