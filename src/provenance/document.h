/* What all documents of this folder have in common: canonical JSON, a version, no unknown field. Local. */
#ifndef CS_PROVENANCE_DOCUMENT_H
#define CS_PROVENANCE_DOCUMENT_H

#include "base/buffer.h"
#include "data/json.h"
#include "provenance/refusal.h"

/** Parses bytes that must be the canonical encoding of what they say (cs_json_canonical, nothing behind it). *out is the
 * caller's: json_decref; NULL after a failure. CS_ERR_INPUT, CS_ERR_MEMORY. `file` is for messages, here and below. */
cs_status cs_document_parse(json_t **out, const char *file, const void *data, size_t size);

/** Reads a whole file of at most `limit` bytes and parses it, canonical or not: for what people write by hand. */
cs_status cs_document_load(json_t **out, const char *path, size_t limit);

/** As cs_json_object. But another "version" than `version` is refused as VERSION, whatever else there is, and then an
 * unknown field as UNKNOWN; both are CS_REJECT. With version 0 the object has none. */
cs_status cs_document_object(const cs_json *v, const cs_json_shape *shape, int version);

/** Exactly 2·size lower-case hexadecimal digits, size <= 128. CS_ERR_INPUT. */
cs_status cs_document_hex(uint8_t *out, size_t size, const cs_json *v);

/** A string of that many digits, for jansson's "o". New; NULL without memory. size <= 128. */
json_t *cs_document_hex_to_json(const uint8_t *in, size_t size);

/** Appends the canonical encoding of `v`, which is consumed; NULL counts as lack of memory. CS_ERR_MEMORY. */
cs_status cs_document_append(cs_buffer *out, json_t *v);

/** SHA-256(canonical encoding). CS_ERR_MEMORY. */
cs_status cs_document_digest(uint8_t out[32], const json_t *v);

/** SHA-256(label with its NUL, canonical encoding). CS_ERR_MEMORY. */
cs_status cs_document_label_digest(uint8_t out[32], const char *label, const json_t *v);

/** Writes the canonical encoding of `v`, which is consumed, to a file. CS_ERR_IO, CS_ERR_MEMORY. */
cs_status cs_document_save(json_t *v, const char *path, unsigned mode);

#endif
