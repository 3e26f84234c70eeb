#include "base/memory.h"
#include "field/fr_vec.h"
#include "sumcheck/sumcheck.h"
#include <string.h>

/* Entries are worked on in blocks that stay in the first-level cache. */
enum { BLOCK_BITS = 6, BLOCK = 1 << BLOCK_BITS, ALL = CS_SC_TABLES + 2 };

typedef struct table {
    cs_sc_table source;
    cs_fr *values; /* current values, once folded or if the source has them */
    cs_fr *owned;  /* allocated here */
    cs_fr *folded; /* where the pending fold puts its result: values or owned */
    size_t apart;  /* load_longer, after the first fold: an entry is made of two loaded ones so far apart, and of r */
    cs_fr r;
} table;

struct cs_sc_prover {
    const cs_sumcheck *what;
    const cs_sc_witness *witness;
    int rank;
    unsigned first; /* rounds left that the witness does in its own way */
    unsigned bits;  /* variables left, the pending one not counted */
    bool pending;   /* the tables are still to be folded by r: done together with the next round, block by block */
    cs_fr r;
    unsigned n; /* tables, publics included (they come last) */
    table tables[ALL];
    /* If all terms are under one eq: eq of the variables after the current one, as a product. */
    cs_fr eq_in_block[BLOCK]; /* of the last BLOCK_BITS of them */
    cs_fr *eq_of_block;       /* of those before */
};

static unsigned block_variables(unsigned variables) {
    return variables < BLOCK_BITS ? variables : BLOCK_BITS;
}

static cs_status start_eq(cs_sc_prover *p) {
    if (!p->what->eq_point || p->bits == 0)
        return CS_OK;
    const cs_fr *after = p->what->eq_point + (p->what->bits - p->bits) + 1;
    const unsigned in = block_variables(p->bits - 1), before = p->bits - 1 - in;
    p->eq_of_block = CS_NEW(cs_fr, (size_t)1 << before);
    if (!p->eq_of_block)
        return CS_ERR_MEMORY;
    cs_fr_vec_eq(p->eq_of_block, after, before);
    cs_fr_vec_eq(p->eq_in_block, after + before, in);
    return CS_OK;
}

/* One variable less: the sum over that variable, whose eq adds up to one. `left` variables stood after the current one. */
static void shorten_eq(cs_sc_prover *p, unsigned left) {
    if (!p->eq_of_block || left == 0)
        return;
    cs_fr *eq = left > BLOCK_BITS ? p->eq_of_block : p->eq_in_block;
    const size_t half = (size_t)1 << (left > BLOCK_BITS ? left - BLOCK_BITS - 1 : left - 1);
    cs_fr_vec_add(eq, eq, eq + half, half);
}

/* Copies of the tables that are as short as was asked for. */
static void keep_entries(const cs_sc_prover *p) {
    for (unsigned k = 0; k < p->n; k++) {
        const table *t = &p->tables[k];
        if (t->source.kept && t->source.kept_bits == p->bits)
            memcpy(t->source.kept, t->values, sizeof *t->values << p->bits);
    }
}

static cs_status take_tables(cs_sc_prover *p) {
    const unsigned tables = p->what->n_own + p->what->n_common;
    for (unsigned k = 0; k < p->n; k++) {
        table *t = &p->tables[k];
        t->source = k < tables ? p->witness->tables[k] : p->witness->publics[k - tables];
        t->values = t->source.values;
        if (t->source.live == 0)
            t->source.live = (size_t)1 << p->bits;
    }
    keep_entries(p);
    return start_eq(p);
}

cs_status cs_sc_prover_new(cs_sc_prover **out, const cs_sumcheck *what, cs_sc_witness *witness, int rank) {
    cs_sc_prover *p = CS_NEW(cs_sc_prover, 1);
    *out = p;
    if (!p)
        return CS_ERR_MEMORY;
    p->what = what;
    p->rank = rank;
    p->witness = witness;
    p->bits = what->bits;
    p->first = witness->first.rounds;
    p->n = what->n_own + what->n_common + what->n_public;
    return p->first == 0 ? take_tables(p) : CS_OK;
}

void cs_sc_prover_free(cs_sc_prover *p) {
    if (!p)
        return;
    for (unsigned k = 0; k < p->n; k++)
        cs_free(p->tables[k].owned);
    cs_free(p->eq_of_block);
    cs_free(p);
}

/* Entries offset.. of a table, as stored or loaded into `into`. */
static const cs_fr *entries(const table *t, size_t offset, size_t n, cs_fr *into) {
    if (!t->values) {
        t->source.load(t->source.context, offset, n, into);
        if (t->apart) {
            cs_fr high[BLOCK];
            t->source.load(t->source.context, t->apart + offset, n, high);
            cs_fr_vec_fold(into, into, high, t->r, n);
        }
        return into;
    }
    if (offset + n <= t->source.live)
        return t->values + offset;
    for (size_t k = 0; k < n; k++)
        into[k] = offset + k < t->source.live ? t->values[offset + k] : t->source.tail;
    return into;
}

/* Entries offset.. of a table after the pending fold, whose variable has `half` entries on either side. */
static const cs_fr *fold_entries(const cs_sc_prover *p, const table *t, size_t half, size_t offset, size_t n, cs_fr *into) {
    cs_fr low[BLOCK], high[BLOCK];
    if (t->apart == half)
        return entries(t, offset, n, into);
    const cs_fr *lo = entries(t, offset, n, low), *hi = entries(t, half + offset, n, high);
    cs_fr_vec_fold(t->folded + offset, lo, hi, p->r, n);
    return t->folded + offset;
}

/* The tables are what the pending fold made of them. */
static void settle(cs_sc_prover *p) {
    for (unsigned k = 0; k < p->n; k++) {
        if (p->tables[k].apart != (size_t)1 << p->bits)
            p->tables[k].values = p->tables[k].folded;
        p->tables[k].source.live = (size_t)1 << p->bits;
    }
    p->pending = false;
    keep_entries(p);
}

static bool same_group(const cs_sc_term *a, const cs_sc_term *b) {
    return a->weights == b->weights && a->pub == b->pub;
}

/* Terms first .. end - 1, which have weights and public table in common, as a round of the field's kernels. */
static cs_fr_round group_of(const cs_sumcheck *what, unsigned first, unsigned end) {
    const int pub = what->terms[first].pub;
    cs_fr_round r = {.n_tables = what->n_own + what->n_common + what->n_public,
                     .n_terms = end - first,
                     .outer = pub < 0 ? -1 : (int)(what->n_own + what->n_common) + pub};
    for (unsigned k = first; k < end; k++) {
        r.terms[k - first].n_factors = what->terms[k].n_factors;
        memcpy(r.terms[k - first].factor, what->terms[k].factor, sizeof r.terms[0].factor);
    }
    if (r.n_terms == 1 && r.outer >= 0 && r.terms[0].n_factors == 1) {
        r.terms[0].factor[r.terms[0].n_factors++] = (unsigned)r.outer;
        r.outer = -1;
    }
    return r;
}

/* Adds the contribution of a block of n pairs of entries to out. */
static void evaluate(const cs_sc_prover *p, const cs_fr *const *lo, const cs_fr *const *hi, size_t block, size_t n,
                     unsigned degree, cs_fr *out) {
    const cs_sumcheck *what = p->what;
    for (unsigned first = 0, end; first < what->n_terms; first = end) {
        cs_fr at[CS_ROUND_DEGREE];
        for (end = first + 1; end < what->n_terms && same_group(&what->terms[first], &what->terms[end]);)
            end++;
        cs_fr_round r = group_of(what, first, end);
        memcpy(r.lo, lo, p->n * sizeof *lo);
        memcpy(r.hi, hi, p->n * sizeof *hi);
        cs_fr weight = what->terms[first].weights[p->rank];
        if (p->eq_of_block)
            weight = cs_fr_mul(weight, p->eq_of_block[block]);
        r.weight = p->eq_of_block ? p->eq_in_block : NULL;
        r.degree = degree;
        cs_fr_vec_round(at, &r, n);
        for (unsigned k = 0; k < degree; k++)
            out[k] = cs_fr_add(out[k], cs_fr_mul(at[k], weight));
    }
}

/* Entries offset.. of all tables, as the pending fold leaves them. */
static void block_entries(const cs_sc_prover *p, size_t offset, size_t n, cs_fr space[ALL][BLOCK], const cs_fr *out[ALL]) {
    const size_t size = (size_t)1 << p->bits;
    for (unsigned k = 0; k < p->n; k++) {
        const table *t = &p->tables[k];
        out[k] = p->pending ? fold_entries(p, t, size, offset, n, space[k]) : entries(t, offset, n, space[k]);
    }
}

void cs_sc_prover_round(cs_sc_prover *p, unsigned degree, cs_fr *out) {
    if (p->first) {
        p->witness->first.round(p->witness->first.context, out);
        return;
    }
    const size_t half = (size_t)1 << (p->bits - 1);
    cs_fr low[ALL][BLOCK], high[ALL][BLOCK];
    const cs_fr *lo[ALL], *hi[ALL];
    for (unsigned k = 0; k < degree; k++)
        out[k] = CS_FR_ZERO;
    for (size_t offset = 0; offset < half; offset += BLOCK) {
        const size_t n = half - offset < BLOCK ? half - offset : BLOCK;
        block_entries(p, offset, n, low, lo);
        block_entries(p, half + offset, n, high, hi);
        evaluate(p, lo, hi, offset >> BLOCK_BITS, n, degree, out);
    }
    if (p->pending)
        settle(p);
}

/* Four entries of each table, of which the current two variables are the index. */
typedef struct quads {
    cs_fr space[4][ALL][BLOCK], step[2][ALL][BLOCK];
    const cs_fr *at[4][ALL]; /* at[0], at[1]: where the first of the two variables is now, from 0 on */
} quads;

/* The first variable from x - 1 to x. */
static void step_quads(const cs_sc_prover *p, quads *q, unsigned x, size_t n) {
    for (unsigned second = 0; second < 2; second++)
        for (unsigned k = 0; k < p->n; k++) {
            const cs_fr **at = &q->at[second][k];
            cs_fr *step = q->step[second][k], *space = q->space[second][k];
            if (x == 1) {
                cs_fr_vec_sub(step, q->at[2 + second][k], *at, n);
                *at = q->at[2 + second][k];
            } else {
                cs_fr_vec_add(space, *at, step, n);
                *at = space;
            }
        }
}

/* Adds the contribution of a block of n fours of entries to the values on the grid. */
static void evaluate_grid(const cs_sc_prover *p, quads *q, size_t block, size_t n, unsigned degree, cs_fr *out) {
    for (unsigned x = 0; x <= degree; x++) {
        cs_fr line[CS_ROUND_DEGREE] = {CS_FR_ZERO}, at_one = CS_FR_ZERO;
        if (x > 0)
            step_quads(p, q, x, n);
        evaluate(p, q->at[0], q->at[1], block, n, degree, line);
        if (x != 1)
            evaluate(p, q->at[1], q->at[1], block, n, 1, &at_one);
        for (unsigned y = 0; y <= degree; y++)
            if (x != 1 || y != 1) {
                *out = cs_fr_add(*out, y == 1 ? at_one : line[y ? y - 1 : 0]);
                out++;
            }
    }
}

cs_status cs_sc_prover_round_pair(cs_sc_prover *p, unsigned degree, cs_fr *out) {
    if (p->first)
        return cs_fail(CS_ERR_INTERNAL, "sumcheck: two rounds at once before those of the witness's own way are over");
    const size_t quarter = (size_t)1 << (p->bits - 2);
    quads *q = CS_NEW(quads, 1);
    if (!q)
        return CS_ERR_MEMORY;
    for (unsigned k = 0; k < (degree + 1) * (degree + 1) - 1; k++)
        out[k] = CS_FR_ZERO;
    shorten_eq(p, p->bits - 1);
    for (size_t offset = 0; offset < quarter; offset += BLOCK) {
        const size_t n = quarter - offset < BLOCK ? quarter - offset : BLOCK;
        for (unsigned k = 0; k < 4; k++)
            block_entries(p, k * quarter + offset, n, q->space[k], q->at[k]);
        evaluate_grid(p, q, offset >> BLOCK_BITS, n, degree, out);
    }
    if (p->pending)
        settle(p);
    cs_free(q);
    return CS_OK;
}

/* A place for a table's folded entries, unless they are to be loaded once more. */
static cs_status prepare_fold(table *t, size_t half, cs_fr r) {
    if (!t->values && t->source.load_longer && !t->apart && half > 1) {
        t->apart = half;
        t->r = r;
        return CS_OK;
    }
    t->folded = t->values;
    if (!t->values || t->source.live < half)
        t->folded = t->owned = CS_NEW(cs_fr, half);
    return t->folded ? CS_OK : CS_ERR_MEMORY;
}

static void fold_now(cs_sc_prover *p) {
    const size_t half = (size_t)1 << p->bits;
    cs_fr unused[BLOCK];
    for (size_t offset = 0; offset < half; offset += BLOCK)
        for (unsigned k = 0; k < p->n; k++)
            (void)fold_entries(p, &p->tables[k], half, offset, half - offset < BLOCK ? half - offset : BLOCK, unused);
    settle(p);
}

static cs_status bind_first(cs_sc_prover *p, cs_fr r) {
    CS_TRY(p->witness->first.bind(p->witness->first.context, r));
    p->bits--;
    return --p->first == 0 ? take_tables(p) : CS_OK;
}

/* Binds the highest variable, but for eq. */
static cs_status bind_tables(cs_sc_prover *p, cs_fr r) {
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): variables are left */
    const size_t half = (size_t)1 << (p->bits - 1);
    if (p->pending) /* no round since the last fold */
        fold_now(p);
    for (unsigned k = 0; k < p->n; k++)
        CS_TRY(prepare_fold(&p->tables[k], half, r));
    p->pending = true;
    p->r = r;
    p->bits--;
    if (p->bits == 0)
        fold_now(p);
    return CS_OK;
}

cs_status cs_sc_prover_fold(cs_sc_prover *p, cs_fr r) {
    if (p->first)
        return bind_first(p, r);
    CS_TRY(bind_tables(p, r));
    shorten_eq(p, p->bits);
    return CS_OK;
}

cs_status cs_sc_prover_fold_pair(cs_sc_prover *p, const cs_fr r[2]) {
    CS_TRY(bind_tables(p, r[0]));
    CS_TRY(bind_tables(p, r[1]));
    shorten_eq(p, p->bits);
    return CS_OK;
}

cs_fr cs_sc_prover_value(const cs_sc_prover *p, unsigned t) {
    cs_fr out;
    return *entries(&p->tables[t], 0, 1, &out);
}
