/* Signed documents: a JSON body, and Ed25519 signatures (RFC 8032) on it. Local.
 *
 * What is signed is the label, its NUL, and SHA-256 of the body's canonical encoding, so that a signature on one kind of
 * document is none on another. The file is canonical JSON itself:
 *
 *    {"body":{…},"signatures":[{"key":hex,"name":"…","signature":hex},…]}
 *
 * with signatures in ascending order of names (byte by byte); names are distinct, and so are keys. */
#ifndef CS_PROVENANCE_SIGN_H
#define CS_PROVENANCE_SIGN_H

#include "base/buffer.h"
#include "data/json.h"

/* The labels, one per kind of document. */
#define CS_SIGN_IDENTITY    "consort/identity/1"
#define CS_SIGN_CERTIFICATE "consort/certificate/1"
#define CS_SIGN_MANIFEST    "consort/manifest/1"
#define CS_SIGN_STATEMENT   "consort/statement-signature/1"
#define CS_SIGN_EXPORT      "consort/export/1"

enum {
    CS_PARTY_NAME_BYTES = 128, /* of a member or an authority, UTF-8 */
    CS_SIGN_KEY_SIZE = 32,
    CS_SIGN_SECRET_SIZE = 64, /* libsodium's form: seed, public key */
    CS_SIGNATURE_SIZE = 64,
    CS_MAX_SIGNATURES = 4096
};

typedef struct cs_signature {
    char name[CS_PARTY_NAME_BYTES + 1]; /* 1..128 bytes: as the signer calls itself */
    uint8_t key[CS_SIGN_KEY_SIZE];
    uint8_t signature[CS_SIGNATURE_SIZE];
} cs_signature;

/** Signs a body's digest (cs_document_digest). `name` has at most CS_PARTY_NAME_BYTES. Deterministic. Cannot fail. */
void cs_sign(cs_signature *out, const char *label, const uint8_t digest[32], const char *name,
             const uint8_t secret[CS_SIGN_SECRET_SIZE]);

/** CS_REJECT (SIGNATURE) if it is not a signature of its key on this digest. Keys that are not canonical or of low order are
 * refused, and so are scalars and points of another than the canonical form. */
cs_status cs_signature_check(const cs_signature *s, const char *label, const uint8_t digest[32]);

/** {"key", "name", "signature"}; NULL without memory. */
json_t *cs_signature_to_json(const cs_signature *s);
cs_status cs_signature_from_json(cs_signature *out, const cs_json *v);

/** A signed document. Zero-initialise it. */
typedef struct cs_signed {
    json_t *body;       /* a reference of its own */
    uint8_t digest[32]; /* SHA-256 of the body's canonical encoding */
    size_t n;
    cs_signature *signatures; /* [n] owned */
} cs_signed;

void cs_signed_free(cs_signed *s);

/** Takes a new reference to `body`; no signatures yet. CS_ERR_MEMORY. */
cs_status cs_signed_new(cs_signed *out, json_t *body);

/** Puts a copy of `signature` in its place. CS_ERR_INPUT if its name or its key is there already. Does not check it. */
cs_status cs_signed_add(cs_signed *s, const cs_signature *signature);

/** Decodes 0..max signatures, in order; checks none of them, and does not look into the body. The bytes must be canonical;
 * for a value within another document this is that one's business. An unknown field beside body and signatures is refused
 * (UNKNOWN). Empty after a failure. CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_signed_decode(cs_signed *out, const char *file, const void *data, size_t size, size_t max);
cs_status cs_signed_from_json(cs_signed *out, const cs_json *v, size_t max);

/** The whole document; NULL without memory. */
json_t *cs_signed_to_json(const cs_signed *s);

/** CS_OK if every signature holds (none is fine). CS_REJECT (SIGNATURE), with the name. */
cs_status cs_signed_check(const cs_signed *s, const char *label);

#endif
