#include "sumcheck/sumcheck.h"
#include "base/memory.h"
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

/* One of the sumchecks that run together. */
typedef struct run {
    const cs_sumcheck *what;
    cs_expr *claim;
    cs_sc_witness *witness;
    cs_sc_result *out;
    cs_sc_prover *prover;
    unsigned degree, done; /* done: rounds */
    cs_fr inverse[CS_SC_BITS];
} run;

/* Variables of the run in the next message, which has `rounds` of them. */
static unsigned taken(const run *r, unsigned rounds) {
    const unsigned left = r->what->bits - r->done;
    return left < rounds ? left : rounds;
}

/* Values that the run has in it: one for each point of the grid {0, …, degree}^taken but (1, …, 1). */
static size_t count_values(const run *r, unsigned rounds) {
    size_t grid = 1;
    for (unsigned k = taken(r, rounds); k > 0; k--)
        grid *= r->degree + 1;
    return grid - 1;
}

/* Lagrange's basis at `at`, and (1-a, a) or, without eq, (1, 1): how the values at 0 and 1 enter the claim. */
typedef struct line {
    cs_fr lagrange[CS_SC_DEGREE + 1], weight[2];
} line;

static void set_line(line *l, const run *r, unsigned variable, cs_fr at) {
    cs_lagrange(l->lagrange, r->degree + 1, at);
    l->weight[0] = l->weight[1] = CS_FR_ONE;
    if (r->what->eq_point) {
        l->weight[1] = r->what->eq_point[variable];
        l->weight[0] = cs_fr_sub(CS_FR_ONE, l->weight[1]);
    }
}

/* The claim after a message: Lagrange at the challenges of the values on the grid. The one at (1, 1), or 1, is not sent: it
 * is what is left of the claim, (claim - sum of the others at zeros and ones, with their weights) / its weight. */
static void next_claim(run *r, cs_var first, unsigned rounds) {
    const unsigned n = taken(r, rounds), degree = r->degree;
    line x = {.lagrange = {CS_FR_ZERO, CS_FR_ONE}, .weight = {CS_FR_ZERO, CS_FR_ONE}}, y; /* x = 1, if only y is there */
    cs_fr at_ones = CS_FR_ONE;
    for (unsigned k = 0; k < n; k++) {
        line *l = k + 1 < n ? &x : &y;
        set_line(l, r, r->done + k, r->out->point[r->done + k]);
        at_ones = cs_fr_mul(at_ones, l->lagrange[1]);
        if (r->what->eq_point)
            at_ones = cs_fr_mul(at_ones, r->inverse[r->done + k]);
    }
    cs_expr_scale(r->claim, at_ones);
    for (unsigned i = n > 1 ? 0 : 1; i <= (n > 1 ? degree : 1); i++)
        for (unsigned j = 0; j <= degree; j++) {
            if (i == 1 && j == 1)
                continue;
            cs_fr coefficient = cs_fr_mul(x.lagrange[i], y.lagrange[j]);
            if (i < 2 && j < 2)
                coefficient = cs_fr_sub(coefficient, cs_fr_mul(at_ones, cs_fr_mul(x.weight[i], y.weight[j])));
            cs_expr_add_term(r->claim, coefficient, first++);
        }
}

static cs_status start(cs_session *s, run *r) {
    const cs_sumcheck *what = r->what;
    r->degree = round_degree(what);
    if (what->eq_point) {
        cs_fr_vec_inverse(r->inverse, what->eq_point, what->bits);
        for (unsigned j = 0; j < what->bits; j++)
            if (cs_fr_is_zero(r->inverse[j]))
                return cs_fail(CS_ERR_ABORT, "sumcheck: a challenge is zero");
    }
    return cs_holds(s) ? cs_sc_prover_new(&r->prover, what, r->witness, s->rank) : CS_OK;
}

/* Rounds of the next message: two where that costs little, and no run has a first round of its own to play. */
static unsigned rounds_of_message(const run *runs, size_t n) {
    unsigned most = 0, rounds = 2;
    for (size_t k = 0; k < n; k++) {
        const unsigned left = runs[k].what->bits - runs[k].done;
        most = left > most ? left : most;
        if (left > 0 && runs[k].done < runs[k].what->single)
            rounds = 1;
    }
    return most == 0 ? 0 : most > CS_SC_PAIR_BITS || most < 2 ? 1 : rounds;
}

size_t cs_sumcheck_messages(unsigned bits, unsigned single) {
    const cs_sumcheck what = {.bits = bits, .single = single};
    run r = {.what = &what};
    size_t messages = 1;
    for (unsigned rounds; (rounds = rounds_of_message(&r, 1)) > 0; messages++)
        r.done += rounds;
    return messages;
}

static cs_status play(run *r, unsigned rounds, cs_fr *values) {
    const unsigned n = taken(r, rounds);
    if (n == 2)
        return cs_sc_prover_round_pair(r->prover, r->degree, values);
    if (n == 1)
        cs_sc_prover_round(r->prover, r->degree, values);
    return CS_OK;
}

static cs_status bind(run *r, unsigned rounds, const cs_fr *challenges) {
    const unsigned n = taken(r, rounds);
    if (n == 2)
        return cs_sc_prover_fold_pair(r->prover, challenges);
    return n == 1 ? cs_sc_prover_fold(r->prover, challenges[0]) : CS_OK;
}

static cs_status run_message(cs_session *s, run *runs, size_t n, unsigned rounds, cs_fr *values) {
    cs_var first;
    cs_fr challenges[2];
    size_t count = 0;
    cs_status status = CS_OK;
    for (size_t k = 0; k < n; k++) {
        if (status == CS_OK && cs_holds(s))
            status = play(&runs[k], rounds, values + count);
        count += count_values(&runs[k], rounds);
    }
    CS_TRY(cs_session_fail(s, status));
    CS_TRY(cs_session_send_shared(s, CS_LABEL_SC_ROUND, values, count, &first));
    cs_session_challenges(s, CS_LABEL_SC_CHALLENGE, challenges, rounds);
    for (size_t k = 0; k < n; k++) {
        run *r = &runs[k];
        const unsigned variables = taken(r, rounds);
        if (variables == 0)
            continue;
        memcpy(r->out->point + r->done, challenges, variables * sizeof *challenges);
        next_claim(r, first, rounds);
        first += (cs_var)count_values(r, rounds);
        if (status == CS_OK && cs_holds(s))
            status = bind(r, rounds, challenges);
        r->done += variables;
    }
    return cs_session_fail(s, status);
}

static cs_status run_rounds(cs_session *s, run *runs, size_t n) {
    cs_fr *values = CS_NEW(cs_fr, n * CS_SC_GRID);
    cs_status status = values ? CS_OK : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < n; k++)
        status = start(s, &runs[k]);
    status = cs_session_fail(s, status);
    for (unsigned rounds; status == CS_OK && (rounds = rounds_of_message(runs, n)) > 0;)
        status = run_message(s, runs, n, rounds, values);
    cs_free(values);
    return status;
}

static size_t count_products(const cs_sumcheck *what) {
    size_t products = 0;
    for (unsigned k = 0; k < what->n_terms; k++)
        products += what->terms[k].n_factors - 1;
    return products;
}

/* The folded values of own tables, and one value per product. */
static void own_finals(const run *r, cs_fr *out) {
    const cs_sumcheck *what = r->what;
    for (unsigned k = 0; k < what->n_own; k++)
        *out++ = cs_sc_prover_value(r->prover, k);
    for (unsigned k = 0; k < what->n_terms; k++) {
        const cs_sc_term *t = &what->terms[k];
        cs_fr product = cs_sc_prover_value(r->prover, t->factor[0]);
        for (unsigned f = 1; f < t->n_factors; f++) {
            product = cs_fr_mul(product, cs_sc_prover_value(r->prover, t->factor[f]));
            *out++ = product;
        }
    }
}

/* Sends the folded values of all runs: own ones by rank and run, then the common tables. */
static cs_status send_finals(cs_session *s, const run *runs, size_t n) {
    size_t per_rank = 0, n_common = 0;
    for (size_t k = 0; k < n; k++) {
        per_rank += runs[k].what->n_own + count_products(runs[k].what);
        n_common += runs[k].what->n_common;
    }
    cs_fr *mine = CS_NEW(cs_fr, per_rank), *common = CS_NEW(cs_fr, n_common);
    cs_status status = mine && common ? CS_OK : CS_ERR_MEMORY;
    cs_fr *own = mine, *of_all = common;
    for (size_t k = 0; status == CS_OK && cs_holds(s) && k < n; k++) {
        own_finals(&runs[k], own);
        own += runs[k].what->n_own + count_products(runs[k].what);
        for (unsigned t = 0; t < runs[k].what->n_common; t++)
            *of_all++ = cs_sc_prover_value(runs[k].prover, runs[k].what->n_own + t);
    }
    cs_var first = 0;
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = cs_session_send_own(s, CS_LABEL_SC_FINAL, mine, per_rank, common, n_common, &first);
    cs_var next_common = first + (cs_var)(per_rank * (size_t)s->n_ranks);
    for (size_t k = 0; k < n; k++) {
        runs[k].out->first = first;
        runs[k].out->per_rank = per_rank;
        runs[k].out->common = next_common;
        first += (cs_var)(runs[k].what->n_own + count_products(runs[k].what));
        next_common += runs[k].what->n_common;
    }
    cs_free(mine);
    cs_free(common);
    return status;
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
            if (!cs_needs_rows(s))
                publics[k] = CS_FR_ZERO;
            else if (i == 0 || what->publics[k].per_rank)
                publics[k] = what->publics[k].at(what->publics[k].context, i, r->point);
        CS_TRY(rank_rows(s, what, r, i, publics, claim));
    }
    return cs_ledger_zero(&s->ledger, claim, false, what->label);
}

static cs_status run_all(cs_session *s, run *runs, size_t n) {
    cs_status status = run_rounds(s, runs, n);
    if (status == CS_OK)
        status = send_finals(s, runs, n);
    for (size_t k = 0; k < n; k++) {
        cs_sc_prover_free(runs[k].prover);
        if (status == CS_OK)
            status = cs_session_fail(s, add_rows(s, runs[k].what, runs[k].out, runs[k].claim));
        cs_expr_free(runs[k].claim);
    }
    return status;
}

cs_status cs_sumcheck_run(cs_session *s, const cs_sumcheck *what, cs_expr *claim, cs_sc_witness *witness,
                          cs_sc_result *out) {
    run only = {.what = what, .claim = claim, .witness = witness, .out = out};
    return run_all(s, &only, 1);
}

cs_status cs_sumcheck_run_together(cs_session *s, cs_sc_job *const *jobs, size_t n) {
    run *runs = CS_NEW(run, n);
    CS_TRY(cs_session_fail(s, runs || n == 0 ? CS_OK : CS_ERR_MEMORY));
    for (size_t k = 0; k < n; k++)
        runs[k] =
            (run){.what = &jobs[k]->what, .claim = &jobs[k]->claim, .witness = &jobs[k]->witness, .out = &jobs[k]->result};
    const cs_status status = run_all(s, runs, n);
    cs_free(runs);
    return status;
}
