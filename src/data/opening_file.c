#include "data/opening_file.h"

#include <sodium.h>
#include <string.h>

#include "base/sha256.h"

void cs_opening_append_blindings(cs_buffer *out, const cs_fr *blindings, size_t n) {
    uint8_t bytes[32];
    for (size_t k = 0; k < n; k++) {
        cs_fr_encode(bytes, blindings[k]);
        cs_buffer_append(out, bytes, sizeof bytes);
    }
    sodium_memzero(bytes, sizeof bytes);
}

cs_status cs_opening_close(cs_buffer *out) {
    uint8_t digest[CS_OPENING_CHECKSUM];
    CS_TRY(cs_buffer_status(out));
    cs_sha256(digest, out->data, out->size);
    cs_buffer_append(out, digest, sizeof digest);
    return cs_buffer_status(out);
}

cs_status cs_opening_check(const cs_buffer *file, const char *path, const char *magic, size_t head, const char *what) {
    uint8_t digest[CS_OPENING_CHECKSUM];
    if (file->size < head + CS_OPENING_CHECKSUM || memcmp(file->data, magic, CS_OPENING_MAGIC) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: not %s, or truncated", path, what);
    const size_t size = file->size - CS_OPENING_CHECKSUM;
    cs_sha256(digest, file->data, size);
    if (memcmp(digest, file->data + size, sizeof digest) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: damaged (its checksum is wrong)", path);
    return CS_OK;
}

cs_status cs_opening_read_blindings(cs_fr *out, const char *path, const uint8_t *bytes, size_t n) {
    for (size_t k = 0; k < n; k++)
        if (!cs_fr_decode(&out[k], bytes + 32 * k))
            return cs_fail(CS_ERR_INPUT, "%s: blinding %zu is not reduced", path, k);
    return CS_OK;
}
