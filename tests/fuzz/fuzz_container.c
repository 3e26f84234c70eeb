/* The attestation file: what is read can be written, and reads the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "attest/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the sections hold beside the statement: what is read can be written, and is the same again. */
static void try_evidence(const cs_container *c) {
    const cs_buffer *text = &c->section[CS_SECTION_STATEMENT];
    cs_statement s;
    cs_evidence e;
    cs_container again = {0};
    if (cs_statement_decode(&s, text->data, text->size) != CS_OK)
        return;
    if (cs_evidence_decode(&e, c, &s, "fuzz") == CS_OK) {
        if (cs_evidence_encode(&again, &e) != CS_OK)
            abort();
        for (int k = CS_SECTION_WELLFORMED; k <= CS_SECTION_SIGNATURES; k++) {
            const cs_buffer *a = &c->section[k], *b = &again.section[k];
            if (b->size != 0 && (a->size != b->size || memcmp(a->data, b->data, a->size) != 0))
                abort();
        }
        cs_container_free(&again);
        cs_evidence_free(&e);
    }
    cs_statement_free(&s);
}

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
    try_evidence(&c);
    cs_buffer_free(&file);
    cs_container_free(&c);
    cs_container_free(&again);
    return 0;
}
