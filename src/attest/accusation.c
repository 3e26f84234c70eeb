#include "attest/accusation.h"

#include <stdio.h>
#include <string.h>

#include "attest/accusation_told.h"
#include "attest/accusation_words.h"
#include "attest/attestation.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/timer.h"
#include "data/json.h"
#include "provenance/refusal.h"
#include "train/protocol.h"

/* Head of the section: rank, offence, stage, nonce, signature, four counts. */
enum { PARTS = 4, HEAD = 4 + 4 + CS_ACCUSATION_STAGE_BYTES + 32 + CS_SENT_SIGNATURE_SIZE + 8 * PARTS };

void cs_accusation_free(cs_accusation *a) {
    cs_sent_free(&a->sent);
    cs_buffer_free(&a->common);
    *a = (cs_accusation){0};
}

/* The parts in their order, and the bytes of one item of each. */
static cs_buffer *part(cs_accusation *a, int k, size_t *item) {
    *item = k == 0 ? CS_SENT_POINT_SIZE : CS_SENT_SCALAR_SIZE;
    return k == 0   ? &a->sent.points
           : k == 1 ? &a->sent.answer[CS_ANSWER_OPENING]
           : k == 2 ? &a->sent.answer[CS_ANSWER_FINALE]
                    : &a->common;
}

cs_status cs_accusation_encode(cs_buffer *out, const cs_accusation *a) {
    char stage[CS_ACCUSATION_STAGE_BYTES] = {0};
    cs_accusation parts = *a; /* shares the buffers, which are only read */
    size_t item;
    memcpy(stage, a->stage, strlen(a->stage));
    cs_buffer_append_u32(out, (uint32_t)a->rank);
    cs_buffer_append_u32(out, (uint32_t)a->offence);
    cs_buffer_append(out, stage, sizeof stage);
    cs_buffer_append(out, a->nonce, sizeof a->nonce);
    cs_buffer_append(out, a->sent.signature, sizeof a->sent.signature);
    for (int k = 0; k < PARTS; k++) {
        const cs_buffer *b = part(&parts, k, &item);
        cs_buffer_append_u64(out, b->size / item);
    }
    for (int k = 0; k < PARTS; k++) {
        const cs_buffer *b = part(&parts, k, &item);
        cs_buffer_append(out, b->data, b->size);
    }
    return cs_buffer_status(out);
}

static bool can_be_shown(uint32_t offence) {
    return offence == CS_OFFENCE_OPENING || offence == CS_OFFENCE_FOREIGN || offence == CS_OFFENCE_ROW ||
           offence == CS_OFFENCE_SENT || offence == CS_OFFENCE_WITNESS || offence == CS_OFFENCE_GRADIENT ||
           offence == CS_OFFENCE_TABLE;
}

static cs_status read_head(cs_accusation *out, const uint8_t *data) {
    const uint32_t rank = cs_load_u32(data), offence = cs_load_u32(data + 4);
    if (rank >= CS_MAX_RANKS || !can_be_shown(offence))
        return cs_fail(CS_ERR_INPUT, "SENT: there is no rank %u, or no offence %u that can be shown", (unsigned)rank,
                       (unsigned)offence);
    out->rank = (int)rank;
    out->offence = (cs_offence)offence;
    memcpy(out->stage, data + 8, CS_ACCUSATION_STAGE_BYTES);
    const size_t length = strlen(out->stage);
    for (size_t k = length; k < CS_ACCUSATION_STAGE_BYTES; k++)
        if (out->stage[k] != 0)
            return cs_fail(CS_ERR_INPUT, "SENT: bytes follow the stage's text");
    memcpy(out->nonce, data + 8 + CS_ACCUSATION_STAGE_BYTES, sizeof out->nonce);
    memcpy(out->sent.signature, data + 8 + CS_ACCUSATION_STAGE_BYTES + 32, CS_SENT_SIGNATURE_SIZE);
    out->sent.is_signed = true;
    return CS_OK;
}

static cs_status read_parts(cs_accusation *out, const uint8_t *data, size_t size) {
    const uint8_t *counts = data + HEAD - 8 * PARTS;
    size_t at = HEAD, item;
    for (int k = 0; k < PARTS; k++) {
        cs_buffer *b = part(out, k, &item);
        const uint64_t n = cs_load_u64(counts + 8 * k);
        if (n > (size - at) / item)
            return cs_fail(CS_ERR_INPUT, "SENT: truncated: part %d of %d has %zu bytes, not %llu items of %zu", k + 1, PARTS,
                           size - at, (unsigned long long)n, item);
        cs_buffer_append(b, data + at, (size_t)n * item);
        CS_TRY(cs_buffer_status(b));
        at += (size_t)n * item;
    }
    return at == size ? CS_OK : cs_fail(CS_ERR_INPUT, "SENT: %zu bytes follow the last part", size - at);
}

cs_status cs_accusation_decode(cs_accusation *out, const uint8_t *data, size_t size) {
    *out = (cs_accusation){0};
    if (size < HEAD)
        return cs_fail(CS_ERR_INPUT, "SENT: truncated: %zu bytes of a head of %d", size, HEAD);
    cs_status status = read_head(out, data);
    if (status == CS_OK)
        status = read_parts(out, data, size);
    if (status != CS_OK)
        cs_accusation_free(out);
    return status;
}

/* ------------------------------------------------------------ writing */

static cs_accusation describe(const cs_judge *j, size_t k) {
    const cs_judged *r = &j->ranks[k];
    cs_accusation a = {.rank = r->rank, .offence = r->offence, .sent = *r->sent, .common = j->common};
    memcpy(a.stage, cs_label_text(r->stage), strlen(cs_label_text(r->stage)));
    memcpy(a.nonce, j->nonce, sizeof a.nonce);
    return a;
}

/* What is borrowed is freed by its owner. */
static cs_status append_doubt(cs_buffer *out, const cs_trial *t, size_t k) {
    const cs_judged *r = &t->judge->ranks[k];
    cs_doubt d = {.about = *t->about, .speaker = r->speaker};
    const size_t words = cs_doubted_sums(t->about);
    d.words = CS_NEW(cs_sums_word, words);
    if (d.words == NULL)
        return CS_ERR_MEMORY;
    memcpy(d.words, r->words, words * sizeof *d.words);
    memcpy(d.told, r->sent->told, sizeof d.told);
    if (r->offence == CS_OFFENCE_WITNESS)
        d.rows = *t->rows;
    const cs_status status = cs_doubt_encode(out, &d);
    cs_free(d.words);
    return status;
}

static cs_status pack(cs_buffer *file, const cs_trial *t, const cs_accusation *a, size_t k) {
    static const cs_evidence none;
    cs_container container = {0};
    cs_buffer proof = {0};
    cs_buffer_append(&proof, t->proof, t->used);
    cs_status status = cs_buffer_status(&proof);
    if (status == CS_OK)
        status = cs_attestation_pack(&container, t->statement, t->initial, t->final, &proof, &none);
    if (status == CS_OK)
        status = cs_accusation_encode(&container.section[CS_SECTION_SENT], a);
    if (status == CS_OK && t->about != NULL)
        status = append_doubt(&container.section[CS_SECTION_DOUBT], t, k);
    if (status == CS_OK)
        status = cs_container_encode(file, &container);
    cs_container_free(&container);
    cs_buffer_free(&proof);
    return status;
}

cs_status cs_accusation_write(const char *path, const cs_trial *t, size_t k) {
    const cs_accusation a = describe(t->judge, k); /* borrows */
    cs_buffer file = {0};
    cs_status status = pack(&file, t, &a, k);
    if (status == CS_OK)
        status = cs_file_write(path, file.data, file.size, 0644);
    cs_buffer_free(&file);
    return status;
}

/* ------------------------------------------------------------ judging a file */

/* What was found, against what the file says was found. */
static cs_status conclude(const cs_accusation *a, const cs_judged *found, const char *member) {
    if (!found->is_signed)
        return cs_refuse(CS_REFUSAL_SIGNATURE,
                         "%s did not sign this: commitments, answers, session or what it was shown "
                         "are not those of its signature",
                         member);
    if (found->offence == CS_OFFENCE_NONE)
        return cs_fail(CS_REJECT, "%s did nothing wrong: its answers open its commitments and satisfy its rows", member);
    if (found->offence != a->offence || strcmp(cs_label_text(found->stage), a->stage) != 0)
        return cs_fail(CS_REJECT, "%s cheated, but at %s (%s), which is not what the file says", member,
                       cs_label_text(found->stage), cs_offence_text(found->offence));
    return CS_OK;
}

/* It has signed, as the beginning of the session, what it committed to in the proof that failed; and then something else. */
static cs_status judge_rows(const cs_derived *d, const cs_doubt *doubt, const cs_buffer *proof, cs_judged *r) {
    cs_transcript shown;
    size_t at = 0, size = 0;
    cs_transcript_init(&shown, d->instance.digest);
    cs_transcript_absorb(&shown, CS_LABEL_WITNESS, doubt->rows.data, doubt->rows.size);
    CS_TRY(cs_train_rows_of(&d->instance, r->rank, &at, &size));
    if (memcmp(shown.state, doubt->about.rows, sizeof shown.state) != 0 || at + size > doubt->rows.size ||
        at + size > proof->size)
        return cs_fail(CS_ERR_INPUT, "DOUB: these are not the commitments of the proof that failed");
    if (memcmp(doubt->rows.data + at, proof->data + at, size) != 0) {
        r->offence = CS_OFFENCE_WITNESS;
        r->stage = CS_LABEL_WITNESS;
    }
    return CS_OK;
}

static cs_status judge_doubt(cs_doubt *doubt, const cs_accusation *a, const cs_derived *d, const cs_buffer *proof,
                             cs_judge *j, size_t *used) {
    CS_TRY(cs_doubt_check(doubt, d->instance.params, d->training_digest));
    j->ranks[0].words = doubt->words;
    j->ranks[0].speaker = doubt->speaker;
    if ((doubt->rows.size != 0) != (a->offence == CS_OFFENCE_WITNESS))
        return cs_fail(CS_ERR_INPUT, "DOUB: commitments of the proof that failed go with offence %d alone",
                       CS_OFFENCE_WITNESS);
    if (a->offence == CS_OFFENCE_WITNESS)
        CS_TRY(judge_rows(d, doubt, proof, &j->ranks[0]));
    return cs_attribution_judge(&d->instance, &doubt->about, proof->data, proof->size, j, NULL, 0, used);
}

static cs_status judge(cs_accusation *a, cs_doubt *doubt, const cs_derived *d, const cs_buffer *proof,
                       const cs_signer *signer, const char *member) {
    cs_judge j;
    size_t used = 0;
    CS_TRY(cs_judge_new(&j, 1));
    j.nonce = a->nonce;
    j.ranks[0] = (cs_judged){.rank = a->rank, .sent = &a->sent, .key = signer->ed25519};
    j.common = a->common; /* the judge frees it */
    j.common_given = true;
    a->common = (cs_buffer){0};
    cs_status status = doubt->about.ranks > 0 ? judge_doubt(doubt, a, d, proof, &j, &used)
                                              : cs_train_judge(&d->instance, proof->data, proof->size, &j, &used);
    if (status == CS_OK && used != proof->size)
        status = cs_fail(CS_ERR_INPUT, "PROF: %zu bytes follow the last answer", proof->size - used);
    if (status == CS_OK)
        status = conclude(a, &j.ranks[0], member);
    cs_judge_free(&j);
    return status;
}

static void report(cs_accusation_report *out, const cs_accusation *a, const cs_attestation *file, const cs_derived *d) {
    const cs_statement_member *m = &file->statement.members[a->rank];
    *out = (cs_accusation_report){.rank = a->rank,
                                  .signer = m->signer,
                                  .offence = cs_offence_text(a->offence),
                                  .ranks = (size_t)file->statement.params.n_ranks};
    memcpy(out->stage, a->stage, sizeof out->stage);
    snprintf(out->member, sizeof out->member, "%s", m->name);
    cs_hex32(out->statement_digest, d->instance.digest);
    cs_hex32(out->nonce, a->nonce);
}

/* What the accused told is in DOUB. */
static cs_status read_doubt(cs_doubt *out, cs_accusation *a, const cs_attestation *file) {
    const cs_buffer *section = &file->container.section[CS_SECTION_DOUBT];
    if (section->size == 0)
        return a->offence < CS_OFFENCE_SIGNATURE
                   ? CS_OK
                   : cs_fail(CS_ERR_INPUT, "the section DOUB is missing: offence %d needs it", (int)a->offence);
    CS_TRY(cs_doubt_decode(out, section->data, section->size));
    memcpy(a->sent.told, out->told, sizeof out->told); /* moved */
    memset(out->told, 0, sizeof out->told);
    return CS_OK;
}

static cs_status check(cs_accusation_report *out, cs_accusation *a, cs_doubt *doubt, const cs_attestation *file) {
    cs_derived derived;
    if (a->rank >= file->statement.params.n_ranks)
        return cs_fail(CS_ERR_INPUT, "SENT: the run has %d ranks and no rank %d", file->statement.params.n_ranks, a->rank);
    const cs_statement_member *m = &file->statement.members[a->rank];
    if (!m->signer.identified)
        return cs_refuse(CS_REFUSAL_SIGNATURE, "the members have no identities, so nobody signed anything");
    CS_TRY(cs_attestation_derive(&derived, file));
    report(out, a, file, &derived);
    const cs_status status = judge(a, doubt, &derived, &file->container.section[CS_SECTION_PROOF], &m->signer, out->member);
    cs_derived_free(&derived);
    return status;
}

static cs_status verify(cs_accusation_report *out, const cs_attestation *file) {
    const cs_buffer *sent = &file->container.section[CS_SECTION_SENT], *words = &file->container.section[CS_SECTION_WORDS];
    cs_accusation a = {0};
    cs_doubt doubt = {0};
    if (words->size > 0)
        return cs_words_judge(out, words->data, words->size);
    if (file->container.section[CS_SECTION_TOLD].size > 0)
        return cs_told_judge(out, file);
    cs_status status = cs_accusation_decode(&a, sent->data, sent->size);
    if (status == CS_OK)
        status = read_doubt(&doubt, &a, file);
    if (status == CS_OK)
        status = check(out, &a, &doubt, file);
    cs_accusation_free(&a);
    cs_doubt_free(&doubt);
    return status;
}

cs_status cs_accusation_verify(cs_accusation_report *out, const char *path) {
    const double start = cs_wall_seconds();
    cs_attestation file;
    *out = (cs_accusation_report){0};
    CS_TRY(cs_attestation_open_evidence(&file, path));
    const cs_status status = verify(out, &file);
    out->seconds = cs_wall_seconds() - start;
    out->file_bytes = file.file_bytes;
    cs_attestation_free(&file);
    return cs_fail_prefix(status, "%s", path);
}
