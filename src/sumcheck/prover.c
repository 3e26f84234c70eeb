#include "base/memory.h"
#include "field/fr_vec.h"
#include "sumcheck/sumcheck.h"
#include <string.h>

/* Entries are worked on in blocks that stay in the first-level cache. */
enum { BLOCK = 64, ALL = CS_SC_TABLES + 2 };

typedef struct table {
    cs_sc_table source;
    cs_fr *values; /* current values, once folded or if the source has them */
    cs_fr *owned;  /* allocated here */
} table;

struct cs_sc_prover {
    const cs_sumcheck *what;
    int rank;
    unsigned bits; /* variables left */
    unsigned n;    /* tables, publics included (they come last) */
    table tables[ALL];
    cs_fr *suffix; /* eq of the variables after the current one, if all terms are under one eq */
};

/* The working set of one block: values at the node in hand and the step from node to node. */
typedef struct scratch {
    cs_fr at[ALL][BLOCK], step[ALL][BLOCK], product[BLOCK], sum[BLOCK];
} scratch;

static cs_status start_suffix(cs_sc_prover *p) {
    if (!p->what->eq_point || p->bits == 0)
        return CS_OK;
    p->suffix = CS_NEW(cs_fr, (size_t)1 << (p->bits - 1));
    if (!p->suffix)
        return CS_ERR_MEMORY;
    cs_fr_vec_eq(p->suffix, p->what->eq_point + 1, p->bits - 1);
    return CS_OK;
}

cs_status cs_sc_prover_new(cs_sc_prover **out, const cs_sumcheck *what, cs_sc_witness *witness, int rank) {
    cs_sc_prover *p = CS_NEW(cs_sc_prover, 1);
    *out = p;
    if (!p)
        return CS_ERR_MEMORY;
    p->what = what;
    p->rank = rank;
    p->bits = what->bits;
    const unsigned tables = what->n_own + what->n_common;
    p->n = tables + what->n_public;
    for (unsigned k = 0; k < p->n; k++) {
        table *t = &p->tables[k];
        t->source = k < tables ? witness->tables[k] : witness->publics[k - tables];
        t->values = t->source.values;
        if (t->source.live == 0)
            t->source.live = (size_t)1 << what->bits;
    }
    return start_suffix(p);
}

void cs_sc_prover_free(cs_sc_prover *p) {
    if (!p)
        return;
    for (unsigned k = 0; k < p->n; k++)
        cs_free(p->tables[k].owned);
    cs_free(p->suffix);
    cs_free(p);
}

/* Entries offset.. of a table, as stored or loaded into `into`. */
static const cs_fr *entries(const table *t, size_t offset, size_t n, cs_fr *into) {
    if (!t->values) {
        t->source.load(t->source.context, offset, n, into);
        return into;
    }
    if (offset + n <= t->source.live)
        return t->values + offset;
    for (size_t k = 0; k < n; k++)
        into[k] = offset + k < t->source.live ? t->values[offset + k] : t->source.tail;
    return into;
}

/* Adds this block's contribution at the node whose values are in w->at to out. */
static cs_fr evaluate(const cs_sc_prover *p, scratch *w, const cs_fr *suffix, size_t n) {
    const cs_sumcheck *what = p->what;
    const unsigned first_public = what->n_own + what->n_common;
    cs_fr total = CS_FR_ZERO;
    for (unsigned k = 0; k < what->n_terms; k++) {
        const cs_sc_term *t = &what->terms[k];
        const cs_fr *product = w->at[t->factor[0]];
        for (unsigned f = 1; f < t->n_factors; f++) {
            cs_fr_vec_mul(w->product, product, w->at[t->factor[f]], n);
            product = w->product;
        }
        const bool joined = k > 0 && t[-1].weights == t->weights && t[-1].pub == t->pub;
        if (joined)
            cs_fr_vec_add(w->sum, w->sum, product, n);
        else
            memcpy(w->sum, product, n * sizeof *product);
        const bool more = k + 1 < what->n_terms && t[1].weights == t->weights && t[1].pub == t->pub;
        if (more)
            continue;
        const cs_fr *weight = suffix ? suffix : t->pub >= 0 ? w->at[first_public + (unsigned)t->pub] : NULL;
        const cs_fr value = weight ? cs_fr_vec_dot(w->sum, weight, n) : cs_fr_vec_sum(w->sum, n);
        total = cs_fr_add(total, cs_fr_mul(value, t->weights[p->rank]));
    }
    return total;
}

static void round_block(const cs_sc_prover *p, scratch *w, size_t offset, size_t n, unsigned degree, cs_fr *out) {
    const size_t half = (size_t)1 << (p->bits - 1);
    cs_fr low[BLOCK], high[BLOCK];
    const cs_fr *suffix = p->suffix ? p->suffix + offset : NULL;
    for (unsigned k = 0; k < p->n; k++) {
        const cs_fr *lo = entries(&p->tables[k], offset, n, low);
        const cs_fr *hi = entries(&p->tables[k], half + offset, n, high);
        cs_fr_vec_sub(w->step[k], hi, lo, n);
        memcpy(w->at[k], lo, n * sizeof *lo);
    }
    out[0] = cs_fr_add(out[0], evaluate(p, w, suffix, n));
    for (unsigned node = 1; node <= degree; node++) {
        for (unsigned k = 0; k < p->n; k++)
            cs_fr_vec_add(w->at[k], w->at[k], w->step[k], n);
        if (node >= 2)
            out[node - 1] = cs_fr_add(out[node - 1], evaluate(p, w, suffix, n));
    }
}

void cs_sc_prover_round(cs_sc_prover *p, unsigned degree, cs_fr *out) {
    const size_t half = (size_t)1 << (p->bits - 1);
    scratch w;
    for (unsigned k = 0; k < degree; k++)
        out[k] = CS_FR_ZERO;
    for (size_t offset = 0; offset < half; offset += BLOCK)
        round_block(p, &w, offset, half - offset < BLOCK ? half - offset : BLOCK, degree, out);
}

static cs_status fold_table(table *t, size_t half, cs_fr r) {
    cs_fr low[BLOCK], high[BLOCK];
    cs_fr *to = t->values;
    if (!to || t->source.live < half) {
        to = t->owned = CS_NEW(cs_fr, half);
        if (!to)
            return CS_ERR_MEMORY;
    }
    for (size_t offset = 0; offset < half; offset += BLOCK) {
        const size_t n = half - offset < BLOCK ? half - offset : BLOCK;
        const cs_fr *lo = entries(t, offset, n, low), *hi = entries(t, half + offset, n, high);
        cs_fr_vec_fold(to + offset, lo, hi, r, n);
    }
    t->values = to;
    t->source.live = half;
    return CS_OK;
}

/* eq of one variable less: the sum over that variable, which adds up to one. */
static void fold_suffix(cs_sc_prover *p) {
    if (!p->suffix || p->bits == 0)
        return;
    const size_t half = (size_t)1 << (p->bits - 1);
    cs_fr_vec_add(p->suffix, p->suffix, p->suffix + half, half);
}

cs_status cs_sc_prover_fold(cs_sc_prover *p, cs_fr r) {
    const size_t half = (size_t)1 << (p->bits - 1);
    for (unsigned k = 0; k < p->n; k++)
        CS_TRY(fold_table(&p->tables[k], half, r));
    p->bits--;
    fold_suffix(p);
    return CS_OK;
}

cs_fr cs_sc_prover_value(const cs_sc_prover *p, unsigned t) {
    cs_fr out;
    return *entries(&p->tables[t], 0, 1, &out);
}
