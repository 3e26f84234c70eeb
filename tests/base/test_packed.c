/* Packed integers of every width: kernels against plain arithmetic, and nothing outside the vectors touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/packed.h"

enum { MOST = 70, GUARD = 0x5a };

static uint64_t state_of_random = 1;

static uint64_t next_random(void) {
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return state_of_random ^ state_of_random >> 29;
}

static uint64_t entry(const uint8_t *packed, size_t k, size_t width, int64_t *signed_value) {
    uint64_t v = 0;
    for (size_t b = 0; b < width; b++)
        v |= (uint64_t)packed[width * k + b] << (8 * b);
    *signed_value = (int64_t)(v << (64 - 8 * width)) >> (64 - 8 * width);
    return v;
}

/* The vectors end where their allocations end, which the address sanitizer watches. */
static void check(const cs_packed_kernel *kernel, size_t n, size_t width) {
    uint8_t *packed = CS_NEW(uint8_t, n * width + 1), *again = CS_NEW(uint8_t, n * width + 1);
    uint64_t *values = CS_NEW(uint64_t, n + 1), before[MOST];
    uint8_t *exact = packed + 1; /* aligned to nothing */
    const uint64_t mask = UINT64_MAX >> (64 - 8 * width);
    for (size_t k = 0; k < n * width; k++)
        exact[k] = (uint8_t)next_random();
    for (int negative = 0; negative < 2; negative++) {
        for (size_t k = 0; k < n; k++)
            values[k] = before[k] = next_random();
        values[n] = GUARD;
        kernel->add(values, exact, n, width, negative);
        for (size_t k = 0; k < n; k++) {
            int64_t ignored;
            const uint64_t v = entry(exact, k, width, &ignored);
            assert_true(((values[k] ^ (negative ? before[k] - v : before[k] + v)) & mask) == 0);
        }
        assert_true(values[n] == GUARD);
    }
    kernel->load(values, exact, n, width);
    for (size_t k = 0; k < n; k++) {
        int64_t expected;
        (void)entry(exact, k, width, &expected);
        assert_true((int64_t)values[k] == expected);
        values[k] ^= ~mask & next_random(); /* what does not fit is dropped */
    }
    assert_true(values[n] == GUARD);
    again[n * width] = GUARD;
    kernel->store(again, values, n, width);
    assert_memory_equal(again, exact, n * width);
    assert_int_equal(again[n * width], GUARD);
    cs_free(packed);
    cs_free(again);
    cs_free(values);
}

/* What lies in the slack is noise. */
static void check_narrow(const cs_packed_kernel *kernel, size_t n, size_t width) {
    const size_t size = n * width + CS_PACKED_SLACK;
    uint8_t *packed = CS_NEW(uint8_t, size + 1), *exact = packed + 1;
    uint32_t *values = CS_NEW(uint32_t, n + 1), before[MOST];
    const uint32_t mask = UINT32_MAX >> (32 - 8 * width);
    for (size_t k = 0; k < size; k++)
        exact[k] = (uint8_t)next_random();
    for (int negative = 0; negative < 2; negative++) {
        for (size_t k = 0; k < n; k++)
            values[k] = before[k] = (uint32_t)next_random();
        values[n] = GUARD;
        kernel->add_narrow(values, exact, n, width, negative);
        for (size_t k = 0; k < n; k++) {
            int64_t ignored;
            const uint32_t v = (uint32_t)entry(exact, k, width, &ignored);
            assert_true(((values[k] ^ (negative ? before[k] - v : before[k] + v)) & mask) == 0);
        }
        assert_true(values[n] == GUARD);
    }
    cs_free(packed);
    cs_free(values);
}

static void kernels_are_right(void **state) {
    (void)state;
    for (size_t k = 0; cs_packed_kernel_at(k) != NULL; k++)
        for (size_t width = 1; width <= 8; width++)
            for (size_t n = 0; n <= MOST; n++) {
                check(cs_packed_kernel_at(k), n, width);
                if (width <= sizeof(uint32_t))
                    check_narrow(cs_packed_kernel_at(k), n, width);
            }
    assert_non_null(cs_packed_best());
    assert_int_equal(cs_memory_live(), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(kernels_are_right)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
