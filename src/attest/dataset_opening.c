#include "attest/dataset_opening.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "data/opening_file.h"

/* magic, shape, digest of the data | blindings | SHA-256 of all before it */
enum { SHAPE_WORDS = 5, HEAD_SIZE = 16 + 8 * SHAPE_WORDS + 32, TAIL_SIZE = CS_OPENING_CHECKSUM, MAX_ROWS = 1 << 20 };

static const char MAGIC[17] = "consort opening\n";

/* Everything that decides which integer lies in which row and column of the commitment. */
static void describe(uint8_t head[HEAD_SIZE], const cs_params *p, size_t n_rows, const cs_dataset *data) {
    const uint64_t shape[SHAPE_WORDS] = {n_rows, p->column_bits, cs_bits(data->rows), p->widths[0], p->widths[p->layers]};
    crypto_hash_sha256_state hash;
    memcpy(head, MAGIC, 16);
    for (int k = 0; k < SHAPE_WORDS; k++)
        cs_store_u64(head + 16 + 8 * k, shape[k]);
    crypto_hash_sha256_init(&hash);
    uint8_t word[8];
    cs_store_u64(word, data->rows);
    crypto_hash_sha256_update(&hash, word, 8);
    cs_store_u64(word, data->features);
    crypto_hash_sha256_update(&hash, word, 8);
    cs_sha256_update_i32(&hash, data->values, data->rows * data->features);
    cs_sha256_update_i32(&hash, data->labels, data->rows);
    crypto_hash_sha256_final(&hash, head + 16 + 8 * SHAPE_WORDS);
    sodium_memzero(&hash, sizeof hash);
}

static cs_status check_head(const char *path, const uint8_t *file, const uint8_t *head) {
    if (memcmp(file + 16 + 8 * SHAPE_WORDS, head + 16 + 8 * SHAPE_WORDS, 32) != 0)
        return cs_fail(CS_ERR_INPUT,
                       "%s: made for other data than is here now; reusing it would betray the difference: restore the data, "
                       "or give this data an "
                       "opening file of its own (--opening PATH, or members[].opening in the job)",
                       path);
    if (memcmp(file, head, HEAD_SIZE) != 0)
        return cs_fail(CS_ERR_INPUT,
                       "%s: made for a commitment of another shape (widths or columns): give this job "
                       "an opening file of its own "
                       "(--opening PATH, or members[].opening in the job)",
                       path);
    return CS_OK;
}

static cs_status read_opening(cs_opening *out, const char *path, const uint8_t *head, const cs_buffer *file) {
    CS_TRY(cs_opening_check(file, path, MAGIC, HEAD_SIZE, "an opening file"));
    CS_TRY(check_head(path, file->data, head));
    if (file->size != HEAD_SIZE + 32 * out->n + TAIL_SIZE)
        return cs_fail(CS_ERR_INPUT, "%s: %zu bytes; %zu are expected", path, file->size,
                       HEAD_SIZE + 32 * out->n + TAIL_SIZE);
    return cs_opening_read_blindings(out->blindings, path, file->data + HEAD_SIZE, out->n);
}

static cs_status write_opening(cs_opening *out, const char *path, const uint8_t *head) {
    cs_buffer file = {0};
    for (size_t k = 0; k < out->n; k++)
        out->blindings[k] = cs_fr_random();
    cs_buffer_append(&file, head, HEAD_SIZE);
    cs_opening_append_blindings(&file, out->blindings, out->n);
    cs_status status = cs_opening_close(&file);
    if (status == CS_OK)
        status = cs_file_write(path, file.data, file.size, 0600);
    cs_buffer_free(&file);
    return status;
}

cs_status cs_opening_get(cs_opening *out, const char *path, const cs_params *p, size_t n_rows, const cs_dataset *data) {
    uint8_t head[HEAD_SIZE];
    cs_buffer file = {0};
    *out = (cs_opening){.n = n_rows, .blindings = CS_NEW(cs_fr, n_rows)};
    cs_status status = out->blindings == NULL ? CS_ERR_MEMORY : CS_OK;
    if (status == CS_OK) {
        describe(head, p, n_rows, data);
        if (access(path, F_OK) != 0 && errno == ENOENT)
            status = write_opening(out, path, head);
        else {
            status = cs_file_read(path, HEAD_SIZE + 32 * (size_t)MAX_ROWS + TAIL_SIZE, &file);
            if (status == CS_OK)
                status = read_opening(out, path, head, &file);
        }
    }
    cs_buffer_free(&file);
    if (status != CS_OK)
        cs_opening_free(out);
    return status;
}

void cs_opening_free(cs_opening *o) {
    cs_free(o->blindings);
    *o = (cs_opening){0};
}
