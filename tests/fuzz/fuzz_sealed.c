/* Sealed files: the frame of checkpoints. The first byte of an input: even: the rest is the file; odd: a file of (next three
 * bytes mod 200,000) bytes is sealed, then changed (fuzz_changes.h). What was changed, cut off or appended is noticed. */
#include <sodium.h>

#include "base/file.h"
#include "base/memory.h"
#include "data/sealed_file.h"
#include "fuzz/fuzz_changes.h"
#include "fuzz/fuzz_folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 200000 };

static const char MAGIC[CS_SEALED_MAGIC + 1] = "consort fuzzing\n";
static const uint8_t KEY[CS_SEALED_KEY] = {1, 2, 3};
static uint8_t plain[MOST], back[MOST];

/* Reads `size` bytes in pieces and the end. */
static cs_status read_back(const char *path, size_t size) {
    cs_sealed_input *in;
    CS_TRY(cs_sealed_open(&in, path, MAGIC, KEY));
    const cs_reader reader = cs_sealed_reader(in);
    cs_status status = CS_OK;
    for (size_t at = 0, piece = 1; status == CS_OK && at < size; at += piece, piece = 2 * piece + 1) {
        piece = piece < size - at ? piece : size - at;
        status = cs_read(&reader, back + at, piece);
    }
    if (status == CS_OK)
        status = cs_sealed_finish(in);
    cs_sealed_end(in);
    return status;
}

static void write_sealed(const char *path, size_t size) {
    cs_sealed_output *out;
    if (cs_sealed_create(&out, path, MAGIC, KEY) != CS_OK)
        abort();
    const cs_writer writer = cs_sealed_writer(out);
    for (size_t k = 0; k < size; k++)
        plain[k] = (uint8_t)(k * 37 + k / 251);
    if (cs_write(&writer, plain, size) != CS_OK || cs_sealed_close(out, true) != CS_OK)
        abort();
}

static void changed(const fuzz_folder *folder, const uint8_t *data, size_t size) {
    const size_t length = ((size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2]) % MOST;
    cs_buffer honest = {0}, file;
    write_sealed(folder->file, length);
    if (cs_file_read(folder->file, SIZE_MAX / 2, &honest) != CS_OK)
        abort();
    const bool same = fuzz_change(&file, &honest, data + 3, size - 3);
    fuzz_folder_write(folder, file.data, file.size);
    const cs_status status = read_back(folder->file, length);
    if (same ? status != CS_OK || memcmp(plain, back, length) != 0 : status != CS_ERR_INPUT)
        abort();
    cs_buffer_free(&file);
    cs_buffer_free(&honest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_folder folder;
    if (size < 4 || sodium_init() < 0)
        return 0;
    const size_t before = cs_memory_live();
    fuzz_folder_open(&folder, "sealed");
    if (data[0] % 2) {
        changed(&folder, data + 1, size - 1);
    } else {
        fuzz_folder_write(&folder, data + 1, size - 1);
        if (read_back(folder.file, 100) == CS_OK)
            abort();
    }
    fuzz_folder_close(&folder);
    if (cs_memory_live() != before)
        abort();
    return 0;
}
