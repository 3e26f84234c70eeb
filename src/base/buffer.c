#include "base/buffer.h"

#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

/* Room for `extra` bytes after the content. */
static bool reserve(cs_buffer *b, size_t extra) {
    if (b->failed)
        return false;
    if (extra <= b->capacity - b->size)
        return true;
    if (extra > SIZE_MAX / 2 - b->size) {
        b->failed = true;
        return false;
    }
    const size_t needed = b->size + extra, twice = 2 * b->capacity;
    const size_t capacity = needed > twice ? needed : twice;
    uint8_t *data = cs_grow(b->data, b->size, capacity, 1);
    if (data == NULL) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

void cs_buffer_append(cs_buffer *b, const void *data, size_t size) {
    if (size == 0 || !reserve(b, size))
        return;
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

void cs_buffer_append_u32(cs_buffer *b, uint32_t v) {
    uint8_t bytes[4];
    cs_store_u32(bytes, v);
    cs_buffer_append(b, bytes, sizeof bytes);
}

void cs_buffer_append_u64(cs_buffer *b, uint64_t v) {
    uint8_t bytes[8];
    cs_store_u64(bytes, v);
    cs_buffer_append(b, bytes, sizeof bytes);
}

void cs_buffer_clear(cs_buffer *b) {
    b->size = 0;
    b->failed = false;
}

void cs_buffer_free(cs_buffer *b) {
    cs_free(b->data);
    *b = (cs_buffer){0};
}

cs_status cs_buffer_status(const cs_buffer *b) {
    return b->failed ? cs_fail(CS_ERR_MEMORY, "no memory to grow a buffer of %zu bytes", b->size) : CS_OK;
}

cs_status cs_buffer_reserve(cs_buffer *b, size_t extra) {
    (void)reserve(b, extra);
    return cs_buffer_status(b);
}

cs_status cs_buffer_resize(cs_buffer *b, size_t size) {
    if (size > b->size) {
        if (!reserve(b, size - b->size))
            return cs_buffer_status(b);
        memset(b->data + b->size, 0, size - b->size);
    }
    b->size = size;
    return cs_buffer_status(b);
}
