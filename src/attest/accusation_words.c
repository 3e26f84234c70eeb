#include "attest/accusation_words.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "attest/container.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "data/json.h"
#include "provenance/refusal.h"
#include "transcript/labels.h"

/* Offence, rank, nonce, digest, key, step. Of two accounts: twice a state and a signature. Of a sum: ranks and bytes of an
 * entry; the end of the accused's word; for each rank the beginning of its word, its part of the sum, and its hashes; then
 * what each sent to the accused. */
enum { HEAD = 4 + 4 + 32 + 32 + 32 + 8, ACCOUNT = 32 + CS_SENT_SIGNATURE_SIZE };
enum { BEGINNING = offsetof(cs_sums_word, states), END = sizeof(cs_sums_word) - BEGINNING };

/* The most entries of a part. */
#define MAX_ENTRIES ((uint64_t)1 << 30)

static void append_head(cs_buffer *out, const cs_words_of *accused, cs_offence offence) {
    cs_buffer_append_u32(out, (uint32_t)offence);
    cs_buffer_append_u32(out, (uint32_t)accused->who.rank);
    cs_buffer_append(out, accused->who.nonce, 32);
    cs_buffer_append(out, accused->who.digest, 32);
    cs_buffer_append(out, accused->key, 32);
    cs_buffer_append_u64(out, accused->step);
}

cs_status cs_words_twice(cs_buffer *out, const cs_words_of *accused, const cs_sums_liar *liar) {
    append_head(out, accused, CS_OFFENCE_TWICE);
    for (int k = 0; k < 2; k++) {
        cs_buffer_append(out, liar->state[k], 32);
        cs_buffer_append(out, liar->signature[k], CS_SENT_SIGNATURE_SIZE);
    }
    return cs_buffer_status(out);
}

static const uint8_t *told_by(const cs_attributed *seen, int rank) {
    return seen->record.ranks[seen->place[rank]].told[CS_TOLD_SENT].data;
}

cs_status cs_words_sum(cs_buffer *out, const cs_words_of *accused, const cs_doubted *about, const cs_attributed *seen,
                       size_t x) {
    const int n_ranks = seen->ranks;
    const size_t *starts, *counts, width = cs_doubted_shape(about, x, &starts, &counts), each = cs_doubted_sums(about);
    append_head(out, accused, CS_OFFENCE_SUM);
    cs_buffer_append_u64(out, (uint64_t)n_ranks);
    cs_buffer_append_u64(out, width);
    cs_buffer_append(out, (const uint8_t *)&seen->words[(size_t)accused->who.rank * each + x] + BEGINNING, END);
    for (int i = 0; i < n_ranks; i++) {
        cs_buffer_append(out, &seen->words[(size_t)i * each + x], BEGINNING);
        cs_buffer_append_u64(out, starts[i]);
        cs_buffer_append_u64(out, counts[i]);
        cs_buffer_append(out, cs_doubted_hashes(about, told_by(seen, i), x), 32 * (size_t)n_ranks);
    }
    CS_TRY(cs_buffer_status(out));
    for (int i = 0; i < n_ranks; i++)
        CS_TRY(cs_doubted_part(out, about, told_by(seen, i), x, accused->who.rank));
    return cs_buffer_status(out);
}

cs_status cs_words_write(const char *path, const cs_buffer *section) {
    cs_container container = {0};
    cs_buffer file = {0};
    container.section[CS_SECTION_WORDS] = *section; /* borrowed */
    cs_status status = cs_container_encode(&file, &container);
    if (status == CS_OK)
        status = cs_file_write(path, file.data, file.size, 0644);
    cs_buffer_free(&file);
    return status;
}

/* ------------------------------------------------------------ judging */

static cs_status not_signed(void) {
    return cs_refuse(CS_REFUSAL_SIGNATURE, "the holder of the key did not sign this");
}

static cs_status judge_twice(const cs_words_of *accused, const uint8_t *data, size_t size) {
    if (size != 2 * ACCOUNT)
        return cs_fail(CS_ERR_INPUT, "WORD: two accounts have %d bytes, not %zu", 2 * ACCOUNT, size);
    for (int k = 0; k < 2; k++)
        if (!cs_sums_check(data + ACCOUNT * k + 32, &accused->who, accused->step, data + ACCOUNT * k, accused->key))
            return not_signed();
    return memcmp(data, data + ACCOUNT, 32) != 0 ? CS_OK : cs_fail(CS_REJECT, "both accounts are the same");
}

/* A sum that was shown, as the file has it. */
typedef struct shown_sum {
    int n_ranks;
    size_t width, starts[CS_MAX_RANKS], counts[CS_MAX_RANKS];
    cs_sums_word words[CS_MAX_RANKS];
    const uint8_t *hashes[CS_MAX_RANKS]; /* [n_ranks][32] each */
    const uint8_t *addends;              /* [n_ranks][width counts[accused]] */
} shown_sum;

static cs_status read_sum(shown_sum *out, int accused, const uint8_t *data, size_t size) {
    const uint64_t ranks = size >= 16 ? cs_load_u64(data) : 0, width = size >= 16 ? cs_load_u64(data + 8) : 0;
    if (ranks > CS_MAX_RANKS || (uint64_t)accused >= ranks || width < 1 || (width > 8 && width != CS_SUMS_ELEMENT))
        return cs_fail(CS_ERR_INPUT, "WORD: numbers of ranks and of bytes of an entry are out of their range");
    const size_t each = BEGINNING + 16 + 32 * (size_t)ranks;
    const size_t at = 16 + END + (size_t)ranks * each;
    if (size < at)
        return cs_fail(CS_ERR_INPUT, "WORD: truncated: %zu bytes of %zu", size, at);
    out->n_ranks = (int)ranks;
    out->width = (size_t)width;
    out->addends = data + at;
    for (int i = 0; i < out->n_ranks; i++) {
        const uint8_t *from = data + 16 + END + (size_t)i * each;
        memcpy(&out->words[i], from, BEGINNING);
        out->starts[i] = (size_t)cs_load_u64(from + BEGINNING);
        out->counts[i] = (size_t)cs_load_u64(from + BEGINNING + 8);
        out->hashes[i] = from + BEGINNING + 16;
    }
    memcpy((uint8_t *)&out->words[accused] + BEGINNING, data + 16, END);
    const size_t count = out->counts[accused];
    if (count > MAX_ENTRIES || size - at != out->width * count * (size_t)ranks)
        return cs_fail(CS_ERR_INPUT, "WORD: %zu bytes of addends are not those of %zu entries", size - at, count);
    return CS_OK;
}

/* The accused signed its word, which says what it knew of all others. */
static bool is_signed(const shown_sum *s, const cs_words_of *accused) {
    const cs_sums_word *own = &s->words[accused->who.rank];
    cs_transcript chains[CS_MAX_RANKS], after;
    uint8_t shape[32], states[32];
    cs_sums_shape(shape, s->starts, s->counts, s->n_ranks, s->width);
    for (int i = 0; i < s->n_ranks; i++) {
        memcpy(chains[i].state, s->words[i].before, 32);
        cs_sums_addends(&chains[i], &s->words[i]);
    }
    cs_sums_hash_states(states, chains, s->n_ranks);
    cs_sums_after(&after, own);
    return memcmp(shape, own->shape, 32) == 0 && memcmp(states, own->states, 32) == 0 &&
           cs_sums_check(own->signature, &accused->who, accused->step, after.state, accused->key);
}

/* These are the addends that the ranks said they sent to the accused. */
static bool are_addends(const shown_sum *s, int accused) {
    const size_t size = s->width * s->counts[accused];
    uint8_t hash[32];
    for (int i = 0; i < s->n_ranks; i++) {
        cs_sha256(hash, s->hashes[i], 32 * (size_t)s->n_ranks);
        if (memcmp(hash, s->words[i].sent, 32) != 0)
            return false;
        cs_sha256(hash, s->addends + (size_t)i * size, size);
        if (memcmp(hash, s->hashes[i] + 32 * (size_t)accused, 32) != 0)
            return false;
    }
    return true;
}

/* The hash of what the accused should have shown. Not if an addend is not reduced: an honest rank does not add it up. */
static bool hash_sums(uint8_t out[32], const shown_sum *s, int accused) {
    const uint8_t *parts[CS_MAX_RANKS];
    for (int i = 0; i < s->n_ranks; i++)
        parts[i] = s->addends + (size_t)i * s->width * s->counts[accused];
    return cs_doubted_hash_sum(out, parts, s->n_ranks, s->counts[accused], s->width);
}

static cs_status judge_sum(cs_accusation_report *out, const cs_words_of *accused, const uint8_t *data, size_t size) {
    shown_sum *s = CS_NEW(shown_sum, 1);
    uint8_t hash[32];
    cs_status status = s != NULL ? read_sum(s, accused->who.rank, data, size) : CS_ERR_MEMORY;
    if (status == CS_OK && (!is_signed(s, accused) || !are_addends(s, accused->who.rank)))
        status = not_signed();
    if (status == CS_OK) {
        const bool reduced = hash_sums(hash, s, accused->who.rank);
        if (s->width == CS_SUMS_ELEMENT)
            snprintf(out->stage, sizeof out->stage, "weight table");
        if (reduced && memcmp(hash, s->words[accused->who.rank].shown, 32) == 0)
            status = cs_fail(CS_REJECT, "the sums that were shown are those of what was sent");
    }
    cs_free(s);
    return status;
}

cs_status cs_words_judge(cs_accusation_report *out, const uint8_t *data, size_t size) {
    if (size < HEAD)
        return cs_fail(CS_ERR_INPUT, "WORD: truncated: %zu bytes of a head of %d", size, HEAD);
    const uint32_t offence = cs_load_u32(data), rank = cs_load_u32(data + 4);
    cs_words_of accused = {.who.rank = (int)rank, .step = cs_load_u64(data + 104)};
    if (rank >= CS_MAX_RANKS || (offence != CS_OFFENCE_TWICE && offence != CS_OFFENCE_SUM))
        return cs_fail(CS_ERR_INPUT, "WORD: there is no rank %u, or no offence %u that can be shown so", (unsigned)rank,
                       (unsigned)offence);
    memcpy(accused.who.nonce, data + 8, 32);
    memcpy(accused.who.digest, data + 40, 32);
    memcpy(accused.key, data + 72, 32);
    out->rank = accused.who.rank;
    out->offence = cs_offence_text((cs_offence)offence);
    snprintf(out->stage, sizeof out->stage, "%s", cs_label_text(CS_LABEL_GRADIENT));
    memcpy(out->signer.ed25519, accused.key, 32);
    cs_hex32(out->statement_digest, accused.who.digest);
    cs_hex32(out->nonce, accused.who.nonce);
    return offence == CS_OFFENCE_TWICE ? judge_twice(&accused, data + HEAD, size - HEAD)
                                       : judge_sum(out, &accused, data + HEAD, size - HEAD);
}
