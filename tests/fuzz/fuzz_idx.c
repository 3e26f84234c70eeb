/* IDX, gzipped or not, with labels in a file of their own. The first byte is the length of the label file, which follows. */
#include "fuzz/fuzz_dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || data[0] > size - 1)
        return 0;
    const cs_dataset_source labels = {"fuzz-labels.idx", data + 1, data[0]};
    const cs_dataset_source table = {"fuzz.idx", data + 1 + data[0], size - 1 - data[0]};
    const cs_dataset_options o = {
        .format = CS_DATASET_IDX, .classes = 10, .affine = &FUZZ_MAP, .affine_count = 1, .max_bytes = FUZZ_MAX_BYTES};
    fuzz_decode(&o, &table, data[0] ? &labels : NULL);
    return 0;
}
