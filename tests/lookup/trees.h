/* Trees of fractions by definition, one entry after the other, and what the prover's trees are compared with them in: the
 * root, the first rounds of every layer's sumcheck, the tables that these leave. */
#ifndef TESTS_LOOKUP_TREES_H
#define TESTS_LOOKUP_TREES_H

#include "base/memory.h"
#include "field/fr_vec.h"
#include "lookup/tree.h"

enum { MOST_BITS = 17, MOST_LEAVES = 1 << MOST_BITS };

/* Layer k has 2^k fractions up[k][x] / down[k][x]. */
typedef struct definition {
    unsigned bits;
    cs_fr *up[MOST_BITS + 1], *down[MOST_BITS + 1], point[MOST_BITS], lambda, omega;
} definition;

static void same(const cs_fr *a, const cs_fr *b, size_t n) {
    assert_memory_equal(a, b, n * sizeof *a);
}

/* Bits of a line; axis: those of the last axis of the first of the biggest lookups. */
static unsigned low_by_definition(unsigned bits, unsigned axis) {
    const unsigned most = bits >= 16 ? 12 : bits - 4;
    return bits <= 10 ? bits : axis < 6 ? 6 : axis > most ? most : axis;
}

/* Leaf x: the bits of its number from `low` on are those of the entry's, in reverse. */
static size_t entry_by_definition(size_t x, unsigned low, unsigned bits) {
    size_t out = x % ((size_t)1 << low);
    for (unsigned from = low; from < bits; from++)
        if (x >> from & 1)
            out += (size_t)1 << (low + bits - 1 - from);
    return out;
}

static void definition_challenges(definition *d, cs_fr base) {
    for (unsigned k = 0; k < MOST_BITS; k++)
        d->point[k] = cs_fr_pow(base, 3 + k);
    d->lambda = cs_fr_pow(base, 101);
    d->omega = cs_fr_pow(base, 102);
}

/* p[2^bits] / q[2^bits]: the entries. */
static void definition_grow(definition *d, unsigned bits, unsigned low, const cs_fr *entries_p, const cs_fr *entries_q) {
    d->bits = bits;
    for (unsigned k = bits + 1; k-- > 0;) {
        const size_t n = (size_t)1 << k;
        d->up[k] = CS_NEW(cs_fr, n);
        d->down[k] = CS_NEW(cs_fr, n);
        assert_true(d->up[k] && d->down[k]);
        for (size_t x = 0; x < n; x++) {
            if (k == bits) {
                d->up[k][x] = entries_p[entry_by_definition(x, low, bits)];
                d->down[k][x] = entries_q[entry_by_definition(x, low, bits)];
                continue;
            }
            const cs_fr *p = d->up[k + 1], *q = d->down[k + 1];
            d->up[k][x] = cs_fr_add(cs_fr_mul(p[x], q[n + x]), cs_fr_mul(p[n + x], q[x]));
            d->down[k][x] = cs_fr_mul(q[x], q[n + x]);
        }
    }
}

static void definition_free(definition *d) {
    for (unsigned k = 0; k <= MOST_BITS; k++) {
        cs_free(d->up[k]);
        cs_free(d->down[k]);
        d->up[k] = d->down[k] = NULL;
    }
}

static cs_fr line_through(const cs_fr *v, size_t half, size_t x, uint64_t node) {
    return cs_fr_add(v[x], cs_fr_mul(cs_fr_from_u64(node), cs_fr_sub(v[x + half], v[x])));
}

/* Sum under eq of a B + A (b + lambda B) at a node. */
static cs_fr round_by_definition(cs_fr *const t[CS_LAYER_TABLES], size_t half, const cs_fr *eq, uint64_t node) {
    cs_fr out = CS_FR_ZERO, at[CS_LAYER_TABLES];
    for (size_t x = 0; x < half; x++) {
        for (unsigned k = 0; k < CS_LAYER_TABLES; k++)
            at[k] = line_through(t[k], half, x, node);
        const cs_fr first = cs_fr_mul(at[CS_LAYER_P0], at[CS_LAYER_Q1]);
        const cs_fr second = cs_fr_mul(at[CS_LAYER_Q0], at[CS_LAYER_P1]);
        out = cs_fr_add(out, cs_fr_mul(eq[x], cs_fr_add(first, second)));
    }
    return out;
}

/* The tables that are left, stored or loaded. */
static void check_tables(const cs_sc_witness *w, cs_fr *const t[CS_LAYER_TABLES], size_t n) {
    static cs_fr loaded[MOST_LEAVES];
    for (unsigned k = 0; k < CS_LAYER_TABLES; k++) {
        const cs_sc_table *table = &w->tables[k];
        if (!table->values)
            table->load(table->context, 0, n, loaded);
        same(table->values ? table->values : loaded, t[k], n);
    }
}

/* The first rounds of a layer's sumcheck against the children by definition, which are folded. */
static void check_layer(definition *d, cs_tree *tree, unsigned level) {
    static cs_fr eq[MOST_LEAVES];
    const size_t size = (size_t)1 << level;
    cs_fr *p = d->up[level + 1], *q = d->down[level + 1], *const t[CS_LAYER_TABLES] = {p, p + size, q, q + size};
    cs_sc_witness w;
    assert_int_equal(cs_tree_start(tree, level, d->lambda, d->omega, d->point, &w), CS_OK);
    for (size_t x = 0; x < size; x++)
        t[CS_LAYER_P1][x] = cs_fr_add(t[CS_LAYER_P1][x], cs_fr_mul(d->lambda, t[CS_LAYER_Q1][x]));
    assert_true(w.first.rounds <= level);
    assert_true(level <= CS_SC_PAIR_BITS || w.first.rounds == 0 || w.first.rounds >= level - CS_SC_PAIR_BITS);
    for (unsigned r = 0; r < w.first.rounds; r++) {
        const size_t half = size >> (r + 1);
        const cs_fr challenge = cs_fr_pow(d->point[3], 2 + r);
        cs_fr out[2];
        cs_fr_vec_eq(eq, d->point + r + 1, level - r - 1);
        w.first.round(w.first.context, out);
        for (unsigned node = 0; node < 2; node++)
            assert_true(cs_fr_eq(out[node], cs_fr_mul(d->omega, round_by_definition(t, half, eq, 2 * node))));
        assert_int_equal(w.first.bind(w.first.context, challenge), CS_OK);
        for (unsigned k = 0; k < CS_LAYER_TABLES; k++)
            for (size_t x = 0; x < half; x++)
                t[k][x] = cs_fr_add(t[k][x], cs_fr_mul(challenge, cs_fr_sub(t[k][x + half], t[k][x])));
    }
    check_tables(&w, t, size >> w.first.rounds);
    cs_tree_end(tree, level);
}

/* The prover's tree of these leaves against the definition's, which is used up. */
static void definition_check(definition *d, const cs_leaves *leaves) {
    cs_tree *tree;
    cs_fr p, q;
    assert_int_equal(leaves->bits, d->bits);
    assert_int_equal(cs_tree_new(&tree, leaves), CS_OK);
    cs_tree_root(tree, &p, &q);
    same(&p, d->up[0], 1);
    same(&q, d->down[0], 1);
    for (unsigned level = 0; level < d->bits; level++)
        check_layer(d, tree, level);
    cs_tree_free(tree);
}

#endif
