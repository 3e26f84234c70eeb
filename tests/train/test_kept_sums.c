/* Sums of gradients that ranks keep: who keeps which, in which type, and what they give contracted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "comm/shares.h"
#include "train/kept_sums.h"

enum { STEPS = 7, LAYERS = 2, MOST_RANKS = 9 };

static int64_t RATES[STEPS] = {1, 3, 0, 2, 1, 1, 5};

static cs_params params(void) {
    cs_params p = {.layers = LAYERS, .n_ranks = 3, .steps = STEPS, .batch = 4, .rate = RATES};
    memcpy(p.widths, (size_t[]){5, 4, 3}, (LAYERS + 1) * sizeof(size_t));
    return p;
}

enum { WEIGHTS = 6 * 4 + 5 * 3 };

/* Entry k of the sum of a step, which may need 16, 32 or 64 bits, the smallest and largest such numbers among them. */
static int64_t entry(size_t step, size_t k) {
    static const int64_t largest[] = {INT16_MAX, INT32_MAX, INT64_MAX / 2};
    const int64_t most = largest[step % 3];
    return k == 0 ? most : k == 1 ? -most - 1 : (int64_t)((k * 2654435761u + step * 40503u) % (uint64_t)most) - most / 2;
}

static void keep_all(cs_kept_sums *k, size_t steps) {
    uint64_t sum[WEIGHTS];
    for (size_t s = 0; s < steps; s++) {
        for (size_t i = 0; i < WEIGHTS; i++)
            sum[i] = (uint64_t)entry(s, i);
        assert_int_equal(cs_kept_sums_keep(k, s, sum, WEIGHTS), CS_OK);
    }
}

/* -c_s sum over the contracted axis, entry by entry. */
static cs_fr expected(cs_table_name which, size_t step, size_t at, const cs_fr *vector) {
    const size_t rows = which.layer == 1 ? 6 : 5, columns = which.layer == 1 ? 4 : 3, first = which.layer == 1 ? 0 : 24;
    cs_fr sum = CS_FR_ZERO;
    for (size_t x = 0; x < (which.backward ? rows : columns); x++) {
        const size_t k = which.backward ? x * columns + at : at * columns + x;
        sum = cs_fr_add(sum, cs_fr_mul(vector[x], cs_fr_from_i64(entry(step, first + k))));
    }
    return cs_fr_mul(cs_fr_from_i64(-RATES[step]), sum);
}

static void check_table(const cs_kept_sums *k, const cs_params *p, cs_table_name which) {
    const size_t width = cs_table_width(p, which);
    cs_fr vector[8], rows[STEPS * 8];
    for (size_t x = 0; x < 8; x++)
        vector[x] = cs_fr_random();
    memset(rows, 0xff, sizeof rows); /* whatever was there */
    assert_int_equal(cs_kept_sums_contract(k, p, which, vector, rows), CS_OK);
    for (size_t s = 0; s < k->count; s++)
        for (size_t at = 0; at < width; at++)
            assert_true(cs_fr_eq(rows[s * width + at], expected(which, k->first + s, at, vector)));
}

/* Every step is one rank's, of 1 to 9 ranks of equal or unequal speed; with 8 steps the last one is in no table. */
static void contracted_by_their_ranks(void **state) {
    (void)state;
    for (int ranks = 1; ranks <= MOST_RANKS; ranks++)
        for (int unequal = 0; unequal < 2; unequal++) {
            const cs_params p = params();
            size_t next = 0;
            for (int rank = 0; rank < ranks; rank++) {
                cs_comm comm = {.rank = rank, .size = ranks};
                uint32_t shares[MOST_RANKS] = {0};
                shares[0] = CS_SHARES_WHOLE / 2;
                shares[ranks - 1] += CS_SHARES_WHOLE / 2;
                if (unequal == 1)
                    assert_int_equal(cs_comm_set_shares(&comm, shares), CS_OK);
                cs_kept_sums k = {0};
                assert_int_equal(cs_kept_sums_new(&k, &comm, &p), CS_OK);
                assert_int_equal(k.first, next);
                next += k.count;
                keep_all(&k, STEPS);
                for (size_t s = 0; s < k.count; s++)
                    assert_int_equal(k.steps[s].type, CS_INT_I16 + (int)((k.first + s) % 3));
                check_table(&k, &p, (cs_table_name){false, 1});
                check_table(&k, &p, (cs_table_name){false, 2});
                check_table(&k, &p, (cs_table_name){true, 2});
                cs_kept_sums_free(&k);
                cs_comm_free(&comm);
            }
            assert_int_equal(next, STEPS);
        }
    assert_int_equal(cs_memory_live(), 0);
}

static void only_steps_of_tables_are_kept(void **state) {
    (void)state;
    cs_params p = params();
    cs_comm comm = {.rank = 0, .size = 1};
    cs_kept_sums k = {0};
    for (size_t steps = 1; steps <= STEPS; steps++) {
        p.steps = steps;
        assert_int_equal(cs_kept_sums_new(&k, &comm, &p), CS_OK);
        assert_int_equal(k.count, cs_table_steps(&p));
        keep_all(&k, steps);
    }
    cs_kept_sums_free(&k);
    assert_int_equal(cs_memory_live(), 0);
}

static void a_missing_sum_is_noticed(void **state) {
    (void)state;
    const cs_params p = params();
    const cs_fr vector[8] = {CS_FR_ONE};
    cs_comm comm = {.rank = 0, .size = 1};
    cs_fr rows[STEPS * 8];
    cs_kept_sums k = {0};
    assert_int_equal(cs_kept_sums_new(&k, &comm, &p), CS_OK);
    keep_all(&k, STEPS - 1);
    assert_int_equal(cs_kept_sums_contract(&k, &p, (cs_table_name){false, 1}, vector, rows), CS_ERR_INTERNAL);
    cs_kept_sums_free(&k);
}

static bool pays(int ranks, size_t steps, const size_t *widths, size_t layers) {
    cs_params p = {.layers = layers, .n_ranks = ranks, .steps = steps, .batch = (size_t)(128 / ranks)};
    memcpy(p.widths, widths, (layers + 1) * sizeof *widths);
    return cs_kept_sums_pay(&p);
}

/* A scanned-digits model with some ranks, but not with so much memory; a large one with many ranks only. */
static void kept_where_it_pays(void **state) {
    (void)state;
    static const size_t small[] = {784, 128, 10}, large[] = {784, 3000, 2500, 10}, linear[] = {784, 10};
    assert_false(pays(1, 117, small, 2));
    assert_true(pays(2, 117, small, 2));
    assert_false(pays(2, 469, small, 2));
    assert_true(pays(4, 469, small, 2));
    assert_true(pays(64, 469, small, 2));
    assert_true(pays(2, 469, linear, 1));
    assert_false(pays(2, 64, large, 3));
    assert_false(pays(2, 2, large, 3));
    assert_true(pays(64, 64, large, 3));
}

static void memory_that_is_forecast(void **state) {
    (void)state;
    cs_params p = params();
    assert_true(cs_kept_sums_bytes(&p) == STEPS * WEIGHTS * 4.0 / 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contracted_by_their_ranks), cmocka_unit_test(only_steps_of_tables_are_kept),
        cmocka_unit_test(a_missing_sum_is_noticed),  cmocka_unit_test(kept_where_it_pays),
        cmocka_unit_test(memory_that_is_forecast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
