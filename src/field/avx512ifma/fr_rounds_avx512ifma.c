/* Rounds of sumchecks with AVX-512 IFMA, eight pairs of entries at a time. */
#include "field/avx512ifma/fr_lanes.h"

/* Sums at each node, of at most FLUSH products each. */
typedef struct nodes {
    cs_columns at[CS_ROUND_DEGREE];
} nodes;

/* ---- products of two tables, nodes 0 and 2 ---- */

/* 2 hi - lo + m, not carried, below 3m. */
CS_V8 cs_x8 node_two_raw(const cs_x8 *lo, const cs_x8 *hi, const cs_x8 *m) {
    cs_x8 r;
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        r.l[k] = cs_v8_add(cs_v8_sub(cs_v8_add(hi->l[k], hi->l[k]), lo->l[k]), m->l[k]);
    return r;
}

/* Values at nodes 0 and 2, as factors: carried as factors are. */
CS_V8 void load_nodes(cs_x8 at[2], const cs_fr *lo, const cs_fr *hi, const cs_x8 *m) {
    const cs_x8 one = cs_x8_load(hi);
    at[0] = cs_x8_load(lo);
    at[1] = node_two_raw(&at[0], &one, m);
    at[1] = cs_x8_carry_factor(&at[1]);
}

/* The same 16 times, with 16 m; the second is below 48 m, which fits. */
CS_V8 void load_nodes_shifted(cs_x8 at[2], const cs_fr *lo, const cs_fr *hi, const cs_x8 *m16) {
    const cs_x8 one = cs_x8_load_shifted(hi);
    at[0] = cs_x8_load_shifted(lo);
    at[1] = node_two_raw(&at[0], &one, m16);
    at[1] = cs_x8_carry_factor(&at[1]);
}

/* The shapes of rounds with code of their own: a product, two, or a product and a table of its own. */
typedef enum pairs { NOT_PAIRS, ONE_PAIR, TWO_PAIRS, PAIR_AND_ONE } pairs;

static pairs pairs_of(const cs_fr_round *w) {
    if (w->degree != 2 || w->outer >= 0 || w->n_terms > 2 || w->terms[0].n_factors != 2)
        return NOT_PAIRS;
    if (w->n_terms == 1)
        return ONE_PAIR;
    if (w->terms[1].n_factors == 2)
        return TWO_PAIRS;
    return w->terms[1].n_factors == 1 && w->weight ? PAIR_AND_ONE : NOT_PAIRS;
}

/* sum += a 2^260. */
CS_V8 void add_shifted(cs_columns *sum, const cs_x8 *a) {
    CS_UNROLL
    for (int k = 0; k < 5; k++)
        sum->c[k + 5] = cs_v8_add(sum->c[k + 5], a->l[k]);
}

/* Adds one group of eight pairs. Under a weight, a term's first factor is taken 16 times and the sum of the terms, below
 * 18 m^2 or 9 m^2 and 3 m, reduced before it is multiplied: to less than 6 m, which five limbs hold easily. */
CS_V8 void add_pairs(cs_columns acc[2], const cs_fr_round *w, size_t j, pairs shape, bool weighted, const cs_mod8 *m) {
    const cs_x8 plain = {{m->m[0], m->m[1], m->m[2], m->m[3], m->m[4]}}, m16 = cs_x8_times16(&plain);
    cs_columns inner[2];
    if (weighted)
        inner[0] = inner[1] = cs_columns_start();
    cs_columns *sum = weighted ? inner : acc;
    for (unsigned k = 0; k < (shape == TWO_PAIRS ? 2 : 1); k++) {
        const unsigned f = w->terms[k].factor[0], g = w->terms[k].factor[1];
        cs_x8 left[2], right[2];
        if (weighted)
            load_nodes_shifted(left, w->lo[f] + j, w->hi[f] + j, &m16);
        else
            load_nodes(left, w->lo[f] + j, w->hi[f] + j, &plain);
        load_nodes(right, w->lo[g] + j, w->hi[g] + j, &plain);
        cs_columns_add(&sum[0], &left[0], &right[0]);
        cs_columns_add(&sum[1], &left[1], &right[1]);
    }
    if (!weighted)
        return;
    if (shape == PAIR_AND_ONE) {
        const unsigned f = w->terms[1].factor[0];
        const cs_x8 zero = cs_x8_load(w->lo[f] + j), one = cs_x8_load(w->hi[f] + j);
        const cs_x8 two = node_two_raw(&zero, &one, &plain);
        add_shifted(&sum[0], &zero);
        add_shifted(&sum[1], &two);
    }
    const cs_x8 weight = cs_x8_load(w->weight + j);
    CS_UNROLL
    for (int node = 0; node < 2; node++) {
        cs_x8 total = cs_columns_redc(&inner[node], m);
        total = cs_x8_carry_factor(&total);
        cs_columns_add(&acc[node], &total, &weight);
    }
}

CS_V8 void round_pairs(nodes *acc, const cs_fr_round *w, size_t from, size_t end, pairs shape, bool weighted,
                       const cs_mod8 *m) {
    for (size_t j = from; j < end; j += LANES)
        add_pairs(acc->at, w, j, shape, weighted, m);
}

/* ---- any shape ---- */

/* Values of the tables at the node in hand, carried and below 5m; the sums that become those of the next node; and the
 * steps from node to node, with m added so that they are positive, below 2m. */
typedef struct lines {
    cs_x8 at[CS_ROUND_TABLES], next[CS_ROUND_TABLES], step[CS_ROUND_TABLES];
} lines;

CS_V8 void load_lines(lines *l, const cs_fr_round *w, size_t j, const cs_mod8 *m) {
    for (unsigned k = 0; k < w->n_tables; k++) {
        l->at[k] = cs_x8_load(w->lo[k] + j);
        l->next[k] = cs_x8_load(w->hi[k] + j);
        CS_UNROLL
        for (int i = 0; i < 5; i++)
            l->step[k].l[i] = cs_v8_add(cs_v8_sub(l->next[k].l[i], l->at[k].l[i]), m->m[i]);
    }
}

/* To node 2, 3 or 4, values below 3m, 5m or 7m; the last less 2m if they are no less. */
CS_V8 void advance(lines *l, unsigned n_tables, bool to_four, const cs_mod8 *m) {
    cs_mod8 twice;
    CS_UNROLL
    for (int i = 0; i < 5; i++)
        twice.m[i] = cs_v8_add(m->m[i], m->m[i]);
    for (unsigned k = 0; k < n_tables; k++) {
        l->next[k] = cs_x8_add(&l->next[k], &l->step[k]);
        l->at[k] = to_four ? cs_x8_reduce(&l->next[k], &twice) : cs_x8_carry(&l->next[k]);
    }
}

/* sum += 16 times the product of a term's factors, each below 5m: less than 460 m^2, as a product reduced is below 6m. */
CS_V8 void add_term(cs_columns *sum, const cs_fr_round_term *t, const cs_x8 *at, const cs_mod8 *m) {
    cs_x8 left = at[t->factor[0]], right;
    if (t->n_factors == 1) {
        add_shifted(sum, &left);
        return;
    }
    left = cs_x8_times16(&left);
    right = at[t->factor[1]];
    if (t->n_factors == 3) {
        right = cs_x8_mul(&left, &right, m);
        left = cs_x8_times16(&at[t->factor[2]]);
    }
    cs_columns_add(sum, &left, &right);
}

/* acc += weight * outer * terms; 16 times that without weight and outer. The sum of five terms is below 2300 m^2 and
 * reduced below 29m, times an outer value below 29m again: 84m fits carried limbs. */
CS_V8 void add_node(cs_columns *acc, const cs_fr_round *w, const cs_x8 *at, const cs_x8 *weight, const cs_mod8 *m) {
    const bool inner = w->outer >= 0 || w->weight;
    cs_columns terms = cs_columns_start();
    for (unsigned k = 0; k < w->n_terms; k++)
        add_term(inner ? &terms : acc, &w->terms[k], at, m);
    if (!inner)
        return;
    cs_x8 total = cs_columns_redc(&terms, m);
    total = cs_x8_carry_factor(&total);
    if (w->outer >= 0 && w->weight) {
        const cs_x8 outer = cs_x8_times16(&at[w->outer]);
        total = cs_x8_mul(&outer, &total, m);
    }
    cs_columns_add(acc, &total, w->weight ? weight : &at[w->outer]);
}

CS_V8 void round_any(nodes *acc, const cs_fr_round *w, size_t from, size_t end, const cs_mod8 *m) {
    lines l;
    cs_x8 weight = cs_x8_all(CS_FR_ZERO.v);
    for (size_t j = from; j < end; j += LANES) {
        load_lines(&l, w, j, m);
        if (w->weight)
            weight = cs_x8_load(w->weight + j);
        add_node(&acc->at[0], w, l.at, &weight, m);
        for (unsigned node = 2; node <= w->degree; node++) {
            advance(&l, w->n_tables, node == 4, m);
            add_node(&acc->at[node - 1], w, l.at, &weight, m);
        }
    }
}

/* outer f g, nodes 0, 2 and 3: relations of training. The same code, with a shape known when it is compiled. */
static bool is_outer_pair(const cs_fr_round *w) {
    return w->degree == 3 && w->outer >= 0 && !w->weight && w->n_terms == 1 && w->terms[0].n_factors == 2;
}

CS_V8 void round_outer_pair(nodes *acc, const cs_fr_round *w, size_t from, size_t end, const cs_mod8 *m) {
    const unsigned table[3] = {w->terms[0].factor[0], w->terms[0].factor[1], (unsigned)w->outer};
    cs_fr_round known = {.n_tables = 3, .n_terms = 1, .terms = {{2, {0, 1}}}, .outer = 2, .degree = 3};
    for (int k = 0; k < 3; k++) {
        known.lo[k] = w->lo[table[k]];
        known.hi[k] = w->hi[table[k]];
    }
    round_any(acc, &known, from, end, m);
}

/* ---- the choice ---- */

static void round_some(nodes *acc, const cs_fr_round *w, size_t from, size_t end, const cs_mod8 *m) {
    const pairs shape = pairs_of(w);
    if (is_outer_pair(w))
        round_outer_pair(acc, w, from, end, m);
    else if (shape == NOT_PAIRS)
        round_any(acc, w, from, end, m);
    else if (shape == ONE_PAIR && !w->weight)
        round_pairs(acc, w, from, end, ONE_PAIR, false, m);
    else if (shape == ONE_PAIR)
        round_pairs(acc, w, from, end, ONE_PAIR, true, m);
    else if (shape == PAIR_AND_ONE)
        round_pairs(acc, w, from, end, PAIR_AND_ONE, true, m);
    else if (!w->weight)
        round_pairs(acc, w, from, end, TWO_PAIRS, false, m);
    else
        round_pairs(acc, w, from, end, TWO_PAIRS, true, m);
}

/* The same round over the entries from j on. */
static cs_fr_round rest_of(const cs_fr_round *w, size_t j) {
    cs_fr_round r = *w;
    for (unsigned k = 0; k < w->n_tables; k++) {
        r.lo[k] += j;
        r.hi[k] += j;
    }
    if (r.weight)
        r.weight += j;
    return r;
}

void cs_fr_avx512_round(cs_fr *out, const cs_fr_round *w, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    const size_t whole = n - n % LANES, most = FLUSH / CS_ROUND_TERMS * LANES;
    const bool sixteenfold = pairs_of(w) == NOT_PAIRS && w->outer < 0 && !w->weight;
    const cs_fr_round rest = rest_of(w, whole);
    if (whole < n)
        cs_fr_kernels_x86_64.round(out, &rest, n - whole);
    for (unsigned k = 0; k < w->degree && whole == n; k++)
        out[k] = CS_FR_ZERO;
    for (size_t j = 0; j < whole; j += most) {
        nodes acc;
        for (unsigned k = 0; k < w->degree; k++)
            acc.at[k] = cs_columns_start();
        round_some(&acc, w, j, whole - j < most ? whole : j + most, &m);
        for (unsigned k = 0; k < w->degree; k++) {
            const cs_fr part = cs_fr_lanes_redc(&acc.at[k], sixteenfold, &m);
            cs_fr_add_to(&out[k], &out[k], &part);
        }
    }
}
