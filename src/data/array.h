/* Arrays of machine numbers: what IDX and NPY files hold behind their headers. Internal to src/data. Local. */
#ifndef CS_DATA_ARRAY_H
#define CS_DATA_ARRAY_H

#include "data/table.h"

#define CS_ARRAY_MAX_DIMS 8

typedef enum cs_array_kind { CS_ARRAY_UNSIGNED, CS_ARRAY_SIGNED, CS_ARRAY_FLOAT } cs_array_kind;

/** A header as declared, unchecked. The first axis counts records; the others together are one record's columns. */
typedef struct cs_array {
    cs_array_kind kind;
    size_t item; /* bytes per number: 1, 2, 4 or 8 (4 or 8 for CS_ARRAY_FLOAT) */
    bool big_endian;
    size_t dims, shape[CS_ARRAY_MAX_DIMS];
} cs_array;

/** Checks that data[size] is exactly what `array` declares, then fills the table. Numbers become the nearest doubles. */
cs_status cs_array_decode(cs_records *table, const cs_array *array, const uint8_t *data, size_t size);

#endif
