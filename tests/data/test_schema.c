/* Schemas: the "data" object of a job, alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "data/schema.h"

static cs_status read(cs_schema *s, const char *text, size_t features, size_t classes) {
    json_t *document;
    assert_int_equal(cs_json_parse(&document, "s.json", text, strlen(text)), CS_OK);
    const cs_json root = cs_json_root("s.json", document);
    const cs_status status = cs_schema_read(s, &root, features, classes);
    json_decref(document);
    return status;
}

static void everything(void **state) {
    (void)state;
    static const char text[] =
        "{\"format\": \"csv\", \"header\": \"present\", \"skip_lines\": 2, \"label\": \"kind\", \"classes\": "
        "[\"a\", \"b\"], \"features\": {\"min\": [0, 1], \"max\": 2, \"offset\": 1, \"multiplier\": [4, 8]}}";
    cs_schema s;
    assert_int_equal(read(&s, text, 0, 0), CS_OK);
    assert_int_equal(s.format, CS_DATASET_CSV);
    assert_int_equal(s.header, CS_DATASET_HEADER_PRESENT);
    assert_int_equal(s.skip_lines, 2);
    assert_string_equal(s.label_name, "kind");
    assert_int_equal(s.n_classes, 2);
    assert_string_equal(s.classes[1], "b");
    assert_int_equal(s.affine_count, 2);
    assert_true(s.affine[1].min == 1 && s.affine[1].max == 2 && s.affine[1].offset == 1 && s.affine[1].multiplier == 8);
    cs_schema_free(&s);
    assert_null(s.affine);
}

static void defaults(void **state) {
    (void)state;
    cs_schema s;
    assert_int_equal(read(&s, "{\"features\": {\"min\": 0, \"max\": 2, \"multiplier\": 4}, \"label\": 3}", 7, 5), CS_OK);
    assert_int_equal(s.format, CS_DATASET_AUTO);
    assert_int_equal(s.label_column, 3);
    assert_null(s.label_name);
    assert_int_equal(s.n_classes, 0); /* not said, however many there are to be */
    assert_int_equal(s.affine_count, 1);
    assert_true(s.affine[0].offset == 0);
    cs_schema_free(&s);
    assert_int_equal(read(&s, "{\"features\": {\"min\": 0, \"max\": 2, \"multiplier\": 4}, \"classes\": 5}", 0, 5), CS_OK);
    assert_int_equal(s.n_classes, 5);
    assert_null(s.classes);
    cs_schema_free(&s);
}

static void refuse(const char *text, size_t features, size_t classes, const char *reason) {
    cs_schema s;
    assert_int_equal(read(&s, text, features, classes), CS_ERR_INPUT);
    if (strstr(cs_error_text(), reason) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", cs_error_text(), reason);
    assert_null(s.affine);
    assert_null(s.classes);
    assert_null(s.label_name);
}

#define MAP "\"features\": {\"min\": 0, \"max\": 2, \"multiplier\": 4}"

static void refusals(void **state) {
    (void)state;
    refuse("{}", 0, 0, "\"features\" is missing");
    refuse("{" MAP ", \"rows\": 1}", 0, 0, "unknown field \"rows\"");
    refuse("{" MAP ", \"format\": \"xls\"}", 0, 0, "format");
    refuse("{" MAP ", \"label\": \"\"}", 0, 0, "label");
    refuse("{" MAP ", \"label\": \"x\", \"skip_lines\": -1}", 0, 0, "skip_lines");
    refuse("{" MAP ", \"classes\": []}", 0, 0, "classes");
    refuse("{" MAP ", \"classes\": [\"a\", 1]}", 0, 0, "classes[1]");
    refuse("{" MAP ", \"classes\": [\"a\", \"b\"]}", 0, 3, "classes: 2 items; allowed: 3 to 3");
    refuse("{" MAP ", \"classes\": 2}", 0, 3, "classes: 2; allowed: 3 to 3");
    refuse("{\"features\": {\"min\": 0, \"max\": 2}}", 0, 0, "\"multiplier\" is missing");
    refuse("{\"features\": {\"min\": 3, \"max\": 2, \"multiplier\": 1}}", 0, 0, "min 3 is above max 2");
    refuse("{\"features\": {\"min\": [0, 0], \"max\": [2, 2, 2], \"multiplier\": 1}}", 0, 0, "features.max: 3 items");
    refuse("{\"features\": {\"min\": [0, 0], \"max\": 2, \"multiplier\": 1}}", 3, 0, "features.min: 2 items");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything), cmocka_unit_test(defaults), cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
