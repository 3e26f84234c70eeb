/* What leaves a rank here, besides what a training proof shows: its padded gradients of the steps in doubt as integers that
 * do not wrap, its padded share of a weight table as it travelled, hashes of padded addends, and for both commitments to <e,
 * its pads with each other rank>, and the blinding of the sum of these and of its commitment to <e, addends>; a signature.
 * docs/security.md says why none of it tells anything. */
#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "field/fr_vec.h"
#include "finale/finale.h"
#include "relation/padding.h"
#include "session/wire.h"
#include "train/attribution_parts.h"

typedef unsigned __int128 wide;

enum { WIDE = CS_TOLD_INTEGER };

static size_t entries_of(const cs_doubted *d) {
    size_t n = 0;
    for (int k = 0; k < d->ranks; k++)
        n += d->counts[k];
    return n;
}

void cs_naming_init(cs_naming *n, const cs_doubted *about, const cs_params *params) {
    *n = (cs_naming){.about = about, .params = params, .entries = entries_of(about)};
}

void cs_naming_free(cs_naming *n) {
    cs_free(n->step_weights);
    cs_buffer_free(&n->pads);
    cs_free(n->table_steps);
    cs_free(n->table_updates);
    for (int i = 0; i < n->params->n_ranks; i++) {
        cs_expr_free(&n->gradients.totals[i]);
        cs_expr_free(&n->table.totals[i]);
    }
    *n = (cs_naming){0};
}

/* ------------------------------------------------------------ what was sent */

static size_t gradient_size(const cs_params *p) {
    size_t n = 0;
    for (size_t l = 1; l <= p->layers; l++)
        n += (p->widths[l - 1] + 1) * p->widths[l];
    return n;
}

/* This rank's gradient of a step, from its tensors: as cs_trainer_gradient gave it. */
static void gradient_of(const cs_proof *p, size_t step, uint64_t *out) {
    for (size_t l = 1; l <= p->params->layers; l++) {
        const cs_view x = cs_train_activation_view(p, l - 1), d = cs_train_delta_view(p, l);
        const size_t rows = p->params->widths[l - 1] + 1, columns = p->params->widths[l];
        for (size_t b = 0; b < p->params->batch; b++) {
            const size_t from = cs_view_row(&x, step, b), error = cs_view_row(&d, step, b);
            for (size_t k = 0; k < rows; k++) {
                const uint64_t value = (uint64_t)(k == x.bias_at ? x.bias : cs_tensor_get(x.tensor, from + k));
                for (size_t j = 0; j < columns; j++)
                    out[k * columns + j] += value * (uint64_t)cs_tensor_get(d.tensor, error + j);
            }
        }
        out += rows * columns;
    }
}

/* The same under all pads of this rank, as it was sent but for the wrapping; with the wishes that were sent behind it, of
 * which e knows nothing. */
static cs_status padded_gradient(const cs_proof *p, const cs_sent_sums *sums, size_t step, wide *out) {
    const cs_pads *pads = p->naming->a->pads;
    const size_t weights = gradient_size(p->params);
    uint64_t *values = CS_NEW(uint64_t, sums->n);
    if (values == NULL)
        return CS_ERR_MEMORY;
    if (cs_holds(&p->session)) /* that of an idle rank is zero */
        gradient_of(p, step, values);
#ifdef CS_TAMPER
    if (p->shard->attack && p->shard->attack->contribution)
        p->shard->attack->contribution(p->shard->attack->context, p->session.comm->rank, step, (int64_t *)values, sums->n);
#endif
    for (size_t k = 0; k < sums->n; k++)
        out[k] = (wide)(int64_t)values[k];
    for (size_t k = weights; k < sums->n; k++)
        out[k] = sums->wishes[2 * (step - sums->first) + k - weights];
    for (int peer = 0; peer < sums->size; peer++)
        if (cs_pads_shared_with(pads, peer))
            cs_pads_add_wide(pads, step, sums->views[step - sums->first], peer, out, sums->n, sums->width, sums->pad_bits);
    cs_free(values);
    return CS_OK;
}

void cs_naming_append(cs_buffer *out, const wide *values, size_t n) {
    for (size_t k = 0; k < n; k++) {
        cs_buffer_append_u64(out, (uint64_t)values[k]);
        cs_buffer_append_u64(out, (uint64_t)(values[k] >> 64));
    }
}

static wide load_wide(const uint8_t *at) {
    return (wide)cs_load_u64(at + 8) << 64 | cs_load_u64(at);
}

size_t cs_naming_hashes(const cs_doubted *d) {
    return 32 * (size_t)d->ranks;
}

size_t cs_naming_step(const cs_naming *n) {
    return cs_naming_hashes(n->about) + WIDE * n->entries;
}

size_t cs_naming_steps(const cs_doubted *d) {
    return d->doubts.n * (cs_naming_hashes(d) + WIDE * entries_of(d));
}

static size_t table_entries(const cs_doubted *d) {
    size_t n = 0;
    for (int k = 0; k < d->ranks; k++)
        n += d->table.counts[k];
    return n;
}

size_t cs_naming_table(const cs_doubted *d) {
    return d->table.is ? cs_naming_hashes(d) + CS_SUMS_ELEMENT * table_entries(d) : 0;
}

size_t cs_naming_pads(const cs_doubted *d) {
    return CS_SENT_POINT_SIZE * (size_t)d->ranks + CS_SENT_SCALAR_SIZE;
}

size_t cs_naming_table_at(const cs_doubted *d) {
    return d->doubts.n > 0 ? cs_naming_pads(d) : 0;
}

/* The same of the table: what was sent is what was kept. */
static void describe_table(const cs_proof *p, cs_buffer *out) {
    const cs_table_sums *t = p->naming->a->tables;
    cs_buffer_append(out, t->sums.sent[(t->sums.made - 1) * (size_t)t->sums.size], cs_naming_hashes(p->naming->about));
#ifdef CS_TAMPER
    const size_t at = out->size;
#endif
    cs_buffer_append(out, t->addends.data, t->addends.size);
#ifdef CS_TAMPER
    if (p->shard->attack && p->shard->attack->share && cs_buffer_status(out) == CS_OK)
        p->shard->attack->share(p->shard->attack->context, p->session.comm->rank, out->data + at, out->size - at);
#endif
}

/* For each step in doubt the hashes of what was sent to each rank, then the padded gradient. */
static cs_status describe_sent(const cs_proof *p, cs_buffer *out) {
    const cs_sent_sums *sums = p->naming->a->sums;
    const cs_doubts *doubts = &p->naming->about->doubts;
    wide *values = CS_NEW(wide, sums->n);
    cs_status status = values != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t x = 0; status == CS_OK && x < doubts->n; x++) {
        cs_buffer_append(out, sums->sent[(doubts->steps[x] - sums->first) * (size_t)sums->size],
                         cs_naming_hashes(p->naming->about));
        status = padded_gradient(p, sums, doubts->steps[x], values);
        if (status == CS_OK)
            cs_naming_append(out, values, sums->n);
    }
    cs_free(values);
    if (status == CS_OK && p->naming->about->table.is)
        describe_table(p, out);
    return status == CS_OK ? cs_buffer_status(out) : status;
}

size_t cs_doubted_told(const cs_doubted *d, cs_told which) {
    if (which == CS_TOLD_PADS)
        return cs_naming_table_at(d) + (d->table.is ? cs_naming_pads(d) : 0) + CS_SENT_SIGNATURE_SIZE;
    return cs_naming_steps(d) + cs_naming_table(d);
}

/* Root: one scalar that stands for all that was told. */
static cs_fr hash_of_sent(const cs_record *r) {
    uint8_t bytes[64] = {0};
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    for (int i = 0; i < r->n_ranks; i++)
        cs_sha256_update(&hash, r->ranks[i].told[CS_TOLD_SENT].data, r->ranks[i].told[CS_TOLD_SENT].size);
    crypto_hash_sha256_final(&hash, bytes);
    return cs_fr_from_wide(bytes);
}

/* Every rank tells the root what `describe` makes. */
static cs_status tell(cs_proof *p, cs_label label, cs_told which, cs_status (*describe)(const cs_proof *p, cs_buffer *out)) {
    cs_session *s = &p->session;
    cs_buffer mine = {0};
    cs_status status = cs_proving(s) ? cs_session_fail(s, describe(p, &mine)) : CS_OK;
    if (status == CS_OK)
        status = cs_session_tell_root(s, label, which, &mine, cs_doubted_told(p->naming->about, which));
    if (status == CS_OK && cs_proving(s) && which == CS_TOLD_SENT)
        cs_sha256(p->naming->word.sent, mine.data, mine.size);
    if (which == CS_TOLD_PADS) /* they may have to be shown to be right */
        p->naming->pads = mine;
    else
        cs_buffer_free(&mine);
    return status;
}

/* Before e is drawn every rank says what it sent; the root's hash of it enters the transcript. */
static cs_status tell_sent(cs_proof *p) {
    cs_session *s = &p->session;
    cs_fr hash = CS_FR_ZERO;
    CS_TRY(tell(p, CS_LABEL_ATTRIBUTION_SENT, CS_TOLD_SENT, describe_sent));
    if (cs_is_root(s))
        hash = hash_of_sent(s->record);
    return cs_session_root_scalars(s, CS_LABEL_ATTRIBUTION_SENT, &hash, 1);
}

/* ------------------------------------------------------------ e */

static cs_status draw_gradients(cs_naming *n, cs_transcript *t) {
    cs_fr power = CS_FR_ONE, point[2 * CS_AXIS_BITS];
    n->lambda = cs_transcript_challenge(t, CS_LABEL_ATTRIBUTION_MIX);
    n->mu = cs_transcript_challenge(t, CS_LABEL_ATTRIBUTION_MIX);
    for (size_t l = 1; l <= n->params->layers; l++) {
        const unsigned k_bits = cs_params_long_width_bits(n->params, l - 1), j_bits = cs_params_width_bits(n->params, l);
        for (unsigned k = 0; k < k_bits + j_bits; k++)
            point[k] = cs_transcript_challenge(t, CS_LABEL_ATTRIBUTION_POINT);
        n->k[l] = cs_axis_eq(point, k_bits);
        n->j[l] = cs_axis_eq(point + k_bits, j_bits);
    }
    n->step_weights = CS_NEW(cs_fr, (size_t)1 << cs_params_step_bits(n->params));
    if (n->step_weights == NULL)
        return CS_ERR_MEMORY;
    for (size_t x = 0; x < n->about->doubts.n; x++) {
        n->step_weights[n->about->doubts.steps[x]] = power;
        power = cs_fr_mul(power, n->lambda);
    }
    return CS_OK;
}

cs_status cs_naming_draw(cs_naming *n, cs_transcript *t) {
    memcpy(n->word.drawn, t->state, sizeof n->word.drawn);
    if (n->about->doubts.n > 0)
        CS_TRY(draw_gradients(n, t));
    return n->about->table.is ? cs_naming_draw_table(n, t) : CS_OK;
}

static cs_fr from_wide_integer(wide x) {
    const cs_fr half = cs_fr_from_u64((uint64_t)1 << 32);
    const cs_fr high = cs_fr_mul(cs_fr_from_i64((int64_t)(uint64_t)(x >> 64)), cs_fr_sqr(half));
    return cs_fr_add(high, cs_fr_from_u64((uint64_t)x));
}

/* <e, values> of one layer of one step, without the weights of both. */
static cs_fr layer_at(const cs_fr *vk, const cs_fr *vj, const uint8_t *values, size_t rows, size_t columns) {
    cs_fr sum = CS_FR_ZERO;
    for (size_t k = 0; k < rows; k++) {
        cs_fr row = CS_FR_ZERO;
        for (size_t j = 0; j < columns; j++)
            row = cs_fr_add(row, cs_fr_mul(vj[j], from_wide_integer(load_wide(values + WIDE * (k * columns + j)))));
        sum = cs_fr_add(sum, cs_fr_mul(vk[k], row));
    }
    return sum;
}

cs_status cs_naming_combine(const cs_naming *n, const uint8_t *values, size_t stride, cs_fr *out) {
    const cs_params *p = n->params;
    cs_fr mu = CS_FR_ONE;
    cs_status status = CS_OK;
    size_t before = 0;
    *out = CS_FR_ZERO;
    for (size_t l = 1; status == CS_OK && l <= p->layers; l++) {
        const size_t rows = p->widths[l - 1] + 1, columns = p->widths[l];
        cs_fr *vk = CS_NEW(cs_fr, (size_t)1 << n->k[l].bits), *vj = CS_NEW(cs_fr, (size_t)1 << n->j[l].bits);
        status = vk != NULL && vj != NULL ? cs_axis_table(vk, &n->k[l], 0) : CS_ERR_MEMORY;
        if (status == CS_OK)
            status = cs_axis_table(vj, &n->j[l], 0);
        for (size_t x = 0; status == CS_OK && x < n->about->doubts.n; x++) {
            const cs_fr value = layer_at(vk, vj, values + x * stride + WIDE * before, rows, columns);
            *out = cs_fr_add(*out, cs_fr_mul(cs_fr_mul(mu, n->step_weights[n->about->doubts.steps[x]]), value));
        }
        before += rows * columns;
        mu = cs_fr_mul(mu, n->mu);
        cs_free(vk);
        cs_free(vj);
    }
    return status;
}

/* ------------------------------------------------------------ gradients of committed tensors */

static cs_status add_addends(cs_proof *p, cs_relations *all) {
    cs_naming *n = p->naming;
    cs_fr mu = CS_FR_ONE;
    for (size_t l = 1; n->about->doubts.n > 0 && l <= p->params->layers; l++) {
        CS_TRY(cs_train_reduce_gradients(p, l, &n->k[l], &n->j[l], n->step_weights, mu, n->gradients.totals,
                                         &n->gradients.mine, all));
        mu = cs_fr_mul(mu, n->mu);
    }
    return n->about->table.is ? cs_naming_add_table(p, all) : CS_OK;
}

/* Each rank's <e, addends> in a commitment row of its own, at its first generator. */
static cs_status send_values(cs_proof *p, cs_naming_sum *n) {
    cs_session *s = &p->session;
    const size_t width = s->ledger.width;
    cs_fr *values = CS_NEW(cs_fr, width);
    cs_var first = 0;
    if (values == NULL)
        return cs_session_fail(s, CS_ERR_MEMORY);
    values[0] = n->mine;
    n->row = s->ledger.n_rows;
    const cs_status status = cs_session_send_own(s, CS_LABEL_ATTRIBUTION_VALUE, values, width, NULL, 0, &first);
    cs_free(values);
    CS_TRY(status);
    for (int i = 0; i < s->n_ranks; i++) {
        cs_expr_add_term(&n->totals[i], cs_fr_neg(CS_FR_ONE), first + (cs_var)((size_t)i * width));
        CS_TRY(cs_session_fail(s, cs_ledger_zero(&s->ledger, &n->totals[i], false, CS_LABEL_ATTRIBUTION_VALUE)));
    }
    return CS_OK;
}

/* ------------------------------------------------------------ pads */

/* <e, the pads that this rank added for `peer`>, with its sign. */
static cs_status pads_value(const cs_proof *p, int peer, cs_fr *out) {
    const cs_attribution *a = p->naming->a;
    const cs_sent_sums *sums = a->sums;
    wide *values = CS_NEW(wide, sums->n);
    cs_buffer all = {0};
    cs_status status = values != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t x = 0; status == CS_OK && x < p->naming->about->doubts.n; x++) {
        const size_t step = p->naming->about->doubts.steps[x];
        memset(values, 0, WIDE * sums->n);
        cs_pads_add_wide(a->pads, step, sums->views[step - sums->first], peer, values, sums->n, sums->width, sums->pad_bits);
#ifdef CS_TAMPER
        const cs_attack *attack = p->session.attack;
        if (attack && attack->pads)
            attack->pads(attack->context, sums->rank, peer, step, values, sums->n);
#endif
        cs_naming_append(&all, values, sums->n);
        status = cs_buffer_status(&all);
    }
    if (status == CS_OK)
        status = cs_naming_combine(p->naming, all.data, WIDE * sums->n, out);
    cs_buffer_free(&all);
    cs_free(values);
    return status;
}

/* The same of the table. */
static cs_status table_pads_value(const cs_proof *p, int peer, cs_fr *out) {
    const cs_attribution *a = p->naming->a;
    const cs_sent_sums *sums = &a->tables->sums;
    cs_fr *values = CS_NEW(cs_fr, sums->n);
    if (values == NULL)
        return CS_ERR_MEMORY;
    cs_pads_add_elements(a->pads, cs_table_key(p->params, a->tables->last), sums->views[sums->made - 1], peer, values,
                         sums->n);
#ifdef CS_TAMPER
    const cs_attack *attack = p->session.attack;
    if (attack && attack->table_pads)
        attack->table_pads(attack->context, sums->rank, peer, values, sums->n);
#endif
    const cs_status status = cs_naming_combine_elements(p->naming, values, out);
    cs_free(values);
    return status;
}

/* Under its signature, if there are identities: zeros otherwise. */
static cs_status sign_told(const cs_proof *p, cs_buffer *out) {
    static const uint8_t none[CS_SENT_SIGNATURE_SIZE];
    const cs_session *s = &p->session;
    uint8_t signature[CS_SENT_SIGNATURE_SIZE];
    if (s->signing != NULL)
        cs_told_sign(signature, &p->naming->word, out->data, out->size, s->signing->secret);
#ifdef CS_TAMPER
    if (s->attack && s->attack->signs_nothing)
        signature[0] ^= 1;
#endif
    cs_buffer_append(out, s->signing != NULL ? signature : none, sizeof signature);
    return cs_buffer_status(out);
}

/* A commitment for each rank (the identity where no pads are shared), and the blinding of everything. An idle rank has made
 * no commitment to an addend. */
static cs_status describe_pads_of(const cs_proof *p, const cs_naming_sum *sum, cs_buffer *out) {
    const cs_session *s = &p->session;
    const bool table = sum == &p->naming->table;
    cs_fr blinding = cs_holds(s) ? s->member.blindings[sum->row + (size_t)s->rank] : CS_FR_ZERO;
    uint8_t raw[CS_SENT_SCALAR_SIZE];
    for (int peer = 0; peer < s->comm->size; peer++) {
        cs_g1_affine point = CS_G1_AFFINE_IDENTITY;
        if (cs_pads_shared_with(s->pads, peer)) {
            cs_fr value, own = cs_pads_blinding(p->naming->a->pads, peer, s->keys->nonce, s->digest, s->transcript.state,
                                                table ? CS_PAD_BLINDING_TABLE : CS_PAD_BLINDING_GRADIENT);
            if (peer < s->comm->rank)
                own = cs_fr_neg(own);
            CS_TRY(table ? table_pads_value(p, peer, &value) : pads_value(p, peer, &value));
#ifdef CS_TAMPER
            if (s->attack && s->attack->message)
                s->attack->message(s->attack->context, s->comm->rank, CS_LABEL_ATTRIBUTION_PADS,
                                   s->attack->occurrences[CS_LABEL_ATTRIBUTION_PADS]++, &value, 1);
#endif
            point = cs_g1_to_affine(cs_commit_short(s->member.committer, &value, 1, own));
            blinding = cs_fr_add(blinding, own);
        }
        cs_session_append_points(out, &point, 1);
    }
    cs_fr_encode(raw, blinding);
    cs_buffer_append(out, raw, sizeof raw);
    return cs_buffer_status(out);
}

static cs_status describe_pads(const cs_proof *p, cs_buffer *out) {
    const cs_naming *n = p->naming;
    if (n->about->doubts.n > 0)
        CS_TRY(describe_pads_of(p, &n->gradients, out));
    if (n->about->table.is)
        CS_TRY(describe_pads_of(p, &n->table, out));
    return sign_told(p, out);
}

/* ------------------------------------------------------------ the protocol */

/* Where this rank is, and in which session, is part of what it signs. */
static void note_place(cs_proof *p) {
    cs_told_word *word = &p->naming->word;
    const cs_session *s = &p->session;
    memcpy(word->asked, s->transcript.state, sizeof word->asked);
    memcpy(word->who.digest, s->digest, sizeof word->who.digest);
    if (!cs_proving(s))
        return;
    memcpy(word->who.nonce, s->keys->nonce, sizeof word->who.nonce);
    word->who.rank = s->comm->rank;
}

cs_status cs_naming_run(cs_proof *p) {
    cs_naming *n = p->naming;
    CS_TRY(cs_train_commit(p));
    CS_TRY(tell_sent(p));
    CS_TRY(cs_session_fail(&p->session, cs_naming_draw(n, &p->session.transcript)));
    CS_TRY(cs_train_together(p, add_addends, CS_LABEL_ATTRIBUTION_PART, true));
    if (n->about->doubts.n > 0)
        CS_TRY(send_values(p, &n->gradients));
    if (n->about->table.is)
        CS_TRY(send_values(p, &n->table));
    note_place(p);
    CS_TRY(tell(p, CS_LABEL_ATTRIBUTION_PADS, CS_TOLD_PADS, describe_pads));
    CS_TRY(cs_train_all_errors(p));
    CS_TRY(cs_train_hidden_draws(p));
    CS_TRY(cs_relation_zero_padding(&p->witness));
    CS_TRY(cs_witness_open(&p->witness));
    cs_finale *finale = NULL;
    const cs_status status = cs_finale_fold(&p->session, &finale);
    cs_finale_free(finale);
    return status;
}

static void hash_number(crypto_hash_sha256_state *hash, uint64_t number) {
    uint8_t bytes[8];
    cs_store_u64(bytes, number);
    cs_sha256_update(hash, bytes, sizeof bytes);
}

/* 0, or the table and what is said of it. */
static void hash_table(crypto_hash_sha256_state *hash, const cs_doubted *about) {
    const cs_doubted_table *t = &about->table;
    uint8_t shape[32];
    hash_number(hash, t->is ? (t->which.backward ? 2 : 1) : 0);
    if (!t->is)
        return;
    hash_number(hash, t->which.layer);
    cs_sums_shape(shape, t->starts, t->counts, about->ranks, CS_SUMS_ELEMENT);
    cs_sha256_update(hash, shape, 32);
    for (int i = 0; i < about->ranks; i++)
        hash_number(hash, t->claims[i]);
}

void cs_naming_digest(uint8_t out[32], const uint8_t statement[32], const cs_doubted *about) {
    static const char label[] = "consort/attribution/4";
    uint8_t shape[32];
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    cs_sha256_update(&hash, label, sizeof label);
    cs_sha256_update(&hash, statement, 32);
    cs_sha256_update(&hash, about->nonce, 32);
    cs_sha256_update(&hash, about->rows, 32);
    hash_number(&hash, (uint64_t)about->ranks);
    cs_sha256_update(&hash, about->chains, 32 * (size_t)about->ranks);
    cs_sums_shape(shape, about->starts, about->counts, about->ranks, about->width);
    cs_sha256_update(&hash, shape, 32);
    hash_number(&hash, about->first);
    hash_number(&hash, about->doubts.n);
    for (size_t x = 0; x < about->doubts.n; x++)
        hash_number(&hash, about->doubts.steps[x]);
    hash_table(&hash, about);
    crypto_hash_sha256_final(&hash, out);
}

static void describe_doubted_table(cs_doubted *out, const cs_table_sums *tables) {
    out->table = (cs_doubted_table){.is = true, .which = tables->last};
    for (int k = 0; k < out->ranks; k++) {
        memcpy(out->chains[k], tables->sums.chains[k].state, 32);
        out->table.starts[k] = tables->sums.starts[k];
        out->table.counts[k] = tables->sums.counts[k];
        out->table.claims[k] = tables->claims[k];
    }
}

void cs_doubted_new(cs_doubted *out, const cs_sent_sums *sums, const cs_table_sums *tables, const uint8_t rows[32],
                    const cs_doubts *doubts) {
    *out = (cs_doubted){.ranks = sums->size, .first = sums->first, .width = sums->width, .doubts = *doubts};
    memcpy(out->nonce, sums->speaker.nonce, 32);
    memcpy(out->digest, sums->speaker.digest, 32);
    memcpy(out->rows, rows, 32);
    for (int k = 0; k < sums->size; k++) {
        memcpy(out->chains[k], sums->chains[k].state, 32);
        out->starts[k] = sums->starts[k];
        out->counts[k] = sums->counts[k];
    }
    if (tables != NULL)
        describe_doubted_table(out, tables);
}

/* ------------------------------------------------------------ the whole */

static cs_status check(const cs_attribution *a) {
    if (!a->sums->agreed || (a->tables != NULL && !a->tables->sums.agreed))
        return cs_fail(CS_ERR_INTERNAL, "the ranks have not said what they sent each other");
    if (a->sums->uncovered)
        return cs_fail(CS_ERR_ABORT, "padded gradients are told to the root once after a training");
    a->sums->uncovered = true;
    return CS_OK;
}

/* Root: what each rank signed of the sums in doubt. */
static cs_status take_words(cs_attributed *out, const cs_naming *n, const cs_comm *comm) {
    const cs_doubts *doubts = &n->about->doubts;
    const size_t each = cs_doubted_sums(n->about);
    out->ranks = comm->size;
    out->words = CS_NEW(cs_sums_word, each * (size_t)comm->size);
    if (out->words == NULL)
        return CS_ERR_MEMORY;
    for (int i = 0; i < comm->size; i++) {
        out->place[i] = cs_comm_place_of(comm, i);
        for (size_t x = 0; x < doubts->n; x++)
            out->words[(size_t)i * each + x] = *cs_sent_sums_word(n->a->sums, doubts->steps[x] - n->about->first, i);
        if (n->about->table.is)
            out->words[(size_t)i * each + doubts->n] =
                *cs_sent_sums_word(&n->a->tables->sums, n->a->tables->sums.made - 1, i);
    }
    return CS_OK;
}

/* Frees what cs_train_attribute made, then is over. */
static cs_status attribute(cs_proof *p, cs_comm *comm, const cs_instance *instance, cs_shard *shard, cs_attributed *out) {
    cs_session *s = &p->session;
    cs_status status = check(p->naming->a);
    s->signing = shard->signing;
    if (status == CS_OK && comm->rank == 0) {
        status = cs_record_new(&out->record, comm->size);
        memcpy(out->record.nonce, s->keys->nonce, sizeof out->record.nonce);
        s->record = &out->record;
    }
    if (status == CS_OK && comm->rank == 0)
        status = take_words(out, p->naming, comm);
#ifdef CS_TAMPER
    s->attack = shard->attack;
#endif
    if (status == CS_OK)
        status = cs_train_open_instance(p, instance, shard);
    CS_TRY(cs_session_fail(s, status));
    return cs_naming_run(p);
}

cs_status cs_train_attribute(cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const cs_instance *instance,
                             cs_shard *shard, const cs_doubted *about, const cs_attribution *a, cs_attributed *out) {
    cs_instance session = *instance;
    cs_naming naming;
    cs_proof *p = CS_NEW(cs_proof, 1);
    if (p == NULL)
        return cs_comm_raise(comm, CS_ERR_MEMORY);
    cs_naming_digest(session.digest, instance->digest, about);
    cs_naming_init(&naming, about, instance->params);
    naming.a = a;
    p->naming = &naming;
    cs_status status =
        cs_session_prove(&p->session, comm, keys, pads, session.digest, instance->params->ledger_width, &out->proof);
    status = cs_comm_raise(comm, status);
    if (status == CS_OK)
        status = attribute(p, comm, &session, shard, out);
    if (status == CS_OK && comm->rank == 0)
        status = cs_comm_raise(comm, cs_naming_judge(&naming, instance, out));
    if (status == CS_OK)
        status = cs_naming_settle(p, comm, out);
    cs_naming_free(&naming);
    cs_train_close_instance(p);
    return status;
}
