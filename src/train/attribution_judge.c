/* Judging a session about steps in doubt (docs/protocol.md, 6.12): each rank by what it signed, which anybody can do, and
 * all ranks together, which the root does. */
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "session/wire.h"
#include "train/attribution_parts.h"

enum { INTEGER = CS_TOLD_INTEGER };

void cs_doubted_pack(uint8_t *out, const uint8_t *values, size_t count, size_t width) {
    for (size_t at = 0; at < count; at++)
        memcpy(out + width * at, values + INTEGER * at, width);
}

/* ------------------------------------------------------------ one rank */

/* What it tells of one step has these hashes. */
static bool parts_hold(const cs_naming *n, const uint8_t *hashes, const uint8_t *values, uint8_t *packed) {
    const cs_doubted *d = n->about;
    bool holds = true;
    for (int k = 0; holds && k < d->ranks; k++) {
        uint8_t hash[32];
        cs_doubted_pack(packed, values + INTEGER * d->starts[k], d->counts[k], d->width);
        cs_sha256(hash, packed, d->width * d->counts[k]);
        holds = memcmp(hash, hashes + 32 * (size_t)k, 32) == 0;
    }
    return holds;
}

/* The word is one that the rank has signed, about a sum of this shape. */
bool cs_naming_word_is_signed(const cs_naming *n, const cs_judged *r, size_t x) {
    const cs_doubted *d = n->about;
    cs_sums_speaker who = {.rank = r->speaker};
    cs_transcript chain;
    uint8_t shape[32];
    memcpy(who.nonce, d->nonce, 32);
    memcpy(who.digest, d->digest, 32);
    cs_sums_shape(shape, d->starts, d->counts, d->ranks, d->width);
    cs_sums_after(&chain, &r->words[x]);
    return memcmp(shape, r->words[x].shape, 32) == 0 &&
           cs_sums_check(r->words[x].signature, &who, d->doubts.steps[x] - d->first + 1, chain.state, r->key);
}

/* What it says it sent is what it said while it was training. */
static cs_status judge_sent(const cs_naming *n, cs_judged *r) {
    uint8_t *packed = CS_NEW(uint8_t, n->entries * n->about->width + 8);
    bool holds = true;
    if (packed == NULL)
        return CS_ERR_MEMORY;
    for (size_t x = 0; r->words != NULL && x < n->about->doubts.n; x++) {
        const size_t size = cs_naming_hashes(n->about);
        const uint8_t *hashes = r->sent->told[CS_TOLD_SENT].data + x * cs_naming_step(n);
        uint8_t hash[32];
        cs_sha256(hash, hashes, size);
        holds = holds && memcmp(hash, r->words[x].sent, 32) == 0 && parts_hold(n, hashes, hashes + size, packed);
        r->is_signed = r->is_signed && cs_naming_word_is_signed(n, r, x);
    }
    if (!holds)
        cs_judge_find(r, CS_OFFENCE_SENT, CS_LABEL_GRADIENT);
    cs_free(packed);
    return CS_OK;
}

/* The equation of its commitment to <e, gradient>, which an idle rank has not, and those to its pads, against <e, what it
 * sent>. */
static cs_status add_equation(const cs_naming *n, const cs_judge *j, const cs_judged *r, cs_deferred *d) {
    const int ranks = n->about->ranks;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): who is judged has told something */
    const uint8_t *told = r->sent->told[CS_TOLD_PADS].data;
    cs_fr blinding, value;
    cs_g1_affine point;
    if (!cs_fr_decode(&blinding, told + CS_SENT_POINT_SIZE * (size_t)ranks))
        return CS_REJECT;
    cs_deferred_begin(d);
    if (r->points != NULL)
        CS_TRY(cs_deferred_add(d, CS_FR_ONE, r->points[j->row_at[n->row + (size_t)r->rank]]));
    for (int k = 0; k < ranks; k++) {
        if (!cs_session_decode_point(&point, told + CS_SENT_POINT_SIZE * (size_t)k))
            return CS_REJECT;
        CS_TRY(cs_deferred_add(d, CS_FR_ONE, point));
    }
    CS_TRY(cs_naming_combine(n, r->sent->told[CS_TOLD_SENT].data + cs_naming_hashes(n->about), cs_naming_step(n), &value));
    d->weight = cs_fr_neg(d->weight);
    cs_deferred_add_h(d, blinding);
    return cs_deferred_add_generators(d, &value, 1);
}

static cs_status judge_gradient(const cs_naming *n, const cs_judge *j, cs_judged *r) {
    cs_deferred d = {0};
    cs_status status = add_equation(n, j, r, &d);
    if (status == CS_OK)
        status = cs_deferred_check(&d);
    cs_deferred_free(&d);
    if (status == CS_REJECT)
        cs_judge_find(r, CS_OFFENCE_GRADIENT, CS_LABEL_GRADIENT);
    return status == CS_REJECT ? CS_OK : status;
}

cs_status cs_naming_judge_told(const cs_naming *n, const cs_judge *j, cs_judged *r) {
    CS_TRY(judge_sent(n, r));
    return judge_gradient(n, j, r);
}

static cs_status judge_each(const cs_naming *n, const cs_judge *j, cs_judged *ranks, size_t count) {
    for (size_t k = 0; k < count; k++)
        CS_TRY(cs_naming_judge_told(n, j, &ranks[k]));
    return CS_OK;
}

cs_status cs_attribution_judge(const cs_instance *instance, const cs_doubted *about, const uint8_t *proof, size_t size,
                               cs_judge *judge, cs_judged *idle, size_t n_idle, size_t *used) {
    const int n_ranks = instance->params->n_ranks;
    cs_instance session = *instance;
    cs_naming naming;
    *used = 0;
    CS_TRY(cs_train_check_size(instance->params, instance->blocks, size));
    cs_proof *p = CS_NEW(cs_proof, 1);
    if (p == NULL)
        return CS_ERR_MEMORY;
    cs_naming_digest(session.digest, instance->digest, about);
    cs_naming_init(&naming, about, instance->params);
    p->naming = &naming;
    cs_status status = cs_session_verify(&p->session, n_ranks, session.digest, instance->params->ledger_width, proof, size);
    if (status == CS_OK)
        status = cs_judge_begin(judge, &p->session);
    if (status == CS_OK)
        status = cs_train_open_instance(p, &session, NULL);
    if (status == CS_OK)
        status = cs_naming_run(p);
    if (status == CS_OK)
        status = judge_each(&naming, judge, judge->ranks, judge->n);
    if (status == CS_OK)
        status = judge_each(&naming, judge, idle, n_idle);
    *used = p->session.in_pos;
    cs_naming_free(&naming);
    cs_train_close_instance(p);
    return status;
}

/* ------------------------------------------------------------ all ranks */

/* What a rank of the run told. */
static const cs_buffer *told_by(const cs_attributed *a, int rank, cs_told which) {
    return &a->record.ranks[a->place[rank]].told[which];
}

/* The sums that rank `owner` showed of a step are those of what all sent to it. */
static cs_status sum_holds(const cs_naming *n, const cs_attributed *a, int owner, size_t x, bool *holds) {
    const cs_doubted *d = n->about;
    const size_t count = d->counts[owner], first = d->starts[owner];
    uint8_t *packed = CS_NEW(uint8_t, count * d->width + 8), hash[32];
    if (packed == NULL)
        return CS_ERR_MEMORY;
    for (size_t at = 0; at < count; at++) {
        uint64_t sum = 0;
        uint8_t bytes[8];
        for (int i = 0; i < d->ranks; i++)
            sum += cs_load_u64(told_by(a, i, CS_TOLD_SENT)->data + x * cs_naming_step(n) + cs_naming_hashes(d) +
                               INTEGER * (first + at));
        cs_store_u64(bytes, sum);
        memcpy(packed + d->width * at, bytes, d->width);
    }
    cs_sha256(hash, packed, d->width * count);
    *holds = memcmp(hash, a->words[(size_t)owner * d->doubts.n + x].shown, 32) == 0;
    cs_free(packed);
    return CS_OK;
}

/* Commitments of both to the pads of a pair add up to nothing. Their points come apart. */
static bool pads_agree(const cs_attributed *s, int i, int k) {
    cs_g1_affine a, b;
    return cs_session_decode_point(&a, told_by(s, i, CS_TOLD_PADS)->data + CS_SENT_POINT_SIZE * (size_t)k) &&
           cs_session_decode_point(&b, told_by(s, k, CS_TOLD_PADS)->data + CS_SENT_POINT_SIZE * (size_t)i) &&
           cs_g1_is_identity(cs_g1_add_affine(cs_g1_from_affine(a), b));
}

/* The rows are those of the proof that failed. */
static cs_status judge_rows(const cs_naming *n, const cs_instance *instance, cs_attributed *out) {
    const cs_buffer *before = n->a->proof;
    for (size_t i = 0; i < out->judge.n; i++) {
        size_t at, size;
        CS_TRY(cs_train_rows_of(instance, (int)i, &at, &size));
        if (at + size > before->size || memcmp(before->data + at, out->proof.data + at, size) != 0)
            cs_judge_find(&out->judge.ranks[i], CS_OFFENCE_WITNESS, CS_LABEL_WITNESS);
    }
    return CS_OK;
}

static void append_finding(cs_buffer *out, int rank, cs_offence offence, uint32_t where) {
    cs_buffer_append_u32(out, (uint32_t)rank);
    cs_buffer_append_u32(out, (uint32_t)offence);
    cs_buffer_append_u32(out, where);
}

/* Sums, if everybody stands by what it sent. guilty[ranks] */
static cs_status judge_sums(const cs_naming *n, cs_attributed *out, bool *guilty) {
    for (int i = 0; i < out->ranks; i++)
        for (size_t x = 0; !guilty[i] && x < n->about->doubts.n; x++) {
            bool holds = true;
            CS_TRY(sum_holds(n, out, i, x, &holds));
            if (!holds)
                append_finding(&out->findings, i, CS_OFFENCE_SUM, CS_LABEL_GRADIENT);
            out->wrong_sum[i] = holds ? 0 : x + 1;
            guilty[i] = !holds;
        }
    return CS_OK;
}

static cs_judged suspect(const cs_naming *n, const cs_attributed *a, int rank) {
    return (cs_judged){.rank = a->place[rank],
                       .speaker = rank,
                       .sent = &a->record.ranks[a->place[rank]],
                       .words = a->words + (size_t)rank * n->about->doubts.n,
                       .key = n->a->sums->who.secret != NULL ? n->a->sums->who.keys[rank] : NULL};
}

static cs_judged *judged_of(cs_attributed *a, int rank) {
    const size_t place = (size_t)a->place[rank];
    return place < a->judge.n ? &a->judge.ranks[place] : &a->idle[place - a->judge.n];
}

/* What was found of each rank by itself. */
static bool append_each(cs_attributed *out, bool *guilty) {
    bool all_sent = true;
    for (int i = 0; i < out->ranks; i++) {
        const cs_judged *r = judged_of(out, i);
        guilty[i] = r->offence != CS_OFFENCE_NONE;
        all_sent = all_sent && r->offence != CS_OFFENCE_SENT;
        if (guilty[i])
            append_finding(&out->findings, i, r->offence, (uint32_t)r->stage);
    }
    return all_sent;
}

/* Has it signed what it told, at the place where the root was? Without identities nobody signs. */
static bool told_is_signed(const cs_naming *n, const cs_judged *r) {
    const cs_buffer *sent = &r->sent->told[CS_TOLD_SENT], *pads = &r->sent->told[CS_TOLD_PADS];
    const size_t size = pads->size - CS_SENT_SIGNATURE_SIZE;
    cs_told_word word = n->word;
    word.who.rank = r->speaker;
    cs_sha256(word.sent, sent->data, sent->size);
    return r->key != NULL && cs_told_check(pads->data + size, &word, pads->data, size, r->key);
}

/* Who has not signed cannot be convicted of what it told, which is an offence of its own. */
static void find_unsigned(const cs_naming *n, cs_attributed *out) {
    for (int i = 0; i < out->ranks; i++) {
        cs_judged *r = judged_of(out, i);
        if (r->key != NULL && !told_is_signed(n, r))
            cs_judge_find(r, CS_OFFENCE_SIGNATURE, CS_LABEL_ATTRIBUTION_PADS);
    }
}

/* Also those of which one is guilty of something else: the other one may lie about their pads. */
static cs_status find_pairs(cs_attributed *out, const bool *guilty) {
    for (int i = 0; i < out->ranks; i++)
        for (int k = i + 1; k < out->ranks; k++)
            if ((!guilty[i] || !guilty[k]) && !pads_agree(out, i, k)) {
                cs_buffer_append_u32(&out->pairs, (uint32_t)i);
                cs_buffer_append_u32(&out->pairs, (uint32_t)k);
            }
    return cs_buffer_status(&out->pairs);
}

cs_status cs_naming_judge(const cs_naming *n, const cs_instance *instance, cs_attributed *out) {
    const size_t holders = (size_t)instance->params->n_ranks;
    bool guilty[CS_MAX_RANKS] = {false};
    cs_judge *j = &out->judge;
    CS_TRY(cs_judge_new(j, holders));
    j->nonce = out->record.nonce;
    for (int i = 0; i < out->ranks; i++) {
        cs_judged *r = judged_of(out, i);
        *r = suspect(n, out, i);
        r->is_signed = (size_t)out->place[i] >= holders && told_is_signed(n, r);
    }
    CS_TRY(judge_rows(n, instance, out));
    CS_TRY(cs_attribution_judge(instance, n->about, out->proof.data, out->proof.size, j, out->idle,
                                (size_t)out->ranks - holders, &out->used));
    find_unsigned(n, out);
    if (append_each(out, guilty))
        CS_TRY(judge_sums(n, out, guilty));
    CS_TRY(find_pairs(out, guilty));
    return cs_buffer_status(&out->findings);
}

void cs_attributed_free(cs_attributed *a) {
    cs_buffer_free(&a->findings);
    cs_buffer_free(&a->pairs);
    for (int i = 0; i < CS_MAX_RANKS; i++)
        cs_buffer_free(&a->false_pads[i].shown);
    cs_buffer_free(&a->proof);
    cs_record_free(&a->record);
    cs_judge_free(&a->judge);
    cs_free(a->words);
    *a = (cs_attributed){0};
}
