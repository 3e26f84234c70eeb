/* The opening of a committed model: written once, read with the same rows only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "attest/model_opening.h"
#include "base/buffer.h"
#include "base/file.h"
#include "curve/generators.h"

enum { N = 3 };

static char folder[] = "/tmp/consort-model-XXXXXX", path[64];
static cs_g1_affine rows[N];
static cs_fr blindings[N];

static int setup(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/x.opening", folder);
    for (size_t k = 0; k < N; k++)
        blindings[k] = cs_fr_random();
    cs_generators points;
    if (cs_generators_get(&points, N) != CS_OK)
        return -1;
    memcpy(rows, points.g, sizeof rows);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    cs_generators_release();
    (void)unlink(path);
    return rmdir(folder);
}

static void write_and_read(void **state) {
    (void)state;
    cs_fr back[N];
    struct stat info;
    assert_int_equal(cs_model_opening_write(path, rows, blindings, N), CS_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(cs_model_opening_read(back, path, rows, N), CS_OK);
    assert_memory_equal(back, blindings, sizeof back);
    assert_int_equal(cs_model_opening_write(path, rows, blindings, N), CS_ERR_IO);
}

static void other_rows(void **state) {
    (void)state;
    cs_fr back[N];
    const cs_g1_affine other[N] = {rows[0], rows[2], rows[1]};
    assert_int_equal(cs_model_opening_read(back, path, other, N), CS_ERR_INPUT);
    assert_int_equal(cs_model_opening_read(back, path, rows, N - 1), CS_ERR_INPUT);
}

static void others_may_read(void **state) {
    (void)state;
    cs_fr back[N];
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(cs_model_opening_read(back, path, rows, N), CS_ERR_INPUT);
    assert_int_equal(chmod(path, 0600), 0);
}

static void damaged(void **state) {
    (void)state;
    cs_buffer file = {0};
    cs_fr back[N];
    assert_int_equal(cs_file_read(path, 4096, &file), CS_OK);
    for (size_t at = 0; at < file.size; at += 7) {
        file.data[at] ^= 1;
        assert_int_equal(unlink(path), 0);
        assert_int_equal(cs_file_write(path, file.data, file.size, 0600), CS_OK);
        assert_int_equal(cs_model_opening_read(back, path, rows, N), CS_ERR_INPUT);
        file.data[at] ^= 1;
    }
    assert_int_equal(unlink(path), 0);
    assert_int_equal(cs_file_write(path, file.data, file.size - 1, 0600), CS_OK);
    assert_int_equal(cs_model_opening_read(back, path, rows, N), CS_ERR_INPUT);
    cs_buffer_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_and_read),
        cmocka_unit_test(other_rows),
        cmocka_unit_test(others_may_read),
        cmocka_unit_test(damaged),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
