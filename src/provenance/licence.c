#include "provenance/licence.h"

#include <inttypes.h>
#include <string.h>

#include "provenance/document.h"

static const cs_json_field FIELDS[] = {{"version", true}, {"name", true},     {"purposes", true},    {"deny", false},
                                       {"quota", false},  {"expires", false}, {"attribution", false}};
static const cs_json_shape SHAPE = {"", FIELDS, sizeof FIELDS / sizeof *FIELDS};
static const cs_json_field QUOTA_FIELDS[] = {{"per_epoch", false}, {"total", false}};
static const cs_json_shape QUOTA_SHAPE = {"quota", QUOTA_FIELDS, 2};

bool cs_purpose_is_valid(const char *text) {
    const size_t n = strlen(text);
    return n >= 1 && n <= CS_PURPOSE_BYTES && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

/* ------------------------------------------------------------ reading */

static cs_status read_text(char *out, const cs_json *v, size_t min, size_t max) {
    const char *text = "";
    CS_TRY(cs_json_string(&text, v, min, max));
    memcpy(out, text, strlen(text) + 1);
    return CS_OK;
}

static cs_status read_purposes(cs_licence *out, const cs_json *v) {
    size_t n = 0;
    CS_TRY(cs_json_array(&n, v, 1, CS_LICENCE_MAX_PURPOSES));
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        const char *text = "";
        CS_TRY(cs_json_string(&text, &item, 1, CS_PURPOSE_BYTES));
        if (n == 1 && strcmp(text, "*") == 0)
            return CS_OK;
        if (!cs_purpose_is_valid(text))
            return cs_json_fail(&item, "\"%s\": a purpose is of a-z, 0-9 and '-'; \"*\", any purpose, stands alone", text);
        for (size_t j = 0; j < k; j++)
            if (strcmp(out->purposes[j], text) == 0)
                return cs_json_fail(&item, "\"%s\" is there twice", text);
        memcpy(out->purposes[k], text, strlen(text) + 1);
        out->n_purposes = k + 1;
    }
    return CS_OK;
}

static cs_status read_quota(uint64_t *out, const cs_json *v) {
    int64_t value = 0;
    *out = CS_NO_QUOTA;
    if (v->value == NULL || json_is_null(v->value))
        return CS_OK;
    CS_TRY(cs_json_integer(&value, v, 0, (int64_t)CS_MAX_QUOTA));
    *out = (uint64_t)value;
    return CS_OK;
}

cs_status cs_licence_from_json(cs_licence *out, const cs_json *v) {
    *out = (cs_licence){.per_epoch = CS_NO_QUOTA, .total = CS_NO_QUOTA};
    CS_TRY(cs_document_object(v, &SHAPE, CS_LICENCE_VERSION));
    const cs_json name = cs_json_get(v, "name"), purposes = cs_json_get(v, "purposes"), deny = cs_json_get(v, "deny"),
                  quota = cs_json_get(v, "quota"), expires = cs_json_get(v, "expires"),
                  attribution = cs_json_get(v, "attribution");
    CS_TRY(read_text(out->name, &name, 1, CS_LICENCE_NAME_BYTES));
    CS_TRY(read_purposes(out, &purposes));
    if (deny.value != NULL)
        CS_TRY(cs_json_bool(&out->deny, &deny));
    if (quota.value != NULL) {
        CS_TRY(cs_document_object(&quota, &QUOTA_SHAPE, 0));
        const cs_json per_epoch = cs_json_get(&quota, "per_epoch"), total = cs_json_get(&quota, "total");
        CS_TRY(read_quota(&out->per_epoch, &per_epoch));
        CS_TRY(read_quota(&out->total, &total));
    }
    if (expires.value != NULL && !json_is_null(expires.value))
        CS_TRY(cs_date_from_json(out->expires, &expires));
    return attribution.value == NULL ? CS_OK : read_text(out->attribution, &attribution, 0, CS_ATTRIBUTION_BYTES);
}

cs_status cs_licence_load(cs_licence *out, const char *path) {
    json_t *file;
    CS_TRY(cs_document_load(&file, path, CS_LICENCE_FILE_BYTES));
    const cs_json v = cs_json_root(path, file);
    const cs_status status = cs_licence_from_json(out, &v);
    json_decref(file);
    return status;
}

/* ------------------------------------------------------------ writing */

static json_t *purposes_to_json(const cs_licence *l) {
    if (l->n_purposes == 0)
        return json_pack("[s]", "*");
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < l->n_purposes; k++)
        if (json_array_append_new(out, json_string(l->purposes[k])) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

static json_t *quota_to_json(uint64_t quota) {
    return quota == CS_NO_QUOTA ? json_null() : json_integer((json_int_t)quota);
}

json_t *cs_licence_to_json(const cs_licence *l) {
    return json_pack("{s:i, s:s, s:o, s:b, s:{s:o, s:o}, s:o, s:s}", "version", CS_LICENCE_VERSION, "name", l->name, /* */
                     "purposes", purposes_to_json(l), "deny", (int)l->deny,                                          /* */
                     "quota", "per_epoch", quota_to_json(l->per_epoch), "total", quota_to_json(l->total),            /* */
                     "expires", l->expires[0] != '\0' ? json_string(l->expires) : json_null(),                       /* */
                     "attribution", l->attribution);
}

/* ------------------------------------------------------------ checking */

cs_status cs_licence_check(const cs_licence *l, const char *date) {
    if (l->deny)
        return cs_refuse(CS_REFUSAL_DENIED, "the licence \"%s\" denies every use", l->name);
    if (l->expires[0] != '\0' && strcmp(date, l->expires) > 0)
        return cs_refuse(CS_REFUSAL_EXPIRED, "the licence \"%s\" expired: its last day was %s, this is %s", l->name,
                         l->expires, date);
    return CS_OK;
}

cs_status cs_licence_check_purpose(const cs_licence *l, const char *purpose) {
    bool permitted = l->n_purposes == 0;
    for (size_t k = 0; k < l->n_purposes && !permitted; k++)
        permitted = strcmp(l->purposes[k], purpose) == 0;
    if (!permitted)
        return cs_refuse(CS_REFUSAL_PURPOSE, "the licence \"%s\" does not permit the purpose \"%.64s\"", l->name, purpose);
    return CS_OK;
}

static cs_status check_quota(const cs_licence *l, const char *where, uint64_t draws, uint64_t quota) {
    if (draws <= quota)
        return CS_OK;
    return cs_refuse(CS_REFUSAL_QUOTA, "%" PRIu64 " draws %s; the licence \"%s\" allows %" PRIu64, draws, where, l->name,
                     quota);
}

cs_status cs_licence_check_draws(const cs_licence *l, uint64_t per_epoch, uint64_t total) {
    CS_TRY(check_quota(l, "in one pass", per_epoch, l->per_epoch));
    return check_quota(l, "in the run", total, l->total);
}
