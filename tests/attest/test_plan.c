/* The plan: its counts are those of the real thing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "attest/job_defaults.h"
#include "attest/plan.h"
#include "base/memory.h"
#include "support/example.h"
#include "support/tiny_run.h"
#include "train/table.h"

static void counts_are_those_of_a_run(void **state) {
    (void)state;
    static const char *const outputs[] = {"public", "committed"};
    for (int k = 0; k < 2; k++) {
        cs_tiny t;
        cs_job job;
        cs_plan plan;
        assert_int_equal(cs_tiny_new(&t, outputs[k]), CS_OK);
        assert_int_equal(cs_tiny_run(&t, "out"), CS_OK);
        assert_int_equal(cs_job_load(&job, t.job), CS_OK);
        assert_int_equal(cs_plan_new(&plan, &job.params), CS_OK);
        const cs_run_report *r = &t.reports[0];
        assert_int_equal(plan.steps, r->steps);
        assert_int_equal(plan.draws, r->draws);
        assert_int_equal(plan.parameters, r->parameters);
        if (k == 0)
            assert_int_equal(plan.committed_integers * 3, r->committed);
        assert_int_equal(plan.messages, r->messages);
        assert_true(plan.proof_bytes > (double)r->proof_bytes / 2 && plan.proof_bytes < 2 * (double)r->proof_bytes);
        cs_job_free(&job);
        cs_tiny_free(&t);
    }
}

static void table_rows_are_those_of_the_table(void **state) {
    (void)state;
    cs_job job;
    cs_plan plan;
    cs_table table;
    assert_int_equal(cs_job_load(&job, "examples/digits/job.json"), CS_OK);
    assert_int_equal(cs_plan_new(&plan, &job.params), CS_OK);
    assert_int_equal(cs_table_new(&table, &job.params), CS_OK);
    assert_int_equal(plan.table_rows, table.real);
    cs_table_free(&table);
    assert_false(plan.coarse_errors);
    job.params.d = 7;
    assert_int_equal(cs_plan_new(&plan, &job.params), CS_OK);
    assert_true(plan.coarse_errors);
    cs_job_free(&job);
}

static double weigh(const cs_plan *plan, int ranks) {
    return (double)plan->committed_rows + (1 + (ranks - 1) / 16.0) * (double)plan->columns;
}

/* No other number of columns makes rows and columns together fewer; with many ranks fewer columns are better. */
static void columns_are_the_best(void **state) {
    (void)state;
    cs_job job;
    cs_plan best, plan;
    assert_int_equal(cs_job_load(&job, "examples/breast-cancer/job.json"), CS_OK);
    assert_int_equal(cs_plan_new(&best, &job.params), CS_OK);
    for (job.params.column_bits = 2; job.params.column_bits <= 16; job.params.column_bits++) {
        assert_int_equal(cs_plan_new(&plan, &job.params), CS_OK);
        assert_true(weigh(&plan, job.params.n_ranks) >= weigh(&best, job.params.n_ranks));
    }
    job.params.n_ranks = 64;
    assert_int_equal(cs_default_column_bits(&job.params), CS_OK);
    assert_true(job.params.column_bits < 16);
    assert_int_equal(cs_plan_new(&best, &job.params), CS_OK);
    job.params.column_bits++;
    assert_int_equal(cs_plan_new(&plan, &job.params), CS_OK);
    assert_true(weigh(&plan, 1) < weigh(&best, 1)); /* it would be one rank's choice */
    assert_true(weigh(&plan, 64) > weigh(&best, 64));
    cs_job_free(&job);
}

static void limbs_are_few_and_near_equal(void **state) {
    (void)state;
    for (unsigned value_bits = 2; value_bits <= 16; value_bits++)
        for (unsigned w = 1; w <= 62; w++) {
            cs_params p = {.w = w, .value_bits = value_bits};
            const unsigned needed = (w + value_bits - 1) / value_bits;
            if (needed > CS_MAX_LIMBS) {
                assert_int_equal(cs_default_limbs(&p), CS_ERR_INPUT);
                continue;
            }
            assert_int_equal(cs_default_limbs(&p), CS_OK);
            unsigned sum = 0;
            for (unsigned k = 0; k < p.n_limbs; k++) {
                sum += p.limb_bits[k];
                assert_true(p.limb_bits[k] >= 1 && p.limb_bits[k] <= value_bits);
                assert_true(p.limb_bits[0] - p.limb_bits[k] <= 1);
            }
            assert_int_equal(p.n_limbs, needed);
            assert_int_equal(sum, w);
        }
}

static void assert_within(double value, double expected, double part) {
    assert_true(value > (1 - part) * expected && value < (1 + part) * expected);
}

/* What a rank's process was seen to take at its peak, on x86-64 with Open MPI, and what the plan says. */
static void memory_is_what_long_jobs_take(void **state) {
    (void)state;
    cs_job job;
    cs_plan plan;
    assert_int_equal(cs_job_load(&job, "examples/digits/job.json"), CS_OK);
    assert_int_equal(cs_plan_new(&plan, &job.params), CS_OK);
    assert_within(plan.memory_bytes, 113.5e6, 0.15);
    cs_job_free(&job);
    static int64_t rates[469];
    for (int k = 0; k < 469; k++)
        rates[k] = 1;
    const cs_params images = {.n_ranks = 1,
                              .layers = 2,
                              .widths = {784, 128, 10},
                              .batch = 128,
                              .steps = 469,
                              .column_bits = 13,
                              .rows = {60000},
                              .a = 8,
                              .d = 12,
                              .w = 31,
                              .n_limbs = 2,
                              .limb_bits = {16, 15},
                              .value_bits = 16,
                              .exp_bits = 12,
                              .initial_max = {1 << 27, 1 << 28},
                              .rate = rates,
                              .final_public = true};
    assert_int_equal(cs_plan_new(&plan, &images), CS_OK);
    assert_within(plan.memory_bytes, 3764e6, 0.15);
}

static const double PROGRAM = 32 << 20; /* what the plan adds for a program and its libraries */

/* A rank's blocks at their peak, in a proof. */
static void memory_is_what_a_proof_takes(void **state) {
    (void)state;
    const cs_example_options o = {.n_ranks = 1,
                                  .steps = 60,
                                  .batch = 60,
                                  .column_bits = 10,
                                  .layers = 2,
                                  .widths = {60, 30, 10},
                                  .rows = 1000,
                                  .a = 8,
                                  .d = 12,
                                  .shift = 7,
                                  .value_bits = 15,
                                  .exp_bits = 11,
                                  .n_limbs = 2,
                                  .seed = 7};
    cs_example e;
    cs_plan plan;
    assert_int_equal(cs_example_new(&e, &o), CS_OK);
    assert_int_equal(cs_example_prove(&e), CS_OK);
    assert_int_equal(cs_plan_new(&plan, &e.params), CS_OK);
    assert_within(plan.memory_bytes - PROGRAM, (double)cs_memory_peak(), 0.15);
    cs_example_free(&e);
}

static void shows_itself(void **state) {
    (void)state;
    cs_job job;
    cs_plan plan;
    cs_buffer text = {0};
    assert_int_equal(cs_job_load(&job, "examples/digits/job.json"), CS_OK);
    job.params.d = 7;
    assert_int_equal(cs_plan_new(&plan, &job.params), CS_OK);
    cs_plan_to_text(&text, &plan, &job);
    cs_buffer_append(&text, "", 1);
    assert_int_equal(cs_buffer_status(&text), CS_OK);
    assert_non_null(strstr((const char *)text.data, "899, global batch 32"));
    assert_non_null(strstr((const char *)text.data, "warning"));
    cs_buffer_free(&text);
    json_t *v = cs_plan_to_json(&plan);
    assert_int_equal(json_integer_value(json_object_get(v, "steps")), 899);
    assert_true(json_is_true(json_object_get(v, "coarse_errors")));
    json_decref(v);
    cs_job_free(&job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_a_run),
        cmocka_unit_test(table_rows_are_those_of_the_table),
        cmocka_unit_test(columns_are_the_best),
        cmocka_unit_test(limbs_are_few_and_near_equal),
        cmocka_unit_test(memory_is_what_long_jobs_take),
        cmocka_unit_test(memory_is_what_a_proof_takes),
        cmocka_unit_test(shows_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
