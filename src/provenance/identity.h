/* Who a member or an authority is: a name and three public keys, all from one secret of 32 bytes. Local.
 *
 * The keys are derived by libsodium's crypto_kdf (keyed BLAKE2b, context "consort1"): number 1 is the seed of the Ed25519
 * key that signs documents, number 2 the X25519 key of the handshake (session/keys.h), number 3, 64 bytes modulo the group's
 * order, the ristretto255 key of ring signatures (provenance/ring.h), number 4 seals checkpoints. One key never serves two
 * schemes. */
#ifndef CS_PROVENANCE_IDENTITY_H
#define CS_PROVENANCE_IDENTITY_H

#include "provenance/sign.h"
#include "session/keys.h"

enum { CS_IDENTITY_VERSION = 1, CS_ROOT_SIZE = 32 };

typedef struct cs_public_identity {
    char name[CS_PARTY_NAME_BYTES + 1]; /* 1..128 bytes of UTF-8 without control characters */
    uint8_t ed25519[CS_SIGN_KEY_SIZE];
    uint8_t x25519[CS_KEY_SIZE];
    uint8_t ristretto255[32];
} cs_public_identity;

/** The owner wipes it: cs_secret_identity_wipe. */
typedef struct cs_secret_identity {
    cs_public_identity public;
    uint8_t root[CS_ROOT_SIZE];
    uint8_t ed25519[CS_SIGN_SECRET_SIZE];
    uint8_t ristretto255[32]; /* scalar, reduced, not zero */
    cs_identity x25519;
} cs_secret_identity;

/** All keys of a root secret. CS_ERR_INPUT if the name is empty, too long, no UTF-8 or has control characters. */
cs_status cs_secret_identity_derive(cs_secret_identity *out, const char *name, const uint8_t root[CS_ROOT_SIZE]);

/** The same with a fresh root secret from libsodium's random bytes. */
cs_status cs_secret_identity_generate(cs_secret_identity *out, const char *name);

void cs_secret_identity_wipe(cs_secret_identity *me);

/** The key that seals this member's checkpoints: number 4 of the derivation above. The owner wipes it. */
void cs_secret_identity_checkpoint_key(uint8_t out[32], const cs_secret_identity *me);

/** {"ed25519", "name", "ristretto255", "version", "x25519"}: the body of a .pub file. New; NULL without memory. */
json_t *cs_public_identity_to_json(const cs_public_identity *p);

/** Every field and no other; the Ed25519 key a canonical point of the prime-order group, the X25519 key canonical and not of
 * low order, the ristretto255 key canonical and not the identity. CS_ERR_INPUT; CS_REJECT (VERSION, UNKNOWN). */
cs_status cs_public_identity_from_json(cs_public_identity *out, const cs_json *v);

/** The identity's document, signed by itself, as in a .pub file. *out is the caller's: cs_signed_free. CS_ERR_MEMORY. */
cs_status cs_secret_identity_publish(cs_signed *out, const cs_secret_identity *me);

/** What a .pub file says, its own signature checked: exactly one, by the key and the name in the body. CS_REJECT (SIGNATURE,
 * VERSION, UNKNOWN), CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_public_identity_from_signed(cs_public_identity *out, const char *file, const cs_signed *s);

#endif
