#include "provenance/identity_file.h"

#include <sodium.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/strings.h"
#include "provenance/document.h"

enum {
    KEY_FILE_VERSION = 1,
    STEM_BYTES = 64,
    SALT_SIZE = crypto_pwhash_SALTBYTES,
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    BOX_SIZE = CS_ROOT_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    /* The second choice of RFC 9106, section 4, and what a file may ask for. */
    PASSES = 3,
    MEMORY = 64 << 20,
    MAX_PASSES = 16,
    MAX_MEMORY = 1 << 30
};

static const char SEAL_LABEL[] = "consort/secret-key/1";

static const cs_json_field KEY_FIELDS[] = {{"public", true}, {"secret", true}, {"version", true}};
static const cs_json_shape KEY_SHAPE = {"", KEY_FIELDS, 3};
static const cs_json_field SEAL_FIELDS[] = {
    {"box", true}, {"memory", true}, {"nonce", true}, {"passes", true}, {"salt", true}};
static const cs_json_shape SEAL_SHAPE = {"secret", SEAL_FIELDS, 5};

/* How the root secret is sealed. */
typedef struct seal {
    unsigned passes;
    size_t memory;
    uint8_t salt[SALT_SIZE], nonce[NONCE_SIZE], box[BOX_SIZE];
} seal;

/* ------------------------------------------------------------ names and passphrases */

char *cs_identity_stem(const cs_public_identity *p) {
    char *out = CS_NEW(char, STEM_BYTES + 1);
    size_t n = 0;
    bool gap = false;
    for (const char *c = p->name; out != NULL && *c != '\0' && n + 1 < STEM_BYTES; c++) {
        const char lower = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
        if (!((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9'))) {
            gap = n > 0;
            continue;
        }
        if (gap)
            out[n++] = '-';
        gap = false;
        out[n++] = lower;
    }
    if (out != NULL && n == 0) {
        memcpy(out, "key-", 4);
        sodium_bin2hex(out + 4, 17, p->ed25519, 8);
    }
    return out;
}

static bool is_passphrase(const cs_buffer *file) {
    for (size_t k = 0; k < file->size; k++)
        if (file->data[k] < 32 || file->data[k] == 127)
            return false;
    return file->size >= 1 && file->size <= CS_PASSPHRASE_BYTES;
}

cs_status cs_passphrase_load(char **out, const char *path) {
    cs_buffer file = {0};
    *out = NULL;
    cs_status status = cs_file_read(path, CS_PASSPHRASE_BYTES + 1, &file);
    if (status == CS_OK && file.size > 0 && file.data[file.size - 1] == '\n')
        file.size--;
    if (status == CS_OK && !is_passphrase(&file))
        status = cs_fail(CS_ERR_INPUT, "%s: a passphrase is one line of 1 to %d bytes without control characters", path,
                         CS_PASSPHRASE_BYTES);
    if (status == CS_OK && (*out = CS_NEW(char, file.size + 1)) == NULL)
        status = CS_ERR_MEMORY;
    if (status == CS_OK)
        memcpy(*out, file.data, file.size);
    cs_buffer_free(&file);
    return status;
}

/* ------------------------------------------------------------ sealing */

static json_t *seal_to_json(const seal *s) {
    return json_pack("{s:I, s:i, s:o, s:o, s:o}", "memory", (json_int_t)s->memory, "passes", (int)s->passes, /* */
                     "salt", cs_document_hex_to_json(s->salt, SALT_SIZE),                                    /* */
                     "nonce", cs_document_hex_to_json(s->nonce, NONCE_SIZE),                                 /* */
                     "box", cs_document_hex_to_json(s->box, BOX_SIZE));
}

static cs_status seal_from_json(seal *out, const cs_json *v) {
    const cs_json memory = cs_json_get(v, "memory"), passes = cs_json_get(v, "passes"), salt = cs_json_get(v, "salt"),
                  nonce = cs_json_get(v, "nonce"), box = cs_json_get(v, "box");
    CS_TRY(cs_document_object(v, &SEAL_SHAPE, 0));
    CS_TRY(cs_json_size(&out->memory, &memory, crypto_pwhash_MEMLIMIT_MIN, MAX_MEMORY));
    CS_TRY(cs_json_unsigned(&out->passes, &passes, crypto_pwhash_OPSLIMIT_MIN, MAX_PASSES));
    CS_TRY(cs_document_hex(out->salt, SALT_SIZE, &salt));
    CS_TRY(cs_document_hex(out->nonce, NONCE_SIZE, &nonce));
    return cs_document_hex(out->box, BOX_SIZE, &box);
}

/* The key of the box, and what it is bound to: label, NUL, digest of the public document and all parameters. */
static cs_status seal_key(uint8_t key[32], cs_buffer *bound, const seal *s, const cs_signed *public,
                          const char *passphrase) {
    uint8_t digest[32];
    json_t *document = cs_signed_to_json(public);
    const cs_status status = cs_document_digest(digest, document);
    json_decref(document);
    CS_TRY(status);
    cs_buffer_append(bound, SEAL_LABEL, sizeof SEAL_LABEL);
    cs_buffer_append(bound, digest, sizeof digest);
    cs_buffer_append_u64(bound, s->memory);
    cs_buffer_append_u64(bound, s->passes);
    cs_buffer_append(bound, s->salt, SALT_SIZE);
    CS_TRY(cs_buffer_status(bound));
    if (crypto_pwhash(key, 32, passphrase, strlen(passphrase), s->salt, s->passes, s->memory,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return cs_fail(CS_ERR_MEMORY, "no %zu MiB of memory to make a key of the passphrase", s->memory >> 20);
    return CS_OK;
}

static cs_status seal_close(seal *out, const uint8_t root[CS_ROOT_SIZE], const cs_signed *public, const char *passphrase) {
    uint8_t key[32];
    cs_buffer bound = {0};
    *out = (seal){.passes = PASSES, .memory = MEMORY};
    randombytes_buf(out->salt, SALT_SIZE);
    randombytes_buf(out->nonce, NONCE_SIZE);
    const cs_status status = seal_key(key, &bound, out, public, passphrase);
    if (status == CS_OK)
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(out->box, NULL, root, CS_ROOT_SIZE, bound.data, bound.size, NULL,
                                                         out->nonce, key);
    sodium_memzero(key, sizeof key);
    cs_buffer_free(&bound);
    return status;
}

static cs_status seal_open(uint8_t root[CS_ROOT_SIZE], const seal *s, const cs_signed *public, const char *file,
                           const char *passphrase) {
    uint8_t key[32];
    cs_buffer bound = {0};
    cs_status status = seal_key(key, &bound, s, public, passphrase);
    if (status == CS_OK && crypto_aead_xchacha20poly1305_ietf_decrypt(root, NULL, NULL, s->box, BOX_SIZE, bound.data,
                                                                      bound.size, s->nonce, key) != 0)
        status = cs_fail(CS_ERR_USAGE, "%s: this is not its passphrase, or the file was changed", file);
    sodium_memzero(key, sizeof key);
    cs_buffer_free(&bound);
    return status;
}

/* ------------------------------------------------------------ writing */

/* jansson does not wipe what it frees. */
static void wipe_text(const json_t *v) {
    if (json_is_string(v))
        sodium_memzero((void *)(uintptr_t)json_string_value(v), json_string_length(v));
}

static cs_status secret_to_json(json_t **out, const cs_secret_identity *me, const cs_signed *public,
                                const char *passphrase) {
    seal s;
    if (passphrase == NULL) {
        *out = cs_document_hex_to_json(me->root, CS_ROOT_SIZE);
        return CS_OK;
    }
    CS_TRY(seal_close(&s, me->root, public, passphrase));
    *out = seal_to_json(&s);
    return CS_OK;
}

cs_status cs_secret_identity_save(const cs_secret_identity *me, const char *path, const char *passphrase) {
    cs_signed public;
    json_t *secret = NULL;
    CS_TRY(cs_file_must_not_exist(path));
    CS_TRY(cs_secret_identity_publish(&public, me));
    cs_status status = secret_to_json(&secret, me, &public, passphrase);
    if (status == CS_OK)
        status = cs_document_save(json_pack("{s:i, s:o, s:O}", "version", KEY_FILE_VERSION, "public",
                                            cs_signed_to_json(&public), "secret", secret),
                                  path, 0600);
    wipe_text(secret);
    json_decref(secret);
    cs_signed_free(&public);
    return status;
}

cs_status cs_secret_identity_publish_file(const cs_secret_identity *me, const char *path) {
    cs_signed public;
    CS_TRY(cs_file_must_not_exist(path));
    CS_TRY(cs_secret_identity_publish(&public, me));
    const cs_status status = cs_document_save(cs_signed_to_json(&public), path, 0644);
    cs_signed_free(&public);
    return status;
}

/* ------------------------------------------------------------ reading */

static cs_status read_file(json_t **out, const char *path) {
    cs_buffer text = {0};
    *out = NULL;
    cs_status status = cs_file_read(path, CS_IDENTITY_FILE_BYTES, &text);
    if (status == CS_OK)
        status = cs_document_parse(out, path, text.data, text.size);
    cs_buffer_free(&text);
    return status;
}

static cs_status open_key_file(json_t **out, const char *path) {
    *out = NULL;
    if (cs_file_others_may_use(path))
        return cs_fail(CS_ERR_INPUT, "%s: others than its owner may use this secret key file; run chmod 600 on it", path);
    CS_TRY(read_file(out, path));
    const cs_json v = cs_json_root(path, *out);
    const cs_status status = cs_document_object(&v, &KEY_SHAPE, KEY_FILE_VERSION);
    if (status != CS_OK) {
        wipe_text(json_object_get(*out, "secret"));
        json_decref(*out);
        *out = NULL;
    }
    return status;
}

cs_status cs_secret_identity_is_sealed(bool *out, const char *path) {
    json_t *file;
    CS_TRY(open_key_file(&file, path));
    *out = json_is_object(json_object_get(file, "secret"));
    wipe_text(json_object_get(file, "secret"));
    json_decref(file);
    return CS_OK;
}

static cs_status read_root(uint8_t root[CS_ROOT_SIZE], const cs_json *secret, const cs_signed *public,
                           const char *passphrase) {
    seal s;
    if (!json_is_object(secret->value))
        return cs_document_hex(root, CS_ROOT_SIZE, secret);
    CS_TRY(seal_from_json(&s, secret));
    if (passphrase == NULL)
        return cs_fail(CS_ERR_USAGE, "%s: sealed with a passphrase; give --passphrase-file or CONSORT_PASSPHRASE_FILE",
                       secret->file);
    return seal_open(root, &s, public, secret->file, passphrase);
}

static cs_status read_secret(cs_secret_identity *out, const cs_json *file, const char *passphrase) {
    cs_signed public;
    cs_public_identity stated;
    uint8_t root[CS_ROOT_SIZE] = {0};
    const cs_json document = cs_json_get(file, "public"), secret = cs_json_get(file, "secret");
    CS_TRY(cs_signed_from_json(&public, &document, 1));
    cs_status status = cs_public_identity_from_signed(&stated, file->file, &public);
    if (status == CS_OK)
        status = read_root(root, &secret, &public, passphrase);
    if (status == CS_OK)
        status = cs_secret_identity_derive(out, stated.name, root);
    if (status == CS_OK && memcmp(&out->public, &stated, sizeof stated) != 0)
        status = cs_fail(CS_ERR_INPUT, "%s: the public keys are not those of the secret; restore the file from a copy",
                         file->file);
    sodium_memzero(root, sizeof root);
    cs_signed_free(&public);
    return status;
}

cs_status cs_secret_identity_load(cs_secret_identity *out, const char *path, const char *passphrase) {
    json_t *file;
    *out = (cs_secret_identity){0};
    CS_TRY(open_key_file(&file, path));
    const cs_json v = cs_json_root(path, file);
    const cs_status status = read_secret(out, &v, passphrase);
    wipe_text(json_object_get(file, "secret"));
    json_decref(file);
    if (status != CS_OK)
        cs_secret_identity_wipe(out);
    return status;
}

cs_status cs_public_identity_load(cs_public_identity *out, const char *path) {
    json_t *file;
    cs_signed s;
    *out = (cs_public_identity){0};
    CS_TRY(read_file(&file, path));
    const cs_json v = cs_json_root(path, file);
    cs_status status = cs_signed_from_json(&s, &v, 1);
    json_decref(file);
    if (status == CS_OK)
        status = cs_public_identity_from_signed(out, path, &s);
    cs_signed_free(&s);
    return status;
}
