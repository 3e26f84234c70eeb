#include "attest/model_opening.h"

#include <sodium.h>
#include <string.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/file.h"
#include "data/opening_file.h"

/* magic, n, digest of the rows | blindings | SHA-256 of all before it */
enum { MAGIC_SIZE = CS_OPENING_MAGIC, HEAD_SIZE = MAGIC_SIZE + 8 + 32, TAIL_SIZE = CS_OPENING_CHECKSUM };

static const char MAGIC[MAGIC_SIZE + 1] = "consort model 1\n";

static void make_head(uint8_t head[HEAD_SIZE], const cs_g1_affine *rows, size_t n) {
    crypto_hash_sha256_state hash;
    memcpy(head, MAGIC, MAGIC_SIZE);
    cs_store_u64(head + MAGIC_SIZE, n);
    crypto_hash_sha256_init(&hash);
    for (size_t k = 0; k < n; k++) {
        uint8_t point[32];
        cs_g1_encode(point, rows[k]);
        crypto_hash_sha256_update(&hash, point, sizeof point);
    }
    crypto_hash_sha256_final(&hash, head + MAGIC_SIZE + 8);
}

cs_status cs_model_opening_write(const char *path, const cs_g1_affine *rows, const cs_fr *blindings, size_t n) {
    cs_buffer file = {0};
    uint8_t head[HEAD_SIZE];
    CS_TRY(cs_file_must_not_exist(path));
    make_head(head, rows, n);
    cs_buffer_append(&file, head, sizeof head);
    cs_opening_append_blindings(&file, blindings, n);
    cs_status status = cs_opening_close(&file);
    if (status == CS_OK)
        status = cs_file_write(path, file.data, file.size, 0600);
    cs_buffer_free(&file);
    return status;
}

static cs_status decode(cs_fr *blindings, const char *path, const cs_buffer *file, const cs_g1_affine *rows, size_t n) {
    uint8_t head[HEAD_SIZE];
    CS_TRY(cs_opening_check(file, path, MAGIC, HEAD_SIZE, "the opening of a model"));
    make_head(head, rows, n);
    if (memcmp(head, file->data, HEAD_SIZE) != 0 || file->size != HEAD_SIZE + 32 * n + TAIL_SIZE)
        return cs_fail(CS_ERR_INPUT, "%s: opens another model than the one that the attestation commits to", path);
    return cs_opening_read_blindings(blindings, path, file->data + HEAD_SIZE, n);
}

cs_status cs_model_opening_read(cs_fr *blindings, const char *path, const cs_g1_affine *rows, size_t n) {
    cs_buffer file = {0};
    if (cs_file_others_may_use(path))
        return cs_fail(CS_ERR_INPUT, "%s: others than its owner may use it: chmod 600", path);
    cs_status status = cs_file_read(path, HEAD_SIZE + 32 * n + TAIL_SIZE, &file);
    if (status == CS_OK)
        status = decode(blindings, path, &file, rows, n);
    cs_buffer_free(&file);
    return status;
}
