#include "provenance/sign.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "provenance/document.h"

enum { MAX_LABEL = 64 };

static const cs_json_field SIGNATURE_FIELDS[] = {{"key", true}, {"name", true}, {"signature", true}};
static const cs_json_shape SIGNATURE_SHAPE = {"signatures[]", SIGNATURE_FIELDS, 3};
static const cs_json_field SIGNED_FIELDS[] = {{"body", true}, {"signatures", true}};
static const cs_json_shape SIGNED_SHAPE = {"", SIGNED_FIELDS, 2};

/* label, NUL, digest */
static size_t message(uint8_t out[MAX_LABEL + 32], const char *label, const uint8_t digest[32]) {
    const size_t length = strlen(label) + 1;
    memcpy(out, label, length);
    memcpy(out + length, digest, 32);
    return length + 32;
}

void cs_sign(cs_signature *out, const char *label, const uint8_t digest[32], const char *name,
             const uint8_t secret[CS_SIGN_SECRET_SIZE]) {
    uint8_t text[MAX_LABEL + 32];
    const size_t size = message(text, label, digest);
    *out = (cs_signature){0};
    memcpy(out->name, name, strlen(name));
    memcpy(out->key, secret + 32, sizeof out->key);
    (void)crypto_sign_detached(out->signature, NULL, text, size, secret);
}

cs_status cs_signature_check(const cs_signature *s, const char *label, const uint8_t digest[32]) {
    uint8_t text[MAX_LABEL + 32];
    const size_t size = message(text, label, digest);
    if (crypto_sign_verify_detached(s->signature, text, size, s->key) != 0)
        return cs_refuse(CS_REFUSAL_SIGNATURE, "the signature of \"%s\" does not hold: text or signature were changed",
                         s->name);
    return CS_OK;
}

json_t *cs_signature_to_json(const cs_signature *s) {
    return json_pack("{s:o, s:s, s:o}", "key", cs_document_hex_to_json(s->key, sizeof s->key), "name", s->name, "signature",
                     cs_document_hex_to_json(s->signature, sizeof s->signature));
}

cs_status cs_signature_from_json(cs_signature *out, const cs_json *v) {
    const char *name = "";
    *out = (cs_signature){0};
    CS_TRY(cs_document_object(v, &SIGNATURE_SHAPE, 0));
    const cs_json key = cs_json_get(v, "key"), named = cs_json_get(v, "name"), value = cs_json_get(v, "signature");
    CS_TRY(cs_document_hex(out->key, sizeof out->key, &key));
    CS_TRY(cs_json_string(&name, &named, 1, CS_PARTY_NAME_BYTES));
    memcpy(out->name, name, strlen(name));
    return cs_document_hex(out->signature, sizeof out->signature, &value);
}

/* ------------------------------------------------------------ documents */

void cs_signed_free(cs_signed *s) {
    json_decref(s->body);
    cs_free(s->signatures);
    *s = (cs_signed){0};
}

cs_status cs_signed_new(cs_signed *out, json_t *body) {
    *out = (cs_signed){0};
    CS_TRY(cs_document_digest(out->digest, body));
    out->body = json_incref(body);
    return CS_OK;
}

cs_status cs_signed_add(cs_signed *s, const cs_signature *signature) {
    size_t at = 0;
    for (size_t k = 0; k < s->n; k++) {
        if (memcmp(s->signatures[k].key, signature->key, CS_SIGN_KEY_SIZE) == 0)
            return cs_fail(CS_ERR_INPUT, "\"%s\" and \"%s\" sign with one key, or twice", s->signatures[k].name,
                           signature->name);
        const int order = strcmp(s->signatures[k].name, signature->name);
        if (order == 0)
            return cs_fail(CS_ERR_INPUT, "there is a signature of \"%s\" already", signature->name);
        at += order < 0;
    }
    cs_signature *grown = cs_grow(s->signatures, s->n, s->n + 1, sizeof *grown);
    if (grown == NULL)
        return CS_ERR_MEMORY;
    memmove(grown + at + 1, grown + at, (s->n - at) * sizeof *grown);
    grown[at] = *signature;
    s->signatures = grown;
    s->n++;
    return CS_OK;
}

static cs_status read_signatures(cs_signed *out, const cs_json *list, size_t max) {
    size_t n = 0;
    CS_TRY(cs_json_array(&n, list, 0, max));
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(list, k);
        cs_signature signature;
        CS_TRY(cs_signature_from_json(&signature, &item));
        if (k > 0 && strcmp(out->signatures[k - 1].name, signature.name) >= 0)
            return cs_json_fail(&item, "signatures are not in ascending order of names, each once");
        CS_TRY(cs_fail_prefix(cs_signed_add(out, &signature), "%s: %s", item.file, item.path));
    }
    return CS_OK;
}

cs_status cs_signed_from_json(cs_signed *out, const cs_json *v, size_t max) {
    *out = (cs_signed){0};
    CS_TRY(cs_document_object(v, &SIGNED_SHAPE, 0));
    const cs_json body = cs_json_get(v, "body"), list = cs_json_get(v, "signatures");
    if (!json_is_object(body.value))
        return cs_json_fail(&body, "an object is required");
    cs_status status = cs_signed_new(out, (json_t *)(uintptr_t)body.value);
    if (status == CS_OK)
        status = read_signatures(out, &list, max);
    if (status != CS_OK)
        cs_signed_free(out);
    return status;
}

cs_status cs_signed_decode(cs_signed *out, const char *file, const void *data, size_t size, size_t max) {
    json_t *root;
    *out = (cs_signed){0};
    CS_TRY(cs_document_parse(&root, file, data, size));
    const cs_json v = cs_json_root(file, root);
    const cs_status status = cs_signed_from_json(out, &v, max);
    json_decref(root);
    return status;
}

json_t *cs_signed_to_json(const cs_signed *s) {
    json_t *list = json_array();
    for (size_t k = 0; list != NULL && k < s->n; k++)
        if (json_array_append_new(list, cs_signature_to_json(&s->signatures[k])) != 0) {
            json_decref(list);
            return NULL;
        }
    return json_pack("{s:O, s:o}", "body", s->body, "signatures", list);
}

cs_status cs_signed_check(const cs_signed *s, const char *label) {
    for (size_t k = 0; k < s->n; k++)
        CS_TRY(cs_signature_check(&s->signatures[k], label, s->digest));
    return CS_OK;
}
