/* The proof: an honest one with changes. Two bytes say how much is cut off or appended, then each four bytes change one:
 * offset (24 bits), mask. Only the unchanged proof may be accepted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest/attestation.h"
#include "base/memory.h"
#include "support/tiny_run.h"
#include "train/protocol.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cs_attestation attestation;
static cs_derived derived;

/* A fresh proof for every process: nothing that could be out of date is kept in a file. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    static cs_tiny tiny;
    (void)argc, (void)argv;
    if (cs_tiny_new(&tiny, "public") != CS_OK || cs_tiny_run(&tiny, "out") != CS_OK ||
        cs_attestation_open(&attestation, tiny.attestation) != CS_OK ||
        cs_attestation_derive(&derived, &attestation) != CS_OK) {
        fprintf(stderr, "%s\n", cs_error_text());
        abort();
    }
    cs_tiny_free(&tiny);
    return 0;
}

/* Cuts `change` bytes off (below 32768), or appends as many as it is above. */
static size_t changed_size(size_t size, unsigned change) {
    const size_t cut = change & 0x7fff;
    return change & 0x8000 ? size + cut : size > cut ? size - cut : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const cs_buffer *honest = &attestation.container.section[CS_SECTION_PROOF];
    if (size < 2)
        return 0;
    const size_t length = changed_size(honest->size, (unsigned)data[0] << 8 | data[1]);
    uint8_t *proof = CS_NEW(uint8_t, length + 1);
    if (proof == NULL)
        return 0;
    memcpy(proof, honest->data, length < honest->size ? length : honest->size);
    for (size_t k = 2; k + 4 <= size && length > 0; k += 4)
        proof[((size_t)data[k] << 16 | (size_t)data[k + 1] << 8 | data[k + 2]) % length] ^= data[k + 3];
    const int same = length == honest->size && memcmp(proof, honest->data, length) == 0;
    const cs_status status = cs_train_verify(&derived.instance, proof, length, NULL, NULL);
    if (same ? status != CS_OK : status != CS_REJECT && status != CS_ERR_INPUT)
        abort();
    cs_free(proof);
    return 0;
}
