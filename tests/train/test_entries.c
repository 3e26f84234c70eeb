/* Sums of gradients in few bytes: how they travel, and that a number that does not fit is noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/memory.h"
#include "train/entries.h"
#include "train/stream.h"

enum { FULL = 5, RANKS = 3, MOST = 300 };

static const uint8_t SEED[32] = {9};

static int64_t below(cs_stream *random, int64_t limit) {
    return (int64_t)(cs_stream_below(random, (uint64_t)(2 * limit - 1))) - (limit - 1);
}

/* As if `values` had been loaded, of whatever size they are. */
static void look(cs_entries *e) {
    e->gist = (cs_entries_gist){0};
    if (e->factors != NULL)
        e->gather(&e->gist, e->values, e->factors, e->n);
}

/* The next vector is as wide as numbers up to `largest` make it. */
static void choose(cs_entries *e, int64_t largest) {
    memset(e->values, 0, e->n * sizeof *e->values);
    e->values[e->n / 2] = (uint64_t)-largest;
    look(e);
    cs_entries_next(e);
}

static void widths(void **state) {
    (void)state;
    static const struct {
        int64_t largest;
        size_t width;
    } cases[] = {{0, 1},        {32, 1},      {64, 1},      {65, 2},          {16384, 2},
                 {16385, 3},    {1 << 22, 3}, {1 << 23, 4}, {(1LL << 30), 4}, {(1LL << 30) + 1, 5},
                 {INT64_MAX, 5}};
    cs_entries e;
    assert_int_equal(cs_entries_new(&e, 70, FULL, true), CS_OK);
    assert_int_equal(e.width, FULL);
    assert_int_equal(cs_entries_count(&e), 70);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        choose(&e, cases[k].largest);
        assert_int_equal(e.width, cases[k].width);
        assert_int_equal(cs_entries_count(&e), e.width == FULL ? 70 : 128 + (8 + e.width - 1) / e.width);
        assert_true(cs_entries_count(&e) * e.width <= cs_entries_room(&e));
    }
    cs_entries_free(&e);
    assert_int_equal(cs_entries_new(&e, 70, FULL, false), CS_OK);
    choose(&e, 0);
    assert_int_equal(e.width, FULL);
    cs_entries_free(&e);
    assert_int_equal(cs_memory_live(), 0);
}

/* The sum of RANKS vectors, one of which is added part by part. values[rank][n]. */
static bool sum_fits(cs_entries *e, int64_t (*values)[MOST], size_t width) {
    uint8_t bytes[8 * MOST + 1024];
    cs_entries own[RANKS];
    const size_t count = (e->width = width, cs_entries_count(e));
    assert_true(cs_entries_room(e) <= sizeof bytes);
    for (size_t i = 0; i < RANKS; i++) {
        assert_int_equal(cs_entries_new(&own[i], e->n, FULL, true), CS_OK);
        own[i].width = width;
        memcpy(own[i].values, values[i], e->n * sizeof **values);
        cs_entries_seal(&own[i]);
    }
    cs_entries_store(&own[1], 0, count, bytes);
    cs_entries_add(&own[0], 0, count, bytes);
    for (size_t first = 0; first < count; first += 64) {
        const size_t part = count - first < 64 ? count - first : 64;
        memset(bytes, 0xee, sizeof bytes);
        cs_entries_store(&own[2], first, part, bytes);
        assert_int_equal(bytes[part * width], 0xee);
        cs_entries_add(&own[0], first, part, bytes);
    }
    memset(bytes, 0xee, sizeof bytes);
    cs_entries_store(&own[0], 0, count, bytes);
    cs_entries_load(e, bytes);
    for (size_t i = 0; i < RANKS; i++)
        cs_entries_free(&own[i]);
    return cs_entries_fit(e);
}

static void sums(void **state) {
    (void)state;
    cs_stream random;
    cs_stream_init(&random, SEED, CS_STREAM_DRAWS, 0);
    for (size_t n = 1; n <= MOST; n = n < 70 ? n + 1 : n + 57)
        for (size_t width = 1; width <= FULL; width++) {
            int64_t values[RANKS][MOST];
            cs_entries e;
            assert_int_equal(cs_entries_new(&e, n, FULL, true), CS_OK);
            for (size_t k = 0; k < RANKS * MOST; k++)
                values[k / MOST][k % MOST] = below(&random, ((int64_t)1 << (8 * width - 1)) / RANKS);
            assert_true(sum_fits(&e, values, width));
            for (size_t k = 0; k < n; k++)
                assert_int_equal(e.values[k], values[0][k] + values[1][k] + values[2][k]);
            cs_entries_free(&e);
        }
}

/* One, or two by opposite amounts, anywhere. */
static void too_large(void **state) {
    (void)state;
    cs_stream random;
    cs_stream_init(&random, SEED, CS_STREAM_DRAWS, 1);
    for (size_t k = 0; k < 2000; k++) {
        int64_t values[RANKS][MOST] = {0};
        const size_t width = 1 + k % (FULL - 1), n = 2 + k % (MOST - 2);
        const int64_t beyond = (int64_t)1 << (8 * width - 1);
        const size_t at = cs_stream_below(&random, n), other = cs_stream_below(&random, n);
        cs_entries e;
        assert_int_equal(cs_entries_new(&e, n, FULL, true), CS_OK);
        values[0][at] = beyond - 1;
        values[2][at] = 1 + below(&random, 100) * below(&random, 2);
        if (k % 2 == 0 && other != at)
            values[1][other] = -beyond - 1;
        const int64_t sum = values[0][at] + values[2][at];
        const bool fits = sum < beyond && values[1][other] == 0;
        assert_int_equal(sum_fits(&e, values, width), fits);
        assert_int_equal(e.width, fits ? width : FULL);
        cs_entries_free(&e);
    }
}

/* Whoever makes all of them fail gets few of them. */
static void misses(void **state) {
    (void)state;
    cs_entries e;
    size_t narrow = 0;
    assert_int_equal(cs_entries_new(&e, 10, FULL, true), CS_OK);
    for (size_t k = 0; k < 6400; k++) {
        choose(&e, 100);
        memset(e.values, 0, 10 * sizeof *e.values);
        e.check = 1;
        look(&e);
        const bool full = e.width == FULL;
        narrow += !full;
        assert_int_equal(cs_entries_fit(&e), full);
        assert_int_equal(e.width, FULL);
    }
    assert_true(narrow >= 100 && narrow <= 108);
    for (size_t k = 0; k < 600; k++)
        choose(&e, 100);
    assert_true(e.width < FULL);
    cs_entries_free(&e);
    assert_int_equal(cs_memory_live(), 0);
}

/* As defined, for numbers of 64 bits and of a few, over several pieces. */
static void numbers_together(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 3, 4, 7, 300, 2048, 2049, 5000};
    cs_stream random;
    cs_stream_init(&random, SEED, CS_STREAM_DRAWS, 3);
    for (size_t c = 0; c < sizeof lengths / sizeof *lengths; c++)
        for (unsigned shift = 0; shift < 64; shift += 21) {
            cs_entries e;
            cs_entries_gist gist = {0};
            const size_t n = lengths[c];
            uint8_t *bytes = CS_NEW(uint8_t, 8 * n);
            assert_int_equal(cs_entries_new(&e, n, 8, true), CS_OK);
            for (size_t k = 0; k < n; k++) {
                e.values[k] = (uint64_t)((int64_t)cs_stream_u64(&random) >> shift);
                gist.check += e.factors[k] * e.values[k];
                gist.used |= (int64_t)e.values[k] < 0 ? ~e.values[k] : e.values[k];
            }
            cs_entries_store(&e, 0, n, bytes);
            memset(e.values, 0, n * sizeof *e.values);
            cs_entries_load(&e, bytes);
            assert_true(e.gist.check == gist.check && e.gist.used == gist.used);
            cs_free(bytes);
            cs_entries_free(&e);
        }
    assert_int_equal(cs_memory_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(widths), cmocka_unit_test(sums), cmocka_unit_test(too_large),
                                       cmocka_unit_test(misses), cmocka_unit_test(numbers_together)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
