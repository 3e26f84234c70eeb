#include "provenance/dataset_doc.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "data/schema_json.h"
#include "provenance/document.h"

enum { MAX_ENTRY_BITS = 40 };

static const cs_json_field FIELDS[] = {{"version", true},    {"name", true},        {"rows", true},    {"columns", true},
                                       {"features", true},   {"maps", true},        {"classes", true}, {"class_names", true},
                                       {"value_bits", true}, {"commitments", true}, {"proof", true}};
static const cs_json_shape SHAPE = {"", FIELDS, sizeof FIELDS / sizeof *FIELDS};

void cs_dataset_doc_free(cs_dataset_doc *d) {
    for (size_t k = 0; d->class_names != NULL && k < d->classes; k++)
        cs_free(d->class_names[k]);
    cs_free(d->class_names);
    cs_free(d->name);
    cs_free(d->maps);
    cs_free(d->commitments);
    *d = (cs_dataset_doc){0};
}

/* ------------------------------------------------------------ shapes */

static size_t rows_of(size_t rows, size_t width, size_t columns) {
    const size_t entries = rows << cs_bits(width);
    return (entries + columns - 1) / columns;
}

size_t cs_dataset_doc_feature_rows(const cs_dataset_doc *d) {
    return rows_of(d->rows, d->features, d->columns);
}

size_t cs_dataset_doc_label_rows(const cs_dataset_doc *d) {
    return rows_of(d->rows, d->classes, d->columns);
}

size_t cs_dataset_doc_commitments(const cs_dataset_doc *d) {
    return cs_dataset_doc_feature_rows(d) + cs_dataset_doc_label_rows(d);
}

void cs_dataset_doc_range(const cs_dataset_doc *d, size_t k, int32_t *min, int32_t *max) {
    const cs_affine *map = &d->maps[d->n_maps == 1 ? 0 : k];
    *min = cs_affine_apply(map, map->min);
    *max = cs_affine_apply(map, map->max);
}

static cs_status within(const char *field, size_t value, size_t min, size_t max) {
    return value >= min && value <= max ? CS_OK
                                        : cs_fail(CS_ERR_INPUT, "%s: %zu; allowed: %zu to %zu", field, value, min, max);
}

/* As the decoder wants it. */
static cs_status check_name(const char *name) {
    json_t *v = json_string(name);
    const cs_json place = {.file = "dataset", .value = v, .path = "name"};
    const char *text;
    const cs_status status =
        v != NULL ? cs_json_string(&text, &place, 1, CS_DATASET_NAME_BYTES) : cs_json_fail(&place, "not UTF-8");
    json_decref(v);
    return status;
}

cs_status cs_dataset_doc_check(const cs_dataset_doc *d) {
    CS_TRY(check_name(d->name));
    CS_TRY(within("rows", d->rows, 1, CS_DATASET_MAX_ROWS));
    CS_TRY(within("columns", d->columns, CS_DATASET_MIN_COLUMNS, CS_DATASET_MAX_COLUMNS));
    if ((d->columns & (d->columns - 1)) != 0)
        return cs_fail(CS_ERR_INPUT, "columns: %zu is not a power of two", d->columns);
    CS_TRY(within("features", d->features, 1, CS_DATASET_MAX_WIDTH));
    CS_TRY(within("classes", d->classes, 1, CS_DATASET_MAX_WIDTH));
    if (d->n_maps != 1 && d->n_maps != d->features)
        return cs_fail(CS_ERR_INPUT, "maps: %zu; allowed: one, or one per feature (%zu)", d->n_maps, d->features);
    for (size_t k = 0; k < d->n_maps; k++)
        CS_TRY(cs_fail_prefix(cs_affine_check(&d->maps[k]), "maps[%zu]", k));
    const unsigned bits = cs_affine_value_bits(d->maps, d->n_maps);
    if (bits > CS_DATASET_MAX_VALUE_BITS)
        return cs_fail(CS_ERR_INPUT, "maps: the features' images have %u bits; at most %d are allowed: lower the multiplier",
                       bits, CS_DATASET_MAX_VALUE_BITS);
    if (bits != d->value_bits)
        return cs_fail(CS_ERR_INPUT, "value_bits: %u; the maps give %u", d->value_bits, bits);
    const unsigned wide = cs_bits(d->features > d->classes ? d->features : d->classes);
    if (cs_bits(d->rows) + wide > MAX_ENTRY_BITS)
        return cs_fail(CS_ERR_INPUT, "rows: %zu of %zu features and %zu classes have more than 2^%d entries", d->rows,
                       d->features, d->classes, MAX_ENTRY_BITS);
    if (cs_dataset_doc_commitments(d) > CS_DATASET_MAX_COMMITMENTS)
        return cs_fail(CS_ERR_INPUT, "columns: with %zu of them there are %zu commitments; at most %d are allowed",
                       d->columns, cs_dataset_doc_commitments(d), CS_DATASET_MAX_COMMITMENTS);
    return CS_OK;
}

/* ------------------------------------------------------------ encoding */

static json_t *commitments_to_json(const cs_dataset_doc *d) {
    json_t *out = json_array();
    for (size_t k = 0; out != NULL && k < cs_dataset_doc_commitments(d); k++) {
        uint8_t bytes[32];
        char hex[65];
        cs_g1_encode(bytes, d->commitments[k]);
        cs_hex32(hex, bytes);
        if (json_array_append_new(out, json_string(hex)) != 0) {
            json_decref(out);
            return NULL;
        }
    }
    return out;
}

static json_t *proof_to_json(const cs_dataset_doc *d) {
    char hex[65];
    if (!d->has_proof)
        return json_null();
    cs_hex32(hex, d->proof_digest);
    return json_string(hex);
}

json_t *cs_dataset_doc_to_json(const cs_dataset_doc *d) {
    return json_pack("{s:i, s:s, s:I, s:I, s:I, s:o, s:I, s:o, s:i, s:o, s:o}",                          /* */
                     "version", CS_DATASET_DOC_VERSION, "name", d->name, "rows", (json_int_t)d->rows,    /* */
                     "columns", (json_int_t)d->columns, "features", (json_int_t)d->features,             /* */
                     "maps", cs_features_to_json(d->maps, d->n_maps), "classes", (json_int_t)d->classes, /* */
                     "class_names", cs_classes_to_json(d->class_names, d->classes),                      /* */
                     "value_bits", (int)d->value_bits, "commitments", commitments_to_json(d), "proof", proof_to_json(d));
}

static cs_status append_canonical(cs_buffer *out, json_t *v) {
    char *text = v == NULL ? NULL : cs_json_canonical(v);
    json_decref(v);
    if (text == NULL)
        return cs_fail(CS_ERR_MEMORY, "no memory to encode a dataset's document");
    cs_buffer_append(out, text, strlen(text));
    free(text);
    return cs_buffer_status(out);
}

cs_status cs_dataset_doc_encode(cs_buffer *out, const cs_dataset_doc *d) {
    return append_canonical(out, cs_dataset_doc_to_json(d));
}

/* SHA-256(label with its NUL, canonical JSON). */
static cs_status hash_json(uint8_t out[32], const char *label, json_t *v) {
    cs_buffer text = {0};
    cs_buffer_append(&text, label, strlen(label) + 1);
    const cs_status status = append_canonical(&text, v);
    if (status == CS_OK)
        cs_sha256(out, text.data, text.size);
    cs_buffer_free(&text);
    return status;
}

cs_status cs_dataset_doc_digest(uint8_t out[32], const cs_dataset_doc *d) {
    return hash_json(out, "consort/dataset/1", cs_dataset_doc_to_json(d));
}

cs_status cs_dataset_doc_base_digest(uint8_t out[32], const cs_dataset_doc *d) {
    json_t *v = cs_dataset_doc_to_json(d);
    if (v != NULL)
        json_object_del(v, "proof");
    return hash_json(out, "consort/dataset-shape/1", v);
}

cs_status cs_dataset_doc_schema_digest(uint8_t out[32], const cs_dataset_doc *d) {
    return hash_json(out, "consort/schema/1",
                     json_pack("{s:I, s:o, s:I, s:o, s:i}", "features", (json_int_t)d->features, "maps",
                               cs_features_to_json(d->maps, d->n_maps), "classes", (json_int_t)d->classes, "class_names",
                               cs_classes_to_json(d->class_names, d->classes), "value_bits", (int)d->value_bits));
}

/* ------------------------------------------------------------ decoding */

static cs_status read_shape(cs_dataset_doc *d, const cs_json *v) {
    const cs_json name = cs_json_get(v, "name"), rows = cs_json_get(v, "rows");
    const cs_json columns = cs_json_get(v, "columns"), features = cs_json_get(v, "features"),
                  classes = cs_json_get(v, "classes"), bits = cs_json_get(v, "value_bits");
    const char *text;
    CS_TRY(cs_json_string(&text, &name, 1, CS_DATASET_NAME_BYTES));
    CS_TRY(cs_string_own(&d->name, cs_string_copy(text)));
    CS_TRY(cs_json_size(&d->rows, &rows, 1, CS_DATASET_MAX_ROWS));
    CS_TRY(cs_json_size(&d->columns, &columns, CS_DATASET_MIN_COLUMNS, CS_DATASET_MAX_COLUMNS));
    CS_TRY(cs_json_size(&d->features, &features, 1, CS_DATASET_MAX_WIDTH));
    CS_TRY(cs_json_size(&d->classes, &classes, 1, CS_DATASET_MAX_WIDTH));
    return cs_json_unsigned(&d->value_bits, &bits, 2, CS_DATASET_MAX_VALUE_BITS);
}

static cs_status read_commitments(cs_dataset_doc *d, const cs_json *v) {
    const size_t expected = cs_dataset_doc_commitments(d);
    size_t n;
    CS_TRY(cs_json_array(&n, v, expected, expected));
    uint8_t *bytes = CS_NEW(uint8_t, 32 * n);
    d->commitments = CS_NEW(cs_g1_affine, n);
    cs_status status = bytes != NULL && d->commitments != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < n; k++) {
        const cs_json item = cs_json_at(v, k);
        status = cs_json_hex32(bytes + 32 * k, &item);
    }
    if (status == CS_OK) {
        const size_t bad = cs_g1_vec_decode(d->commitments, bytes, n);
        if (bad != n)
            status = cs_json_fail(v, "item %zu is not a point of the curve", bad);
    }
    for (size_t k = 0; status == CS_OK && k < n; k++)
        if (cs_g1_affine_is_identity(d->commitments[k]))
            status = cs_json_fail(v, "item %zu is the identity, which hides nothing", k);
    cs_free(bytes);
    return status;
}

static cs_status read_doc(cs_dataset_doc *d, const cs_json *v) {
    const cs_json maps = cs_json_get(v, "maps"), names = cs_json_get(v, "class_names"), proof = cs_json_get(v, "proof"),
                  commitments = cs_json_get(v, "commitments");
    CS_TRY(cs_document_object(v, &SHAPE, CS_DATASET_DOC_VERSION));
    CS_TRY(read_shape(d, v));
    CS_TRY(cs_features_from_json(&d->maps, &d->n_maps, &maps, d->features));
    CS_TRY(cs_classes_from_json(&d->class_names, &names, d->classes));
    CS_TRY(cs_fail_prefix(cs_dataset_doc_check(d), "%s%s%s", v->file, v->path[0] ? ": " : "", v->path));
    CS_TRY(read_commitments(d, &commitments));
    d->has_proof = !json_is_null(proof.value);
    return d->has_proof ? cs_json_hex32(d->proof_digest, &proof) : CS_OK;
}

cs_status cs_dataset_doc_from_json(cs_dataset_doc *out, const cs_json *v) {
    *out = (cs_dataset_doc){0};
    const cs_status status = read_doc(out, v);
    if (status != CS_OK)
        cs_dataset_doc_free(out);
    return status;
}

static cs_status check_canonical(const cs_dataset_doc *d, const char *file, const void *data, size_t size) {
    cs_buffer again = {0};
    cs_status status = cs_dataset_doc_encode(&again, d);
    if (status == CS_OK && (again.size != size || memcmp(again.data, data, size) != 0))
        status = cs_fail(CS_ERR_INPUT, "%s: not in the canonical encoding (sorted fields, no spaces): it was edited", file);
    cs_buffer_free(&again);
    return status;
}

cs_status cs_dataset_doc_decode(cs_dataset_doc *out, const char *file, const void *data, size_t size) {
    json_t *document = NULL;
    *out = (cs_dataset_doc){0};
    if (size > CS_DATASET_DOC_MAX_BYTES)
        return cs_fail(CS_ERR_INPUT, "%s: %zu bytes; a dataset's document has at most %zu", file, size,
                       CS_DATASET_DOC_MAX_BYTES);
    CS_TRY(cs_json_parse(&document, file, data, size));
    const cs_json root = cs_json_root(file, document);
    cs_status status = cs_dataset_doc_from_json(out, &root);
    if (status == CS_OK)
        status = check_canonical(out, file, data, size);
    json_decref(document);
    if (status != CS_OK)
        cs_dataset_doc_free(out);
    return status;
}
