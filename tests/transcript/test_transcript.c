/* The Fiat-Shamir chain: known answers, and everything that must change a challenge does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "transcript/transcript.h"

static const uint8_t digest[32] = {1, 2, 3};

static void starts_as_documented(void **state) {
    (void)state;
    cs_transcript t;
    cs_transcript_init(&t, digest);
    static const uint8_t expected[32] = {0xa6, 0xa6, 0x6c, 0x63, 0xfa, 0xfe, 0x75, 0x58, 0x9b, 0xff, 0xcd,
                                         0x8b, 0x9e, 0x73, 0x95, 0x2a, 0x41, 0x98, 0xa4, 0xf3, 0x39, 0xb3,
                                         0x10, 0xb2, 0xf1, 0x62, 0x9d, 0x74, 0x63, 0xbc, 0xbe, 0x5b};
    assert_memory_equal(t.state, expected, 32);
}

static void challenges_as_documented(void **state) {
    (void)state;
    cs_transcript t;
    cs_transcript_init(&t, digest);
    cs_transcript_absorb(&t, CS_LABEL_SC_ROUND, "abc", 3);
    uint8_t encoded[32];
    cs_fr_encode(encoded, cs_transcript_challenge(&t, CS_LABEL_SC_CHALLENGE));
    static const uint8_t expected[32] = {0x4d, 0xad, 0x18, 0x58, 0xc3, 0xa0, 0x6c, 0x59, 0xbc, 0x7f, 0xb0,
                                         0x26, 0xfe, 0xf6, 0x2b, 0xb6, 0xba, 0xd3, 0xf5, 0xb0, 0x89, 0x34,
                                         0x16, 0x88, 0x0a, 0xc9, 0xa8, 0xaf, 0x52, 0xa2, 0x16, 0x28};
    static const uint8_t expected_state[32] = {0xd6, 0x55, 0x3f, 0xc5, 0xb8, 0xb7, 0x12, 0x89, 0x5f, 0x3c, 0x3b,
                                               0x7b, 0xe7, 0x53, 0xcd, 0x2e, 0xe7, 0xdb, 0x64, 0x72, 0xb5, 0x0d,
                                               0x49, 0x8d, 0x27, 0x6f, 0x2c, 0x01, 0xac, 0xe2, 0xd8, 0x58};
    assert_memory_equal(encoded, expected, 32);
    assert_memory_equal(t.state, expected_state, 32);
}

static cs_fr challenge_after(cs_label label, const char *data, size_t size, cs_label ask) {
    cs_transcript t;
    cs_transcript_init(&t, digest);
    cs_transcript_absorb(&t, label, data, size);
    return cs_transcript_challenge(&t, ask);
}

static void every_input_counts(void **state) {
    (void)state;
    const cs_fr base = challenge_after(CS_LABEL_SC_ROUND, "abc", 3, CS_LABEL_SC_CHALLENGE);
    assert_true(cs_fr_eq(base, challenge_after(CS_LABEL_SC_ROUND, "abc", 3, CS_LABEL_SC_CHALLENGE)));
    assert_false(cs_fr_eq(base, challenge_after(CS_LABEL_SC_FINAL, "abc", 3, CS_LABEL_SC_CHALLENGE)));
    assert_false(cs_fr_eq(base, challenge_after(CS_LABEL_SC_ROUND, "abd", 3, CS_LABEL_SC_CHALLENGE)));
    assert_false(cs_fr_eq(base, challenge_after(CS_LABEL_SC_ROUND, "abc", 2, CS_LABEL_SC_CHALLENGE)));
    assert_false(cs_fr_eq(base, challenge_after(CS_LABEL_SC_ROUND, "abc", 3, CS_LABEL_IPA_CHALLENGE)));
    cs_transcript t;
    const uint8_t other[32] = {1, 2, 4};
    cs_transcript_init(&t, other);
    cs_transcript_absorb(&t, CS_LABEL_SC_ROUND, "abc", 3);
    assert_false(cs_fr_eq(base, cs_transcript_challenge(&t, CS_LABEL_SC_CHALLENGE)));
}

static void splitting_counts(void **state) {
    (void)state;
    cs_transcript whole, split;
    cs_transcript_init(&whole, digest);
    cs_transcript_init(&split, digest);
    cs_transcript_absorb(&whole, CS_LABEL_SC_ROUND, "abcd", 4);
    cs_transcript_absorb(&split, CS_LABEL_SC_ROUND, "ab", 2);
    cs_transcript_absorb(&split, CS_LABEL_SC_ROUND, "cd", 2);
    assert_memory_not_equal(whole.state, split.state, 32);
    cs_transcript_init(&split, digest);
    cs_transcript_absorb(&split, CS_LABEL_SC_ROUND, NULL, 0);
    cs_transcript_init(&whole, digest);
    assert_memory_not_equal(whole.state, split.state, 32);
}

static void challenges_in_a_row_differ(void **state) {
    (void)state;
    cs_transcript t;
    cs_transcript_init(&t, digest);
    const cs_fr first = cs_transcript_challenge(&t, CS_LABEL_SC_CHALLENGE);
    assert_false(cs_fr_eq(first, cs_transcript_challenge(&t, CS_LABEL_SC_CHALLENGE)));
}

static void labels_differ(void **state) {
    (void)state;
    for (int a = 0; a < CS_LABEL_COUNT; a++) {
        assert_true(strlen(cs_label_text((cs_label)a)) > 0);
        for (int b = 0; b < a; b++)
            assert_string_not_equal(cs_label_text((cs_label)a), cs_label_text((cs_label)b));
    }
    assert_string_equal(cs_label_text(CS_LABEL_COUNT), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_as_documented),       cmocka_unit_test(challenges_as_documented),
        cmocka_unit_test(every_input_counts),         cmocka_unit_test(splitting_counts),
        cmocka_unit_test(challenges_in_a_row_differ), cmocka_unit_test(labels_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
