/* Draws: passes are permutations, the same for everybody, independent between ranks; and the stream behind them. */
#include "train/job.h"

#include <string.h>

static cs_params params(void) {
    return (cs_params){.n_ranks = 3, .steps = 50, .batch = 7, .rows = {10, 1, 33}};
}

static void passes_are_permutations(void **state) {
    (void)state;
    const cs_params p = params();
    uint32_t **draws;
    assert_int_equal(cs_draws_new(&draws, &p, JOB_SEED), CS_OK);
    for (size_t i = 0; i < 3; i++)
        for (size_t first = 0; first < 350; first += p.rows[i]) {
            bool seen[33] = {false};
            for (size_t k = first; k < first + p.rows[i] && k < 350; k++) {
                assert_true(draws[i][k] < p.rows[i]);
                assert_false(seen[draws[i][k]]);
                seen[draws[i][k]] = true;
            }
        }
    cs_draws_free(draws);
    assert_int_equal(cs_memory_live(), 0);
}

static void deterministic_and_independent(void **state) {
    (void)state;
    cs_params p = params();
    p.rows[1] = 10;
    uint32_t **a, **b, **c, **d;
    const uint8_t other[32] = {8};
    assert_int_equal(cs_draws_new(&a, &p, JOB_SEED), CS_OK);
    assert_int_equal(cs_draws_new(&b, &p, JOB_SEED), CS_OK);
    assert_int_equal(cs_draws_new(&c, &p, other), CS_OK);
    p.rows[0] = 11; /* another rank's rows change nothing for rank 1 */
    p.steps = 20;   /* nor do fewer steps */
    assert_int_equal(cs_draws_new(&d, &p, JOB_SEED), CS_OK);
    assert_memory_equal(a[0], b[0], 350 * 4);
    assert_memory_equal(a[2], b[2], 350 * 4);
    assert_memory_not_equal(a[0], a[1], 350 * 4);
    assert_memory_not_equal(a[0], c[0], 350 * 4);
    assert_memory_not_equal(a[0], a[0] + 10, 10 * 4); /* passes differ */
    assert_memory_equal(a[1], d[1], 140 * 4);
    cs_draws_free(a);
    cs_draws_free(b);
    cs_draws_free(c);
    cs_draws_free(d);
}

/* All 24 orders of four rows come up about equally often: chi-squared of 23 degrees of freedom, far tail. */
static void shuffles_are_uniform(void **state) {
    (void)state;
    const cs_params p = {.n_ranks = 1, .steps = 24000, .batch = 4, .rows = {4}};
    uint32_t **draws;
    size_t count[256] = {0};
    assert_int_equal(cs_draws_new(&draws, &p, JOB_SEED), CS_OK);
    for (size_t t = 0; t < p.steps; t++) {
        const uint32_t *x = draws[0] + 4 * t;
        count[x[0] | x[1] << 2 | x[2] << 4 | x[3] << 6]++;
    }
    double chi = 0;
    size_t orders = 0;
    for (size_t k = 0; k < 256; k++)
        if (count[k] > 0) {
            chi += ((double)count[k] - 1000) * ((double)count[k] - 1000) / 1000;
            orders++;
        }
    assert_int_equal(orders, 24);
    assert_true(chi < 60);
    cs_draws_free(draws);
}

/* Key 0, nonce 0: the key stream of the ChaCha20 test vectors (draft-strombergson-chacha-test-vectors-01, TC1). */
static void known_stream(void **state) {
    (void)state;
    cs_stream s;
    const uint8_t zero[32] = {0};
    cs_stream_init(&s, zero, (cs_stream_purpose)0, 0);
    assert_true(cs_stream_u64(&s) == UINT64_C(0x903df1a0ade0b876));
    assert_true(cs_stream_u64(&s) == UINT64_C(0x28bd8653e56a5d40));
    for (size_t k = 2; k < 1024 / 8; k++)
        cs_stream_u64(&s);
    const uint64_t later = cs_stream_u64(&s); /* of the second buffer */
    cs_stream_init(&s, zero, (cs_stream_purpose)0, 0);
    for (size_t k = 0; k < 1024 / 8; k++)
        assert_true(cs_stream_u64(&s) != later);
    assert_true(cs_stream_u64(&s) == later);
}

static void below(void **state) {
    (void)state;
    cs_stream s;
    cs_stream_init(&s, JOB_SEED, CS_STREAM_WEIGHTS, 1);
    const uint64_t bounds[] = {1, 2, 3, 1000, ((uint64_t)1 << 63) + 1, UINT64_MAX};
    for (size_t k = 0; k < 6; k++)
        for (size_t n = 0; n < 100; n++)
            assert_true(cs_stream_below(&s, bounds[k]) < bounds[k]);
}

static void without_memory(void **state) {
    (void)state;
    const cs_params p = params();
    uint32_t **draws;
    cs_memory_limit(3 * 350 * 4 + 24);
    assert_int_equal(cs_draws_new(&draws, &p, JOB_SEED), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    assert_null(draws);
    assert_int_equal(cs_memory_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_are_permutations),
        cmocka_unit_test(deterministic_and_independent),
        cmocka_unit_test(shuffles_are_uniform),
        cmocka_unit_test(known_stream),
        cmocka_unit_test(below),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
