/* Draws: passes are permutations, the same for everybody, independent between ranks; and the stream behind them. */
#include "train/job.h"

#include <math.h>
#include <string.h>

static cs_params params(void) {
    return (cs_params){.n_ranks = 3, .steps = 50, .batch = 7, .rows = {10, 1, 33}};
}

static void passes_are_permutations(void **state) {
    (void)state;
    const cs_params p = params();
    uint32_t **draws;
    assert_int_equal(cs_draws_new(&draws, &p, NULL, JOB_SEED), CS_OK);
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
    assert_int_equal(cs_draws_new(&a, &p, NULL, JOB_SEED), CS_OK);
    assert_int_equal(cs_draws_new(&b, &p, NULL, JOB_SEED), CS_OK);
    assert_int_equal(cs_draws_new(&c, &p, NULL, other), CS_OK);
    p.rows[0] = 11; /* another rank's rows change nothing for rank 1 */
    p.steps = 20;   /* nor do fewer steps */
    assert_int_equal(cs_draws_new(&d, &p, NULL, JOB_SEED), CS_OK);
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
    assert_int_equal(cs_draws_new(&draws, &p, NULL, JOB_SEED), CS_OK);
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

/* One dataset of weight 1: the stream of plain shuffles, by another program. */
static void one_dataset_is_a_stream_of_shuffles(void **state) {
    (void)state;
    const cs_params p = params();
    uint32_t **draws, order[33];
    cs_stream stream;
    assert_int_equal(cs_draws_new(&draws, &p, NULL, JOB_SEED), CS_OK);
    cs_stream_init(&stream, JOB_SEED, CS_STREAM_DRAWS, 2);
    for (size_t x = 0; x < 350; x++) {
        const size_t k = x % 33;
        for (uint32_t row = 0; row < 33 && k == 0; row++)
            order[row] = row;
        const size_t other = k + cs_stream_below(&stream, 33 - k);
        assert_int_equal(draws[2][x], order[other]);
        order[other] = order[k];
    }
    cs_draws_free(draws);
}

/* Two datasets with rows between them; the second gives half of its rows to a pass; the third at most two, five in all. */
static const cs_piece PIECES[] = {{.offset = 0, .rows = 6, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT},
                                  {.offset = 8, .rows = 9, .weight = 0.5, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT},
                                  {.offset = 20, .rows = 10, .weight = 1, .per_epoch = 2, .total = 5}};
static const cs_pieces SHARD = {.pieces = PIECES, .n = 3};

static void datasets_give_their_shares(void **state) {
    (void)state;
    const cs_params p = {.n_ranks = 1, .steps = 56, .batch = 1, .rows = {30}};
    static const size_t lengths[] = {12, 12, 11, 10, 10, 1}; /* 6 + 4 + what is left of 2, 2, 1 */
    static const size_t third[] = {2, 2, 1, 0, 0, 0};
    uint32_t **draws;
    assert_int_equal(cs_pieces_check(&SHARD, 30), CS_OK);
    assert_int_equal(cs_draws_new(&draws, &p, &SHARD, JOB_SEED), CS_OK);
    size_t at = 0;
    for (size_t pass = 0; pass < 6; pass++) {
        size_t count[3] = {0};
        bool seen[30] = {false};
        for (size_t x = 0; x < lengths[pass]; x++) {
            const uint32_t row = draws[0][at++];
            assert_true(row < 6 || (row >= 8 && row < 17) || (row >= 20 && row < 30));
            assert_false(seen[row]);
            seen[row] = true;
            count[row < 6 ? 0 : row < 17 ? 1 : 2]++;
        }
        if (pass < 5) {
            assert_int_equal(count[0], 6);
            assert_int_equal(count[1], 4);
            assert_int_equal(count[2], third[pass]);
        }
    }
    cs_draws_free(draws);
}

/* The records of a pass are shuffled together, and a dataset's share is another one in each pass. */
static void datasets_are_mixed(void **state) {
    (void)state;
    static const cs_piece halves[] = {
        {.offset = 0, .rows = 4, .weight = 0.5, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT},
        {.offset = 4, .rows = 2, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT}};
    const cs_pieces shard = {.pieces = halves, .n = 2};
    const cs_params p = {.n_ranks = 1, .steps = 4000, .batch = 4, .rows = {6}};
    uint32_t **draws;
    size_t first[6] = {0}, all[6] = {0};
    assert_int_equal(cs_draws_new(&draws, &p, &shard, JOB_SEED), CS_OK);
    for (size_t x = 0; x < 16000; x++) {
        all[draws[0][x]]++;
        first[draws[0][x]] += x % 4 == 0;
    }
    for (size_t row = 0; row < 6; row++) { /* expected: 2000 or 4000 in all, a quarter of them first; six deviations */
        const double expected = row < 4 ? 2000 : 4000, deviation = row < 4 ? 190 : 1;
        assert_true(all[row] > expected - deviation && all[row] < expected + deviation);
        assert_true(first[row] > expected / 4 - 180 && first[row] < expected / 4 + 180);
    }
    cs_draws_free(draws);
}

/* Passes of one record each over many rows: as cheap as their draws, and every one a fresh choice. */
static void short_passes_are_cheap(void **state) {
    (void)state;
    const size_t rows = (size_t)1 << 20;
    static const cs_piece one[] = {{.offset = 0, .rows = 1 << 20, .weight = 1, .per_epoch = 1, .total = CS_NO_LIMIT}};
    const cs_pieces shard = {.pieces = one, .n = 1};
    const cs_params p = {.n_ranks = 1, .steps = 1 << 16, .batch = 4, .rows = {rows}};
    uint32_t **draws;
    size_t low = 0, same = 0;
    assert_int_equal(cs_draws_new(&draws, &p, &shard, JOB_SEED), CS_OK);
    for (size_t x = 0; x < p.steps * p.batch; x++) {
        low += draws[0][x] < rows / 2;
        same += x > 0 && draws[0][x] == draws[0][x - 1];
    }
    assert_true(low > 130000 && low < 132200); /* half of 262144, four deviations */
    assert_true(same < 8);
    cs_draws_free(draws);
}

static void totals_that_do_not_suffice_are_refused(void **state) {
    (void)state;
    static const cs_piece limited[] = {{.offset = 0, .rows = 3, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = 7}};
    const cs_pieces shard = {.pieces = limited, .n = 1};
    cs_params p = {.n_ranks = 1, .steps = 7, .batch = 1, .rows = {3}};
    uint32_t **draws;
    assert_int_equal(cs_draws_new(&draws, &p, &shard, JOB_SEED), CS_OK);
    cs_draws_free(draws);
    p.steps = 8;
    assert_int_equal(cs_draws_new(&draws, &p, &shard, JOB_SEED), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "allow 7"));
    assert_null(draws);
    assert_int_equal(cs_memory_live(), 0);
}

static void refused(cs_piece first, const char *says) {
    const cs_piece two[] = {first, {.offset = 6, .rows = 2, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT}};
    const cs_pieces shard = {.pieces = two, .n = 2};
    const cs_status status = cs_pieces_check(&shard, 8);
    if (status != CS_ERR_INPUT || strstr(cs_error_text(), says) == NULL)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

static void pieces_are_checked(void **state) {
    (void)state;
    const cs_piece good = {.offset = 0, .rows = 6, .weight = 1, .per_epoch = CS_NO_LIMIT, .total = CS_NO_LIMIT};
    cs_piece bad = good;
    bad.rows = 7;
    refused(bad, "dataset 1: rows 6 to 8 overlap");
    bad = good, bad.rows = SIZE_MAX;
    refused(bad, "dataset 0: rows");
    bad = good, bad.offset = 9;
    refused(bad, "dataset 0: rows");
    const double weights[] = {0, -1, 1.001, NAN};
    for (size_t k = 0; k < 4; k++) {
        bad = good, bad.weight = weights[k];
        refused(bad, "the weight is");
    }
    bad = good, bad.weight = 0.1;
    refused(bad, "give no record");
    bad = good, bad.per_epoch = 0;
    refused(bad, "give no record");
    bad = good, bad.total = 0;
    refused(bad, "give no record");
    const cs_pieces none = {.pieces = &good, .n = 0};
    assert_int_equal(cs_pieces_check(&none, 8), CS_ERR_INPUT);
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
    assert_int_equal(cs_draws_new(&draws, &p, NULL, JOB_SEED), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    assert_null(draws);
    assert_int_equal(cs_memory_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_are_permutations),
        cmocka_unit_test(deterministic_and_independent),
        cmocka_unit_test(shuffles_are_uniform),
        cmocka_unit_test(one_dataset_is_a_stream_of_shuffles),
        cmocka_unit_test(datasets_give_their_shares),
        cmocka_unit_test(datasets_are_mixed),
        cmocka_unit_test(short_passes_are_cheap),
        cmocka_unit_test(totals_that_do_not_suffice_are_refused),
        cmocka_unit_test(pieces_are_checked),
        cmocka_unit_test(known_stream),
        cmocka_unit_test(below),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
