#include "provenance/dataset_folder.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/bits.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "base/strings.h"
#include "data/opening_file.h"
#include "provenance/dataset_matrix.h"

/* magic, base digest of the document, commitment rows, bytes of records | blindings | records | SHA-256 of all before */
enum { HEAD_SIZE = 16 + 32 + 8 + 8, TAIL_SIZE = 32, LABEL_SIZE = 4, PACK_LEVEL = 1, SAMPLE = 1 << 20 };

static const char MAGIC[17] = "consort records\n";

enum { DOCUMENT, PROOF, OPENING, N_FILES };
static const char *const NAMES[N_FILES] = {"dataset.json", "proof", "opening"};

static char *path_of(const char *folder, int file) {
    return cs_string_format("%s/%s", folder, NAMES[file]);
}

static cs_status read_file(cs_buffer *out, char **path, const char *folder, int file, size_t limit) {
    CS_TRY(cs_string_own(path, path_of(folder, file)));
    return cs_file_read(*path, limit, out);
}

/* ------------------------------------------------------------ document and proof */

cs_status cs_dataset_folder_read_doc(cs_dataset_doc *out, const char *folder) {
    cs_buffer text = {0};
    char *path = NULL;
    *out = (cs_dataset_doc){0};
    cs_status status = read_file(&text, &path, folder, DOCUMENT, CS_DATASET_DOC_MAX_BYTES);
    if (status == CS_OK)
        status = cs_dataset_doc_decode(out, path, text.data, text.size);
    cs_buffer_free(&text);
    cs_free(path);
    return status;
}

cs_status cs_dataset_folder_read_proof(cs_buffer *out, const char *folder, const cs_dataset_doc *doc) {
    const size_t start = out->size;
    uint8_t digest[32];
    char *path = NULL;
    if (!doc->has_proof)
        return cs_fail(CS_ERR_INPUT, "%s: dataset \"%s\" was committed without a well-formedness proof", folder, doc->name);
    cs_status status = read_file(out, &path, folder, PROOF, CS_WELLFORMED_MAX_BYTES);
    if (status == CS_OK) {
        cs_sha256(digest, out->data + start, out->size - start);
        if (memcmp(digest, doc->proof_digest, sizeof digest) != 0)
            status = cs_fail(CS_ERR_INPUT, "%s: not the proof that dataset.json names", path);
    }
    cs_free(path);
    return status;
}

/* ------------------------------------------------------------ opening */

static size_t value_size(const cs_dataset_doc *d) {
    return d->value_bits <= 8 ? 1 : 2;
}

static size_t raw_size(const cs_dataset_doc *d) {
    return d->rows * (value_size(d) * d->features + LABEL_SIZE);
}

static void store_records(uint8_t *to, const cs_dataset_opening *o, size_t bytes_of_value) {
    for (size_t k = 0; k < o->rows * o->features; k++, to += bytes_of_value) {
        const uint16_t v = (uint16_t)o->values[k];
        to[0] = (uint8_t)v;
        if (bytes_of_value == 2)
            to[1] = (uint8_t)(v >> 8);
    }
    for (size_t k = 0; k < o->rows; k++, to += LABEL_SIZE)
        cs_store_u32(to, (uint32_t)o->labels[k]);
}

static void load_records(cs_dataset_opening *out, const uint8_t *from, size_t bytes_of_value) {
    for (size_t k = 0; k < out->rows * out->features; k++, from += bytes_of_value)
        out->values[k] = (int16_t)(bytes_of_value == 1 ? (int8_t)from[0] : (int16_t)(from[0] | from[1] << 8));
    for (size_t k = 0; k < out->rows; k++, from += LABEL_SIZE)
        out->labels[k] = (int32_t)cs_load_u32(from);
}

/* Packs `size` bytes, or leaves `out` empty if that would not save a quarter of them: unpacking takes longer than all else
 * that reads the file does. */
static cs_status deflate_if_worth(cs_buffer *out, const uint8_t *raw, size_t size) {
    uLongf length = compressBound(size);
    CS_TRY(cs_buffer_resize(out, length));
    if (compress2(out->data, &length, raw, size, PACK_LEVEL) != Z_OK)
        return cs_fail(CS_ERR_MEMORY, "no memory to pack the records");
    out->size = length <= size / 4 * 3 ? length : 0;
    return CS_OK;
}

/* Records and labels as the file holds them; a first part of them shows whether they are worth packing. */
static cs_status pack(cs_buffer *out, const cs_dataset_doc *d, const cs_dataset_opening *o) {
    const size_t size = raw_size(d);
    cs_buffer raw = {0};
    cs_status status = cs_buffer_resize(&raw, size);
    if (status == CS_OK) {
        store_records(raw.data, o, value_size(d));
        status = deflate_if_worth(out, raw.data, cs_smaller(size, SAMPLE));
    }
    if (status == CS_OK && size > SAMPLE && out->size > 0)
        status = deflate_if_worth(out, raw.data, size);
    if (status == CS_OK && out->size == 0)
        cs_buffer_append(out, raw.data, size);
    cs_buffer_free(&raw);
    return status == CS_OK ? cs_buffer_status(out) : status;
}

static cs_status unpack(cs_dataset_opening *out, const char *path, const cs_dataset_doc *d, const uint8_t *data,
                        size_t size) {
    cs_buffer raw = {0};
    uLongf length = raw_size(d);
    uLong used = size;
    cs_status status = CS_OK;
    if (size == length) {
        load_records(out, data, value_size(d));
    } else {
        CS_TRY(cs_buffer_resize(&raw, length));
        if (uncompress2(raw.data, &length, data, &used) != Z_OK || length != raw_size(d) || used != size)
            status = cs_fail(CS_ERR_INPUT, "%s: the packed records do not have their length", path);
        else
            load_records(out, raw.data, value_size(d));
    }
    cs_buffer_free(&raw);
    return status == CS_OK ? cs_fail_prefix(cs_dataset_opening_check(d, out), "%s", path) : status;
}

static cs_status encode_opening(cs_buffer *out, const cs_dataset_doc *d, const cs_dataset_opening *o) {
    cs_buffer packed = {0};
    uint8_t digest[32];
    CS_TRY(cs_dataset_doc_base_digest(digest, d));
    cs_status status = pack(&packed, d, o);
    if (status == CS_OK) {
        cs_buffer_append(out, MAGIC, 16);
        cs_buffer_append(out, digest, sizeof digest);
        cs_buffer_append_u64(out, o->n);
        cs_buffer_append_u64(out, packed.size);
        cs_opening_append_blindings(out, o->blindings, o->n);
        cs_buffer_append(out, packed.data, packed.size);
        status = cs_opening_close(out);
    }
    cs_buffer_free(&packed);
    return status;
}

static cs_status new_opening(cs_dataset_opening *o, const cs_dataset_doc *d) {
    *o = (cs_dataset_opening){.rows = d->rows,
                              .features = d->features,
                              .values = CS_NEW(int16_t, d->rows * d->features),
                              .labels = CS_NEW(int32_t, d->rows),
                              .n = cs_dataset_doc_commitments(d),
                              .blindings = CS_NEW(cs_fr, cs_dataset_doc_commitments(d))};
    return o->values != NULL && o->labels != NULL && o->blindings != NULL ? CS_OK : CS_ERR_MEMORY;
}

static cs_status decode_opening(cs_dataset_opening *out, const char *path, const cs_dataset_doc *d, const cs_buffer *file) {
    uint8_t digest[32];
    const size_t n = cs_dataset_doc_commitments(d), fixed = HEAD_SIZE + 32 * n + TAIL_SIZE;
    CS_TRY(cs_opening_check(file, path, MAGIC, HEAD_SIZE, "the opening of a dataset"));
    CS_TRY(cs_dataset_doc_base_digest(digest, d));
    if (memcmp(digest, file->data + 16, 32) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: belongs to another dataset than dataset.json beside it", path);
    const uint64_t packed = cs_load_u64(file->data + 56);
    if (cs_load_u64(file->data + 48) != n || file->size < fixed || packed != file->size - fixed)
        return cs_fail(CS_ERR_INPUT, "%s: %zu bytes, which is not the length that its head says", path, file->size);
    CS_TRY(new_opening(out, d));
    CS_TRY(cs_opening_read_blindings(out->blindings, path, file->data + HEAD_SIZE, n));
    return unpack(out, path, d, file->data + HEAD_SIZE + 32 * n, packed);
}

static cs_status check_private(const char *path) {
    if (cs_file_others_may_use(path))
        return cs_fail(CS_ERR_INPUT,
                       "%s: others than its owner may read it: chmod 600 it, and who read it knows the records", path);
    return CS_OK;
}

cs_status cs_dataset_folder_read_opening(cs_dataset_opening *out, const char *folder, const cs_dataset_doc *doc) {
    cs_buffer file = {0};
    char *path = NULL;
    *out = (cs_dataset_opening){0};
    const size_t limit = HEAD_SIZE + 32 * cs_dataset_doc_commitments(doc) + (size_t)compressBound(raw_size(doc)) + TAIL_SIZE;
    cs_status status = read_file(&file, &path, folder, OPENING, limit);
    if (status == CS_OK)
        status = check_private(path);
    if (status == CS_OK)
        status = decode_opening(out, path, doc, &file);
    cs_buffer_free(&file);
    cs_free(path);
    if (status != CS_OK)
        cs_dataset_opening_free(out);
    return status;
}

void cs_dataset_opening_free(cs_dataset_opening *o) {
    cs_free(o->values);
    cs_free(o->labels);
    cs_free(o->blindings);
    *o = (cs_dataset_opening){0};
}

/* ------------------------------------------------------------ writing */

static cs_status write_files(char *const *paths, const cs_dataset_doc *doc, const cs_dataset_opening *opening,
                             const cs_buffer *proof) {
    cs_buffer file = {0};
    cs_status status = encode_opening(&file, doc, opening);
    if (status == CS_OK)
        status = cs_file_write(paths[OPENING], file.data, file.size, 0600);
    cs_buffer_free(&file);
    if (status == CS_OK && doc->has_proof)
        status = cs_file_write(paths[PROOF], proof->data, proof->size, 0644);
    if (status == CS_OK)
        status = cs_dataset_doc_encode(&file, doc);
    if (status == CS_OK)
        status = cs_file_write(paths[DOCUMENT], file.data, file.size, 0644);
    cs_buffer_free(&file);
    return status;
}

cs_status cs_dataset_folder_must_be_free(const char *folder) {
    cs_status status = CS_OK;
    for (int k = 0; status == CS_OK && k < N_FILES; k++) {
        char *path = NULL;
        status = cs_string_own(&path, path_of(folder, k));
        if (status == CS_OK)
            status = cs_file_must_not_exist(path);
        cs_free(path);
    }
    return status;
}

cs_status cs_dataset_folder_write(const char *folder, const cs_dataset_doc *doc, const cs_dataset_opening *opening,
                                  const cs_buffer *proof) {
    char *paths[N_FILES] = {0};
    CS_TRY(cs_dataset_folder_must_be_free(folder));
    cs_status status = cs_file_make_folder(folder);
    for (int k = 0; status == CS_OK && k < N_FILES; k++)
        status = cs_string_own(&paths[k], path_of(folder, k));
    if (status == CS_OK) {
        status = write_files(paths, doc, opening, proof);
        for (int k = 0; status != CS_OK && k < N_FILES; k++)
            (void)unlink(paths[k]);
    }
    for (int k = 0; k < N_FILES; k++)
        cs_free(paths[k]);
    return status;
}
