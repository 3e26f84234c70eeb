/* The tree over keys of pads: each key opens at its own place and nowhere else, and nothing else opens. And what ranks sign
 * of pads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "session/pad_keys.h"
#include "session/pad_words.h"

enum { MOST = 20, ROOM = 32 * 8 };

static const uint8_t seed[32] = {3}, other[32] = {4};

static void every_key_opens_at_its_place(void **state) {
    (void)state;
    for (uint64_t n = 1; n <= MOST; n++) {
        uint8_t root[32], key[32], shown[ROOM], roots[2][32];
        cs_pad_keys_root(root, seed, n);
        cs_pad_keys_root(roots[0], other, n);
        cs_pad_keys_root(roots[1], seed, n + 1);
        assert_memory_not_equal(root, roots[0], 32);
        assert_memory_not_equal(root, roots[1], 32);
        const size_t size = cs_pad_keys_shown_size(n);
        assert_in_range(size, 32, ROOM);
        for (uint64_t k = 0; k < n; k++) {
            cs_pad_key(key, seed, k);
            cs_pad_keys_show(shown, seed, n, k);
            assert_memory_equal(shown, key, 32);
            for (uint64_t at = 0; at < n; at++)
                assert_int_equal(cs_pad_keys_hold(root, n, at, shown), at == k);
            assert_false(cs_pad_keys_hold(roots[0], n, k, shown));
            for (size_t at = 0; at < size; at += 7) {
                shown[at] ^= 0x10;
                assert_false(cs_pad_keys_hold(root, n, k, shown));
                shown[at] ^= 0x10;
            }
        }
        memset(shown, 0, sizeof shown); /* a place without a key holds no key of zeros */
        for (uint64_t at = 0; at < n; at++)
            assert_false(cs_pad_keys_hold(root, n, at, shown));
    }
}

/* The tree by its definition, for three keys. */
static void a_root_by_hand(void **state) {
    uint8_t leaf[4][32] = {{0}}, bytes[65], pair[2][32], text[19 + 8 + 32] = "consort/pad-keys/1", root[32], expected[32];
    (void)state;
    for (uint64_t k = 0; k < 3; k++) {
        bytes[0] = 0;
        cs_pad_key(bytes + 1, seed, k);
        crypto_hash_sha256(leaf[k], bytes, 33);
    }
    for (int k = 0; k < 2; k++) {
        bytes[0] = 1;
        memcpy(bytes + 1, leaf[2 * k], 64);
        crypto_hash_sha256(pair[k], bytes, 65);
    }
    memcpy(bytes + 1, pair, 64);
    text[19] = 3;
    crypto_hash_sha256(text + 27, bytes, 65);
    crypto_hash_sha256(expected, text, sizeof text);
    cs_pad_keys_root(root, seed, 3);
    assert_memory_equal(root, expected, 32);
}

static void blindings_and_streams_are_their_own(void **state) {
    static const uint8_t a[32] = {1}, b[32] = {2};
    unsigned __int128 one[8] = {0}, minus[8] = {0}, another[8] = {0};
    (void)state;
    assert_true(cs_fr_eq(cs_pad_key_blinding(seed, a, b, a, CS_PAD_BLINDING_GRADIENT),
                         cs_pad_key_blinding(seed, a, b, a, CS_PAD_BLINDING_GRADIENT)));
    assert_false(cs_fr_eq(cs_pad_key_blinding(seed, a, b, a, CS_PAD_BLINDING_GRADIENT),
                          cs_pad_key_blinding(other, a, b, a, CS_PAD_BLINDING_GRADIENT)));
    assert_false(cs_fr_eq(cs_pad_key_blinding(seed, a, b, a, CS_PAD_BLINDING_GRADIENT),
                          cs_pad_key_blinding(seed, b, a, a, CS_PAD_BLINDING_GRADIENT)));
    assert_false(cs_fr_eq(cs_pad_key_blinding(seed, a, b, a, CS_PAD_BLINDING_GRADIENT),
                          cs_pad_key_blinding(seed, a, b, b, CS_PAD_BLINDING_GRADIENT)));
    assert_false(cs_fr_eq(cs_pad_key_blinding(seed, a, b, a, CS_PAD_BLINDING_GRADIENT),
                          cs_pad_key_blinding(seed, a, b, a, CS_PAD_BLINDING_TABLE)));
    cs_pad_key_add(seed, a, false, one, 8, 3, 100);
    cs_pad_key_add(seed, a, true, minus, 8, 3, 100);
    cs_pad_key_add(seed, b, false, another, 8, 3, 100);
    for (int k = 0; k < 8; k++) {
        assert_true(one[k] + minus[k] == 0 && one[k] != another[k]);
        assert_true(one[k] >> 100 == 0);
    }
}

/* A signature is for one speaker, one place and these words. */
static void words_are_signed_as_they_are(void **state) {
    uint8_t key[32], secret[64], signature[64], roots[3][32] = {{1}, {2}, {3}}, pads[50] = {7};
    cs_sums_speaker who = {.nonce = {1}, .digest = {2}, .rank = 1};
    cs_told_word word = {.who = who, .drawn = {3}, .asked = {4}, .sent = {5}};
    (void)state;
    crypto_sign_keypair(key, secret);
    cs_pad_roots_sign(signature, &who, (const uint8_t(*)[32])roots, 3, secret);
    assert_true(cs_pad_roots_check(signature, &who, (const uint8_t(*)[32])roots, 3, key));
    assert_false(cs_pad_roots_check(signature, &who, (const uint8_t(*)[32])roots, 2, key));
    for (size_t k = 0; k < sizeof who.nonce + sizeof who.digest + sizeof who.rank; k += 4) {
        cs_sums_speaker changed = who;
        ((uint8_t *)&changed)[k] ^= 1;
        assert_false(cs_pad_roots_check(signature, &changed, (const uint8_t(*)[32])roots, 3, key));
    }
    roots[2][31] ^= 1;
    assert_false(cs_pad_roots_check(signature, &who, (const uint8_t(*)[32])roots, 3, key));
    cs_told_sign(signature, &word, pads, sizeof pads, secret);
    assert_true(cs_told_check(signature, &word, pads, sizeof pads, key));
    assert_false(cs_told_check(signature, &word, pads, sizeof pads - 1, key));
    for (size_t k = 0; k < sizeof word; k += 4) {
        cs_told_word changed = word;
        ((uint8_t *)&changed)[k] ^= 1;
        assert_false(cs_told_check(signature, &changed, pads, sizeof pads, key));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_key_opens_at_its_place), cmocka_unit_test(a_root_by_hand),
                                       cmocka_unit_test(blindings_and_streams_are_their_own),
                                       cmocka_unit_test(words_are_signed_as_they_are)};
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
