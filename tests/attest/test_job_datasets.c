/* Jobs over committed datasets: what the datasets decide, and what does not fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "attest/job.h"
#include "attest/job_licences.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "support/committed.h"
#include "support/tiny_run.h"

enum { DATASETS = 4 };

static const char GOOD[] =
    "{\"name\": \"tiny\", \"model\": {\"widths\": [3, 2]}, \"scales\": {\"a\": 3, \"d\": 5, \"value_bits\": 9},"
    "\"schedule\": {\"epochs\": 2, \"batch\": 2, \"rates\": [{\"from_step\": 0, \"rate\": 0.5}]},"
    "\"members\": [{\"name\": \"x\", \"datasets\": [{\"path\": \"d0\", \"weight\": 0.5, \"total\": 5}, \"d1\"]},"
    "{\"name\": \"y\", \"datasets\": [\"d2\"]}]}";

typedef struct fixture {
    cs_tiny tiny; /* its folder */
    cs_committed dataset[DATASETS];
} fixture;

/* d0 to d2 have 5, 6 and 7 records; d3 has other features. */
static int set_up(void **state) {
    fixture *f = CS_NEW(fixture, 1);
    *state = f;
    assert_int_equal(cs_tiny_new(&f->tiny, "public"), CS_OK);
    for (int k = 0; k < DATASETS; k++) {
        cs_committed_options o = cs_committed_defaults();
        char folder[112];
        o.rows = 5 + (size_t)k;
        o.seed = 3 + (uint64_t)k;
        o.n_maps = k == 3 ? 3 : 1;
        snprintf(folder, sizeof folder, "%s/d%d", f->tiny.folder, k);
        assert_int_equal(cs_committed_new(&f->dataset[k], &o), CS_OK);
        assert_int_equal(cs_dataset_folder_write(folder, &f->dataset[k].doc, &f->dataset[k].opening, &f->dataset[k].proof),
                         CS_OK);
    }
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    for (int k = 0; k < DATASETS; k++)
        cs_committed_free(&f->dataset[k]);
    cs_tiny_free(&f->tiny);
    cs_free(f);
    return 0;
}

static cs_status parse_changed(cs_job *job, const fixture *f, const char *what, const char *with) {
    if (strstr(GOOD, what) == NULL)
        fail_msg("the test's own text lacks %s", what);
    char *text = cs_string_replace(GOOD, what, with);
    const cs_status status = cs_job_parse(job, f->tiny.job, text, strlen(text));
    cs_free(text);
    return status;
}

static void datasets_decide(void **state) {
    const fixture *f = *state;
    cs_job job;
    assert_int_equal(parse_changed(&job, f, "tiny", "tiny"), CS_OK);
    const cs_params *p = &job.params;
    assert_true(job.has_datasets && p->certified);
    assert_int_equal(p->column_bits, 3);
    assert_int_equal(job.members[0].rows, 2 + 6); /* half of five, rounded down, and all six */
    assert_int_equal(job.members[1].rows, 7);
    assert_int_equal(p->steps, 8);    /* 2 * 15 / 4, rounded up: gaps do not count */
    assert_int_equal(p->rows[0], 14); /* the second dataset begins at a multiple of 8 / 2 */
    assert_int_equal(p->rows[1], 7);
    assert_int_equal(job.members[0].datasets.use[0].total, 5);
    assert_int_equal(job.members[0].datasets.use[1].total, CS_NO_LIMIT);
    assert_int_equal(job.affine_count, 1);
    assert_true(job.affine[0].min == -4 && job.affine[0].max == 3);
    assert_false(job.members[0].datasets.use[0].has_certificate);
    assert_int_equal(cs_job_check_proofs(&job), CS_OK);
    assert_int_equal(cs_job_check_licences(&job, NULL, "2026-11-21"), CS_OK);
    cs_job_free(&job);
}

static void the_use_of_datasets_must_agree(void **state) {
    const fixture *f = *state;
    static const char *const changes[][2] = {
        {"\"weight\": 0.5", "\"weight\": 0.75"},
        {"\"total\": 5", "\"total\": 6"},
        {"\"d1\"", "{\"path\": \"d1\", \"per_epoch\": 6}"},
        {"\"name\": \"tiny\"", "\"name\": \"tiny\", \"purpose\": \"play\""},
        {"\"name\": \"tiny\"", "\"name\": \"tiny\", \"seeds\": {\"contributions\": true}"}};
    uint8_t base[32], digest[32];
    cs_job job;
    assert_int_equal(parse_changed(&job, f, "tiny", "tiny"), CS_OK);
    assert_int_equal(cs_job_digest(base, &job, NULL), CS_OK);
    cs_job_free(&job);
    for (size_t k = 0; k < sizeof changes / sizeof *changes; k++) {
        assert_int_equal(parse_changed(&job, f, changes[k][0], changes[k][1]), CS_OK);
        assert_int_equal(cs_job_digest(digest, &job, NULL), CS_OK);
        assert_memory_not_equal(digest, base, 32);
        cs_job_free(&job);
    }
}

static const struct {
    const char *what, *with;
    cs_status status;
    const char *says;
} WRONG[] = {
    {"[\"d2\"]", "[\"none\"]", CS_ERR_IO, "none/dataset.json"},
    {"[\"d2\"]", "[\"d1\"]", CS_ERR_INPUT, "is there twice"},
    {"[\"d2\"]", "[\"d3\"]", CS_REJECT, "the numbers of dataset \"synthetic 6\" mean something else"},
    {"\"datasets\": [\"d2\"]", "\"rows\": 7, \"data\": \"x.csv\"", CS_ERR_INPUT,
     "1 of 2 members with records have datasets"},
    {"\"widths\": [3, 2]", "\"widths\": [4, 2]", CS_ERR_INPUT, "features is 3; 4 is expected"},
    {"\"widths\": [3, 2]", "\"widths\": [3, 3]", CS_ERR_INPUT, "classes is 2; 3 is expected"},
    {"\"value_bits\": 9", "\"value_bits\": 9}, \"columns\": 8, \"test\": {\"data\": \"x\"", CS_ERR_INPUT,
     "columns: the datasets were committed with their number"},
    {"\"weight\": 0.5", "\"weight\": 0.1", CS_ERR_INPUT, "give no record to a pass"},
    {"\"name\": \"tiny\",", "\"name\": \"tiny\", \"data\": {\"features\": {\"min\": -4, \"max\": 2, \"multiplier\": 1}},",
     CS_REJECT, "data: features or classes mean something else"},
};

static void what_does_not_fit_is_refused(void **state) {
    const fixture *f = *state;
    for (size_t k = 0; k < sizeof WRONG / sizeof *WRONG; k++) {
        cs_job job;
        const cs_status status = parse_changed(&job, f, WRONG[k].what, WRONG[k].with);
        if (status != WRONG[k].status || strstr(cs_error_text(), WRONG[k].says) == NULL)
            fail_msg("%s: status %d: %s", WRONG[k].with, (int)status, cs_error_text());
        assert_null(job.name);
    }
    cs_job job;
    assert_int_equal(
        parse_changed(&job, f, "\"name\": \"tiny\",",
                      "\"name\": \"tiny\", \"data\": {\"features\": {\"min\": -4, \"max\": 3, \"multiplier\": 1}},"),
        CS_OK);
    cs_job_free(&job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datasets_decide),
        cmocka_unit_test(the_use_of_datasets_must_agree),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
