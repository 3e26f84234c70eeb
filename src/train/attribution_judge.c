/* Judging a session about steps in doubt (docs/protocol.md, 6.12): each rank by what it signed, which anybody can do, and
 * all ranks together, which the root does. */
#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "session/wire.h"
#include "train/attribution_parts.h"

enum { INTEGER = CS_TOLD_INTEGER };

/* ------------------------------------------------------------ what is in doubt */

size_t cs_doubted_sums(const cs_doubted *d) {
    return d->doubts.n + (d->table.is ? 1 : 0);
}

static bool is_table(const cs_doubted *d, size_t x) {
    return x == d->doubts.n;
}

uint64_t cs_doubted_number(const cs_doubted *d, const cs_params *p, size_t x) {
    return is_table(d, x) ? p->steps - d->first + cs_table_number(p, d->table.which) + 1 : d->doubts.steps[x] - d->first + 1;
}

static cs_label label_of(const cs_doubted *d, size_t x) {
    return is_table(d, x) ? cs_table_label(d->table.which) : CS_LABEL_GRADIENT;
}

size_t cs_doubted_shape(const cs_doubted *d, size_t x, const size_t **starts, const size_t **counts) {
    *starts = is_table(d, x) ? d->table.starts : d->starts;
    *counts = is_table(d, x) ? d->table.counts : d->counts;
    return is_table(d, x) ? CS_SUMS_ELEMENT : d->width;
}

const uint8_t *cs_doubted_hashes(const cs_doubted *d, const uint8_t *told, size_t x) {
    return told + (d->doubts.n > 0 ? x * (cs_naming_steps(d) / d->doubts.n) : 0);
}

/* The lowest `width` bytes of integers, as they travel. */
static void pack_integers(uint8_t *out, const uint8_t *values, size_t count, size_t width) {
    for (size_t at = 0; at < count; at++)
        memcpy(out + width * at, values + INTEGER * at, width);
}

cs_status cs_doubted_part(cs_buffer *out, const cs_doubted *d, const uint8_t *told, size_t x, int owner) {
    const size_t *starts, *counts, width = cs_doubted_shape(d, x, &starts, &counts), before = out->size;
    const uint8_t *values = cs_doubted_hashes(d, told, x) + cs_naming_hashes(d);
    CS_TRY(cs_buffer_resize(out, before + width * counts[owner]));
    if (is_table(d, x) && counts[owner] > 0)
        memcpy(out->data + before, values + width * starts[owner], width * counts[owner]);
    else if (counts[owner] > 0)
        pack_integers(out->data + before, values + INTEGER * starts[owner], counts[owner], width);
    return CS_OK;
}

static bool add_elements(uint8_t out[CS_SUMS_ELEMENT], const uint8_t *const *parts, int n, size_t at) {
    cs_fr sum = CS_FR_ZERO, value;
    for (int i = 0; i < n; i++) {
        if (!cs_fr_decode(&value, parts[i] + CS_SUMS_ELEMENT * at))
            return false;
        sum = cs_fr_add(sum, value);
    }
    cs_fr_encode(out, sum);
    return true;
}

static void add_integers(uint8_t out[8], const uint8_t *const *parts, int n, size_t at, size_t width) {
    uint64_t sum = 0;
    for (int i = 0; i < n; i++) {
        uint8_t bytes[8] = {0};
        memcpy(bytes, parts[i] + width * at, width);
        sum += cs_load_u64(bytes);
    }
    cs_store_u64(out, sum);
}

bool cs_doubted_hash_sum(uint8_t out[32], const uint8_t *const *parts, int n, size_t count, size_t width) {
    crypto_hash_sha256_state hash;
    bool reduced = true;
    crypto_hash_sha256_init(&hash);
    for (size_t at = 0; reduced && at < count; at++) {
        uint8_t bytes[CS_SUMS_ELEMENT];
        if (width == CS_SUMS_ELEMENT)
            reduced = add_elements(bytes, parts, n, at);
        else
            add_integers(bytes, parts, n, at, width);
        cs_sha256_update(&hash, bytes, width);
    }
    crypto_hash_sha256_final(&hash, out);
    return reduced;
}

/* ------------------------------------------------------------ one rank */

/* What it tells of sum x has the hashes that it tells. */
static cs_status parts_hold(const cs_naming *n, const uint8_t *told, size_t x, bool *holds) {
    const cs_doubted *d = n->about;
    const uint8_t *hashes = cs_doubted_hashes(d, told, x);
    cs_buffer part = {0};
    cs_status status = CS_OK;
    for (int k = 0; status == CS_OK && *holds && k < d->ranks; k++) {
        uint8_t hash[32];
        cs_buffer_clear(&part);
        status = cs_doubted_part(&part, d, told, x, k);
        cs_sha256(hash, part.data, part.size);
        *holds = memcmp(hash, hashes + 32 * (size_t)k, 32) == 0;
    }
    cs_buffer_free(&part);
    return status;
}

/* The word is one that the rank has signed, about a sum of this shape. */
bool cs_naming_word_is_signed(const cs_naming *n, const cs_judged *r, size_t x) {
    const cs_doubted *d = n->about;
    const size_t *starts, *counts, width = cs_doubted_shape(d, x, &starts, &counts);
    cs_sums_speaker who = {.rank = r->speaker};
    cs_transcript chain;
    uint8_t shape[32];
    memcpy(who.nonce, d->nonce, 32);
    memcpy(who.digest, d->digest, 32);
    cs_sums_shape(shape, starts, counts, d->ranks, width);
    cs_sums_after(&chain, &r->words[x]);
    return memcmp(shape, r->words[x].shape, 32) == 0 &&
           cs_sums_check(r->words[x].signature, &who, cs_doubted_number(d, n->params, x), chain.state, r->key);
}

/* What it says it sent is what it said when it sent it. */
static cs_status judge_sent(const cs_naming *n, cs_judged *r) {
    for (size_t x = 0; r->words != NULL && x < cs_doubted_sums(n->about); x++) {
        const uint8_t *told = r->sent->told[CS_TOLD_SENT].data;
        uint8_t hash[32];
        bool holds = true;
        cs_sha256(hash, cs_doubted_hashes(n->about, told, x), cs_naming_hashes(n->about));
        CS_TRY(parts_hold(n, told, x, &holds));
        if (!holds || memcmp(hash, r->words[x].sent, 32) != 0)
            cs_judge_find(r, CS_OFFENCE_SENT, label_of(n->about, x));
        r->is_signed = r->is_signed && cs_naming_word_is_signed(n, r, x);
    }
    return CS_OK;
}

/* What is held against each other of one kind of sums: gradients, or the table. */
typedef struct equation {
    const cs_naming_sum *sum;
    const uint8_t *sent, *pads; /* of what was told */
    cs_offence offence;
    cs_label label;
} equation;

/* The equation of its commitment to <e, addends>, which an idle rank has not, and those to its pads, against <e, what it
 * sent>. */
static cs_status add_equation(const cs_naming *n, const cs_judge *j, const cs_judged *r, const equation *q, cs_deferred *d) {
    const int ranks = n->about->ranks;
    cs_fr blinding, value;
    cs_g1_affine point;
    if (!cs_fr_decode(&blinding, q->pads + CS_SENT_POINT_SIZE * (size_t)ranks))
        return CS_REJECT;
    cs_deferred_begin(d);
    if (r->points != NULL)
        CS_TRY(cs_deferred_add(d, CS_FR_ONE, r->points[j->row_at[q->sum->row + (size_t)r->rank]]));
    for (int k = 0; k < ranks; k++) {
        if (!cs_session_decode_point(&point, q->pads + CS_SENT_POINT_SIZE * (size_t)k))
            return CS_REJECT;
        CS_TRY(cs_deferred_add(d, CS_FR_ONE, point));
    }
    CS_TRY(q->sum == &n->table ? cs_naming_combine_table(n, q->sent, &value)
                               : cs_naming_combine(n, q->sent, cs_naming_step(n), &value));
    d->weight = cs_fr_neg(d->weight);
    cs_deferred_add_h(d, blinding);
    return cs_deferred_add_generators(d, &value, 1);
}

static cs_status judge_equation(const cs_naming *n, const cs_judge *j, cs_judged *r, const equation *q) {
    cs_deferred d = {0};
    cs_status status = add_equation(n, j, r, q, &d);
    if (status == CS_OK)
        status = cs_deferred_check(&d);
    cs_deferred_free(&d);
    if (status == CS_REJECT)
        cs_judge_find(r, q->offence, q->label);
    return status == CS_REJECT ? CS_OK : status;
}

static cs_status judge_addends(const cs_naming *n, const cs_judge *j, cs_judged *r) {
    const cs_doubted *d = n->about;
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): who is judged has told something */
    const uint8_t *sent = r->sent->told[CS_TOLD_SENT].data + cs_naming_hashes(d), *pads = r->sent->told[CS_TOLD_PADS].data;
    const equation gradients = {
        .sum = &n->gradients, .sent = sent, .pads = pads, .offence = CS_OFFENCE_GRADIENT, .label = CS_LABEL_GRADIENT};
    const equation table = {.sum = &n->table,
                            .sent = sent + cs_naming_steps(d),
                            .pads = pads + cs_naming_table_at(d),
                            .offence = CS_OFFENCE_TABLE,
                            .label = cs_table_label(d->table.which)};
    if (d->doubts.n > 0)
        CS_TRY(judge_equation(n, j, r, &gradients));
    return d->table.is ? judge_equation(n, j, r, &table) : CS_OK;
}

cs_status cs_naming_judge_told(const cs_naming *n, const cs_judge *j, cs_judged *r) {
    CS_TRY(judge_sent(n, r));
    return judge_addends(n, j, r);
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

/* What rank `owner` showed of sum x is the sum of what all sent to it. */
static cs_status sum_holds(const cs_naming *n, const cs_attributed *a, int owner, size_t x, bool *holds) {
    const cs_doubted *d = n->about;
    const size_t *starts, *counts, width = cs_doubted_shape(d, x, &starts, &counts), size = width * counts[owner];
    const uint8_t *parts[CS_MAX_RANKS];
    uint8_t hash[32];
    cs_buffer all = {0};
    cs_status status = CS_OK;
    for (int i = 0; status == CS_OK && i < d->ranks; i++)
        status = cs_doubted_part(&all, d, told_by(a, i, CS_TOLD_SENT)->data, x, owner);
    for (int i = 0; status == CS_OK && i < d->ranks; i++)
        parts[i] = all.data + (size_t)i * size;
    if (status == CS_OK)
        *holds = size == 0 || (cs_doubted_hash_sum(hash, parts, d->ranks, counts[owner], width) &&
                               memcmp(hash, a->words[(size_t)owner * cs_doubted_sums(d) + x].shown, 32) == 0);
    cs_buffer_free(&all);
    return status;
}

/* Commitments of both to the pads of a pair add up to nothing. Their points come apart. */
static bool points_agree(const cs_attributed *s, int i, int k, size_t from) {
    cs_g1_affine a, b;
    return cs_session_decode_point(&a, told_by(s, i, CS_TOLD_PADS)->data + from + CS_SENT_POINT_SIZE * (size_t)k) &&
           cs_session_decode_point(&b, told_by(s, k, CS_TOLD_PADS)->data + from + CS_SENT_POINT_SIZE * (size_t)i) &&
           cs_g1_is_identity(cs_g1_add_affine(cs_g1_from_affine(a), b));
}

static bool pads_agree(const cs_naming *n, const cs_attributed *s, int i, int k) {
    bool agree = true;
    for (size_t from = 0; agree && from < cs_doubted_told(n->about, CS_TOLD_PADS) - CS_SENT_SIGNATURE_SIZE;
         from += cs_naming_pads(n->about))
        agree = points_agree(s, i, k, from);
    return agree;
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
        for (size_t x = 0; !guilty[i] && x < cs_doubted_sums(n->about); x++) {
            bool holds = true;
            CS_TRY(sum_holds(n, out, i, x, &holds));
            if (!holds)
                append_finding(&out->findings, i, CS_OFFENCE_SUM, label_of(n->about, x));
            out->wrong_sum[i] = holds ? 0 : x + 1;
            guilty[i] = !holds;
        }
    return CS_OK;
}

/* All sums are those of committed tensors. So row t of the table follows from row t - 1 as the model after step t - 1 from
 * that before: who says that row t is wrong, and none before it, says what is not so, if the sum of that step was looked at,
 * too. */
static void judge_claims(const cs_naming *n, const cs_params *p, cs_attributed *out) {
    const cs_doubted *d = n->about;
    for (int i = 0; d->table.is && i < out->ranks; i++) {
        const uint64_t claim = d->table.claims[i];
        bool known = claim == 1 || claim > cs_table_steps(p) + 1;
        for (size_t x = 0; x < d->doubts.n; x++)
            known |= claim == d->doubts.steps[x] + 2;
        if (claim != 0 && known)
            append_finding(&out->findings, i, CS_OFFENCE_ALARM, cs_table_label(d->table.which));
    }
}

static cs_judged suspect(const cs_naming *n, const cs_attributed *a, int rank) {
    return (cs_judged){.rank = a->place[rank],
                       .speaker = rank,
                       .sent = &a->record.ranks[a->place[rank]],
                       .words = a->words + (size_t)rank * cs_doubted_sums(n->about),
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
static cs_status find_pairs(const cs_naming *n, cs_attributed *out, const bool *guilty) {
    for (int i = 0; i < out->ranks; i++)
        for (int k = i + 1; k < out->ranks; k++)
            if ((!guilty[i] || !guilty[k]) && !pads_agree(n, out, i, k)) {
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
    CS_TRY(find_pairs(n, out, guilty));
    if (cs_buffer_status(&out->findings) == CS_OK && out->findings.size + out->pairs.size == 0)
        judge_claims(n, instance->params, out);
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
