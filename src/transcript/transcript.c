#include "transcript/transcript.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"

static void hash_bytes(crypto_hash_sha256_state *hash, const void *data, size_t size) {
    if (size > 0)
        cs_sha256_update(hash, data, size);
}

static void hash_label(crypto_hash_sha256_state *hash, cs_label label) {
    const char *text = cs_label_text(label);
    const size_t length = strlen(text);
    uint8_t size[4];
    cs_store_u32(size, (uint32_t)length);
    hash_bytes(hash, size, sizeof size);
    hash_bytes(hash, text, length);
}

/* Every hash of the chain starts with the old state and a word that says what the rest is. */
static void begin(crypto_hash_sha256_state *hash, const cs_transcript *t, const char *word) {
    crypto_hash_sha256_init(hash);
    hash_bytes(hash, t->state, sizeof t->state);
    hash_bytes(hash, word, strlen(word));
}

void cs_transcript_init(cs_transcript *t, const uint8_t statement_digest[32]) {
    static const char version[] = "consort/transcript/1";
    crypto_hash_sha256(t->state, (const unsigned char *)version, sizeof version - 1);
    cs_transcript_absorb(t, CS_LABEL_STATEMENT, statement_digest, 32);
}

void cs_transcript_absorb(cs_transcript *t, cs_label label, const void *data, size_t size) {
    crypto_hash_sha256_state hash;
    uint8_t length[8];
    cs_store_u64(length, size);
    begin(&hash, t, "absorb");
    hash_label(&hash, label);
    hash_bytes(&hash, length, sizeof length);
    hash_bytes(&hash, data, size);
    crypto_hash_sha256_final(&hash, t->state);
}

cs_fr cs_transcript_challenge(cs_transcript *t, cs_label label) {
    crypto_hash_sha256_state hash;
    begin(&hash, t, "challenge");
    hash_label(&hash, label);
    crypto_hash_sha256_final(&hash, t->state);
    uint8_t wide[64];
    for (uint8_t half = 0; half < 2; half++) {
        begin(&hash, t, "output");
        hash_bytes(&hash, &half, 1);
        crypto_hash_sha256_final(&hash, wide + (size_t)half * 32);
    }
    return cs_fr_from_wide(wide);
}
