/* A dataset's document: what is read encodes to the same bytes, and digests can be made of it. */
#include <stdlib.h>
#include <string.h>

#include "provenance/dataset_doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cs_dataset_doc d;
    cs_buffer again = {0};
    uint8_t digest[32];
    if (cs_dataset_doc_decode(&d, "dataset.json", data, size) != CS_OK)
        return 0;
    if (cs_dataset_doc_encode(&again, &d) != CS_OK || again.size != size || memcmp(again.data, data, size) != 0)
        abort();
    if (cs_dataset_doc_digest(digest, &d) != CS_OK || cs_dataset_doc_base_digest(digest, &d) != CS_OK ||
        cs_dataset_doc_schema_digest(digest, &d) != CS_OK)
        abort();
    cs_buffer_free(&again);
    cs_dataset_doc_free(&d);
    return 0;
}
