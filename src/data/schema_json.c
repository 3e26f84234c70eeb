#include "data/schema_json.h"

#include "base/memory.h"
#include "base/strings.h"

enum { CLASS_BYTES = 256 };

json_t *cs_features_to_json(const cs_affine *maps, size_t n) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < n; k++)
        if (json_array_append_new(
                out, json_pack("[f, f, f, f]", maps[k].min, maps[k].max, maps[k].offset, maps[k].multiplier)) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

json_t *cs_classes_to_json(char *const *names, size_t n) {
    if (names == NULL)
        return json_null();
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < n; k++)
        if (json_array_append_new(out, json_string(names[k])) != 0) {
            json_decref(out);
            return NULL;
        }
    return out;
}

cs_status cs_features_from_json(cs_affine **out, size_t *count, const cs_json *v, size_t features) {
    size_t n, four;
    CS_TRY(cs_json_array(&n, v, 1, features));
    if (n != 1 && n != features)
        return cs_json_fail(v, "%zu maps; allowed: one, or one per feature (%zu)", n, features);
    *out = CS_NEW(cs_affine, n);
    if (*out == NULL)
        return CS_ERR_MEMORY;
    *count = n;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        double *const fields[] = {&(*out)[k].min, &(*out)[k].max, &(*out)[k].offset, &(*out)[k].multiplier};
        CS_TRY(cs_json_array(&four, &item, 4, 4));
        for (size_t f = 0; f < 4; f++) {
            const cs_json number = cs_json_at(&item, f);
            CS_TRY(cs_json_number(fields[f], &number, -0x1p100, 0x1p100));
        }
        CS_TRY(cs_fail_prefix(cs_affine_check(&(*out)[k]), "%s: %s", item.file, item.path));
    }
    return CS_OK;
}

cs_status cs_classes_from_json(char ***out, const cs_json *v, size_t classes) {
    size_t n;
    if (json_is_null(v->value))
        return CS_OK;
    CS_TRY(cs_json_array(&n, v, classes, classes));
    *out = CS_NEW(char *, n);
    if (*out == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        const char *text;
        CS_TRY(cs_json_string(&text, &item, 1, CLASS_BYTES));
        CS_TRY(cs_string_own(&(*out)[k], cs_string_copy(text)));
    }
    return CS_OK;
}
