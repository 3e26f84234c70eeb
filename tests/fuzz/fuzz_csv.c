/* CSV, gzipped or not. Bits of the first byte: 0-1 header, 2 a named label, 3-4 the label's column, 5 a skipped line, 6 few
 * rows. */
#include "fuzz/fuzz_dataset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const uint8_t bits = data[0];
    const cs_dataset_source table = {"fuzz.csv", data + 1, size - 1};
    const cs_dataset_options o = {.header = (cs_dataset_header)((bits & 3) % 3),
                                  .label_name = bits & 4 ? "y" : NULL,
                                  .label_column = bits >> 3 & 3,
                                  .skip_lines = bits >> 5 & 1,
                                  .max_rows = bits & 64 ? 3 : 0,
                                  .classes = 10,
                                  .affine = &FUZZ_MAP,
                                  .affine_count = 1,
                                  .max_bytes = FUZZ_MAX_BYTES};
    fuzz_decode(&o, &table, NULL);
    return 0;
}
