/* Reading JSON from strangers: every failure names the file and the field. Values are borrowed from the document. Local. */
#ifndef CS_DATA_JSON_H
#define CS_DATA_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/** A field an object may have. */
typedef struct cs_json_field {
    const char *name;
    bool required;
} cs_json_field;

/** All fields of one object; `object` is its place ("", "model", "schedule.rates[]", …). */
typedef struct cs_json_shape {
    const char *object;
    const cs_json_field *fields;
    size_t n;
} cs_json_shape;

/** A place in a document. `value` is NULL if an optional field is absent. */
typedef struct cs_json {
    const char *file;
    const json_t *value;
    char path[200];
} cs_json;

/** Parses `size` bytes (duplicate keys, trailing data, NUL characters and numbers that do not fit are errors, nesting is
 * limited by jansson). *out is the caller's: json_decref. CS_ERR_INPUT with file, line and column. */
cs_status cs_json_parse(json_t **out, const char *file, const void *text, size_t size);

cs_json cs_json_root(const char *file, const json_t *root);
cs_json cs_json_get(const cs_json *object, const char *name);
cs_json cs_json_at(const cs_json *array, size_t index);

/** "file: field: text" as CS_ERR_INPUT. */
cs_status cs_json_fail(const cs_json *place, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** The value is an object with these fields and no others. */
cs_status cs_json_object(const cs_json *v, const cs_json_shape *shape);

/** The value is an array of min..max items. */
cs_status cs_json_array(size_t *n, const cs_json *v, size_t min, size_t max);

cs_status cs_json_integer(int64_t *out, const cs_json *v, int64_t min, int64_t max);
cs_status cs_json_size(size_t *out, const cs_json *v, size_t min, size_t max);
cs_status cs_json_unsigned(unsigned *out, const cs_json *v, unsigned min, unsigned max);

/** Integer or real, finite, min <= value <= max. */
cs_status cs_json_number(double *out, const cs_json *v, double min, double max);
cs_status cs_json_bool(bool *out, const cs_json *v);

/** Borrowed; min..max bytes of UTF-8 without control characters. */
cs_status cs_json_string(const char **out, const cs_json *v, size_t min, size_t max);

/** Exactly 64 lower-case hexadecimal digits. */
cs_status cs_json_hex32(uint8_t out[32], const cs_json *v);

/** 64 lower-case digits and a final NUL. */
void cs_hex32(char out[65], const uint8_t in[32]);

/** SORT_KEYS, COMPACT, with a final NUL: malloc'ed by jansson, free with free(). NULL without memory. */
char *cs_json_canonical(const json_t *v);

#endif
