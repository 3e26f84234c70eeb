/* Decimal numbers and the map from numbers to integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/affine.h"
#include "data/number.h"

static locale_t c_locale;

static int make_locale(void **state) {
    (void)state;
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return c_locale == (locale_t)0;
}

static int free_locale(void **state) {
    (void)state;
    freelocale(c_locale);
    return 0;
}

static void assert_like_strtod(const char *text) {
    double got = -7;
    const double expected = strtod(text, NULL);
    if (!cs_number_parse(&got, text, strlen(text), c_locale))
        fail_msg("\"%s\" was refused", text);
    if (memcmp(&got, &expected, sizeof got) != 0)
        fail_msg("\"%s\": got %a, expected %a", text, got, expected);
}

static void numbers_are_the_nearest_doubles(void **state) {
    (void)state;
    const char *texts[] = {"0",
                           "-0",
                           "000",
                           "1.",
                           ".5",
                           "+.5e+1",
                           "0.1",
                           "123456789012345",
                           "1234567890123456",
                           "0.000000000000000000000001",
                           "1e22",
                           "1e23",
                           "9007199254740993",
                           "9007199254740992.99999999999999999999",
                           "1e-22",
                           "1e-23",
                           "123456789012345e22",
                           "4.9e-324",
                           "2.4703282292062327e-324",
                           "1.7976931348623157e308",
                           "1e999",
                           "-1e99999999999999999999",
                           "1e-99999999999999999999",
                           "0e99999",
                           "0.00000000000000000000000000000000000000000000000000012e50"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        assert_like_strtod(texts[k]);
}

static void random_numbers_agree_with_strtod(void **state) {
    (void)state;
    uint64_t x = 88172645463325252u;
    for (int k = 0; k < 100000; k++) {
        char text[64];
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        const int digits = (int)(x % 18), exponent = (int)(x >> 32) % 40 - 20;
        snprintf(text, sizeof text, "%.*e", digits, (double)(x >> 11) * pow(10, exponent));
        assert_like_strtod(text);
        snprintf(text, sizeof text, "-%.*f", digits, (double)(x >> 40) / 1000);
        assert_like_strtod(text);
    }
}

static void other_text_is_refused(void **state) {
    (void)state;
    const char *texts[] = {"",    ".",   "+",    "-",        "e5",   "1e",  "1e+", "1e-",  "--1", "+-1",   "1.2.3",
                           "1,5", "1 ",  " 1",   "0x1",      "1p3",  "inf", "nan", "1_0",  "1f",  "1e5.0", "-.",
                           ".e1", "1..", "1ee1", "INFINITY", "1e 5", "\t1", "1\n", "1e5 ", "٣"};
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        double got = 42;
        if (cs_number_parse(&got, texts[k], strlen(texts[k]), c_locale))
            fail_msg("\"%s\" was taken for a number", texts[k]);
        assert_true(got == 42);
    }
    char digits[CS_NUMBER_MAX_LENGTH + 2];
    double got;
    memset(digits, '1', sizeof digits);
    assert_true(cs_number_parse(&got, digits, CS_NUMBER_MAX_LENGTH, c_locale));
    assert_false(cs_number_parse(&got, digits, CS_NUMBER_MAX_LENGTH + 1, c_locale));
}

static void rounds_to_nearest_ties_away_from_zero(void **state) {
    (void)state;
    const cs_affine map = {.min = -100, .max = 100, .offset = 1, .multiplier = 1};
    static const struct {
        double value;
        int32_t expected;
    } cases[] = {{1, 0},
                 {1.5, 1},
                 {0.5, -1},
                 {2.5, 2},
                 {3.5, 3},
                 {-1.5, -3},
                 {1.4999999999999998, 0},
                 {0.5000000000000001, 0},
                 {101, 100},
                 {-99.5, -101}};
    assert_int_equal(cs_affine_check(&map), CS_OK);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        assert_int_equal(cs_affine_apply(&map, cases[k].value), cases[k].expected);
    const cs_affine half = {.max = 1, .multiplier = 1};
    assert_int_equal(cs_affine_apply(&half, nextafter(0.5, 0)), 0);
}

static void random_values_round_like_the_library_function(void **state) {
    (void)state;
    const cs_affine map = {.min = -1e6, .max = 1e6, .offset = 0.3, .multiplier = 1000.0 / 3};
    uint64_t x = 88172645463325252u;
    assert_int_equal(cs_affine_check(&map), CS_OK);
    for (int k = 0; k < 100000; k++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        const double v = ((double)(x >> 11) / 0x1p52 - 1) * (k % 2 ? 1e6 : 1);
        assert_int_equal(cs_affine_apply(&map, v), lround((v - map.offset) * map.multiplier));
    }
}

static void scales_fill_their_range(void **state) {
    (void)state;
    const cs_affine digits = {.max = 16, .multiplier = 16}, extreme = {.min = INT32_MIN, .max = INT32_MAX, .multiplier = 1};
    assert_int_equal(cs_affine_apply(&digits, 16), 256);
    assert_int_equal(cs_affine_check(&extreme), CS_OK);
    assert_int_equal(cs_affine_apply(&extreme, INT32_MIN), INT32_MIN);
    assert_int_equal(cs_affine_apply(&extreme, INT32_MAX), INT32_MAX);
}

static void unusable_maps_are_refused(void **state) {
    (void)state;
    const double nan_value = (double)NAN, inf = (double)INFINITY;
    const cs_affine maps[] = {{nan_value, 1, 0, 1},
                              {0, nan_value, 0, 1},
                              {0, 1, nan_value, 1},
                              {0, 1, 0, nan_value},
                              {-inf, 1, 0, 1},
                              {0, inf, 0, 1},
                              {0, 1, inf, 1},
                              {0, 1, 0, inf},
                              {1, 0, 0, 1},
                              {0, 1, 0, 0},
                              {0, 1, 0, -1},
                              {0, INT32_MAX + 1.0, 0, 1},
                              {INT32_MIN - 1.0, 0, 0, 1.0},
                              {0, INT32_MAX + 0.5, 0, 1},
                              {0, 1, 0, 1e300},
                              {-1e308, 1e308, 1e308, 10}};
    for (size_t k = 0; k < sizeof maps / sizeof *maps; k++)
        assert_int_equal(cs_affine_check(&maps[k]), CS_ERR_INPUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_are_the_nearest_doubles),
                                       cmocka_unit_test(random_numbers_agree_with_strtod),
                                       cmocka_unit_test(other_text_is_refused),
                                       cmocka_unit_test(rounds_to_nearest_ties_away_from_zero),
                                       cmocka_unit_test(random_values_round_like_the_library_function),
                                       cmocka_unit_test(scales_fill_their_range),
                                       cmocka_unit_test(unusable_maps_are_refused)};
    return cmocka_run_group_tests(tests, make_locale, free_locale);
}
