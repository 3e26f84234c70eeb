/* Documents of provenance. What is read encodes to the same bytes (trust lists and licences: to what reads as the same). */
#include <stdlib.h>
#include <string.h>

#include "provenance/cawg.h"
#include "provenance/certificate.h"
#include "provenance/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
    if (!holds)
        abort();
}

static void certificate(const uint8_t *data, size_t size) {
    static const cs_trust nobody;
    cs_certificate c;
    cs_buffer again = {0};
    if (cs_certificate_decode(&c, "x", data, size) != CS_OK)
        return;
    must(cs_document_append(&again, cs_certificate_to_json(&c)) == CS_OK);
    must(again.size == size && memcmp(again.data, data, size) == 0);
    must(cs_certificate_check(&c, &nobody, "2026-11-21") != CS_OK);
    cs_buffer_free(&again);
    cs_certificate_free(&c);
}

static void signed_document(const uint8_t *data, size_t size) {
    cs_signed s;
    cs_public_identity p;
    cs_buffer again = {0};
    if (cs_signed_decode(&s, "x", data, size, 16) != CS_OK)
        return;
    must(cs_document_append(&again, cs_signed_to_json(&s)) == CS_OK);
    must(again.size == size && memcmp(again.data, data, size) == 0);
    (void)cs_public_identity_from_signed(&p, "x", &s);
    cs_buffer_free(&again);
    cs_signed_free(&s);
}

static void licence(const cs_json *v) {
    cs_licence l, again;
    if (cs_licence_from_json(&l, v) != CS_OK && cs_cawg_to_licence(&l, v) != CS_OK)
        return;
    json_t *assertion = cs_cawg_from_licence(&l);
    const cs_json root = cs_json_root("x", assertion);
    must(cs_cawg_to_licence(&again, &root) == CS_OK && memcmp(&l, &again, sizeof l) == 0);
    json_decref(assertion);
}

static void trust(const cs_json *v) {
    cs_trust t, again;
    uint8_t a[32], b[32];
    if (cs_trust_from_json(&t, v) != CS_OK)
        return;
    json_t *list = cs_trust_to_json(&t);
    const cs_json root = cs_json_root("x", list);
    must(cs_trust_from_json(&again, &root) == CS_OK);
    must(cs_trust_digest(a, &t) == CS_OK && cs_trust_digest(b, &again) == CS_OK && memcmp(a, b, 32) == 0);
    json_decref(list);
    cs_trust_free(&t);
    cs_trust_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    json_t *root;
    certificate(data, size);
    signed_document(data, size);
    if (cs_json_parse(&root, "x", data, size) != CS_OK)
        return 0;
    const cs_json v = cs_json_root("x", root);
    licence(&v);
    trust(&v);
    json_decref(root);
    return 0;
}
