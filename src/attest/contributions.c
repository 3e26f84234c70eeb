#include "attest/contributions.h"

#include <sodium.h>
#include <string.h>

#include "attest/exchange.h"

void cs_contribution_commit(uint8_t out[32], const cs_keyring *keys, int rank, const uint8_t mine[CS_CONTRIBUTION_SIZE]) {
    static const char label[] = "consort/contribution/1";
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, (const uint8_t *)label, sizeof label);
    crypto_hash_sha256_update(&hash, keys->nonce, sizeof keys->nonce);
    crypto_hash_sha256_update(&hash, keys->members[rank], CS_KEY_SIZE);
    crypto_hash_sha256_update(&hash, mine, CS_CONTRIBUTION_SIZE);
    crypto_hash_sha256_final(&hash, out);
}

static cs_status check_openings(const cs_keyring *keys, const uint8_t *commitments, const uint8_t *openings) {
    for (int i = 0; i < keys->size; i++) {
        uint8_t expected[32];
        cs_contribution_commit(expected, keys, i, openings + (size_t)i * CS_CONTRIBUTION_SIZE);
        if (memcmp(expected, commitments + (size_t)i * sizeof expected, sizeof expected) != 0)
            return cs_fail(CS_ERR_ABORT, "rank %d opened another contribution to the seed than it had committed to", i);
    }
    return CS_OK;
}

/* Every rank gives 32 bytes and finds them unchanged in what the root sends to all. */
static cs_status exchange(cs_buffer *all, cs_comm *comm, uint32_t tag, const uint8_t mine[32], const char *what) {
    CS_TRY(cs_exchange(comm, tag, mine, 32, all, what));
    if (memcmp(all->data + (size_t)comm->rank * 32, mine, 32) != 0)
        return cs_fail(CS_ERR_ABORT, "the root changed this rank's part of %s", what);
    return CS_OK;
}

cs_status cs_contributions_exchange(uint8_t (*out)[CS_CONTRIBUTION_SIZE], cs_comm *comm, const cs_keyring *keys) {
    uint8_t mine[CS_CONTRIBUTION_SIZE], commitment[32];
    cs_buffer commitments = {0}, openings = {0};
    randombytes_buf(mine, sizeof mine);
    cs_contribution_commit(commitment, keys, comm->rank, mine);
    cs_status status =
        exchange(&commitments, comm, CS_TAG_CONTRIBUTION_COMMIT, commitment, "the commitments to the seed's parts");
    if (status == CS_OK)
        status = exchange(&openings, comm, CS_TAG_CONTRIBUTION_OPEN, mine, "the contributions to the seed");
    if (status == CS_OK)
        status = check_openings(keys, commitments.data, openings.data);
    if (status == CS_OK)
        memcpy(out, openings.data, openings.size);
    cs_buffer_free(&commitments);
    cs_buffer_free(&openings);
    return status;
}
