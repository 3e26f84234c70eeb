/* Unpacking of gzip data (RFC 1952) that nobody vouches for. Local. */
#ifndef CS_DATA_GUNZIP_H
#define CS_DATA_GUNZIP_H

#include "base/buffer.h"
#include <stdbool.h>

/** Whether the bytes begin with gzip's magic number. */
bool cs_gzip_detect(const uint8_t *data, size_t size);

/** Unpacks one or more gzip members that fill data[size] exactly and replaces the content of *out. `name` is for messages.
 *  CS_ERR_INPUT if the data is truncated, damaged (CRC), followed by anything else, or longer than `limit` bytes when
 * unpacked: no more than about twice `limit` is ever taken. */
cs_status cs_gunzip(cs_buffer *out, const char *name, const uint8_t *data, size_t size, size_t limit);

#endif
