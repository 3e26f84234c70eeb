#include "session/pad_words.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"

#define ROOTS_SIGNED "consort/pads-signature/1"
#define TOLD_SIGNED  "consort/told-signature/1"

/* Label, its NUL, nonce, digest, rank, hash; and the same with three more. */
enum {
    SPEAKER = 32 + 32 + 4,
    ROOTS_TEXT = sizeof ROOTS_SIGNED + SPEAKER + 32,
    TOLD_TEXT = sizeof TOLD_SIGNED + SPEAKER + 128
};

static uint8_t *put_speaker(uint8_t *at, const cs_sums_speaker *who) {
    memcpy(at, who->nonce, 32);
    memcpy(at + 32, who->digest, 32);
    cs_store_u32(at + 64, (uint32_t)who->rank);
    return at + SPEAKER;
}

static void roots_text(uint8_t out[ROOTS_TEXT], const cs_sums_speaker *who, const uint8_t (*roots)[32], int n_ranks) {
    memcpy(out, ROOTS_SIGNED, sizeof ROOTS_SIGNED);
    cs_sha256(put_speaker(out + sizeof ROOTS_SIGNED, who), roots[0], 32 * (size_t)n_ranks);
}

void cs_pad_roots_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who, const uint8_t (*roots)[32],
                       int n_ranks, const uint8_t *secret) {
    uint8_t text[ROOTS_TEXT];
    roots_text(text, who, roots, n_ranks);
    (void)crypto_sign_detached(out, NULL, text, sizeof text, secret);
}

bool cs_pad_roots_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_sums_speaker *who,
                        const uint8_t (*roots)[32], int n_ranks, const uint8_t key[32]) {
    uint8_t text[ROOTS_TEXT];
    roots_text(text, who, roots, n_ranks);
    return crypto_sign_verify_detached(signature, text, sizeof text, key) == 0;
}

static void told_text(uint8_t out[TOLD_TEXT], const cs_told_word *word, const uint8_t *pads, size_t size) {
    memcpy(out, TOLD_SIGNED, sizeof TOLD_SIGNED);
    uint8_t *at = put_speaker(out + sizeof TOLD_SIGNED, &word->who);
    memcpy(at, word->drawn, 32);
    memcpy(at + 32, word->asked, 32);
    memcpy(at + 64, word->sent, 32);
    cs_sha256(at + 96, pads, size);
}

void cs_told_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_told_word *word, const uint8_t *pads, size_t size,
                  const uint8_t *secret) {
    uint8_t text[TOLD_TEXT];
    told_text(text, word, pads, size);
    (void)crypto_sign_detached(out, NULL, text, sizeof text, secret);
}

bool cs_told_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_told_word *word, const uint8_t *pads,
                   size_t size, const uint8_t key[32]) {
    uint8_t text[TOLD_TEXT];
    told_text(text, word, pads, size);
    return crypto_sign_verify_detached(signature, text, sizeof text, key) == 0;
}
