/* The ledger: variables (coordinates of committed messages), linear expressions in them, and rows that must hold.
 *
 * A variable's kind says who holds it: own(i) (rank i alone), shared (an additive share on every rank) or common (all
 * members know it; rank 0's share is the value). A product row a*b = c has an owner who knows a, b and c. A linear row is
 * local if every honest rank's share of it is zero by itself, cross if only the sum is. Constants belong to a rank, so that
 * a claim splits into shares. */
#ifndef CS_LEDGER_LEDGER_H
#define CS_LEDGER_LEDGER_H

#include "base/error.h"
#include "curve/g1.h"
#include "field/fr.h"
#include "transcript/labels.h"

typedef uint32_t cs_kind;
#define CS_SHARED    ((cs_kind)0xfffffffe)
#define CS_COMMON    ((cs_kind)0xffffffff)
#define CS_OWN(rank) ((cs_kind)(rank))

/** Index of a variable, or CS_CONST(rank): "one", held by that rank. */
typedef uint32_t cs_var;
#define CS_CONST(rank)   ((cs_var)(0x80000000u | (uint32_t)(rank)))
#define CS_IS_CONST(var) (((var)&0x80000000u) != 0)

typedef struct cs_term {
    cs_var var;
    cs_fr coef;
} cs_term;

/** Sum of coefficient * variable. Zero-initialise ({0}); free with cs_expr_free. Failure to grow is sticky (`failed`) and is
 *  reported when the expression becomes a row or a claim. */
typedef struct cs_expr {
    cs_term *terms;
    size_t n, capacity;
    bool failed;
} cs_expr;

void cs_expr_add_term(cs_expr *e, cs_fr coef, cs_var var);
void cs_expr_add_const(cs_expr *e, cs_fr value, int rank);
void cs_expr_add(cs_expr *e, cs_fr coef, const cs_expr *other); /* e += coef * other; other != e */
void cs_expr_scale(cs_expr *e, cs_fr coef);
void cs_expr_merge(cs_expr *e); /* one term per variable */
void cs_expr_clear(cs_expr *e);
void cs_expr_free(cs_expr *e);

/** Value on an assignment of all variables; `unit` stands for one. rank >= 0: that rank's share, with its constants only. */
cs_fr cs_expr_value(const cs_expr *e, const cs_fr *z, cs_fr unit, int rank);

typedef struct cs_product {
    cs_expr a, b, c;
    int owner;
    cs_label label;
} cs_product;

typedef struct cs_linear {
    cs_expr e;
    bool cross;
    cs_label label;
} cs_linear;

/** Where a variable is committed. */
typedef struct cs_cell {
    uint32_t row, column;
} cs_cell;

typedef struct cs_ledger {
    size_t width; /* coordinates per commitment row, a power of two */
    int n_ranks;
    size_t n_vars, n_rows, n_products, n_linears;
    cs_kind *kinds;       /* [n_vars] */
    cs_cell *cells;       /* [n_vars] */
    cs_g1_affine *points; /* [n_rows] summed commitments; the root and the verifier have them, others hold the identity */
    bool *common_rows;    /* [n_rows] a row of common variables, carried by rank 0 alone */
    cs_product *products;
    cs_linear *linears;
    size_t cap_vars, cap_rows, cap_products, cap_linears;
} cs_ledger;

cs_status cs_ledger_init(cs_ledger *l, size_t width, int n_ranks);
void cs_ledger_free(cs_ledger *l);

/** Commitment rows that a message of these kinds takes: first the rows of its own and shared coordinates, then those of
 *  its common ones, each cut at the width. */
size_t cs_ledger_message_rows(const cs_ledger *l, const cs_kind *kinds, size_t n);

/** Adds the variables of a message; points[rows]. *first is the index of the first variable. */
cs_status cs_ledger_add_message(cs_ledger *l, const cs_kind *kinds, size_t n, const cs_g1_affine *points, cs_var *first);

/** Adds a*b = c. Takes the contents of a, b, c (the caller's are empty afterwards). CS_ERR_INTERNAL if the row is not local
 * to `owner`: a, b only own(owner) or common variables, c only own(owner), constants of c only the owner's. */
cs_status cs_ledger_product(cs_ledger *l, cs_expr *a, cs_expr *b, cs_expr *c, int owner, cs_label label);

/** Adds e = 0. Takes the contents of e. */
cs_status cs_ledger_zero(cs_ledger *l, cs_expr *e, bool cross, cs_label label);

/** Linear rows, combined: one row for each label of local rows, in the order in which the labels first appear, so that a
 *  rank's part of each stage can be judged by itself; then one for all cross rows, which is there even if it is empty. */
typedef struct cs_combined {
    size_t n;
    cs_expr *rows;    /* [n] the last one is the cross row */
    cs_label *labels; /* [n] of the cross row: that of the last cross row, or FINALE_LINEAR */
} cs_combined;

/** Within a combined row the k-th of its rows has the weight challenge^k, k = 0, 1, ... CS_ERR_MEMORY; `out` is freed by
 * cs_combined_free in any case. */
cs_status cs_ledger_combine(const cs_ledger *l, cs_fr challenge, cs_combined *out);
void cs_combined_free(cs_combined *c);

#endif
