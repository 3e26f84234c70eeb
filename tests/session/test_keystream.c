/* Key streams: AES against published vectors, its kernels against each other, any part against the whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "session/keystream.h"

enum { MOST = 8200, GUARD = 0xa5 };

static void from_hex(uint8_t *out, size_t size, const char *hex) {
    size_t got = 0;
    assert_int_equal(sodium_hex2bin(out, size, hex, strlen(hex), " ", &got, NULL), 0);
    assert_int_equal(got, size);
}

/* FIPS 197, appendix A.3: first and last words of the expanded key. */
static void keys_expand_as_published(void **state) {
    (void)state;
    if (!cs_aes_available())
        skip();
    uint8_t key[32], expected[16];
    cs_aes_key expanded;
    from_hex(key, 32, "603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4");
    cs_aes_expand(&expanded, key);
    assert_memory_equal(expanded.round[0], key, 32);
    from_hex(expected, 16, "9ba354118e6925afa51a8b5f2067fcde");
    assert_memory_equal(expanded.round[2], expected, 16);
    from_hex(expected, 16, "a8b09c1a93d194cdbe49846eb75d5b9a");
    assert_memory_equal(expanded.round[3], expected, 16);
    from_hex(expected, 16, "fe4890d1e6188d0b046df344706c631e");
    assert_memory_equal(expanded.round[14], expected, 16);
}

/* FIPS 197, appendix C.3: a block whose plaintext is 0x0011223344556677, 0x8899aabbccddeeff. */
static void blocks_are_as_published(void **state) {
    (void)state;
    uint8_t key[32], expected[16], block[16];
    from_hex(key, 32, "000102030405060708090a0b0c0d0e0f 101112131415161718191a1b1c1d1e1f");
    from_hex(expected, 16, "8ea2b7ca516745bfeafc49904b496089");
    for (size_t k = 0; cs_aes_kernel_at(k) != NULL; k++) {
        cs_aes_key expanded;
        cs_aes_expand(&expanded, key);
        cs_aes_kernel_at(k)->stream(block, 1, &expanded, 0x0011223344556677, 0x8899aabbccddeeff);
        assert_memory_equal(block, expected, 16);
    }
}

/* NIST SP 800-38A, F.5.5: CTR-AES256.Encrypt. */
static void counter_mode_is_as_published(void **state) {
    (void)state;
    uint8_t key[32], plain[64], expected[64], stream[64];
    from_hex(key, 32, "603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4");
    from_hex(plain, 64,
             "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
             "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710");
    from_hex(expected, 64,
             "601ec313775789a5b7a7f504bbf3d228 f443e3ca4d62b59aca84e990cacaf5c5"
             "2b0930daa23de94ce87017ba2d84988d dfc9c58db67aada613c2dd08457941a6");
    for (size_t k = 0; cs_aes_kernel_at(k) != NULL; k++) {
        cs_aes_key expanded;
        cs_aes_expand(&expanded, key);
        cs_aes_kernel_at(k)->stream(stream, 4, &expanded, 0xf0f1f2f3f4f5f6f7, 0xf8f9fafbfcfdfeff);
        for (size_t i = 0; i < 64; i++)
            stream[i] ^= plain[i];
        assert_memory_equal(stream, expected, 64);
    }
}

/* Any number of blocks, around the end of the counter, and nothing behind them. */
static void kernels_agree(void **state) {
    (void)state;
    uint8_t key[32], bytes[80 * CS_AES_BLOCK], others[80 * CS_AES_BLOCK];
    cs_aes_key expanded;
    if (!cs_aes_available())
        skip();
    randombytes_buf(key, sizeof key);
    cs_aes_expand(&expanded, key);
    for (size_t k = 0; cs_aes_kernel_at(k) != NULL; k++)
        for (size_t blocks = 0; blocks < 80; blocks++) {
            const uint64_t first = UINT64_MAX - 20;
            memset(bytes, GUARD, sizeof bytes);
            memset(others, GUARD, sizeof others);
            cs_aes_kernel_at(k)->stream(bytes, blocks, &expanded, 3, first);
            for (size_t b = 0; b < blocks; b++)
                cs_aes_kernel_at(0)->stream(others + CS_AES_BLOCK * b, 1, &expanded, 3, first + b);
            assert_memory_equal(bytes, others, sizeof bytes);
        }
}

/* Any part of the stream of AES or ChaCha20, as it is and added to data. */
static void parts_are_parts_of_the_whole(void **state) {
    (void)state;
    uint8_t key[32];
    randombytes_buf(key, sizeof key);
    uint8_t *whole = CS_NEW(uint8_t, MOST + CS_KEYSTREAM_UNIT), *part = CS_NEW(uint8_t, MOST + CS_KEYSTREAM_UNIT);
    assert_true(whole != NULL && part != NULL);
    for (int aes = 0; aes < (cs_aes_available() ? 2 : 1); aes++) {
        cs_keystream s;
        cs_keystream_init(&s, aes ? cs_aes_best() : NULL, key);
        cs_keystream_read(&s, 0, whole, MOST);
        for (size_t unit = 0; unit < MOST / CS_KEYSTREAM_UNIT; unit += 7)
            for (size_t n = 0; n <= MOST - CS_KEYSTREAM_UNIT * unit; n += 401) {
                const uint8_t *expected = whole + CS_KEYSTREAM_UNIT * unit;
                cs_keystream_read(&s, unit, part, n);
                assert_memory_equal(part, expected, n);
                memset(part, GUARD, MOST);
                cs_keystream_xor(&s, unit, part, n);
                for (size_t k = 0; k < MOST; k++)
                    assert_int_equal(part[k], k < n ? GUARD ^ expected[k] : GUARD);
            }
    }
    cs_free(whole);
    cs_free(part);
}

/* Each kernel's sums, of any numbers, against those of the stream; nothing behind them changes. */
static void sums_are_of_the_stream(const cs_keystream *s, size_t n, size_t width, bool negative) {
    enum { MOST_SUMS = 600 };
    static uint8_t stream[4 * MOST_SUMS + CS_KEYSTREAM_UNIT + CS_PACKED_SLACK], bytes[sizeof stream];
    uint32_t narrow[MOST_SUMS + 1];
    uint64_t wide[MOST_SUMS + 1];
    randombytes_buf(narrow, sizeof narrow);
    for (size_t k = 0; k <= MOST_SUMS; k++)
        wide[k] = (uint64_t)0 - narrow[k];
    uint32_t narrow_before[MOST_SUMS + 1];
    memcpy(narrow_before, narrow, sizeof narrow);
    cs_keystream_read(s, 3, stream, n * width);
    cs_keystream_add_narrow(s, cs_packed_best(), 3, narrow, n, width, negative, bytes);
    if (width == sizeof(uint32_t))
        cs_keystream_add_words(s, cs_packed_best(), 3, wide, n, negative, bytes);
    for (size_t k = 0; k <= MOST_SUMS; k++) {
        uint32_t more = 0;
        for (size_t b = 0; k < n && b < width; b++)
            more |= (uint32_t)stream[width * k + b] << (8 * b);
        assert_int_equal(narrow[k], negative ? narrow_before[k] - more : narrow_before[k] + more);
        if (width == sizeof(uint32_t))
            assert_int_equal(wide[k] + narrow_before[k], negative ? (uint64_t)0 - more : more);
    }
}

static void numbers_are_added(void **state) {
    (void)state;
    static const size_t counts[] = {0, 1, 7, 8, 15, 16, 17, 63, 64, 65, 100, 127, 128, 129, 191, 192, 256, 257, 511, 600};
    uint8_t key[32];
    randombytes_buf(key, sizeof key);
    for (size_t kernel = 0; kernel == 0 || cs_aes_kernel_at(kernel - 1) != NULL; kernel++) {
        cs_keystream s;
        cs_keystream_init(&s, kernel > 0 ? cs_aes_kernel_at(kernel - 1) : NULL, key);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            for (size_t width = 1; width <= sizeof(uint32_t); width++)
                for (int negative = 0; negative < 2; negative++)
                    sums_are_of_the_stream(&s, counts[c], width, negative);
    }
}

static void ciphers_differ(void **state) {
    (void)state;
    if (!cs_aes_available())
        skip();
    static const uint8_t key[32] = {1}, nonce[8];
    uint8_t aes[64], chacha20[64], expected[64];
    cs_keystream s;
    cs_keystream_init(&s, cs_aes_best(), key);
    cs_keystream_read(&s, 0, aes, sizeof aes);
    cs_keystream_init(&s, NULL, key);
    cs_keystream_read(&s, 0, chacha20, sizeof chacha20);
    crypto_stream_chacha20(expected, sizeof expected, nonce, key);
    assert_memory_equal(chacha20, expected, sizeof expected);
    assert_memory_not_equal(aes, expected, sizeof expected);
}

static int start_sodium(void **state) {
    (void)state;
    return sodium_init() < 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_expand_as_published),
        cmocka_unit_test(blocks_are_as_published),
        cmocka_unit_test(counter_mode_is_as_published),
        cmocka_unit_test(kernels_agree),
        cmocka_unit_test(parts_are_parts_of_the_whole),
        cmocka_unit_test(ciphers_differ),
        cmocka_unit_test(numbers_are_added),
    };
    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
