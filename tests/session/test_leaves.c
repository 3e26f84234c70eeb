/* Hashes of pieces: libsodium's, and each kernel's against them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "session/leaves.h"

enum { MOST = 21, GUARD = 0x77 };

static void kernels_agree(void **state) {
    (void)state;
    uint8_t *data = CS_NEW(uint8_t, MOST * CS_LEAF), hashes[MOST * CS_LEAF_HASH + 1], expected[CS_LEAF_HASH];
    randombytes_buf(data, MOST * CS_LEAF);
    for (size_t k = 0; cs_leaf_kernel_at(k) != NULL; k++)
        for (size_t n = 0; n <= MOST; n++) {
            memset(hashes, GUARD, sizeof hashes);
            cs_leaf_kernel_at(k)->hash(hashes, data, n);
            for (size_t i = 0; i < n; i++) {
                crypto_generichash(expected, sizeof expected, data + CS_LEAF * i, CS_LEAF, NULL, 0);
                assert_memory_equal(hashes + CS_LEAF_HASH * i, expected, sizeof expected);
            }
            assert_int_equal(hashes[CS_LEAF_HASH * n], GUARD);
        }
    assert_non_null(cs_leaf_best());
    cs_free(data);
}

static int start_sodium(void **state) {
    (void)state;
    return sodium_init() < 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(kernels_agree)};
    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
