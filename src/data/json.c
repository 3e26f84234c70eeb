#include "data/json.h"

#include <math.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"

cs_status cs_json_parse(json_t **out, const char *file, const void *text, size_t size) {
    json_error_t error;
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (*out == NULL)
        return cs_fail(CS_ERR_INPUT, "%s: line %d, column %d: %s", file, error.line, error.column, error.text);
    return CS_OK;
}

cs_json cs_json_root(const char *file, const json_t *root) {
    return (cs_json){.file = file, .value = root, .path = ""};
}

cs_json cs_json_get(const cs_json *object, const char *name) {
    cs_json out = {.file = object->file, .value = json_object_get(object->value, name)};
    snprintf(out.path, sizeof out.path, "%.150s%s%.40s", object->path, object->path[0] ? "." : "", name);
    return out;
}

cs_json cs_json_at(const cs_json *array, size_t index) {
    cs_json out = {.file = array->file, .value = json_array_get(array->value, index)};
    snprintf(out.path, sizeof out.path, "%.150s[%zu]", array->path, index);
    return out;
}

cs_status cs_json_fail(const cs_json *place, const char *format, ...) {
    char text[700];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return cs_fail(CS_ERR_INPUT, "%s: %s%s%s", place->file, place->path, place->path[0] ? ": " : "", text);
}

static const char *type_name(const json_t *v) {
    if (v == NULL)
        return "missing";
    switch (json_typeof(v)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a real number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        return "null";
    }
    return "unknown";
}

static cs_status fail_type(const cs_json *v, const char *expected) {
    return v->value == NULL ? cs_json_fail(v, "missing; %s is required", expected)
                            : cs_json_fail(v, "%s is required, this is %s", expected, type_name(v->value));
}

/* "a, b, c" */
static void list_fields(char *out, size_t size, const cs_json_shape *shape) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t k = 0; k < shape->n && used < size; k++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", k ? ", " : "", shape->fields[k].name);
}

cs_status cs_json_object(const cs_json *v, const cs_json_shape *shape) {
    if (!json_is_object(v->value))
        return fail_type(v, "an object");
    void *iterator = json_object_iter((json_t *)(uintptr_t)v->value);
    for (; iterator != NULL; iterator = json_object_iter_next((json_t *)(uintptr_t)v->value, iterator)) {
        const char *key = json_object_iter_key(iterator);
        bool known = false;
        for (size_t k = 0; k < shape->n && !known; k++)
            known = strcmp(key, shape->fields[k].name) == 0;
        if (!known) {
            char names[400];
            list_fields(names, sizeof names, shape);
            return cs_json_fail(v, "unknown field \"%.60s\"; allowed: %s", key, names);
        }
    }
    for (size_t k = 0; k < shape->n; k++)
        if (shape->fields[k].required && json_object_get(v->value, shape->fields[k].name) == NULL)
            return cs_json_fail(v, "the field \"%s\" is missing", shape->fields[k].name);
    return CS_OK;
}

cs_status cs_json_array(size_t *n, const cs_json *v, size_t min, size_t max) {
    if (!json_is_array(v->value))
        return fail_type(v, "an array");
    *n = json_array_size(v->value);
    if (*n < min || *n > max)
        return cs_json_fail(v, "%zu items; allowed: %zu to %zu", *n, min, max);
    return CS_OK;
}

cs_status cs_json_integer(int64_t *out, const cs_json *v, int64_t min, int64_t max) {
    if (!json_is_integer(v->value))
        return fail_type(v, "an integer");
    *out = json_integer_value(v->value);
    if (*out < min || *out > max)
        return cs_json_fail(v, "%lld; allowed: %lld to %lld", (long long)*out, (long long)min, (long long)max);
    return CS_OK;
}

cs_status cs_json_size(size_t *out, const cs_json *v, size_t min, size_t max) {
    int64_t value = 0;
    CS_TRY(cs_json_integer(&value, v, (int64_t)min, max > INT64_MAX ? INT64_MAX : (int64_t)max));
    *out = (size_t)value;
    return CS_OK;
}

cs_status cs_json_unsigned(unsigned *out, const cs_json *v, unsigned min, unsigned max) {
    int64_t value = 0;
    CS_TRY(cs_json_integer(&value, v, min, max));
    *out = (unsigned)value;
    return CS_OK;
}

cs_status cs_json_number(double *out, const cs_json *v, double min, double max) {
    if (!json_is_number(v->value))
        return fail_type(v, "a number");
    *out = json_number_value(v->value);
    if (!isfinite(*out) || *out < min || *out > max)
        return cs_json_fail(v, "%.17g; allowed: %g to %g", *out, min, max);
    return CS_OK;
}

cs_status cs_json_bool(bool *out, const cs_json *v) {
    if (!json_is_boolean(v->value))
        return fail_type(v, "true or false");
    *out = json_is_true(v->value);
    return CS_OK;
}

cs_status cs_json_string(const char **out, const cs_json *v, size_t min, size_t max) {
    if (!json_is_string(v->value))
        return fail_type(v, "a string");
    const size_t n = json_string_length(v->value);
    if (n < min || n > max)
        return cs_json_fail(v, "a string of %zu bytes; allowed: %zu to %zu", n, min, max);
    const char *text = json_string_value(v->value);
    for (size_t k = 0, shown; k < n; k += shown) {
        shown = cs_string_shown(text + k);
        if (shown == 0)
            return cs_json_fail(v, "control characters are not allowed, nor such that hide or reorder text");
    }
    *out = text;
    return CS_OK;
}

cs_status cs_json_hex32(uint8_t out[32], const cs_json *v) {
    const char *text = "";
    CS_TRY(cs_json_string(&text, v, 64, 64));
    size_t size = 0;
    const bool lower = strspn(text, "0123456789abcdef") == 64 && text[64] == '\0';
    if (!lower || sodium_hex2bin(out, 32, text, 64, NULL, &size, NULL) != 0 || size != 32)
        return cs_json_fail(v, "64 lower-case hexadecimal digits are required");
    return CS_OK;
}

void cs_hex32(char out[65], const uint8_t in[32]) {
    sodium_bin2hex(out, 65, in, 32);
}

char *cs_json_canonical(const json_t *v) {
    return json_dumps(v, JSON_SORT_KEYS | JSON_COMPACT);
}
