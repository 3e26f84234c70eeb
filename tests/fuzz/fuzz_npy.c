/* NPY, gzipped or not. The first byte: the label's column, or 255 for labels in a file of their own, which is the same file.
 */
#include "fuzz/fuzz_dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const cs_dataset_source table = {"fuzz.npy", data + 1, size - 1};
    const cs_dataset_options o = {.format = CS_DATASET_NPY,
                                  .label_column = data[0],
                                  .classes = 10,
                                  .affine = &FUZZ_MAP,
                                  .affine_count = 1,
                                  .max_bytes = FUZZ_MAX_BYTES};
    fuzz_decode(&o, &table, data[0] == 255 ? &table : NULL);
    return 0;
}
