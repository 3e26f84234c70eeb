/* Signed documents: who signed what, in which order; changed, foreign and malleable signatures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "provenance/document.h"
#include "provenance/identity.h"

static const uint8_t ROOT[2][CS_ROOT_SIZE] = {{1}, {2}};

static cs_secret_identity someone(int k, const char *name) {
    cs_secret_identity out;
    assert_int_equal(cs_secret_identity_derive(&out, name, ROOT[k]), CS_OK);
    return out;
}

static cs_signed signed_by_two(void) {
    cs_signed out;
    cs_signature s;
    const cs_secret_identity b = someone(0, "Bravo"), a = someone(1, "Alpha");
    json_t *body = json_pack("{s:i, s:s}", "version", 1, "text", "agreed");
    assert_int_equal(cs_signed_new(&out, body), CS_OK);
    json_decref(body);
    cs_sign(&s, CS_SIGN_MANIFEST, out.digest, "Bravo", b.ed25519);
    assert_int_equal(cs_signed_add(&out, &s), CS_OK);
    cs_sign(&s, CS_SIGN_MANIFEST, out.digest, "Alpha", a.ed25519);
    assert_int_equal(cs_signed_add(&out, &s), CS_OK);
    return out;
}

static cs_buffer encode(const cs_signed *s) {
    cs_buffer out = {0};
    assert_int_equal(cs_document_append(&out, cs_signed_to_json(s)), CS_OK);
    return out;
}

static void documents_round_trip(void **state) {
    (void)state;
    cs_signed s = signed_by_two(), again;
    cs_buffer text = encode(&s);
    assert_string_equal(s.signatures[0].name, "Alpha"); /* in order of names, not of time */
    assert_int_equal(cs_signed_decode(&again, "x", text.data, text.size, 2), CS_OK);
    assert_int_equal(again.n, 2);
    assert_memory_equal(again.digest, s.digest, 32);
    assert_memory_equal(again.signatures, s.signatures, 2 * sizeof *s.signatures);
    assert_int_equal(cs_signed_check(&again, CS_SIGN_MANIFEST), CS_OK);
    cs_signed_free(&again);
    assert_int_equal(cs_signed_decode(&again, "x", text.data, text.size, 1), CS_ERR_INPUT); /* more than allowed */
    assert_null(again.body);
    cs_buffer_free(&text);
    cs_signed_free(&s);
}

static void another_kind_of_document_is_not_signed(void **state) {
    (void)state;
    cs_signed s = signed_by_two();
    assert_int_equal(cs_signed_check(&s, CS_SIGN_STATEMENT), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_SIGNATURE);
    cs_signed_free(&s);
}

static void nobody_signs_twice(void **state) {
    (void)state;
    cs_signed s = signed_by_two();
    cs_signature same_key = s.signatures[0], same_name = s.signatures[0];
    memcpy(same_key.name, "Omega", 6);
    same_name.key[0] ^= 1;
    assert_int_equal(cs_signed_add(&s, &same_key), CS_ERR_INPUT);
    assert_int_equal(cs_signed_add(&s, &same_name), CS_ERR_INPUT);
    assert_int_equal(s.n, 2);
    cs_signed_free(&s);
}

/* Every byte of the file: either it does not decode, or a signature fails. */
static void any_changed_byte_shows(void **state) {
    (void)state;
    cs_signed s = signed_by_two(), again;
    cs_buffer text = encode(&s);
    for (size_t k = 0; k < text.size; k++) {
        text.data[k] ^= 1;
        cs_status status = cs_signed_decode(&again, "x", text.data, text.size, 2);
        if (status == CS_OK) {
            /* A name beside a signature is not signed: who owns the key is for the reader to know. */
            const bool renamed =
                strcmp(again.signatures[0].name, "Alpha") != 0 || strcmp(again.signatures[1].name, "Bravo") != 0;
            status = cs_signed_check(&again, CS_SIGN_MANIFEST);
            assert_int_equal(status, renamed ? CS_OK : CS_REJECT);
            cs_signed_free(&again);
        }
        text.data[k] ^= 1;
    }
    cs_buffer_free(&text);
    cs_signed_free(&s);
}

static void expect_text(const char *text, cs_status status) {
    cs_signed s;
    assert_int_equal(cs_signed_decode(&s, "x", text, strlen(text), 2), status);
    assert_null(s.body);
}

static void malformed_documents_are_refused(void **state) {
    (void)state;
    expect_text("", CS_ERR_INPUT);
    expect_text("[]", CS_ERR_INPUT);
    expect_text("{\"body\":{}}", CS_ERR_INPUT);
    expect_text("{\"body\":[],\"signatures\":[]}", CS_ERR_INPUT);
    expect_text("{\"body\":{},\"signatures\":{}}", CS_ERR_INPUT);
    expect_text("{\"signatures\":[],\"body\":{}}", CS_ERR_INPUT);   /* canonical form: sorted, */
    expect_text("{\"body\":{}, \"signatures\":[]}", CS_ERR_INPUT);  /* without spaces, */
    expect_text("{\"body\":{},\"signatures\":[]}\n", CS_ERR_INPUT); /* and nothing behind it */
    expect_text("{\"body\":{\"a\":1,\"a\":1},\"signatures\":[]}", CS_ERR_INPUT);
    expect_text("{\"body\":{\"a\":1e0},\"signatures\":[]}", CS_ERR_INPUT);
    expect_text("{\"body\":{\"a\":\"\\u0041\"},\"signatures\":[]}", CS_ERR_INPUT);
    expect_text("{\"body\":{},\"more\":1,\"signatures\":[]}", CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_UNKNOWN);
    expect_text("{\"body\":{},\"signatures\":[{\"key\":\"00\",\"name\":\"a\",\"signature\":\"00\"}]}", CS_ERR_INPUT);
    cs_signed s;
    assert_int_equal(cs_signed_decode(&s, "x", "{\"body\":{},\"signatures\":[]}", 27, 2), CS_OK);
    cs_signed_free(&s);
}

static void signatures_out_of_order_are_refused(void **state) {
    (void)state;
    cs_signed s = signed_by_two(), again;
    const cs_signature first = s.signatures[0];
    s.signatures[0] = s.signatures[1];
    s.signatures[1] = first;
    cs_buffer text = encode(&s);
    assert_int_equal(cs_signed_decode(&again, "x", text.data, text.size, 2), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "ascending order"));
    cs_buffer_free(&text);
    cs_signed_free(&s);
}

/* s + L is a second encoding of the scalar; a key of order one "signs" everything. */
static void malleable_signatures_are_refused(void **state) {
    (void)state;
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    cs_signed s = signed_by_two();
    cs_signature changed = s.signatures[0];
    unsigned carry = 0;
    for (int k = 0; k < 32; k++) {
        carry += (unsigned)changed.signature[32 + k] + order[k];
        changed.signature[32 + k] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(cs_signature_check(&s.signatures[0], CS_SIGN_MANIFEST, s.digest), CS_OK);
    assert_int_equal(cs_signature_check(&changed, CS_SIGN_MANIFEST, s.digest), CS_REJECT);
    cs_signature trivial = {.name = "x", .key = {1}, .signature = {1}};
    assert_int_equal(cs_signature_check(&trivial, CS_SIGN_MANIFEST, s.digest), CS_REJECT);
    assert_int_equal(cs_refusal_last(), CS_REFUSAL_SIGNATURE);
    cs_signed_free(&s);
}

static void versions_and_unknown_fields_have_their_own_refusals(void **state) {
    (void)state;
    static const cs_json_field fields[] = {{"version", true}, {"a", false}};
    static const cs_json_shape shape = {"", fields, 2};
    static const struct {
        const char *text;
        cs_status status;
        cs_refusal kind;
    } cases[] = {{"{\"version\":1}", CS_OK, CS_REFUSAL_NONE},
                 {"{\"version\":1,\"a\":0}", CS_OK, CS_REFUSAL_NONE},
                 {"{\"version\":2}", CS_REJECT, CS_REFUSAL_VERSION},
                 {"{\"version\":0,\"b\":0}", CS_REJECT, CS_REFUSAL_VERSION}, /* an old version explains everything else */
                 {"{\"version\":1,\"b\":0}", CS_REJECT, CS_REFUSAL_UNKNOWN},
                 {"{\"version\":\"1\"}", CS_ERR_INPUT, CS_REFUSAL_NONE},
                 {"{\"a\":1}", CS_ERR_INPUT, CS_REFUSAL_NONE}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        json_t *root;
        assert_int_equal(cs_json_parse(&root, "x", cases[k].text, strlen(cases[k].text)), CS_OK);
        const cs_json v = cs_json_root("x", root);
        cs_error_clear();
        assert_int_equal(cs_document_object(&v, &shape, 1), cases[k].status);
        assert_int_equal(cs_refusal_last(), cases[k].kind);
        json_decref(root);
    }
}

/* What is signed is as the header says, so that any Ed25519 library can check it. */
static void labels_are_part_of_the_message(void **state) {
    (void)state;
    const cs_secret_identity me = someone(0, "me");
    const uint8_t digest[32] = {7};
    cs_signature s;
    uint8_t message[sizeof "consort/export/1" + 32] = "consort/export/1";
    memcpy(message + sizeof "consort/export/1", digest, 32);
    cs_sign(&s, CS_SIGN_EXPORT, digest, "me", me.ed25519);
    assert_int_equal(crypto_sign_verify_detached(s.signature, message, sizeof message, me.public.ed25519), 0);
    assert_memory_equal(s.key, me.public.ed25519, 32);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(documents_round_trip),
                                       cmocka_unit_test(another_kind_of_document_is_not_signed),
                                       cmocka_unit_test(nobody_signs_twice),
                                       cmocka_unit_test(any_changed_byte_shows),
                                       cmocka_unit_test(malformed_documents_are_refused),
                                       cmocka_unit_test(signatures_out_of_order_are_refused),
                                       cmocka_unit_test(malleable_signatures_are_refused),
                                       cmocka_unit_test(versions_and_unknown_fields_have_their_own_refusals),
                                       cmocka_unit_test(labels_are_part_of_the_message)};
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
