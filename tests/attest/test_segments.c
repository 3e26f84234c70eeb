/* Segments of a job: where they begin, what they cost, and that a run in segments is the run in one piece. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/chain_file.h"
#include "attest/segments.h"
#include "attest/verify.h"
#include "base/bits.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "support/tiny_run.h"

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

/* ------------------------------------------------------------ cutting */

static void segments_cover_all_steps_once(void **state) {
    (void)state;
    for (size_t steps = 1; steps <= 40; steps++)
        for (size_t n = 1; n <= steps; n++) {
            const size_t even = (steps + n - 1) / n;
            assert_int_equal(cs_segment_start(steps, n, 0), 0);
            assert_int_equal(cs_segment_start(steps, n, n), steps);
            for (size_t k = 0; k < n; k++) {
                const size_t length = cs_segment_start(steps, n, k + 1) - cs_segment_start(steps, n, k);
                assert_true(length >= 1 && cs_pow2(length) <= cs_pow2(even));
            }
        }
    assert_int_equal(cs_segment_start(600, 3, 1), 256); /* 256, 256, 88: padded 640, not 3 * 256 */
    assert_int_equal(cs_segment_start(12, 4, 1), 3);
}

static void load_tiny(cs_job *job, cs_tiny *t) {
    must(cs_tiny_new(t, "public"));
    must(cs_job_load(job, t->job));
}

static void a_segments_bounds_follow_from_the_steps_before(void **state) {
    (void)state;
    cs_tiny t;
    cs_job job;
    cs_params first, second;
    load_tiny(&job, &t);
    must(cs_segment_params(&first, &job.params, 0, 3));
    must(cs_segment_params(&second, &job.params, 3, 4));
    assert_int_equal(first.steps, 3);
    assert_int_equal(second.steps, 1);
    assert_int_equal(second.rate[0], job.params.rate[3]);
    assert_int_not_equal(job.params.rate[0], job.params.rate[3]);
    for (size_t l = 1; l <= job.params.layers; l++) {
        assert_int_equal(first.initial_max[l - 1], job.params.initial_max[l - 1]);
        assert_true(second.initial_max[l - 1] == (int64_t)cs_params_weight_max(&first, l));
        assert_true(cs_params_weight_max(&second, l) == cs_params_weight_max(&job.params, l));
    }
    cs_params_free(&first);
    cs_params_free(&second);
    cs_job_free(&job);
    cs_tiny_free(&t);
}

static void the_fewest_segments_that_fit_are_taken(void **state) {
    (void)state;
    cs_job job;
    cs_plan plan;
    size_t n;
    must(cs_job_load(&job, "examples/digits/job.json"));
    must(cs_plan_new(&plan, &job.params));
    must(cs_segments_fewest(&n, &job, 0)); /* unknown */
    assert_int_equal(n, 1);
    must(cs_segments_fewest(&n, &job, plan.memory_bytes));
    assert_int_equal(n, 1);
    must(cs_segments_fewest(&n, &job, plan.memory_bytes - 1));
    assert_true(n > 1);
    for (size_t k = 0; k < n; k++) {
        cs_plan part;
        must(cs_segment_plan(&part, &job, n, k));
        assert_true(part.memory_bytes < plan.memory_bytes);
    }
    assert_int_equal(cs_segments_fewest(&n, &job, 0x1p20), CS_ERR_MEMORY);
    assert_non_null(strstr(cs_error_text(), "may take 1 MiB"));
    must(cs_segments_choose(&n, &job, 0, 5));
    assert_int_equal(n, 5);
    assert_int_equal(cs_segments_choose(&n, &job, 0, job.params.steps + 1), CS_ERR_INPUT);
    cs_job_free(&job);
}

static void sizes_are_read(void **state) {
    (void)state;
    static const char *const bad[] = {"", "0", "-1", "1X", "1Gi", "1GiBs", "nan", "inf", " 1", "1e999", "0x", "G"};
    double bytes;
    must(cs_memory_size(&bytes, "--memory", "1.5G"));
    assert_true(bytes == 1.5 * 0x1p30);
    must(cs_memory_size(&bytes, "--memory", "800MiB"));
    assert_true(bytes == 800 * 0x1p20);
    must(cs_memory_size(&bytes, "--memory", "4096"));
    assert_true(bytes == 4096);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_int_equal(cs_memory_size(&bytes, "--memory", bad[k]), CS_ERR_USAGE);
    size_t n;
    must(cs_segments_number(&n, "--segments", "12"));
    assert_int_equal(n, 12);
    assert_int_equal(cs_segments_number(&n, "--segments", "0"), CS_ERR_USAGE);
    assert_int_equal(cs_segments_number(&n, "--segments", "2x"), CS_ERR_USAGE);
    assert_int_equal(cs_segments_number(&n, "--segments", "99999999999999999999999"), CS_ERR_USAGE);
}

/* ------------------------------------------------------------ runs */

enum { SEGMENTS = 3 };

typedef struct chain {
    cs_tiny t;
    char paths[SEGMENTS][160], listing[160];
} chain;

static void run_in_segments(chain *c, const char *output, const char *between, const char *indices) {
    char with[160];
    must(cs_tiny_new(&c->t, output));
    snprintf(with, sizeof with, "\"indices\": \"%s\", \"output\": {\"between\": \"%s\", ", indices, between);
    must(cs_tiny_edit(&c->t, "job.json", "\"output\": {", with));
    must(cs_tiny_run(&c->t, "one"));
    for (int i = 0; i < CS_TINY_RANKS; i++)
        c->t.options[i].segments = i == 1 ? SEGMENTS : 1; /* one that needs more decides for all */
    must(cs_tiny_run(&c->t, "out"));
    for (int k = 0; k < SEGMENTS; k++)
        snprintf(c->paths[k], sizeof c->paths[k], "%s/tiny.%d.attestation", c->t.out, k + 1);
    snprintf(c->listing, sizeof c->listing, "%s/tiny.chain", c->t.out);
    assert_int_not_equal(access(c->t.attestation, F_OK), 0);
    assert_int_equal(c->t.reports[0].segments, SEGMENTS);
    assert_string_equal(c->t.reports[0].attestation, c->listing);
}

static cs_status verify(const chain *c, int n, const int *order, cs_verify_report *report) {
    const char *paths[SEGMENTS + 1];
    for (int k = 0; k < n; k++)
        paths[k] = c->paths[order[k]];
    return cs_verify_chain(paths, (size_t)n, NULL, report);
}

static void expect_refusal(const chain *c, int n, const int *order, const char *says) {
    cs_verify_report report;
    assert_int_equal(verify(c, n, order, &report), CS_REJECT);
    assert_string_equal(report.refusal, "chain");
    if (strstr(cs_error_text(), says) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", cs_error_text(), says);
}

static void check_chain(const chain *c, bool is_public) {
    cs_verify_report report;
    must(verify(c, 3, (const int[]){0, 1, 2}, &report));
    must(verify(c, 2, (const int[]){0, 1}, &report)); /* any prefix */
    assert_int_equal(report.steps, 2);
    must(cs_verify_file(c->listing, NULL, &report));
    assert_int_equal(report.segments, SEGMENTS);
    assert_int_equal(report.steps, 4);
    assert_int_equal(report.draws, 24);
    assert_int_equal(report.members, 3);
    assert_int_equal(report.rows, 15);
    assert_int_equal(report.proof_bytes, c->t.reports[0].proof_bytes);
    assert_int_equal(report.messages, c->t.reports[0].messages);
    assert_true(report.model_public == is_public);
    expect_refusal(c, 3, (const int[]){0, 2, 1}, "something is missing");
    expect_refusal(c, 2, (const int[]){0, 2}, "something is missing");
    expect_refusal(c, 2, (const int[]){1, 2}, "goes on from another one");
    expect_refusal(c, 3, (const int[]){0, 0, 1}, "file 2 is file 1 once more");
}

/* Draws, rates and first model are those of the whole job: so is the last model, whatever the segments. */
static void a_run_in_segments_is_the_run_in_one_piece(void **state) {
    (void)state;
    static const char *const forms[][2] = {{"public", "public"}, {"public", "committed"}, {"committed", "committed"}};
    for (int k = 0; k < 3; k++) {
        chain c = {0};
        char whole[160];
        run_in_segments(&c, forms[k][0], forms[k][1], "public");
        snprintf(whole, sizeof whole, "%s/one/tiny.safetensors", c.t.folder);
        assert_true(cs_tiny_same_files(whole, c.t.model));
        check_chain(&c, k < 2);
        cs_tiny_free(&c.t);
    }
}

static void hidden_draws_begin_a_pass_with_each_segment(void **state) {
    (void)state;
    chain c = {0};
    run_in_segments(&c, "public", "public", "hidden");
    check_chain(&c, true);
    cs_tiny_free(&c.t);
}

/* Two runs of one job have the same draws and models, and statements that name each other's segments. */
static void a_segment_of_another_run_is_refused(void **state) {
    (void)state;
    chain c = {0}, other = {0};
    run_in_segments(&c, "public", "public", "public");
    run_in_segments(&other, "public", "public", "public");
    const char *const mixed[] = {c.paths[0], other.paths[1], c.paths[2]};
    cs_verify_report report;
    assert_int_equal(cs_verify_chain(mixed, 3, NULL, &report), CS_REJECT);
    assert_string_equal(report.refusal, "chain");
    cs_tiny_free(&other.t);
    cs_tiny_free(&c.t);
}

static void nothing_is_left_of_a_chain_that_fails(void **state) {
    (void)state;
    cs_tiny t;
    char path[160];
    must(cs_tiny_new(&t, "public"));
    for (int i = 0; i < CS_TINY_RANKS; i++)
        t.options[i].segments = 2;
    snprintf(path, sizeof path, "%s/out/tiny.2.attestation", t.folder);
    must(cs_file_make_folder(t.folder));
    must(cs_tiny_edit(&t, "job.json", "tiny", "tiny"));
    must(cs_tiny_run(&t, "out"));
    assert_int_not_equal(cs_tiny_run(&t, "out"), CS_OK); /* all names are taken */
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/out/tiny.1.attestation.part", t.folder);
    assert_int_not_equal(access(path, F_OK), 0);
    must(cs_tiny_edit(&t, "job.json", "\"rate\": 0.75", "\"rate\": 768")); /* leaves its range in the second segment */
    assert_int_not_equal(cs_tiny_run(&t, "out2"), CS_OK);
    assert_int_not_equal(access(t.model, F_OK), 0);
    assert_int_not_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/out2", t.folder);
    assert_int_equal(rmdir(path), 0); /* empty */
    cs_tiny_free(&t);
}

/* ------------------------------------------------------------ statements and listings */

static void a_segments_statement_is_checked(void **state) {
    (void)state;
    static const char *const edits[][2] = {
        {"\"from\":1,\"to\":2", "\"from\":0,\"to\":2"},  {"\"from\":1,\"to\":2", "\"from\":0,\"to\":4"},
        {"\"from\":1,\"to\":2", "\"from\":2,\"to\":2"},  {"\"from\":1,\"to\":2", "\"from\":1,\"to\":5"},
        {"\"from\":1,\"to\":2", "\"from\":1,\"too\":2"}, {"\"segment\":{\"after\":\"", "\"segment\":{\"after\":\"g"}};
    chain c = {0};
    cs_attestation a;
    run_in_segments(&c, "public", "public", "public");
    must(cs_attestation_open(&a, c.paths[1]));
    cs_buffer text = {0};
    must(cs_statement_encode(&text, &a.statement));
    cs_buffer_append(&text, "", 1);
    for (size_t k = 0; k < sizeof edits / sizeof *edits; k++) {
        cs_statement s;
        char *changed = cs_string_replace((const char *)text.data, edits[k][0], edits[k][1]);
        assert_non_null(changed);
        assert_string_not_equal(changed, (const char *)text.data);
        assert_int_not_equal(cs_statement_decode(&s, (const uint8_t *)changed, strlen(changed)), CS_OK);
        cs_free(changed);
    }
    cs_buffer_free(&text);
    cs_attestation_free(&a);
    cs_tiny_free(&c.t);
}

static void listings_are_checked(void **state) {
    (void)state;
    static const char *const bad[] = {"", "a", "a\n\n", "../a\n", "/a\n", ".a\n", "a\tb\n", "a\nb"};
    char folder[] = "/tmp/consort-test-XXXXXX", path[64], text[64];
    cs_chain_paths paths;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x.chain", folder);
    const char *const given[] = {"first", path};
    must(cs_file_write(path, CS_CHAIN_FIRST_LINE "a\nb b\n", strlen(CS_CHAIN_FIRST_LINE) + 6, 0644));
    must(cs_chain_paths_expand(&paths, given, 2));
    assert_int_equal(paths.n, 3);
    assert_string_equal(paths.path[0], "first");
    snprintf(text, sizeof text, "%s/b b", folder);
    assert_string_equal(paths.path[2], text);
    cs_chain_paths_free(&paths);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        snprintf(text, sizeof text, "%s%s", CS_CHAIN_FIRST_LINE, bad[k]);
        must(cs_file_write(path, text, strlen(text), 0644));
        assert_int_equal(cs_chain_paths_expand(&paths, given, 2), CS_ERR_INPUT);
        cs_chain_paths_free(&paths);
    }
    unlink(path);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(segments_cover_all_steps_once),
                                       cmocka_unit_test(a_segments_bounds_follow_from_the_steps_before),
                                       cmocka_unit_test(the_fewest_segments_that_fit_are_taken),
                                       cmocka_unit_test(sizes_are_read),
                                       cmocka_unit_test(a_run_in_segments_is_the_run_in_one_piece),
                                       cmocka_unit_test(hidden_draws_begin_a_pass_with_each_segment),
                                       cmocka_unit_test(a_segment_of_another_run_is_refused),
                                       cmocka_unit_test(nothing_is_left_of_a_chain_that_fails),
                                       cmocka_unit_test(a_segments_statement_is_checked),
                                       cmocka_unit_test(listings_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
