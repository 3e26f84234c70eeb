#include "provenance/policy.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/strings.h"
#include "provenance/document.h"

enum { NAME_BYTES = 128, PURPOSE_BYTES = 64, MEMBERS = 64 };

static const cs_json_field ROOT[] = {{"version", true},
                                     {"steps", false},
                                     {"draws", false},
                                     {"multiply_adds", false},
                                     {"purpose", false},
                                     {"members", false},
                                     {"datasets_certified", false},
                                     {"hidden_sources", false},
                                     {"signatures", false}};
static const cs_json_field BOUNDS[] = {{"at_least", false}, {"at_most", false}};
static const cs_json_field MEMBER[] = {{"name", true}, {"ed25519", true}};
static const cs_json_shape ROOT_SHAPE = {"", ROOT, sizeof ROOT / sizeof *ROOT};
static const cs_json_shape BOUNDS_SHAPE = {"bounds", BOUNDS, 2};
static const cs_json_shape MEMBER_SHAPE = {"members[]", MEMBER, 2};

static cs_status read_bound(uint64_t *out, const cs_json *v) {
    int64_t n = 0;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_integer(&n, v, 0, INT64_MAX));
    *out = (uint64_t)n;
    return CS_OK;
}

static cs_status read_bounds(cs_policy_bounds *out, const cs_json *v) {
    *out = (cs_policy_bounds){.at_least = 0, .at_most = UINT64_MAX};
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_document_object(v, &BOUNDS_SHAPE, 0));
    const cs_json least = cs_json_get(v, "at_least"), most = cs_json_get(v, "at_most");
    if (least.value == NULL && most.value == NULL)
        return cs_json_fail(v, "demands nothing; \"at_least\" or \"at_most\" is required");
    CS_TRY(read_bound(&out->at_least, &least));
    CS_TRY(read_bound(&out->at_most, &most));
    if (out->at_least > out->at_most)
        return cs_json_fail(v, "at_least is above at_most: nothing could meet it");
    return CS_OK;
}

static cs_status read_members(cs_policy *p, const cs_json *v) {
    size_t n;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_array(&n, v, 1, MEMBERS));
    p->members = CS_NEW(cs_policy_member, n);
    if (p->members == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k), name = cs_json_get(&item, "name"), key = cs_json_get(&item, "ed25519");
        const char *text;
        CS_TRY(cs_document_object(&item, &MEMBER_SHAPE, 0));
        CS_TRY(cs_json_string(&text, &name, 1, NAME_BYTES));
        CS_TRY(cs_string_own(&p->members[k].name, cs_string_copy(text)));
        p->n_members = k + 1;
        CS_TRY(cs_json_hex32(p->members[k].ed25519, &key));
        for (size_t j = 0; j < k; j++)
            if (memcmp(p->members[j].ed25519, p->members[k].ed25519, 32) == 0)
                return cs_json_fail(&key, "the same key as that of members[%zu]", j);
    }
    return CS_OK;
}

/* One of two words, or absent: *second says whether it is the second. */
static cs_status read_choice(bool *second, const cs_json *v, const char *first_word, const char *second_word) {
    const char *text;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_string(&text, v, 0, 64));
    *second = strcmp(text, second_word) == 0;
    if (!*second && strcmp(text, first_word) != 0)
        return cs_json_fail(v, "\"%s\"; allowed: \"%s\", \"%s\"", text, first_word, second_word);
    return CS_OK;
}

static cs_status read_policy(cs_policy *p, const cs_json *v) {
    CS_TRY(cs_document_object(v, &ROOT_SHAPE, CS_POLICY_VERSION));
    const cs_json steps = cs_json_get(v, "steps"), draws = cs_json_get(v, "draws");
    const cs_json adds = cs_json_get(v, "multiply_adds"), purpose = cs_json_get(v, "purpose");
    const cs_json members = cs_json_get(v, "members"), certified = cs_json_get(v, "datasets_certified");
    const cs_json hidden = cs_json_get(v, "hidden_sources"), signatures = cs_json_get(v, "signatures");
    const char *text;
    CS_TRY(read_bounds(&p->steps, &steps));
    CS_TRY(read_bounds(&p->draws, &draws));
    CS_TRY(read_bounds(&p->multiply_adds, &adds));
    if (purpose.value != NULL) {
        CS_TRY(cs_json_string(&text, &purpose, 1, PURPOSE_BYTES));
        CS_TRY(cs_string_own(&p->purpose, cs_string_copy(text)));
    }
    CS_TRY(read_members(p, &members));
    if (certified.value != NULL)
        CS_TRY(cs_json_bool(&p->datasets_certified, &certified));
    CS_TRY(read_choice(&p->hidden_refused, &hidden, "allowed", "refused"));
    return read_choice(&p->all_signed, &signatures, "any", "all");
}

/* Takes the document. */
static cs_status decode(cs_policy *out, const char *name, json_t *document) {
    const cs_json root = cs_json_root(name, document);
    const cs_status status = read_policy(out, &root);
    json_decref(document);
    if (status != CS_OK)
        cs_policy_free(out);
    return status;
}

cs_status cs_policy_decode(cs_policy *out, const char *name, const uint8_t *data, size_t size) {
    json_t *document = NULL;
    memset(out, 0, sizeof *out);
    CS_TRY(cs_json_parse(&document, name, data, size));
    return decode(out, name, document);
}

cs_status cs_policy_load(cs_policy *out, const char *path) {
    json_t *document = NULL;
    memset(out, 0, sizeof *out);
    CS_TRY(cs_document_load(&document, path, CS_POLICY_MAX_BYTES));
    return decode(out, path, document);
}

void cs_policy_free(cs_policy *p) {
    for (size_t k = 0; k < p->n_members; k++)
        cs_free(p->members[k].name);
    cs_free(p->members);
    cs_free(p->purpose);
    memset(p, 0, sizeof *p);
}
