/* Each member's part of the seed: 32 random bytes that it commits to before it sees the others' and opens afterwards. If one
 * member chose its bytes at random, the seed is random, whatever the others did; what remains is that who opens last can
 * leave instead (docs/security.md). */
#ifndef CS_ATTEST_CONTRIBUTIONS_H
#define CS_ATTEST_CONTRIBUTIONS_H

#include "session/keys.h"

enum { CS_CONTRIBUTION_SIZE = 32 };

/** Tags of the two exchanges. */
enum { CS_TAG_CONTRIBUTION_COMMIT = 0x10100, CS_TAG_CONTRIBUTION_OPEN };

/** What a rank sends first: SHA-256("consort/contribution/1" NUL, session nonce, its public key, its bytes). The key keeps a
 * rank from repeating another's; the nonce keeps an old commitment from coming back. Local. */
void cs_contribution_commit(uint8_t out[32], const cs_keyring *keys, int rank, const uint8_t mine[CS_CONTRIBUTION_SIZE]);

/** Collective, two exchanges after the handshake. out[size of comm]: the contributions of all ranks, the same on every
 * honest one if the root is honest (they enter the statement, and pads do not cancel if two ranks have different ones).
 * CS_ERR_ABORT, with a text that names the rank, if one is not what was committed to, or this rank's own came back changed.
 * CS_ERR_MEMORY. */
cs_status cs_contributions_exchange(uint8_t (*out)[CS_CONTRIBUTION_SIZE], cs_comm *comm, const cs_keyring *keys);

#endif
