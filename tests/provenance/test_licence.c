/* Days, licences and their CAWG form: what is read, what is permitted, and what is refused for which reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "provenance/cawg.h"

/* A full licence, to be changed field by field. */
#define LICENCE(PURPOSES, DENY, QUOTA, EXPIRES, ATTRIBUTION)                                                                \
    "{\"version\":1,\"name\":\"L\",\"purposes\":" PURPOSES ",\"deny\":" DENY ",\"quota\":" QUOTA ",\"expires\":" EXPIRES    \
    ",\"attribution\":" ATTRIBUTION "}"
#define NO_QUOTA "{\"per_epoch\":null,\"total\":null}"

static cs_status read_licence(cs_licence *out, const char *text) {
    json_t *root;
    cs_error_clear();
    CS_TRY(cs_json_parse(&root, "licence.json", text, strlen(text)));
    const cs_json v = cs_json_root("licence.json", root);
    const cs_status status = cs_licence_from_json(out, &v);
    json_decref(root);
    return status;
}

static cs_licence licence(const char *text) {
    cs_licence out;
    assert_int_equal(read_licence(&out, text), CS_OK);
    return out;
}

static void expect_refusal(cs_status status, cs_refusal kind) {
    assert_int_equal(status, CS_REJECT);
    assert_string_equal(cs_refusal_name(cs_refusal_last()), cs_refusal_name(kind));
}

/* ------------------------------------------------------------ days */

static void only_days_that_exist_are_days(void **state) {
    (void)state;
    static const char *const good[] = {"2026-11-21", "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31", "2023-04-30"};
    static const char *const bad[] = {"2023-02-29", "1900-02-29",  "2026-02-30",  "2026-04-31", "2026-13-01", "2026-00-01",
                                      "2026-01-00", "2026-01-32",  "0000-01-01",  "2026-1-01",  "2026-01-1",  "26-01-01",
                                      "2026/01/01", "2026-01-01 ", " 2026-01-01", "2026-01-0x", "+026-01-01", ""};
    char today[CS_DATE_SIZE], day[CS_DATE_SIZE];
    for (size_t k = 0; k < sizeof good / sizeof *good; k++)
        assert_true(cs_date_is_valid(good[k]));
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_false(cs_date_is_valid(bad[k]));
        assert_int_equal(cs_date_read(day, "--at", bad[k]), CS_ERR_USAGE);
    }
    assert_int_equal(cs_date_today(today), CS_OK);
    assert_true(cs_date_is_valid(today) && strcmp(today, "2025-01-01") > 0);
    assert_int_equal(cs_date_read(day, "--at", today), CS_OK);
    assert_string_equal(day, today);
}

/* ------------------------------------------------------------ reading */

static void licences_round_trip(void **state) {
    (void)state;
    const char *text = LICENCE("[\"medical-research\",\"teaching\"]", "false",
                               "{\"per_epoch\":100,\"total\":9007199254740991}", "\"2027-12-31\"", "\"Data of St. Mary's\"");
    const cs_licence l = licence(text);
    assert_int_equal(l.n_purposes, 2);
    assert_string_equal(l.purposes[1], "teaching");
    assert_int_equal(l.per_epoch, 100);
    assert_int_equal(l.total, CS_MAX_QUOTA);
    json_t *again = cs_licence_to_json(&l), *before = json_loads(text, 0, NULL);
    assert_true(json_equal(again, before));
    json_decref(again);
    json_decref(before);
}

static void what_is_absent_is_no_limit(void **state) {
    (void)state;
    const cs_licence l = licence("{\"version\":1,\"name\":\"L\",\"purposes\":[\"*\"]}");
    assert_int_equal(l.n_purposes, 0);
    assert_false(l.deny);
    assert_true(l.per_epoch == CS_NO_QUOTA && l.total == CS_NO_QUOTA);
    assert_string_equal(l.expires, "");
    assert_string_equal(l.attribution, "");
    assert_true(licence("{\"version\":1,\"name\":\"L\",\"purposes\":[\"*\"],\"quota\":{\"total\":0}}").total == 0);
}

static void malformed_licences_are_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"[]",
                                      "{\"version\":1,\"purposes\":[\"*\"]}",
                                      "{\"version\":1,\"name\":\"L\"}",
                                      "{\"name\":\"L\",\"purposes\":[\"*\"]}",
                                      LICENCE("[]", "false", NO_QUOTA, "null", "\"\""),
                                      LICENCE("\"*\"", "false", NO_QUOTA, "null", "\"\""),
                                      LICENCE("[\"*\",\"teaching\"]", "false", NO_QUOTA, "null", "\"\""),
                                      LICENCE("[\"teaching\",\"*\"]", "false", NO_QUOTA, "null", "\"\""),
                                      LICENCE("[\"teaching\",\"teaching\"]", "false", NO_QUOTA, "null", "\"\""),
                                      LICENCE("[\"Teaching\"]", "false", NO_QUOTA, "null", "\"\""),
                                      LICENCE("[\"a b\"]", "false", NO_QUOTA, "null", "\"\""),
                                      LICENCE("[\"*\"]", "0", NO_QUOTA, "null", "\"\""),
                                      LICENCE("[\"*\"]", "null", NO_QUOTA, "null", "\"\""),
                                      LICENCE("[\"*\"]", "false", "null", "null", "\"\""),
                                      LICENCE("[\"*\"]", "false", "{\"per_epoch\":-1}", "null", "\"\""),
                                      LICENCE("[\"*\"]", "false", "{\"per_epoch\":1.0}", "null", "\"\""),
                                      LICENCE("[\"*\"]", "false", "{\"total\":9007199254740992}", "null", "\"\""),
                                      LICENCE("[\"*\"]", "false", NO_QUOTA, "\"2027-02-29\"", "\"\""),
                                      LICENCE("[\"*\"]", "false", NO_QUOTA, "\"\"", "\"\""),
                                      LICENCE("[\"*\"]", "false", NO_QUOTA, "null", "\"a\\nb\""),
                                      LICENCE("[\"*\"]", "false", NO_QUOTA, "null", "null")};
    cs_licence out;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        if (read_licence(&out, bad[k]) != CS_ERR_INPUT)
            fail_msg("read: %s", bad[k]);
        assert_non_null(strstr(cs_error_text(), "licence.json"));
    }
    expect_refusal(read_licence(&out, "{\"version\":2,\"licence\":{}}"), CS_REFUSAL_VERSION);
    expect_refusal(read_licence(&out, "{\"version\":1,\"name\":\"L\",\"purposes\":[\"*\"],\"denied\":true}"),
                   CS_REFUSAL_UNKNOWN);
    expect_refusal(read_licence(&out, LICENCE("[\"*\"]", "false", "{\"per_day\":1}", "null", "\"\"")), CS_REFUSAL_UNKNOWN);
}

/* ------------------------------------------------------------ checking */

static void deny_expiry_and_purpose_are_told_apart(void **state) {
    (void)state;
    const cs_licence l = licence(LICENCE("[\"medical-research\"]", "false", NO_QUOTA, "\"2027-12-31\"", "\"\""));
    const cs_licence denied = licence(LICENCE("[\"*\"]", "true", NO_QUOTA, "\"2020-12-31\"", "\"\""));
    const cs_licence any = licence(LICENCE("[\"*\"]", "false", NO_QUOTA, "null", "\"\""));
    assert_int_equal(cs_licence_check(&l, "2027-12-31"), CS_OK); /* the last day is one */
    expect_refusal(cs_licence_check(&l, "2028-01-01"), CS_REFUSAL_EXPIRED);
    expect_refusal(cs_licence_check(&denied, "2019-01-01"), CS_REFUSAL_DENIED);
    assert_int_equal(cs_licence_check(&any, "9999-12-31"), CS_OK);
    assert_int_equal(cs_licence_check_purpose(&l, "medical-research"), CS_OK);
    expect_refusal(cs_licence_check_purpose(&l, "medical"), CS_REFUSAL_PURPOSE);
    expect_refusal(cs_licence_check_purpose(&l, "medical-research-2"), CS_REFUSAL_PURPOSE);
    expect_refusal(cs_licence_check_purpose(&l, ""), CS_REFUSAL_PURPOSE);
    assert_int_equal(cs_licence_check_purpose(&any, "advertising"), CS_OK);
}

static void one_draw_too_many_is_one_too_many(void **state) {
    (void)state;
    const cs_licence l = licence(LICENCE("[\"*\"]", "false", "{\"per_epoch\":10,\"total\":25}", "null", "\"\""));
    assert_int_equal(cs_licence_check_draws(&l, 10, 25), CS_OK);
    expect_refusal(cs_licence_check_draws(&l, 11, 25), CS_REFUSAL_QUOTA);
    expect_refusal(cs_licence_check_draws(&l, 10, 26), CS_REFUSAL_QUOTA);
    const cs_licence free_of_quota = licence("{\"version\":1,\"name\":\"L\",\"purposes\":[\"*\"]}");
    assert_int_equal(cs_licence_check_draws(&free_of_quota, UINT64_MAX, UINT64_MAX), CS_OK);
    const cs_licence none = licence(LICENCE("[\"*\"]", "false", "{\"per_epoch\":0}", "null", "\"\""));
    expect_refusal(cs_licence_check_draws(&none, 1, 1), CS_REFUSAL_QUOTA);
}

/* ------------------------------------------------------------ CAWG */

static cs_status from_assertion(cs_licence *out, json_t *assertion) {
    const cs_json v = cs_json_root("cawg.json", assertion);
    cs_error_clear();
    const cs_status status = cs_cawg_to_licence(out, &v);
    json_decref(assertion);
    return status;
}

static const char *use_in(const json_t *assertion, const char *entry) {
    const json_t *entries = json_object_get(json_object_get(assertion, "data"), "entries");
    return json_string_value(json_object_get(json_object_get(entries, entry), "use"));
}

static void assertions_lose_nothing(void **state) {
    (void)state;
    static const struct {
        const char *text, *use;
    } cases[] = {{LICENCE("[\"*\"]", "false", NO_QUOTA, "null", "\"\""), "allowed"},
                 {LICENCE("[\"*\"]", "true", "{\"per_epoch\":1,\"total\":2}", "\"2027-01-01\"", "\"x\""), "notAllowed"},
                 {LICENCE("[\"teaching\"]", "false", NO_QUOTA, "null", "\"\""), "constrained"},
                 {LICENCE("[\"*\"]", "false", "{\"per_epoch\":1,\"total\":null}", "null", "\"\""), "constrained"},
                 {LICENCE("[\"*\"]", "false", "{\"per_epoch\":null,\"total\":1}", "null", "\"\""), "constrained"},
                 {LICENCE("[\"*\"]", "false", NO_QUOTA, "\"2027-01-01\"", "\"\""), "constrained"},
                 {LICENCE("[\"*\"]", "false", NO_QUOTA, "null", "\"Thank \\\"them\\\"\""), "constrained"}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        const cs_licence before = licence(cases[k].text);
        cs_licence after;
        json_t *assertion = cs_cawg_from_licence(&before);
        assert_string_equal(json_string_value(json_object_get(assertion, "label")), "cawg.training-mining");
        assert_string_equal(use_in(assertion, "cawg.ai_training"), cases[k].use);
        assert_string_equal(use_in(assertion, "cawg.data_mining"), cases[k].use);
        assert_string_equal(use_in(assertion, "cawg.ai_inference"), cases[k].use);
        assert_string_equal(use_in(assertion, "cawg.ai_generative_training"), cases[k].use);
        assert_int_equal(from_assertion(&after, assertion), CS_OK);
        assert_memory_equal(&before, &after, sizeof before);
    }
}

/* All four entries with one value, made by somebody else. */
static json_t *foreign(const char *use, const char *info) {
    json_t *entries = json_object();
    static const char *const names[] = {"cawg.ai_generative_training", "cawg.ai_inference", "cawg.ai_training",
                                        "cawg.data_mining"};
    for (size_t k = 0; k < 4; k++) {
        json_t *entry = json_pack("{s:s}", "use", use);
        if (info != NULL)
            json_object_set_new(entry, "constraint_info", json_string(info));
        json_object_set_new(entries, names[k], entry);
    }
    return json_pack("{s:s, s:{s:o}}", "label", "cawg.training-mining", "data", "entries", entries);
}

static json_t *entries_of(json_t *assertion) {
    return json_object_get(json_object_get(assertion, "data"), "entries");
}

static void assertions_of_others_are_taken_at_their_word(void **state) {
    (void)state;
    cs_licence l;
    assert_int_equal(from_assertion(&l, foreign("allowed", NULL)), CS_OK);
    assert_true(!l.deny && l.n_purposes == 0 && l.total == CS_NO_QUOTA);
    assert_int_equal(from_assertion(&l, foreign("notAllowed", NULL)), CS_OK);
    assert_true(l.deny);
}

static void what_is_not_understood_is_refused(void **state) {
    (void)state;
    cs_licence l;
    expect_refusal(from_assertion(&l, foreign("constrained", NULL)), CS_REFUSAL_UNKNOWN);
    expect_refusal(from_assertion(&l, foreign("perhaps", NULL)), CS_REFUSAL_UNKNOWN);
    expect_refusal(from_assertion(&l, foreign("constrained", "ask Bob")), CS_REFUSAL_UNKNOWN);
    expect_refusal(from_assertion(&l, foreign("allowed", "ask Bob")), CS_REFUSAL_UNKNOWN);
    json_t *mixed = foreign("allowed", NULL);
    json_object_set_new(entries_of(mixed), "cawg.data_mining", json_pack("{s:s}", "use", "notAllowed"));
    expect_refusal(from_assertion(&l, mixed), CS_REFUSAL_UNKNOWN);
    json_t *custom = foreign("allowed", NULL);
    json_object_set_new(entries_of(custom), "org.example.printing", json_pack("{s:s}", "use", "notAllowed"));
    expect_refusal(from_assertion(&l, custom), CS_REFUSAL_UNKNOWN);
    json_t *partial = foreign("allowed", NULL);
    json_object_del(entries_of(partial), "cawg.ai_inference");
    assert_int_equal(from_assertion(&l, partial), CS_ERR_INPUT);
    json_t *old = foreign("allowed", NULL);
    json_object_set_new(old, "label", json_string("c2pa.training-mining"));
    assert_int_equal(from_assertion(&l, old), CS_ERR_INPUT);
    assert_int_equal(from_assertion(&l, json_array()), CS_ERR_INPUT);
}

/* Someone turns "constrained" into "allowed", and leaves the terms. */
static void an_edited_use_is_refused(void **state) {
    (void)state;
    const cs_licence terms = licence(LICENCE("[\"teaching\"]", "false", NO_QUOTA, "null", "\"\""));
    json_t *assertion = cs_cawg_from_licence(&terms), *entries = entries_of(assertion);
    const char *name;
    json_t *entry;
    json_object_foreach(entries, name, entry) json_object_set_new(entry, "use", json_string("allowed"));
    cs_licence l;
    expect_refusal(from_assertion(&l, assertion), CS_REFUSAL_UNKNOWN);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_days_that_exist_are_days),
                                       cmocka_unit_test(licences_round_trip),
                                       cmocka_unit_test(what_is_absent_is_no_limit),
                                       cmocka_unit_test(malformed_licences_are_refused),
                                       cmocka_unit_test(deny_expiry_and_purpose_are_told_apart),
                                       cmocka_unit_test(one_draw_too_many_is_one_too_many),
                                       cmocka_unit_test(assertions_lose_nothing),
                                       cmocka_unit_test(assertions_of_others_are_taken_at_their_word),
                                       cmocka_unit_test(what_is_not_understood_is_refused),
                                       cmocka_unit_test(an_edited_use_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
