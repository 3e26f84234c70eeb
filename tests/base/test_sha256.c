/* The processor's SHA-256 against libsodium's: every length around whole blocks, in one piece and in several. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"

enum { LONGEST = 1000 };

static uint8_t data[LONGEST];

static void fill(void) {
    for (size_t k = 0; k < LONGEST; k++)
        data[k] = (uint8_t)(k * k + 7 * k);
}

static void every_length(void **state) {
    (void)state;
    for (size_t n = 0; n <= LONGEST; n++) {
        uint8_t want[32], got[32];
        crypto_hash_sha256(want, data, n);
        cs_sha256(got, data, n);
        assert_memory_equal(got, want, 32);
    }
}

static void any_pieces(void **state) {
    (void)state;
    for (size_t step = 1; step < 300; step += 7) {
        crypto_hash_sha256_state hash;
        uint8_t want[32], got[32];
        crypto_hash_sha256(want, data, LONGEST);
        crypto_hash_sha256_init(&hash);
        for (size_t at = 0, part, turn = 0; at < LONGEST; at += part, turn++) {
            part = LONGEST - at < step + turn ? LONGEST - at : step + turn;
            if (turn % 3 == 2)
                crypto_hash_sha256_update(&hash, data + at, part);
            else
                cs_sha256_update(&hash, data + at, part);
        }
        crypto_hash_sha256_final(&hash, got);
        assert_memory_equal(got, want, 32);
    }
}

static void assert_hashed(crypto_hash_sha256_state *hash, const uint8_t *bytes, size_t n) {
    uint8_t want[32], got[32];
    crypto_hash_sha256(want, bytes, n);
    crypto_hash_sha256_final(hash, got);
    assert_memory_equal(got, want, 32);
}

static void integers_are_little_endian(void **state) {
    enum { N = 1100 };
    int64_t values[N];
    int32_t narrow[N];
    uint8_t bytes[8 * N], narrow_bytes[4 * N];
    crypto_hash_sha256_state hash;
    (void)state;
    for (int32_t k = 0; k < N; k++) {
        values[k] = (k % 2 ? 1 : -1) * k * 0x123456789ab;
        narrow[k] = (k % 2 ? 1 : -1) * k * 0x12345;
        cs_store_u64(bytes + 8 * k, (uint64_t)values[k]);
        cs_store_u32(narrow_bytes + 4 * k, (uint32_t)narrow[k]);
    }
    crypto_hash_sha256_init(&hash);
    cs_sha256_update_i64(&hash, values, N);
    assert_hashed(&hash, bytes, sizeof bytes);
    crypto_hash_sha256_init(&hash);
    cs_sha256_update_i32(&hash, narrow, N);
    assert_hashed(&hash, narrow_bytes, sizeof narrow_bytes);
}

int main(void) {
    fill();
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_length), cmocka_unit_test(any_pieces),
                                       cmocka_unit_test(integers_are_little_endian)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
