#include "session/sums_chain.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"

#define SIGNED "consort/sums-signature/1"

/* Label, its NUL, nonce, digest, rank, step, state. */
enum { TEXT_SIZE = sizeof SIGNED + 32 + 32 + 4 + 8 + 32 };

void cs_sums_begin(cs_transcript *chain, const cs_sums_speaker *who) {
    static const char domain[] = "consort/sums/1";
    uint8_t bytes[sizeof domain + 32 + 32 + 4], start[32];
    memcpy(bytes, domain, sizeof domain); /* with its NUL */
    memcpy(bytes + sizeof domain, who->nonce, 32);
    memcpy(bytes + sizeof domain + 32, who->digest, 32);
    cs_store_u32(bytes + sizeof domain + 64, (uint32_t)who->rank);
    cs_sha256(start, bytes, sizeof bytes);
    cs_transcript_init(chain, start);
}

void cs_sums_addends(cs_transcript *chain, const uint8_t view[32], const uint8_t *hashes, int n_ranks) {
    uint8_t all[32];
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    cs_sha256_update(&hash, view, 32);
    cs_sha256_update(&hash, hashes, 32 * (size_t)n_ranks);
    crypto_hash_sha256_final(&hash, all);
    cs_transcript_absorb(chain, CS_LABEL_GRADIENT, all, sizeof all);
}

void cs_sums_shown(cs_transcript *chain, const uint8_t states[32], const uint8_t sums[32], size_t width) {
    uint8_t bytes[32 + 32 + 4];
    memcpy(bytes, states, 32);
    memcpy(bytes + 32, sums, 32);
    cs_store_u32(bytes + 64, (uint32_t)width);
    cs_transcript_absorb(chain, CS_LABEL_SUMS_SHOWN, bytes, sizeof bytes);
}

void cs_sums_hash_states(uint8_t out[32], const cs_transcript *chains, int n_ranks) {
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    for (int k = 0; k < n_ranks; k++)
        cs_sha256_update(&hash, chains[k].state, 32);
    crypto_hash_sha256_final(&hash, out);
}

static void make_text(uint8_t out[TEXT_SIZE], const cs_sums_speaker *who, uint64_t step, const uint8_t state[32]) {
    uint8_t *at = out + sizeof SIGNED;
    memcpy(out, SIGNED, sizeof SIGNED);
    memcpy(at, who->nonce, 32);
    memcpy(at + 32, who->digest, 32);
    cs_store_u32(at + 64, (uint32_t)who->rank);
    cs_store_u64(at + 68, step);
    memcpy(at + 76, state, 32);
}

void cs_sums_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who, uint64_t step, const uint8_t state[32],
                  const uint8_t *secret) {
    uint8_t text[TEXT_SIZE];
    make_text(text, who, step, state);
    (void)crypto_sign_detached(out, NULL, text, sizeof text, secret);
}

bool cs_sums_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who, uint64_t step,
                   const uint8_t state[32], const uint8_t key[32]) {
    uint8_t text[TEXT_SIZE];
    make_text(text, who, step, state);
    return crypto_sign_verify_detached(signature, text, sizeof text, key) == 0;
}
