/* A growable byte string. Zero-initialise it ({0}); failure to grow is sticky and shows in cs_buffer_status. */
#ifndef CS_BASE_BUFFER_H
#define CS_BASE_BUFFER_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cs_buffer {
    uint8_t *data;
    size_t size, capacity;
    bool failed;
} cs_buffer;

void cs_buffer_append(cs_buffer *b, const void *data, size_t size);
void cs_buffer_append_u32(cs_buffer *b, uint32_t v); /* little-endian */
void cs_buffer_append_u64(cs_buffer *b, uint64_t v);
void cs_buffer_clear(cs_buffer *b); /* size = 0, memory kept, an earlier failure forgotten */
void cs_buffer_free(cs_buffer *b);  /* wipes */
cs_status cs_buffer_status(const cs_buffer *b);

/** Makes room for `extra` bytes after the content: data[size], ..., data[capacity - 1] may be written, then `size` raised.
 */
cs_status cs_buffer_reserve(cs_buffer *b, size_t extra);

/** Makes the buffer exactly `size` bytes long (new bytes zero). */
cs_status cs_buffer_resize(cs_buffer *b, size_t size);

#endif
