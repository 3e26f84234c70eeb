/* The datasets under examples/ are what their READMEs say. Runs in the repository's root, as `make unit` does. */
#include "data/dataset_fixture.h"

#include <jansson.h>

static void check_digits(const char *path, size_t rows, bool named, const size_t classes[10]) {
    const cs_affine map = {.min = 0, .max = 16, .offset = 0, .multiplier = 16};
    const cs_dataset_options o = {.features = 64, .classes = 10, .affine = &map, .affine_count = 1};
    cs_dataset d;
    size_t count[10] = {0};
    int32_t low = INT32_MAX, high = INT32_MIN;
    if (cs_dataset_load(&d, &o, path) != CS_OK)
        fail_msg("%s", cs_error_text());
    assert_int_equal(d.rows, rows);
    assert_int_equal(d.names != NULL, named);
    for (size_t r = 0; r < rows; r++)
        count[d.labels[r]]++;
    for (size_t k = 0; k < rows * d.features; k++) {
        low = d.values[k] < low ? d.values[k] : low;
        high = d.values[k] > high ? d.values[k] : high;
        assert_int_equal(d.values[k] % 16, 0);
    }
    assert_int_equal(low, 0);
    assert_int_equal(high, 256);
    assert_memory_equal(count, classes, sizeof count);
    cs_dataset_free(&d);
}

static void digits_are_complete(void **state) {
    (void)state;
    check_digits("examples/digits/alpha.csv.gz", 560, false, (const size_t[]){55, 59, 59, 59, 46, 55, 58, 62, 62, 45});
    check_digits("examples/digits/bravo.csv.gz", 410, false, (const size_t[]){39, 45, 45, 37, 42, 41, 42, 44, 36, 39});
    check_digits("examples/digits/charlie.csv", 320, false, (const size_t[]){29, 32, 33, 29, 37, 30, 36, 32, 29, 33});
    check_digits("examples/digits/delta.csv.gz", 147, true, (const size_t[]){13, 18, 14, 10, 18, 17, 15, 15, 11, 16});
    check_digits("examples/digits/test.csv.gz", 360, false, (const size_t[]){42, 28, 26, 48, 38, 39, 30, 26, 36, 47});
}

static void the_first_digit_is_a_zero(void **state) {
    (void)state;
    const cs_affine map = {.min = 0, .max = 16, .offset = 0, .multiplier = 1};
    const cs_dataset_options o = {.features = 64, .classes = 10, .affine = &map, .affine_count = 1};
    const int32_t top[] = {0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0};
    cs_dataset d;
    assert_int_equal(cs_dataset_load(&d, &o, "examples/digits/test.csv.gz"), CS_OK);
    assert_memory_equal(d.values, top, sizeof top);
    assert_int_equal(d.labels[0], 0);
    cs_dataset_free(&d);
}

static void read_ranges(cs_affine *maps, size_t count) {
    json_error_t error;
    json_t *file = json_load_file("examples/breast-cancer/features.json", JSON_REJECT_DUPLICATES, &error);
    assert_int_equal(json_array_size(file), count);
    for (size_t k = 0; k < count; k++) {
        const json_t *f = json_array_get(file, k);
        maps[k] = (cs_affine){json_number_value(json_object_get(f, "min")), json_number_value(json_object_get(f, "max")),
                              json_number_value(json_object_get(f, "offset")),
                              json_number_value(json_object_get(f, "multiplier"))};
    }
    json_decref(file);
}

static void check_cancer(const char *path, const cs_affine *maps, size_t rows, size_t benign) {
    const cs_dataset_options o = {.classes = 2, .affine = maps, .affine_count = 30};
    cs_dataset d;
    size_t count = 0;
    if (cs_dataset_load(&d, &o, path) != CS_OK)
        fail_msg("%s", cs_error_text());
    assert_int_equal(d.rows, rows);
    assert_int_equal(d.features, 30);
    for (size_t r = 0; r < rows; r++)
        count += (size_t)d.labels[r];
    for (size_t k = 0; k < rows * d.features; k++)
        assert_in_range(d.values[k], 0, 256);
    assert_int_equal(count, benign);
    cs_dataset_free(&d);
}

static void breast_cancer_is_complete(void **state) {
    (void)state;
    cs_affine maps[30];
    read_ranges(maps, 30);
    check_cancer("examples/breast-cancer/alpha.csv.gz", maps, 210, 100);
    check_cancer("examples/breast-cancer/bravo.csv", maps, 150, 112);
    check_cancer("examples/breast-cancer/charlie.csv", maps, 95, 71);
    check_cancer("examples/breast-cancer/test.csv.gz", maps, 114, 74);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(digits_are_complete), cmocka_unit_test(the_first_digit_is_a_zero),
                                       cmocka_unit_test(breast_cancer_is_complete)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
