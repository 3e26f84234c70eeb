/* Ring signatures: every member can sign, nobody else; nothing can be changed; keys and scalars are canonical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "provenance/ring.h"

enum { MAX = 7 };

static const char LABEL[] = "consort/certificate/1";
static const uint8_t DIGEST[32] = {1, 2, 3};

/* The order of the group, little-endian. */
static const uint8_t ORDER[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                  0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};

typedef struct ring {
    size_t n;
    struct pair {
        uint8_t public[32], secret[32];
    } pairs[MAX];
    uint8_t keys[MAX][32];
} ring;

static int by_key(const void *a, const void *b) {
    return memcmp(a, b, 32);
}

static void order(ring *r) {
    qsort(r->pairs, r->n, sizeof *r->pairs, by_key);
    for (size_t k = 0; k < r->n; k++)
        memcpy(r->keys[k], r->pairs[k].public, 32);
}

static ring new_ring(size_t n) {
    ring r = {.n = n};
    for (size_t k = 0; k < n; k++) {
        crypto_core_ristretto255_scalar_random(r.pairs[k].secret);
        assert_int_equal(crypto_scalarmult_ristretto255_base(r.pairs[k].public, r.pairs[k].secret), 0);
    }
    order(&r);
    return r;
}

#define KEYS(r) ((const uint8_t(*)[32])(r).keys)

static cs_ring_signature sign(const ring *r, size_t k) {
    cs_ring_signature s;
    assert_int_equal(cs_ring_sign(&s, LABEL, DIGEST, KEYS(*r), r->n, r->pairs[k].secret), CS_OK);
    return s;
}

static void expect(const cs_ring_signature *s, const ring *r, cs_status status) {
    cs_error_clear();
    assert_int_equal(cs_ring_check(s, LABEL, DIGEST, KEYS(*r), r->n), status);
    assert_int_equal(cs_refusal_last(), status == CS_REJECT ? CS_REFUSAL_RING : CS_REFUSAL_NONE);
}

static void every_member_can_sign(void **state) {
    (void)state;
    for (size_t n = 2; n <= MAX; n++) {
        const ring r = new_ring(n);
        for (size_t k = 0; k < n; k++) {
            cs_ring_signature s = sign(&r, k);
            expect(&s, &r, CS_OK);
            cs_ring_free(&s);
        }
    }
}

/* Written out once more, from the paper's equations, with libsodium's calls alone. */
static void the_equations_are_those_of_the_header(void **state) {
    (void)state;
    const ring r = new_ring(3);
    cs_ring_signature s = sign(&r, 1);
    uint8_t text[15 + sizeof LABEL + 32 + 8 + 96] = "consort/ring/1", context[64], c[32], left[32], right[32], wide[64];
    const size_t at = 15 + sizeof LABEL;
    memcpy(text + 15, LABEL, sizeof LABEL);
    memcpy(text + at, DIGEST, 32);
    text[at + 32] = 3;
    memcpy(text + at + 40, r.keys, 96);
    crypto_hash_sha512(context, text, sizeof text);
    memcpy(c, s.challenge, 32);
    for (uint8_t i = 0; i < 3; i++) {
        uint8_t block[20 + 64 + 8 + 32] = "consort/ring-step/1";
        assert_int_equal(crypto_scalarmult_ristretto255_base(left, s.responses[i]), 0);
        assert_int_equal(crypto_scalarmult_ristretto255(right, c, r.keys[i]), 0);
        memcpy(block + 20, context, 64);
        block[84] = i;
        assert_int_equal(crypto_core_ristretto255_add(block + 92, left, right), 0);
        crypto_hash_sha512(wide, block, sizeof block);
        crypto_core_ristretto255_scalar_reduce(c, wide);
    }
    assert_memory_equal(c, s.challenge, 32);
    cs_ring_free(&s);
}

static void outsiders_cannot_sign(void **state) {
    (void)state;
    const ring r = new_ring(3), others = new_ring(2);
    cs_ring_signature s;
    assert_int_equal(cs_ring_sign(&s, LABEL, DIGEST, KEYS(r), 3, others.pairs[0].secret), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_RING);
    assert_null(s.responses);
    static const uint8_t zero[32];
    assert_int_equal(cs_ring_sign(&s, LABEL, DIGEST, KEYS(r), 3, zero), CS_REJECT);
}

/* An outsider who signs for a ring of its own with one key exchanged. */
static void a_signature_belongs_to_its_set(void **state) {
    (void)state;
    ring r = new_ring(4), changed = r;
    cs_ring_signature s = sign(&r, 2);
    const ring other = new_ring(2);
    changed.pairs[0] = other.pairs[0];
    order(&changed);
    expect(&s, &changed, CS_REJECT);
    changed = r;
    changed.n = 3; /* one authority fewer */
    expect(&s, &changed, CS_REJECT);
    cs_ring_signature cut = s;
    cut.n = 3;
    expect(&cut, &changed, CS_REJECT);
    cs_ring_free(&s);
}

static void texts_and_labels_are_bound(void **state) {
    (void)state;
    const ring r = new_ring(3);
    cs_ring_signature s = sign(&r, 0);
    uint8_t digest[32];
    memcpy(digest, DIGEST, 32);
    digest[31] ^= 1;
    assert_int_equal(cs_ring_check(&s, LABEL, digest, KEYS(r), 3), CS_REJECT);
    assert_int_equal(cs_ring_check(&s, "consort/manifest/1", DIGEST, KEYS(r), 3), CS_REJECT);
    cs_ring_free(&s);
}

static void any_changed_bit_shows(void **state) {
    (void)state;
    const ring r = new_ring(3);
    cs_ring_signature s = sign(&r, 1);
    for (size_t k = 0; k < 4; k++)
        for (size_t bit = 0; bit < 256; bit += 5) {
            uint8_t *scalar = k == 3 ? s.challenge : s.responses[k];
            scalar[bit / 8] ^= (uint8_t)(1 << bit % 8);
            expect(&s, &r, CS_REJECT);
            scalar[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    expect(&s, &r, CS_OK);
    cs_ring_free(&s);
}

static void responses_have_their_places(void **state) {
    (void)state;
    const ring r = new_ring(3);
    cs_ring_signature s = sign(&r, 1);
    for (size_t a = 0; a < 3; a++)
        for (size_t b = 0; b < a; b++) {
            uint8_t kept[32];
            memcpy(kept, s.responses[a], 32);
            memcpy(s.responses[a], s.responses[b], 32);
            memcpy(s.responses[b], kept, 32);
            expect(&s, &r, CS_REJECT);
            memcpy(s.responses[b], s.responses[a], 32);
            memcpy(s.responses[a], kept, 32);
        }
    expect(&s, &r, CS_OK);
    cs_ring_free(&s);
}

static void add_order(uint8_t scalar[32]) {
    unsigned carry = 0;
    for (int k = 0; k < 32; k++) {
        carry += (unsigned)scalar[k] + ORDER[k];
        scalar[k] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* The same numbers in another encoding, and zeros. */
static void scalars_are_canonical(void **state) {
    (void)state;
    const ring r = new_ring(3);
    cs_ring_signature s = sign(&r, 2);
    for (size_t k = 0; k < 4; k++) {
        uint8_t kept[32], *scalar = k == 3 ? s.challenge : s.responses[k];
        memcpy(kept, scalar, 32);
        add_order(scalar);
        expect(&s, &r, CS_REJECT);
        memset(scalar, 0, 32);
        expect(&s, &r, CS_REJECT);
        memcpy(scalar, ORDER, 32);
        expect(&s, &r, CS_REJECT);
        memcpy(scalar, kept, 32);
    }
    cs_ring_free(&s);
}

static void expect_bad_keys(ring *r) {
    cs_ring_signature s = {.n = r->n}, made;
    assert_int_equal(cs_ring_check(&s, LABEL, DIGEST, KEYS(*r), r->n), CS_ERR_INPUT);
    assert_int_equal(cs_ring_sign(&made, LABEL, DIGEST, KEYS(*r), r->n, r->pairs[0].secret), CS_ERR_INPUT);
    assert_null(made.responses);
}

static void sets_are_canonical(void **state) {
    (void)state;
    const ring good = new_ring(3);
    ring r = good;
    memcpy(r.keys[0], good.keys[1], 32); /* out of order */
    memcpy(r.keys[1], good.keys[0], 32);
    expect_bad_keys(&r);
    r = good;
    memcpy(r.keys[1], good.keys[0], 32); /* twice */
    expect_bad_keys(&r);
    r = good;
    memset(r.keys[0], 0, 32); /* the identity: everybody has its secret key */
    expect_bad_keys(&r);
    r = good;
    memset(r.keys[2], 0xff, 32); /* not canonical */
    expect_bad_keys(&r);
    r = good;
    r.n = 1; /* nobody to hide among */
    expect_bad_keys(&r);
    r.n = 0;
    expect_bad_keys(&r);
}

static void two_signatures_are_different(void **state) {
    (void)state;
    const ring r = new_ring(2);
    cs_ring_signature a = sign(&r, 0), b = sign(&r, 0);
    assert_memory_not_equal(a.challenge, b.challenge, 32);
    assert_memory_not_equal(a.responses, b.responses, 64);
    cs_ring_free(&a);
    cs_ring_free(&b);
}

static cs_status read_text(cs_ring_signature *out, const char *text) {
    json_t *root = json_loads(text, 0, NULL);
    const cs_json v = cs_json_root("x", root);
    const cs_status status = cs_ring_from_json(out, &v);
    json_decref(root);
    return status;
}

static void json_round_trips(void **state) {
    (void)state;
    const ring r = new_ring(3);
    cs_ring_signature s = sign(&r, 0), again;
    json_t *v = cs_ring_to_json(&s);
    char *text = cs_json_canonical(v);
    assert_int_equal(read_text(&again, text), CS_OK);
    expect(&again, &r, CS_OK);
    cs_ring_free(&again);
    static const char *const bad[] = {"{}", "{\"challenge\":\"00\",\"responses\":[]}",
                                      "{\"challenge\":\"\",\"responses\":1}"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
        assert_int_equal(read_text(&again, bad[k]), CS_ERR_INPUT);
    json_object_set_new(v, "place", json_integer(0));
    free(text);
    text = cs_json_canonical(v);
    assert_int_equal(read_text(&again, text), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_UNKNOWN);
    json_object_del(v, "place");
    json_array_append_new(json_object_get(v, "responses"), json_string("AB"));
    free(text);
    text = cs_json_canonical(v);
    assert_int_equal(read_text(&again, text), CS_ERR_INPUT);
    assert_null(again.responses);
    free(text);
    json_decref(v);
    cs_ring_free(&s);
}

static int nothing_leaks(void **state) {
    (void)state;
    return cs_memory_live() == 0 ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(every_member_can_sign, nothing_leaks),
                                       cmocka_unit_test_teardown(the_equations_are_those_of_the_header, nothing_leaks),
                                       cmocka_unit_test_teardown(outsiders_cannot_sign, nothing_leaks),
                                       cmocka_unit_test_teardown(a_signature_belongs_to_its_set, nothing_leaks),
                                       cmocka_unit_test_teardown(texts_and_labels_are_bound, nothing_leaks),
                                       cmocka_unit_test_teardown(any_changed_bit_shows, nothing_leaks),
                                       cmocka_unit_test_teardown(responses_have_their_places, nothing_leaks),
                                       cmocka_unit_test_teardown(scalars_are_canonical, nothing_leaks),
                                       cmocka_unit_test_teardown(sets_are_canonical, nothing_leaks),
                                       cmocka_unit_test_teardown(two_signatures_are_different, nothing_leaks),
                                       cmocka_unit_test_teardown(json_round_trips, nothing_leaks)};
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
