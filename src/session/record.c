#include "session/record.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

void cs_sent_free(cs_sent *s) {
    cs_buffer_free(&s->points);
    for (int which = 0; which < CS_ANSWER_COUNT; which++)
        cs_buffer_free(&s->answer[which]);
    for (int which = 0; which < CS_TOLD_COUNT; which++)
        cs_buffer_free(&s->told[which]);
    *s = (cs_sent){0};
}

cs_status cs_record_new(cs_record *r, int n_ranks) {
    cs_record_free(r);
    r->ranks = CS_NEW(cs_sent, (size_t)n_ranks);
    if (r->ranks == NULL)
        return CS_ERR_MEMORY;
    r->n_ranks = n_ranks;
    return CS_OK;
}

void cs_record_free(cs_record *r) {
    for (int i = 0; i < r->n_ranks; i++)
        cs_sent_free(&r->ranks[i]);
    cs_free(r->ranks);
    cs_free(r->help.f);
    cs_free(r->help.challenges);
    cs_free(r->help.parts);
    *r = (cs_record){0};
}

void cs_sent_begin(cs_transcript *chain, const uint8_t nonce[32], const uint8_t digest[32], int rank) {
    static const char domain[] = "consort/sent/1";
    uint8_t number[4], start[32];
    crypto_hash_sha256_state hash;
    cs_store_u32(number, (uint32_t)rank);
    crypto_hash_sha256_init(&hash);
    crypto_hash_sha256_update(&hash, (const unsigned char *)domain, sizeof domain); /* with its NUL */
    crypto_hash_sha256_update(&hash, nonce, 32);
    crypto_hash_sha256_update(&hash, digest, 32);
    crypto_hash_sha256_update(&hash, number, sizeof number);
    crypto_hash_sha256_final(&hash, start);
    cs_transcript_init(chain, start);
}

void cs_sent_answer(cs_transcript *chain, const cs_transcript *view, cs_label label, const cs_buffer *answer) {
    cs_transcript_absorb(chain, CS_LABEL_SENT_VIEW, view->state, sizeof view->state);
    cs_transcript_absorb(chain, label, answer->data, answer->size);
}

/* Label, its NUL, and the state. */
typedef struct text {
    uint8_t bytes[sizeof CS_SENT_SIGNATURE + 32];
} text;

static text make_text(const cs_transcript *chain) {
    text t;
    memcpy(t.bytes, CS_SENT_SIGNATURE, sizeof CS_SENT_SIGNATURE);
    memcpy(t.bytes + sizeof CS_SENT_SIGNATURE, chain->state, 32);
    return t;
}

void cs_sent_sign(uint8_t out[CS_SENT_SIGNATURE_SIZE], const cs_transcript *chain, const cs_signing *signing) {
    const text t = make_text(chain);
    (void)crypto_sign_detached(out, NULL, t.bytes, sizeof t.bytes, signing->secret);
}

bool cs_sent_check(const uint8_t signature[CS_SENT_SIGNATURE_SIZE], const cs_transcript *chain, const uint8_t key[32]) {
    const text t = make_text(chain);
    return crypto_sign_verify_detached(signature, t.bytes, sizeof t.bytes, key) == 0;
}
