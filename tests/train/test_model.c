/* Models: shapes, bounds, digests, the seeded W(0), prediction. */
#include "train/job.h"

#include <string.h>

#include "train/model_sums.h"
#include "train/stream.h"

static void shapes(void **state) {
    (void)state;
    job j;
    cs_model m, copy;
    job_params(&j);
    assert_int_equal(cs_model_new(&m, &j.p), CS_OK);
    assert_int_equal(m.layers, 2);
    assert_true(m.rows[0] == 4 && m.columns[0] == 5 && m.rows[1] == 6 && m.columns[1] == 3);
    assert_int_equal(cs_model_size(&m), 38);
    for (size_t k = 0; k < 20; k++)
        m.w[0][k] = (int64_t)k - 9;
    assert_int_equal(cs_model_copy(&copy, &m), CS_OK);
    assert_true(job_same_models(&m, &copy));
    assert_ptr_not_equal(m.w[0], copy.w[0]);
    cs_model_free(&m);
    assert_int_equal(m.layers, 0);
    assert_int_equal(copy.w[0][19], 10);
    cs_model_free(&copy);
    assert_int_equal(cs_memory_live(), 0);
}

static void digests(void **state) {
    (void)state;
    job j;
    cs_model m, copy;
    job_params(&j);
    assert_int_equal(cs_model_from_seed(&m, &j.p, JOB_SEED), CS_OK);
    assert_int_equal(cs_model_copy(&copy, &m), CS_OK);
    for (size_t l = 0; l < 2; l++)
        for (size_t k = 0; k < m.rows[l] * m.columns[l]; k++) {
            copy.w[l][k] ^= (int64_t)1 << (k % 64);
            assert_false(job_same_models(&m, &copy));
            copy.w[l][k] = m.w[l][k];
        }
    assert_true(job_same_models(&m, &copy));
    copy.rows[0] = 5, copy.columns[0] = 4; /* the same numbers in another shape */
    assert_false(job_same_models(&m, &copy));
    cs_model_free(&m);
    cs_model_free(&copy);
}

static void expect_invalid(const cs_model *m, const cs_params *p, bool initial, const char *text) {
    assert_int_equal(cs_model_validate(m, p, initial), CS_ERR_INPUT);
    if (strstr(cs_error_text(), text) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text, cs_error_text());
}

static void bounds(void **state) {
    (void)state;
    job j;
    cs_model m;
    job_params(&j);
    j.p.initial_max[1] = 77;
    assert_int_equal(cs_model_new(&m, &j.p), CS_OK);
    m.w[0][3] = 8000, m.w[0][4] = -8000, m.w[1][17] = -77;
    assert_int_equal(cs_model_validate(&m, &j.p, true), CS_OK);
    m.w[0][7] = 8001;
    expect_invalid(&m, &j.p, true, "layer 1, row 1, column 2: weight 8001 is beyond its bound of 8000");
    assert_int_equal(cs_model_validate(&m, &j.p, false), CS_OK);
    m.w[0][7] = 0;
    m.w[1][17] = -78;
    expect_invalid(&m, &j.p, true, "layer 2, row 5, column 2");
    m.w[1][17] = -(int64_t)cs_params_weight_max(&j.p, 2);
    assert_int_equal(cs_model_validate(&m, &j.p, false), CS_OK);
    m.w[1][17]--;
    expect_invalid(&m, &j.p, false, "layer 2, row 5, column 2");
    m.w[1][17] = INT64_MIN;
    expect_invalid(&m, &j.p, false, "layer 2, row 5, column 2");
    m.w[1][17] = 0;
    m.rows[1] = 5;
    expect_invalid(&m, &j.p, false, "layer 2 has 5 x 3 weights; the parameters say 6 x 3");
    m.rows[1] = 6;
    j.p.widths[2] = 4;
    expect_invalid(&m, &j.p, false, "layer 2 has 6 x 3 weights; the parameters say 6 x 4");
    j.p.layers = 1;
    expect_invalid(&m, &j.p, false, "2 layers; the parameters say 1");
    cs_model_free(&m);
}

static void seeded(void **state) {
    (void)state;
    job j;
    cs_model a, b, c;
    const uint8_t other[32] = {9};
    job_params(&j);
    j.p.widths[0] = 200;
    j.p.widths[1] = 60;
    j.p.initial_max[0] = 2;
    assert_int_equal(cs_model_from_seed(&a, &j.p, JOB_SEED), CS_OK);
    assert_int_equal(cs_model_from_seed(&b, &j.p, JOB_SEED), CS_OK);
    assert_int_equal(cs_model_from_seed(&c, &j.p, other), CS_OK);
    assert_int_equal(cs_model_validate(&a, &j.p, true), CS_OK);
    assert_true(job_same_models(&a, &b));
    assert_false(job_same_models(&a, &c));
    size_t count[5] = {0};
    for (size_t k = 0; k < 12000; k++)
        count[a.w[0][k] + 2]++;
    for (size_t k = 0; k < 5; k++)
        assert_in_range(count[k], 2150, 2650); /* 2400 expected, deviation 44 */
    for (size_t k = 0; k < 60; k++)
        assert_int_equal(a.w[0][12000 + k], 0);
    int64_t low = 0, high = 0;
    for (size_t k = 0; k < 180; k++) {
        low = a.w[1][k] < low ? a.w[1][k] : low;
        high = a.w[1][k] > high ? a.w[1][k] : high;
    }
    assert_true(low < -7000 && high > 7000);
    cs_model_free(&a);
    cs_model_free(&b);
    cs_model_free(&c);
}

/* The trainer's forward pass and the prediction agree on every draw of a run, the lowest index on ties. */
static void predicts_as_trained(void **state) {
    (void)state;
    job j;
    job_params(&j);
    j.p.steps = 30;
    j.p.batch = 4;
    job_new(&j);
    size_t ties = 0;
    for (size_t t = 0; t < j.p.steps; t++) {
        cs_model before;
        assert_int_equal(cs_model_copy(&before, cs_trainer_model(j.trainers[0])), CS_OK);
        assert_int_equal(job_step(&j, t), CS_OK);
        for (size_t i = 0; i < 3; i++)
            for (size_t b = 0; b < 4; b++) {
                size_t class = 99, equal = 0;
                assert_int_equal(cs_model_predict(&before, &j.p, j.features[i] + 3 * j.draws[i][t * 4 + b], &class), CS_OK);
                assert_int_equal(job_entry(&j, i, CS_BLOCK_M, 0, 0, t, b, class), 1);
                for (size_t k = 0; k < 3; k++)
                    equal += job_entry(&j, i, CS_BLOCK_Z, 2, 0, t, b, k) == job_entry(&j, i, CS_BLOCK_C, 0, 0, t, b, 0);
                ties += equal > 1;
            }
        cs_model_free(&before);
    }
    assert_true(ties > 0);
    job_free(&j);
}

/* Largest possible weights and features: sums need more than 64 bits and are cut off between the layers. */
static void predicts_extremes(void **state) {
    (void)state;
    job j;
    cs_model m;
    size_t class = 99;
    job_params(&j);
    assert_int_equal(cs_model_new(&m, &j.p), CS_OK);
    for (size_t k = 0; k < 15; k++)
        m.w[0][k] = ((int64_t)1 << 62) - 1;
    m.w[1][1] = ((int64_t)1 << 62) - 1;
    m.w[1][0] = -((int64_t)1 << 62) + 1;
    const int32_t features[3] = {INT32_MAX, INT32_MAX, INT32_MAX}, negative[3] = {INT32_MIN, INT32_MIN, INT32_MIN};
    assert_int_equal(cs_model_predict(&m, &j.p, features, &class), CS_OK);
    assert_int_equal(class, 1);
    assert_int_equal(cs_model_predict(&m, &j.p, negative, &class), CS_OK);
    assert_int_equal(class, 0); /* everything is rectified to 0: a tie */
    cs_memory_limit(cs_memory_live());
    assert_int_equal(cs_model_predict(&m, &j.p, features, &class), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    cs_model_free(&m);
}

static void without_memory(void **state) {
    (void)state;
    job j;
    cs_model m, copy;
    job_params(&j);
    assert_int_equal(cs_model_new(&m, &j.p), CS_OK);
    const size_t live = cs_memory_live();
    cs_memory_limit(live + 20 * 8);
    assert_int_equal(cs_model_new(&copy, &j.p), CS_ERR_MEMORY);
    assert_int_equal(cs_model_copy(&copy, &m), CS_ERR_MEMORY);
    assert_int_equal(cs_model_from_seed(&copy, &j.p, JOB_SEED), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    assert_int_equal(cs_memory_live(), live);
    cs_model_free(&m);
}

/* W(0) is drawn many at a time: the same numbers as one by one, for bounds with much, little and no rejection. */
static void filled_as_drawn(void **state) {
    static const int64_t most[] = {
        1, 2, 77, 116235962, 1431655765, INT32_MAX, (int64_t)1 << 31, ((int64_t)1 << 61) + 1, ((int64_t)1 << 62) - 1};
    enum { N = 3000 };
    (void)state;
    for (size_t b = 0; b < sizeof most / sizeof *most; b++) {
        const unsigned __int128 bound = 2 * (uint64_t)most[b] + 1;
        const unsigned bits = most[b] <= INT32_MAX ? 32 : 64;
        const unsigned __int128 size = (unsigned __int128)1 << bits;
        cs_stream one, many;
        int32_t small[N];
        int64_t out[N];
        cs_stream_init(&one, JOB_SEED, CS_STREAM_WEIGHTS, 3);
        cs_stream_init(&many, JOB_SEED, CS_STREAM_WEIGHTS, 3);
        for (size_t k = 0; k < N; k += N / 3) { /* stops anywhere in a block */
            if (bits == 32)
                cs_stream_fill_i32(&many, (int32_t)most[b], small + k, N / 3);
            else
                cs_stream_fill_i64(&many, most[b], out + k, N / 3);
        }
        uint64_t word = 0;
        size_t used = 0;
        for (size_t k = 0; k < N; k++) {
            unsigned __int128 product;
            do {
                if (bits == 64 || used % 2 == 0)
                    word = cs_stream_u64(&one);
                else
                    word >>= 32;
                used++;
                product = bound * (bits == 32 ? (uint32_t)word : word);
            } while (product % size < size % bound);
            assert_true((bits == 32 ? small[k] : out[k]) == (int64_t)(product >> bits) - most[b]);
        }
    }
}

/* Weights that are made on the way give what those that are kept give. */
static void contracts_from_the_seed(void **state) {
    static const int64_t most[] = {3, 116235962, (int64_t)1 << 40};
    (void)state;
    for (size_t b = 0; b < sizeof most / sizeof *most; b++) {
        job j;
        cs_model m;
        cs_fr *vectors[2], *sums[2], want[501];
        job_params(&j);
        j.p.widths[0] = 500;
        j.p.widths[1] = 60;
        j.p.initial_max[0] = most[b];
        for (size_t k = 0; k < 2; k++) {
            vectors[k] = CS_NEW(cs_fr, 60);
            sums[k] = CS_NEW(cs_fr, 500);
            for (size_t x = 0; x < 60; x++)
                vectors[k][x] = cs_fr_random();
        }
        assert_int_equal(cs_model_from_seed(&m, &j.p, JOB_SEED), CS_OK);
        assert_int_equal(
            cs_model_seed_contract_columns(sums, &j.p, JOB_SEED, 1, (const cs_fr *const[]){vectors[0], vectors[1]}, 2),
            CS_OK);
        for (size_t k = 0; k < 2; k++) {
            assert_int_equal(cs_model_contract_columns(want, &m, 1, vectors[k], 0, 501), CS_OK);
            assert_memory_equal(sums[k], want, 500 * sizeof *want);
            assert_true(cs_fr_is_zero(want[500]));
            cs_free(vectors[k]);
            cs_free(sums[k]);
        }
        cs_model_free(&m);
    }
}

/* Contracted over the columns, with weights that fit 32 bits, that just do, and that do not. */
static void contracts_columns(void **state) {
    static const int64_t corners[] = {INT32_MAX, INT32_MIN, (int64_t)INT32_MAX + 1, (int64_t)INT32_MIN - 1, INT64_MAX / 4};
    (void)state;
    job j;
    cs_model m;
    job_params(&j);
    cs_fr vector[5], sums[4];
    for (size_t k = 0; k < 5; k++)
        vector[k] = cs_fr_random();
    for (size_t c = 0; c < sizeof corners / sizeof *corners; c++) {
        assert_int_equal(cs_model_from_seed(&m, &j.p, JOB_SEED), CS_OK);
        m.w[0][7] = corners[c];
        assert_int_equal(cs_model_contract_columns(sums, &m, 1, vector, 0, m.rows[0]), CS_OK);
        for (size_t row = 0; row < 4; row++) {
            cs_fr want = CS_FR_ZERO;
            for (size_t k = 0; k < 5; k++)
                want = cs_fr_add(want, cs_fr_mul(vector[k], cs_fr_from_i64(m.w[0][row * 5 + k])));
            assert_memory_equal(&sums[row], &want, sizeof want);
        }
        cs_model_free(&m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(filled_as_drawn),
        cmocka_unit_test(contracts_from_the_seed),
        cmocka_unit_test(contracts_columns),
        cmocka_unit_test(shapes),
        cmocka_unit_test(digests),
        cmocka_unit_test(bounds),
        cmocka_unit_test(seeded),
        cmocka_unit_test(predicts_as_trained),
        cmocka_unit_test(predicts_extremes),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
