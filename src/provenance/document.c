#include "provenance/document.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/sha256.h"

enum { MAX_HEX_BYTES = 128 };

static cs_status fail_memory(void) {
    return cs_fail(CS_ERR_MEMORY, "no memory to encode a document");
}

static cs_status check_canonical(const json_t *v, const char *file, const void *data, size_t size) {
    char *again = cs_json_canonical(v);
    if (again == NULL)
        return fail_memory();
    const bool same = strlen(again) == size && memcmp(again, data, size) == 0;
    sodium_memzero(again, strlen(again));
    free(again);
    return same ? CS_OK
                : cs_fail(CS_ERR_INPUT, "%s: not in canonical form (sorted keys, no spaces, nothing behind the end)", file);
}

cs_status cs_document_parse(json_t **out, const char *file, const void *data, size_t size) {
    CS_TRY(cs_json_parse(out, file, data, size));
    const cs_status status = check_canonical(*out, file, data, size);
    if (status != CS_OK) {
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

cs_status cs_document_load(json_t **out, const char *path, size_t limit) {
    cs_buffer text = {0};
    *out = NULL;
    cs_status status = cs_file_read(path, limit, &text);
    if (status == CS_OK)
        status = cs_json_parse(out, path, text.data, text.size);
    cs_buffer_free(&text);
    return status;
}

static bool is_known(const cs_json_shape *shape, const char *key) {
    for (size_t k = 0; k < shape->n; k++)
        if (strcmp(key, shape->fields[k].name) == 0)
            return true;
    return false;
}

static cs_status refuse_at(const cs_json *v, cs_refusal kind, const char *text) {
    return cs_refuse(kind, "%s: %s%s%s", v->file, v->path, v->path[0] ? ": " : "", text);
}

cs_status cs_document_object(const cs_json *v, const cs_json_shape *shape, int version) {
    char text[200];
    const json_t *stated = json_object_get(v->value, "version");
    if (version > 0 && json_is_integer(stated) && json_integer_value(stated) != version) {
        snprintf(text, sizeof text, "made for another version of consort (version %lld, this one reads %d)",
                 (long long)json_integer_value(stated), version);
        return refuse_at(v, CS_REFUSAL_VERSION, text);
    }
    json_t *object = (json_t *)(uintptr_t)v->value;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at))
        if (!is_known(shape, json_object_iter_key(at))) {
            snprintf(text, sizeof text, "unknown field \"%.100s\"", json_object_iter_key(at));
            return refuse_at(v, CS_REFUSAL_UNKNOWN, text);
        }
    CS_TRY(cs_json_object(v, shape));
    if (version > 0 && !json_is_integer(stated))
        return cs_json_fail(v, "the field \"version\" is not an integer");
    return CS_OK;
}

cs_status cs_document_hex(uint8_t *out, size_t size, const cs_json *v) {
    const char *text = "";
    size_t got = 0;
    CS_TRY(cs_json_string(&text, v, 2 * size, 2 * size));
    const bool lower = strspn(text, "0123456789abcdef") == 2 * size;
    if (!lower || sodium_hex2bin(out, size, text, 2 * size, NULL, &got, NULL) != 0 || got != size)
        return cs_json_fail(v, "%zu lower-case hexadecimal digits are required", 2 * size);
    return CS_OK;
}

json_t *cs_document_hex_to_json(const uint8_t *in, size_t size) {
    char text[2 * MAX_HEX_BYTES + 1];
    sodium_bin2hex(text, sizeof text, in, size);
    json_t *out = json_string(text);
    sodium_memzero(text, sizeof text);
    return out;
}

cs_status cs_document_append(cs_buffer *out, json_t *v) {
    char *text = v == NULL ? NULL : cs_json_canonical(v);
    json_decref(v);
    if (text == NULL)
        return fail_memory();
    cs_buffer_append(out, text, strlen(text));
    sodium_memzero(text, strlen(text));
    free(text);
    return cs_buffer_status(out);
}

static cs_status hash(uint8_t out[32], const char *label, size_t label_size, const json_t *v) {
    char *text = v == NULL ? NULL : cs_json_canonical(v);
    if (text == NULL)
        return fail_memory();
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)label, label_size);
    cs_sha256_update(&state, text, strlen(text));
    crypto_hash_sha256_final(&state, out);
    free(text);
    return CS_OK;
}

cs_status cs_document_digest(uint8_t out[32], const json_t *v) {
    return hash(out, "", 0, v);
}

cs_status cs_document_label_digest(uint8_t out[32], const char *label, const json_t *v) {
    return hash(out, label, strlen(label) + 1, v);
}

cs_status cs_document_save(json_t *v, const char *path, unsigned mode) {
    cs_buffer text = {0};
    cs_status status = cs_document_append(&text, v);
    if (status == CS_OK)
        status = cs_file_write(path, text.data, text.size, mode);
    cs_buffer_free(&text);
    return status;
}
