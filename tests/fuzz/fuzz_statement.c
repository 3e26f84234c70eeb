/* The statement: what is read encodes to the same bytes, and seed and digests can be made of it. */
#include <stdlib.h>
#include <string.h>

#include "attest/statement.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cs_statement s;
    cs_buffer again = {0};
    uint8_t seed[32], digest[32];
    if (cs_statement_decode(&s, data, size) != CS_OK)
        return 0;
    if (cs_statement_encode(&again, &s) != CS_OK || again.size != size || memcmp(again.data, data, size) != 0)
        abort();
    if (cs_statement_seed(seed, &s) != CS_OK || cs_statement_digest(digest, &s, seed, seed, seed) != CS_OK)
        abort();
    cs_buffer_free(&again);
    cs_statement_free(&s);
    return 0;
}
