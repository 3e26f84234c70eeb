/* Internal to src/train/attribution*.c. */
#ifndef CS_TRAIN_ATTRIBUTION_PARTS_H
#define CS_TRAIN_ATTRIBUTION_PARTS_H

#include "train/attribution.h"
#include "train/proof.h"

enum { CS_TOLD_INTEGER = 16 };

/** What is shown of all gradients in doubt, or of a table. */
typedef struct cs_naming_sum {
    cs_expr totals[CS_MAX_RANKS]; /* <e, addends> of each rank with data */
    cs_fr mine;
    size_t row; /* of the ledger: commitment to the first rank's <e, addends> */
} cs_naming_sum;

/** The state of one run of the protocol, in either role. */
typedef struct cs_naming {
    const cs_doubted *about;
    const cs_attribution *a; /* prover */
    const cs_params *params;
    /* gradients */
    size_t entries; /* of a sum */
    cs_axis k[CS_MAX_LAYERS + 1], j[CS_MAX_LAYERS + 1];
    cs_fr lambda, mu;    /* powers of the first weigh steps, of the second layers */
    cs_fr *step_weights; /* [2^step bits] */
    cs_naming_sum gradients;
    /* the table */
    cs_axis table_k, table_j; /* of its update: along one of them it is contracted, the other one is drawn */
    cs_fr *table_steps;       /* [2^step bits] weights of its rows in e ... */
    cs_fr *table_updates;     /* ... and hence of the updates of each step */
    cs_naming_sum table;
    cs_told_word word; /* prover: what this rank signs of what it tells */
    cs_buffer pads;    /* ... and what that is */
} cs_naming;

void cs_naming_init(cs_naming *n, const cs_doubted *about, const cs_params *params);
void cs_naming_free(cs_naming *n);

/** The digest of the session, from that of the statement. */
void cs_naming_digest(uint8_t out[32], const uint8_t statement[32], const cs_doubted *about);

/** The protocol. */
cs_status cs_naming_run(cs_proof *p);

/** Draws e. CS_ERR_MEMORY. */
cs_status cs_naming_draw(cs_naming *n, cs_transcript *t);

/** <e, values>: integers of all steps in doubt, those of a step `stride` bytes after those of the one before. */
cs_status cs_naming_combine(const cs_naming *n, const uint8_t *values, size_t stride, cs_fr *out);

/** Appends 128-bit integers as they are told. */
void cs_naming_append(cs_buffer *out, const unsigned __int128 *values, size_t n);

/** Bytes that a rank tells of one step, of which the first are hashes; of all steps; and of the table, which follows. */
size_t cs_naming_hashes(const cs_doubted *d);
size_t cs_naming_step(const cs_naming *n);
size_t cs_naming_steps(const cs_doubted *d);
size_t cs_naming_table(const cs_doubted *d);

/** Bytes that a rank tells of the pads of one kind of sums: points, and a scalar. Of gradients they come first; of the table
 * from cs_naming_table_at on. Behind both is the signature. */
size_t cs_naming_pads(const cs_doubted *d);
size_t cs_naming_table_at(const cs_doubted *d);

/* attribution_tables.c: of a table what attribution.c does for gradients. */
cs_status cs_naming_draw_table(cs_naming *n, cs_transcript *t);
cs_status cs_naming_add_table(cs_proof *p, cs_relations *all);
/** CS_REJECT if an element is not reduced. */
cs_status cs_naming_combine_table(const cs_naming *n, const uint8_t *elements, cs_fr *out);
/** <e, values>: pads of a table. */
cs_status cs_naming_combine_elements(const cs_naming *n, const cs_fr *values, cs_fr *out);

/** Root: judges all ranks by what it has in `out`, and appends what it finds; pairs that do not agree on their pads are put
 * into out->pairs. */
cs_status cs_naming_judge(const cs_naming *n, const cs_instance *instance, cs_attributed *out);

/** What a rank has told is what it said while it trained; and that, less its pads, is its committed gradient (`points` of
 * an idle rank: NULL, which has none). Otherwise it is found guilty. CS_ERR_MEMORY. */
cs_status cs_naming_judge_told(const cs_naming *n, const cs_judge *j, cs_judged *r);

/** Has the rank signed its word of the x-th sum in doubt, about a sum of this shape? */
bool cs_naming_word_is_signed(const cs_naming *n, const cs_judged *r, size_t x);

/** Whose pads, as it told them, and as the keys say that were shown: these must be those of `root`. */
typedef struct cs_pads_told {
    int rank, with;
    const cs_told_word *word; /* nonce, digest and place of the session; its rank does not matter */
    const cs_buffer *told;
    const cs_sums_word *words; /* of the sums in doubt: their views */
    const uint8_t *root, *shown;
} cs_pads_told;

/** Are these the keys? And are the pads those that it told, *same? CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_naming_pads_hold(const cs_naming *n, const cs_pads_told *t, bool *same);

/** Collective, after all have answered: of each pair that does not agree on its pads, as the root found in `out`, the honest
 * one shows what they are; appends to the root's findings who committed to others, or, if nobody showed them, the pair. */
cs_status cs_naming_settle(cs_proof *p, cs_comm *comm, cs_attributed *out);

#endif
