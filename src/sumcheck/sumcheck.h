/* The sumcheck of section 3, whose messages are commitments:
 *
 *     claim = sum over ranks i, over x in {0,1}^bits, over terms of  weight_i * public_i(x) * product of tables_i(x)
 *
 * Own tables differ from rank to rank, common ones are the same on all. Ranks are never folded into each other: in the end
 * each rank holds one value per table. Round polynomials go as shared variables; their value at 1 is an expression.
 *
 * When every term stands under the same eq(point, ·), the round message is the polynomial without its eq factor, one degree
 * lower (Gruen, "Some improvements for the PIOP for ZeroCheck", ePrint 2024/108, section 3).
 *
 * Messages are few: as soon as at most CS_SC_PAIR_BITS variables are left, a message is the polynomial in two of them, and
 * several sumchecks may run together, under the same challenges. */
#ifndef CS_SUMCHECK_SUMCHECK_H
#define CS_SUMCHECK_SUMCHECK_H

#include "session/session.h"

enum { CS_SC_TABLES = 6, CS_SC_TERMS = 5, CS_SC_FACTORS = 3, CS_SC_BITS = 48, CS_SC_NO_PUBLIC = -1 };
enum { CS_SC_PAIR_BITS = 12, CS_SC_DEGREE = 4, CS_SC_GRID = (CS_SC_DEGREE + 1) * (CS_SC_DEGREE + 1) - 1 };

/** A public weight, evaluated at a point by every party. */
typedef struct cs_sc_public {
    cs_fr (*at)(void *context, int rank, const cs_fr *point);
    void *context;
    bool per_rank; /* `at` is called for rank 0, 1, …, in this order; else once, with rank 0 */
} cs_sc_public;

typedef struct cs_sc_term {
    const cs_fr *weights;           /* [n_ranks] */
    int pub;                        /* index of the public weight, or CS_SC_NO_PUBLIC */
    unsigned n_factors;             /* 1..3 */
    unsigned factor[CS_SC_FACTORS]; /* table indices: own tables first, then common ones */
} cs_sc_term;

/** What is proved; the same in both roles. */
typedef struct cs_sumcheck {
    cs_label label; /* of its ledger rows: which relation this is */
    unsigned bits, n_own, n_common, n_public, n_terms;
    cs_sc_term terms[CS_SC_TERMS];
    cs_sc_public publics[2];
    const cs_fr *eq_point; /* [bits]: all terms under eq(eq_point, ·), no publics; or NULL */
    unsigned single;       /* so many first rounds have messages of their own in any case (cs_sc_first) */
} cs_sumcheck;

/** A prover's table. Either values[2^bits], which the sumcheck consumes (folds in place), or a loader of entries that are
 * not stored as field elements. values may be shorter than 2^bits: entries from `live` on are `tail`. live = 0 means 2^bits.
 */
typedef struct cs_sc_table {
    cs_fr *values;
    size_t live;
    cs_fr tail;
    void (*load)(const void *context, size_t offset, size_t n, cs_fr *out);
    const void *context;
    bool load_longer; /* with a loader: store entries after two folds instead of one, for half the memory and half as many
                         calls of the loader more */
    cs_fr *kept;      /* gets a copy of the entries when 2^kept_bits of them are left; or NULL */
    unsigned kept_bits;
} cs_sc_table;

/** A prover's own way through the first rounds, as many of those that have messages of their own as it likes. round: as
 * cs_sc_prover_round. The last bind leaves the tables, folded by all of them, in the witness, for the other rounds; with
 * rounds = 0 they are there from the start. */
typedef struct cs_sc_first {
    unsigned rounds;
    void (*round)(void *context, cs_fr *out);
    cs_status (*bind)(void *context, cs_fr r);
    void *context;
} cs_sc_first;

/** The prover's side: tables[n_own + n_common], publics[n_public] (values only). */
typedef struct cs_sc_witness {
    cs_sc_table tables[CS_SC_TABLES];
    cs_sc_table publics[2];
    cs_sc_first first;
} cs_sc_witness;

typedef struct cs_sc_result {
    cs_fr point[CS_SC_BITS];
    cs_var first;    /* own value k of rank i: first + i * per_rank + k */
    size_t per_rank; /* own values of all the sumchecks that ran together */
    cs_var common;   /* common value k: common + k */
} cs_sc_result;

/** Proves `claim` (its contents are taken). witness: prover only. Collective. */
cs_status cs_sumcheck_run(cs_session *s, const cs_sumcheck *what, cs_expr *claim, cs_sc_witness *witness, cs_sc_result *out);

/** A sumcheck among others. Zero-initialise; the claim's contents are taken. */
typedef struct cs_sc_job {
    cs_sumcheck what;
    cs_expr claim;
    cs_sc_witness witness; /* prover only */
    cs_sc_result result;
} cs_sc_job;

/** Proves n claims at once: a message has the values of all that have variables left, and round j of each gets the same
 * challenge j. Claims must not depend on each other's results. Collective. */
cs_status cs_sumcheck_run_together(cs_session *s, cs_sc_job *const *jobs, size_t n);

/** Messages that a sumcheck alone takes, the last values' one included. Local. */
size_t cs_sumcheck_messages(unsigned bits, unsigned single);

/** Variable of own table k of rank i. */
static inline cs_var cs_sc_own(const cs_sc_result *r, int i, unsigned k) {
    return r->first + (cs_var)((size_t)i * r->per_rank + k);
}

/* The prover's arithmetic, in prover.c. */

typedef struct cs_sc_prover cs_sc_prover;
cs_status cs_sc_prover_new(cs_sc_prover **out, const cs_sumcheck *what, cs_sc_witness *witness, int rank);
void cs_sc_prover_free(cs_sc_prover *p);

/** out[degree]: this rank's share of the round polynomial at 0, 2, 3, …, degree. */
void cs_sc_prover_round(cs_sc_prover *p, unsigned degree, cs_fr *out);

/** Binds the highest variable to r. */
cs_status cs_sc_prover_fold(cs_sc_prover *p, cs_fr r);

/** out[(degree + 1)^2 - 1]: this rank's share of the polynomial in the two highest variables at (x, y), x and y in 0, 1, …,
 * degree, without (1, 1); y runs first. At least two variables are left; cs_sc_prover_fold_pair must follow. CS_ERR_MEMORY.
 */
cs_status cs_sc_prover_round_pair(cs_sc_prover *p, unsigned degree, cs_fr *out);

/** Binds the two highest variables, after cs_sc_prover_round_pair. */
cs_status cs_sc_prover_fold_pair(cs_sc_prover *p, const cs_fr r[2]);

/** The folded value of a table, after all rounds. */
cs_fr cs_sc_prover_value(const cs_sc_prover *p, unsigned table);

#endif
