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

void cs_sums_addends(cs_transcript *chain, const cs_sums_word *word) {
    uint8_t bytes[96];
    memcpy(bytes, word->view, 32);
    memcpy(bytes + 32, word->sent, 32);
    memcpy(bytes + 64, word->shape, 32);
    cs_transcript_absorb(chain, CS_LABEL_GRADIENT, bytes, sizeof bytes);
}

void cs_sums_shown(cs_transcript *chain, const cs_sums_word *word) {
    uint8_t bytes[64];
    memcpy(bytes, word->states, 32);
    memcpy(bytes + 32, word->shown, 32);
    cs_transcript_absorb(chain, CS_LABEL_SUMS_SHOWN, bytes, sizeof bytes);
}

void cs_sums_after(cs_transcript *chain, const cs_sums_word *word) {
    memcpy(chain->state, word->before, sizeof word->before);
    cs_sums_addends(chain, word);
    cs_sums_shown(chain, word);
}

static void hash_number(crypto_hash_sha256_state *hash, size_t number) {
    uint8_t bytes[8];
    cs_store_u64(bytes, number);
    cs_sha256_update(hash, bytes, sizeof bytes);
}

void cs_sums_shape(uint8_t out[32], const size_t *starts, const size_t *counts, int n_ranks, size_t width) {
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    for (int k = 0; k < n_ranks; k++) {
        hash_number(&hash, starts[k]);
        hash_number(&hash, counts[k]);
    }
    hash_number(&hash, width);
    crypto_hash_sha256_final(&hash, out);
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
