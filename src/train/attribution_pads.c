/* Which of two ranks lies about the pads that both know (docs/protocol.md, 6.12; docs/security.md says what it shows). After
 * all have answered, the root tells everybody which pairs do not agree, with what the two have signed. A rank that sees a
 * partner's signature under other pads than theirs, at the very place where it is itself, shows the keys of these sums, to
 * which both committed before they trained. What leaves a rank here: these keys, which the one who lied has, too. */
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "session/pad_keys.h"
#include "session/wire.h"
#include "train/attribution_parts.h"

typedef unsigned __int128 wide;

enum { NUMBER = 4 };

static size_t told_size(const cs_doubted *d) {
    return cs_doubted_told(d, CS_TOLD_PADS);
}

/* Keys of a pair: of each step, of each weight table, and one for blindings. */
static uint64_t all_keys(const cs_doubted *about, const cs_params *params) {
    return (uint64_t)(params->steps - about->first) + cs_table_count(params) + 1;
}

static uint64_t count_keys(const cs_naming *n) {
    return all_keys(n->about, n->params);
}

size_t cs_shown_size(const cs_doubted *about, const cs_params *params) {
    return (cs_doubted_sums(about) + 1) * cs_pad_keys_shown_size(all_keys(about, params));
}

/* The number of the x-th key that is shown: keys are counted as sums are. */
static uint64_t key_at(const cs_naming *n, size_t x) {
    return x < cs_doubted_sums(n->about) ? cs_doubted_number(n->about, n->params, x) - 1 : count_keys(n) - 1;
}

/* ------------------------------------------------------------ judging by keys */

/* <e, pads> from their keys. */
static cs_status combine_pads(const cs_naming *n, const cs_pads_told *t, cs_fr *out) {
    const size_t each = cs_pad_keys_shown_size(count_keys(n));
    wide *values = CS_NEW(wide, n->entries);
    cs_buffer all = {0};
    cs_status status = values != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t x = 0; status == CS_OK && x < n->about->doubts.n; x++) {
        memset(values, 0, n->entries * sizeof *values);
        cs_pad_key_add(t->shown + x * each, t->words[x].view, t->with < t->rank, values, n->entries, n->about->width,
                       cs_sent_sums_pad_bits(n->about->ranks));
        cs_naming_append(&all, values, n->entries);
        status = cs_buffer_status(&all);
    }
    if (status == CS_OK)
        status = cs_naming_combine(n, all.data, CS_TOLD_INTEGER * n->entries, out);
    cs_buffer_free(&all);
    cs_free(values);
    return status;
}

/* The same of a table. */
static cs_status combine_table_pads(const cs_naming *n, const cs_pads_told *t, cs_fr *out) {
    const size_t x = n->about->doubts.n, size = cs_table_size(n->params, n->about->table.which);
    cs_fr *values = CS_NEW(cs_fr, size);
    if (values == NULL)
        return CS_ERR_MEMORY;
    cs_pad_key_add_elements(t->shown + x * cs_pad_keys_shown_size(count_keys(n)), t->words[x].view, t->with < t->rank,
                            values, size);
    const cs_status status = cs_naming_combine_elements(n, values, out);
    cs_free(values);
    return status;
}

/* The commitment that was told opens to the pads, under the pair's blinding. told: of gradients, or of the table. */
static cs_status check_commitment(const cs_naming *n, const cs_pads_told *t, const uint8_t *told, cs_pad_blinding what,
                                  const cs_fr *value) {
    const size_t each = cs_pad_keys_shown_size(count_keys(n));
    cs_g1_affine point;
    cs_deferred d = {0};
    cs_fr blinding = cs_pad_key_blinding(t->shown + cs_doubted_sums(n->about) * each, t->word->who.nonce,
                                         t->word->who.digest, t->word->asked, what);
    if (t->with < t->rank)
        blinding = cs_fr_neg(blinding);
    if (!cs_session_decode_point(&point, told + CS_SENT_POINT_SIZE * (size_t)t->with))
        return CS_REJECT;
    cs_deferred_begin(&d);
    cs_status status = cs_deferred_add(&d, CS_FR_ONE, point);
    d.weight = cs_fr_neg(d.weight);
    cs_deferred_add_h(&d, blinding);
    if (status == CS_OK)
        status = cs_deferred_add_generators(&d, value, 1);
    if (status == CS_OK)
        status = cs_deferred_check(&d);
    cs_deferred_free(&d);
    return status;
}

/* CS_REJECT: one of them is not as the keys say. */
static cs_status check_commitments(const cs_naming *n, const cs_pads_told *t) {
    cs_fr value;
    if (n->about->doubts.n > 0) {
        CS_TRY(combine_pads(n, t, &value));
        CS_TRY(check_commitment(n, t, t->told->data, CS_PAD_BLINDING_GRADIENT, &value));
    }
    if (!n->about->table.is)
        return CS_OK;
    CS_TRY(combine_table_pads(n, t, &value));
    return check_commitment(n, t, t->told->data + cs_naming_table_at(n->about), CS_PAD_BLINDING_TABLE, &value);
}

cs_status cs_naming_pads_hold(const cs_naming *n, const cs_pads_told *t, bool *same) {
    const size_t each = cs_pad_keys_shown_size(count_keys(n));
    for (size_t x = 0; x <= cs_doubted_sums(n->about); x++)
        if (!cs_pad_keys_hold(t->root, count_keys(n), key_at(n, x), t->shown + x * each))
            return cs_fail(CS_ERR_INPUT, "these are not the keys of pads that the two ranks committed to");
    const cs_status status = check_commitments(n, t);
    *same = status == CS_OK;
    return status == CS_REJECT ? CS_OK : status;
}

/* ------------------------------------------------------------ asking */

/* A pair that does not agree: two numbers; of each of them the hash of what it told of its addends, and what it told of its
 * pads. */
static size_t pair_size(const cs_naming *n) {
    return 2 * (NUMBER + 32 + told_size(n->about));
}

static void append_told(const cs_attributed *a, int rank, cs_buffer *out) {
    const cs_sent *sent = &a->record.ranks[a->place[rank]];
    uint8_t hash[32];
    cs_sha256(hash, sent->told[CS_TOLD_SENT].data, sent->told[CS_TOLD_SENT].size);
    cs_buffer_append_u32(out, (uint32_t)rank);
    cs_buffer_append(out, hash, sizeof hash);
    cs_buffer_append(out, sent->told[CS_TOLD_PADS].data, sent->told[CS_TOLD_PADS].size);
}

#ifdef CS_TAMPER
static void pair_all(const cs_proof *p, cs_attributed *a) {
    if (p->session.attack == NULL || !p->session.attack->asks_all)
        return;
    cs_buffer_clear(&a->pairs);
    for (int i = 0; i < a->ranks; i++)
        for (int k = i + 1; k < a->ranks; k++) {
            cs_buffer_append_u32(&a->pairs, (uint32_t)i);
            cs_buffer_append_u32(&a->pairs, (uint32_t)k);
        }
}
#endif

/* Root. Nobody shows anything that nobody has signed for. */
static cs_status describe_pairs(const cs_proof *p, const cs_attributed *a, cs_buffer *out) {
    for (size_t at = 0; p->session.signing != NULL && at < a->pairs.size; at += NUMBER)
        append_told(a, (int)cs_load_u32(a->pairs.data + at), out);
#ifdef CS_TAMPER
    const cs_attack *attack = p->session.attack;
    if (attack && attack->ask)
        attack->ask(attack->context, out);
#endif
    return cs_buffer_status(out);
}

/* ------------------------------------------------------------ showing */

/* With these pads shown, others with a rank that has data still hide this rank's gradient from the root, or there is nothing
 * to hide from it: this rank has none, or everybody knows it, or one of the two is the root. */
static bool stays_hidden(const cs_proof *p, int peer) {
    const cs_comm *comm = p->session.comm;
    int holders = 0, others = 0;
    for (int k = 0; k < comm->size; k++) {
        const bool holds = comm->idle == NULL || !comm->idle[k];
        holders += holds;
        others += holds && k != peer && cs_pads_shared_with(p->naming->a->pads, k);
    }
    return others > 0 || !cs_holds(&p->session) || holders == 1 || comm->rank == 0 || peer == 0;
}

/* What both say of their pads: of gradients, and of the table. told: that of `peer`. */
static bool pads_differ(const cs_naming *n, int me, int peer, const uint8_t *told) {
    const size_t end = told_size(n->about) - CS_SENT_SIGNATURE_SIZE;
    bool readable = true, differ = false;
    for (size_t from = 0; readable && from < end; from += cs_naming_pads(n->about)) {
        cs_g1_affine own, theirs;
        readable = cs_session_decode_point(&own, n->pads.data + from + CS_SENT_POINT_SIZE * (size_t)peer) &&
                   cs_session_decode_point(&theirs, told + from + CS_SENT_POINT_SIZE * (size_t)me);
        differ |= readable && !cs_g1_is_identity(cs_g1_add_affine(cs_g1_from_affine(own), theirs));
    }
    return readable && differ;
}

/* Rank `peer` has signed, in this session and at this rank's place in it, another commitment to their pads than this rank.
 * told: hash and what it told of its pads. */
static bool has_lied(const cs_proof *p, int peer, const uint8_t *told) {
    const cs_naming *n = p->naming;
    const size_t size = told_size(n->about) - CS_SENT_SIGNATURE_SIZE;
    cs_told_word word = n->word;
    word.who.rank = peer;
    memcpy(word.sent, told, 32);
    told += 32;
    return cs_pads_shared_with(n->a->pads, peer) &&
           cs_told_check(told + size, &word, told, size, n->a->sums->who.keys[peer]) &&
           pads_differ(n, p->session.comm->rank, peer, told);
}

/* The number of the pair, and the keys. */
static cs_status show(const cs_proof *p, size_t pair, int peer, cs_buffer *out) {
    const cs_naming *n = p->naming;
    const size_t each = cs_pad_keys_shown_size(count_keys(n));
    cs_buffer keys = {0};
    cs_status status = cs_buffer_resize(&keys, cs_shown_size(n->about, n->params));
    for (size_t x = 0; status == CS_OK && x <= cs_doubted_sums(n->about); x++)
        cs_pads_show_key(n->a->pads, peer, key_at(n, x), keys.data + x * each);
#ifdef CS_TAMPER
    const cs_attack *attack = p->session.attack;
    if (status == CS_OK && attack && attack->shown)
        attack->shown(attack->context, p->session.comm->rank, peer, &keys);
#endif
    if (status == CS_OK && keys.size > 0) {
        cs_buffer_append_u32(out, (uint32_t)pair);
        cs_buffer_append(out, keys.data, keys.size);
        status = cs_buffer_status(out);
    }
    cs_buffer_free(&keys);
    return status;
}

/* This rank's part in each pair of those that do not agree; of each other rank once. */
static cs_status show_all(const cs_proof *p, const cs_buffer *asked, cs_buffer *out) {
    const size_t size = pair_size(p->naming), half = size / 2;
    const int me = p->session.comm->rank;
    bool shown[CS_MAX_RANKS] = {false};
    if (asked->size % size != 0)
        return cs_fail(CS_ERR_ABORT, "rank 0 asks about pads in %zu bytes, not a multiple of %zu", asked->size, size);
    for (size_t pair = 0; p->session.signing != NULL && pair < asked->size / size; pair++)
        for (size_t other = 0; other < 2; other++) {
            const uint8_t *its = asked->data + pair * size + other * half;
            const uint8_t *mine = asked->data + pair * size + (1 - other) * half;
            const uint32_t peer = cs_load_u32(its);
            if (cs_load_u32(mine) != (uint32_t)me || peer >= (uint32_t)p->session.comm->size || peer == (uint32_t)me ||
                shown[peer] || !has_lied(p, (int)peer, its + NUMBER) || !stays_hidden(p, (int)peer))
                continue;
            shown[peer] = true;
            CS_TRY(show(p, pair, (int)peer, out));
        }
    return CS_OK;
}

/* ------------------------------------------------------------ the root */

/* Is it named for what it did alone? */
static bool is_found(const cs_attributed *a, int rank) {
    for (size_t at = 0; at < a->findings.size; at += 3 * NUMBER)
        if (cs_load_u32(a->findings.data + at) == (uint32_t)rank &&
            cs_load_u32(a->findings.data + at + NUMBER) != CS_OFFENCE_PADS)
            return true;
    return false;
}

static void append_finding(cs_attributed *a, int rank, cs_offence offence, uint32_t where) {
    cs_buffer_append_u32(&a->findings, (uint32_t)rank);
    cs_buffer_append_u32(&a->findings, (uint32_t)offence);
    cs_buffer_append_u32(&a->findings, where);
}

/* Rank `rank`, by keys that it or rank `with` has shown; those that do not belong to the pair are as good as none. */
static cs_status judge_one(const cs_naming *n, int rank, int with, const uint8_t *shown, cs_attributed *a) {
    const cs_pads_told t = {.rank = rank,
                            .with = with,
                            .word = &n->word,
                            .told = &a->record.ranks[a->place[rank]].told[CS_TOLD_PADS],
                            .words = a->words + (size_t)rank * cs_doubted_sums(n->about),
                            .root = cs_sent_sums_roots(n->a->sums, rank)[with],
                            .shown = shown};
    bool same = true;
    if (is_found(a, rank))
        return CS_OK;
    const cs_status status = cs_naming_pads_hold(n, &t, &same);
    if (same || status != CS_OK)
        return status == CS_ERR_INPUT ? CS_OK : status;
    a->false_pads[rank].with = with;
    cs_buffer_append(&a->false_pads[rank].shown, shown, cs_shown_size(n->about, n->params));
    append_finding(a, rank, CS_OFFENCE_FALSE_PADS, CS_LABEL_GRADIENT);
    return cs_buffer_status(&a->false_pads[rank].shown);
}

static cs_status judge_pair(const cs_naming *n, const uint8_t *pair, const uint8_t *shown, cs_attributed *a) {
    const int i = (int)cs_load_u32(pair), k = (int)cs_load_u32(pair + NUMBER);
    CS_TRY(judge_one(n, i, k, shown, a));
    return judge_one(n, k, i, shown, a);
}

/* What one rank has shown: of its own pairs only, in their order, so that nobody can keep the root busy. */
static cs_status judge_shown(const cs_naming *n, int rank, const cs_buffer *part, cs_attributed *a) {
    const size_t size = NUMBER + cs_shown_size(n->about, n->params);
    size_t next = 0;
    for (size_t at = 0; at + size <= part->size; at += size) {
        const size_t pair = cs_load_u32(part->data + at);
        if (pair < next || pair >= a->pairs.size / (2 * NUMBER))
            return CS_OK;
        next = pair + 1;
        const uint8_t *two = a->pairs.data + 2 * NUMBER * pair;
        if (cs_load_u32(two) == (uint32_t)rank || cs_load_u32(two + NUMBER) == (uint32_t)rank)
            CS_TRY(judge_pair(n, two, part->data + at + NUMBER, a));
    }
    return CS_OK;
}

static cs_status judge_all(const cs_naming *n, const cs_buffer *parts, cs_attributed *a) {
    for (int rank = 0; rank < a->ranks; rank++)
        CS_TRY(judge_shown(n, rank, &parts[rank], a)); /* NOLINT(clang-analyzer-core.NullDereference): the root has parts */
    return CS_OK;
}

/* Pairs of which nobody has shown anything. */
static cs_status name_pairs(cs_attributed *a) {
    for (size_t at = 0; at < a->pairs.size; at += 2 * NUMBER) {
        const int i = (int)cs_load_u32(a->pairs.data + at), k = (int)cs_load_u32(a->pairs.data + at + NUMBER);
        if (!is_found(a, i) && !is_found(a, k))
            append_finding(a, i, CS_OFFENCE_PADS, (uint32_t)k);
    }
    return cs_buffer_status(&a->findings);
}

/* ------------------------------------------------------------ the exchanges */

static cs_status gather(cs_proof *p, cs_comm *comm, const cs_buffer *mine, cs_attributed *out) {
    cs_buffer *parts = comm->rank == 0 ? CS_NEW(cs_buffer, (size_t)comm->size) : NULL, nothing = {0};
    if (comm->rank == 0 && parts == NULL)
        return cs_comm_raise(comm, CS_ERR_MEMORY);
    cs_status status = cs_comm_gather(comm, CS_LABEL_ATTRIBUTION_SHOW, mine->data, mine->size, parts);
    if (status == CS_OK && parts != NULL)
        status = cs_comm_raise(comm, judge_all(p->naming, parts, out));
    if (status == CS_OK)
        status = cs_comm_reply(comm, CS_LABEL_ATTRIBUTION_SHOW, &nothing);
    for (int i = 0; parts != NULL && i < comm->size; i++)
        cs_buffer_free(&parts[i]);
    cs_free(parts);
    cs_buffer_free(&nothing);
    return status;
}

/* Which pairs do not agree, to all. */
static cs_status ask(const cs_proof *p, cs_comm *comm, const cs_attributed *out, cs_buffer *asked) {
    CS_TRY(cs_comm_gather(comm, CS_LABEL_ATTRIBUTION_SHOW, NULL, 0, NULL));
    if (comm->rank == 0)
        CS_TRY(cs_comm_raise(comm, describe_pairs(p, out, asked)));
    return cs_comm_reply(comm, CS_LABEL_ATTRIBUTION_SHOW, asked);
}

cs_status cs_naming_settle(cs_proof *p, cs_comm *comm, cs_attributed *out) {
    cs_buffer asked = {0}, mine = {0};
#ifdef CS_TAMPER
    pair_all(p, out);
#endif
    cs_status status = ask(p, comm, out, &asked);
    if (status == CS_OK && asked.size > 0) {
        status = cs_comm_raise(comm, show_all(p, &asked, &mine));
        if (status == CS_OK)
            status = gather(p, comm, &mine, out);
    }
    if (status == CS_OK && comm->rank == 0) {
        out->word = p->naming->word;
        status = name_pairs(out);
    }
    cs_buffer_free(&asked);
    cs_buffer_free(&mine);
    return status;
}
