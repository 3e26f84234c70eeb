/* The attestation file: a statement, its models and its proof in one binary file; and the evidence of a cheat, which is the
 * same with the first part of a proof and what the accused sent (docs/formats.md, byte by byte). Local. */
#ifndef CS_ATTEST_CONTAINER_H
#define CS_ATTEST_CONTAINER_H

#include "base/buffer.h"

/** Longest file, and longest proof, in bytes. */
#define CS_CONTAINER_MAX_BYTES ((size_t)1 << 33)
#define CS_PROOF_MAX_BYTES     ((size_t)1 << 30)

/** Sections in their order in the file. An empty one is absent; the statement and the proof never are, but from evidence
 * that has WORD and nothing else; the proof is not in evidence that has TOLD. */
typedef enum cs_section {
    CS_SECTION_STATEMENT,
    CS_SECTION_INITIAL,
    CS_SECTION_MODEL,
    CS_SECTION_PROOF,
    CS_SECTION_WELLFORMED,
    CS_SECTION_CERTIFICATES,
    CS_SECTION_SIGNATURES,
    CS_SECTION_SENT, /* of evidence, and only there */
    CS_SECTION_DOUBT,
    CS_SECTION_WORDS,
    CS_SECTION_TOLD,
    CS_SECTION_COUNT
} cs_section;

typedef struct cs_container {
    cs_buffer section[CS_SECTION_COUNT];
    cs_buffer file;                /* of cs_container_take: what long sections are parts of ... */
    bool inside[CS_SECTION_COUNT]; /* ... these: read only */
} cs_container;

/** Appends the file, which is evidence if there is a section SENT, WORD or TOLD; a section is compressed (zlib, level 9) if
 * that makes it shorter. CS_ERR_MEMORY. */
cs_status cs_container_encode(cs_buffer *out, const cs_container *c);

/** Reads data[size], an attestation or evidence; `name` is for messages. CS_ERR_INPUT unless magic number, version, order,
 * lengths and the end are exactly right. No more memory is taken than the limit of each section. Freed by cs_container_free;
 * empty after a failure.
 */
cs_status cs_container_decode(cs_container *out, const char *name, const uint8_t *data, size_t size);
cs_status cs_container_decode_evidence(cs_container *out, const char *name, const uint8_t *data, size_t size);

/** The same with less memory: takes *file, which is empty afterwards, even after a failure. */
cs_status cs_container_take(cs_container *out, const char *name, cs_buffer *file);
cs_status cs_container_take_evidence(cs_container *out, const char *name, cs_buffer *file);

/** cs_container_take of a file. Also CS_ERR_IO. */
cs_status cs_container_load(cs_container *out, const char *path);

/** Frees and empties; a zeroed one is fine. */
void cs_container_free(cs_container *c);

#endif
