/* The opening file: made once, reused with the same data only, private. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/dataset_opening.h"
#include "base/file.h"

enum { ROWS = 3, FEATURES = 2, COMMITTED = 5 };

typedef struct fixture {
    char path[64];
    int32_t values[ROWS * FEATURES], labels[ROWS];
    cs_dataset data;
    cs_params params;
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    *state = f;
    strcpy(f->path, "/tmp/consort-opening-XXXXXX");
    const int fd = mkstemp(f->path);
    if (fd < 0)
        return -1;
    close(fd);
    unlink(f->path);
    for (int k = 0; k < ROWS * FEATURES; k++)
        f->values[k] = k - 2;
    f->labels[1] = 1;
    f->data = (cs_dataset){.rows = ROWS, .features = FEATURES, .values = f->values, .labels = f->labels};
    f->params = (cs_params){.n_ranks = 1, .layers = 1, .widths = {FEATURES, 2}, .rows = {ROWS}, .column_bits = 4};
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    unlink(f->path);
    free(f);
    return 0;
}

static cs_status get(cs_opening *out, fixture *f) {
    return cs_opening_get(out, f->path, &f->params, COMMITTED, &f->data);
}

static void is_made_once_and_reused(void **state) {
    fixture *f = *state;
    cs_opening a, b;
    struct stat info;
    assert_int_equal(get(&a, f), CS_OK);
    assert_int_equal(stat(f->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(info.st_size, 16 + 40 + 32 + 32 * COMMITTED + 32);
    assert_int_equal(get(&b, f), CS_OK);
    for (int k = 0; k < COMMITTED; k++) {
        assert_true(cs_fr_eq(a.blindings[k], b.blindings[k]));
        assert_false(cs_fr_is_zero(a.blindings[k]));
        assert_false(k > 0 && cs_fr_eq(a.blindings[k], a.blindings[k - 1]));
    }
    cs_opening_free(&a);
    cs_opening_free(&b);
}

static void expect(fixture *f, const char *says) {
    cs_opening o;
    assert_int_equal(get(&o, f), CS_ERR_INPUT);
    assert_null(o.blindings);
    if (strstr(cs_error_text(), says) == NULL || strstr(cs_error_text(), f->path) == NULL)
        fail_msg("%s", cs_error_text());
}

static void belongs_to_one_dataset(void **state) {
    fixture *f = *state;
    cs_opening o;
    assert_int_equal(get(&o, f), CS_OK);
    cs_opening_free(&o);
    f->values[5]++;
    expect(f, "made for other data");
    f->values[5]--;
    f->labels[0] = 1;
    expect(f, "made for other data");
    f->labels[0] = 0;
    f->data.rows--;
    expect(f, "made for other data");
    f->data.rows++;
    assert_int_equal(get(&o, f), CS_OK);
    cs_opening_free(&o);
}

static void belongs_to_one_shape(void **state) {
    fixture *f = *state;
    cs_opening o;
    assert_int_equal(get(&o, f), CS_OK);
    cs_opening_free(&o);
    f->params.column_bits++;
    expect(f, "another shape");
    f->params.column_bits--;
    f->params.rows[0] = 9; /* other members' rows, which decide the padding, do not matter */
    assert_int_equal(get(&o, f), CS_OK);
    cs_opening_free(&o);
    assert_int_equal(cs_opening_get(&o, f->path, &f->params, COMMITTED + 1, &f->data), CS_ERR_INPUT);
}

static void damage_is_noticed(void **state) {
    fixture *f = *state;
    cs_opening o;
    cs_buffer good = {0};
    assert_int_equal(get(&o, f), CS_OK);
    cs_opening_free(&o);
    assert_int_equal(cs_file_read(f->path, 4096, &good), CS_OK);
    for (size_t k = 0; k < good.size; k++) {
        good.data[k] ^= 0x10;
        assert_int_equal(cs_file_write(f->path, good.data, good.size, 0600), CS_OK);
        assert_int_equal(get(&o, f), CS_ERR_INPUT);
        good.data[k] ^= 0x10;
    }
    for (size_t n = 0; n < good.size; n += 31) {
        assert_int_equal(cs_file_write(f->path, good.data, n, 0600), CS_OK);
        assert_int_equal(get(&o, f), CS_ERR_INPUT);
    }
    cs_buffer_free(&good);
}

static void needs_a_place(void **state) {
    fixture *f = *state;
    cs_opening o;
    assert_int_equal(cs_opening_get(&o, "/nowhere/x.opening", &f->params, COMMITTED, &f->data), CS_ERR_IO);
    assert_int_equal(cs_opening_get(&o, "/tmp", &f->params, COMMITTED, &f->data), CS_ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_made_once_and_reused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(belongs_to_one_dataset, set_up, tear_down),
        cmocka_unit_test_setup_teardown(belongs_to_one_shape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damage_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(needs_a_place, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
