/* The sumcheck prover against sums over the cube: degrees, loaders, short tables, eq mode, every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "field/fr_vec.h"
#include "poly/mle.h"
#include "sumcheck/sumcheck.h"

enum { MAX_BITS = 9, SIZE = 1 << MAX_BITS };

typedef struct setting {
    cs_fr tables[4][SIZE], eq[SIZE], point[MAX_BITS];
    size_t live;
} setting;

static void load(const void *context, size_t offset, size_t n, cs_fr *out) {
    memcpy(out, (const cs_fr *)context + offset, n * sizeof *out);
}

/* Both variables: the entries of four quarters at (x, y). */
static void bind_two(cs_fr *out, const cs_fr *table, size_t quarter, cs_fr x, cs_fr y) {
    cs_fr low[SIZE], high[SIZE];
    cs_fr_vec_fold(low, table, table + 2 * quarter, x, quarter);
    cs_fr_vec_fold(high, table + quarter, table + 3 * quarter, x, quarter);
    cs_fr_vec_fold(out, low, high, y, quarter);
}

/* Sum over x below n of the terms. */
static cs_fr sum_of(const cs_sumcheck *w, cs_fr tables[4][SIZE], const cs_fr *eq, size_t n) {
    cs_fr total = CS_FR_ZERO;
    for (size_t x = 0; x < n; x++)
        for (unsigned k = 0; k < w->n_terms; k++) {
            cs_fr product = w->terms[k].weights[0];
            for (unsigned f = 0; f < w->terms[k].n_factors; f++)
                product = cs_fr_mul(product, tables[w->terms[k].factor[f]][x]);
            if (w->terms[k].pub >= 0)
                product = cs_fr_mul(product, tables[3][x]);
            total = cs_fr_add(total, eq ? cs_fr_mul(product, eq[x]) : product);
        }
    return total;
}

/* The same with the first of the variables of 2 half entries at t. */
static cs_fr sum_at(const cs_sumcheck *w, cs_fr tables[4][SIZE], const cs_fr *eq, size_t half, cs_fr t) {
    cs_fr bound[4][SIZE];
    for (int k = 0; k < 4; k++)
        cs_fr_vec_fold(bound[k], tables[k], tables[k] + half, t, half);
    return sum_of(w, bound, eq, half);
}

/* The round with j variables bound. */
static void check_round(cs_sc_prover *p, const cs_sumcheck *what, setting *s, unsigned j) {
    const unsigned after = what->bits - 1 - j;
    cs_fr out[4];
    cs_fr_vec_eq(s->eq, s->point + j + 1, after);
    cs_sc_prover_round(p, 4, out);
    for (unsigned node = 0; node <= 4; node++)
        if (node != 1)
            assert_true(cs_fr_eq(out[node ? node - 1 : 0], sum_at(what, s->tables, what->eq_point ? s->eq : NULL,
                                                                  (size_t)1 << after, cs_fr_from_u64(node))));
}

/* Two rounds at once: the grid in its order, for every degree. */
static void check_pair(cs_sc_prover *p, const cs_sumcheck *what, setting *s, unsigned j) {
    const unsigned after = what->bits - 2 - j;
    const size_t quarter = (size_t)1 << after;
    cs_fr out[CS_SC_GRID], bound[4][SIZE];
    cs_fr_vec_eq(s->eq, s->point + j + 2, after);
    assert_int_equal(cs_sc_prover_round_pair(p, 4, out), CS_OK);
    size_t next = 0;
    for (unsigned x = 0; x <= 4; x++)
        for (unsigned y = 0; y <= 4; y++) {
            if (x == 1 && y == 1)
                continue;
            for (int t = 0; t < 4; t++)
                bind_two(bound[t], s->tables[t], quarter, cs_fr_from_u64(x), cs_fr_from_u64(y));
            assert_true(cs_fr_eq(out[next++], sum_of(what, bound, what->eq_point ? s->eq : NULL, quarter)));
        }
}

/* loaders: 0 for stored tables, 1 for a table with a loader, 2 for one that is stored a fold later. */
static void run(unsigned bits, bool eq_mode, int loaders, size_t live, bool pairs) {
    static setting s;
    cs_fr weights[2][1] = {{cs_fr_random()}, {cs_fr_random()}};
    cs_sumcheck what = {.bits = bits,
                        .n_own = 2,
                        .n_common = 1,
                        .n_public = eq_mode ? 0 : 1,
                        .n_terms = 3,
                        .terms = {{weights[0], eq_mode ? -1 : 0, 2, {0, 1}},
                                  {weights[0], eq_mode ? -1 : 0, 1, {2}},
                                  {weights[1], -1, 3, {0, 1, 2}}}};
    const size_t size = (size_t)1 << bits;
    cs_fr values[4][SIZE];
    for (unsigned k = 0; k < bits; k++)
        s.point[k] = cs_fr_random();
    what.eq_point = eq_mode ? s.point : NULL;
    for (int t = 0; t < 4; t++)
        for (size_t x = 0; x < size; x++)
            s.tables[t][x] = t == 1 && x >= live ? CS_FR_ONE : cs_fr_random();
    memcpy(values, s.tables, sizeof values);
    cs_sc_witness w = {
        .tables = {{.values = values[0]}, {.values = values[1], .live = live, .tail = CS_FR_ONE}, {.values = values[2]}},
        .publics = {{.values = values[3]}}};
    if (loaders)
        w.tables[0] = (cs_sc_table){.load = load, .context = s.tables[0], .load_longer = loaders > 1};
    if (live < size)
        memset(values[1] + live, 0xee, (size - live) * sizeof **values);
    cs_fr copy[SIZE];
    memcpy(copy, s.tables[0], sizeof copy);
    if (loaders)
        w.tables[0].context = copy;
    cs_sc_prover *p;
    assert_int_equal(cs_sc_prover_new(&p, &what, &w, 0), CS_OK);
    for (unsigned j = 0; j < bits;) {
        const bool two = pairs && bits - j > 1;
        cs_fr r[2] = {cs_fr_random(), cs_fr_random()};
        if (two)
            check_pair(p, &what, &s, j);
        else
            check_round(p, &what, &s, j);
        const size_t left = size >> (two ? j + 2 : j + 1);
        assert_int_equal(two ? cs_sc_prover_fold_pair(p, r) : cs_sc_prover_fold(p, r[0]), CS_OK);
        for (int t = 0; t < 4; t++)
            if (two)
                bind_two(s.tables[t], s.tables[t], left, r[0], r[1]);
            else
                cs_fr_vec_fold(s.tables[t], s.tables[t], s.tables[t] + left, r[0], left);
        j += two ? 2 : 1;
    }
    for (unsigned t = 0; t < 3; t++)
        assert_true(cs_fr_eq(cs_sc_prover_value(p, t), s.tables[t][0]));
    cs_sc_prover_free(p);
}

static void all_settings(bool pairs) {
    for (unsigned bits = 0; bits <= MAX_BITS; bits++) {
        const size_t size = (size_t)1 << bits;
        run(bits, false, 0, size, pairs);
        run(bits, true, 0, size, pairs);
        run(bits, false, 1, size, pairs);
        run(bits, true, 1, size > 2 ? size - 1 : size, pairs);
        run(bits, true, 0, size > 2 ? size / 2 + 1 : size, pairs);
        run(bits, false, 1, size > 4 ? size / 4 : size, pairs);
        run(bits, false, 2, size, pairs);
        run(bits, true, 2, size, pairs);
    }
}

static void rounds_are_sums(void **state) {
    (void)state;
    all_settings(false);
}

static void two_rounds_are_sums(void **state) {
    (void)state;
    all_settings(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rounds_are_sums), cmocka_unit_test(two_rounds_are_sums)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
