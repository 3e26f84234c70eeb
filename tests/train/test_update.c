/* What a step does to parameters: every kernel against plain arithmetic, at and beyond the bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "train/update.h"

enum { MOST_N = 37 };

static const cs_update how = {.rate = 1000003, .most = (int64_t)1 << 38, .bound = ((int64_t)1 << 61) - 1};

static uint64_t state_of_random = 5;

static int64_t random_in(int64_t most) {
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (int64_t)((state_of_random >> 1) % (2 * (uint64_t)most + 1)) - most;
}

static void fill(int64_t *w, uint64_t *sum) {
    for (size_t k = 0; k < MOST_N; k++) {
        w[k] = random_in((int64_t)1 << 60);
        sum[k] = (uint64_t)random_in(how.most);
    }
}

static void updates_are_right(void **state) {
    (void)state;
    for (size_t i = 0; cs_update_kernel_at(i) != NULL; i++)
        for (size_t n = 0; n < MOST_N; n++) {
            int64_t w[MOST_N], before[MOST_N];
            uint64_t sum[MOST_N];
            fill(w, sum);
            for (size_t k = 0; k < MOST_N; k++)
                before[k] = w[k];
            assert_true(cs_update_kernel_at(i)->apply(w, sum, n, &how));
            for (size_t k = 0; k < MOST_N; k++)
                assert_true(w[k] == (k < n ? before[k] - how.rate * (int64_t)sum[k] : before[k]));
        }
}

/* One entry at a bound, or beyond it by one, at every place. */
static void bounds_are_held(void **state) {
    (void)state;
    for (size_t i = 0; cs_update_kernel_at(i) != NULL; i++)
        for (size_t k = 0; k < MOST_N; k++)
            for (int64_t sign = -1; sign <= 1; sign += 2)
                for (int64_t beyond = 0; beyond <= 1; beyond++) {
                    const cs_update_kernel *kernel = cs_update_kernel_at(i);
                    int64_t w[MOST_N];
                    uint64_t sum[MOST_N];
                    fill(w, sum);
                    w[k] = 0;
                    sum[k] = (uint64_t)(sign * (how.most + beyond));
                    assert_int_equal(kernel->apply(w, sum, MOST_N, &how), !beyond);
                    fill(w, sum);
                    w[k] = sign * (how.bound + beyond) + how.rate * (int64_t)sum[k];
                    assert_int_equal(kernel->apply(w, sum, MOST_N, &how), !beyond);
                }
}

/* Sums of 64 random bits are found, whatever wraps. */
static void noise_is_found(void **state) {
    (void)state;
    static const uint64_t noise[] = {(uint64_t)1 << 63, UINT64_MAX >> 1, ((uint64_t)1 << 63) + 1, (uint64_t)1 << 62};
    for (size_t i = 0; cs_update_kernel_at(i) != NULL; i++)
        for (size_t k = 0; k < sizeof noise / sizeof noise[0]; k++) {
            int64_t w[MOST_N];
            uint64_t sum[MOST_N];
            fill(w, sum);
            sum[7 * k] = noise[k];
            assert_false(cs_update_kernel_at(i)->apply(w, sum, MOST_N, &how));
        }
}

static void narrow_weights_keep_their_low_bits(void **state) {
    (void)state;
    for (size_t i = 0; cs_update_kernel_at(i) != NULL; i++)
        for (size_t n = 0; n < MOST_N; n++)
            for (unsigned bits = 1; bits < 62; bits++) {
                int64_t w[MOST_N], largest = 0;
                int32_t low[MOST_N] = {0};
                for (size_t k = 0; k < MOST_N; k++)
                    w[k] = random_in((int64_t)1 << bits);
                for (size_t k = 0; k < n; k++) {
                    const int64_t size = w[k] < 0 ? -w[k] : w[k];
                    largest = size > largest ? size : largest;
                }
                assert_true(cs_update_kernel_at(i)->narrow(low, w, n) == largest);
                for (size_t k = 0; k < MOST_N; k++)
                    assert_int_equal(low[k], k < n ? (int32_t)(uint32_t)w[k] : 0);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_are_right),
        cmocka_unit_test(bounds_are_held),
        cmocka_unit_test(noise_is_found),
        cmocka_unit_test(narrow_weights_keep_their_low_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
