/* Identities in files. docs/formats.md has both forms. Local.
 *
 * NAME.pub is the public document, signed by itself. NAME.key (mode 0600) holds the same document and the root secret, which
 * a passphrase may seal: Argon2id (RFC 9106, libsodium's crypto_pwhash) makes a key of the passphrase and a random salt,
 * XChaCha20-Poly1305 seals with everything else in the file as associated data. */
#ifndef CS_PROVENANCE_IDENTITY_FILE_H
#define CS_PROVENANCE_IDENTITY_FILE_H

#include "provenance/identity.h"

enum { CS_PASSPHRASE_BYTES = 1024, CS_IDENTITY_FILE_BYTES = 8192 };

/** The stem of an identity's files: the name in lower case (ASCII), every run of bytes outside [a-z0-9] as one '-', none at
 * the ends, at most 64 bytes; "key-" and the first eight bytes of the Ed25519 key if nothing is left. NULL without memory.
 * cs_free. */
char *cs_identity_stem(const cs_public_identity *p);

/** The passphrase in a file: its bytes without one line feed at the end, 1..1024 of them, none a control character. *out is
 * the caller's: cs_free (wipes). CS_ERR_IO, CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_passphrase_load(char **out, const char *path);

/** Refuses to replace a file (CS_ERR_IO). passphrase NULL: not sealed. Takes 64 MiB and a moment with a passphrase. */
cs_status cs_secret_identity_save(const cs_secret_identity *me, const char *path, const char *passphrase);
cs_status cs_secret_identity_publish_file(const cs_secret_identity *me, const char *path);

/** Whether a key file is sealed with a passphrase. CS_ERR_IO, CS_ERR_INPUT. */
cs_status cs_secret_identity_is_sealed(bool *out, const char *path);

/** CS_ERR_IO if it cannot be read. CS_ERR_USAGE if it is sealed and there is no passphrase, or the wrong one. CS_ERR_INPUT
 * if it is anything but what save writes, if secret and public keys do not belong together, or if others than its owner may
 * use it. CS_REJECT (SIGNATURE, VERSION, UNKNOWN) for a changed document. *out is empty then. A passphrase that is not
 * needed is not an error. */
cs_status cs_secret_identity_load(cs_secret_identity *out, const char *path, const char *passphrase);

/** As cs_public_identity_from_signed. CS_ERR_IO. */
cs_status cs_public_identity_load(cs_public_identity *out, const char *path);

#endif
