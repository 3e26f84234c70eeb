/* Judging a rank by what it signed while it was asked about steps in doubt, without the proof of that session: its pads, or
 * of a rank without data, which gives no answer that it could sign, all that it told (docs/protocol.md, 6.12). */
#include <string.h>

#include "base/memory.h"
#include "base/sha256.h"
#include "train/attribution_parts.h"

static cs_sent sent_of(const cs_testimony *t) {
    cs_sent sent = {0};
    memcpy(sent.told, t->told, sizeof sent.told); /* borrowed */
    return sent;
}

/* All words of the sums, and what is told of pads, at the place that the testimony names. */
static bool is_signed_by(const cs_naming *n, const cs_testimony *t, const cs_judged *r) {
    const cs_buffer *pads = &t->told[CS_TOLD_PADS];
    const size_t size = pads->size - CS_SENT_SIGNATURE_SIZE;
    bool holds = cs_told_check(pads->data + size, &t->word, pads->data, size, t->key);
    for (size_t x = 0; x < cs_doubted_sums(n->about); x++)
        holds = holds && cs_naming_word_is_signed(n, r, x);
    return holds;
}

/* Its pads with one other rank, whose keys both have committed to. */
static cs_status judge_pads(const cs_naming *n, const cs_testimony *t, cs_offence *offence, bool *is_signed) {
    const cs_pads_told told = {.rank = t->word.who.rank,
                               .with = t->with,
                               .word = &t->word,
                               .told = &t->told[CS_TOLD_PADS],
                               .words = t->words,
                               .root = t->roots[t->with],
                               .shown = t->shown};
    cs_sums_speaker who = {.rank = t->word.who.rank};
    bool same;
    memcpy(who.nonce, n->about->nonce, 32);
    memcpy(who.digest, n->about->digest, 32);
    CS_TRY(cs_naming_pads_hold(n, &told, &same));
    *offence = same ? CS_OFFENCE_NONE : CS_OFFENCE_FALSE_PADS;
    *is_signed = *is_signed && cs_pad_roots_check(t->roots_signature, &who, t->roots, n->about->ranks, t->key);
    return CS_OK;
}

static cs_status judge_told(const cs_naming *n, const cs_testimony *t, cs_judged *r, bool *is_signed) {
    const cs_buffer *told = &t->told[CS_TOLD_SENT];
    uint8_t hash[32];
    if (told->size != cs_doubted_told(n->about, CS_TOLD_SENT))
        return cs_fail(CS_ERR_INPUT, "%zu bytes were told of addends, not %zu", told->size,
                       cs_doubted_told(n->about, CS_TOLD_SENT));
    cs_sha256(hash, told->data, told->size);
    *is_signed = *is_signed && memcmp(hash, t->word.sent, 32) == 0;
    return cs_naming_judge_told(n, NULL, r);
}

static cs_status judge(cs_naming *n, const cs_testimony *t, cs_offence *offence, bool *is_signed) {
    const cs_sent sent = sent_of(t);
    cs_judged r = {.speaker = t->word.who.rank, .sent = &sent, .words = t->words, .key = t->key, .is_signed = true};
    cs_transcript place;
    memcpy(place.state, t->word.drawn, sizeof place.state);
    CS_TRY(cs_naming_draw(n, &place));
    *is_signed = is_signed_by(n, t, &r);
    if (t->roots != NULL)
        return judge_pads(n, t, offence, is_signed);
    const cs_status status = judge_told(n, t, &r, is_signed);
    *offence = r.offence;
    return status;
}

cs_status cs_testimony_judge(const cs_params *params, const uint8_t digest[32], const cs_doubted *about,
                             const cs_testimony *t, cs_offence *offence, bool *is_signed) {
    cs_testimony own = *t;
    cs_naming n;
    *offence = CS_OFFENCE_NONE;
    *is_signed = false;
    if (t->told[CS_TOLD_PADS].size != cs_doubted_told(about, CS_TOLD_PADS))
        return cs_fail(CS_ERR_INPUT, "%zu bytes were told of pads, not %zu", t->told[CS_TOLD_PADS].size,
                       cs_doubted_told(about, CS_TOLD_PADS));
    cs_naming_digest(own.word.who.digest, digest, about);
    cs_naming_init(&n, about, params);
    const cs_status status = judge(&n, &own, offence, is_signed);
    cs_naming_free(&n);
    return status;
}
