/* safetensors: what can be read can be written, and the written form is a fixed point. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cs_safetensors file, again;
    cs_buffer first = {0}, second = {0};
    if (cs_safetensors_decode(&file, data, size) != CS_OK)
        return 0;
    if (cs_safetensors_encode(&first, &file) != CS_OK || cs_safetensors_decode(&again, first.data, first.size) != CS_OK ||
        cs_safetensors_encode(&second, &again) != CS_OK)
        abort();
    if (first.size != second.size || memcmp(first.data, second.data, first.size) != 0)
        abort();
    cs_safetensors_free(&file);
    cs_safetensors_free(&again);
    cs_buffer_free(&first);
    cs_buffer_free(&second);
    return 0;
}
