/* What fuzz targets share whose inputs are changes of an honest file: two bytes say how much is cut off or appended, then
 * each four bytes change one: offset (24 bits), mask. */
#ifndef TESTS_FUZZ_FUZZ_CHANGES_H
#define TESTS_FUZZ_FUZZ_CHANGES_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

/* The two bytes: so many bytes are cut off (below 32768), or as many appended as it is above. */
static inline size_t fuzz_changed_size(size_t size, unsigned change) {
    const size_t cut = change & 0x7fff;
    return change & 0x8000 ? size + cut : size > cut ? size - cut : 0;
}

/* *out = the honest file with the changes that data[size] describes; true if it is still the same. */
static inline bool fuzz_change(cs_buffer *out, const cs_buffer *honest, const uint8_t *data, size_t size) {
    const size_t length = size < 2 ? honest->size : fuzz_changed_size(honest->size, (unsigned)data[0] << 8 | data[1]);
    *out = (cs_buffer){0};
    if (cs_buffer_resize(out, length + 1) != CS_OK)
        abort();
    out->size = length;
    memset(out->data, 0, length);
    memcpy(out->data, honest->data, length < honest->size ? length : honest->size);
    for (size_t k = 2; k + 4 <= size && length > 0; k += 4)
        out->data[((size_t)data[k] << 16 | (size_t)data[k + 1] << 8 | data[k + 2]) % length] ^= data[k + 3];
    return length == honest->size && memcmp(out->data, honest->data, length) == 0;
}

#endif
