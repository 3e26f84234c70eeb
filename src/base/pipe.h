/* Where bytes go to, or come from, piece by piece. */
#ifndef CS_BASE_PIPE_H
#define CS_BASE_PIPE_H

#include <stddef.h>

#include "base/error.h"

/** Takes all `size` bytes, or fails. */
typedef struct cs_writer {
    cs_status (*write)(void *context, const void *data, size_t size);
    void *context;
} cs_writer;

/** Gives exactly `size` bytes, or fails. */
typedef struct cs_reader {
    cs_status (*read)(void *context, void *data, size_t size);
    void *context;
} cs_reader;

static inline cs_status cs_write(const cs_writer *w, const void *data, size_t size) {
    return size == 0 ? CS_OK : w->write(w->context, data, size);
}

static inline cs_status cs_read(const cs_reader *r, void *data, size_t size) {
    return size == 0 ? CS_OK : r->read(r->context, data, size);
}

#endif
