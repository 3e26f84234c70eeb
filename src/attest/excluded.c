#include "attest/excluded.h"

#include <string.h>

#include "base/memory.h"
#include "base/strings.h"

void cs_excluded_free(cs_excluded *e) {
    for (size_t k = 0; k < e->n; k++)
        cs_free(e->names[k]);
    *e = (cs_excluded){0};
}

bool cs_excluded_has(const cs_excluded *e, const char *name) {
    for (size_t k = 0; k < e->n; k++)
        if (strcmp(e->names[k], name) == 0)
            return true;
    return false;
}

cs_status cs_excluded_add(cs_excluded *e, const char *name) {
    if (e->n == CS_MAX_RANKS || cs_excluded_has(e, name))
        return cs_fail(CS_ERR_INPUT, "excluded: \"%s\" is there already, or there are more than %d names", name,
                       CS_MAX_RANKS);
    CS_TRY(cs_string_own(&e->names[e->n], cs_string_copy(name)));
    e->n++;
    return CS_OK;
}

cs_status cs_excluded_parse(cs_excluded *e, const char *list) {
    for (const char *at = list; at != NULL;) {
        const char *end = strchr(at, ',');
        char *name = end != NULL ? cs_string_format("%.*s", (int)(end - at), at) : cs_string_copy(at);
        const cs_status status = name != NULL ? cs_excluded_add(e, name) : CS_ERR_MEMORY;
        cs_free(name);
        CS_TRY(status);
        at = end != NULL ? end + 1 : NULL;
    }
    return CS_OK;
}

cs_status cs_excluded_copy(cs_excluded *out, const cs_excluded *e) {
    for (size_t k = 0; k < e->n; k++)
        CS_TRY(cs_excluded_add(out, e->names[k]));
    return CS_OK;
}

char *cs_excluded_join(const cs_excluded *e) {
    char *out = cs_string_copy("");
    for (size_t k = 0; out != NULL && k < e->n; k++) {
        char *longer = cs_string_format("%s%s%s", out, k > 0 ? "," : "", e->names[k]);
        cs_free(out);
        out = longer;
    }
    return out;
}

char *cs_excluded_suffix(const cs_excluded *e) {
    char *out = cs_string_copy(e->n > 0 ? ".without" : "");
    for (size_t k = 0; out != NULL && k < e->n; k++) {
        char *longer = cs_string_format("%s-%s", out, e->names[k]);
        cs_free(out);
        out = longer;
    }
    return out;
}

json_t *cs_excluded_to_json(const cs_excluded *e) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < e->n; k++)
        if (json_array_append_new(out, json_string(e->names[k])) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}
