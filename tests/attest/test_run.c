/* The whole job: what is published, what repeats, and how it fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/attestation.h"
#include "attest/model_file.h"
#include "base/file.h"
#include "consort/verify.h"
#include "provenance/identity_file.h"
#include "support/tiny_run.h"

static bool exists(const char *path) {
    return access(path, F_OK) == 0;
}

static void must(cs_status status) {
    if (status != CS_OK)
        fail_msg("status %d: %s", (int)status, cs_error_text());
}

static void read_file(cs_buffer *out, const char *path) {
    *out = (cs_buffer){0};
    must(cs_file_read(path, 1 << 24, out));
}

static bool same_files(const char *a, const char *b) {
    cs_buffer x, y;
    read_file(&x, a);
    read_file(&y, b);
    const bool same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    cs_buffer_free(&x);
    cs_buffer_free(&y);
    return same;
}

static void a_run_publishes_what_verifies(void **state) {
    (void)state;
    cs_tiny t;
    cs_verify_report report;
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_run(&t, "out"));
    assert_true(exists(t.attestation) && exists(t.model) && exists(t.report));
    const cs_verify_options options = {.model_path = t.model};
    must(cs_verify_file(t.attestation, &options, &report));
    assert_string_equal(report.job, "tiny");
    assert_int_equal(report.members, 3);
    assert_int_equal(report.rows, 15);
    assert_int_equal(report.parameters, 20);
    assert_int_equal(report.draws, 24);
    assert_true(report.model_public);
    const cs_run_report *r = &t.reports[0];
    assert_int_equal(r->proof_bytes, report.proof_bytes);
    assert_true(r->has_accuracy && r->accuracy >= 0 && r->accuracy <= 1 && r->test_rows == 9);
    assert_true(r->bytes_sent_max > 0 && r->messages == report.messages && r->verify_seconds > 0);
    cs_tiny_free(&t);
}

static void a_committed_model_is_not_in_the_attestation(void **state) {
    (void)state;
    cs_tiny t;
    cs_verify_report report;
    cs_attestation a;
    struct stat info;
    must(cs_tiny_new(&t, "committed"));
    must(cs_tiny_run(&t, "out"));
    must(cs_verify_file(t.attestation, NULL, &report));
    assert_false(report.model_public);
    assert_string_equal(report.model_digest, "");
    must(cs_attestation_open(&a, t.attestation));
    assert_false(a.has_final);
    cs_attestation_free(&a);
    assert_int_equal(stat(t.model, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    const cs_verify_options options = {.model_path = t.model};
    assert_int_equal(cs_verify_file(t.attestation, &options, &report), CS_REJECT);
    cs_tiny_free(&t);
}

static void two_runs_give_other_proofs_and_the_same_model(void **state) {
    (void)state;
    cs_tiny t;
    char attestation[128], model[128];
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_run(&t, "one"));
    strcpy(attestation, t.attestation);
    strcpy(model, t.model);
    must(cs_tiny_run(&t, "two"));
    assert_true(same_files(model, t.model));
    assert_false(same_files(attestation, t.attestation));
    cs_tiny_free(&t);
}

static void a_given_model_is_trained_on(void **state) {
    (void)state;
    cs_tiny t;
    cs_verify_report report;
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_run(&t, "one"));
    must(cs_tiny_edit(&t, "job.json", "\"name\": \"tiny\", \"model\": {",
                      "\"name\": \"tiny\", \"initial\": \"one/tiny.safetensors\", \"model\": {\"initial_max\": [4, 4], "));
    must(cs_tiny_run(&t, "two"));
    must(cs_verify_file(t.attestation, NULL, &report));
    assert_true(report.initial_given);
    cs_tiny_free(&t);
}

/* The statement names the public W(0) by its digest: another one in the file is refused as such. */
static void another_first_model_is_refused(void **state) {
    (void)state;
    cs_tiny t;
    cs_verify_report report;
    cs_attestation a;
    cs_container c;
    cs_buffer file = {0};
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_run(&t, "one"));
    must(cs_tiny_edit(&t, "job.json", "\"name\": \"tiny\", \"model\": {",
                      "\"name\": \"tiny\", \"initial\": \"one/tiny.safetensors\", \"model\": {\"initial_max\": [4, 4], "));
    must(cs_tiny_run(&t, "two"));
    must(cs_attestation_open(&a, t.attestation));
    a.initial.w[0][0]++;
    must(cs_attestation_pack(&c, &a.statement, &a.initial, &a.final, &a.container.section[CS_SECTION_PROOF], &a.evidence));
    must(cs_container_encode(&file, &c));
    must(cs_file_write(t.attestation, file.data, file.size, 0644));
    assert_int_equal(cs_verify_file(t.attestation, NULL, &report), CS_REJECT);
    assert_string_equal(report.refusal, "initial");
    cs_buffer_free(&file);
    cs_container_free(&c);
    cs_attestation_free(&a);
    cs_tiny_free(&t);
}

static void members_may_have_pinned_keys(void **state) {
    (void)state;
    cs_tiny t;
    char paths[3][112], keys[3][80], hex[65], passphrase[112];
    static const char *const rows[] = {"\"rows\": 6", "\"rows\": 4", "\"rows\": 5"};
    must(cs_tiny_new(&t, "public"));
    for (int i = 0; i < 3; i++) {
        cs_secret_identity me;
        char with[160];
        snprintf(paths[i], sizeof paths[i], "%s/%d.key", t.folder, i);
        must(cs_secret_identity_generate(&me, "a member"));
        must(cs_secret_identity_save(&me, paths[i], i == 2 ? "open sesame" : NULL));
        cs_hex32(hex, me.public.x25519);
        snprintf(keys[i], sizeof keys[i], "%s", hex);
        snprintf(with, sizeof with, "%s, \"key\": \"%s\"", rows[i], hex);
        must(cs_tiny_edit(&t, "job.json", rows[i], with));
        t.options[i].key = paths[i];
    }
    snprintf(passphrase, sizeof passphrase, "%s/passphrase", t.folder);
    must(cs_file_write(passphrase, "open sesame\n", 12, 0600));
    t.options[0].passphrase_file = "/nonexistent"; /* not needed, so not read */
    assert_int_equal(cs_tiny_run(&t, "out"), CS_ERR_USAGE);
    t.options[2].passphrase_file = passphrase;
    must(cs_tiny_run(&t, "out"));
    cs_attestation a;
    must(cs_attestation_open(&a, t.attestation));
    for (int i = 0; i < 3; i++) {
        cs_hex32(hex, a.statement.members[i].key);
        assert_string_equal(hex, keys[i]);
    }
    cs_attestation_free(&a);
    t.options[1].key = NULL; /* a key is pinned and not given */
    assert_int_equal(cs_tiny_run(&t, "out2"), CS_ERR_USAGE);
    t.options[1].key = paths[2]; /* another member's */
    assert_int_equal(cs_tiny_run(&t, "out2"), CS_ERR_USAGE);
    cs_tiny_free(&t);
}

/* A run without a member: its data are not looked at, and the statement says so. */
static void a_member_can_be_left_out(void **state) {
    (void)state;
    cs_tiny t;
    cs_attestation a;
    cs_verify_report report;
    must(cs_tiny_new(&t, "public"));
    t.options[0].exclude = t.options[1].exclude = "bob";
    must(cs_tiny_run_ranks(&t, "out", 2));
    must(cs_verify_file(t.attestation, NULL, &report));
    assert_int_equal(report.members, 2);
    must(cs_attestation_open(&a, t.attestation));
    assert_string_equal(a.statement.members[1].name, "carol");
    assert_int_equal(a.statement.excluded.n, 1);
    assert_string_equal(a.statement.excluded.names[0], "bob");
    cs_attestation_free(&a);
    t.options[1].exclude = "alice"; /* the ranks do not agree on whom */
    assert_int_not_equal(cs_tiny_run_ranks(&t, "out2", 2), CS_OK);
    assert_int_equal(t.outcomes[0].status, CS_ERR_INPUT);
    static const char *const wrong[] = {"dave", "bob,bob", "alice,bob,carol", ""};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        t.options[0].exclude = t.options[1].exclude = wrong[k];
        const cs_status status = cs_tiny_run_ranks(&t, "out2", 2);
        assert_true(status == CS_ERR_USAGE || status == CS_ERR_INPUT);
    }
    cs_tiny_free(&t);
}

/* ------------------------------------------------------------ failures: every rank leaves, nothing is published */

/* The rank that fails says why; the others name it. */
static void expect_failure(cs_tiny *t, int rank, cs_status status, const char *says) {
    cs_tiny_run(t, "out");
    if (t->outcomes[rank].status != status || strstr(t->outcomes[rank].text, says) == NULL)
        fail_msg("rank %d: status %d: %s", rank, (int)t->outcomes[rank].status, t->outcomes[rank].text);
    for (int i = 0; i < CS_TINY_RANKS; i++) {
        assert_int_not_equal(t->outcomes[i].status, CS_OK);
        if (t->outcomes[i].status == CS_ERR_RANK && t->outcomes[rank].status != CS_ERR_RANK && i != rank) {
            char name[16];
            snprintf(name, sizeof name, "rank %d", rank);
            assert_non_null(strstr(t->outcomes[i].text, name));
        }
    }
    assert_false(exists(t->attestation) || exists(t->model) || exists(t->report));
}

static void a_missing_file_stops_all(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new(&t, "public"));
    t.options[2].data = "/nowhere/data.csv";
    expect_failure(&t, 2, CS_ERR_IO, "/nowhere/data.csv");
    cs_tiny_free(&t);
}

static void wrong_rows_stop_all(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_edit(&t, "job.json", "\"rows\": 4", "\"rows\": 3"));
    expect_failure(&t, 1, CS_ERR_INPUT, "bob.csv: 4 rows");
    cs_tiny_free(&t);
}

static void a_value_out_of_range_names_file_line_and_column(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_edit(&t, "carol.csv", "0.25", "2.25"));
    expect_failure(&t, 2, CS_ERR_INPUT, "carol.csv");
    assert_non_null(strstr(t.outcomes[2].text, "line"));
    assert_non_null(strstr(t.outcomes[2].text, "column"));
    cs_tiny_free(&t);
}

static void different_jobs_are_noticed(void **state) {
    (void)state;
    cs_tiny t;
    char other[112];
    cs_buffer text;
    must(cs_tiny_new(&t, "public"));
    snprintf(other, sizeof other, "%s/other.json", t.folder);
    read_file(&text, t.job);
    must(cs_file_write(other, text.data, text.size, 0644));
    cs_buffer_free(&text);
    must(cs_tiny_edit(&t, "other.json", "0.75", "1.5"));
    t.options[1].job = other;
    expect_failure(&t, 1, CS_ERR_INPUT, "job");
    cs_tiny_free(&t);
}

static void the_number_of_ranks_must_be_that_of_the_members(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new(&t, "public"));
    assert_int_equal(cs_tiny_run_ranks(&t, "out", 2), CS_ERR_USAGE);
    assert_non_null(strstr(t.outcomes[0].text, "3 members, this run has 2 ranks"));
    assert_non_null(strstr(t.outcomes[1].text, "3 members, this run has 2 ranks"));
    cs_tiny_free(&t);
}

static void the_member_must_be_that_of_the_rank(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new(&t, "public"));
    t.options[0].member = "alice";
    t.options[1].member = "carol";
    expect_failure(&t, 1, CS_ERR_USAGE, "rank 1 is member \"bob\"");
    cs_tiny_free(&t);
}

static void outputs_are_never_replaced(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_run(&t, "out"));
    cs_tiny_run(&t, "out");
    assert_int_equal(t.outcomes[0].status, CS_ERR_IO);
    assert_non_null(strstr(t.outcomes[0].text, "tiny.attestation"));
    assert_true(exists(t.attestation));
    cs_tiny_free(&t);
}

static void changed_data_do_not_reuse_an_opening(void **state) {
    (void)state;
    cs_tiny t;
    char opening[112];
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_run(&t, "first"));
    must(cs_tiny_edit(&t, "bob.csv", "1.50", "1.00"));
    expect_failure(&t, 1, CS_ERR_INPUT, "made for other data");
    snprintf(opening, sizeof opening, "%s/new.opening", t.folder);
    t.options[1].opening = opening;
    must(cs_tiny_run(&t, "out"));
    assert_true(exists(opening));
    cs_tiny_free(&t);
}

static void values_that_leave_their_range_are_named(void **state) {
    (void)state;
    cs_tiny t;
    must(cs_tiny_new(&t, "public"));
    must(cs_tiny_edit(&t, "job.json", "\"rate\": 0.375", "\"rate\": 98304"));
    must(cs_tiny_edit(&t, "job.json", "\"rate\": 0.75", "\"rate\": 98304"));
    cs_tiny_run(&t, "out");
    int named = 0;
    for (int i = 0; i < CS_TINY_RANKS; i++)
        named += t.outcomes[i].status == CS_ERR_RANGE && strstr(t.outcomes[i].text, "step") != NULL;
    assert_true(named > 0);
    assert_false(exists(t.attestation));
    cs_tiny_free(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_publishes_what_verifies),
        cmocka_unit_test(a_committed_model_is_not_in_the_attestation),
        cmocka_unit_test(two_runs_give_other_proofs_and_the_same_model),
        cmocka_unit_test(a_given_model_is_trained_on),
        cmocka_unit_test(another_first_model_is_refused),
        cmocka_unit_test(a_member_can_be_left_out),
        cmocka_unit_test(members_may_have_pinned_keys),
        cmocka_unit_test(a_missing_file_stops_all),
        cmocka_unit_test(wrong_rows_stop_all),
        cmocka_unit_test(a_value_out_of_range_names_file_line_and_column),
        cmocka_unit_test(different_jobs_are_noticed),
        cmocka_unit_test(the_number_of_ranks_must_be_that_of_the_members),
        cmocka_unit_test(the_member_must_be_that_of_the_rank),
        cmocka_unit_test(outputs_are_never_replaced),
        cmocka_unit_test(changed_data_do_not_reuse_an_opening),
        cmocka_unit_test(values_that_leave_their_range_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
