/* Unpacking: never more than the limit, and no more memory than gunzip.h says, whatever the data claims. */
#include <stdlib.h>

#include "base/memory.h"
#include "data/gunzip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const size_t LIMIT = 100000, SLACK = 200000;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cs_buffer out = {0};
    const size_t before = cs_memory_live();
    cs_memory_limit(before + 2 * LIMIT + SLACK);
    const cs_status status = cs_gunzip(&out, "fuzz.gz", data, size, LIMIT);
    cs_memory_limit(SIZE_MAX);
    if ((status != CS_OK && status != CS_ERR_INPUT) || (status == CS_OK && out.size > LIMIT))
        abort();
    cs_buffer_free(&out);
    if (cs_memory_live() != before)
        abort();
    return 0;
}
