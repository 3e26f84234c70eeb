#include "data/schema.h"

#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"

enum { MAX_CLASSES = 1 << 20, CLASS_BYTES = 256 };

const cs_json_field CS_SCHEMA_FIELDS[CS_SCHEMA_FIELD_COUNT] = {{"format", false}, {"header", false},  {"skip_lines", false},
                                                               {"label", false},  {"classes", false}, {"features", true}};
const cs_json_field CS_SCHEMA_FEATURES_FIELDS[CS_SCHEMA_FEATURES_FIELD_COUNT] = {
    {"min", true}, {"max", true}, {"offset", false}, {"multiplier", true}};
static const cs_json_shape SHAPE = {"data", CS_SCHEMA_FIELDS, CS_SCHEMA_FIELD_COUNT};
static const cs_json_shape FEATURES_SHAPE = {"data.features", CS_SCHEMA_FEATURES_FIELDS, CS_SCHEMA_FEATURES_FIELD_COUNT};

static cs_status read_choice(int *out, const cs_json *v, const char *const *names, int n) {
    const char *text;
    if (v->value == NULL)
        return CS_OK;
    CS_TRY(cs_json_string(&text, v, 1, 32));
    for (*out = 0; *out < n; ++*out)
        if (strcmp(text, names[*out]) == 0)
            return CS_OK;
    return cs_json_fail(v, "\"%s\" is not one of the allowed values (docs/formats.md)", text);
}

static cs_status read_layout(cs_schema *s, const cs_json *v) {
    static const char *const formats[] = {"auto", "csv", "idx", "npy"}, *const headers[] = {"auto", "none", "present"};
    const cs_json format = cs_json_get(v, "format"), header = cs_json_get(v, "header"), skip = cs_json_get(v, "skip_lines");
    const cs_json label = cs_json_get(v, "label");
    int f = CS_DATASET_AUTO, h = CS_DATASET_HEADER_AUTO;
    CS_TRY(read_choice(&f, &format, formats, 4));
    CS_TRY(read_choice(&h, &header, headers, 3));
    s->format = (cs_dataset_format)f;
    s->header = (cs_dataset_header)h;
    if (skip.value != NULL)
        CS_TRY(cs_json_size(&s->skip_lines, &skip, 0, 1000000));
    if (json_is_integer(label.value))
        return cs_json_size(&s->label_column, &label, 1, CS_DATASET_MAX_FEATURES);
    if (label.value == NULL)
        return CS_OK;
    const char *text;
    CS_TRY(cs_json_string(&text, &label, 1, 256));
    return cs_string_own(&s->label_name, cs_string_copy(text));
}

/* Their number, or their names. */
static cs_status read_classes(cs_schema *s, const cs_json *v, size_t expected) {
    const size_t min = expected ? expected : 1, max = expected ? expected : MAX_CLASSES;
    size_t n;
    if (v->value == NULL)
        return CS_OK;
    if (json_is_integer(v->value))
        return cs_json_size(&s->n_classes, v, min, max);
    CS_TRY(cs_json_array(&n, v, min, max));
    s->classes = CS_NEW(char *, n);
    if (s->classes == NULL)
        return CS_ERR_MEMORY;
    s->n_classes = n;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        const char *text;
        CS_TRY(cs_json_string(&text, &item, 1, CLASS_BYTES));
        CS_TRY(cs_string_own(&s->classes[k], cs_string_copy(text)));
    }
    return CS_OK;
}

/* A number for all features, or one per feature: then `*expected`, if it is not known, and *count become their number. */
static cs_status count_features(size_t *count, size_t *expected, const cs_json *features, const char *name) {
    const cs_json v = cs_json_get(features, name);
    if (!json_is_array(v.value))
        return CS_OK;
    CS_TRY(cs_json_array(count, &v, *expected ? *expected : 1, *expected ? *expected : CS_DATASET_MAX_FEATURES));
    *expected = *count;
    return CS_OK;
}

static cs_status read_feature(double *out, const cs_json *features, const char *name, size_t k, double fallback) {
    const cs_json v = cs_json_get(features, name), item = cs_json_at(&v, k);
    *out = fallback;
    return v.value == NULL ? CS_OK : cs_json_number(out, json_is_array(v.value) ? &item : &v, -0x1p100, 0x1p100);
}

static cs_status read_features(cs_schema *s, const cs_json *v, size_t expected) {
    CS_TRY(cs_json_object(v, &FEATURES_SHAPE));
    s->affine_count = 1;
    for (size_t k = 0; k < CS_SCHEMA_FEATURES_FIELD_COUNT; k++)
        CS_TRY(count_features(&s->affine_count, &expected, v, CS_SCHEMA_FEATURES_FIELDS[k].name));
    s->affine = CS_NEW(cs_affine, s->affine_count);
    if (s->affine == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < s->affine_count; k++) {
        cs_affine *map = &s->affine[k];
        CS_TRY(read_feature(&map->min, v, "min", k, 0));
        CS_TRY(read_feature(&map->max, v, "max", k, 0));
        CS_TRY(read_feature(&map->offset, v, "offset", k, 0));
        CS_TRY(read_feature(&map->multiplier, v, "multiplier", k, 0));
        CS_TRY(cs_fail_prefix(cs_affine_check(map), "%s: %s", v->file, v->path));
    }
    return CS_OK;
}

cs_status cs_schema_read(cs_schema *out, const cs_json *v, size_t features, size_t classes) {
    const cs_json class_field = cs_json_get(v, "classes"), feature_field = cs_json_get(v, "features");
    *out = (cs_schema){0};
    cs_status status = cs_json_object(v, &SHAPE);
    if (status == CS_OK)
        status = read_layout(out, v);
    if (status == CS_OK)
        status = read_classes(out, &class_field, classes);
    if (status == CS_OK)
        status = read_features(out, &feature_field, features);
    if (status != CS_OK)
        cs_schema_free(out);
    return status;
}

cs_status cs_schema_load(cs_schema *out, const char *path) {
    cs_buffer text = {0};
    json_t *document = NULL;
    *out = (cs_schema){0};
    cs_status status = cs_file_read(path, CS_SCHEMA_MAX_BYTES, &text);
    if (status == CS_OK)
        status = cs_json_parse(&document, path, text.data, text.size);
    if (status == CS_OK) {
        const cs_json root = cs_json_root(path, document);
        status = cs_schema_read(out, &root, 0, 0);
    }
    if (status == CS_OK && out->n_classes == 0) {
        status = cs_fail(CS_ERR_INPUT, "%s: classes: missing; give their number, or a list of their names", path);
        cs_schema_free(out);
    }
    json_decref(document);
    cs_buffer_free(&text);
    return status;
}

void cs_schema_free(cs_schema *s) {
    for (size_t k = 0; s->classes != NULL && k < s->n_classes; k++)
        cs_free(s->classes[k]);
    cs_free(s->classes);
    cs_free(s->label_name);
    cs_free(s->affine);
    *s = (cs_schema){0};
}
