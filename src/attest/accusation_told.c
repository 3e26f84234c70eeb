#include "attest/accusation_told.h"

#include <stdio.h>
#include <string.h>

#include "attest/container.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "data/json.h"
#include "provenance/refusal.h"
#include "train/table.h"

/* Member, offence, five hashes. Of pads: the other rank, how many ranks, a signature. */
enum { HEAD = 4 + 4 + 5 * 32, PADS_HEAD = 8 + 8 + CS_SENT_SIGNATURE_SIZE };

void cs_told_accusation_free(cs_told_accusation *a) {
    cs_buffer_free(&a->roots);
    cs_buffer_free(&a->shown);
    *a = (cs_told_accusation){0};
}

cs_status cs_told_encode(cs_buffer *out, const cs_told_accusation *a) {
    cs_buffer_append_u32(out, (uint32_t)a->member);
    cs_buffer_append_u32(out, (uint32_t)a->offence);
    cs_buffer_append(out, a->word.who.nonce, 32);
    cs_buffer_append(out, a->initial_digest, 32);
    cs_buffer_append(out, a->word.drawn, 32);
    cs_buffer_append(out, a->word.asked, 32);
    cs_buffer_append(out, a->word.sent, 32);
    if (a->offence != CS_OFFENCE_FALSE_PADS)
        return cs_buffer_status(out);
    cs_buffer_append_u64(out, (uint64_t)a->with);
    cs_buffer_append_u64(out, a->roots.size / 32);
    cs_buffer_append(out, a->roots_signature, sizeof a->roots_signature);
    cs_buffer_append(out, a->roots.data, a->roots.size);
    cs_buffer_append(out, a->shown.data, a->shown.size);
    return cs_buffer_status(out);
}

static cs_status read_pads(cs_told_accusation *out, const uint8_t *data, size_t size) {
    if (size < PADS_HEAD)
        return cs_fail(CS_ERR_INPUT, "TOLD: truncated: %zu bytes about pads of %d", size, PADS_HEAD);
    const uint64_t with = cs_load_u64(data), ranks = cs_load_u64(data + 8);
    if (ranks > CS_MAX_RANKS || with >= ranks || (size - PADS_HEAD) / 32 < ranks)
        return cs_fail(CS_ERR_INPUT, "TOLD: there is no rank %llu, or there are not so many", (unsigned long long)with);
    out->with = (int)with;
    memcpy(out->roots_signature, data + 16, sizeof out->roots_signature);
    cs_buffer_append(&out->roots, data + PADS_HEAD, 32 * (size_t)ranks);
    CS_TRY(cs_buffer_status(&out->roots));
    cs_buffer_append(&out->shown, data + PADS_HEAD + out->roots.size, size - PADS_HEAD - out->roots.size);
    return cs_buffer_status(&out->shown);
}

static cs_status read(cs_told_accusation *out, const uint8_t *data, size_t size) {
    if (size < HEAD)
        return cs_fail(CS_ERR_INPUT, "TOLD: truncated: %zu bytes of a head of %d", size, HEAD);
    const uint32_t member = cs_load_u32(data), offence = cs_load_u32(data + 4);
    if (member >= CS_MAX_RANKS || (offence != CS_OFFENCE_SENT && offence != CS_OFFENCE_GRADIENT &&
                                   offence != CS_OFFENCE_TABLE && offence != CS_OFFENCE_FALSE_PADS))
        return cs_fail(CS_ERR_INPUT, "TOLD: there is no member %u, or no offence %u that can be shown so", (unsigned)member,
                       (unsigned)offence);
    out->member = (int)member;
    out->offence = (cs_offence)offence;
    memcpy(out->word.who.nonce, data + 8, 32);
    memcpy(out->initial_digest, data + 40, 32);
    memcpy(out->word.drawn, data + 72, 32);
    memcpy(out->word.asked, data + 104, 32);
    memcpy(out->word.sent, data + 136, 32);
    if (out->offence == CS_OFFENCE_FALSE_PADS)
        return read_pads(out, data + HEAD, size - HEAD);
    return size == HEAD ? CS_OK : cs_fail(CS_ERR_INPUT, "TOLD: %zu bytes follow", size - HEAD);
}

cs_status cs_told_decode(cs_told_accusation *out, const uint8_t *data, size_t size) {
    *out = (cs_told_accusation){0};
    const cs_status status = read(out, data, size);
    if (status != CS_OK)
        cs_told_accusation_free(out);
    return status;
}

/* ------------------------------------------------------------ writing */

static const cs_sent *sent_by(const cs_told_trial *t) {
    return &t->seen->record.ranks[t->seen->place[t->rank]];
}

static cs_status describe(cs_told_accusation *out, const cs_told_trial *t) {
    const cs_buffer *sent = &sent_by(t)->told[CS_TOLD_SENT];
    *out = (cs_told_accusation){.member = t->member, .offence = t->offence, .word = t->seen->word};
    memcpy(out->initial_digest, t->initial_digest, sizeof out->initial_digest);
    cs_sha256(out->word.sent, sent->data, sent->size);
    if (t->offence != CS_OFFENCE_FALSE_PADS)
        return CS_OK;
    const cs_false_pads *pads = &t->seen->false_pads[t->rank];
    out->with = pads->with;
    memcpy(out->roots_signature, cs_sent_sums_roots_signature(t->sums, t->rank), sizeof out->roots_signature);
    cs_buffer_append(&out->roots, cs_sent_sums_roots(t->sums, t->rank), 32 * (size_t)t->about->ranks);
    cs_buffer_append(&out->shown, pads->shown.data, pads->shown.size);
    CS_TRY(cs_buffer_status(&out->roots));
    return cs_buffer_status(&out->shown);
}

/* Its padded gradient is not needed against its pads. */
static cs_status append_doubt(cs_buffer *out, const cs_told_trial *t) {
    const size_t n = cs_doubted_sums(t->about);
    cs_doubt d = {.about = *t->about, .speaker = t->rank};
    d.words = CS_NEW(cs_sums_word, n);
    if (d.words == NULL)
        return CS_ERR_MEMORY;
    memcpy(d.words, t->seen->words + (size_t)t->rank * n, n * sizeof *d.words);
    memcpy(d.told, sent_by(t)->told, sizeof d.told); /* borrowed */
    if (t->offence == CS_OFFENCE_FALSE_PADS)
        d.told[CS_TOLD_SENT] = (cs_buffer){0};
    const cs_status status = cs_doubt_encode(out, &d);
    cs_free(d.words);
    return status;
}

cs_status cs_told_write(const char *path, const cs_told_trial *t) {
    cs_container container = {0};
    cs_told_accusation a;
    cs_buffer file = {0};
    cs_status status = describe(&a, t);
    if (status == CS_OK)
        status = cs_told_encode(&container.section[CS_SECTION_TOLD], &a);
    if (status == CS_OK)
        status = cs_statement_encode(&container.section[CS_SECTION_STATEMENT], t->statement);
    if (status == CS_OK)
        status = append_doubt(&container.section[CS_SECTION_DOUBT], t);
    if (status == CS_OK)
        status = cs_container_encode(&file, &container);
    if (status == CS_OK)
        status = cs_file_write(path, file.data, file.size, 0644);
    cs_told_accusation_free(&a);
    cs_container_free(&container);
    cs_buffer_free(&file);
    return status;
}

/* ------------------------------------------------------------ judging */

/* Of the statement, and of the statement while the ranks train. No model is needed: its digest is signed with the rest. */
static cs_status make_digests(uint8_t digest[32], uint8_t training[32], const cs_statement *s, const uint8_t initial[32]) {
    cs_table table;
    uint8_t seed[32], table_digest[32];
    CS_TRY(cs_table_new(&table, &s->params));
    cs_table_digest(table_digest, &table);
    cs_table_free(&table);
    CS_TRY(cs_statement_seed(seed, s));
    CS_TRY(cs_statement_training_digest(training, s, initial));
    return cs_statement_digest(digest, s, seed, initial, table_digest);
}

static cs_status conclude(const cs_told_accusation *a, cs_offence found, bool is_signed, const char *member) {
    if (!is_signed)
        return cs_refuse(CS_REFUSAL_SIGNATURE, "%s did not sign this", member);
    if (found == CS_OFFENCE_NONE)
        return cs_fail(CS_REJECT, "%s did nothing wrong: what it told is what it sent, under the pads of both", member);
    return found == a->offence
               ? CS_OK
               : cs_fail(CS_REJECT, "%s cheated, but otherwise than the file says: %s", member, cs_offence_text(found));
}

/* Sizes of what goes with the offence. */
static cs_status check_parts(const cs_told_accusation *a, const cs_doubt *doubt, const cs_params *p) {
    const bool pads = a->offence == CS_OFFENCE_FALSE_PADS;
    if (doubt->rows.size != 0 || pads != (doubt->told[CS_TOLD_SENT].size == 0))
        return cs_fail(CS_ERR_INPUT, "DOUB: a part is missing, or too much");
    if (pads && (a->with == doubt->speaker || a->roots.size != 32 * (size_t)doubt->about.ranks ||
                 a->shown.size != cs_shown_size(&doubt->about, p)))
        return cs_fail(CS_ERR_INPUT,
                       "TOLD: %zu keys of pads and %zu bytes of keys that are shown are not those of the session",
                       a->roots.size / 32, a->shown.size);
    return CS_OK;
}

static cs_status judge(const cs_told_accusation *a, cs_doubt *doubt, const cs_statement *s, const uint8_t digest[32],
                       const uint8_t training[32]) {
    const cs_statement_member *m = &s->members[a->member];
    cs_testimony t = {.word = a->word,
                      .key = m->signer.ed25519,
                      .told = doubt->told,
                      .words = doubt->words,
                      .with = a->with,
                      .roots_signature = a->roots_signature,
                      .shown = a->shown.data};
    cs_offence found;
    bool is_signed;
    t.word.who.rank = doubt->speaker;
    CS_TRY(cs_doubt_check(doubt, &s->params, training));
    CS_TRY(check_parts(a, doubt, &s->params));
    if (a->offence == CS_OFFENCE_FALSE_PADS)
        t.roots = (const uint8_t(*)[32])a->roots.data;
    CS_TRY(cs_testimony_judge(&s->params, digest, &doubt->about, &t, &found, &is_signed));
    return conclude(a, found, is_signed, m->name);
}

static void report(cs_accusation_report *out, const cs_told_accusation *a, const cs_statement *s, const uint8_t digest[32]) {
    const cs_statement_member *m = &s->members[a->member];
    *out = (cs_accusation_report){.rank = a->member,
                                  .signer = m->signer,
                                  .offence = cs_offence_text(a->offence),
                                  .ranks = (size_t)cs_statement_members(s)};
    memcpy(out->stage, cs_label_text(CS_LABEL_GRADIENT), strlen(cs_label_text(CS_LABEL_GRADIENT)));
    snprintf(out->member, sizeof out->member, "%s", m->name);
    cs_hex32(out->statement_digest, digest);
    cs_hex32(out->nonce, a->word.who.nonce);
}

/* A member with data is judged by its answers for all but its pads. */
static cs_status check_member(const cs_told_accusation *a, const cs_statement *s) {
    if (a->member >= cs_statement_members(s) || (a->offence != CS_OFFENCE_FALSE_PADS && a->member < s->params.n_ranks))
        return cs_fail(CS_ERR_INPUT, "TOLD: the run has no member %d that could be accused of offence %d so", a->member,
                       (int)a->offence);
    return s->members[a->member].signer.identified
               ? CS_OK
               : cs_refuse(CS_REFUSAL_SIGNATURE, "the members have no identities, so nobody signed anything");
}

cs_status cs_told_judge(cs_accusation_report *out, const cs_attestation *file) {
    const cs_buffer *told = &file->container.section[CS_SECTION_TOLD], *doubted = &file->container.section[CS_SECTION_DOUBT];
    const cs_statement *s = &file->statement;
    uint8_t digest[32], training[32];
    cs_told_accusation a;
    cs_doubt doubt = {0};
    CS_TRY(cs_told_decode(&a, told->data, told->size));
    cs_status status = check_member(&a, s);
    if (status == CS_OK)
        status = cs_doubt_decode(&doubt, doubted->data, doubted->size);
    if (status == CS_OK)
        status = make_digests(digest, training, s, a.initial_digest);
    if (status == CS_OK) {
        report(out, &a, s, digest);
        if (a.offence == CS_OFFENCE_TABLE)
            snprintf(out->stage, sizeof out->stage, "%s", cs_label_text(cs_table_label(doubt.about.table.which)));
        status = judge(&a, &doubt, s, digest, training);
    }
    cs_doubt_free(&doubt);
    cs_told_accusation_free(&a);
    return status;
}
