#include "session/keys.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "consort/version.h"
#include "session/aes.h"
#include "transcript/labels.h"

enum { VERSION_SIZE = 32, SEALED_SIZE = 32 + crypto_aead_chacha20poly1305_ietf_ABYTES };

_Static_assert(sizeof CONSORT_VERSION <= VERSION_SIZE, "the version fits its field");

/* What a rank sends: bytes only, so it travels as it is. */
typedef struct entry {
    uint8_t version[VERSION_SIZE]; /* zero-padded */
    uint8_t job_digest[32];
    uint8_t public_key[CS_KEY_SIZE];
    uint8_t ephemeral[CS_KEY_SIZE];
    uint8_t nonce[32];
    uint8_t aes; /* 1: has instructions for AES */
} entry;

/* One rank's handshake in progress. */
typedef struct handshake {
    const cs_identity *me;
    uint8_t ephemeral_secret[CS_KEY_SIZE];
    entry mine;
    const entry *all; /* [size], in the root's reply */
} handshake;

typedef crypto_generichash_state hasher;

static void begin(hasher *h, const uint8_t key[32], const char *domain) {
    crypto_generichash_init(h, key, key == NULL ? 0 : 32, 32);
    crypto_generichash_update(h, (const unsigned char *)domain, strlen(domain));
}

static void start(handshake *hs, const cs_identity *me, const uint8_t job_digest[32], bool aes) {
    *hs = (handshake){.me = me, .mine.aes = aes};
    memcpy(hs->mine.version, CONSORT_VERSION, sizeof CONSORT_VERSION);
    memcpy(hs->mine.job_digest, job_digest, 32);
    memcpy(hs->mine.public_key, me->public_key, CS_KEY_SIZE);
    randombytes_buf(hs->mine.nonce, sizeof hs->mine.nonce);
    randombytes_buf(hs->ephemeral_secret, sizeof hs->ephemeral_secret);
    (void)crypto_scalarmult_base(hs->mine.ephemeral, hs->ephemeral_secret);
}

/* ------------------------------------------------------------------ checks */

static cs_status check_entry(const handshake *hs, int rank, int j, const uint8_t (*members)[CS_KEY_SIZE]) {
    const entry *e = &hs->all[j], *mine = &hs->mine;
    if (memcmp(e->version, mine->version, VERSION_SIZE) != 0)
        return cs_fail(CS_ERR_INPUT,
                       "rank %d runs another version of the program than rank %d (%s); install the same on all", j, rank,
                       CONSORT_VERSION);
    if (memcmp(e->job_digest, mine->job_digest, 32) != 0)
        return cs_fail(CS_ERR_INPUT, "rank %d has another job than rank %d; give all ranks the same job file", j, rank);
    if (members != NULL && memcmp(e->public_key, members[j], CS_KEY_SIZE) != 0)
        return cs_fail(CS_ERR_INPUT, "rank %d does not have the key that the job lists for member %d%s", j, j,
                       j == rank ? "; check the secret key file and the order of the ranks" : "");
    if (e->aes > 1)
        return cs_fail(CS_ERR_INPUT, "rank %d says neither yes nor no to AES, but %d; is its program damaged?", j, e->aes);
    for (int k = 0; k < j; k++)
        if (memcmp(e->public_key, hs->all[k].public_key, CS_KEY_SIZE) == 0)
            return cs_fail(CS_ERR_INPUT, "ranks %d and %d use the same key; every member needs its own", k, j);
    return CS_OK;
}

static cs_status check_entries(handshake *hs, const cs_comm *comm, const cs_buffer *reply,
                               const uint8_t (*members)[CS_KEY_SIZE]) {
    if (reply->size != (size_t)comm->size * sizeof(entry))
        return cs_fail(CS_ERR_INPUT, "the root's list of members is %zu bytes long, not %zu; do all ranks run version %s?",
                       reply->size, (size_t)comm->size * sizeof(entry), CONSORT_VERSION);
    hs->all = (const entry *)(const void *)reply->data;
    if (memcmp(&hs->all[comm->rank], &hs->mine, sizeof hs->mine) != 0)
        return cs_fail(CS_ERR_ABORT, "the root shows another entry for rank %d than this rank sent", comm->rank);
    for (int j = 0; j < comm->size; j++)
        CS_TRY(check_entry(hs, comm->rank, j, members));
    return CS_OK;
}

/* ------------------------------------------------------------------ seeds */

static void make_nonce(const handshake *hs, cs_keyring *out) {
    hasher h;
    begin(&h, NULL, "consort/session/1");
    crypto_generichash_update(&h, (const unsigned char *)hs->all, (size_t)out->size * sizeof(entry));
    crypto_generichash_final(&h, out->nonce, sizeof out->nonce);
}

/* The four products of ranks lo < hi in the order SS, SE, ES, EE, the first letter for lo. */
static bool multiply(uint8_t products[4][32], const handshake *hs, const entry *peer, bool lower) {
    const uint8_t *const secret[2] = {hs->me->secret_key, hs->ephemeral_secret};
    const uint8_t *const public[2] = {peer->public_key, peer->ephemeral};
    bool good = true;
    for (int lo = 0; lo < 2; lo++)
        for (int hi = 0; hi < 2; hi++) {
            const int mine = lower ? lo : hi, theirs = lower ? hi : lo;
            good = crypto_scalarmult(products[2 * lo + hi], secret[mine], public[theirs]) == 0 && good;
        }
    return good;
}

static cs_status make_seed(const handshake *hs, cs_keyring *out, int j) {
    const int lo = j < out->rank ? j : out->rank, hi = j < out->rank ? out->rank : j;
    uint8_t products[4][32];
    if (!multiply(products, hs, &hs->all[j], out->rank == lo))
        return cs_fail(CS_ERR_ABORT, "a public key of rank %d is of low order: anybody could compute the common secret", j);
    const uint8_t order[2][4] = {{(uint8_t)lo, (uint8_t)(lo >> 8), (uint8_t)(lo >> 16), (uint8_t)(lo >> 24)},
                                 {(uint8_t)hi, (uint8_t)(hi >> 8), (uint8_t)(hi >> 16), (uint8_t)(hi >> 24)}};
    hasher h;
    begin(&h, NULL, "consort/pair-seed/1");
    crypto_generichash_update(&h, order[0], sizeof order);
    crypto_generichash_update(&h, out->nonce, sizeof out->nonce);
    crypto_generichash_update(&h, products[0], sizeof products);
    crypto_generichash_update(&h, (const unsigned char *)&hs->all[lo], sizeof(entry));
    crypto_generichash_update(&h, (const unsigned char *)&hs->all[hi], sizeof(entry));
    crypto_generichash_final(&h, out->seeds[j], sizeof out->seeds[j]);
    sodium_memzero(&h, sizeof h);
    sodium_memzero(products, sizeof products);
    return CS_OK;
}

static cs_status make_seeds(const handshake *hs, const cs_comm *comm, cs_keyring *out) {
    out->rank = comm->rank;
    out->size = comm->size;
    out->members = cs_calloc((size_t)comm->size, sizeof *out->members);
    out->seeds = cs_calloc_locked((size_t)comm->size, sizeof *out->seeds);
    out->by_aes = CS_NEW(bool, (size_t)comm->size);
    if (out->members == NULL || out->seeds == NULL || out->by_aes == NULL)
        return CS_ERR_MEMORY;
    make_nonce(hs, out);
    out->common_by_aes = true;
    for (int j = 0; j < comm->size; j++) {
        out->by_aes[j] = hs->mine.aes && hs->all[j].aes;
        out->common_by_aes = out->common_by_aes && hs->all[j].aes;
        memcpy(out->members[j], hs->all[j].public_key, CS_KEY_SIZE);
        if (j != comm->rank)
            CS_TRY(make_seed(hs, out, j));
    }
    return CS_OK;
}

/* ------------------------------------------------------------------ the common seed */

/* The key and the nonce are used for this one message: the pair seed is fresh. */
static const uint8_t zero_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

static void sealing_key(uint8_t key[32], const uint8_t seed[32]) {
    hasher h;
    begin(&h, seed, "consort/common-seed/1");
    crypto_generichash_final(&h, key, 32);
    sodium_memzero(&h, sizeof h);
}

static cs_status seal_all(const cs_keyring *keys, cs_buffer *out) {
    CS_TRY(cs_buffer_resize(out, (size_t)(keys->size - 1) * SEALED_SIZE));
    uint8_t key[32];
    for (int j = 1; j < keys->size; j++) {
        sealing_key(key, keys->seeds[j]);
        (void)crypto_aead_chacha20poly1305_ietf_encrypt(out->data + (size_t)(j - 1) * SEALED_SIZE, NULL, keys->common_seed,
                                                        sizeof keys->common_seed, keys->nonce, sizeof keys->nonce, NULL,
                                                        zero_nonce, key);
    }
    sodium_memzero(key, sizeof key);
    return CS_OK;
}

static cs_status unseal(cs_keyring *keys, const cs_buffer *reply) {
    if (keys->rank == 0)
        return CS_OK;
    uint8_t key[32];
    sealing_key(key, keys->seeds[0]);
    const bool good = reply->size == (size_t)(keys->size - 1) * SEALED_SIZE &&
                      crypto_aead_chacha20poly1305_ietf_decrypt(
                          keys->common_seed, NULL, NULL, reply->data + (size_t)(keys->rank - 1) * SEALED_SIZE, SEALED_SIZE,
                          keys->nonce, sizeof keys->nonce, zero_nonce, key) == 0;
    sodium_memzero(key, sizeof key);
    return good ? CS_OK
                : cs_fail(CS_ERR_ABORT, "the common seed from rank 0 does not authenticate: "
                                        "the root or the network changed the handshake");
}

/* ------------------------------------------------------------------ exchanges */

static cs_status exchange_entries(cs_comm *comm, const handshake *hs, cs_buffer *parts, cs_buffer *reply) {
    CS_TRY(cs_comm_gather(comm, CS_LABEL_HANDSHAKE, &hs->mine, sizeof hs->mine, parts));
    cs_buffer_clear(reply);
    for (int j = 0; comm->rank == 0 && j < comm->size; j++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the root has parts */
        cs_buffer_append(reply, parts[j].data, parts[j].size);
    return cs_comm_reply(comm, CS_LABEL_HANDSHAKE, reply);
}

static cs_status deliver_common_seed(cs_comm *comm, cs_keyring *keys, cs_buffer *reply) {
    CS_TRY(cs_comm_gather(comm, CS_LABEL_HANDSHAKE, NULL, 0, NULL));
    cs_buffer_clear(reply);
    if (comm->rank == 0) {
        randombytes_buf(keys->common_seed, sizeof keys->common_seed);
        const cs_status status = seal_all(keys, reply);
        if (status != CS_OK)
            return cs_comm_raise(comm, status);
    }
    CS_TRY(cs_comm_reply(comm, CS_LABEL_HANDSHAKE, reply));
    return cs_comm_agree(comm, CS_LABEL_HANDSHAKE, unseal(keys, reply));
}

static cs_status run(cs_comm *comm, handshake *hs, const uint8_t (*members)[CS_KEY_SIZE], cs_buffer *parts, cs_buffer *reply,
                     cs_keyring *out) {
    CS_TRY(exchange_entries(comm, hs, parts, reply));
    cs_status status = check_entries(hs, comm, reply, members);
    if (status == CS_OK)
        status = make_seeds(hs, comm, out);
    if (status != CS_OK)
        return cs_comm_raise(comm, status);
    return deliver_common_seed(comm, out, reply);
}

cs_status cs_handshake(cs_comm *comm, const cs_identity *me, const uint8_t (*members)[CS_KEY_SIZE],
                       const uint8_t job_digest[32], cs_keyring *out) {
    return cs_handshake_with(comm, me, members, job_digest, cs_aes_available() && crypto_aead_aes256gcm_is_available(), out);
}

cs_status cs_handshake_with(cs_comm *comm, const cs_identity *me, const uint8_t (*members)[CS_KEY_SIZE],
                            const uint8_t job_digest[32], bool aes, cs_keyring *out) {
    *out = (cs_keyring){0};
    if (sodium_init() < 0)
        return cs_comm_raise(comm, cs_fail(CS_ERR_INTERNAL, "libsodium cannot start: no source of random bytes"));
    cs_buffer *parts = CS_NEW(cs_buffer, (size_t)comm->size), reply = {0};
    if (parts == NULL)
        return cs_comm_raise(comm, CS_ERR_MEMORY);
    handshake hs;
    start(&hs, me, job_digest, aes);
    const cs_status status = run(comm, &hs, members, comm->rank == 0 ? parts : NULL, &reply, out);
    sodium_memzero(&hs, sizeof hs);
    for (int j = 0; j < comm->size; j++)
        cs_buffer_free(&parts[j]);
    cs_free(parts);
    cs_buffer_free(&reply);
    if (status != CS_OK)
        cs_keyring_free(out);
    return status;
}

void cs_keyring_free(cs_keyring *keys) {
    cs_free(keys->members);
    cs_free(keys->seeds);
    cs_free(keys->by_aes);
    sodium_memzero(keys, sizeof *keys);
}
