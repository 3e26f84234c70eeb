/* The job file: defaults, exact rates, and every way in which it can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/job.h"
#include "attest/rates.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"

static const char GOOD[] =
    "{\"name\": \"tiny\", \"model\": {\"widths\": [3, 4, 2]}, \"scales\": {\"a\": 4, \"d\": 7, \"value_bits\": 10},"
    "\"schedule\": {\"epochs\": 2, \"batch\": 2, \"rates\": [{\"from_epoch\": 0, \"rate\": 0.5}, {\"from_step\": 5, "
    "\"rate\": 1}]},"
    "\"seeds\": {\"beacon\": \"b\"}, \"members\": [{\"name\": \"x\", \"rows\": 9, \"data\": \"d/{name}.csv\"}, {\"name\": "
    "\"y\", \"rows\": 4}],"
    "\"data\": {\"label\": \"class\", \"classes\": [\"no\", \"yes\"], \"features\": {\"min\": 0, \"max\": [1, 2, 4], "
    "\"multiplier\": [16, 8, 4]}},"
    "\"test\": {\"data\": \"/t.csv\"}, \"output\": {\"model\": \"committed\"}}";

/* GOOD with one piece replaced. */
static cs_status parse_changed(cs_job *job, const char *what, const char *with) {
    if (strstr(GOOD, what) == NULL)
        fail_msg("the test's own text lacks %s", what);
    char *text = cs_string_replace(GOOD, what, with);
    const cs_status status = cs_job_parse(job, "some/job.json", text, strlen(text));
    cs_free(text);
    return status;
}

static void reads_a_job(void **state) {
    (void)state;
    cs_job job;
    assert_int_equal(cs_job_parse(&job, "some/job.json", GOOD, strlen(GOOD)), CS_OK);
    const cs_params *p = &job.params;
    assert_string_equal(job.name, "tiny");
    assert_int_equal(p->n_ranks, 2);
    assert_int_equal(p->steps, 7); /* 2 * 13 / 4, rounded up */
    assert_int_equal(job.rate_shift, 3);
    assert_int_equal(p->w, 4 + 7 + 3);
    assert_int_equal(p->rate[0], 1);
    assert_int_equal(p->rate[4], 1);
    assert_int_equal(p->rate[5], 2);
    assert_int_equal(p->n_limbs, 2);
    assert_int_equal(p->limb_bits[0] + p->limb_bits[1], p->w);
    assert_int_equal(p->exp_bits, 9); /* 2 << 9 <= 2^10 */
    assert_int_equal(p->initial_max[0], (int64_t)round(16384 * sqrt(6.0 / 3)));
    assert_int_equal(p->initial_max[1], (int64_t)round(16384 * sqrt(6.0 / 6)));
    assert_false(p->final_public);
    assert_string_equal(job.members[0].data, "some/d/x.csv");
    assert_null(job.members[1].data);
    assert_string_equal(job.test_data, "/t.csv");
    assert_string_equal(job.label_name, "class");
    assert_string_equal(job.classes[1], "yes");
    assert_int_equal(job.affine_count, 3);
    assert_true(job.affine[2].max == 4 && job.affine[2].min == 0 && job.affine[1].multiplier == 8 &&
                job.affine[0].offset == 0);
    cs_job_free(&job);
}

static void defaults_are_those_of_the_documents(void **state) {
    (void)state;
    cs_job job;
    assert_int_equal(parse_changed(&job, "\"scales\": {\"a\": 4, \"d\": 7, \"value_bits\": 10},", ""), CS_OK);
    assert_int_equal(job.params.a, 8);
    assert_int_equal(job.params.d, 12);
    assert_int_equal(job.params.value_bits, 16);
    assert_int_equal(job.params.w, 23);
    assert_int_equal(job.params.limb_bits[0], 12);
    assert_int_equal(job.params.limb_bits[1], 11);
    assert_int_equal(job.params.ledger_width, 16);
    cs_job_free(&job);
}

typedef struct wrong {
    const char *what, *with, *says;
} wrong;

/* Each is refused with a text that names the file, the field and the reason. */
static const wrong WRONG[] = {
    {"\"name\": \"tiny\"", "\"name\": \"../tiny\"", "job.json: name: "},
    {"\"name\": \"tiny\"", "\"name\": 7", "job.json: name: a string is required, this is an integer"},
    {"\"name\": \"tiny\",", "", "the field \"name\" is missing"},
    {"\"name\": \"tiny\",", "\"name\": \"tiny\", \"nane\": 1,", "unknown field \"nane\"; allowed: name, model"},
    {"\"name\": \"tiny\",", "\"name\": \"tiny\", \"name\": \"tiny\",", "duplicate"},
    {"\"widths\": [3, 4, 2]", "\"widths\": [3]", "model.widths: 1 items"},
    {"\"widths\": [3, 4, 2]", "\"widths\": [3, 0, 2]", "model.widths[1]: 0; allowed: 1 to"},
    {"\"widths\": [3, 4, 2]", "\"widths\": [3, 4.0, 2]", "model.widths[1]: an integer is required"},
    {"\"widths\": [3, 4, 2]", "\"widths\": [3, 4, 2], \"initial_max\": [1]", "model.initial_max: 1 items"},
    {"\"a\": 4", "\"a\": 17", "scales.a: 17; allowed: 1 to 16"},
    {"\"d\": 7", "\"d\": 10", "d is 10; the softmax quotient"},
    {"\"value_bits\": 10", "\"value_bits\": 10, \"limb_bits\": [7, 6]", "scales.limb_bits: the limbs have 13 bits together"},
    {"\"value_bits\": 10", "\"value_bits\": 10, \"limb_bits\": [11, 3]", "scales.limb_bits[0]: 11; allowed: 1 to 10"},
    {"\"value_bits\": 10", "\"value_bits\": 10, \"exp_bits\": 10", "exp_bits is 10"},
    {"\"value_bits\": 10", "\"value_bits\": 17", "scales.value_bits: 17"},
    {"\"epochs\": 2,", "", "schedule: exactly one of \"epochs\" and \"steps\""},
    {"\"epochs\": 2,", "\"epochs\": 2, \"steps\": 9,", "schedule: exactly one of"},
    {"\"epochs\": 2,", "\"epochs\": 0,", "schedule.epochs: 0"},
    {"\"epochs\": 2,", "\"epochs\": 16000000,", "schedule.epochs: 16000000 epochs"},
    {"\"batch\": 2", "\"batch\": 0", "schedule.batch: 0"},
    {"\"from_epoch\": 0, ", "", "schedule.rates[0]: exactly one of \"from_step\""},
    {"\"from_epoch\": 0", "\"from_epoch\": 1", "schedule.rates[0]: begins at step 4; the first one is to begin at 0"},
    {"\"from_step\": 5", "\"from_step\": 0", "schedule.rates[1]: begins at step 0, not after"},
    {"\"from_step\": 5", "\"from_step\": 7", "schedule.rates[1]: begins at step 7, after the last of 7 steps"},
    {"\"rate\": 1}", "\"rate\": 0.3}", "schedule.rates[1].rate: 0.3 is not an integer multiple"},
    {"\"rate\": 1}", "\"rate\": -1}", "schedule.rates[1].rate: -1; allowed"},
    {"\"rate\": 1}", "\"rate\": 1e40}", "schedule.rates[1].rate: 1e+40"},
    {"\"rate\": 0.5", "\"rate\": \"0.5\"", "schedule.rates[0].rate: a number is required, this is a string"},
    {"\"name\": \"y\"", "\"name\": \"x\"", "members[1].name: another member is called \"x\" already"},
    {"\"rows\": 4", "\"rows\": -1", "members[1].rows: -1"},
    {"\"rows\": 4", "\"rows\": 0, \"data\": \"x\"", "members[1]: a member without records"},
    {"\"rows\": 4", "\"datasets\": [], \"labels\": \"x\"", "members[1]: a member without records"},
    {"\"rows\": 4", "\"rows\": 0, \"datasets\": []", "members[1]: \"rows\" and \"datasets\" exclude each other"},
    {"\"rows\": 9, \"data\": \"d/{name}.csv\"}, {\"name\": \"y\", \"rows\": 4", "\"rows\": 0",
     "members: no member has records"},
    {"\"rows\": 4", "\"rows\": 4, \"key\": \"00\"", "members[1].key: "},
    {"\"rows\": 4", "\"rows\": 4, \"key\": \"0000000000000000000000000000000000000000000000000000000000000001\"",
     "members: 1 of 2 members have a key"},
    {"\"label\": \"class\"", "\"label\": 0", "data.label: 0"},
    {"\"label\": \"class\"", "\"format\": \"xls\"", "data.format: \"xls\" is not one of"},
    {"\"classes\": [\"no\", \"yes\"]", "\"classes\": [\"no\"]", "data.classes: 1 items"},
    {"\"max\": [1, 2, 4]", "\"max\": [1, 2]", "data.features.max: 2 items"},
    {"\"max\": [1, 2, 4]", "\"max\": [1, 2, 400]",
     "data.features: [0, 400] becomes [0, 1600]; allowed with 10 value bits: [-512, 511]"},
    {"\"min\": 0, ", "", "data.features: the field \"min\" is missing"},
    {"\"min\": 0", "\"min\": 9", "data.features: features: min 9 is above max 1"},
    {"\"model\": \"committed\"", "\"model\": \"hidden\"", "output.model: \"hidden\"; allowed: \"public\", \"committed\""},
    {"\"output\"", "\"pad_partners\": 3, \"output\"", "pad_partners: an even number is required"},
    {"\"output\"", "\"pad_partners\": 66, \"output\"", "pad_partners"},
    {"\"output\"", "\"honest_but_curious\": 1, \"output\"", "honest_but_curious: true or false is required"},
    {"\"output\"", "\"columns\": 48, \"output\"", "columns: 48 is not a power of two"},
    {"\"output\"", "\"columns\": 1, \"output\"", "column_bits is 0"},
    {"\"beacon\": \"b\"", "\"beacon\": \"a\\nb\"", "seeds.beacon: control characters"},
    {"\"beacon\": \"b\"", "\"beacon_source\": \"\"", "seeds.beacon_source: "},
    {"\"beacon\": \"b\"", "\"contributions\": 1", "seeds.contributions: true or false"},
    {"\"output\"", "\"purpose\": \"\", \"output\"", "purpose: "},
    {"\"output\"", "\"manifest\": 1, \"output\"", "manifest: a string"},
    {"\"rows\": 4", "\"data\": \"x\"", "members[1].rows: missing"},
    {"\"rows\": 4", "\"rows\": 4, \"datasets\": [\"x\"]", "members[1]: \"rows\" and \"datasets\" exclude each other"},
    {"\"rows\": 4", "\"datasets\": [{\"weight\": 1}]", "members[1].datasets[0]: the field \"path\" is missing"},
    {"\"rows\": 4", "\"datasets\": [{\"path\": \"x\", \"weight\": 2}]", "members[1].datasets[0].weight: 2"},
    {"\"rows\": 4", "\"datasets\": [{\"path\": \"x\", \"quota\": 2}]", "members[1].datasets[0]: unknown field \"quota\""},
    {"\"model\": \"committed\"}}", "\"model\": \"committed\"}", "line 1"},
    {"\"model\": \"committed\"}}", "\"model\": \"committed\"}} x", "end of file expected"},
};

static void refuses_wrong_jobs_by_field(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof WRONG / sizeof *WRONG; k++) {
        cs_job job;
        const cs_status status = parse_changed(&job, WRONG[k].what, WRONG[k].with);
        if (status != CS_ERR_INPUT || strstr(cs_error_text(), WRONG[k].says) == NULL ||
            strstr(cs_error_text(), "some/job.json") == NULL)
            fail_msg("%s: status %d, text: %s", WRONG[k].with, (int)status, cs_error_text());
        assert_null(job.name); /* empty after a failure */
    }
}

/* Those with records come first, whatever the order of the file: they are the ranks of the proof. */
static void members_without_records_are_idle(void **state) {
    static const char first[] = "\"members\": [{\"name\": \"x\", \"rows\": 9, \"data\": \"d/{name}.csv\"}, ";
    static const char *const idle[] = {"{\"name\": \"c\", \"rows\": 0}, ", "{\"name\": \"c\", \"datasets\": []}, "};
    (void)state;
    for (int k = 0; k < 2; k++) {
        cs_job job, other;
        uint8_t a[32], b[32];
        char with[256];
        snprintf(with, sizeof with, "\"members\": [%s%s", idle[k], strchr(first, '[') + 1);
        assert_int_equal(parse_changed(&job, first, with), CS_OK);
        assert_int_equal(job.params.n_ranks, 2);
        assert_int_equal(job.n_idle, 1);
        assert_int_equal(cs_job_members(&job), 3);
        assert_int_equal(job.params.steps, 7); /* as without it */
        assert_int_equal(job.params.rows[0], 9);
        assert_int_equal(job.params.rows[1], 4);
        assert_string_equal(job.members[0].name, "x");
        assert_string_equal(job.members[2].name, "c");
        assert_int_equal(job.members[0].rank, 1);
        assert_int_equal(job.members[2].rank, 0);
        assert_int_equal(cs_job_member_at(&job, 0), 2);
        assert_int_equal(cs_job_member_at(&job, 2), 1);
        /* who is idle, and where it stands, is part of what the members agree on */
        snprintf(with, sizeof with, "%s%s", first, idle[k]);
        assert_int_equal(parse_changed(&other, first, with), CS_OK);
        assert_int_equal(cs_job_digest(a, &job, NULL), CS_OK);
        assert_int_equal(cs_job_digest(b, &other, NULL), CS_OK);
        assert_memory_not_equal(a, b, 32);
        cs_job_free(&job);
        cs_job_free(&other);
    }
}

static void refuses_unreadable_and_oversized_files(void **state) {
    (void)state;
    cs_job job;
    assert_int_equal(cs_job_load(&job, "/nowhere/job.json"), CS_ERR_IO);
    assert_int_equal(cs_job_parse(&job, "job.json", GOOD, CS_JOB_MAX_BYTES + 1), CS_ERR_INPUT);
    char deep[5000];
    memset(deep, '[', sizeof deep);
    assert_int_equal(cs_job_parse(&job, "job.json", deep, sizeof deep), CS_ERR_INPUT);
}

static void rates_are_exact(void **state) {
    (void)state;
    unsigned s;
    size_t bad;
    int64_t c[3];
    assert_int_equal(cs_rates_exact(&s, c, &bad, (const double[]){0.25}, 1, 32), CS_OK);
    assert_int_equal(s, 7);
    assert_int_equal(c[0], 1);
    assert_int_equal(cs_rates_exact(&s, c, &bad, (const double[]){0.25, 0.5, 0.375}, 3, 32), CS_OK);
    assert_int_equal(s, 8);
    assert_int_equal(c[0], 2);
    assert_int_equal(c[1], 4);
    assert_int_equal(c[2], 3);
    assert_int_equal(cs_rates_exact(&s, c, &bad, (const double[]){0.1875}, 1, 24), CS_OK);
    assert_int_equal(s, 7);
    assert_int_equal(c[0], 1);
    assert_int_equal(cs_rates_exact(&s, c, &bad, (const double[]){64, 256}, 2, 32), CS_OK); /* no shift is left */
    assert_int_equal(s, 0);
    assert_int_equal(c[0], 2);
    assert_int_equal(c[1], 8);
}

static void inexact_rates_name_their_neighbours(void **state) {
    (void)state;
    unsigned s;
    size_t bad;
    int64_t c[2];
    assert_int_equal(cs_rates_exact(&s, c, &bad, (const double[]){0.25, 0.1}, 2, 32), CS_ERR_INPUT);
    assert_int_equal(bad, 1);
    assert_non_null(strstr(cs_error_text(), "0.09375 (cheaper), 0.099609375 (nearer)"));
    assert_int_equal(cs_rates_exact(&s, c, &bad, (const double[]){0.25}, 1, 24),
                     CS_ERR_INPUT); /* three does not divide it */
    assert_non_null(strstr(cs_error_text(), "0.25"));
    assert_int_equal(cs_rates_exact(&s, c, &bad, (const double[]){0x1p-55}, 1, 32), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "out of reach"));
    assert_int_equal(cs_rates_exact(&s, c, &bad, (const double[]){0x1p-20, 0x1p20}, 2, 1), CS_ERR_INPUT);
}

/* Every suggested neighbour is a rate that is taken. */
static void suggested_rates_are_accepted(void **state) {
    (void)state;
    unsigned s;
    size_t bad;
    int64_t c;
    for (size_t batch = 1; batch < 70; batch++)
        for (double rate = 0.0123; rate < 3; rate *= 1.7) {
            if (cs_rates_exact(&s, &c, &bad, &rate, 1, batch) == CS_OK)
                continue;
            double coarse = 0, fine = 0;
            assert_int_equal(sscanf(strstr(cs_error_text(), "near it: "), "near it: %lf (cheaper), %lf", &coarse, &fine), 2);
            assert_int_equal(cs_rates_exact(&s, &c, &bad, &coarse, 1, batch), CS_OK);
            assert_true(fabs(fine / rate - 1) <= 0.0051);
            assert_true(fabs(coarse / rate - 1) <= 0.0701);
        }
}

typedef struct change {
    const char *what, *with;
} change;

static void digest_covers_what_must_agree(void **state) {
    (void)state;
    static const change same[] = {
        {"d/{name}.csv", "elsewhere.csv"}, {"/t.csv", "/u.csv"}, {"\"label\": \"class\"", "\"label\": 4"}};
    static const change other[] = {{"tiny", "tony"},
                                   {"[3, 4, 2]", "[3, 5, 2]"},
                                   {"\"rate\": 1}", "\"rate\": 2}"},
                                   {"\"b\"", "\"c\""},
                                   {"\"x\"", "\"z\""},
                                   {"\"yes\"", "\"maybe\""},
                                   {"[16, 8, 4]", "[16, 8, 5]"},
                                   {"committed", "public"},
                                   {"\"output\"", "\"honest_but_curious\": true, \"output\""},
                                   {"\"output\"", "\"pad_partners\": 2, \"output\""}};
    cs_job job;
    uint8_t base[32], digest[32];
    assert_int_equal(cs_job_parse(&job, "job.json", GOOD, strlen(GOOD)), CS_OK);
    assert_int_equal(cs_job_digest(base, &job, NULL), CS_OK);
    assert_int_equal(cs_job_digest(digest, &job, base), CS_OK); /* a given W(0) */
    assert_memory_not_equal(digest, base, 32);
    cs_job_free(&job);
    for (size_t k = 0; k < sizeof same / sizeof *same + sizeof other / sizeof *other; k++) {
        const bool differs = k >= sizeof same / sizeof *same;
        const change *w = differs ? &other[k - sizeof same / sizeof *same] : &same[k];
        assert_int_equal(parse_changed(&job, w->what, w->with), CS_OK);
        assert_int_equal(cs_job_digest(digest, &job, NULL), CS_OK);
        if ((memcmp(digest, base, 32) != 0) != differs)
            fail_msg("%s -> %s", w->what, w->with);
        cs_job_free(&job);
    }
}

/* ------------------------------------------------------------ the schema */

/* "schedule.rates[]" -> the schema of that object. */
static const json_t *schema_of(const json_t *schema, const char *place) {
    char path[100];
    strncpy(path, place, sizeof path - 1);
    path[sizeof path - 1] = '\0';
    for (char *rest = path, *name; (name = strtok_r(rest, ".", &rest)) != NULL;) {
        char *brackets = strstr(name, "[]");
        if (brackets != NULL)
            *brackets = '\0';
        schema = json_object_get(json_object_get(schema, "properties"), name);
        if (brackets != NULL)
            schema = json_object_get(schema, "items");
    }
    return schema;
}

static bool is_required(const json_t *object, const char *name) {
    const json_t *required = json_object_get(object, "required");
    for (size_t k = 0; k < json_array_size(required); k++)
        if (strcmp(json_string_value(json_array_get(required, k)), name) == 0)
            return true;
    return false;
}

static void schema_lists_the_parsers_fields(void **state) {
    (void)state;
    cs_buffer text = {0};
    assert_int_equal(cs_file_read("docs/job.schema.json", CS_JOB_MAX_BYTES, &text), CS_OK);
    json_t *schema;
    assert_int_equal(cs_json_parse(&schema, "schema", text.data, text.size), CS_OK);
    for (size_t k = 0; k < CS_JOB_SHAPE_COUNT; k++) {
        const cs_json_shape *shape = &CS_JOB_SHAPES[k];
        const json_t *object = schema_of(schema, shape->object);
        assert_true(json_is_object(object));
        assert_true(json_is_false(json_object_get(object, "additionalProperties")));
        assert_int_equal(json_object_size(json_object_get(object, "properties")), shape->n);
        for (size_t f = 0; f < shape->n; f++) {
            assert_non_null(json_object_get(json_object_get(object, "properties"), shape->fields[f].name));
            assert_int_equal(is_required(object, shape->fields[f].name), shape->fields[f].required);
        }
    }
    json_decref(schema);
    cs_buffer_free(&text);
}

static void the_examples_are_valid(void **state) {
    (void)state;
    cs_job job;
    assert_int_equal(cs_job_load(&job, "examples/digits/job.json"), CS_OK);
    assert_int_equal(job.params.column_bits, 12);
    assert_int_equal(job.params.w, 27);
    cs_job_free(&job);
    assert_int_equal(cs_job_load(&job, "examples/breast-cancer/job.json"), CS_OK);
    assert_int_equal(job.affine_count, 30);
    cs_job_free(&job);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_job),
        cmocka_unit_test(defaults_are_those_of_the_documents),
        cmocka_unit_test(refuses_wrong_jobs_by_field),
        cmocka_unit_test(members_without_records_are_idle),
        cmocka_unit_test(refuses_unreadable_and_oversized_files),
        cmocka_unit_test(rates_are_exact),
        cmocka_unit_test(inexact_rates_name_their_neighbours),
        cmocka_unit_test(suggested_rates_are_accepted),
        cmocka_unit_test(digest_covers_what_must_agree),
        cmocka_unit_test(schema_lists_the_parsers_fields),
        cmocka_unit_test(the_examples_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
