/* GMAC: published tags, every kernel against libsodium's AES-256-GCM and against the definition, any length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "comm/gmac.h"

enum { MOST = 1100 };

/* NIST SP 800-38D, section 6.3: x and y, whose first bit is the lowest coefficient. */
static void multiply(uint8_t out[16], const uint8_t x[16], const uint8_t y[16]) {
    uint8_t z[16] = {0}, v[16];
    memcpy(v, y, 16);
    for (int i = 0; i < 128; i++) {
        if (x[i / 8] >> (7 - i % 8) & 1)
            for (int k = 0; k < 16; k++)
                z[k] ^= v[k];
        const uint8_t lowest = v[15] & 1;
        for (int k = 15; k >= 0; k--)
            v[k] = (uint8_t)(v[k] >> 1 | (k > 0 ? v[k - 1] << 7 : 0));
        v[0] ^= lowest ? 0xe1 : 0;
    }
    memcpy(out, z, 16);
}

static void block(uint8_t out[16], const uint8_t key[32], uint64_t prefix, uint64_t counter) {
    cs_aes_key expanded;
    cs_aes_expand(&expanded, key);
    cs_aes_kernel_at(0)->stream(out, 1, &expanded, prefix, counter);
}

/* Sections 6.4 and 7.1 as they stand; the nonce is 0…0 and `last`. */
static void define(uint8_t tag[16], const uint8_t key[32], uint8_t last, const uint8_t *data, size_t size) {
    uint8_t h[16], y[16] = {0}, mask[16], length[16] = {0};
    block(h, key, 0, 0);
    for (size_t first = 0; first < size; first += 16) {
        for (size_t k = first; k < first + 16 && k < size; k++)
            y[k - first] ^= data[k];
        multiply(y, y, h);
    }
    length[6] = (uint8_t)(8 * size >> 8);
    length[7] = (uint8_t)(8 * size);
    for (int k = 0; k < 16; k++)
        y[k] ^= length[k];
    multiply(y, y, h);
    block(mask, key, 0, (uint64_t)last << 32 | 1);
    for (int k = 0; k < 16; k++)
        tag[k] = y[k] ^ mask[k];
}

static void there_is_a_kernel_where_there_is_aes(void **state) {
    (void)state;
    assert_int_equal(cs_gmac_best() != NULL, cs_aes_available());
    assert_int_equal(cs_gmac_kernel_at(0) != NULL, cs_aes_available());
}

/* D. McGrew, J. Viega, The Galois/Counter mode of operation, 2005, appendix B, test case 13: no data at all. */
static void no_data_has_the_published_tag(void **state) {
    (void)state;
    static const uint8_t expected[16] = {0x53, 0x0f, 0x8a, 0xfb, 0xc7, 0x45, 0x36, 0xb9,
                                         0xa9, 0x63, 0xb4, 0xf1, 0xc4, 0xcb, 0x73, 0x8b};
    const uint8_t key[32] = {0}, nonce[12] = {0};
    for (size_t k = 0; cs_gmac_kernel_at(k) != NULL; k++) {
        uint8_t tag[16];
        cs_gmac g;
        cs_gmac_init(&g, cs_gmac_kernel_at(k), key);
        cs_gmac_tag(tag, &g, nonce, NULL, 0);
        assert_memory_equal(tag, expected, 16);
    }
}

/* Random keys: the highest bit of the hash key is set in half of them. */
static void tags_are_as_defined(void **state) {
    (void)state;
    uint8_t data[700], key[32], tag[16], expected[16];
    randombytes_buf(data, sizeof data);
    for (size_t k = 0; cs_gmac_kernel_at(k) != NULL; k++)
        for (size_t size = 0; size <= sizeof data; size += 35) {
            uint8_t nonce[12] = {[11] = (uint8_t)size};
            cs_gmac g;
            randombytes_buf(key, sizeof key);
            cs_gmac_init(&g, cs_gmac_kernel_at(k), key);
            cs_gmac_tag(tag, &g, nonce, data, size);
            define(expected, key, (uint8_t)size, data, size);
            assert_memory_equal(tag, expected, 16);
        }
}

static void tags_are_libsodiums(void **state) {
    (void)state;
    static uint8_t data[MOST + 1];
    uint8_t key[32], nonce[12], tag[16], expected[16];
    if (!crypto_aead_aes256gcm_is_available() || !cs_aes_available())
        skip();
    randombytes_buf(data, sizeof data);
    for (size_t k = 0; cs_gmac_kernel_at(k) != NULL; k++)
        for (size_t size = 0; size <= MOST; size++) {
            cs_gmac g;
            randombytes_buf(key, sizeof key);
            randombytes_buf(nonce, sizeof nonce);
            cs_gmac_init(&g, cs_gmac_kernel_at(k), key);
            cs_gmac_tag(tag, &g, nonce, data + 1, size);
            crypto_aead_aes256gcm_encrypt_detached(expected, expected, NULL, NULL, 0, data + 1, size, NULL, nonce, key);
            assert_memory_equal(tag, expected, 16);
        }
}

static void a_long_message_has_libsodiums_tag(void **state) {
    (void)state;
    enum { LONG = 3000001 };
    const uint8_t key[32] = {5, 6}, nonce[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    uint8_t tag[16], expected[16];
    if (!crypto_aead_aes256gcm_is_available() || !cs_aes_available())
        skip();
    uint8_t *data = sodium_malloc(LONG); /* which ends at a page that cannot be read */
    assert_non_null(data);
    randombytes_buf(data, LONG);
    crypto_aead_aes256gcm_encrypt_detached(expected, expected, NULL, NULL, 0, data, LONG, NULL, nonce, key);
    for (size_t k = 0; cs_gmac_kernel_at(k) != NULL; k++) {
        cs_gmac g;
        cs_gmac_init(&g, cs_gmac_kernel_at(k), key);
        cs_gmac_tag(tag, &g, nonce, data, LONG);
        assert_memory_equal(tag, expected, 16);
    }
    sodium_free(data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_a_kernel_where_there_is_aes),
        cmocka_unit_test(no_data_has_the_published_tag),
        cmocka_unit_test(tags_are_as_defined),
        cmocka_unit_test(tags_are_libsodiums),
        cmocka_unit_test(a_long_message_has_libsodiums_tag),
    };
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
