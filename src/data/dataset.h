/* A member's dataset: integer features and class labels, read from CSV, IDX or NPY files, each gzipped or not. Local.
 *
 * Readers trust nothing: sizes that a header declares are compared with the bytes that are there before memory is taken,
 * compressed data grows to the caller's limit and no further, and a failure names the file, the line (CSV) or record (IDX,
 * NPY) and the column, all counted from 1. Failures are CS_ERR_INPUT (content, options), CS_ERR_IO (unreadable file),
 * CS_ERR_MEMORY. */
#ifndef CS_DATA_DATASET_H
#define CS_DATA_DATASET_H

#include "data/affine.h"
#include <stddef.h>
#include <stdint.h>

#define CS_DATASET_MAX_FEATURES ((size_t)1 << 20)
#define CS_DATASET_MAX_BYTES    ((size_t)1 << 33)

typedef struct cs_dataset {
    size_t rows, features;
    int32_t *values; /* [rows * features], row by row: the images under the affine map */
    int32_t *labels; /* [rows], each in 0..classes-1 */
    char **names;    /* [features] column names, or NULL if the file has none */
} cs_dataset;

typedef enum cs_dataset_format {
    CS_DATASET_AUTO, /* by the first bytes, never by the file's name: NPY and IDX have a magic number, anything else is CSV
                      */
    CS_DATASET_CSV,  /* RFC 4180: comma, "quoted ""fields""" without line breaks, LF or CRLF */
    CS_DATASET_IDX,  /* the format of MNIST: big-endian, any of its six types; the first axis is the records */
    CS_DATASET_NPY   /* versions 1 and 2, C order, u1 i1 u2 i2 i4 i8 f4 f8 little-endian; the first axis is the records */
} cs_dataset_format;

typedef enum cs_dataset_header {
    CS_DATASET_HEADER_AUTO, /* the first row is a header if none of its fields is a number; a mixture is an error */
    CS_DATASET_HEADER_NONE,
    CS_DATASET_HEADER_PRESENT
} cs_dataset_header;

/** How to read. Zero everywhere is valid except in `classes`, `affine` and `affine_count`. Pointers are borrowed for the
 * call. */
typedef struct cs_dataset_options {
    cs_dataset_format format;
    cs_dataset_header header;
    size_t skip_lines;      /* CSV: lines dropped before the header or first row */
    const char *label_name; /* CSV with a header: the label column's name; NULL: use label_column */
    size_t label_column;    /* counted from 1; 0: the last column */
    const char
        *label_path;  /* a file of its own with one label per record, any of the formats; NULL: the labels are a column */
    size_t features;  /* expected number of features; 0: any, up to CS_DATASET_MAX_FEATURES */
    uint32_t classes; /* labels are 0..classes-1; 1..INT32_MAX */
    const cs_affine *affine; /* [affine_count]: one map for all features, or one per feature */
    size_t affine_count;
    size_t max_rows;  /* 0: no limit but memory */
    size_t max_bytes; /* of one file, as stored and when unpacked; 0: CS_DATASET_MAX_BYTES */
} cs_dataset_options;

/** A file's content in memory; `name` is for messages. */
typedef struct cs_dataset_source {
    const char *name;
    const uint8_t *data;
    size_t size;
} cs_dataset_source;

/** Reads the file at `path` (and the one at options->label_path) into *out, whose old content is ignored. Owned by the
 * caller: cs_dataset_free. After a failure *out is empty. */
cs_status cs_dataset_load(cs_dataset *out, const cs_dataset_options *options, const char *path);

/** As cs_dataset_load, for files already in memory (gzipped or not). `labels` is NULL when the labels are a column of
 * `table`; options->label_path is not looked at. */
cs_status cs_dataset_decode(cs_dataset *out, const cs_dataset_options *options, const cs_dataset_source *table,
                            const cs_dataset_source *labels);

/** Wipes and frees the content and leaves *dataset empty. An empty (zeroed) one is fine. */
void cs_dataset_free(cs_dataset *dataset);

#endif
