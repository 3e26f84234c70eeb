#include "provenance/trust.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "provenance/document.h"

static const char TRUST_LABEL[] = "consort/trust/1";

static const cs_json_field FIELDS[] = {{"version", true}, {"authorities", true}};
static const cs_json_shape SHAPE = {"", FIELDS, 2};

void cs_trust_free(cs_trust *t) {
    cs_free(t->authorities);
    *t = (cs_trust){0};
}

static bool clash(const cs_public_identity *a, const cs_public_identity *b) {
    return strcmp(a->name, b->name) == 0 || memcmp(a->ed25519, b->ed25519, sizeof a->ed25519) == 0 ||
           memcmp(a->x25519, b->x25519, sizeof a->x25519) == 0 ||
           memcmp(a->ristretto255, b->ristretto255, sizeof a->ristretto255) == 0;
}

cs_status cs_trust_add(cs_trust *t, const cs_public_identity *authority) {
    size_t at = 0;
    if (t->n == CS_TRUST_MAX)
        return cs_fail(CS_ERR_INPUT, "a trust list has at most %d authorities", CS_TRUST_MAX);
    for (size_t k = 0; k < t->n; k++) {
        if (clash(&t->authorities[k], authority))
            return cs_fail(CS_ERR_INPUT, "\"%s\": its name or one of its keys is on the list already, with \"%s\"",
                           authority->name, t->authorities[k].name);
        at += memcmp(t->authorities[k].ed25519, authority->ed25519, sizeof authority->ed25519) < 0;
    }
    cs_public_identity *grown = cs_grow(t->authorities, t->n, t->n + 1, sizeof *grown);
    if (grown == NULL)
        return CS_ERR_MEMORY;
    memmove(grown + at + 1, grown + at, (t->n - at) * sizeof *grown);
    grown[at] = *authority;
    t->authorities = grown;
    t->n++;
    return CS_OK;
}

static cs_status read_authorities(cs_trust *out, const cs_json *list) {
    size_t n = 0;
    CS_TRY(cs_json_array(&n, list, 0, CS_TRUST_MAX));
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(list, k);
        cs_public_identity authority;
        CS_TRY(cs_public_identity_from_json(&authority, &item));
        CS_TRY(cs_fail_prefix(cs_trust_add(out, &authority), "%s: %s", item.file, item.path));
    }
    return CS_OK;
}

cs_status cs_trust_from_json(cs_trust *out, const cs_json *v) {
    *out = (cs_trust){0};
    CS_TRY(cs_document_object(v, &SHAPE, CS_TRUST_VERSION));
    const cs_json list = cs_json_get(v, "authorities");
    const cs_status status = read_authorities(out, &list);
    if (status != CS_OK)
        cs_trust_free(out);
    return status;
}

cs_status cs_trust_load(cs_trust *out, const char *path) {
    json_t *file;
    *out = (cs_trust){0};
    CS_TRY(cs_document_load(&file, path, CS_TRUST_FILE_BYTES));
    const cs_json v = cs_json_root(path, file);
    const cs_status status = cs_trust_from_json(out, &v);
    json_decref(file);
    return status;
}

json_t *cs_trust_to_json(const cs_trust *t) {
    json_t *list = json_array();
    for (size_t k = 0; list != NULL && k < t->n; k++)
        if (json_array_append_new(list, cs_public_identity_to_json(&t->authorities[k])) != 0) {
            json_decref(list);
            return NULL;
        }
    return json_pack("{s:i, s:o}", "version", CS_TRUST_VERSION, "authorities", list);
}

cs_status cs_trust_digest(uint8_t out[32], const cs_trust *t) {
    json_t *v = cs_trust_to_json(t);
    const cs_status status = cs_document_label_digest(out, TRUST_LABEL, v);
    json_decref(v);
    return status;
}

const cs_public_identity *cs_trust_find(const cs_trust *t, const uint8_t ed25519[CS_SIGN_KEY_SIZE]) {
    for (size_t k = 0; k < t->n; k++)
        if (memcmp(t->authorities[k].ed25519, ed25519, CS_SIGN_KEY_SIZE) == 0)
            return &t->authorities[k];
    return NULL;
}

static int compare_keys(const void *a, const void *b) {
    return memcmp(a, b, CS_RING_KEY_SIZE);
}

void cs_trust_ring(uint8_t (*keys)[CS_RING_KEY_SIZE], const cs_trust *t) {
    for (size_t k = 0; k < t->n; k++)
        memcpy(keys[k], t->authorities[k].ristretto255, CS_RING_KEY_SIZE);
    if (t->n > 0)
        qsort(keys, t->n, sizeof *keys, compare_keys);
}
