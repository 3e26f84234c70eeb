/* The secret files that open commitments: of the data of a job, of a committed model, of a dataset's folder. Bits of the
 * first byte: 0-1 which one, 6 the checksum is made right again, 7 the rest is the file itself; else it is the honest one
 * with changes (fuzz_changes.h). What is read is what the file says, and nothing is read that was not written for the same
 * commitment. */
#include "attest/dataset_opening.h"
#include "attest/model_opening.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "curve/generators.h"
#include "fuzz/fuzz_changes.h"
#include "fuzz/fuzz_folder.h"
#include "support/committed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N = 3, ROWS = 3, FEATURES = 2, CHECKSUM = 32, DATA_HEAD = 16 + 40 + 32, MODEL_HEAD = 16 + 8 + 32, FOLDER_HEAD = 64 };

typedef enum kind { DATA, MODEL, FOLDER, KINDS } kind;

static int32_t values[ROWS * FEATURES] = {-2, -1, 0, 1, 2, 3}, labels[ROWS] = {0, 1, 0};
static const cs_dataset data_set = {.rows = ROWS, .features = FEATURES, .values = values, .labels = labels};
static const cs_params params = {.n_ranks = 1, .layers = 1, .widths = {FEATURES, 2}, .rows = {ROWS}, .column_bits = 4};
static cs_g1_affine rows[N];
static cs_committed committed;
static cs_buffer honest[KINDS];

static void must(bool holds) {
    if (!holds)
        abort();
}

/* The scalars are those at `at` of the file. */
static void expect_blindings(const cs_fr *blindings, size_t n, const cs_buffer *file, size_t at) {
    must(file->size >= at + 32 * n + CHECKSUM);
    for (size_t k = 0; k < n; k++) {
        uint8_t bytes[32];
        cs_fr_encode(bytes, blindings[k]);
        must(memcmp(bytes, file->data + at + 32 * k, 32) == 0);
    }
}

static void read_data(const fuzz_folder *folder, const cs_buffer *file, bool same) {
    cs_opening o;
    if (cs_opening_get(&o, folder->file, &params, N, &data_set) == CS_OK) {
        must(memcmp(file->data, honest[DATA].data, DATA_HEAD) == 0 && o.n == N);
        expect_blindings(o.blindings, N, file, DATA_HEAD);
        cs_opening_free(&o);
    } else
        must(!same && o.blindings == NULL);
}

static void read_model(const fuzz_folder *folder, const cs_buffer *file, bool same) {
    cs_fr blindings[N];
    if (cs_model_opening_read(blindings, folder->file, rows, N) == CS_OK) {
        must(memcmp(file->data, honest[MODEL].data, MODEL_HEAD) == 0);
        expect_blindings(blindings, N, file, MODEL_HEAD);
    } else
        must(!same);
}

static void read_folder(const fuzz_folder *folder, const cs_buffer *file, bool same) {
    const cs_dataset_doc *doc = &committed.doc;
    cs_dataset_opening o;
    if (cs_dataset_folder_read_opening(&o, folder->name, doc) == CS_OK) {
        must(o.rows == doc->rows && o.features == doc->features && o.n == cs_dataset_doc_commitments(doc));
        for (size_t k = 0; k < o.rows * o.features; k++) {
            int32_t min, max;
            cs_dataset_doc_range(doc, k % o.features, &min, &max);
            must(o.values[k] >= min && o.values[k] <= max);
        }
        for (size_t k = 0; k < o.rows; k++)
            must(o.labels[k] >= 0 && (size_t)o.labels[k] < doc->classes);
        expect_blindings(o.blindings, o.n, file, FOLDER_HEAD);
        cs_dataset_opening_free(&o);
    } else
        must(!same && o.values == NULL && o.labels == NULL && o.blindings == NULL);
}

static void must_read(kind which, const fuzz_folder *folder) {
    must(cs_file_read(folder->file, SIZE_MAX / 2, &honest[which]) == CS_OK);
    fuzz_folder_close(folder);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    static const cs_affine bits = {0, 1, 0, 1};
    cs_committed_options o = cs_committed_defaults();
    cs_generators points;
    cs_opening made;
    cs_fr blindings[N];
    fuzz_folder folder;
    (void)argc, (void)argv;
    o.proof = false;
    o.rows = 60; /* of bits: packed */
    o.map = &bits;
    must(cs_committed_new(&committed, &o) == CS_OK && cs_generators_get(&points, N) == CS_OK);
    memcpy(rows, points.g, sizeof rows);
    for (int k = 0; k < N; k++)
        blindings[k] = cs_fr_random();
    fuzz_folder_open(&folder, "opening");
    must(cs_opening_get(&made, folder.file, &params, N, &data_set) == CS_OK);
    must_read(DATA, &folder);
    cs_opening_free(&made);
    fuzz_folder_open(&folder, "opening");
    must(cs_model_opening_write(folder.file, rows, blindings, N) == CS_OK);
    must_read(MODEL, &folder);
    fuzz_folder_open(&folder, "opening");
    must(cs_dataset_folder_write(folder.name, &committed.doc, &committed.opening, NULL) == CS_OK);
    char doc[80];
    (void)snprintf(doc, sizeof doc, "%s/dataset.json", folder.name);
    must(unlink(doc) == 0);
    must_read(FOLDER, &folder);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const read_file[KINDS])(const fuzz_folder *, const cs_buffer *, bool) = {read_data, read_model,
                                                                                           read_folder};
    if (size == 0 || data[0] % 4 >= KINDS)
        return 0;
    const kind which = (kind)(data[0] % 4);
    const size_t before = cs_memory_live();
    cs_buffer file = {0};
    bool same = false;
    if (data[0] & 128)
        cs_buffer_append(&file, data + 1, size - 1);
    else
        same = fuzz_change(&file, &honest[which], data + 1, size - 1);
    if (data[0] & 64 && file.size > CHECKSUM)
        cs_sha256(file.data + file.size - CHECKSUM, file.data, file.size - CHECKSUM);
    fuzz_folder folder;
    fuzz_folder_open(&folder, "opening");
    fuzz_folder_write(&folder, file.data, file.size);
    read_file[which](&folder, &file, same);
    fuzz_folder_close(&folder);
    cs_buffer_free(&file);
    must(cs_memory_live() == before);
    return 0;
}
