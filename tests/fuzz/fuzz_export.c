/* Exported documents read back. The first byte of an input: even: the rest is the document; 1: the model card with changes
 * (fuzz_changes.h), 3: the C2PA-style manifest with changes. Nothing but the exports themselves is accepted. */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "fuzz/fuzz_changes.h"
#include "provenance/export_check.h"
#include "provenance/facts_fixture.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cs_facts facts;
static cs_buffer honest[2]; /* card, manifest */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    static const uint8_t ROOT[CS_ROOT_SIZE] = {7};
    cs_secret_identity exporter;
    (void)argc, (void)argv;
    fixture_facts(&facts);
    if (cs_secret_identity_derive(&exporter, "Lead & Sons", ROOT) != CS_OK ||
        cs_export_model_card(&honest[0], &facts) != CS_OK || cs_export_c2pa(&honest[1], &facts, &exporter) != CS_OK) {
        fprintf(stderr, "%s\n", cs_error_text());
        abort();
    }
    cs_secret_identity_wipe(&exporter);
    return 0;
}

static bool is_honest(const cs_buffer *file) {
    for (int k = 0; k < 2; k++)
        if (file->size == honest[k].size && memcmp(file->data, honest[k].data, file->size) == 0)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    const size_t before = cs_memory_live();
    cs_buffer file = {0};
    char path[64];
    if (data[0] % 2 == 0)
        cs_buffer_append(&file, data + 1, size - 1);
    else
        (void)fuzz_change(&file, &honest[data[0] / 2 % 2], data + 1, size - 1);
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, file.data, file.size) != (ssize_t)file.size)
        abort();
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const cs_status status = cs_export_check(NULL, path, &facts);
    if (status != (is_honest(&file) ? CS_OK : CS_REJECT))
        abort();
    (void)close(fd);
    cs_buffer_free(&file);
    if (cs_memory_live() != before)
        abort();
    return 0;
}
