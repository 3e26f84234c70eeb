/* The time to finish: on clocks that the test makes up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "attest/forecast.h"

static const cs_forecast PLAN = {
    .n = 4, .names = {"training", "commitments", "lookups", "opening"}, .seconds = {10, 40, 40, 10}};

static void assert_near(double a, double b, double tolerance) {
    if (fabs(a - b) > tolerance)
        fail_msg("%g is not within %g of %g", a, tolerance, b);
}

static void nothing_is_known_without_a_plan(void **state) {
    (void)state;
    const cs_forecast none = {0};
    const char *const names[] = {"input"};
    const double seconds[] = {1};
    assert_true(cs_forecast_left(&none, names, seconds, 1, 0, 1) < 0);
    assert_true(cs_forecast_left(&PLAN, names, seconds, 0, 0, 0) < 0);
}

static void a_stage_that_the_plan_does_not_count_changes_nothing(void **state) {
    (void)state;
    const char *const names[] = {"input", "training", "signing"};
    const double seconds[] = {5, 10, 7};
    assert_near(cs_forecast_left(&PLAN, names, seconds, 1, 0, 5), 100, 1e-9);
    assert_near(cs_forecast_left(&PLAN, names, seconds, 3, 0, 7), 90, 1e-9);
}

/* A machine three times as slow as the plan's: seen after the first stage, whatever the others' shares are. */
static void the_measured_stages_give_the_speed(void **state) {
    (void)state;
    const char *const names[] = {"training", "commitments"};
    const double seconds[] = {30, 0};
    const double left = cs_forecast_left(&PLAN, names, seconds, 2, 0, 0);
    assert_near(left, 270, 0.2 * 270);
    assert_true(left > 220);
}

/* What a stage reports of itself counts while it lasts: here it takes twice what the plan says, and the others do not. */
static void a_stage_under_way_gives_the_speed(void **state) {
    (void)state;
    const char *const names[] = {"training", "commitments"};
    double at[5];
    for (int k = 1; k < 5; k++) {
        const double seconds[] = {10, 16 * k};
        at[k] = cs_forecast_left(&PLAN, names, seconds, 2, 0.2 * k, 0);
    }
    for (int k = 3; k < 5; k++)
        assert_near(at[k - 1] - at[k], 16, 12); /* 16 s of the clock have passed */
    assert_true(at[4] > 16 + 50);               /* the rest of the stage, and what comes is not faster than planned */
}

static void the_clock_runs_between_reports(void **state) {
    (void)state;
    const char *const names[] = {"training", "commitments", "lookups"};
    const double at_report[] = {10, 40, 10}, later[] = {10, 40, 15}, much_later[] = {10, 40, 500};
    const double left = cs_forecast_left(&PLAN, names, at_report, 3, 0.25, 0);
    assert_near(left, 40, 1e-9);
    assert_near(cs_forecast_left(&PLAN, names, later, 3, 0.25, 5), 35, 1e-9);
    assert_true(cs_forecast_left(&PLAN, names, much_later, 3, 0.25, 490) > 10); /* never done before it is */
}

/* Ranks that share cores slow down what all do, not what the root does alone. */
static void a_crowd_slows_the_common_stages(void **state) {
    (void)state;
    const cs_params p = {.n_ranks = 4, .batch = 8};
    const cs_plan plan = {.steps = 100,
                          .parameters = 2410,
                          .columns = 2048,
                          .committed_integers = 1 << 20,
                          .rank_rows = 512,
                          .lookup_leaves = 1 << 20,
                          .stored_leaves = 1 << 20,
                          .table_rows = 1 << 16,
                          .messages = 400,
                          .msm_points = 5000};
    cs_forecast alone, crowded;
    cs_forecast_new(&alone, &plan, &p, 1);
    cs_forecast_new(&crowded, &plan, &p, 2);
    assert_int_equal(alone.n, crowded.n);
    for (size_t k = 0; k < alone.n; k++) {
        const bool root_only = strcmp(alone.names[k], "finale") == 0 || strcmp(alone.names[k], "verification") == 0;
        assert_true(alone.seconds[k] > 0);
        assert_near(crowded.seconds[k], (root_only ? 1 : 2) * alone.seconds[k], 1e-9);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_known_without_a_plan),
                                       cmocka_unit_test(a_stage_that_the_plan_does_not_count_changes_nothing),
                                       cmocka_unit_test(the_measured_stages_give_the_speed),
                                       cmocka_unit_test(a_stage_under_way_gives_the_speed),
                                       cmocka_unit_test(the_clock_runs_between_reports),
                                       cmocka_unit_test(a_crowd_slows_the_common_stages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
