/* Big blocks: zeroed, apart from each other, kept and used again, and never more of them than were used at one time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/pages.h"

enum { MIB = 1 << 20, HELD = 12 };

static void fill(uint8_t *block, size_t bytes, int value) {
    for (size_t k = 0; k < bytes; k++)
        assert_int_equal(block[k], 0);
    memset(block, value, bytes);
}

static void clear_and_give(uint8_t *block, size_t bytes, int value) {
    for (size_t k = 0; k < bytes; k++)
        assert_int_equal(block[k], value);
    memset(block, 0, bytes);
    cs_pages_give(block, bytes);
}

/* Takes and gives blocks of many sizes in an order without pattern. */
static void *churn(void *argument) {
    uint8_t *held[HELD] = {0};
    size_t sizes[HELD];
    unsigned random = *(const unsigned *)argument;
    for (int round = 0; round < 600; round++) {
        random = random * 1103515245 + 12345;
        const unsigned k = (random >> 16) % HELD;
        if (held[k])
            clear_and_give(held[k], sizes[k], (int)k + 1);
        random = random * 1103515245 + 12345;
        sizes[k] = 1 + ((size_t)random >> 8) % ((size_t)1 << (10 + random % 10));
        held[k] = cs_pages_take(sizes[k]);
        assert_non_null(held[k]);
        assert_int_equal((uintptr_t)held[k] % 4096, 0);
        fill(held[k], sizes[k], (int)k + 1);
    }
    for (unsigned k = 0; k < HELD; k++)
        if (held[k])
            clear_and_give(held[k], sizes[k], (int)k + 1);
    return NULL;
}

static void blocks_are_zeroed_and_apart(void **state) {
    (void)state;
    unsigned seeds[3] = {1, 2, 3};
    pthread_t threads[2];
    for (int k = 0; k < 2; k++)
        assert_int_equal(pthread_create(&threads[k], NULL, churn, &seeds[k]), 0);
    churn(&seeds[2]);
    for (int k = 0; k < 2; k++)
        assert_int_equal(pthread_join(threads[k], NULL), 0);
}

static long faults(void) {
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_minflt;
}

static uint8_t *take_filled(size_t bytes) {
    uint8_t *block = cs_pages_take(bytes);
    assert_non_null(block);
    memset(block, 1, bytes);
    return block;
}

static void give_cleared(uint8_t *block, size_t bytes) {
    memset(block, 0, bytes);
    cs_pages_give(block, bytes);
}

/* 64 MiB are 16384 faults if they are new. */
static void kept_pages_are_used_again(void **state) {
    (void)state;
    uint8_t *a = take_filled(32 * MIB), *b = take_filled(32 * MIB);
    give_cleared(a, 32 * MIB);
    give_cleared(b, 32 * MIB);
    const long before = faults();
    a = take_filled(32 * MIB);
    b = take_filled(16 * MIB); /* a piece of the other */
    uint8_t *c = take_filled(16 * MIB);
    give_cleared(a, 32 * MIB);
    give_cleared(b, 16 * MIB);
    give_cleared(c, 16 * MIB);
    a = take_filled(64 * MIB); /* all of them together, where the system mapped them side by side */
    give_cleared(a, 64 * MIB);
    assert_true(faults() - before < 10000);
}

static double resident_mib(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
    (void)fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / MIB;
}

/* Used at one time: at most 96 MiB, with what the tests before left. */
static void no_more_is_kept_than_was_used(void **state) {
    (void)state;
    const double before = resident_mib();
    uint8_t *small[6];
    for (int k = 0; k < 6; k++)
        small[k] = take_filled(16 * MIB);
    uint8_t *apart[3];
    for (int k = 0; k < 3; k++) { /* holes */
        give_cleared(small[2 * k], 16 * MIB);
        apart[k] = take_filled(17 * MIB);
        give_cleared(apart[k], 17 * MIB);
    }
    uint8_t *big = take_filled(48 * MIB);
    assert_true(resident_mib() < before + 110);
    give_cleared(big, 48 * MIB);
    for (int k = 0; k < 3; k++)
        give_cleared(small[2 * k + 1], 16 * MIB);
    assert_true(resident_mib() < before + 110);
}

static void too_much_is_refused(void **state) {
    (void)state;
    assert_null(cs_pages_take((size_t)1 << 60));
    uint8_t *block = take_filled(MIB);
    give_cleared(block, MIB);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_apart),
        cmocka_unit_test(kept_pages_are_used_again),
        cmocka_unit_test(no_more_is_kept_than_was_used),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
