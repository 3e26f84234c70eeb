/* The proof: an honest one with changes (fuzz_changes.h). Only the unchanged proof may be accepted. */
#include <stdio.h>

#include "attest/attestation.h"
#include "fuzz/fuzz_changes.h"
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cs_buffer proof;
    if (size < 2)
        return 0;
    const bool same = fuzz_change(&proof, &attestation.container.section[CS_SECTION_PROOF], data, size);
    const cs_status status = cs_train_verify(&derived.instance, proof.data, proof.size, NULL, NULL);
    if (same ? status != CS_OK : status != CS_REJECT && status != CS_ERR_INPUT)
        abort();
    cs_buffer_free(&proof);
    return 0;
}
