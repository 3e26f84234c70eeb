/* What the secret files that open commitments have in common: a magic number of 16 bytes, blindings, and at the end the
 * SHA-256 of all before it. Local. */
#ifndef CS_DATA_OPENING_FILE_H
#define CS_DATA_OPENING_FILE_H

#include "base/buffer.h"
#include "field/fr.h"

enum { CS_OPENING_MAGIC = 16, CS_OPENING_CHECKSUM = 32 }; /* bytes */

/** Appends encodings of 32 bytes each. Lack of memory is sticky in the buffer. */
void cs_opening_append_blindings(cs_buffer *out, const cs_fr *blindings, size_t n);

/** Appends the checksum. CS_ERR_MEMORY. */
cs_status cs_opening_close(cs_buffer *out);

/** The file has the magic number, at least `head` bytes before the checksum, and the right checksum. `what`: "the opening of
 * a model". CS_ERR_INPUT. */
cs_status cs_opening_check(const cs_buffer *file, const char *path, const char *magic, size_t head, const char *what);

/** out[n] from 32 n bytes. CS_ERR_INPUT for one that is not reduced. */
cs_status cs_opening_read_blindings(cs_fr *out, const char *path, const uint8_t *bytes, size_t n);

#endif
