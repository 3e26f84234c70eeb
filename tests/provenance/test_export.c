#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "provenance/export_check.h"
#include "provenance/facts_fixture.h"
#include "provenance/refusal.h"

static char path[64];
static cs_secret_identity exporter;

static int setup(void **state) {
    (void)state;
    static const uint8_t ROOT[CS_ROOT_SIZE] = {7};
    snprintf(path, sizeof path, "/tmp/consort-export-XXXXXX");
    const int file = mkstemp(path);
    return sodium_init() < 0 || file < 0 || close(file) != 0 ||
           cs_secret_identity_derive(&exporter, "Lead & Sons", ROOT) != CS_OK;
}

static int teardown(void **state) {
    (void)state;
    return unlink(path);
}

static void save(const cs_buffer *b) {
    assert_int_equal(cs_buffer_status(b), CS_OK);
    assert_int_equal(cs_file_write(path, b->data, b->size, 0600), CS_OK);
}

static void save_text(const char *text) {
    assert_int_equal(cs_file_write(path, text, strlen(text), 0600), CS_OK);
}

/* The export at `path` is refused as one, with a text that has `reason`. */
static void assert_refused(const cs_facts *f, const char *reason) {
    cs_error_clear();
    assert_int_equal(cs_export_check(NULL, path, f), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_EXPORT);
    if (strstr(cs_error_text(), reason) == NULL)
        fail_msg("no \"%s\" in: %s", reason, cs_error_text());
}

static char *card_text(const cs_facts *f) {
    cs_buffer b = {0};
    assert_int_equal(cs_export_model_card(&b, f), CS_OK);
    cs_buffer_append(&b, "", 1);
    char *out = cs_string_copy((const char *)b.data);
    cs_buffer_free(&b);
    if (out == NULL)
        fail();
    return out;
}

static void assert_has(const char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in:\n%s", part, text);
}

static void test_card(void **state) {
    (void)state;
    cs_facts f;
    cs_export_report report;
    fixture_facts(&f);
    char *text = card_text(&f);
    static const char *const PARTS[] = {
        "---\nlibrary_name: consort\nmodel_name: \"clinics\"\n",
        "\nconsort_facts: {\"attestation\":\"0606",
        "\n# Provenance of clinics\n",
        "- attestation: `0606",
        "- purpose: medical-research\n",
        "| clinic-a | `4040",
        "` | the manifest and the statement | 2 | 160 |\n",
        "\n### clinic-a: ward-1\n\n- records: 60\n",
        "- source, as certified: Registry 1, visits of 2019 \\| \\<all\\>\n",
        "- certified by: Lake Authority, key `7777",
        "- certified by: one of the authorities of the set `5e5e",
        "- permitted purposes: medical-research, teaching\n- quota of a pass: 51 draws\n- quota in total: none\n",
        "- licence expires: 2027-12-31\n- attribution: Registry of the Lake District\n",
        "- widths: 30-16-2\n- parameters: 530\n- steps: 20\n- draws: 480, 24 a step\n- multiply-adds: 506880\n",
        "- first model, from the seed: `0101",
        "- SHA-256 of its file: `0303",
        "no other model was trained"};
    for (size_t k = 0; k < sizeof PARTS / sizeof *PARTS; k++)
        assert_has(text, PARTS[k]);
    assert_null(strstr(text, "2026-11-21"));
    save_text(text);
    assert_int_equal(cs_export_check(&report, path, &f), CS_OK);
    assert_false(report.c2pa);
    f.at[0] = '3';
    assert_int_equal(cs_export_check(NULL, path, &f), CS_OK);
    cs_free(text);
    cs_facts_free(&f);
}

/* Any byte changed, any prefix, anything appended. */
static void test_edited_card(void **state) {
    (void)state;
    cs_facts f;
    fixture_facts(&f);
    char *text = card_text(&f);
    const size_t size = strlen(text);
    for (size_t k = 0; k < size; k += 37) {
        const char kept = text[k];
        text[k] = kept == 'x' ? 'y' : 'x';
        save_text(text);
        assert_refused(&f, "line ");
        text[k] = '\0';
        save_text(text);
        assert_refused(&f, "line ");
        text[k] = kept;
    }
    cs_buffer longer = {0};
    cs_buffer_append(&longer, text, size);
    cs_buffer_append(&longer, "\n", 1);
    save(&longer);
    cs_buffer_free(&longer);
    assert_refused(&f, "line ");
    char *cut = strstr(text, "- multiply-adds: 506880");
    cut[16] = '4';
    save_text(text);
    size_t line = 1;
    for (const char *c = text; c < cut; c++)
        line += *c == '\n';
    char expected[32];
    snprintf(expected, sizeof expected, "line %zu is not", line);
    assert_refused(&f, expected);
    cs_free(text);
    cs_facts_free(&f);
}

static void save_c2pa(const cs_facts *f) {
    cs_buffer b = {0};
    assert_int_equal(cs_export_c2pa(&b, f, &exporter), CS_OK);
    save(&b);
    cs_buffer_free(&b);
}

static json_t *load_c2pa(void) {
    json_t *out = json_load_file(path, 0, NULL);
    assert_non_null(out);
    return out;
}

static void save_json(json_t *v) {
    char *text = cs_json_canonical(v);
    save_text(text);
    free(text);
}

static json_t *model_of(json_t *document) {
    json_t *body = json_object_get(document, "body");
    return json_object_get(json_object_get(body, "manifests"), json_string_value(json_object_get(body, "active_manifest")));
}

static json_t *assertion_of(json_t *manifest, const char *label) {
    json_t *list = json_object_get(manifest, "assertions");
    for (size_t k = 0; k < json_array_size(list); k++)
        if (strcmp(json_string_value(json_object_get(json_array_get(list, k), "label")), label) == 0)
            return json_object_get(json_array_get(list, k), "data");
    return NULL;
}

static const char *string_of(const json_t *object, const char *field) {
    const char *text = json_string_value(json_object_get(object, field));
    assert_non_null(text);
    return text;
}

static void test_c2pa(void **state) {
    (void)state;
    cs_facts f;
    cs_export_report report;
    fixture_facts(&f);
    save_c2pa(&f);
    assert_int_equal(cs_export_check(&report, path, &f), CS_OK);
    assert_true(report.c2pa);
    assert_string_equal(report.signer.name, "Lead & Sons");
    assert_memory_equal(report.signer.key, exporter.public.ed25519, 32);
    json_t *document = load_c2pa(), *model = model_of(document);
    json_t *manifests = json_object_get(json_object_get(document, "body"), "manifests");
    assert_int_equal(json_object_size(manifests), 1 + 4);
    assert_string_equal(string_of(model, "title"), "clinics");
    assert_string_equal(string_of(assertion_of(model, "c2pa.hash.data"), "hash"),
                        "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=");
    json_t *actions = json_object_get(assertion_of(model, "c2pa.actions.v2"), "actions");
    assert_string_equal(string_of(json_array_get(actions, 0), "action"), "c2pa.created");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(json_array_get(actions, 1), "parameters"), "multiply_adds")),
        506880);
    assert_true(strncmp(string_of(assertion_of(model, "consort.facts"), "attestation"), "0606", 4) == 0);
    assert_null(json_object_get(assertion_of(model, "consort.facts"), "at"));
    json_t *ingredients = json_object_get(model, "ingredients");
    assert_int_equal(json_array_size(ingredients), 4);
    json_t *second = json_array_get(ingredients, 1);
    assert_string_equal(string_of(second, "title"), "clinic-a: ward-1");
    assert_string_equal(string_of(second, "relationship"), "inputTo");
    json_t *certificate = json_object_get(manifests, string_of(second, "active_manifest"));
    json_t *entries = json_object_get(assertion_of(certificate, "cawg.training-mining"), "entries");
    assert_string_equal(string_of(json_object_get(entries, "cawg.ai_training"), "use"), "constrained");
    assert_string_equal(string_of(assertion_of(certificate, "consort.certificate"), "until"), "2026-12-31");
    json_decref(document);
    cs_facts_free(&f);
}

static void test_c2pa_of_a_continuation(void **state) {
    (void)state;
    cs_facts f;
    fixture_facts(&f);
    f.has_previous = f.initial_given = true;
    memset(f.previous, 0xab, 32);
    f.final_public = false;
    f.members[1].datasets[0].names_certificate = f.members[1].datasets[0].certified = false;
    save_c2pa(&f);
    assert_int_equal(cs_export_check(NULL, path, &f), CS_OK);
    json_t *document = load_c2pa(), *model = model_of(document), *ingredients = json_object_get(model, "ingredients");
    assert_null(assertion_of(model, "c2pa.hash.data"));
    assert_int_equal(json_array_size(ingredients), 5);
    assert_string_equal(string_of(json_array_get(ingredients, 4), "relationship"), "parentOf");
    assert_int_equal(strncmp(string_of(json_array_get(ingredients, 4), "instance_id"), "urn:consort:statement:ab", 24), 0);
    assert_null(json_object_get(json_array_get(ingredients, 2), "active_manifest"));
    json_t *actions = json_object_get(assertion_of(model, "c2pa.actions.v2"), "actions");
    assert_string_equal(string_of(json_array_get(actions, 0), "action"), "c2pa.opened");
    json_decref(document);
    cs_facts_free(&f);
}

/* An edit without a new signature, one with, a foreign signature, none, two, another form of the same JSON. */
static void test_edited_c2pa(void **state) {
    (void)state;
    cs_facts f;
    fixture_facts(&f);
    save_c2pa(&f);
    json_t *document = load_c2pa();
    json_object_set_new(model_of(document), "title", json_string("hospitals"));
    save_json(document);
    assert_refused(&f, ".title is not what the attestation says");
    cs_signed again = {0};
    cs_signature signature;
    assert_int_equal(cs_signed_new(&again, json_object_get(document, "body")), CS_OK);
    cs_sign(&signature, CS_SIGN_EXPORT, again.digest, exporter.public.name, exporter.ed25519);
    assert_int_equal(cs_signed_add(&again, &signature), CS_OK);
    json_t *resigned = cs_signed_to_json(&again);
    save_json(resigned);
    assert_refused(&f, ".title is not what the attestation says");
    json_decref(resigned);
    cs_signed_free(&again);
    json_object_set_new(model_of(document), "title", json_string("clinics"));
    save_json(document);
    assert_int_equal(cs_export_check(NULL, path, &f), CS_OK);
    json_t *signatures = json_object_get(document, "signatures"), *one = json_array_get(signatures, 0);
    json_object_set_new(one, "name", json_string("Somebody"));
    save_json(document);
    assert_refused(&f, "signature_info.issuer is not");
    json_object_set_new(one, "name", json_string("Lead & Sons"));
    char *text = cs_string_copy(string_of(one, "signature"));
    text[3] = text[3] == '0' ? '1' : '0';
    json_object_set_new(one, "signature", json_string(text));
    save_json(document);
    assert_refused(&f, "Lead & Sons");
    json_array_clear(signatures);
    save_json(document);
    assert_refused(&f, "signature is missing");
    json_object_set_new(document, "note", json_string("x"));
    save_json(document);
    assert_refused(&f, "note");
    cs_free(text);
    json_decref(document);
    cs_facts_free(&f);
}

static void test_other_forms(void **state) {
    (void)state;
    cs_facts f;
    fixture_facts(&f);
    save_c2pa(&f);
    json_t *document = load_c2pa();
    assert_int_equal(json_dump_file(document, path, JSON_INDENT(1) | JSON_SORT_KEYS), 0);
    assert_refused(&f, "canonical");
    json_object_del(model_of(document), "ingredients");
    save_json(document);
    assert_refused(&f, ".ingredients is not");
    json_decref(document);
    static const char *const FORMS[] = {"", "{", "{}", "[]", "null", "{\"body\":{},\"signatures\":[]}"};
    for (size_t k = 0; k < sizeof FORMS / sizeof *FORMS; k++) {
        save_text(FORMS[k]);
        assert_refused(&f, path);
    }
    cs_facts_free(&f);
}

/* A genuine export of another attestation. */
static void test_of_another(void **state) {
    (void)state;
    cs_facts f, g;
    fixture_facts(&f);
    fixture_facts(&g);
    g.attestation[31] ^= 1;
    save_c2pa(&g);
    assert_int_equal(cs_export_check(NULL, path, &g), CS_OK);
    assert_refused(&f, "active_manifest is not");
    char *card = card_text(&g);
    save_text(card);
    assert_int_equal(cs_export_check(NULL, path, &g), CS_OK);
    assert_refused(&f, "line ");
    cs_free(card);
    assert_int_equal(cs_export_check(NULL, "build/no-such-export", &f), CS_ERR_IO);
    cs_facts_free(&f);
    cs_facts_free(&g);
}

/* Nothing is said about certificates that nobody judged. */
static void test_not_judged(void **state) {
    (void)state;
    cs_facts f;
    cs_buffer b = {0};
    fixture_facts(&f);
    save_c2pa(&f);
    f.members[1].datasets[0].certified = false;
    assert_int_equal(cs_export_c2pa(&b, &f, &exporter), CS_ERR_USAGE);
    assert_int_equal(cs_export_model_card(&b, &f), CS_ERR_USAGE);
    assert_int_equal(b.size, 0);
    assert_int_equal(cs_export_check(NULL, path, &f), CS_ERR_USAGE);
    cs_buffer_free(&b);
    cs_facts_free(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_card),        cmocka_unit_test(test_edited_card),
        cmocka_unit_test(test_c2pa),        cmocka_unit_test(test_c2pa_of_a_continuation),
        cmocka_unit_test(test_edited_c2pa), cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_of_another),  cmocka_unit_test(test_not_judged),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
