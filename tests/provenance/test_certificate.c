/* Trust lists and certificates: who may certify, when, for what; hidden sources; everything that can be forged or changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "provenance/certificate.h"
#include "provenance/document.h"

enum { N = 4 };

static const char DAY[] = "2026-11-21";

static cs_secret_identity authority[N]; /* the last one is on no list */

static int make_authorities(void **state) {
    (void)state;
    for (int k = 0; k < N; k++) {
        char name[32];
        snprintf(name, sizeof name, "Authority %d", k);
        if (cs_secret_identity_generate(&authority[k], name) != CS_OK)
            return 1;
    }
    return 0;
}

static cs_trust trust_in(size_t n) {
    cs_trust t = {0};
    for (size_t k = 0; k < n; k++)
        assert_int_equal(cs_trust_add(&t, &authority[k].public), CS_OK);
    return t;
}

static cs_certificate unsigned_certificate(void) {
    cs_certificate c = {.dataset = {.digest = {1}, .schema = {2}, .rows = 569},
                        .source = "Wisconsin",
                        .from = "2026-01-01",
                        .until = "2026-12-31",
                        .licence = {.name = "L", .per_epoch = 500, .total = CS_NO_QUOTA}};
    return c;
}

static cs_certificate by(int k) {
    cs_certificate c = unsigned_certificate();
    assert_int_equal(cs_certificate_sign(&c, &authority[k]), CS_OK);
    return c;
}

static cs_certificate hidden_by(int k, const cs_trust *set) {
    cs_certificate c = unsigned_certificate();
    assert_int_equal(cs_certificate_sign_hidden(&c, set, &authority[k]), CS_OK);
    return c;
}

static void expect(cs_status status, cs_refusal kind) {
    assert_string_equal(cs_refusal_name(cs_refusal_last()), cs_refusal_name(kind));
    assert_int_equal(status, kind == CS_REFUSAL_NONE ? CS_OK : CS_REJECT);
}

/* As it comes out of a file. */
static void check(const cs_certificate *c, const cs_trust *trust, const char *day, cs_refusal kind) {
    cs_certificate read;
    cs_buffer text = {0};
    assert_int_equal(cs_document_append(&text, cs_certificate_to_json(c)), CS_OK);
    assert_int_equal(cs_certificate_decode(&read, "certificate.json", text.data, text.size), CS_OK);
    assert_memory_equal(read.digest, c->digest, 32);
    cs_error_clear();
    expect(cs_certificate_check(&read, trust, day), kind);
    cs_certificate_free(&read);
    cs_buffer_free(&text);
}

/* ------------------------------------------------------------ trust lists */

static void lists_are_in_one_order(void **state) {
    (void)state;
    cs_trust a = trust_in(3), b = {0};
    uint8_t da[32], db[32];
    for (int k = 2; k >= 0; k--)
        assert_int_equal(cs_trust_add(&b, &authority[k].public), CS_OK);
    assert_int_equal(cs_trust_digest(da, &a), CS_OK);
    assert_int_equal(cs_trust_digest(db, &b), CS_OK);
    assert_memory_equal(da, db, 32);
    json_t *v = cs_trust_to_json(&b), *list = json_object_get(v, "authorities"),
           *last = json_incref(json_array_get(list, 2));
    json_array_remove(list, 2);
    json_array_insert_new(list, 0, last); /* a file in another order is the same set */
    cs_trust c;
    const cs_json root = cs_json_root("authorities.json", v);
    assert_int_equal(cs_trust_from_json(&c, &root), CS_OK);
    assert_memory_equal(c.authorities, a.authorities, 3 * sizeof *a.authorities);
    json_decref(v);
    assert_string_equal(cs_trust_find(&a, authority[1].public.ed25519)->name, "Authority 1");
    cs_trust_free(&a);
    cs_trust_free(&b);
    cs_trust_free(&c);
}

static void nobody_is_on_a_list_twice(void **state) {
    (void)state;
    cs_trust t = trust_in(3);
    cs_public_identity same_name = authority[3].public, same_key = authority[3].public, same_ring = authority[3].public;
    memcpy(same_name.name, authority[0].public.name, sizeof same_name.name);
    memcpy(same_key.ed25519, authority[0].public.ed25519, 32);
    memcpy(same_ring.ristretto255, authority[0].public.ristretto255, 32);
    assert_int_equal(cs_trust_add(&t, &authority[1].public), CS_ERR_INPUT);
    assert_int_equal(cs_trust_add(&t, &same_name), CS_ERR_INPUT);
    assert_int_equal(cs_trust_add(&t, &same_key), CS_ERR_INPUT);
    assert_int_equal(cs_trust_add(&t, &same_ring), CS_ERR_INPUT);
    assert_int_equal(t.n, 3);
    assert_non_null(cs_trust_find(&t, authority[2].public.ed25519));
    assert_null(cs_trust_find(&t, authority[3].public.ed25519));
    cs_trust_free(&t);
}

static cs_status read_list(const char *text) {
    cs_trust t;
    json_t *root = json_loads(text, 0, NULL);
    const cs_json v = cs_json_root("authorities.json", root);
    cs_error_clear();
    const cs_status status = cs_trust_from_json(&t, &v);
    json_decref(root);
    assert_null(status == CS_OK ? NULL : t.authorities);
    cs_trust_free(&t);
    return status;
}

static void malformed_lists_are_refused(void **state) {
    (void)state;
    assert_int_equal(read_list("{\"version\":1,\"authorities\":[]}"), CS_OK);
    assert_int_equal(read_list("{\"version\":1,\"authorities\":{}}"), CS_ERR_INPUT);
    assert_int_equal(read_list("{\"version\":1,\"authorities\":[{\"version\":1}]}"), CS_ERR_INPUT);
    assert_int_equal(read_list("{\"authorities\":[]}"), CS_ERR_INPUT);
    expect(read_list("{\"version\":3,\"authorities\":[]}"), CS_REFUSAL_VERSION);
    expect(read_list("{\"version\":1,\"authorities\":[],\"more\":[]}"), CS_REFUSAL_UNKNOWN);
    expect(read_list("{\"version\":1,\"authorities\":[{\"version\":2}]}"), CS_REFUSAL_VERSION);
    cs_trust t = trust_in(1);
    json_t *v = cs_trust_to_json(&t);
    json_array_append(json_object_get(v, "authorities"), json_array_get(json_object_get(v, "authorities"), 0));
    char *twice = json_dumps(v, 0);
    assert_int_equal(read_list(twice), CS_ERR_INPUT);
    free(twice);
    json_decref(v);
    cs_trust_free(&t);
}

/* ------------------------------------------------------------ certificates */

static void authorities_certify(void **state) {
    (void)state;
    cs_trust t = trust_in(3);
    for (int k = 0; k < 3; k++) {
        cs_certificate c = by(k);
        check(&c, &t, DAY, CS_REFUSAL_NONE);
        cs_certificate_free(&c);
    }
    cs_trust_free(&t);
}

static void another_authority_is_refused(void **state) {
    (void)state;
    cs_trust t = trust_in(3), nobody = {0}, renamed = {0};
    cs_certificate c = by(3), good = by(0);
    check(&c, &t, DAY, CS_REFUSAL_AUTHORITY);
    check(&good, &nobody, DAY, CS_REFUSAL_AUTHORITY);
    cs_public_identity other = authority[0].public;
    memcpy(other.name, "Somebody else", 14);
    assert_int_equal(cs_trust_add(&renamed, &other), CS_OK);
    check(&good, &renamed, DAY, CS_REFUSAL_AUTHORITY);
    cs_trust_free(&t);
    cs_trust_free(&renamed);
}

/* The name and key of a trusted authority over somebody else's signature. */
static void forged_signatures_are_refused(void **state) {
    (void)state;
    cs_trust t = trust_in(3);
    cs_certificate c = by(0), other = by(1);
    memcpy(c.signature, other.signature, sizeof c.signature);
    check(&c, &t, DAY, CS_REFUSAL_SIGNATURE);
    cs_trust_free(&t);
}

static void every_term_is_signed(void **state) {
    (void)state;
    cs_trust t = trust_in(3);
    const cs_certificate good = by(0);
    for (int k = 0; k < 9; k++) {
        cs_certificate c = good;
        if (k == 0)
            c.dataset.digest[31] ^= 1;
        if (k == 1)
            c.dataset.schema[31] ^= 1;
        if (k == 2)
            c.dataset.rows++;
        if (k == 3)
            c.source[0] ^= 1;
        if (k == 4)
            c.licence.per_epoch++;
        if (k == 5)
            c.licence.total = 1;
        if (k == 6)
            c.until[3] = '9';
        if (k == 7)
            c.from[3] = '0';
        if (k == 8)
            memcpy(c.licence.expires, "2030-01-01", CS_DATE_SIZE);
        cs_buffer text = {0};
        cs_certificate read;
        assert_int_equal(cs_document_append(&text, cs_certificate_to_json(&c)), CS_OK);
        assert_int_equal(cs_certificate_decode(&read, "x", text.data, text.size), CS_OK);
        expect(cs_certificate_check(&read, &t, DAY), CS_REFUSAL_SIGNATURE);
        cs_certificate_free(&read);
        cs_buffer_free(&text);
    }
    cs_trust_free(&t);
}

static void days_and_licences_are_checked(void **state) {
    (void)state;
    cs_trust t = trust_in(1);
    cs_certificate c = by(0);
    check(&c, &t, "2026-01-01", CS_REFUSAL_NONE); /* the first day and the last one */
    check(&c, &t, "2026-12-31", CS_REFUSAL_NONE);
    check(&c, &t, "2025-12-31", CS_REFUSAL_EXPIRED);
    check(&c, &t, "2027-01-01", CS_REFUSAL_EXPIRED);
    memcpy(c.licence.expires, "2026-06-30", CS_DATE_SIZE);
    assert_int_equal(cs_certificate_sign(&c, &authority[0]), CS_OK);
    check(&c, &t, "2026-06-30", CS_REFUSAL_NONE);
    check(&c, &t, "2026-07-01", CS_REFUSAL_EXPIRED);
    c.licence.deny = true;
    assert_int_equal(cs_certificate_sign(&c, &authority[0]), CS_OK);
    check(&c, &t, "2026-06-30", CS_REFUSAL_DENIED);
    memcpy(c.until, "2025-12-31", CS_DATE_SIZE);
    assert_int_equal(cs_certificate_sign(&c, &authority[0]), CS_ERR_INPUT);
    cs_trust_free(&t);
}

static void other_datasets_are_refused(void **state) {
    (void)state;
    const cs_certificate c = by(0);
    cs_certified_dataset d = c.dataset;
    cs_error_clear();
    expect(cs_certificate_check_dataset(&c, &d), CS_REFUSAL_NONE);
    d.digest[0] ^= 1;
    expect(cs_certificate_check_dataset(&c, &d), CS_REFUSAL_DATASET);
    d = c.dataset;
    d.rows--;
    expect(cs_certificate_check_dataset(&c, &d), CS_REFUSAL_DATASET);
    d.schema[0] ^= 1;
    expect(cs_certificate_check_dataset(&c, &d), CS_REFUSAL_SCHEMA);
}

/* ------------------------------------------------------------ hidden sources */

static void sources_can_hide(void **state) {
    (void)state;
    cs_trust t = trust_in(3);
    for (int k = 0; k < 3; k++) {
        cs_certificate c = hidden_by(k, &t);
        check(&c, &t, DAY, CS_REFUSAL_NONE);
        check(&c, &t, "2027-01-01", CS_REFUSAL_EXPIRED);
        json_t *v = cs_certificate_to_json(&c);
        char *text = json_dumps(v, 0), hex[65];
        json_decref(v);
        cs_hex32(hex, authority[k].public.ed25519);
        assert_null(strstr(text, hex));
        assert_null(strstr(text, "Authority"));
        cs_hex32(hex, authority[k].public.ristretto255);
        assert_null(strstr(text, hex));
        free(text);
        cs_certificate_free(&c);
    }
    cs_trust_free(&t);
}

static void an_authority_outside_the_set_cannot_hide_in_it(void **state) {
    (void)state;
    cs_trust t = trust_in(3), larger = trust_in(4);
    cs_certificate c = unsigned_certificate();
    expect(cs_certificate_sign_hidden(&c, &t, &authority[3]), CS_REFUSAL_RING);
    cs_certificate_free(&c);
    c = hidden_by(3, &larger); /* a set of its own making */
    check(&c, &t, DAY, CS_REFUSAL_RING);
    /* … under the name of the published set, with a ring of the right length. */
    cs_trust own = {0};
    for (int k = 1; k < 4; k++)
        assert_int_equal(cs_trust_add(&own, &authority[k].public), CS_OK);
    cs_certificate forged = hidden_by(3, &own);
    assert_int_equal(cs_trust_digest(forged.set, &t), CS_OK);
    cs_buffer text = {0};
    cs_certificate read;
    assert_int_equal(cs_document_append(&text, cs_certificate_to_json(&forged)), CS_OK);
    assert_int_equal(cs_certificate_decode(&read, "x", text.data, text.size), CS_OK);
    expect(cs_certificate_check(&read, &t, DAY), CS_REFUSAL_RING);
    cs_certificate_free(&read);
    cs_buffer_free(&text);
    cs_certificate_free(&forged);
    cs_certificate_free(&c);
    cs_trust_free(&own);
    cs_trust_free(&larger);
    cs_trust_free(&t);
}

static void the_set_is_the_verifiers(void **state) {
    (void)state;
    cs_trust t = trust_in(3), fewer = trust_in(2), one = trust_in(1);
    cs_certificate c = hidden_by(0, &t), alone = unsigned_certificate();
    check(&c, &fewer, DAY, CS_REFUSAL_RING);
    assert_int_equal(cs_certificate_sign_hidden(&alone, &one, &authority[0]), CS_ERR_INPUT);
    cs_certificate_free(&c);
    cs_trust_free(&t);
    cs_trust_free(&fewer);
    cs_trust_free(&one);
}

/* ------------------------------------------------------------ decoding */

/* One field of the body (or, with a dot, of the licence) replaced, deleted (NULL) or added. */
static cs_status decode_with(const char *object, const char *field, json_t *value) {
    cs_certificate c = by(0), read;
    json_t *v = cs_certificate_to_json(&c), *at = object[0] == '\0' ? v : json_object_get(v, "body");
    if (strcmp(object, "licence") == 0 || strcmp(object, "authority") == 0)
        at = json_object_get(at, object);
    assert_int_equal(value == NULL ? json_object_del(at, field) : json_object_set_new(at, field, value), 0);
    cs_buffer text = {0};
    assert_int_equal(cs_document_append(&text, v), CS_OK);
    cs_error_clear();
    const cs_status status = cs_certificate_decode(&read, "x", text.data, text.size);
    cs_certificate_free(&read);
    cs_buffer_free(&text);
    return status;
}

static void malformed_certificates_are_refused(void **state) {
    (void)state;
    expect(decode_with("body", "version", json_integer(0)), CS_REFUSAL_VERSION);
    expect(decode_with("body", "version", json_integer(2)), CS_REFUSAL_VERSION);
    expect(decode_with("body", "more", json_integer(2)), CS_REFUSAL_UNKNOWN);
    expect(decode_with("licence", "more", json_true()), CS_REFUSAL_UNKNOWN);
    expect(decode_with("licence", "version", json_integer(2)), CS_REFUSAL_VERSION);
    expect(decode_with("authority", "one_of", json_true()), CS_REFUSAL_UNKNOWN);
    expect(decode_with("", "note", json_string("trust me")), CS_REFUSAL_UNKNOWN);
    expect(decode_with("authority", "name", json_string("Authority 1")), CS_REFUSAL_SIGNATURE);
    assert_int_equal(decode_with("licence", "deny", NULL), CS_ERR_INPUT); /* all terms are spelled out */
    assert_int_equal(decode_with("licence", "quota", NULL), CS_ERR_INPUT);
    assert_int_equal(decode_with("body", "until", NULL), CS_ERR_INPUT);
    assert_int_equal(decode_with("body", "until", json_string("2026-02-30")), CS_ERR_INPUT);
    assert_int_equal(decode_with("body", "until", json_string("2025-12-31")), CS_ERR_INPUT); /* before it begins */
    assert_int_equal(decode_with("body", "rows", json_integer(0)), CS_ERR_INPUT);
    assert_int_equal(decode_with("body", "rows", json_real(569.0)), CS_ERR_INPUT);
    assert_int_equal(decode_with("body", "source", json_string("")), CS_ERR_INPUT);
    assert_int_equal(decode_with("body", "dataset", json_string("00")), CS_ERR_INPUT);
    assert_int_equal(decode_with("body", "authority", json_string("me")), CS_ERR_INPUT);
    assert_int_equal(decode_with("", "signatures", json_array()), CS_ERR_INPUT);
    assert_int_equal(decode_with("", "signatures", NULL), CS_ERR_INPUT);
    /* Both kinds of authority at once. */
    expect(decode_with("", "ring", json_object()), CS_REFUSAL_UNKNOWN);
    cs_certificate read;
    assert_int_equal(cs_certificate_decode(&read, "x", "", 0), CS_ERR_INPUT);
    assert_int_equal(cs_certificate_load(&read, "/nonexistent"), CS_ERR_IO);
}

static void any_changed_byte_shows(void **state) {
    (void)state;
    cs_trust t = trust_in(3);
    cs_certificate of[2] = {by(0), hidden_by(1, &t)}, read;
    for (int hidden = 0; hidden < 2; hidden++) {
        cs_buffer text = {0};
        assert_int_equal(cs_document_append(&text, cs_certificate_to_json(&of[hidden])), CS_OK);
        for (size_t k = 0; k < text.size; k++) {
            text.data[k] ^= 1;
            cs_status status = cs_certificate_decode(&read, "x", text.data, text.size);
            if (status == CS_OK)
                status = cs_certificate_check(&read, &t, DAY);
            assert_int_not_equal(status, CS_OK);
            cs_certificate_free(&read);
            text.data[k] ^= 1;
        }
        cs_buffer_free(&text);
        cs_certificate_free(&of[hidden]);
    }
    cs_trust_free(&t);
}

static int nothing_leaks(void **state) {
    (void)state;
    return cs_memory_live() == 0 ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(lists_are_in_one_order, nothing_leaks),
        cmocka_unit_test_teardown(nobody_is_on_a_list_twice, nothing_leaks),
        cmocka_unit_test_teardown(malformed_lists_are_refused, nothing_leaks),
        cmocka_unit_test_teardown(authorities_certify, nothing_leaks),
        cmocka_unit_test_teardown(another_authority_is_refused, nothing_leaks),
        cmocka_unit_test_teardown(forged_signatures_are_refused, nothing_leaks),
        cmocka_unit_test_teardown(every_term_is_signed, nothing_leaks),
        cmocka_unit_test_teardown(days_and_licences_are_checked, nothing_leaks),
        cmocka_unit_test_teardown(other_datasets_are_refused, nothing_leaks),
        cmocka_unit_test_teardown(sources_can_hide, nothing_leaks),
        cmocka_unit_test_teardown(an_authority_outside_the_set_cannot_hide_in_it, nothing_leaks),
        cmocka_unit_test_teardown(the_set_is_the_verifiers, nothing_leaks),
        cmocka_unit_test_teardown(malformed_certificates_are_refused, nothing_leaks),
        cmocka_unit_test_teardown(any_changed_byte_shows, nothing_leaks)};
    return sodium_init() < 0 || cmocka_run_group_tests(tests, make_authorities, NULL);
}
