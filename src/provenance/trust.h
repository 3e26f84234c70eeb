/* Trust lists: the authorities whose certificates somebody accepts, and the set among which a source may hide. Local. */
#ifndef CS_PROVENANCE_TRUST_H
#define CS_PROVENANCE_TRUST_H

#include "provenance/identity.h"
#include "provenance/ring.h"

enum { CS_TRUST_VERSION = 1, CS_TRUST_MAX = CS_RING_MAX, CS_TRUST_FILE_BYTES = 1 << 20 };

/** Zero-initialise it. */
typedef struct cs_trust {
    size_t n;
    cs_public_identity *authorities; /* [n] owned, in ascending order of Ed25519 keys; names and keys distinct */
} cs_trust;

void cs_trust_free(cs_trust *t);

/** Puts a copy in its place. CS_ERR_INPUT if its name or one of its keys is there already, or the list is full. */
cs_status cs_trust_add(cs_trust *t, const cs_public_identity *authority);

/** In any order, with any white space: people may edit the file. Freed by cs_trust_free; empty after a failure.
 * CS_ERR_INPUT, CS_REJECT (VERSION, UNKNOWN), CS_ERR_IO, CS_ERR_MEMORY. */
cs_status cs_trust_from_json(cs_trust *out, const cs_json *v);
cs_status cs_trust_load(cs_trust *out, const char *path);

/** {"version", "authorities"}, in order. New; NULL without memory. */
json_t *cs_trust_to_json(const cs_trust *t);

/** SHA-256("consort/trust/1" NUL, canonical JSON of the above): names the set. CS_ERR_MEMORY. */
cs_status cs_trust_digest(uint8_t out[32], const cs_trust *t);

/** The authority with this Ed25519 key; NULL if there is none. Borrowed. */
const cs_public_identity *cs_trust_find(const cs_trust *t, const uint8_t ed25519[CS_SIGN_KEY_SIZE]);

/** The ristretto255 keys in ascending order, as provenance/ring.h wants them. */
void cs_trust_ring(uint8_t (*keys)[CS_RING_KEY_SIZE], const cs_trust *t);

#endif
