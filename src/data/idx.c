/* The IDX format of the MNIST files: 0 0 type dims, then the axes as 32-bit integers, then the numbers; all big-endian. */
#include "data/array.h"

#define HEAD_BYTES 4
#define AXIS_BYTES 4

typedef struct idx_type {
    uint8_t code;
    cs_array_kind kind;
    size_t item;
} idx_type;

static const idx_type TYPES[] = {{0x08, CS_ARRAY_UNSIGNED, 1}, {0x09, CS_ARRAY_SIGNED, 1}, {0x0b, CS_ARRAY_SIGNED, 2},
                                 {0x0c, CS_ARRAY_SIGNED, 4},   {0x0d, CS_ARRAY_FLOAT, 4},  {0x0e, CS_ARRAY_FLOAT, 8}};

static const idx_type *find_type(uint8_t code) {
    for (size_t k = 0; k < sizeof TYPES / sizeof *TYPES; k++) {
        if (TYPES[k].code == code)
            return &TYPES[k];
    }
    return NULL;
}

bool cs_idx_detect(const uint8_t *data, size_t size) {
    return size >= HEAD_BYTES && data[0] == 0 && data[1] == 0 && find_type(data[2]);
}

cs_status cs_idx_decode(cs_records *table, const uint8_t *data, size_t size) {
    const idx_type *type = find_type(data[2]);
    const size_t dims = data[3], header = HEAD_BYTES + AXIS_BYTES * dims;
    if (type == NULL)
        return cs_fail(CS_ERR_INPUT, "%s: not an IDX file", table->file);
    cs_array array = {.kind = type->kind, .item = type->item, .big_endian = true, .dims = dims};
    if (dims == 0 || dims > CS_ARRAY_MAX_DIMS)
        return cs_fail(CS_ERR_INPUT, "%s: %zu axes, must be 1..%d", table->file, dims, CS_ARRAY_MAX_DIMS);
    if (header > size)
        return cs_fail(CS_ERR_INPUT, "%s: the file ends inside its header of %zu bytes", table->file, header);
    for (size_t d = 0; d < dims; d++) {
        const uint8_t *p = data + HEAD_BYTES + AXIS_BYTES * d;
        array.shape[d] = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    }
    return cs_array_decode(table, &array, data + header, size - header);
}
