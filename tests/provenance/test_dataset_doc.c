/* The public document of a dataset: what is written is read back; everything else is refused with a text that names the
 * field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/strings.h"
#include "consort/status.h"
#include "curve/generators.h"
#include "provenance/dataset_doc.h"
#include "provenance/refusal.h"

/* 5 records of 3 features and 2 classes, 8 columns: 3 commitment rows of D, 2 of Y. */
static void make(cs_dataset_doc *d) {
    cs_generators g;
    *d = (cs_dataset_doc){.rows = 5, .columns = 8, .features = 3, .classes = 2, .n_maps = 1, .value_bits = 5};
    assert_int_equal(cs_string_own(&d->name, cs_string_copy("clinic <1>")), CS_OK);
    d->maps = CS_NEW(cs_affine, 1);
    d->class_names = CS_NEW(char *, 2);
    d->commitments = CS_NEW(cs_g1_affine, 5);
    assert_true(d->maps && d->class_names && d->commitments);
    d->maps[0] = (cs_affine){-1, 2, 0.5, 8};
    assert_int_equal(cs_string_own(&d->class_names[0], cs_string_copy("benign")), CS_OK);
    assert_int_equal(cs_string_own(&d->class_names[1], cs_string_copy("m\xc3\xa4lign")), CS_OK);
    assert_int_equal(cs_generators_get(&g, 5), CS_OK);
    memcpy(d->commitments, g.g, 5 * sizeof *g.g);
}

static char *encode(const cs_dataset_doc *d) {
    cs_buffer out = {0};
    assert_int_equal(cs_dataset_doc_encode(&out, d), CS_OK);
    cs_buffer_append(&out, "", 1);
    char *text = cs_string_copy((const char *)out.data);
    cs_buffer_free(&out);
    assert_non_null(text);
    return text;
}

static void round_trip(void **state) {
    (void)state;
    cs_dataset_doc d, again;
    make(&d);
    assert_int_equal(cs_dataset_doc_check(&d), CS_OK);
    assert_int_equal(cs_dataset_doc_feature_rows(&d), 3);
    assert_int_equal(cs_dataset_doc_label_rows(&d), 2);
    for (int with_proof = 0; with_proof < 2; with_proof++) {
        d.has_proof = with_proof;
        memset(d.proof_digest, 0xa5, sizeof d.proof_digest);
        char *text = encode(&d);
        assert_int_equal(cs_dataset_doc_decode(&again, "dataset.json", text, strlen(text)), CS_OK);
        char *second = encode(&again);
        assert_string_equal(text, second);
        assert_string_equal(again.name, d.name);
        assert_string_equal(again.class_names[1], d.class_names[1]);
        assert_int_equal(again.has_proof, with_proof);
        assert_memory_equal(again.commitments, d.commitments, 5 * sizeof *d.commitments);
        cs_free(text);
        cs_free(second);
        cs_dataset_doc_free(&again);
    }
    cs_dataset_doc_free(&d);
}

/* The digests depend on what they should and on nothing else. */
static void digests(void **state) {
    (void)state;
    cs_dataset_doc d;
    uint8_t digest[4][32], base[4][32], schema[4][32];
    make(&d);
    for (int k = 0; k < 4; k++) {
        if (k == 1)
            d.has_proof = true;
        if (k == 2)
            d.maps[0].multiplier = 7;
        if (k == 3)
            d.rows--;
        assert_int_equal(cs_dataset_doc_digest(digest[k], &d), CS_OK);
        assert_int_equal(cs_dataset_doc_base_digest(base[k], &d), CS_OK);
        assert_int_equal(cs_dataset_doc_schema_digest(schema[k], &d), CS_OK);
    }
    assert_memory_not_equal(digest[0], digest[1], 32);
    assert_memory_equal(base[0], base[1], 32);
    assert_memory_equal(schema[0], schema[1], 32);
    assert_memory_not_equal(base[1], base[2], 32);
    assert_memory_not_equal(schema[1], schema[2], 32);
    assert_memory_not_equal(base[2], base[3], 32);
    assert_memory_equal(schema[2], schema[3], 32);
    assert_memory_not_equal(digest[0], base[0], 32);
    cs_dataset_doc_free(&d);
}

static void ranges(void **state) {
    (void)state;
    cs_dataset_doc d;
    int32_t min, max;
    make(&d);
    cs_dataset_doc_range(&d, 2, &min, &max);
    assert_int_equal(min, -12);
    assert_int_equal(max, 12);
    assert_int_equal(cs_affine_value_bits(d.maps, 1), 5);
    cs_dataset_doc_free(&d);
    const cs_affine edges[] = {{-8, 7, 0, 1}, {-9, 0, 0, 1}, {0, 8, 0, 1}, {0, 0, 0, 1}, {0, 1, 0, 2147483647.0}};
    const unsigned bits[] = {4, 5, 5, 2, 32};
    for (size_t k = 0; k < 5; k++)
        assert_int_equal(cs_affine_value_bits(&edges[k], 1), bits[k]);
    assert_int_equal(cs_affine_value_bits(edges, 4), 5);
}

static void refuse_text(const char *text, const char *reason) {
    cs_dataset_doc d;
    const cs_status status = cs_dataset_doc_decode(&d, "x.json", text, strlen(text));
    if (status != (cs_refusal_last() != CS_REFUSAL_NONE ? CS_REJECT : CS_ERR_INPUT) ||
        strstr(cs_error_text(), reason) == NULL || strstr(cs_error_text(), "x.json") == NULL)
        fail_msg("status %d, \"%s\" instead of \"%s\" for %s", (int)status, cs_error_text(), reason, text);
    assert_null(d.name);
    assert_null(d.commitments);
}

/* The honest document with one piece replaced. */
static void refuse(const char *what, const char *with, const char *reason) {
    cs_dataset_doc d;
    make(&d);
    char *text = encode(&d);
    assert_non_null(strstr(text, what));
    char *changed = cs_string_replace(text, what, with);
    assert_non_null(changed);
    refuse_text(changed, reason);
    cs_free(changed);
    cs_free(text);
    cs_dataset_doc_free(&d);
}

static void refusals(void **state) {
    (void)state;
    refuse_text("", "line 1");
    refuse_text("[]", "an object is required");
    refuse_text("{}", "missing");
    refuse("\"version\":3", "\"version\":2", "made for another version of consort (version 2, this one reads 3)");
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_VERSION);
    refuse("\"version\":3", "\"version\":3,\"x\":1", "unknown field \"x\"");
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_UNKNOWN);
    refuse("\"proof\":null,", "", "the field \"proof\" is missing");
    refuse("\"proof\":null", "\"proof\":\"00\"", "proof");
    refuse("\"proof\":null", "\"proof\":0", "proof");
    refuse("\"name\":\"clinic <1>\"", "\"name\":\"\"", "name");
    refuse("\"name\":\"clinic <1>\"", "\"name\":\"a\\nb\"", "control characters");
    refuse("\"rows\":5", "\"rows\":0", "rows: 0");
    refuse("\"rows\":5", "\"rows\":5.0", "an integer is required");
    refuse("\"rows\":5", "\"rows\":268435457", "rows: 268435457");
    refuse("\"rows\":5", "\"rows\":268435456", "at most 4194304 are allowed");
    refuse("\"rows\":5", "\"rows\":7", "commitments: 5 items; allowed: 6 to 6");
    refuse("\"columns\":8", "\"columns\":6", "columns: 6 is not a power of two");
    refuse("\"columns\":8", "\"columns\":2", "columns: 2");
    refuse("\"features\":3", "\"features\":0", "features: 0");
    refuse("\"features\":3", "\"features\":5", "commitments: 5 items");
    refuse("\"classes\":2", "\"classes\":3", "class_names: 2 items; allowed: 3 to 3");
    refuse("\"class_names\":[\"benign\"", "\"class_names\":[1", "class_names[0]: a string is required");
    refuse("[[-1.0,2.0,0.5,8.0]]", "[[-1.0,2.0,0.5,8.0],[-1.0,2.0,0.5,8.0]]", "maps: 2 maps");
    refuse("[[-1.0,2.0,0.5,8.0]]", "[[-1.0,2.0,0.5,-8.0]]", "maps[0]");
    refuse("[[-1.0,2.0,0.5,8.0]]", "[[-1.0,2.0,0.5,16.0]]", "value_bits: 5; the maps give 6");
    refuse("[[-1.0,2.0,0.5,8.0]]", "[[-1.0,2.0,0.5,80000.0]]", "at most 16 are allowed");
    refuse("\"value_bits\":5", "\"value_bits\":6", "value_bits: 6; the maps give 5");
    /* valid, but not the one encoding */
    refuse("\"rows\":5", "\"rows\": 5", "canonical");
    refuse("\"value_bits\":5", "\"value_bits\":5 ", "canonical");
    refuse("8.0", "8.00", "canonical");
}

static void bad_points(void **state) {
    (void)state;
    cs_dataset_doc d;
    make(&d);
    char *good = encode(&d), *text = encode(&d);
    char *point = strstr(text, "\"commitments\":[\"") + strlen("\"commitments\":[\"");
    memset(point, 'f', 64); /* an x that is not reduced */
    refuse_text(text, "commitments: item 0 is not a point of the curve");
    memset(point, 'F', 64);
    refuse_text(text, "commitments[0]: 64 lower-case hexadecimal digits");
    memset(point, '0', 64); /* the identity: bit 6 of the last byte alone */
    point[62] = '4';
    refuse_text(text, "item 0 is the identity");
    strcpy(text, good);
    cs_free(good);
    cs_free(text);
    cs_dataset_doc_free(&d);
}

static void long_dataset(void **state) {
    (void)state;
    cs_dataset_doc d = {.rows = (size_t)1 << 28, .columns = 1 << 20, .features = 1 << 20, .classes = 2, .n_maps = 1};
    cs_affine map = {0, 1, 0, 1};
    char name[] = "long";
    d.name = name;
    d.maps = &map;
    d.value_bits = 2;
    assert_int_equal(cs_dataset_doc_check(&d), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "more than 2^40 entries"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip), cmocka_unit_test(digests),    cmocka_unit_test(ranges),
        cmocka_unit_test(refusals),   cmocka_unit_test(bad_points), cmocka_unit_test(long_dataset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
