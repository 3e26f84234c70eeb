/* Group laws, encodings, multi-scalar multiplication and commitments against double-and-add. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "curve/batch.h"
#include "curve/commit.h"
#include "curve/committer.h"
#include "curve/msm.h"

static cs_generators gens;

static int setup(void **state) {
    (void)state;
    return cs_generators_get(&gens, 1100) == CS_OK ? 0 : -1;
}

/* Double-and-add, from the group law alone. */
static cs_g1 multiply(cs_g1_affine p, cs_fr k) {
    uint64_t limbs[4];
    cs_fr_to_limbs(limbs, k);
    cs_g1 r = CS_G1_IDENTITY;
    for (int bit = 255; bit >= 0; bit--) {
        r = cs_g1_double(r);
        if (limbs[bit / 64] >> (bit % 64) & 1)
            r = cs_g1_add(r, cs_g1_from_affine(p));
    }
    return r;
}

static void generators(void **state) {
    (void)state;
    for (size_t j = 0; j < 300; j++) {
        assert_true(cs_g1_on_curve(gens.g[j]));
        assert_true(cs_g1_eq(cs_g1_double(cs_g1_from_affine(gens.g_half[j])), cs_g1_from_affine(gens.g[j])));
        assert_true(j == 0 || memcmp(&gens.g[j], &gens.g[j - 1], sizeof *gens.g) != 0);
    }
    assert_true(cs_g1_on_curve(gens.h) && cs_g1_on_curve(gens.u));
    cs_generators more;
    assert_int_equal(cs_generators_get(&more, 400), CS_OK);
    assert_memory_equal(more.g, gens.g, 300 * sizeof *gens.g);
}

/* 0 or a square: its root is one. */
static bool has_root(cs_fp a) {
    cs_fp root;
    cs_g1_batch_roots(&root, &a, 1);
    return cs_fp_eq(cs_fp_sqr(root), a);
}

/* Every generator is found at the first counter that gives a point, whether that is searched for or known. */
static void generators_are_the_first_points(void **state) {
    enum { ENOUGH = 16384 + 100 };
    static const char label[] = "consort/generator/1g";
    (void)state;
    cs_generators many;
    assert_int_equal(cs_generators_get(&many, ENOUGH), CS_OK);
    for (uint64_t j = 0; j < ENOUGH; j++) {
        uint8_t text[sizeof label - 1 + 12], digest[64] = {0};
        cs_fp x;
        uint32_t counter = 0;
        memcpy(text, label, sizeof label - 1);
        cs_store_u64(text + sizeof label - 1, j);
        do {
            cs_store_u32(text + sizeof label + 7, counter++);
            crypto_hash_sha256(digest, text, sizeof text);
            x = cs_fp_from_wide(digest);
        } while (!has_root(cs_fp_add(cs_fp_mul(cs_fp_sqr(x), x), cs_fp_from_u64(3))));
        assert_true(cs_fp_eq(x, many.g_half[j].x) && !cs_fp_is_odd(many.g_half[j].y) && cs_g1_on_curve(many.g_half[j]));
    }
}

static void group_laws(void **state) {
    (void)state;
    const cs_g1 zero = CS_G1_IDENTITY, a = multiply(gens.g[0], cs_fr_random()), b = multiply(gens.g[1], cs_fr_random());
    const cs_g1 c = multiply(gens.g[2], cs_fr_random());
    assert_true(cs_g1_eq(cs_g1_add(a, b), cs_g1_add(b, a)));
    assert_true(cs_g1_eq(cs_g1_add(cs_g1_add(a, b), c), cs_g1_add(a, cs_g1_add(b, c))));
    assert_true(cs_g1_eq(cs_g1_add(a, zero), a) && cs_g1_eq(cs_g1_add(zero, a), a));
    assert_true(cs_g1_is_identity(cs_g1_add(a, cs_g1_neg(a))));
    assert_true(cs_g1_eq(cs_g1_add(a, a), cs_g1_double(a)));
    assert_true(cs_g1_is_identity(cs_g1_double(zero)));
    const cs_g1_affine b_affine = cs_g1_to_affine(b);
    assert_true(cs_g1_eq(cs_g1_add_affine(a, b_affine), cs_g1_add(a, b)));
    assert_true(cs_g1_eq(cs_g1_add_affine(b, b_affine), cs_g1_double(b)));
    assert_true(cs_g1_is_identity(cs_g1_add_affine(b, cs_g1_affine_neg(b_affine))));
    assert_true(cs_g1_affine_is_identity(cs_g1_to_affine(zero)));
    assert_true(cs_g1_is_identity(multiply(gens.g[0], CS_FR_ZERO)));
    assert_true(
        cs_g1_is_identity(cs_g1_add(multiply(gens.g[0], cs_fr_neg(CS_FR_ONE)), cs_g1_from_affine(gens.g[0])))); /* order r */
    const cs_fr k = cs_fr_random();
    assert_true(cs_g1_eq(cs_g1_mul_var(gens.g[5], k), multiply(gens.g[5], k)));
}

static void batch_additions(void **state) {
    (void)state;
    cs_g1_affine a[40], b[40], r[40];
    for (size_t k = 0; k < 40; k++) {
        a[k] = gens.g[k];
        b[k] = k % 5 == 0   ? gens.g[k]
               : k % 5 == 1 ? cs_g1_affine_neg(gens.g[k])
               : k % 5 == 2 ? CS_G1_AFFINE_IDENTITY
                            : gens.g[k + 1];
    }
    a[39] = CS_G1_AFFINE_IDENTITY;
    for (size_t n = 0; n <= 40; n += 8) {
        assert_int_equal(cs_g1_vec_add(r, a, b, n), CS_OK);
        for (size_t k = 0; k < n; k++)
            assert_true(cs_g1_eq(cs_g1_from_affine(r[k]), cs_g1_add(cs_g1_from_affine(a[k]), cs_g1_from_affine(b[k]))));
    }
}

static void encodings(void **state) {
    (void)state;
    uint8_t raw[32];
    cs_g1_affine p;
    for (size_t k = 0; k < 40; k++) {
        const cs_g1_affine q = k ? gens.g[k] : CS_G1_AFFINE_IDENTITY;
        cs_g1_encode(raw, q);
        assert_true(cs_g1_decode(&p, raw));
        assert_memory_equal(&p, &q, sizeof p);
    }
    memset(raw, 0xff, 32); /* x beyond p */
    assert_false(cs_g1_decode(&p, raw));
    memset(raw, 0, 32); /* x = 0: y^2 = 3 has no solution */
    raw[31] = 0x40;
    assert_true(cs_g1_decode(&p, raw));
    raw[0] = 1; /* identity with dirt */
    assert_false(cs_g1_decode(&p, raw));
    raw[0] = 0;
    raw[31] = 0xc0;
    assert_false(cs_g1_decode(&p, raw));
    size_t off = 0;
    memset(raw, 0, 32);
    for (int x = 1; x < 60; x++) {
        raw[0] = (uint8_t)x;
        off += !cs_g1_decode(&p, raw);
    }
    assert_true(off > 10 && off < 50); /* about half of all x are on no point */
    uint8_t two[64];
    cs_g1_encode(two, gens.g[0]);
    memset(two + 32, 0xff, 32);
    cs_g1_affine out[2];
    assert_int_equal(cs_g1_vec_decode(out, two, 2), 1);
}

static void multi_scalar(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 3, 7, 31, 64, 130, 300};
    cs_fr *k = cs_calloc(300, sizeof *k);
    cs_g1_affine *p = cs_calloc(300, sizeof *p);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        cs_g1 expected = CS_G1_IDENTITY, out;
        for (size_t j = 0; j < sizes[s]; j++) {
            k[j] = j % 7 == 0   ? CS_FR_ZERO
                   : j % 7 == 1 ? cs_fr_neg(CS_FR_ONE)
                   : j % 7 == 2 ? cs_fr_from_u64(5)
                                : cs_fr_random();
            p[j] = j % 11 == 0   ? CS_G1_AFFINE_IDENTITY
                   : j % 11 < 3  ? gens.g[1]
                   : j % 11 == 4 ? cs_g1_affine_neg(gens.g[1])
                                 : gens.g[j];
            if (j % 13 == 5)
                k[j] = cs_fr_from_u64(5); /* P and -P, and P twice, meet in a bucket */
            expected = cs_g1_add(expected, multiply(p[j], k[j]));
        }
        assert_int_equal(cs_msm_var(&out, k, p, sizes[s]), CS_OK);
        assert_true(cs_g1_eq(out, expected));
    }
    cs_free(k);
    cs_free(p);
}

/* One window at a time: the same few points many times over, against their scalars added up. */
static void multi_scalar_of_many(void **state) {
    (void)state;
    enum { N = 9001, DISTINCT = 250 };
    cs_fr *k = cs_calloc(N, sizeof *k), total[DISTINCT] = {{{0}}};
    cs_g1_affine *p = cs_calloc(N, sizeof *p);
    for (size_t j = 0; j < N; j++) {
        k[j] = cs_fr_random();
        p[j] = gens.g[j % DISTINCT];
        total[j % DISTINCT] = cs_fr_add(total[j % DISTINCT], k[j]);
    }
    cs_g1 out, expected;
    assert_int_equal(cs_msm_var(&out, k, p, N), CS_OK);
    assert_int_equal(cs_msm_var(&expected, total, p, DISTINCT), CS_OK);
    assert_true(cs_g1_eq(out, expected));
    cs_free(k);
    cs_free(p);
}

/* Buckets with more points than are in work at a time, whose parts may be the identity or each other's negatives. */
static void long_buckets(void **state) {
    (void)state;
    enum { N = 10000, DISTINCT = 250 };
    int8_t *k = cs_calloc(N, sizeof *k);
    cs_g1_affine *p = cs_calloc(N, sizeof *p);
    for (int kind = 0; kind < 3; kind++)
        for (size_t n = N; n > 2000; n -= n / 4 + 1) {
            int64_t count[DISTINCT] = {0};
            for (size_t j = 0; j < n; j++) {
                k[j] = (int8_t)(kind == 0 || rand() % 2 ? 1 : -1);
                p[j] = gens.g[kind == 2 ? 0 : j % DISTINCT];
                count[kind == 2 ? 0 : j % DISTINCT] += k[j];
            }
            cs_g1 out, expected;
            assert_int_equal(cs_msm_int_var(&out, CS_INT_I8, k, -1, 1, p, n), CS_OK);
            assert_int_equal(cs_msm_int_var(&expected, CS_INT_I64, count, -N, N, gens.g, DISTINCT), CS_OK);
            assert_true(cs_g1_eq(out, expected));
        }
    cs_free(k);
    cs_free(p);
}

/* Every way to split integers into windows, the ends of their ranges first. */
static void multi_scalar_of_integers(void **state) {
    (void)state;
    enum { N = 700 };
    static const int64_t ranges[][2] = {{0, 1},        {-1, 1},         {0, 0},
                                        {-128, 127},   {0, 255},        {-32768, 32767},
                                        {0, 65535},    {-7, 1 << 20},   {INT32_MIN, INT32_MAX},
                                        {0, 1u << 31}, {-5, INT64_MAX}, {INT64_MIN, INT64_MAX}};
    static const size_t sizes[] = {0, 1, 2, 5, 33, 64, 70, N};
    int64_t *k = cs_calloc(N, sizeof *k);
    cs_fr *same = cs_calloc(N, sizeof *same);
    cs_g1_affine *p = cs_calloc(N, sizeof *p);
    for (size_t q = 0; q < sizeof ranges / sizeof *ranges; q++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            const int64_t min = ranges[q][0], max = ranges[q][1];
            const uint64_t span = (uint64_t)max - (uint64_t)min;
            for (size_t j = 0; j < sizes[s]; j++) {
                const uint64_t x = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
                k[j] = j % 9 == 0 ? min : j % 9 == 1 ? max : (int64_t)((uint64_t)min + (span + 1 ? x % (span + 1) : x));
                same[j] = cs_fr_from_i64(k[j]);
                p[j] = j % 50 == 3 ? CS_G1_AFFINE_IDENTITY : j % 10 == 4 ? gens.g[2] : gens.g[j];
            }
            cs_g1 out, expected = CS_G1_IDENTITY;
            for (size_t j = 0; sizes[s] < 10 && j < sizes[s]; j++)
                expected = cs_g1_add(expected, multiply(p[j], same[j]));
            if (sizes[s] >= 10)
                assert_int_equal(cs_msm_var(&expected, same, p, sizes[s]), CS_OK);
            assert_int_equal(cs_msm_int_var(&out, CS_INT_I64, k, min, max, p, sizes[s]), CS_OK);
            assert_true(cs_g1_eq(out, expected));
        }
    const int8_t small[2] = {3, -4};
    cs_g1 out;
    assert_int_equal(cs_msm_int_var(&out, CS_INT_I8, small, -4, 3, p, 2), CS_OK);
    assert_true(cs_g1_eq(out, cs_g1_add(multiply(p[0], cs_fr_from_i64(3)), multiply(p[1], cs_fr_from_i64(-4)))));
    assert_int_equal(cs_msm_int_var(&out, CS_INT_I8, small, -3, 3, p, 2), CS_ERR_INTERNAL);
    cs_free(k);
    cs_free(same);
    cs_free(p);
}

/* 0, 1, -1, 2, -2, 2^253, 2^252 - 1, then random ones. */
static cs_fr scalar(size_t k) {
    const cs_fr one = CS_FR_ONE, two = cs_fr_add(one, one);
    const cs_fr extremes[] = {
        CS_FR_ZERO, one, cs_fr_neg(one), two, cs_fr_neg(two), cs_fr_pow(two, 253), cs_fr_sub(cs_fr_pow(two, 252), one)};
    return k < sizeof extremes / sizeof *extremes ? extremes[k] : cs_fr_random();
}

static void short_commitments(void **state) {
    (void)state;
    enum { WIDTH = 40 };
    cs_committer *c;
    assert_int_equal(cs_committer_new(&c, WIDTH), CS_OK);
    for (size_t n = 0; n <= WIDTH; n++) {
        cs_fr v[WIDTH];
        const cs_fr s = scalar(n % 11);
        cs_g1 expected = multiply(gens.h, s);
        for (size_t j = 0; j < n; j++) {
            v[j] = scalar((n + j) % 11);
            expected = cs_g1_add(expected, multiply(gens.g[j], v[j]));
        }
        assert_true(cs_g1_eq(cs_commit_short(c, v, n, s), expected));
    }
    const cs_fr zeros[WIDTH] = {{{0}}};
    for (size_t n = 0; n <= WIDTH; n++)
        assert_true(cs_g1_is_identity(cs_commit_short(c, zeros, n, CS_FR_ZERO)));
    cs_committer_free(c);
}

/* What stands outside a span counts as zero. */
static void spans_of_short_commitments(void **state) {
    (void)state;
    enum { WIDTH = 20 };
    cs_committer *c;
    assert_int_equal(cs_committer_new(&c, WIDTH), CS_OK);
    for (size_t first = 0; first < WIDTH; first++)
        for (size_t end = first + 1; end <= WIDTH; end++) {
            cs_fr v[WIDTH], inside[WIDTH] = {{{0}}};
            const cs_fr s = scalar(end % 11);
            cs_span where = {0};
            for (size_t j = 0; j < WIDTH; j++)
                v[j] = scalar((first + j) % 11);
            for (size_t j = end; j-- > first;) {
                inside[j] = v[j];
                cs_span_cover(&where, j);
            }
            assert_true(where.first == first && where.end == end);
            assert_true(cs_g1_eq(cs_commit_span(c, v, where, s), cs_commit_short(c, inside, WIDTH, s)));
        }
    assert_true(cs_g1_eq(cs_commit_span(c, NULL, (cs_span){0}, CS_FR_ONE), multiply(gens.h, CS_FR_ONE)));
    cs_committer_free(c);
}

/* Bases that are equal, or each other's negatives: sums are full of doublings, inverses and identities. */
static void short_commitments_of_related_bases(void **state) {
    (void)state;
    enum { N = 5, EACH = CS_COMMITTER_WINDOWS * CS_COMMITTER_ENTRIES };
    for (int negative = 0; negative < 2; negative++) {
        cs_committer *c;
        assert_int_equal(cs_committer_new(&c, N), CS_OK);
        cs_g1 offset = cs_g1_from_affine(c->offset[0]);
        for (size_t j = 1; j <= N; j++) {
            const bool minus = negative && j % 2;
            for (size_t k = 0; k < EACH; k++)
                c->tables[j * EACH + k] = minus ? cs_g1_affine_neg(c->tables[k]) : c->tables[k];
            offset = cs_g1_add_affine(offset, minus ? cs_g1_affine_neg(c->offset[0]) : c->offset[0]);
            c->offset[j] = cs_g1_to_affine(offset);
        }
        for (size_t k = 0; k < 9; k++)
            for (size_t n = 0; n <= N; n++) {
                const cs_fr s = scalar(k), v[N] = {s, s, k % 2 ? scalar(k + 1) : s, s, cs_fr_neg(s)};
                cs_fr total = s;
                for (size_t j = 0; j < n; j++)
                    total = negative && j % 2 == 0 ? cs_fr_sub(total, v[j]) : cs_fr_add(total, v[j]);
                assert_true(cs_g1_eq(cs_commit_short(c, v, n, s), multiply(gens.h, total)));
            }
        cs_committer_free(c);
    }
}

static void check_rows(size_t n_rows, size_t columns, const int64_t (*ranges)[2], size_t n_ranges) {
    int64_t *data = cs_calloc(n_rows * columns, sizeof *data);
    cs_int_row *rows = cs_calloc(n_rows, sizeof *rows);
    cs_fr *s = cs_calloc(n_rows, sizeof *s);
    cs_g1_affine *out = cs_calloc(n_rows, sizeof *out);
    for (size_t r = 0; r < n_rows; r++) {
        const int64_t *range = ranges[r % n_ranges];
        const uint64_t span = (uint64_t)range[1] - (uint64_t)range[0];
        for (size_t j = 0; j < columns; j++) {
            const uint64_t x = (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
            data[r * columns + j] = j == 0   ? range[0]
                                    : j == 1 ? range[1]
                                             : (int64_t)((uint64_t)range[0] + (span + 1 ? x % (span + 1) : x));
        }
        rows[r] = (cs_int_row){.type = CS_INT_I64,
                               .data = data + r * columns,
                               .n = r % 3 == 2 ? columns - columns / 3 : columns,
                               .min = range[0],
                               .max = range[1]};
        s[r] = cs_fr_random();
    }
    assert_int_equal(cs_commit_rows(out, rows, n_rows, s), CS_OK);
    for (size_t r = 0; r < n_rows; r++) {
        cs_g1 expected = multiply(gens.h, s[r]);
        for (size_t j = 0; j < rows[r].n; j++)
            expected = cs_g1_add(expected, multiply(gens.g[j], cs_fr_from_i64(data[r * columns + j])));
        assert_true(cs_g1_eq(expected, cs_g1_from_affine(out[r])));
    }
    cs_free(data);
    cs_free(rows);
    cs_free(s);
    cs_free(out);
}

static void row_commitments(void **state) {
    (void)state;
    static const int64_t ranges[][2] = {
        {0, 1}, {0, 255},    {-32768, 32767},         {0, 1 << 22}, {-((int64_t)1 << 40), (int64_t)1 << 40},
        {5, 5}, {-128, 127}, {-INT64_MAX, INT64_MAX}, {1, 2},       {-1, 0}};
    const size_t n = sizeof ranges / sizeof *ranges;
    for (size_t k = 0; k < n; k++)
        check_rows(1, 11, ranges + k, 1);
    check_rows(2 * n, 37, ranges, n);
    check_rows(40, 9, ranges, 3);
    check_rows(3, 1, ranges, 1);
}

static void rows_of_many_lengths(void **state) {
    (void)state;
    static const int64_t small[][2] = {{-100, 100}, {0, 1}};
    for (size_t columns = 1; columns <= 70; columns += 3)
        check_rows(2, columns, small, 2);
    check_rows(200, 12, small, 2);
    check_rows(2, 1100, small, 2); /* more tables than one group holds */
    static const int64_t wide[][2] = {{0, 1023}, {-32768, 32767}, {0, 1}};
    check_rows(6, 300, wide, 3); /* so few rows are added up by buckets */
}

static void rows_of_field_elements_and_ranges(void **state) {
    (void)state;
    cs_fr v[9], s[2] = {cs_fr_random(), cs_fr_random()};
    int8_t x[4] = {1, 2, 3, 9};
    for (int k = 0; k < 9; k++)
        v[k] = cs_fr_random();
    const cs_int_row rows[2] = {{.type = CS_INT_FR, .data = v, .n = 9}, {.type = CS_INT_I8, .data = x, .n = 4, .max = 9}};
    cs_g1_affine out[2];
    assert_int_equal(cs_commit_rows(out, rows, 2, s), CS_OK);
    cs_g1 expected = multiply(gens.h, s[0]);
    for (size_t j = 0; j < 9; j++)
        expected = cs_g1_add(expected, multiply(gens.g[j], v[j]));
    assert_true(cs_g1_eq(expected, cs_g1_from_affine(out[0])));
    const cs_int_row outside = {.type = CS_INT_I8, .data = x, .n = 4, .max = 8};
    assert_int_equal(cs_commit_rows(out, &outside, 1, s), CS_ERR_INTERNAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generators),
        cmocka_unit_test(generators_are_the_first_points),
        cmocka_unit_test(group_laws),
        cmocka_unit_test(batch_additions),
        cmocka_unit_test(encodings),
        cmocka_unit_test(multi_scalar),
        cmocka_unit_test(multi_scalar_of_many),
        cmocka_unit_test(multi_scalar_of_integers),
        cmocka_unit_test(long_buckets),
        cmocka_unit_test(short_commitments),
        cmocka_unit_test(spans_of_short_commitments),
        cmocka_unit_test(short_commitments_of_related_bases),
        cmocka_unit_test(row_commitments),
        cmocka_unit_test(rows_of_many_lengths),
        cmocka_unit_test(rows_of_field_elements_and_ranges),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
