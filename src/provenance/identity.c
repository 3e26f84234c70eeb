#include "provenance/identity.h"

#include <sodium.h>
#include <string.h>

#include "provenance/document.h"

enum { KDF_ED25519 = 1, KDF_X25519, KDF_RISTRETTO255, KDF_CHECKPOINT, WIDE = 64 };

static const char KDF_CONTEXT[crypto_kdf_CONTEXTBYTES + 1] = "consort1";

static const cs_json_field FIELDS[] = {
    {"version", true}, {"name", true}, {"ed25519", true}, {"x25519", true}, {"ristretto255", true}};
static const cs_json_shape SHAPE = {"", FIELDS, sizeof FIELDS / sizeof *FIELDS};

/* ------------------------------------------------------------ secret */

static void derive_keys(cs_secret_identity *out) {
    uint8_t seed[32], wide[WIDE];
    (void)crypto_kdf_derive_from_key(seed, sizeof seed, KDF_ED25519, KDF_CONTEXT, out->root);
    (void)crypto_sign_seed_keypair(out->public.ed25519, out->ed25519, seed);
    (void)crypto_kdf_derive_from_key(out->x25519.secret_key, CS_KEY_SIZE, KDF_X25519, KDF_CONTEXT, out->root);
    (void)crypto_scalarmult_base(out->x25519.public_key, out->x25519.secret_key);
    memcpy(out->public.x25519, out->x25519.public_key, CS_KEY_SIZE);
    (void)crypto_kdf_derive_from_key(wide, sizeof wide, KDF_RISTRETTO255, KDF_CONTEXT, out->root);
    crypto_core_ristretto255_scalar_reduce(out->ristretto255, wide);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(wide, sizeof wide);
}

static cs_status check_name(const char *name) {
    json_t *text = json_string(name);
    if (text == NULL)
        return cs_fail(CS_ERR_INPUT, "the name is not UTF-8");
    const cs_json v = {.file = "identity", .value = text, .path = "name"};
    const char *same;
    const cs_status status = cs_json_string(&same, &v, 1, CS_PARTY_NAME_BYTES);
    json_decref(text);
    return status;
}

void cs_secret_identity_checkpoint_key(uint8_t out[32], const cs_secret_identity *me) {
    (void)crypto_kdf_derive_from_key(out, 32, KDF_CHECKPOINT, KDF_CONTEXT, me->root);
}

cs_status cs_secret_identity_derive(cs_secret_identity *out, const char *name, const uint8_t root[CS_ROOT_SIZE]) {
    if (sodium_init() < 0)
        return cs_fail(CS_ERR_INTERNAL, "libsodium cannot start: no source of random bytes");
    *out = (cs_secret_identity){0};
    CS_TRY(check_name(name));
    memcpy(out->public.name, name, strlen(name));
    memcpy(out->root, root, CS_ROOT_SIZE);
    derive_keys(out);
    if (crypto_scalarmult_ristretto255_base(out->public.ristretto255, out->ristretto255) != 0) {
        cs_secret_identity_wipe(out); /* a zero scalar: one root secret in 2^252 */
        return cs_fail(CS_ERR_INPUT, "the root secret gives no ristretto255 key");
    }
    return CS_OK;
}

cs_status cs_secret_identity_generate(cs_secret_identity *out, const char *name) {
    if (sodium_init() < 0)
        return cs_fail(CS_ERR_INTERNAL, "libsodium cannot start: no source of random bytes");
    uint8_t root[CS_ROOT_SIZE];
    randombytes_buf(root, sizeof root);
    const cs_status status = cs_secret_identity_derive(out, name, root);
    sodium_memzero(root, sizeof root);
    return status;
}

void cs_secret_identity_wipe(cs_secret_identity *me) {
    sodium_memzero(me, sizeof *me);
}

/* ------------------------------------------------------------ public */

json_t *cs_public_identity_to_json(const cs_public_identity *p) {
    return json_pack("{s:i, s:s, s:o, s:o, s:o}", "version", CS_IDENTITY_VERSION, "name", p->name, /* */
                     "ed25519", cs_document_hex_to_json(p->ed25519, sizeof p->ed25519),            /* */
                     "x25519", cs_document_hex_to_json(p->x25519, sizeof p->x25519),               /* */
                     "ristretto255", cs_document_hex_to_json(p->ristretto255, sizeof p->ristretto255));
}

/* Canonical and of prime order L: (L - 1) P = -P. The product is asked for besides, because some versions of libsodium take
 * points with a part of small order for valid. */
static bool ed25519_is_sound(const uint8_t key[CS_SIGN_KEY_SIZE]) {
    static const uint8_t minus_one[32] = {0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                          0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10},
                         identity[32] = {1};
    uint8_t negative[32], sum[32];
    return crypto_core_ed25519_is_valid_point(key) == 1 &&
           crypto_scalarmult_ed25519_noclamp(negative, minus_one, key) == 0 &&
           crypto_core_ed25519_add(sum, negative, key) == 0 && memcmp(sum, identity, sizeof sum) == 0;
}

/* Below 2^255 - 19, and no multiple of eight takes it to zero. */
static bool x25519_is_sound(const uint8_t key[CS_KEY_SIZE]) {
    static const uint8_t any[CS_KEY_SIZE] = {8, [31] = 64};
    uint8_t product[CS_KEY_SIZE], above = key[31] == 0x7f;
    for (int k = 1; k < 31; k++)
        above &= key[k] == 0xff;
    const bool canonical = key[31] < 0x80 && !(above && key[0] >= 0xed);
    return canonical && crypto_scalarmult(product, any, key) == 0;
}

static bool ristretto255_is_sound(const uint8_t key[32]) {
    return crypto_core_ristretto255_is_valid_point(key) == 1 && !sodium_is_zero(key, 32);
}

cs_status cs_public_identity_from_json(cs_public_identity *out, const cs_json *v) {
    const char *name = "";
    *out = (cs_public_identity){0};
    CS_TRY(cs_document_object(v, &SHAPE, CS_IDENTITY_VERSION));
    const cs_json named = cs_json_get(v, "name"), ed = cs_json_get(v, "ed25519"), x = cs_json_get(v, "x25519"),
                  ristretto = cs_json_get(v, "ristretto255");
    CS_TRY(cs_json_string(&name, &named, 1, CS_PARTY_NAME_BYTES));
    memcpy(out->name, name, strlen(name));
    CS_TRY(cs_document_hex(out->ed25519, sizeof out->ed25519, &ed));
    if (!ed25519_is_sound(out->ed25519))
        return cs_json_fail(&ed, "not a canonical point of the prime-order group");
    CS_TRY(cs_document_hex(out->x25519, sizeof out->x25519, &x));
    if (!x25519_is_sound(out->x25519))
        return cs_json_fail(&x, "not canonical, or of low order");
    CS_TRY(cs_document_hex(out->ristretto255, sizeof out->ristretto255, &ristretto));
    if (!ristretto255_is_sound(out->ristretto255))
        return cs_json_fail(&ristretto, "not a canonical encoding, or the identity");
    return CS_OK;
}

/* ------------------------------------------------------------ the document */

cs_status cs_secret_identity_publish(cs_signed *out, const cs_secret_identity *me) {
    cs_signature mine;
    json_t *body = cs_public_identity_to_json(&me->public);
    *out = (cs_signed){0};
    cs_status status = cs_signed_new(out, body);
    json_decref(body);
    if (status == CS_OK) {
        cs_sign(&mine, CS_SIGN_IDENTITY, out->digest, me->public.name, me->ed25519);
        status = cs_signed_add(out, &mine);
    }
    if (status != CS_OK)
        cs_signed_free(out);
    return status;
}

cs_status cs_public_identity_from_signed(cs_public_identity *out, const char *file, const cs_signed *s) {
    const cs_json body = cs_json_root(file, s->body);
    CS_TRY(cs_public_identity_from_json(out, &body));
    const cs_signature *own = s->signatures;
    if (s->n != 1 || memcmp(own->key, out->ed25519, sizeof own->key) != 0 || strcmp(own->name, out->name) != 0)
        return cs_refuse(CS_REFUSAL_SIGNATURE, "%s: it is not signed by the key and the name that it is about", file);
    return cs_fail_prefix(cs_signed_check(s, CS_SIGN_IDENTITY), "%s", file);
}
