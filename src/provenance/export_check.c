#include "provenance/export_check.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "provenance/document.h"

enum { PLACE_BYTES = 400 };

/* Appends ".name" or "[index]" while there is room. */
static void extend(char place[PLACE_BYTES], const char *name, size_t index) {
    const size_t used = strlen(place);
    if (name != NULL)
        snprintf(place + used, PLACE_BYTES - used, "%s%.80s", used > 0 ? "." : "", name);
    else
        snprintf(place + used, PLACE_BYTES - used, "[%zu]", index);
}

static bool differ(char place[PLACE_BYTES], const json_t *found, const json_t *expected);

static bool differ_in(char place[PLACE_BYTES], const char *name, size_t index, const json_t *found, const json_t *expected) {
    const size_t used = strlen(place);
    if (found != NULL && expected != NULL && json_equal(found, expected))
        return false;
    extend(place, name, index);
    if (found == NULL || expected == NULL || differ(place, found, expected))
        return true;
    place[used] = '\0';
    return false;
}

static bool differ_in_fields(char place[PLACE_BYTES], const json_t *of, const json_t *found, const json_t *expected) {
    void *at = json_object_iter((json_t *)(uintptr_t)of);
    for (; at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)of, at)) {
        const char *name = json_object_iter_key(at);
        if (differ_in(place, name, 0, json_object_get(found, name), json_object_get(expected, name)))
            return true;
    }
    return false;
}

/* Extends `place` to the innermost value that two JSON values do not have in common. */
static bool differ(char place[PLACE_BYTES], const json_t *found, const json_t *expected) {
    if (json_is_object(found) && json_is_object(expected))
        return differ_in_fields(place, expected, found, expected) || differ_in_fields(place, found, found, expected);
    if (json_is_array(found) && json_is_array(expected)) {
        for (size_t k = 0; k < json_array_size(found) || k < json_array_size(expected); k++)
            if (differ_in(place, NULL, k, json_array_get(found, k), json_array_get(expected, k)))
                return true;
        return false;
    }
    return !json_equal(found, expected);
}

static cs_status compare_bodies(const char *path, const cs_signed *document, const cs_facts *f) {
    const cs_signature *signer = &document->signatures[0];
    json_t *expected = NULL;
    char place[PLACE_BYTES] = "body";
    CS_TRY(cs_export_c2pa_body(&expected, f, signer->name, signer->key));
    const bool different = differ(place, document->body, expected);
    json_decref(expected);
    return different ? cs_refuse(CS_REFUSAL_EXPORT,
                                 "%s: %s is not what the attestation says; it was edited, or exported from "
                                 "another attestation or by another version",
                                 path, place)
                     : CS_OK;
}

/* A text that is no signed document, or not as it was written, is an edited export. */
static cs_status as_refusal(cs_status status) {
    char reason[1024];
    if (status != CS_ERR_INPUT && status != CS_REJECT)
        return status;
    snprintf(reason, sizeof reason, "%s", cs_error_text());
    return cs_refuse(CS_REFUSAL_EXPORT, "%s", reason);
}

static cs_status check_c2pa(cs_signature *signer, const char *path, const cs_buffer *file, const cs_facts *f) {
    cs_signed document = {0};
    CS_TRY(as_refusal(cs_signed_decode(&document, path, file->data, file->size, 1)));
    cs_status status = document.n == 1 ? compare_bodies(path, &document, f)
                                       : cs_refuse(CS_REFUSAL_EXPORT, "%s: the signature is missing", path);
    if (status == CS_OK)
        status = as_refusal(cs_fail_prefix(cs_signed_check(&document, CS_SIGN_EXPORT), "%s", path));
    if (status == CS_OK)
        *signer = document.signatures[0];
    cs_signed_free(&document);
    return status;
}

static cs_status check_model_card(const char *path, const cs_buffer *file, const cs_facts *f) {
    cs_buffer card = {0};
    cs_status status = cs_export_model_card(&card, f);
    size_t same = 0, line = 1;
    while (status == CS_OK && same < card.size && same < file->size && card.data[same] == file->data[same])
        line += card.data[same++] == '\n';
    if (status == CS_OK && (same < card.size || same < file->size))
        status = cs_refuse(CS_REFUSAL_EXPORT,
                           "%s: line %zu is not what the attestation says; it was edited, or exported from another "
                           "attestation or by another version",
                           path, line);
    cs_buffer_free(&card);
    return status;
}

cs_status cs_export_check(cs_export_report *report, const char *path, const cs_facts *f) {
    cs_export_report local, *r = report != NULL ? report : &local;
    cs_buffer file = {0};
    memset(r, 0, sizeof *r);
    CS_TRY(cs_facts_check_judged(f));
    cs_status status = as_refusal(cs_file_read(path, CS_EXPORT_MAX_BYTES, &file));
    r->c2pa = status == CS_OK && file.size > 0 && file.data[0] == '{';
    if (status == CS_OK)
        status = r->c2pa ? check_c2pa(&r->signer, path, &file, f) : check_model_card(path, &file, f);
    cs_buffer_free(&file);
    return status;
}
