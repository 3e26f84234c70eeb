/* The public document of a dataset: what its numbers mean, and the commitments to all of them, made once and used by any
 * number of training proofs. docs/formats.md has it field by field. Its digest is what certificates, manifests and seeds
 * name. Local.
 *
 * The commitments do not depend on any job. The features are a matrix D [rows, 2^bits(features)], the labels a one-hot
 * matrix Y [rows, 2^bits(classes)], row-major, absent features and classes zero; each is cut into commitment rows of
 * `columns` entries (Com of curve/commit.h), the last one filled with zeros. All rows of D come first, then those of Y. */
#ifndef CS_PROVENANCE_DATASET_DOC_H
#define CS_PROVENANCE_DATASET_DOC_H

#include "base/buffer.h"
#include "curve/g1.h"
#include "data/affine.h"
#include "data/json.h"

/** Longest document in bytes. */
#define CS_DATASET_DOC_MAX_BYTES ((size_t)1 << 28)

enum {
    CS_DATASET_DOC_VERSION = 3,
    CS_DATASET_NAME_BYTES = 256,
    CS_DATASET_MAX_ROWS = 1 << 28,
    CS_DATASET_MAX_WIDTH = 1 << 20, /* features, classes */
    CS_DATASET_MAX_COMMITMENTS = 1 << 22,
    CS_DATASET_MIN_COLUMNS = 4,
    CS_DATASET_MAX_COLUMNS = 1 << 20,
    CS_DATASET_MAX_VALUE_BITS = 16
};

/** All pointers are owned. */
typedef struct cs_dataset_doc {
    char *name;                /* 1..256 bytes */
    size_t rows;               /* records, 1..2^28 */
    size_t columns;            /* C: a power of two, 4..2^20 */
    size_t features, classes;  /* 1..2^20 each */
    cs_affine *maps;           /* [n_maps]: how raw features became integers */
    size_t n_maps;             /* 1, or one per feature */
    char **class_names;        /* [classes], or NULL */
    unsigned value_bits;       /* 2..16, that of the maps (cs_affine_value_bits) */
    cs_g1_affine *commitments; /* [cs_dataset_doc_commitments], none of them the identity */
    bool has_proof;            /* there is a well-formedness proof ... */
    uint8_t proof_digest[32];  /* ... and this is the SHA-256 of its file */
} cs_dataset_doc;

/** Frees and empties; a zeroed one is fine. */
void cs_dataset_doc_free(cs_dataset_doc *d);

/** Shapes within the limits above and value_bits that of the maps, with a text that names the field. `commitments` is not
 * looked at. CS_ERR_INPUT. */
cs_status cs_dataset_doc_check(const cs_dataset_doc *d);

/** Commitment rows of D, of Y, and both. Requires valid shapes. */
size_t cs_dataset_doc_feature_rows(const cs_dataset_doc *d);
size_t cs_dataset_doc_label_rows(const cs_dataset_doc *d);
size_t cs_dataset_doc_commitments(const cs_dataset_doc *d);

/** The smallest value and the largest that a feature may have, k < features: the images of its map's ends, which the
 * well-formedness proof shows. */
void cs_dataset_doc_range(const cs_dataset_doc *d, size_t k, int32_t *min, int32_t *max);

/** As a JSON object, e.g. within a statement. New; NULL without memory. */
json_t *cs_dataset_doc_to_json(const cs_dataset_doc *d);

/** Every field, and no other; cs_dataset_doc_check; exactly the commitments that the shape asks for, each a point of the
 * curve. That the JSON is canonical is the caller's to see, who has the bytes. Freed by cs_dataset_doc_free; empty after a
 * failure. CS_ERR_INPUT names file and field; CS_REJECT (VERSION, UNKNOWN); CS_ERR_MEMORY. */
cs_status cs_dataset_doc_from_json(cs_dataset_doc *out, const cs_json *v);

/** Appends the canonical encoding, which is the content of dataset.json. CS_ERR_MEMORY. */
cs_status cs_dataset_doc_encode(cs_buffer *out, const cs_dataset_doc *d);

/** cs_dataset_doc_from_json of bytes that must be the canonical encoding; `file` is for messages. */
cs_status cs_dataset_doc_decode(cs_dataset_doc *out, const char *file, const void *data, size_t size);

/** SHA-256("consort/dataset/1" NUL, canonical encoding). CS_ERR_MEMORY. */
cs_status cs_dataset_doc_digest(uint8_t out[32], const cs_dataset_doc *d);

/** SHA-256("consort/dataset-shape/1" NUL, canonical encoding without the field "proof"): all that is known before the
 * well-formedness proof is made, and what opens its transcript. CS_ERR_MEMORY. */
cs_status cs_dataset_doc_base_digest(uint8_t out[32], const cs_dataset_doc *d);

/** SHA-256("consort/schema/1" NUL, canonical JSON of the fields features, maps, classes, class_names, value_bits).
 * CS_ERR_MEMORY. */
cs_status cs_dataset_doc_schema_digest(uint8_t out[32], const cs_dataset_doc *d);

#endif
