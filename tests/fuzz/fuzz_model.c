/* A model file of the shape that a job says: what is read is written again as a file that reads as the same model. */
#include <stdlib.h>
#include <string.h>

#include "attest/model_file.h"
#include "base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const cs_params params = {.n_ranks = 1, .layers = 2, .widths = {2, 3, 2}, .w = 12};
    const size_t before = cs_memory_live();
    cs_model m, canonical;
    cs_buffer again = {0};
    if (cs_model_decode(&m, &params, "x", data, size) == CS_OK) {
        must(cs_model_encode(&again, &m, &params) == CS_OK);
        must(cs_model_decode_canonical(&canonical, &params, "x", again.data, again.size) == CS_OK);
        for (size_t l = 0; l < 2; l++)
            must(memcmp(m.w[l], canonical.w[l], m.rows[l] * m.columns[l] * sizeof(int64_t)) == 0);
        cs_model_free(&canonical);
        const bool same = again.size == size && memcmp(again.data, data, size) == 0;
        must((cs_model_decode_canonical(&canonical, &params, "x", data, size) == CS_OK) == same);
        cs_model_free(&canonical);
    }
    must(m.layers == 0 || again.size > 0);
    cs_model_free(&m);
    cs_buffer_free(&again);
    must(cs_memory_live() == before);
    return 0;
}
