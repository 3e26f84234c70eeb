/* The well-formedness proof of a dataset: an honest one with changes (fuzz_changes.h), which the document names. Only the
 * unchanged proof may be accepted. */
#include <stdio.h>

#include "base/memory.h"
#include "fuzz/fuzz_changes.h"
#include "support/committed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cs_committed dataset;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const cs_committed_options o = cs_committed_defaults();
    (void)argc, (void)argv;
    if (cs_committed_new(&dataset, &o) != CS_OK ||
        cs_wellformed_verify(&dataset.doc, dataset.proof.data, dataset.proof.size) != CS_OK) {
        fprintf(stderr, "%s\n", cs_error_text());
        abort();
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const size_t before = cs_memory_live();
    cs_dataset_doc doc = dataset.doc;
    cs_buffer proof;
    const bool same = fuzz_change(&proof, &dataset.proof, data, size);
    cs_wellformed_seal(&doc, &proof);
    const cs_status status = cs_wellformed_verify(&doc, proof.data, proof.size);
    if (same ? status != CS_OK : status != CS_REJECT && status != CS_ERR_INPUT)
        abort();
    cs_buffer_free(&proof);
    if (cs_memory_live() != before)
        abort();
    return 0;
}
