/* Sums of rows by buckets, against their definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "curve/generators.h"
#include "curve/msm.h"
#include "curve/row_buckets.h"

enum { MOST = 400 };

static cs_generators gens;

static int take_generators(void **state) {
    (void)state;
    return cs_generators_get(&gens, MOST) == CS_OK ? 0 : -1;
}

static int give_generators(void **state) {
    (void)state;
    cs_generators_release();
    return 0;
}

static void count(void *context, double additions) {
    *(double *)context += additions;
}

/* What an entry's digits stand for. */
static cs_fr odd_value(uint64_t v, unsigned bits, unsigned windows) {
    cs_fr value = CS_FR_ZERO;
    for (unsigned w = windows; w-- > 0;) {
        const int64_t digit = (int64_t)(v >> (w * bits)) & (((int64_t)1 << bits) - 1);
        value = cs_fr_mul(value, cs_fr_from_u64((uint64_t)1 << bits));
        value = cs_fr_add(value, cs_fr_from_i64(2 * digit - (((int64_t)1 << bits) - 1)));
    }
    return value;
}

static void expect_sum(cs_g1 sum, const cs_bucket_row *r) {
    cs_fr values[MOST];
    cs_g1 expected;
    for (size_t j = 0; j < r->row->n; j++) {
        const uint64_t v = (uint64_t)cs_int_at(r->row->type, r->row->data, j) - (uint64_t)r->row->min;
        values[j] = cs_int_row_has(r->row, j) ? odd_value(v, r->bits, r->windows) : CS_FR_ZERO;
    }
    assert_int_equal(cs_msm_var(&expected, values, gens.g_half, r->row->n), CS_OK);
    assert_true(cs_g1_eq(sum, expected));
}

static const cs_row_gap no_gaps[1][2], gaps[4][2] = {{{8, 3}}, {{0}}, {{4, 1}, {64, 24}}, {{0}, {16, 15}}};

/* Rows of n entries and fewer, of the lengths and with the gaps in turn, filled by `fill`. */
static void check_gaps(size_t n_rows, size_t n, const unsigned *lengths, size_t n_lengths,
                       int64_t (*fill)(unsigned length, size_t j), const cs_row_gap (*gap)[2], size_t n_gaps) {
    int64_t *data = cs_calloc(n_rows * n, sizeof *data);
    cs_int_row *rows = cs_calloc(n_rows, sizeof *rows);
    cs_bucket_row *work = cs_calloc(n_rows, sizeof *work);
    cs_g1 *sums = cs_calloc(n_rows, sizeof *sums);
    double additions = 0, least = 0, most = 0;
    for (size_t r = 0; r < n_rows; r++) {
        const unsigned length = lengths[r % n_lengths];
        const size_t entries = r % 3 == 1 ? n - n / 2 : n;
        for (size_t j = 0; j < n; j++)
            data[r * n + j] = fill(length, j) - 7;
        rows[r] = (cs_int_row){
            .type = CS_INT_I64, .data = data + r * n, .n = entries, .min = -7, .max = (int64_t)((uint64_t)1 << length) - 8};
        memcpy(rows[r].gaps, gap[r % n_gaps], sizeof rows[r].gaps);
        work[r].row = &rows[r];
        assert_true(cs_bucket_choose(&work[r].bits, &work[r].windows, length, n * n_rows, n_rows, n_rows) >= (double)n);
        assert_true(work[r].bits * work[r].windows >= length && work[r].bits * (work[r].windows - 1) < length);
        least += (double)work[r].windows * (double)cs_int_row_count(&rows[r]);
        most += (double)work[r].windows * (double)n;
    }
    assert_int_equal(cs_bucket_sums(sums, work, n_rows, &gens, (cs_bucket_watch){count, &additions}), CS_OK);
    for (size_t r = 0; r < n_rows; r++)
        expect_sum(sums[r], &work[r]);
    assert_true(additions >= least && additions <= most);
    cs_free(data);
    cs_free(rows);
    cs_free(work);
    cs_free(sums);
}

static void check(size_t n_rows, size_t n, const unsigned *lengths, size_t n_lengths,
                  int64_t (*fill)(unsigned length, size_t j)) {
    check_gaps(n_rows, n, lengths, n_lengths, fill, no_gaps, 1);
}

static int64_t uniform(unsigned length, size_t j) {
    (void)j;
    return (int64_t)((((uint64_t)rand() << 31) ^ (uint64_t)rand()) & (((uint64_t)1 << length) - 1));
}

static int64_t smallest(unsigned length, size_t j) {
    (void)length;
    (void)j;
    return 0;
}

static int64_t largest(unsigned length, size_t j) {
    (void)j;
    return (int64_t)(((uint64_t)1 << length) - 1);
}

static void rows_of_all_lengths(void **state) {
    (void)state;
    for (unsigned length = 1; length <= 40; length++) {
        check(1, MOST, &length, 1, uniform);
        check(3, 30, &length, 1, uniform);
    }
}

static void rows_of_mixed_lengths_in_many_chunks(void **state) {
    (void)state;
    static const unsigned lengths[] = {10, 10, 22, 16, 16, 16, 3};
    check(300, 70, lengths, 7, uniform);
    check(200, MOST, lengths, 1, uniform);
}

static void rows_with_gaps(void **state) {
    (void)state;
    static const unsigned lengths[] = {10, 22, 3};
    check_gaps(300, 70, lengths, 3, uniform, gaps, 4);
    for (size_t k = 0; k < 4; k++)
        check_gaps(4, MOST, lengths, 2, uniform, gaps + k, 4 - k);
    for (size_t n = 1; n < 9; n++)
        check_gaps(3, n, lengths, 1, uniform, gaps, 3);
}

/* All entries alike: all but one of a lane's buckets stay as they began. */
static void rows_of_one_value(void **state) {
    (void)state;
    static const unsigned lengths[] = {1, 2, 8, 10, 11, 33};
    check(12, 100, lengths, 6, smallest);
    check(12, 100, lengths, 6, largest);
    check(6, 1, lengths, 6, uniform);
}

static void digits_of_a_given_size(void **state) {
    (void)state;
    int16_t data[3][50];
    cs_int_row rows[3];
    cs_bucket_row work[3];
    cs_g1 sums[3];
    double ignored = 0;
    for (unsigned bits = 1; bits <= CS_BUCKET_BITS; bits++) {
        for (int r = 0; r < 3; r++) {
            for (int j = 0; j < 50; j++)
                data[r][j] = (int16_t)(rand() % 4096);
            rows[r] = (cs_int_row){.type = CS_INT_I16, .data = data[r], .n = 50, .max = 4095};
            work[r] = (cs_bucket_row){&rows[r], bits, (12 + bits - 1) / bits};
        }
        assert_int_equal(cs_bucket_sums(sums, work, 3, &gens, (cs_bucket_watch){count, &ignored}), CS_OK);
        for (int r = 0; r < 3; r++)
            expect_sum(sums[r], &work[r]);
    }
}

/* More buckets than a chunk has. */
static void chunks(void **state) {
    (void)state;
    enum { ROWS = 150, COLUMNS = 5 };
    int16_t data[ROWS][COLUMNS];
    cs_int_row rows[ROWS];
    cs_bucket_row work[ROWS];
    cs_g1 sums[ROWS];
    double additions = 0;
    for (int r = 0; r < ROWS; r++) {
        for (int j = 0; j < COLUMNS; j++)
            data[r][j] = (int16_t)(rand() % 2048);
        rows[r] = (cs_int_row){.type = CS_INT_I16, .data = data[r], .n = COLUMNS, .max = 2047};
        work[r] = (cs_bucket_row){&rows[r], 11, 1};
    }
    assert_int_equal(cs_bucket_sums(sums, work, ROWS, &gens, (cs_bucket_watch){count, &additions}), CS_OK);
    assert_true(additions == ROWS * COLUMNS);
    for (int r = 0; r < ROWS; r++)
        expect_sum(sums[r], &work[r]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_all_lengths),    cmocka_unit_test(rows_of_mixed_lengths_in_many_chunks),
        cmocka_unit_test(rows_with_gaps),         cmocka_unit_test(rows_of_one_value),
        cmocka_unit_test(digits_of_a_given_size), cmocka_unit_test(chunks),
    };
    return cmocka_run_group_tests(tests, take_generators, give_generators);
}
