#include "sumcheck/sumcheck.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include <string.h>

/* Degree of a round polynomial in its variable, and at once the number of values sent for it. */
static unsigned round_degree(const cs_sumcheck *w) {
    unsigned degree = 1;
    for (unsigned k = 0; k < w->n_terms; k++) {
        const unsigned d = w->terms[k].n_factors + (w->terms[k].pub >= 0);
        degree = d > degree ? d : degree;
    }
    return degree < 2 ? 2 : degree;
}

/* The claim after a round: Lagrange at r of (v0, value at 1, v2, …). The value at 1 is claim - v0, or under one eq with
 * coordinate a, whose factor (1-a, a) is not in the message, (claim - (1-a) v0) / a. */
static void next_claim(cs_expr *claim, cs_var first, unsigned degree, cs_fr r, const cs_fr *a, const cs_fr *a_inverse) {
    cs_fr lagrange[8];
    cs_lagrange(lagrange, degree + 1, r);
    cs_fr at_one = lagrange[1], minus = lagrange[1];
    if (a) {
        at_one = cs_fr_mul(at_one, *a_inverse);
        minus = cs_fr_mul(at_one, cs_fr_sub(CS_FR_ONE, *a));
    }
    cs_expr_scale(claim, at_one);
    cs_expr_add_term(claim, cs_fr_sub(lagrange[0], minus), first);
    for (unsigned k = 2; k <= degree; k++)
        cs_expr_add_term(claim, lagrange[k], first + k - 1);
}

static cs_status run_rounds(cs_session *s, const cs_sumcheck *what, cs_expr *claim, cs_sc_prover *prover, cs_fr *point) {
    const unsigned degree = round_degree(what);
    cs_fr inverse[CS_SC_BITS], values[4];
    if (what->eq_point) {
        cs_fr_vec_inverse(inverse, what->eq_point, what->bits);
        for (unsigned j = 0; j < what->bits; j++)
            if (cs_fr_is_zero(inverse[j]))
                return cs_session_fail(s, cs_fail(CS_ERR_ABORT, "sumcheck: a challenge is zero"));
    }
    for (unsigned j = 0; j < what->bits; j++) {
        cs_var first;
        if (prover)
            cs_sc_prover_round(prover, degree, values);
        CS_TRY(cs_session_send_shared(s, CS_LABEL_SC_ROUND, values, degree, &first));
        point[j] = cs_session_challenge(s, CS_LABEL_SC_CHALLENGE);
        next_claim(claim, first, degree, point[j], what->eq_point ? &what->eq_point[j] : NULL, &inverse[j]);
        if (prover)
            CS_TRY(cs_session_fail(s, cs_sc_prover_fold(prover, point[j])));
    }
    return CS_OK;
}

static size_t count_products(const cs_sumcheck *what) {
    size_t products = 0;
    for (unsigned k = 0; k < what->n_terms; k++)
        products += what->terms[k].n_factors - 1;
    return products;
}

/* Sends the folded values: own tables, then one value per product; and the common tables. */
static cs_status send_finals(cs_session *s, const cs_sumcheck *what, const cs_sc_prover *prover, cs_sc_result *out) {
    cs_fr mine[CS_SC_TABLES + CS_SC_TERMS * CS_SC_FACTORS], common[CS_SC_TABLES];
    size_t n = 0;
    for (unsigned k = 0; prover && k < what->n_own; k++)
        mine[n++] = cs_sc_prover_value(prover, k);
    for (unsigned k = 0; prover && k < what->n_terms; k++) {
        const cs_sc_term *t = &what->terms[k];
        cs_fr product = cs_sc_prover_value(prover, t->factor[0]);
        for (unsigned f = 1; f < t->n_factors; f++) {
            product = cs_fr_mul(product, cs_sc_prover_value(prover, t->factor[f]));
            mine[n++] = product;
        }
    }
    for (unsigned k = 0; prover && k < what->n_common; k++)
        common[k] = cs_sc_prover_value(prover, what->n_own + k);
    out->per_rank = what->n_own + count_products(what);
    CS_TRY(cs_session_send_own(s, CS_LABEL_SC_FINAL, mine, out->per_rank, common, what->n_common, &out->first));
    out->common = out->first + (cs_var)(out->per_rank * (size_t)s->n_ranks);
    return CS_OK;
}

static cs_var table_variable(const cs_sumcheck *what, const cs_sc_result *r, int rank, unsigned table) {
    return table < what->n_own ? cs_sc_own(r, rank, table) : r->common + (table - what->n_own);
}

static cs_status product_row(cs_session *s, cs_label label, cs_var a, cs_var b, cs_var c, int owner) {
    cs_expr ea = {0}, eb = {0}, ec = {0};
    cs_expr_add_term(&ea, CS_FR_ONE, a);
    cs_expr_add_term(&eb, CS_FR_ONE, b);
    cs_expr_add_term(&ec, CS_FR_ONE, c);
    return cs_ledger_product(&s->ledger, &ea, &eb, &ec, owner, label);
}

/* Rows of one rank: its products, and its terms taken off the claim. */
static cs_status rank_rows(cs_session *s, const cs_sumcheck *what, const cs_sc_result *r, int rank, const cs_fr *publics,
                           cs_expr *claim) {
    cs_var next = cs_sc_own(r, rank, what->n_own);
    for (unsigned k = 0; k < what->n_terms; k++) {
        const cs_sc_term *t = &what->terms[k];
        cs_var product = table_variable(what, r, rank, t->factor[0]);
        for (unsigned f = 1; f < t->n_factors; f++, next++) {
            CS_TRY(product_row(s, what->label, product, table_variable(what, r, rank, t->factor[f]), next, rank));
            product = next;
        }
        const cs_fr weight = t->pub >= 0 ? cs_fr_mul(t->weights[rank], publics[t->pub]) : t->weights[rank];
        cs_expr_add_term(claim, cs_fr_neg(weight), product);
    }
    return CS_OK;
}

static cs_status add_rows(cs_session *s, const cs_sumcheck *what, const cs_sc_result *r, cs_expr *claim) {
    cs_fr publics[2];
    for (int i = 0; i < s->n_ranks; i++) {
        for (unsigned k = 0; k < what->n_public; k++)
            if (i == 0 || what->publics[k].per_rank)
                publics[k] = what->publics[k].at(what->publics[k].context, i, r->point);
        CS_TRY(rank_rows(s, what, r, i, publics, claim));
    }
    return cs_ledger_zero(&s->ledger, claim, false, what->label);
}

cs_status cs_sumcheck_run(cs_session *s, const cs_sumcheck *what, cs_expr *claim, cs_sc_witness *witness,
                          cs_sc_result *out) {
    cs_sc_prover *prover = NULL;
    cs_status status = CS_OK;
    if (cs_proving(s))
        status = cs_session_fail(s, cs_sc_prover_new(&prover, what, witness, s->rank));
    if (status == CS_OK)
        status = run_rounds(s, what, claim, prover, out->point);
    if (status == CS_OK)
        status = send_finals(s, what, prover, out);
    cs_sc_prover_free(prover);
    if (status == CS_OK)
        status = cs_session_fail(s, add_rows(s, what, out, claim));
    cs_expr_free(claim);
    return status;
}
