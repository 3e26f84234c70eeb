/* NumPy's NPY format, versions 1 and 2 (numpy.lib.format): magic, version, header length, a Python dictionary, the numbers.
 */
#include "data/array.h"
#include <string.h>

#define MAGIC_BYTES   6
#define VERSION_BYTES 2
#define NPY_TYPES     "u1 i1 u2 i2 i4 i8 f4 f8, little-endian"

typedef struct npy {
    const char *file;
    const char *at, *end; /* the dictionary */
    cs_array *array;
    bool has_type, has_order, has_shape;
} npy;

bool cs_npy_detect(const uint8_t *data, size_t size) {
    return size >= MAGIC_BYTES && memcmp(data, "\x93NUMPY", MAGIC_BYTES) == 0;
}

static cs_status fail_header(const npy *n, const char *what) {
    return cs_fail(CS_ERR_INPUT, "%s: NPY header: %s", n->file, what);
}

static void skip_spaces(npy *n) {
    while (n->at < n->end && (*n->at == ' ' || *n->at == '\t' || *n->at == '\n'))
        n->at++;
}

/* Skips spaces and then `word`, if that is what comes. */
static bool accept(npy *n, const char *word) {
    const size_t length = strlen(word);
    skip_spaces(n);
    if ((size_t)(n->end - n->at) < length || memcmp(n->at, word, length) != 0)
        return false;
    n->at += length;
    return true;
}

/* A quoted string without escapes: none of the strings of a valid header has one. */
static bool accept_string(npy *n, const char **text, size_t *length) {
    skip_spaces(n);
    if (n->at == n->end || (*n->at != '\'' && *n->at != '"'))
        return false;
    const char *close = memchr(n->at + 1, *n->at, (size_t)(n->end - n->at - 1));
    if (!close)
        return false;
    *text = n->at + 1;
    *length = (size_t)(close - *text);
    n->at = close + 1;
    return true;
}

static cs_status read_type(npy *n) {
    static const struct {
        char name[3];
        cs_array_kind kind;
        size_t item;
    } types[] = {{"u1", CS_ARRAY_UNSIGNED, 1}, {"i1", CS_ARRAY_SIGNED, 1}, {"u2", CS_ARRAY_UNSIGNED, 2},
                 {"i2", CS_ARRAY_SIGNED, 2},   {"i4", CS_ARRAY_SIGNED, 4}, {"i8", CS_ARRAY_SIGNED, 8},
                 {"f4", CS_ARRAY_FLOAT, 4},    {"f8", CS_ARRAY_FLOAT, 8}};
    const char *text;
    size_t length;
    if (!accept_string(n, &text, &length))
        return fail_header(n, "'descr' is not a plain type: only " NPY_TYPES);
    for (size_t k = 0; length == 3 && k < sizeof types / sizeof *types; k++) {
        const bool order = text[0] == '<' || (text[0] == '|' && types[k].item == 1);
        if (!order || memcmp(text + 1, types[k].name, 2) != 0)
            continue;
        n->array->kind = types[k].kind;
        n->array->item = types[k].item;
        return CS_OK;
    }
    return fail_header(n, "unsupported type in 'descr': only " NPY_TYPES);
}

static cs_status read_order(npy *n) {
    if (accept(n, "False"))
        return CS_OK;
    return fail_header(n, accept(n, "True") ? "Fortran order: save numpy.ascontiguousarray(x)"
                                            : "'fortran_order' is neither True nor False");
}

static cs_status read_axis(npy *n, size_t *axis) {
    const char *start = n->at;
    size_t v = 0;
    for (; n->at < n->end && *n->at >= '0' && *n->at <= '9'; n->at++) {
        if (__builtin_mul_overflow(v, (size_t)10, &v) || __builtin_add_overflow(v, (size_t)(*n->at - '0'), &v))
            return fail_header(n, "an axis in 'shape' is too long");
    }
    *axis = v;
    return n->at > start ? CS_OK : fail_header(n, "'shape' is not a tuple of integers");
}

static cs_status read_shape(npy *n) {
    cs_array *a = n->array;
    if (!accept(n, "("))
        return fail_header(n, "'shape' is not a tuple");
    while (!accept(n, ")")) {
        if (a->dims == CS_ARRAY_MAX_DIMS)
            return fail_header(n, "'shape' has too many axes");
        CS_TRY(read_axis(n, &a->shape[a->dims]));
        a->dims++;
        if (!accept(n, ",") && !(n->at < n->end && *n->at == ')'))
            return fail_header(n, "'shape' is not a tuple of integers");
    }
    return CS_OK;
}

static cs_status read_entry(npy *n) {
    static const struct {
        const char *key;
        cs_status (*read)(npy *n);
    } readers[] = {{"descr", read_type}, {"fortran_order", read_order}, {"shape", read_shape}};
    bool *seen[] = {&n->has_type, &n->has_order, &n->has_shape};
    const char *key;
    size_t length;
    if (!accept_string(n, &key, &length) || !accept(n, ":"))
        return fail_header(n, "not a dictionary of 'descr', 'fortran_order' and 'shape'");
    for (size_t k = 0; k < sizeof readers / sizeof *readers; k++) {
        if (length != strlen(readers[k].key) || memcmp(key, readers[k].key, length) != 0)
            continue;
        if (*seen[k])
            return fail_header(n, "a key is given twice");
        *seen[k] = true;
        skip_spaces(n);
        return readers[k].read(n);
    }
    return fail_header(n, "a key other than 'descr', 'fortran_order' and 'shape'");
}

static cs_status read_dictionary(npy *n) {
    if (!accept(n, "{"))
        return fail_header(n, "not a dictionary");
    while (!accept(n, "}")) {
        CS_TRY(read_entry(n));
        if (!accept(n, ",") && !(n->at < n->end && *n->at == '}'))
            return fail_header(n, "entries are not separated by commas");
    }
    skip_spaces(n);
    if (n->at != n->end)
        return fail_header(n, "text after the dictionary");
    if (!n->has_type || !n->has_order || !n->has_shape)
        return fail_header(n, "'descr', 'fortran_order' or 'shape' is missing");
    return CS_OK;
}

cs_status cs_npy_decode(cs_records *table, const uint8_t *data, size_t size) {
    cs_array array = {0};
    npy n = {.file = table->file, .array = &array};
    const size_t version_at = MAGIC_BYTES, length_at = MAGIC_BYTES + VERSION_BYTES;
    if (size < length_at || (data[version_at] != 1 && data[version_at] != 2) || data[version_at + 1] != 0)
        return fail_header(&n, "version is neither 1.0 nor 2.0");
    const size_t length_bytes = data[version_at] == 1 ? 2 : 4, start = length_at + length_bytes;
    if (size < start)
        return fail_header(&n, "the file ends inside it");
    size_t length = 0;
    for (size_t k = 0; k < length_bytes; k++)
        length |= (size_t)data[length_at + k] << 8 * k;
    if (length > size - start)
        return fail_header(&n, "the file ends inside it");
    n.at = (const char *)data + start;
    n.end = n.at + length;
    CS_TRY(read_dictionary(&n));
    return cs_array_decode(table, &array, data + start + length, size - start - length);
}
