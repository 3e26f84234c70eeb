#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "provenance/facts_fixture.h"
#include "provenance/policy.h"
#include "provenance/refusal.h"

#define KEY_A    "4040404040404040404040404040404040404040404040404040404040404040"
#define KEY_B    "4141414141414141414141414141414141414141414141414141414141414141"
#define KEY_C    "4242424242424242424242424242424242424242424242424242424242424242"
#define MEMBER_A "{\"name\":\"clinic-a\",\"ed25519\":\"" KEY_A "\"}"
#define MEMBER_B "{\"name\":\"clinic-b\",\"ed25519\":\"" KEY_B "\"}"
#define MEMBER_C "{\"name\":\"clinic-c\",\"ed25519\":\"" KEY_C "\"}"

static cs_status decode(cs_policy *p, const char *text) {
    return cs_policy_decode(p, "policy.json", (const uint8_t *)text, strlen(text));
}

/* What a policy says of chain[n]. */
static cs_status judge(cs_policy_verdict *v, const char *policy, const cs_facts *chain, size_t n) {
    cs_policy p;
    if (decode(&p, policy) != CS_OK)
        fail_msg("%s", cs_error_text());
    cs_error_clear();
    const cs_status status = cs_policy_check(v, &p, chain, n);
    cs_policy_free(&p);
    return status;
}

/* All that can be demanded, all met. */
static const char MET[] =
    "{\"version\":1,\"steps\":{\"at_least\":20,\"at_most\":20},\"draws\":{\"at_least\":480,\"at_most\":480},"
    "\"multiply_adds\":{\"at_least\":506880,\"at_most\":506880},\"purpose\":\"medical-research\",\"members\":[" MEMBER_C
    "," MEMBER_A "," MEMBER_B "],\"datasets_certified\":true,\"hidden_sources\":\"allowed\",\"signatures\":\"all\"}";

static void test_met(void **state) {
    (void)state;
    cs_facts f;
    cs_policy_verdict v;
    fixture_facts(&f);
    assert_int_equal(judge(&v, MET, &f, 1), CS_OK);
    assert_int_equal(v.n_unmet, 0);
    assert_int_equal(v.demands, 10);
    assert_int_equal(judge(NULL, MET, &f, 1), CS_OK);
    assert_int_equal(judge(&v, "{\"version\":1}", &f, 1), CS_OK);
    assert_int_equal(v.demands, 0);
    cs_facts_free(&f);
}

/* One demand, unmet: its field, what is demanded, what was found. */
typedef struct unmet_case {
    const char *policy, *field, *demanded, *found;
} unmet_case;

static const unmet_case UNMET[] = {
    {"{\"version\":1,\"steps\":{\"at_least\":21}}", "steps.at_least", "21 or more", "20"},
    {"{\"version\":1,\"steps\":{\"at_most\":19}}", "steps.at_most", "19 or fewer", "20"},
    {"{\"version\":1,\"draws\":{\"at_least\":481}}", "draws.at_least", "481 or more", "480"},
    {"{\"version\":1,\"draws\":{\"at_most\":0}}", "draws.at_most", "0 or fewer", "480"},
    {"{\"version\":1,\"multiply_adds\":{\"at_least\":506881}}", "multiply_adds.at_least", "506881 or more", "506880"},
    {"{\"version\":1,\"multiply_adds\":{\"at_most\":506879}}", "multiply_adds.at_most", "506879 or fewer", "506880"},
    {"{\"version\":1,\"purpose\":\"marketing\"}", "purpose", "marketing", "medical-research"},
    {"{\"version\":1,\"members\":[" MEMBER_A "," MEMBER_B "]}", "members", "exactly the 2", "clinic-c"},
    {"{\"version\":1,\"members\":[" MEMBER_A "," MEMBER_B ",{\"name\":\"clinic-x\",\"ed25519\":\"" KEY_C "\"}]}", "members",
     "clinic-x", "clinic-c"},
    {"{\"version\":1,\"hidden_sources\":\"refused\"}", "hidden_sources", "refused", "clinic-c hides"}};

static void test_unmet(void **state) {
    (void)state;
    cs_facts f;
    fixture_facts(&f);
    for (size_t k = 0; k < sizeof UNMET / sizeof *UNMET; k++) {
        const unmet_case *c = &UNMET[k];
        cs_policy_verdict v;
        assert_int_equal(judge(&v, c->policy, &f, 1), CS_REJECT);
        assert_int_equal(v.n_unmet, 1);
        assert_int_equal(v.demands, 1);
        assert_string_equal(v.unmet[0].field, c->field);
        assert_non_null(strstr(v.unmet[0].demanded, c->demanded));
        assert_non_null(strstr(v.unmet[0].found, c->found));
        assert_int_equal(cs_refusal_last(), strchr(c->field, '.') != NULL ? CS_REFUSAL_COMPUTE : CS_REFUSAL_POLICY);
        assert_non_null(strstr(cs_error_text(), v.unmet[0].field));
        assert_non_null(strstr(cs_error_text(), v.unmet[0].demanded));
        assert_non_null(strstr(cs_error_text(), v.unmet[0].found));
    }
    cs_facts_free(&f);
}

/* The same demands of a run that is short of one thing each. */
static void test_short_of_one(void **state) {
    (void)state;
    cs_facts f;
    cs_policy_verdict v;
    fixture_facts(&f);
    f.members[1].datasets[0].certified = false;
    assert_int_equal(judge(&v, MET, &f, 1), CS_REJECT);
    assert_non_null(strstr(v.unmet[0].found, "clinic-b has a certificate that was not held against a trust list"));
    static const char OPEN[] = "{\"version\":1,\"hidden_sources\":\"refused\"}";
    f.n_members = 2;                                     /* the third one's is hidden */
    assert_int_equal(judge(&v, OPEN, &f, 1), CS_REJECT); /* who knows what the certificate hides */
    assert_string_equal(v.unmet[0].field, "hidden_sources");
    assert_non_null(strstr(v.unmet[0].found, "clinic-b has a certificate that was not held against a trust list"));
    f.members[1].datasets[0].names_certificate = false;
    assert_int_equal(judge(&v, OPEN, &f, 1), CS_OK);
    f.n_members = 3;
    assert_int_equal(judge(&v, MET, &f, 1), CS_REJECT);
    assert_int_equal(v.n_unmet, 1);
    assert_string_equal(v.unmet[0].field, "datasets_certified");
    assert_non_null(strstr(v.unmet[0].found, "clinic-b has no certificate"));
    f.members[1].datasets[0].certified = true;
    f.members[2].signed_statement = false;
    assert_int_equal(judge(&v, MET, &f, 1), CS_REJECT);
    assert_string_equal(v.unmet[0].field, "signatures");
    assert_string_equal(v.unmet[0].found, "clinic-c did not sign the statement");
    f.members[2].signed_statement = true;
    f.members[0].signed_manifest = false;
    assert_int_equal(judge(&v, MET, &f, 1), CS_REJECT);
    assert_string_equal(v.unmet[0].found, "clinic-a did not sign the manifest");
    f.members[0].signed_manifest = true;
    f.members[0].identified = false;
    assert_int_equal(judge(&v, MET, &f, 1), CS_REJECT);
    assert_string_equal(v.unmet[0].field, "members");
    assert_non_null(strstr(v.unmet[0].demanded, "clinic-a"));
    f.members[0].identified = true;
    f.has_manifest = false;
    assert_int_equal(judge(&v, MET, &f, 1), CS_REJECT);
    assert_string_equal(v.unmet[0].field, "purpose");
    f.has_manifest = true;
    assert_int_equal(judge(&v, MET, &f, 1), CS_OK);
    cs_facts_free(&f);
}

/* A member that is listed but not there. */
static void test_absent_member(void **state) {
    (void)state;
    cs_facts f;
    cs_policy_verdict v;
    fixture_facts(&f);
    f.n_members = 2;
    assert_int_equal(judge(&v, MET, &f, 1), CS_REJECT);
    assert_int_equal(v.n_unmet, 1);
    assert_non_null(strstr(v.unmet[0].demanded, "3 listed members, among them clinic-c"));
    assert_string_equal(v.unmet[0].found, "2 members");
    f.n_members = 3;
    cs_facts_free(&f);
}

/* Everything unmet at once: all of it is reported, compute first. */
static void test_all_unmet(void **state) {
    (void)state;
    static const char ALL[] =
        "{\"version\":1,\"steps\":{\"at_least\":21,\"at_most\":21},\"draws\":{\"at_least\":481,\"at_most\":481},"
        "\"multiply_adds\":{\"at_least\":506881,\"at_most\":506881},\"purpose\":\"x\",\"members\":[" MEMBER_A
        "],\"datasets_certified\":true,\"hidden_sources\":\"refused\",\"signatures\":\"all\"}";
    cs_facts f;
    cs_policy_verdict v;
    fixture_facts(&f);
    f.has_previous = true;
    f.members[0].datasets[1].certified = f.members[0].signed_statement = false;
    assert_int_equal(judge(&v, ALL, &f, 1), CS_REJECT);
    assert_int_equal(v.demands, CS_POLICY_DEMANDS);
    assert_int_equal(v.n_unmet, CS_POLICY_DEMANDS);
    assert_non_null(strstr(cs_error_text(), "11 of the policy's 11 demands"));
    char first[128], *json_text;
    cs_buffer text = {0};
    json_t *json = cs_policy_verdict_to_json(&v), *one = json_array_get(json_object_get(json, "unmet"), 10);
    assert_int_equal(json_array_size(json_object_get(json, "unmet")), CS_POLICY_DEMANDS);
    assert_string_equal(json_string_value(json_object_get(one, "field")), "signatures");
    assert_string_equal(json_string_value(json_object_get(one, "demanded")), "all");
    assert_string_equal(json_string_value(json_object_get(one, "found")), "clinic-a did not sign the statement");
    json_decref(json);
    cs_policy_verdict_to_text(&text, &v);
    cs_buffer_append(&text, "", 1);
    snprintf(first, sizeof first, "  policy        steps.at_least: demanded 21 or more; found 20\n");
    assert_int_equal(strncmp((const char *)text.data, first, strlen(first)), 0);
    cs_buffer_free(&text);
    assert_int_equal(judge(&v, "{\"version\":1,\"steps\":{\"at_least\":20}}", &f, 1), CS_OK);
    cs_policy_verdict_to_text(&text, &v);
    cs_buffer_append(&text, "", 1);
    assert_string_equal((const char *)text.data, "  policy        met: 1 demand\n");
    cs_buffer_free(&text);
    json = cs_policy_verdict_to_json(&v);
    json_text = cs_json_canonical(json);
    assert_string_equal(json_text, "{\"demands\":1,\"unmet\":[]}");
    free(json_text);
    json_decref(json);
    cs_facts_free(&f);
}

/* Sums go over the chain, and one that does not begin at its beginning has no upper end. */
static void test_chain(void **state) {
    (void)state;
    cs_facts chain[2];
    cs_policy_verdict v;
    fixture_facts(&chain[0]);
    fixture_facts(&chain[1]);
    chain[1].has_previous = true;
    assert_int_equal(judge(&v, "{\"version\":1,\"steps\":{\"at_least\":40,\"at_most\":40}}", chain, 2), CS_OK);
    assert_int_equal(judge(&v, "{\"version\":1,\"steps\":{\"at_most\":39}}", chain, 2), CS_REJECT);
    assert_string_equal(v.unmet[0].found, "40");
    assert_int_equal(judge(&v, "{\"version\":1,\"steps\":{\"at_least\":20}}", &chain[1], 1), CS_OK);
    assert_int_equal(judge(&v, "{\"version\":1,\"steps\":{\"at_most\":1000}}", &chain[1], 1), CS_REJECT);
    assert_non_null(strstr(v.unmet[0].found, "20, and those of an earlier attestation"));
    assert_int_equal(judge(&v, "{\"version\":1,\"datasets_certified\":true,\"signatures\":\"all\"}", chain, 2), CS_OK);
    chain[0].members[2].datasets[0].certified = false;
    assert_int_equal(judge(&v, "{\"version\":1,\"datasets_certified\":true}", chain, 2), CS_REJECT);
    chain[1].purpose[0] = 'M';
    assert_int_equal(judge(&v, "{\"version\":1,\"purpose\":\"medical-research\"}", chain, 2), CS_REJECT);
    assert_string_equal(v.unmet[0].found, "Medical-research");
    chain[0].compute.draws = chain[1].compute.draws = UINT64_MAX - 1;
    assert_int_equal(judge(&v, "{\"version\":1,\"draws\":{\"at_most\":9223372036854775807}}", chain, 2), CS_REJECT);
    cs_facts_free(&chain[0]);
    cs_facts_free(&chain[1]);
}

/* A bad policy, and what the message must name. */
static const struct {
    const char *text, *reason;
} BAD[] = {{"", "line"},
           {"[]", "object"},
           {"{}", "\"version\" is missing"},
           {"{\"version\":2}", "version"},
           {"{\"version\":\"1\"}", "not an integer"},
           {"{\"version\":1,\"step\":{\"at_most\":3}}", "unknown field \"step\""},
           {"{\"version\":1,\"version\":1}", "duplicate"},
           {"{\"version\":1,\"steps\":3}", "steps"},
           {"{\"version\":1,\"steps\":null}", "steps"},
           {"{\"version\":1,\"steps\":{}}", "demands nothing"},
           {"{\"version\":1,\"steps\":{\"at_mots\":3}}", "unknown field \"at_mots\""},
           {"{\"version\":1,\"steps\":{\"at_most\":-1}}", "steps.at_most"},
           {"{\"version\":1,\"steps\":{\"at_most\":1.5}}", "steps.at_most"},
           {"{\"version\":1,\"draws\":{\"at_most\":9223372036854775808}}", "too big"},
           {"{\"version\":1,\"draws\":{\"at_least\":\"3\"}}", "draws.at_least"},
           {"{\"version\":1,\"multiply_adds\":{\"at_least\":4,\"at_most\":3}}", "nothing could meet"},
           {"{\"version\":1,\"purpose\":\"\"}", "purpose"},
           {"{\"version\":1,\"purpose\":[\"a\"]}", "purpose"},
           {"{\"version\":1,\"purpose\":\"a\\u0007\"}", "control"},
           {"{\"version\":1,\"purpose\":\"a\\u009b\"}", "control"},
           {"{\"version\":1,\"members\":[{\"name\":\"\\u202ea\",\"ed25519\":\"" KEY_A "\"}]}", "reorder"},
           {"{\"version\":1,\"members\":[]}", "members"},
           {"{\"version\":1,\"members\":[\"clinic-a\"]}", "members[0]"},
           {"{\"version\":1,\"members\":[{\"name\":\"a\"}]}", "ed25519"},
           {"{\"version\":1,\"members\":[" MEMBER_A ",{\"name\":\"b\",\"ed25519\":\"40\"}]}", "members[1].ed25519"},
           {"{\"version\":1,\"members\":[" MEMBER_A ",{\"name\":\"b\",\"ed25519\":\"" KEY_A "\"}]}", "same key"},
           {"{\"version\":1,\"members\":[{\"name\":\"a\",\"ed25519\":\"" KEY_A "\",\"role\":\"x\"}]}", "unknown field"},
           {"{\"version\":1,\"datasets_certified\":\"yes\"}", "datasets_certified"},
           {"{\"version\":1,\"datasets_certified\":1}", "datasets_certified"},
           {"{\"version\":1,\"hidden_sources\":\"maybe\"}", "hidden_sources"},
           {"{\"version\":1,\"hidden_sources\":true}", "hidden_sources"},
           {"{\"version\":1,\"signatures\":\"ALL\"}", "signatures"},
           {"{\"version\":1} x", "line"}};

static void test_bad(void **state) {
    (void)state;
    const size_t before = cs_memory_live();
    for (size_t k = 0; k < sizeof BAD / sizeof *BAD; k++) {
        cs_policy p;
        const bool unknown = strstr(BAD[k].reason, "unknown field") != NULL, version = strcmp(BAD[k].reason, "version") == 0;
        if (decode(&p, BAD[k].text) != (unknown || version ? CS_REJECT : CS_ERR_INPUT))
            fail_msg("not refused as it should be: %s", BAD[k].text);
        assert_int_equal(cs_refusal_last(), unknown ? CS_REFUSAL_UNKNOWN : version ? CS_REFUSAL_VERSION : CS_REFUSAL_NONE);
        if (strstr(cs_error_text(), BAD[k].reason) == NULL || strstr(cs_error_text(), "policy.json") == NULL)
            fail_msg("%s: %s", BAD[k].text, cs_error_text());
        assert_null(p.members);
    }
    assert_int_equal(cs_memory_live(), before);
    cs_policy p;
    assert_int_equal(cs_file_write("build/policy-test.json", "{\"version\":1,\n \"signatures\":\"all\"}\n", 35, 0600),
                     CS_OK);
    assert_int_equal(cs_policy_load(&p, "build/policy-test.json"), CS_OK);
    assert_true(p.all_signed);
    cs_policy_free(&p);
    assert_int_equal(remove("build/policy-test.json"), 0);
    assert_int_equal(cs_policy_load(&p, "build/no-such-policy.json"), CS_ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_met),          cmocka_unit_test(test_unmet),
                                       cmocka_unit_test(test_short_of_one), cmocka_unit_test(test_absent_member),
                                       cmocka_unit_test(test_all_unmet),    cmocka_unit_test(test_chain),
                                       cmocka_unit_test(test_bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
