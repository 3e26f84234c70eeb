/* What the fuzz targets of the dataset decoders share. The first byte of an input chooses options, the rest is the file. */
#ifndef TESTS_FUZZ_FUZZ_DATASET_H
#define TESTS_FUZZ_FUZZ_DATASET_H

#include <stdint.h>
#include <stdlib.h>

#include "data/dataset.h"

#define FUZZ_MAX_BYTES ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A decoder either fails, and then leaves nothing, or gives rows that keep every promise of dataset.h. */
static inline void fuzz_decode(const cs_dataset_options *o, const cs_dataset_source *table,
                               const cs_dataset_source *labels) {
    cs_dataset d;
    if (cs_dataset_decode(&d, o, table, labels) != CS_OK) {
        if (d.rows || d.features || d.values || d.labels || d.names)
            abort();
        return;
    }
    if (d.rows == 0 || d.features == 0 || (o->max_rows && d.rows > o->max_rows))
        abort();
    for (size_t r = 0; r < d.rows; r++) {
        if (d.labels[r] < 0 || (uint32_t)d.labels[r] >= o->classes)
            abort();
    }
    const int32_t low = cs_affine_apply(o->affine, o->affine->min), high = cs_affine_apply(o->affine, o->affine->max);
    for (size_t k = 0; k < d.rows * d.features; k++) {
        if (d.values[k] < low || d.values[k] > high)
            abort();
    }
    for (size_t f = 0; d.names && f < d.features; f++) {
        if (!d.names[f])
            abort();
    }
    cs_dataset_free(&d);
}

static const cs_affine FUZZ_MAP = {.min = -300, .max = 300, .offset = 0.5, .multiplier = 3};

#endif
