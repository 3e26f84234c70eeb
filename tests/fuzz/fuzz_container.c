/* The attestation file: what is read can be written, and reads the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "attest/container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cs_container c, again;
    cs_buffer file = {0};
    if (cs_container_decode(&c, "fuzz", data, size) != CS_OK)
        return 0;
    if (cs_container_encode(&file, &c) != CS_OK || cs_container_decode(&again, "fuzz", file.data, file.size) != CS_OK)
        abort();
    for (int k = 0; k < CS_SECTION_COUNT; k++) {
        const cs_buffer *a = &c.section[k], *b = &again.section[k];
        if (a->size != b->size || (a->size != 0 && memcmp(a->data, b->data, a->size) != 0))
            abort();
    }
    cs_buffer_free(&file);
    cs_container_free(&c);
    cs_container_free(&again);
    return 0;
}
