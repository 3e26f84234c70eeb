/* The manifest: what is read encodes to the same bytes, and can be compared with a statement that says something else. */
#include <stdlib.h>
#include <string.h>

#include "attest/manifest.h"
#include "provenance/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const cs_statement nobody = {.params = {.n_ranks = 1}};
    cs_signed manifest;
    cs_buffer again = {0};
    if (cs_manifest_decode(&manifest, "fuzz", data, size) != CS_OK)
        return 0;
    if (cs_document_append(&again, cs_signed_to_json(&manifest)) != CS_OK || again.size != size ||
        memcmp(again.data, data, size) != 0)
        abort();
    if (cs_manifest_compare(manifest.body, &nobody) == CS_OK ||
        cs_check_all_signed(manifest.signatures, manifest.n, CS_SIGN_MANIFEST, manifest.digest, &nobody, "fuzz",
                            CS_REFUSAL_MANIFEST) == CS_OK)
        abort();
    cs_buffer_free(&again);
    cs_signed_free(&manifest);
    return 0;
}
