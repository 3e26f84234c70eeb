/* Work that is divided by what else a rank has to do and by its speed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "comm/shares.h"

enum { MOST = 64, NORMAL = CS_SPEED_NORMAL };

static uint32_t shares[MOST];

static uint64_t sum_of(size_t n) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += shares[i];
    return sum;
}

/* When the last rank is done. */
static double end_of(const uint64_t *own, const uint32_t *speed, size_t n, uint64_t divisible) {
    double end = 0;
    for (size_t i = 0; i < n; i++) {
        const double time = ((double)own[i] + (double)divisible * shares[i] / CS_SHARES_WHOLE) * NORMAL / speed[i];
        end = time > end ? time : end;
    }
    return end;
}

static void equal_ranks_get_equal_shares(void **state) {
    (void)state;
    static const uint64_t divisible[] = {0, 1, 1000000, 1000000007, (uint64_t)1 << 61};
    uint64_t own[MOST];
    uint32_t speed[MOST];
    for (size_t n = 1; n <= MOST; n++)
        for (size_t d = 0; d < sizeof divisible / sizeof *divisible; d++) {
            for (size_t i = 0; i < n; i++) {
                own[i] = 123456789;
                speed[i] = NORMAL;
            }
            cs_shares_balance(shares, own, speed, n, divisible[d]);
            assert_int_equal(sum_of(n), CS_SHARES_WHOLE);
            for (size_t i = 0; i < n && divisible[d] != 1; i++)
                assert_in_range(shares[i], CS_SHARES_WHOLE / n - 1, CS_SHARES_WHOLE / n + MOST);
        }
}

static void more_work_gets_a_smaller_share(void **state) {
    (void)state;
    const uint64_t own[] = {4000000, 2000000, 1000000, 1000000};
    const uint32_t speed[] = {NORMAL, NORMAL, NORMAL, NORMAL};
    /* all get as long: 4 + x0 = 2 + x1 = 1 + x2 = (8 + 8) / 4 */
    cs_shares_balance(shares, own, speed, 4, 8000000);
    assert_int_equal(sum_of(4), CS_SHARES_WHOLE);
    assert_in_range(shares[0], 0, 2);
    assert_in_range(shares[1], CS_SHARES_WHOLE / 4 - 2, CS_SHARES_WHOLE / 4 + 2);
    assert_in_range(shares[2], CS_SHARES_WHOLE * 3 / 8 - 2, CS_SHARES_WHOLE * 3 / 8 + 2);
    /* too little to make up for it: nothing for the first, at most two equal shares for anybody */
    cs_shares_balance(shares, own, speed, 4, 1000000);
    assert_int_equal(sum_of(4), CS_SHARES_WHOLE);
    assert_int_equal(shares[0], 0);
    assert_int_equal(shares[1], 0);
    assert_in_range(shares[2], CS_SHARES_WHOLE / 2 - 1, CS_SHARES_WHOLE / 2);
}

static void slow_ranks_get_smaller_shares(void **state) {
    (void)state;
    const uint64_t own[] = {1000000, 1000000, 1000000};
    const uint32_t speed[] = {NORMAL, NORMAL / 2, NORMAL};
    cs_shares_balance(shares, own, speed, 3, 6000000); /* until 3.6: 2.6 + 0.8 + 2.6 */
    assert_int_equal(sum_of(3), CS_SHARES_WHOLE);
    assert_in_range(shares[1], CS_SHARES_WHOLE * 8 / 60 - 3, CS_SHARES_WHOLE * 8 / 60 + 3);
    assert_in_range(shares[0], CS_SHARES_WHOLE * 26 / 60 - 3, CS_SHARES_WHOLE * 26 / 60 + 3);
}

static uint64_t next(uint64_t *x) {
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return *x >> 33;
}

/* Whatever the figures: shares add up, nobody has more than two equal ones, and equal ones would not be done earlier. */
static void no_division_is_worse_than_an_equal_one(void **state) {
    (void)state;
    uint64_t x = 7, own[MOST];
    uint32_t speed[MOST];
    for (int round = 0; round < 2000; round++) {
        const size_t n = 1 + next(&x) % 9;
        const uint64_t divisible = 1 + (next(&x) << next(&x) % 30);
        for (size_t i = 0; i < n; i++) {
            own[i] = next(&x) << next(&x) % 30;
            speed[i] = 1 + (uint32_t)(next(&x) >> next(&x) % 31) % (1 << 16);
        }
        cs_shares_balance(shares, own, speed, n, divisible);
        assert_int_equal(sum_of(n), CS_SHARES_WHOLE);
        for (size_t i = 0; i < n; i++)
            assert_true(shares[i] <= (n < 2 ? CS_SHARES_WHOLE : 2 * CS_SHARES_WHOLE / n));
        const double balanced = end_of(own, speed, n, divisible);
        for (size_t i = 0; i < n; i++)
            shares[i] = (uint32_t)(CS_SHARES_WHOLE / n);
        /* a share is a whole number: one of them, at the slowest speed, is what may be lost */
        assert_true(balanced <=
                    end_of(own, speed, n, divisible) * (1 + 1e-9) + (double)divisible * NORMAL / CS_SHARES_WHOLE + NORMAL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_ranks_get_equal_shares),
        cmocka_unit_test(more_work_gets_a_smaller_share),
        cmocka_unit_test(slow_ranks_get_smaller_shares),
        cmocka_unit_test(no_division_is_worse_than_an_equal_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
