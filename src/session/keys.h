/* Who the ranks are, and the secrets that each pair of them and all of them share for one run.
 *
 * Every member has a long-term X25519 key pair (RFC 7748). In the handshake each rank adds a fresh ephemeral pair and a
 * nonce. For ranks i < j with static keys S and ephemeral keys E
 *
 *   seed_ij = BLAKE2b-256("consort/pair-seed/1", i, j, session nonce,
 *                         S_i*S_j, S_i*E_j, E_i*S_j, E_i*E_j, both static and ephemeral public keys, both nonces)
 *
 * which are the four products of the KK pattern of the Noise protocol framework (revision 34, section 7.5). The session
 * nonce is the hash of everything that all ranks sent.
 *
 * Why it is safe. The handshake passes through the root, which may be dishonest, and over an open network.
 * - Secrecy against everybody else: whoever knows neither S_i's nor S_j's secret key cannot compute S_i*S_j, so a root that
 *   replaces ephemeral keys or nonces, or shows the ranks different lists, only makes their seeds differ: pads do not cancel
 *   and the sums are noise. S_i*E_j and E_i*S_j keep it so towards rank j if i's own secret key is stolen.
 * - Old runs stay secret if secret keys are stolen later: E_i*E_j is gone with the ephemeral keys.
 * - Fresh: the nonces, the ephemeral keys and the session nonce never repeat, so neither does a pad.
 * - All of it needs the right public keys. With the members' keys pinned by the job (`members` below) a root cannot sit in
 * the middle. Without them the keys come from the exchange itself, and a root that answers with its own keys CAN read and
 * change everything between two ranks; that mode is for ranks that trust the root and the network.
 * - A public key of low order, whose products are known to everybody, is refused.
 *
 * Streams under these seeds are ChaCha20, or AES-256 where both ranks (for the common seed: all ranks) have instructions for
 * it: each says so in what it sends. That is public. It is part of what the session nonce and the seeds are made of, so
 * ranks that were shown different lists have nothing in common; and each cipher has keys of its own, so a rank that uses
 * another one than its partner adds noise. Nobody can bring about anything but one of the two, of which neither is weak.
 *
 * The common seed, known to all ranks and to nobody else, is drawn by rank 0 and sent to each rank j encrypted and
 * authenticated (ChaCha20-Poly1305, RFC 8439) under a key derived from seed_0j. It protects against observers of the network
 * and against the verifier, not against a member. */
#ifndef CS_SESSION_KEYS_H
#define CS_SESSION_KEYS_H

#include "comm/comm.h"

enum { CS_KEY_SIZE = 32 };

/** A member's long-term keys. The owner wipes it (cs_identity_wipe). */
typedef struct cs_identity {
    uint8_t public_key[CS_KEY_SIZE];
    uint8_t secret_key[CS_KEY_SIZE];
} cs_identity;

/** A fresh pair from libsodium's random bytes. Local. */
cs_status cs_identity_generate(cs_identity *out);

void cs_identity_wipe(cs_identity *me);

/** What one rank holds after the handshake. Zero-initialise it; cs_keyring_free wipes, the structure itself included. */
typedef struct cs_keyring {
    int rank, size;
    uint8_t (*members)[CS_KEY_SIZE]; /* [size] public keys in rank order */
    uint8_t (*seeds)[32];            /* [size] seed shared with exactly rank j; seeds[rank] is zero */
    uint8_t common_seed[32];         /* the same on all ranks */
    uint8_t nonce[32];               /* session nonce, the same on all ranks, not secret */
    bool *by_aes;                    /* [size] whether streams shared with rank j are AES; else they are ChaCha20 */
    bool common_by_aes;              /* the same of the common seed's, the same on all ranks */
} cs_keyring;

/** Collective, three exchanges. Each rank sends its program version, the job's digest, its public key, a fresh ephemeral
 * key, a nonce and whether it has AES; the root replies with all of them; seeds are derived, the common seed is delivered.
 *
 *  members[size]: the public keys in rank order as the job pins them, or NULL (see above what that costs). On failure `out`
 *  is empty and every rank leaves: CS_ERR_INPUT, with a text that names the ranks, where versions, jobs or keys differ or a
 *  key is used by two ranks; CS_ERR_ABORT where a key is of low order, this rank's own entry came back changed or the common
 *  seed does not authenticate; CS_ERR_RANK on ranks that found nothing wrong themselves. */
cs_status cs_handshake(cs_comm *comm, const cs_identity *me, const uint8_t (*members)[CS_KEY_SIZE],
                       const uint8_t job_digest[32], cs_keyring *out);

/** The same of a rank that says itself whether it has AES: true only where cs_aes_available. */
cs_status cs_handshake_with(cs_comm *comm, const cs_identity *me, const uint8_t (*members)[CS_KEY_SIZE],
                            const uint8_t job_digest[32], bool aes, cs_keyring *out);

void cs_keyring_free(cs_keyring *keys);

#endif
