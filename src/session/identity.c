#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "session/keys.h"

/* The whole file: a header line, then two lines of a word of six letters, a space and 64 digits. */
static const char header[] = "consort secret key 1\n";

enum { HEADER = sizeof header - 1, DIGITS = 2 * CS_KEY_SIZE, LINE = 7 + DIGITS + 1, FILE_SIZE = HEADER + 2 * LINE };

cs_status cs_identity_generate(cs_identity *out) {
    if (sodium_init() < 0)
        return cs_fail(CS_ERR_INTERNAL, "libsodium cannot start: no source of random bytes");
    randombytes_buf(out->secret_key, sizeof out->secret_key);
    (void)crypto_scalarmult_base(out->public_key, out->secret_key);
    return CS_OK;
}

static void write_line(char *out, const char *word, const uint8_t key[CS_KEY_SIZE]) {
    char digits[DIGITS + 1];
    sodium_bin2hex(digits, sizeof digits, key, CS_KEY_SIZE);
    memcpy(out, word, 7);
    memcpy(out + 7, digits, DIGITS);
    out[LINE - 1] = '\n';
    sodium_memzero(digits, sizeof digits);
}

cs_status cs_identity_save(const cs_identity *me, const char *path) {
    CS_TRY(cs_file_must_not_exist(path));
    char text[FILE_SIZE];
    memcpy(text, header, HEADER);
    write_line(text + HEADER, "public ", me->public_key);
    write_line(text + HEADER + LINE, "secret ", me->secret_key);
    const cs_status status = cs_file_write(path, text, sizeof text, 0600);
    sodium_memzero(text, sizeof text);
    return status;
}

/* Canonical: what is read must be what save would write. */
static bool read_line(uint8_t key[CS_KEY_SIZE], const char *word, const char *line) {
    char again[LINE];
    if (sodium_hex2bin(key, CS_KEY_SIZE, line + 7, DIGITS, NULL, NULL, NULL) != 0)
        return false;
    write_line(again, word, key);
    const bool same = sodium_memcmp(again, line, LINE) == 0;
    sodium_memzero(again, sizeof again);
    return same;
}

static cs_status parse(cs_identity *out, const char *path, const cs_buffer *file) {
    const char *text = (const char *)file->data;
    if (file->size < HEADER || memcmp(text, header, HEADER) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: the first line is not \"consort secret key 1\"; this is no secret key file", path);
    if (file->size != FILE_SIZE)
        return cs_fail(CS_ERR_INPUT, "%s: %zu bytes long, not %d; restore it from a copy", path, file->size, FILE_SIZE);
    if (!read_line(out->public_key, "public ", text + HEADER))
        return cs_fail(CS_ERR_INPUT, "%s: line 2 is not \"public\" and 64 digits in lower case", path);
    if (!read_line(out->secret_key, "secret ", text + HEADER + LINE))
        return cs_fail(CS_ERR_INPUT, "%s: line 3 is not \"secret\" and 64 digits in lower case", path);
    uint8_t expected[CS_KEY_SIZE];
    (void)crypto_scalarmult_base(expected, out->secret_key);
    if (memcmp(expected, out->public_key, sizeof expected) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: the public key is not that of the secret key; restore it from a copy", path);
    return CS_OK;
}

cs_status cs_identity_load(cs_identity *out, const char *path) {
    struct stat info;
    if (stat(path, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return cs_fail(CS_ERR_INPUT, "%s: others than its owner may use this secret key file; run chmod 600 on it", path);
    cs_buffer file = {0};
    cs_status status = cs_file_read(path, 4096, &file);
    if (status == CS_OK)
        status = parse(out, path, &file);
    cs_buffer_free(&file);
    if (status != CS_OK)
        cs_identity_wipe(out);
    return status;
}

void cs_identity_wipe(cs_identity *me) {
    sodium_memzero(me, sizeof *me);
}
