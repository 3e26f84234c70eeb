/* The lookup table: rows, parts, the exponential against the C library's. */
#include "train/job.h"

#include <math.h>
#include <string.h>

static void all_rows(void **state) {
    (void)state;
    job j;
    cs_table t;
    job_params(&j);
    assert_int_equal(cs_table_new(&t, &j.p), CS_OK);
    assert_int_equal(t.real, 2 + 32 + 512 + 3 * 512);
    assert_int_equal(t.n, 4096);
    assert_int_equal(t.n_parts, 6);
    const int32_t tags[] = {CS_TAG_RANGE + 1, CS_TAG_RANGE + 5, CS_TAG_RANGE + 9, CS_TAG_SIGNED, CS_TAG_RELU, CS_TAG_EXP};
    const int64_t firsts[] = {0, 0, 0, -256, -256, 0};
    size_t row = 0;
    for (size_t k = 0; k < 6; k++) {
        assert_int_equal(t.parts[k].tag, tags[k]);
        assert_int_equal(t.parts[k].first, firsts[k]);
        assert_int_equal(t.parts[k].offset, row);
        for (size_t x = 0; x < t.parts[k].n; x++, row++) {
            const int64_t c1 = firsts[k] + (int64_t)x;
            assert_int_equal(t.tag[row], tags[k]);
            assert_int_equal(t.c1[row], c1);
            assert_int_equal(cs_table_find(&t, tags[k], c1), row);
            if (tags[k] == CS_TAG_RELU)
                assert_true(t.c2[row] == (c1 > 0 ? c1 : 0) && t.c3[row] == (c1 > 0));
            else
                assert_true(t.c3[row] == 0 && (tags[k] == CS_TAG_EXP || t.c2[row] == 0));
        }
        assert_true(cs_table_find(&t, tags[k], firsts[k] - 1) == SIZE_MAX);
        assert_true(cs_table_find(&t, tags[k], firsts[k] + (int64_t)t.parts[k].n) == SIZE_MAX);
    }
    assert_int_equal(row, t.real);
    for (; row < t.n; row++)
        assert_true(t.tag[row] == t.tag[0] && t.c1[row] == 0 && t.c2[row] == 0 && t.c3[row] == 0);
    assert_true(cs_table_find(&t, CS_TAG_RANGE + 6, 0) == SIZE_MAX);
    cs_table_free(&t);
    assert_null(t.tag);
}

/* Equal limbs have one part; a limb of one bit shares that of the bits. */
static void distinct_ranges(void **state) {
    (void)state;
    job j;
    cs_table t;
    job_params(&j);
    j.p.w = 15;
    j.p.n_limbs = 3;
    j.p.limb_bits[0] = j.p.limb_bits[1] = 7, j.p.limb_bits[2] = 1;
    assert_int_equal(cs_table_new(&t, &j.p), CS_OK);
    assert_int_equal(t.n_parts, 5);
    assert_int_equal(t.parts[1].n, 128);
    cs_table_free(&t);
    j.p.w = 18;
    j.p.n_limbs = 4;
    j.p.limb_bits[0] = 3, j.p.limb_bits[1] = 4, j.p.limb_bits[2] = 5, j.p.limb_bits[3] = 6;
    assert_int_equal(cs_table_new(&t, &j.p), CS_OK);
    assert_int_equal(t.n_parts, 8);
    cs_table_free(&t);
}

static void exponential(void **state) {
    (void)state;
    static int32_t e[1 << 16];
    const unsigned scales[] = {1, 2, 4, 8, 12, 16, 31, 62};
    for (size_t k = 0; k < sizeof scales / sizeof *scales; k++)
        for (unsigned exp_bits = 1; exp_bits <= 16; exp_bits += 5) {
            const cs_params p = {.a = scales[k], .exp_bits = exp_bits, .value_bits = 16};
            cs_exp_values(e, &p);
            assert_int_equal(e[0], 1 << exp_bits);
            for (size_t x = 0; x < 1 << 16; x++) {
                const long double exact = ldexpl(expl(-ldexpl((long double)x, -(int)scales[k])), (int)exp_bits);
                assert_true(fabsl(exact - e[x]) < 0.500001L);
            }
        }
}

/* Known values, so that a change of the table on any machine is noticed: exp(-x/16) * 64, rounded. */
static void known_values(void **state) {
    (void)state;
    job j;
    int32_t e[512];
    job_params(&j);
    cs_exp_values(e, &j.p);
    const int32_t want[] = {64, 60, 56, 53, 50, 47, 44, 41, 39, 36};
    assert_memory_equal(e, want, sizeof want);
    assert_int_equal(e[16], 24);
    assert_int_equal(e[77], 1);
    assert_int_equal(e[78], 0);
    assert_int_equal(e[511], 0);
}

static void digests(void **state) {
    (void)state;
    job j;
    cs_table t;
    uint8_t first[32], other[32];
    job_params(&j);
    assert_int_equal(cs_table_new(&t, &j.p), CS_OK);
    cs_table_digest(first, &t);
    cs_table_digest(other, &t);
    assert_memory_equal(first, other, 32);
    int32_t *const columns[] = {t.tag, t.c1, t.c2, t.c3};
    for (size_t k = 0; k < 4; k++) {
        columns[k][t.real - 1]++;
        cs_table_digest(other, &t);
        assert_memory_not_equal(first, other, 32);
        columns[k][t.real - 1]--;
    }
    cs_table_free(&t);
    j.p.a++;
    assert_int_equal(cs_table_new(&t, &j.p), CS_OK);
    cs_table_digest(other, &t);
    assert_memory_not_equal(first, other, 32);
    cs_table_free(&t);
}

static void without_memory(void **state) {
    (void)state;
    job j;
    cs_table t;
    job_params(&j);
    for (size_t columns = 0; columns < 4; columns++) {
        cs_memory_limit(columns * 4 * 4096);
        assert_int_equal(cs_table_new(&t, &j.p), CS_ERR_MEMORY);
        cs_memory_limit(SIZE_MAX);
        assert_int_equal(cs_memory_live(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows),     cmocka_unit_test(distinct_ranges), cmocka_unit_test(exponential),
        cmocka_unit_test(known_values), cmocka_unit_test(digests),         cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
