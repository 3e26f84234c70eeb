/* Which entries of a row are real, against the coordinates of a tensor; commitments to rows with gaps, in every way there is
 * to add them up, whatever lies in the gaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "curve/commit.h"
#include "curve/generators.h"
#include "curve/msm.h"

enum { MOST = 1 << 10 };

typedef struct shape {
    unsigned axes, bits[3];
    size_t lengths[3];
} shape;

static bool real_entry(const shape *s, size_t at) {
    for (unsigned axis = s->axes; axis-- > 0; at >>= s->bits[axis])
        if ((at & (((size_t)1 << s->bits[axis]) - 1)) >= s->lengths[axis])
            return false;
    return true;
}

static size_t entries_of(const shape *s) {
    size_t n = 1;
    for (unsigned axis = 0; axis < s->axes; axis++)
        n <<= s->bits[axis];
    return n;
}

static const shape shapes[] = {
    {1, {5}, {32}},
    {1, {5}, {19}},
    {1, {5}, {0}},
    {2, {3, 4}, {8, 10}},
    {2, {3, 4}, {5, 16}},
    {2, {3, 4}, {0, 3}},
    {2, {4, 3}, {9, 1}},
    {2, {0, 6}, {1, 49}},
    {3, {2, 3, 2}, {3, 5, 3}},
    {3, {2, 3, 2}, {4, 8, 3}},
    {3, {3, 2, 3}, {7, 4, 8}},
    {3, {3, 2, 2}, {6, 3, 1}},
    {3, {1, 0, 5}, {2, 1, 17}},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static cs_int_row row_of(const shape *s, size_t n, size_t at) {
    cs_int_row row = {.type = CS_INT_I16, .n = n};
    cs_int_row_shape(&row, s->axes, s->lengths, s->bits, at);
    return row;
}

static void rows_have_the_real_entries_of_their_tensor(void **state) {
    (void)state;
    for (size_t k = 0; k < SHAPES; k++)
        for (size_t n = 1; n <= entries_of(&shapes[k]); n *= 2)
            for (size_t at = 0; at < entries_of(&shapes[k]); at += n) {
                const cs_int_row row = row_of(&shapes[k], n, at);
                uint32_t counts[MOST] = {0};
                size_t count = 0;
                assert_true(row.n <= n);
                cs_int_row_tally(counts, &row, 3);
                for (size_t j = 0; j < n; j++) {
                    assert_int_equal(cs_int_row_has(&row, j), real_entry(&shapes[k], at + j));
                    assert_int_equal(counts[j], real_entry(&shapes[k], at + j) ? 3 : 0);
                    count += real_entry(&shapes[k], at + j);
                }
                assert_int_equal(cs_int_row_count(&row), count);
            }
}

static void rows_without_gaps_have_all(void **state) {
    (void)state;
    const cs_int_row row = {.n = 37};
    for (size_t j = 0; j < 37; j++)
        assert_true(cs_int_row_has(&row, j));
    assert_false(cs_int_row_has(&row, 37));
    assert_int_equal(cs_int_row_count(&row), 37);
    cs_int_row field = {.type = CS_INT_FR, .n = 32};
    cs_int_row_shape(&field, 1, (size_t[]){3}, (unsigned[]){5}, 0);
    assert_int_equal(cs_int_row_count(&field), 32);
}

static void rows_are_alike_by_their_shape(void **state) {
    (void)state;
    cs_int_row a = row_of(&shapes[8], 128, 0), b = a;
    b.min = -7;
    b.data = &a;
    assert_true(cs_int_row_alike(&a, &b));
    b.n--;
    assert_false(cs_int_row_alike(&a, &b));
    for (int gap = 0; gap < 2; gap++) {
        b = a;
        b.gaps[gap].padding++;
        assert_false(cs_int_row_alike(&a, &b));
        b = a;
        b.gaps[gap].period *= 2;
        assert_false(cs_int_row_alike(&a, &b));
    }
}

static void columns_are_read_wherever_they_lie(void **state) {
    (void)state;
    enum { N = 700 };
    int16_t data[N];
    static const uint32_t lists[4][4] = {{5, 6, 7, 8}, {699, 0, 698, 3}, {696, 697, 698, 699}, {1, 2, 4, 3}};
    static const bool runs[4] = {true, false, true, false};
    const cs_int_row whole = {.type = CS_INT_I16, .data = data, .n = N}, part = {.type = CS_INT_I16, .data = data, .n = 698};
    for (int j = 0; j < N; j++)
        data[j] = (int16_t)(rand() - RAND_MAX / 2);
    for (int k = 0; k < 4; k++) {
        const cs_int_span span = cs_int_row_span(lists[k], 4);
        uint64_t out[2][4];
        cs_int_row_fetch(&whole, span);
        cs_int_row_fetch(&part, span);
        cs_int_row_read(out[0], &whole, lists[k], 4, span);
        cs_int_row_read(out[1], &part, lists[k], 4, span);
        assert_true(span.run == runs[k]);
        for (int c = 0; c < 4; c++) {
            const uint32_t j = lists[k][c];
            assert_true(span.low <= j && j <= span.high);
            assert_true(out[0][c] == (uint64_t)data[j] && out[1][c] == (j < part.n ? (uint64_t)data[j] : 0));
        }
    }
}

static void columns_that_most_rows_have_come_first(void **state) {
    (void)state;
    static const uint32_t counts[] = {0, 2, 7, 2, 0, 9, 7, 1}, expected[] = {5, 2, 6, 1, 3, 7};
    uint32_t columns[8];
    assert_int_equal(cs_int_row_columns(columns, counts, 8), 6);
    assert_memory_equal(columns, expected, sizeof expected);
    assert_int_equal(cs_int_row_columns(columns, counts, 1), 0);
    assert_int_equal(cs_int_row_columns(columns, counts, 0), 0);
}

/* ---- commitments ---- */

typedef struct many {
    size_t n_rows, columns;
    int64_t *data; /* [n_rows][columns] */
    cs_int_row *rows;
    cs_fr *s;
    cs_g1_affine *out;
} many;

/* Rows with the ranges [-max, max], or [0, 1] if max is 0; gaps are full of what must be neither read nor added. */
static many many_new(size_t n_rows, size_t columns, const int64_t *max, size_t n_ranges, const shape *const *of,
                     size_t n_shapes) {
    many m = {n_rows,
              columns,
              cs_calloc(n_rows * columns, sizeof *m.data),
              cs_calloc(n_rows, sizeof *m.rows),
              cs_calloc(n_rows, sizeof *m.s),
              cs_calloc(n_rows, sizeof *m.out)};
    for (size_t r = 0; r < n_rows; r++) {
        const int64_t high = max[r % n_ranges];
        const shape *s = of[r % n_shapes];
        int64_t *data = m.data + r * columns;
        m.rows[r] = (cs_int_row){.type = CS_INT_I64, .data = data, .n = columns, .min = -high, .max = high ? high : 1};
        cs_int_row_shape(&m.rows[r], s->axes, s->lengths, s->bits, r / n_shapes * columns % entries_of(s));
        for (size_t j = 0; j < columns; j++)
            data[j] =
                cs_int_row_has(&m.rows[r], j) ? (high ? rand() % (2 * high + 1) - high : rand() % 2) : INT64_MAX - rand();
        m.s[r] = cs_fr_random();
    }
    return m;
}

static void many_free(many *m) {
    cs_free(m->data);
    cs_free(m->rows);
    cs_free(m->s);
    cs_free(m->out);
}

static void many_check(many *m) {
    cs_generators gens;
    cs_fr *v = cs_calloc(m->columns + 1, sizeof *v);
    assert_int_equal(cs_commit_rows(m->out, m->rows, m->n_rows, m->s), CS_OK);
    assert_int_equal(cs_generators_get(&gens, m->columns), CS_OK);
    cs_g1_affine *bases = cs_calloc(m->columns + 1, sizeof *bases);
    memcpy(bases, gens.g, m->columns * sizeof *bases);
    bases[m->columns] = gens.h;
    for (size_t r = 0; r < m->n_rows; r++) {
        cs_g1 expected;
        for (size_t j = 0; j < m->columns; j++)
            v[j] = cs_int_row_has(&m->rows[r], j) ? cs_fr_from_i64(m->data[r * m->columns + j]) : CS_FR_ZERO;
        v[m->columns] = m->s[r];
        assert_int_equal(cs_msm_var(&expected, v, bases, m->columns + 1), CS_OK);
        assert_true(cs_g1_eq(expected, cs_g1_from_affine(m->out[r])));
    }
    cs_free(v);
    cs_free(bases);
    many_free(m);
}

static void commit(size_t n_rows, size_t columns, const int64_t *max, size_t n_ranges, const shape *const *of,
                   size_t n_shapes) {
    many m = many_new(n_rows, columns, max, n_ranges, of, n_shapes);
    many_check(&m);
}

static const shape records = {2, {6, 4}, {50, 10}}, narrow = {2, {7, 3}, {128, 5}}, full = {2, {5, 5}, {32, 32}},
                   steps = {3, {5, 2, 3}, {21, 3, 5}}, wide = {2, {1, 9}, {2, 401}}, empty = {1, {10}, {0}};

/* Few wide rows go by buckets, many narrow ones by tables; those of bits by tables of several columns. */
static void commitments_leave_gaps_out(void **state) {
    (void)state;
    static const int64_t small[] = {3}, values[] = {100, 1 << 15, 0}, bits[] = {0}, all[] = {0, 100, 1 << 20, 1, INT32_MAX};
    static const shape *const each[] = {&records, &narrow, &full, &steps, &wide, &empty};
    for (size_t k = 0; k < 6; k++)
        for (size_t columns = 16; columns <= 1024; columns *= 8) {
            commit(1, columns, values, 1, each + k, 1);
            commit(2, columns, bits, 1, each + k, 1);
            commit(7, columns, values, 3, each + k, 1);
        }
    for (size_t k = 0; k < 6; k++)
        commit(150, 32, small, 1, each + k, 1);
    commit(120, 64, all, 5, each, 6);
    commit(30, 512, all, 5, each, 6);
    commit(61, 512, bits, 1, each, 6);
    commit(13, 1024, values, 3, each + 3, 3);
}

/* Of one real entry, of whole periods, of none; and what lies in a gap is not checked, what does not is. */
static void smallest_and_largest_rows(void **state) {
    (void)state;
    static const int64_t max[] = {100, 0};
    static const shape one = {2, {2, 4}, {1, 1}}, one_each = {2, {2, 4}, {4, 1}}, whole = {2, {2, 4}, {4, 16}};
    static const shape *const each[] = {&one, &one_each, &whole, &empty};
    for (size_t k = 0; k < 4; k++)
        for (size_t columns = 1; columns <= 64; columns *= 4)
            commit(5, columns, max, 2, each + k, 1);
    many m = many_new(1, 64, max, 1, each + 1, 1);
    m.data[15] = INT64_MIN;
    assert_int_equal(cs_commit_rows(m.out, m.rows, 1, m.s), CS_OK);
    m.data[16] = 101;
    assert_int_equal(cs_commit_rows(m.out, m.rows, 1, m.s), CS_ERR_INTERNAL);
    m.data[16] = 100;
    many_check(&m);
}

static int give_generators(void **state) {
    (void)state;
    cs_generators_release();
    return 0;
}

/* More rows than are worked on at a time come to what they do in portions. */
static void many_rows(void **state) {
    (void)state;
    enum { ROWS = 9001, PORTION = 800 };
    static const int64_t max[] = {100, 0};
    static const shape two = {2, {1, 4}, {1, 9}}, all = {2, {1, 4}, {2, 16}};
    static const shape *const each[] = {&all, &all, &all, &two};
    many m = many_new(ROWS, 4, max, 2, each, 4);
    assert_int_equal(cs_commit_rows(m.out, m.rows, ROWS, m.s), CS_OK);
    for (size_t r = 0; r < ROWS; r += PORTION) {
        cs_g1_affine expected[PORTION];
        const size_t n = ROWS - r < PORTION ? ROWS - r : PORTION;
        assert_int_equal(cs_commit_rows(expected, m.rows + r, n, m.s + r), CS_OK);
        assert_memory_equal(expected, m.out + r, n * sizeof *expected);
    }
    many_free(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_the_real_entries_of_their_tensor),
        cmocka_unit_test(rows_without_gaps_have_all),
        cmocka_unit_test(rows_are_alike_by_their_shape),
        cmocka_unit_test(columns_are_read_wherever_they_lie),
        cmocka_unit_test(columns_that_most_rows_have_come_first),
        cmocka_unit_test(commitments_leave_gaps_out),
        cmocka_unit_test(smallest_and_largest_rows),
        cmocka_unit_test(many_rows),
    };
    return cmocka_run_group_tests(tests, NULL, give_generators);
}
