/* Ring signatures: somebody who has the secret key of one of n public keys signed, and nobody can say who. Local.
 *
 * M. Abe, M. Ohkubo, K. Suzuki, "1-out-of-n Signatures from a Variety of Keys" (ASIACRYPT 2002), the construction from
 * Schnorr signatures, in the group ristretto255 (RFC 9496) of prime order q with base point B:
 *
 *   context = SHA-512("consort/ring/1" NUL, label NUL, digest[32], n (8 bytes), P_0, ..., P_(n-1))
 *   H(i, R) = SHA-512("consort/ring-step/1" NUL, context, i (8 bytes), R) mod q
 *   signature (c_0, s_0, ..., s_(n-1)):  R_i = s_i B + c_i P_i,  c_(i+1) = H(i, R_i),  and c_n = c_0.
 *
 * The signer, at place k, begins with R_k = a B for a random a, takes random s_i for the others, and closes the ring with
 * s_k = a - c_k x_k. docs/security.md argues why nobody else can, and why the place does not show. */
#ifndef CS_PROVENANCE_RING_H
#define CS_PROVENANCE_RING_H

#include "data/json.h"
#include "provenance/refusal.h"

enum { CS_RING_KEY_SIZE = 32, CS_RING_SCALAR_SIZE = 32, CS_RING_MIN = 2, CS_RING_MAX = 128 };

/** Zero-initialise it. */
typedef struct cs_ring_signature {
    uint8_t challenge[CS_RING_SCALAR_SIZE]; /* c_0 */
    size_t n;
    uint8_t (*responses)[CS_RING_SCALAR_SIZE]; /* [n] owned */
} cs_ring_signature;

void cs_ring_free(cs_ring_signature *s);

/** keys[n]: 2..128 canonical encodings, none the identity, strictly ascending as byte strings, so that one set has one order
 * (CS_ERR_INPUT). secret: a reduced scalar, not zero. CS_REJECT (RING) if its public key is none of them. CS_ERR_MEMORY.
 * `label` names the kind of what is signed (provenance/sign.h). Time and sequence of calls depend on n only; which entry of
 * `keys` is the signer's own shows in addresses. */
cs_status cs_ring_sign(cs_ring_signature *out, const char *label, const uint8_t digest[32],
                       const uint8_t (*keys)[CS_RING_KEY_SIZE], size_t n, const uint8_t secret[CS_RING_SCALAR_SIZE]);

/** CS_REJECT (RING) if it does not hold for these keys, in number or otherwise, or if a scalar is zero or not reduced.
 * CS_ERR_INPUT if the keys are not as above. */
cs_status cs_ring_check(const cs_ring_signature *s, const char *label, const uint8_t digest[32],
                        const uint8_t (*keys)[CS_RING_KEY_SIZE], size_t n);

/** {"challenge": hex, "responses": [hex, …]}. New; NULL without memory. */
json_t *cs_ring_to_json(const cs_ring_signature *s);

/** Freed by cs_ring_free; empty after a failure. */
cs_status cs_ring_from_json(cs_ring_signature *out, const cs_json *v);

#endif
