#define ZLIB_CONST
#include "data/gunzip.h"
#include "base/memory.h"
#include <zlib.h>

#define GZIP_WINDOW   (15 + 16) /* largest window, gzip wrapper only */
#define INPUT_AT_ONCE ((size_t)1 << 30)
#define FIRST_ROOM    ((size_t)1 << 16)

/* zlib's window holds a part of the data: it is wiped like every other copy. */
static void *zlib_alloc(void *opaque, unsigned count, unsigned size) {
    (void)opaque;
    return cs_calloc(count, size);
}

static void zlib_free(void *opaque, void *block) {
    (void)opaque;
    cs_free(block);
}

bool cs_gzip_detect(const uint8_t *data, size_t size) {
    return size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

/* Makes room behind the first `filled` bytes, past the limit if need be: that is how reaching it and passing it are told
 * apart. */
static cs_status make_room(z_stream *z, cs_buffer *out, size_t filled, const char *name, size_t limit) {
    if (filled > limit)
        return cs_fail(CS_ERR_INPUT, "%s: unpacks to more than the limit of %zu bytes", name, limit);
    if (filled == out->size)
        CS_TRY(cs_buffer_resize(out, filled < FIRST_ROOM ? FIRST_ROOM : 2 * filled));
    const size_t room = out->size - filled;
    z->next_out = out->data + filled;
    z->avail_out = (uInt)(room < INPUT_AT_ONCE ? room : INPUT_AT_ONCE);
    return CS_OK;
}

static cs_status unpack(z_stream *z, cs_buffer *out, const char *name, const uint8_t *data, size_t size, size_t limit) {
    size_t used = 0, filled = 0;
    for (;;) {
        const size_t left = size - used;
        const uInt in = (uInt)(left < INPUT_AT_ONCE ? left : INPUT_AT_ONCE);
        CS_TRY(make_room(z, out, filled, name, limit));
        z->next_in = data + used;
        z->avail_in = in;
        const uInt room = z->avail_out;
        const int rc = inflate(z, Z_NO_FLUSH);
        used += in - z->avail_in;
        filled += room - z->avail_out;
        if (rc == Z_MEM_ERROR)
            return CS_ERR_MEMORY;
        if (rc == Z_BUF_ERROR || (rc == Z_OK && used == size && z->avail_out > 0))
            return cs_fail(CS_ERR_INPUT, "%s: gzip data ends early after %zu bytes: truncated file", name, filled);
        if (rc != Z_OK && rc != Z_STREAM_END)
            return cs_fail(CS_ERR_INPUT, "%s: damaged gzip data at byte %zu: %s", name, used,
                           z->msg ? z->msg : "unexpected");
        if (rc != Z_STREAM_END)
            continue;
        if (used == size)
            break;
        if (!cs_gzip_detect(data + used, size - used))
            return cs_fail(CS_ERR_INPUT, "%s: %zu bytes follow the gzip data", name, size - used);
        inflateReset(z);
    }
    if (filled > limit)
        return cs_fail(CS_ERR_INPUT, "%s: unpacks to more than the limit of %zu bytes", name, limit);
    return cs_buffer_resize(out, filled);
}

cs_status cs_gunzip(cs_buffer *out, const char *name, const uint8_t *data, size_t size, size_t limit) {
    z_stream z = {.zalloc = zlib_alloc, .zfree = zlib_free};
    cs_buffer_clear(out);
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        return cs_fail(CS_ERR_MEMORY, "%s: no memory to unpack", name);
    const cs_status status = unpack(&z, out, name, data, size, limit);
    inflateEnd(&z);
    return status;
}
