/* Shared by the tests of the dataset readers: content in memory, gzipped if wanted, and what must come of it. */
#ifndef TESTS_DATA_DATASET_FIXTURE_H
#define TESTS_DATA_DATASET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "data/dataset.h"

/* Raw values are the integers themselves. */
static const cs_affine IDENTITY_MAP = {.min = -1000, .max = 1000, .offset = 0, .multiplier = 1};

static inline cs_dataset_options plain_options(void) {
    return (cs_dataset_options){.classes = 10, .affine = &IDENTITY_MAP, .affine_count = 1};
}

static inline cs_dataset_source source_of(const char *name, const cs_buffer *b) {
    return (cs_dataset_source){name, b->data, b->size};
}

/* Appends data[size], gzipped, to *out. */
static inline void append_gzip(cs_buffer *out, const void *data, size_t size) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    const size_t start = out->size, bound = deflateBound(&z, size);
    cs_buffer input = {0};
    cs_buffer_append(&input, data, size);
    assert_int_equal(cs_buffer_resize(out, start + bound), CS_OK);
    z.next_in = input.data;
    z.avail_in = (uInt)size;
    z.next_out = out->data + start;
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(cs_buffer_resize(out, start + z.total_out), CS_OK);
    deflateEnd(&z);
    cs_buffer_free(&input);
}

/* A failed read leaves nothing behind, has status CS_ERR_INPUT, and its text has `expected` in it. */
static inline void assert_input_error(cs_status status, const cs_dataset *d, const char *expected) {
    if (status != CS_ERR_INPUT || !strstr(cs_error_text(), expected))
        fail_msg("expected an input error with \"%s\", got status %d and \"%s\"", expected, (int)status, cs_error_text());
    assert_int_equal(d->rows, 0);
    assert_null(d->values);
    assert_null(d->labels);
    assert_null(d->names);
}

static inline void assert_values(const cs_dataset *d, size_t rows, size_t features, const int32_t *values,
                                 const int32_t *labels) {
    assert_int_equal(d->rows, rows);
    assert_int_equal(d->features, features);
    assert_memory_equal(d->values, values, rows * features * sizeof *values);
    assert_memory_equal(d->labels, labels, rows * sizeof *labels);
}

#endif
