/* What is divided among members, by their data and speeds; nothing of a run's results depends on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "attest/balance.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "comm/shares.h"
#include "support/tiny_run.h"

static void load(cs_job *job, cs_loads *loads) {
    cs_plan plan;
    assert_int_equal(cs_job_load(job, "examples/digits/job.json"), CS_OK);
    assert_int_equal(cs_plan_new(&plan, &job->params), CS_OK);
    cs_loads_of(loads, &plan, job);
}

static void a_larger_dataset_is_more_work(void **state) {
    (void)state;
    cs_job job;
    cs_loads equal, unequal;
    cs_plan plan;
    load(&job, &equal);
    const size_t n = (size_t)job.params.n_ranks;
    assert_true(n > 2 && equal.divisible > 0);
    assert_true(equal.own[0] > equal.own[1]); /* the tail of the proof */
    job.params.rows[1] *= 4;
    assert_int_equal(cs_plan_new(&plan, &job.params), CS_OK);
    cs_loads_of(&unequal, &plan, &job);
    assert_true(unequal.own[1] > unequal.own[2]);
    job.params.rows[1] /= 4;
    cs_job_free(&job);
}

/* Beyond what anybody can run, but no overflow. */
static void loads_are_bounded(void **state) {
    (void)state;
    cs_job job;
    cs_loads loads;
    load(&job, &loads);
    cs_plan plan = {.steps = (size_t)1 << 24,
                    .parameters = (size_t)1 << 29,
                    .committed_integers = (size_t)1 << 40,
                    .stored_leaves = (size_t)1 << 40,
                    .table_rows = 1 << 19,
                    .messages = 100000};
    job.params.batch = 1 << 16;
    cs_loads_of(&loads, &plan, &job);
    for (int i = 0; i < job.params.n_ranks; i++)
        assert_int_equal(loads.own[i], (uint64_t)1 << 61);
    assert_true(loads.divisible <= (uint64_t)1 << 61);
    cs_job_free(&job);
}

static void speeds_are_compared_with_the_middle_one(void **state) {
    (void)state;
    uint32_t near[] = {1000, 1300, 800}, far[] = {1000, 500, 4000, 1100}, odd[] = {0, UINT32_MAX, 7}, one[] = {17};
    cs_speed_compare(near, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(near[i], CS_SPEED_NORMAL);
    cs_speed_compare(far, 4);
    assert_int_equal(far[0], CS_SPEED_NORMAL);
    assert_int_equal(far[1], CS_SPEED_NORMAL / 2);
    assert_int_equal(far[2], CS_SPEED_NORMAL * 4);
    assert_int_equal(far[3], CS_SPEED_NORMAL);
    cs_speed_compare(odd, 3);
    for (size_t i = 0; i < 3; i++)
        assert_in_range(odd[i], 1, 1 << 16);
    cs_speed_compare(one, 1);
    assert_int_equal(one[0], CS_SPEED_NORMAL);
}

static void speed_is_measured(void **state) {
    (void)state;
    const double whole = cs_speed_measure(1), tenth = cs_speed_measure(0.1);
    assert_true(whole > 1 && whole < 1 << 16);
    assert_true(tenth > whole / 40 && tenth < whole / 2.5);
    assert_int_equal(cs_speed_measure(1e-9), 1);
}

/* A slow rank and a fast one do other parts of the sums; model and verdict are those of equal ones. */
static void results_do_not_depend_on_speeds(void **state) {
    (void)state;
    cs_tiny t;
    char model[sizeof t.model];
    assert_int_equal(cs_tiny_new(&t, "public"), CS_OK);
    assert_int_equal(cs_tiny_run(&t, "out"), CS_OK);
    memcpy(model, t.model, sizeof model);
    for (int k = 0; k < CS_TINY_RANKS; k++) {
        const char out[3] = {'o', (char)('0' + k), 0};
        for (int i = 0; i < CS_TINY_RANKS; i++)
            t.options[i].speed = i == k ? 0.01 : i == (k + 1) % CS_TINY_RANKS ? 100 : 0;
        assert_int_equal(cs_tiny_run(&t, out), CS_OK);
        assert_true(cs_tiny_same_files(model, t.model));
    }
    cs_tiny_free(&t);
}

/* The same four members, with one in front and one behind who bring no data: most of what is divided is theirs. */
static void idle_members_get_more(void **state) {
    static const char members[] = "\"members\": [", idle[] = "\"members\": [{\"name\": \"i\", \"rows\": 0}, ";
    (void)state;
    cs_job job, with;
    cs_loads loads;
    cs_plan plan;
    cs_buffer text = {0};
    uint32_t speed[CS_MAX_RANKS], shares[CS_MAX_RANKS];
    load(&job, &loads);
    const uint64_t own = loads.own[1], tail = loads.own[0] - own, divisible = loads.divisible;
    assert_int_equal(cs_file_read("examples/digits/job.json", 1 << 16, &text), CS_OK);
    cs_buffer_append(&text, "", 1);
    char *changed = cs_string_replace((const char *)text.data, members, idle);
    assert_non_null(changed);
    assert_int_equal(cs_job_parse(&with, "examples/digits/job.json", changed, strlen(changed)), CS_OK);
    assert_int_equal(cs_plan_new(&plan, &with.params), CS_OK);
    cs_loads_of(&loads, &plan, &with);
    assert_true(loads.own[0] > tail / 2 && loads.own[0] < own); /* the tail, and hardly more */
    assert_int_equal(loads.own[2], own);                        /* by rank: bravo is the third now */
    assert_true(loads.divisible > divisible);
    for (size_t i = 0; i < 5; i++)
        speed[i] = CS_SPEED_NORMAL;
    cs_shares_balance(shares, loads.own, speed, 5, loads.divisible);
    for (size_t i = 1; i < 5; i++)
        assert_true(shares[0] > shares[i]);
    cs_free(changed);
    cs_buffer_free(&text);
    cs_job_free(&job);
    cs_job_free(&with);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_larger_dataset_is_more_work),           cmocka_unit_test(loads_are_bounded),
        cmocka_unit_test(speeds_are_compared_with_the_middle_one), cmocka_unit_test(speed_is_measured),
        cmocka_unit_test(results_do_not_depend_on_speeds),         cmocka_unit_test(idle_members_get_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
