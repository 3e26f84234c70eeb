/* Files on disk, gzipped or not, whatever their names. */
#include "data/dataset_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "data/gunzip.h"

static char folder[256];

static int make_folder(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/consort-data-XXXXXX", base ? base : "/tmp");
    return mkdtemp(folder) == NULL;
}

static const char *const FILES[] = {"x", "y"};

static int remove_folder(void **state) {
    (void)state;
    char path[300];
    for (size_t k = 0; k < sizeof FILES / sizeof *FILES; k++) {
        snprintf(path, sizeof path, "%s/%s", folder, FILES[k]);
        unlink(path);
    }
    return rmdir(folder);
}

/* Writes `text` (gzipped or not) to FILES[which] and gives its path. */
static const char *put(size_t which, const char *text, bool gzip) {
    static char paths[2][300];
    cs_buffer b = {0};
    snprintf(paths[which], sizeof paths[which], "%s/%s", folder, FILES[which]);
    if (gzip)
        append_gzip(&b, text, strlen(text));
    else
        cs_buffer_append(&b, text, strlen(text));
    assert_int_equal(cs_file_write(paths[which], b.data, b.size, 0600), CS_OK);
    cs_buffer_free(&b);
    return paths[which];
}

static void loads_plain_and_gzipped_files(void **state) {
    (void)state;
    cs_dataset_options o = plain_options();
    cs_dataset d;
    for (int k = 0; k < 2; k++) {
        o.label_path = NULL;
        assert_int_equal(cs_dataset_load(&d, &o, put(0, "a,b\n1,2\n3,4\n", k == 0)), CS_OK);
        assert_values(&d, 2, 1, (const int32_t[]){1, 3}, (const int32_t[]){2, 4});
        assert_string_equal(d.names[0], "a");
        cs_dataset_free(&d);
        o.label_path = put(1, "label\n5\n6\n", k == 1);
        assert_int_equal(cs_dataset_load(&d, &o, put(0, "1,2\n3,4\n", k == 0)), CS_OK);
        assert_values(&d, 2, 2, (const int32_t[]){1, 2, 3, 4}, (const int32_t[]){5, 6});
        cs_dataset_free(&d);
    }
}

static void missing_files_are_named(void **state) {
    (void)state;
    cs_dataset_options o = plain_options();
    cs_dataset d;
    assert_int_equal(cs_dataset_load(&d, &o, "/nonexistent/rows.csv"), CS_ERR_IO);
    assert_non_null(strstr(cs_error_text(), "/nonexistent/rows.csv"));
    assert_null(d.values);
    o.label_path = "/nonexistent/labels.csv";
    assert_int_equal(cs_dataset_load(&d, &o, put(0, "1,2\n", false)), CS_ERR_IO);
    assert_non_null(strstr(cs_error_text(), "/nonexistent/labels.csv"));
    assert_int_equal(cs_dataset_load(&d, &o, folder), CS_ERR_IO);
    assert_non_null(strstr(cs_error_text(), folder));
}

static void large_files_are_not_read(void **state) {
    (void)state;
    cs_dataset_options o = plain_options();
    cs_dataset d;
    o.max_bytes = 7;
    const char *path = put(0, "1,2\n3,4\n", false);
    assert_input_error(cs_dataset_load(&d, &o, path), &d, path);
    o.max_bytes = 8;
    assert_int_equal(cs_dataset_load(&d, &o, path), CS_OK);
    cs_dataset_free(&d);
}

static void errors_in_packed_files_are_located(void **state) {
    (void)state;
    const cs_dataset_options o = plain_options();
    cs_dataset d;
    assert_input_error(cs_dataset_load(&d, &o, put(0, "1,2\n1,77\n", true)), &d,
                       "/x: line 2, column 2: label 77 outside 0..9");
    assert_input_error(cs_dataset_load(&d, &o, put(0, "", true)), &d, "/x: empty file");
    assert_input_error(cs_dataset_load(&d, &o, put(0, "", false)), &d, "/x: empty file");
}

static void gunzip_joins_members(void **state) {
    (void)state;
    cs_buffer packed = {0}, out = {0};
    append_gzip(&packed, "one, ", 5);
    append_gzip(&packed, "", 0);
    append_gzip(&packed, "two", 3);
    assert_true(cs_gzip_detect(packed.data, packed.size));
    assert_int_equal(cs_gunzip(&out, "f", packed.data, packed.size, 8), CS_OK);
    assert_int_equal(out.size, 8);
    assert_memory_equal(out.data, "one, two", 8);
    assert_int_equal(cs_gunzip(&out, "f", packed.data, packed.size, 7), CS_ERR_INPUT);
    assert_string_equal(cs_error_text(), "f: unpacks to more than the limit of 7 bytes");
    cs_buffer_append(&packed, "\n", 1);
    assert_int_equal(cs_gunzip(&out, "f", packed.data, packed.size, 8), CS_ERR_INPUT);
    assert_string_equal(cs_error_text(), "f: 1 bytes follow the gzip data");
    cs_buffer_free(&packed);
    cs_buffer_free(&out);
}

static void gunzip_refuses_cuts_and_flips(void **state) {
    (void)state;
    cs_buffer packed = {0}, out = {0};
    const char text[] = "1,2\n3,4\n5,6\n1,2\n3,4\n5,6\n";
    append_gzip(&packed, text, sizeof text - 1);
    for (size_t size = 0; size < packed.size; size++) {
        cs_buffer cut = {0};
        cs_buffer_append(&cut, packed.data, size);
        assert_int_equal(cs_gunzip(&out, "f", cut.data, cut.size, 100), CS_ERR_INPUT);
        assert_non_null(strstr(cs_error_text(), "truncated"));
        cs_buffer_free(&cut);
    }
    size_t refused = 0;
    for (size_t k = 10; k < packed.size; k++) { /* behind the header, whose time and system carry no check */
        packed.data[k] ^= 0x10;
        if (cs_gunzip(&out, "f", packed.data, packed.size, 100) == CS_OK) { /* another code for the same text */
            assert_int_equal(out.size, sizeof text - 1);
            assert_memory_equal(out.data, text, out.size);
        } else {
            refused++;
        }
        packed.data[k] ^= 0x10;
    }
    assert_true(refused + 3 > packed.size - 10);
    assert_int_equal(cs_gunzip(&out, "f", packed.data, packed.size, 100), CS_OK);
    cs_buffer_free(&packed);
    cs_buffer_free(&out);
}

static void gunzip_takes_no_more_memory_than_allowed(void **state) {
    (void)state;
    enum { HUGE_SIZE = 1 << 24, LIMIT = 1 << 20 };
    cs_buffer zeros = {0}, packed = {0}, out = {0};
    assert_int_equal(cs_buffer_resize(&zeros, HUGE_SIZE), CS_OK);
    append_gzip(&packed, zeros.data, zeros.size);
    assert_int_equal(cs_gunzip(&out, "f", packed.data, packed.size, LIMIT), CS_ERR_INPUT);
    assert_true(out.capacity <= 2 * LIMIT + 2);
    cs_buffer_free(&out);
    assert_int_equal(cs_gunzip(&out, "f", packed.data, packed.size, HUGE_SIZE), CS_OK);
    assert_int_equal(out.size, HUGE_SIZE);
    assert_memory_equal(out.data, zeros.data, HUGE_SIZE);
    cs_buffer_free(&zeros);
    cs_buffer_free(&packed);
    cs_buffer_free(&out);
}

static void nothing_is_leaked(void **state) {
    (void)state;
    assert_int_equal(cs_memory_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(loads_plain_and_gzipped_files),
                                       cmocka_unit_test(missing_files_are_named),
                                       cmocka_unit_test(large_files_are_not_read),
                                       cmocka_unit_test(errors_in_packed_files_are_located),
                                       cmocka_unit_test(gunzip_joins_members),
                                       cmocka_unit_test(gunzip_refuses_cuts_and_flips),
                                       cmocka_unit_test(gunzip_takes_no_more_memory_than_allowed),
                                       cmocka_unit_test(nothing_is_leaked)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
