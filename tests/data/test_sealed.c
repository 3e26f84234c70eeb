/* Sealed files: written whole or not at all, private, and nothing of an interrupted one stays. tests/fuzz/fuzz_sealed.c
 * changes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "data/sealed_file.h"

static const char MAGIC[CS_SEALED_MAGIC + 1] = "consort testing\n";
static const uint8_t KEY[CS_SEALED_KEY] = {1, 2, 3}, OTHER[CS_SEALED_KEY] = {1, 2, 4};
static char folder[64], path[80], temporary[96];

static int setup(void **state) {
    (void)state;
    strcpy(folder, "/tmp/consort-sealed-XXXXXX");
    if (sodium_init() < 0 || mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/x", folder);
    snprintf(temporary, sizeof temporary, "%s.new", path);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    cs_sealed_remove(path);
    return rmdir(folder);
}

static void write_text(const char *text, bool keep) {
    cs_sealed_output *out;
    assert_int_equal(cs_sealed_create(&out, path, MAGIC, KEY), CS_OK);
    const cs_writer writer = cs_sealed_writer(out);
    assert_int_equal(cs_write(&writer, text, strlen(text)), CS_OK);
    assert_int_equal(cs_sealed_close(out, keep), CS_OK);
}

static cs_status read_text(char *out, size_t size, const uint8_t *key) {
    cs_sealed_input *in;
    CS_TRY(cs_sealed_open(&in, path, MAGIC, key));
    const cs_reader reader = cs_sealed_reader(in);
    cs_status status = cs_read(&reader, out, size);
    if (status == CS_OK)
        status = cs_sealed_finish(in);
    cs_sealed_end(in);
    return status;
}

static void expect_text(const char *text) {
    char back[16] = "";
    struct stat info;
    assert_int_equal(read_text(back, strlen(text), KEY), CS_OK);
    assert_string_equal(back, text);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_not_equal(access(temporary, F_OK), 0);
}

static void the_last_whole_one_is_there(void **state) {
    (void)state;
    char back[16];
    write_text("first", true);
    expect_text("first");
    write_text("second", false);
    expect_text("first");
    write_text("third", true);
    expect_text("third");
    assert_int_equal(read_text(back, 5, OTHER), CS_ERR_INPUT);
    assert_int_equal(read_text(back, 6, KEY), CS_ERR_INPUT);
}

/* As of a process that was killed while it wrote; anybody may read it. */
static void leave(const char *text) {
    assert_int_equal(cs_file_write(temporary, text, strlen(text), 0644), CS_OK);
}

static void what_a_killed_process_left_is_replaced(void **state) {
    (void)state;
    leave("a part");
    write_text("whole", true);
    expect_text("whole");
    leave("a part");
    cs_sealed_remove(path);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_not_equal(access(temporary, F_OK), 0);
}

static void no_place_to_write(void **state) {
    (void)state;
    cs_sealed_output *out;
    assert_int_equal(mkdir(temporary, 0700), 0);
    assert_int_equal(cs_sealed_create(&out, path, MAGIC, KEY), CS_ERR_IO);
    assert_null(out);
    assert_non_null(strstr(cs_error_text(), path));
    assert_int_equal(rmdir(temporary), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_whole_one_is_there),
                                       cmocka_unit_test(what_a_killed_process_left_is_replaced),
                                       cmocka_unit_test(no_place_to_write)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
