/* What leaves a rank here, besides what a training proof shows: its padded gradients of the steps in doubt as integers that
 * do not wrap, hashes of padded gradients, commitments to <e, its pads with each other rank>, and the blinding of the sum of
 * these and of its commitment to <e, gradient>. docs/security.md says why none of it tells anything. */
#include "train/attribution.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "field/fr_vec.h"
#include "finale/finale.h"
#include "relation/padding.h"
#include "session/wire.h"
#include "train/proof.h"

typedef unsigned __int128 wide;

enum { WIDE = sizeof(wide) };

/** The state of one run of the protocol, in either role. */
typedef struct cs_naming {
    const cs_attribution *a;
    cs_axis k[CS_MAX_LAYERS + 1], j[CS_MAX_LAYERS + 1];
    cs_fr lambda, mu;             /* powers of the first weigh steps, of the second layers */
    cs_fr *step_weights;          /* [2^step bits] */
    cs_expr totals[CS_MAX_RANKS]; /* <e, gradient> of each rank with data */
    cs_fr mine;
    size_t row;                       /* of the ledger: commitment to the first rank's <e, gradient> */
    cs_buffer *sent, *pads;           /* root: what each rank told, in this order */
    cs_g1_affine value[CS_MAX_RANKS]; /* root: its own commitment to it, of each rank with data */
} cs_naming;

static void free_naming(cs_naming *n, int ranks) {
    cs_free(n->step_weights);
    for (int i = 0; i < ranks; i++) {
        cs_expr_free(&n->totals[i]);
        if (n->sent != NULL)
            cs_buffer_free(&n->sent[i]);
        if (n->pads != NULL)
            cs_buffer_free(&n->pads[i]);
    }
    cs_free(n->sent);
    cs_free(n->pads);
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
            cs_pads_add_wide(pads, sums->views[step - sums->first], peer, out, sums->n, sums->width, sums->pad_bits);
    cs_free(values);
    return CS_OK;
}

static void append_wide(cs_buffer *out, const wide *values, size_t n) {
    for (size_t k = 0; k < n; k++) {
        cs_buffer_append_u64(out, (uint64_t)values[k]);
        cs_buffer_append_u64(out, (uint64_t)(values[k] >> 64));
    }
}

static wide load_wide(const uint8_t *at) {
    return (wide)cs_load_u64(at + 8) << 64 | cs_load_u64(at);
}

/* What a rank tells of a step: hashes of what it sent to each rank, and its padded gradient. */
static size_t hashes_size(const cs_sent_sums *s) {
    return 32 * (size_t)s->size;
}

static size_t told_size(const cs_sent_sums *s) {
    return hashes_size(s) + WIDE * s->n;
}

static const uint8_t *told_values(const cs_naming *n, int rank, size_t x) {
    return n->sent[rank].data + x * told_size(n->a->sums) + hashes_size(n->a->sums);
}

/* For each step in doubt the hashes of what was sent to each rank, then the padded gradient. */
static cs_status describe_sent(const cs_proof *p, cs_buffer *out) {
    const cs_attribution *a = p->naming->a;
    const cs_sent_sums *sums = a->sums;
    wide *values = CS_NEW(wide, sums->n);
    cs_status status = values != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t x = 0; status == CS_OK && x < a->doubts->n; x++) {
        cs_buffer_append(out, sums->sent[(a->doubts->steps[x] - sums->first) * (size_t)sums->size], hashes_size(sums));
        status = padded_gradient(p, sums, a->doubts->steps[x], values);
        if (status == CS_OK)
            append_wide(out, values, sums->n);
    }
    cs_free(values);
    return status == CS_OK ? cs_buffer_status(out) : status;
}

static size_t sent_size(const cs_attribution *a) {
    return a->doubts->n * told_size(a->sums);
}

/* Root: one scalar that stands for all that was told. */
static cs_fr hash_of_sent(const cs_naming *n, int ranks) {
    uint8_t bytes[64] = {0};
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    for (int i = 0; i < ranks; i++)
        cs_sha256_update(&hash, n->sent[i].data, n->sent[i].size);
    crypto_hash_sha256_final(&hash, bytes);
    return cs_fr_from_wide(bytes);
}

/* Before e is drawn every rank says what it sent; the root's hash of it enters the transcript. */
static cs_status tell_sent(cs_proof *p) {
    cs_session *s = &p->session;
    cs_naming *n = p->naming;
    cs_fr hash = CS_FR_ZERO;
    if (cs_proving(s)) {
        cs_buffer mine = {0};
        cs_status status = cs_session_fail(s, describe_sent(p, &mine));
        if (status == CS_OK)
            status = cs_session_tell_root(s, CS_LABEL_ATTRIBUTION_SENT, &mine, &n->sent);
        cs_buffer_free(&mine);
        CS_TRY(status);
        for (int i = 0; n->sent != NULL && i < s->comm->size; i++)
            if (n->sent[i].size != sent_size(n->a))
                return cs_session_fail(s, cs_fail(CS_ERR_ABORT, "rank %d told %zu bytes of what it sent instead of %zu", i,
                                                  n->sent[i].size, sent_size(n->a)));
        if (n->sent != NULL)
            hash = hash_of_sent(n, s->comm->size);
    }
    return cs_session_root_scalars(s, CS_LABEL_ATTRIBUTION_SENT, &hash, 1);
}

/* ------------------------------------------------------------ e */

static cs_status draw(cs_proof *p) {
    cs_naming *n = p->naming;
    cs_session *s = &p->session;
    cs_fr power = CS_FR_ONE, point[2 * CS_AXIS_BITS];
    n->lambda = cs_session_challenge(s, CS_LABEL_ATTRIBUTION_MIX);
    n->mu = cs_session_challenge(s, CS_LABEL_ATTRIBUTION_MIX);
    for (size_t l = 1; l <= p->params->layers; l++) {
        const unsigned k_bits = cs_params_long_width_bits(p->params, l - 1), j_bits = cs_params_width_bits(p->params, l);
        cs_session_challenges(s, CS_LABEL_ATTRIBUTION_POINT, point, k_bits + j_bits);
        n->k[l] = cs_axis_eq(point, k_bits);
        n->j[l] = cs_axis_eq(point + k_bits, j_bits);
    }
    n->step_weights = CS_NEW(cs_fr, (size_t)1 << p->bt);
    if (n->step_weights == NULL)
        return cs_session_fail(s, CS_ERR_MEMORY);
    for (size_t x = 0; x < n->a->doubts->n; x++) {
        n->step_weights[n->a->doubts->steps[x]] = power;
        power = cs_fr_mul(power, n->lambda);
    }
    return CS_OK;
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

/* <e, values>: integers of all steps in doubt, those of a step `stride` bytes after those of the one before. */
static cs_status combine(const cs_params *p, const cs_naming *n, const uint8_t *values, size_t stride, cs_fr *out) {
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
        for (size_t x = 0; status == CS_OK && x < n->a->doubts->n; x++) {
            const cs_fr value = layer_at(vk, vj, values + x * stride + WIDE * before, rows, columns);
            *out = cs_fr_add(*out, cs_fr_mul(cs_fr_mul(mu, n->step_weights[n->a->doubts->steps[x]]), value));
        }
        before += rows * columns;
        mu = cs_fr_mul(mu, n->mu);
        cs_free(vk);
        cs_free(vj);
    }
    return status;
}

/* ------------------------------------------------------------ gradients of committed tensors */

static cs_status add_gradients(cs_proof *p, cs_relations *all) {
    cs_naming *n = p->naming;
    cs_fr mu = CS_FR_ONE;
    for (size_t l = 1; l <= p->params->layers; l++) {
        CS_TRY(cs_train_reduce_gradients(p, l, &n->k[l], &n->j[l], n->step_weights, mu, n->totals, &n->mine, all));
        mu = cs_fr_mul(mu, n->mu);
    }
    return CS_OK;
}

/* Each rank's <e, gradient> in a commitment row of its own, at its first generator. */
static cs_status send_values(cs_proof *p) {
    cs_session *s = &p->session;
    cs_naming *n = p->naming;
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
    for (int i = 0; cs_is_root(s) && i < s->n_ranks; i++) {
        const cs_buffer *points = &s->record->ranks[i].points;
        const size_t at = points->size - CS_SENT_POINT_SIZE * (size_t)(s->n_ranks - i);
        if (!cs_session_decode_point(&n->value[i], points->data + at))
            return cs_session_fail(s, cs_fail(CS_ERR_INTERNAL, "a commitment that was read does not come apart"));
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
    for (size_t x = 0; status == CS_OK && x < a->doubts->n; x++) {
        memset(values, 0, WIDE * sums->n);
        cs_pads_add_wide(a->pads, sums->views[a->doubts->steps[x] - sums->first], peer, values, sums->n, sums->width,
                         sums->pad_bits);
        append_wide(&all, values, sums->n);
        status = cs_buffer_status(&all);
    }
    if (status == CS_OK)
        status = combine(p->params, p->naming, all.data, WIDE * sums->n, out);
    cs_buffer_free(&all);
    cs_free(values);
    return status;
}

/* A commitment for each rank (the identity where no pads are shared), and the blinding of everything. An idle rank has made
 * no commitment to a gradient. */
static cs_status describe_pads(const cs_proof *p, cs_buffer *out) {
    const cs_session *s = &p->session;
    cs_fr blinding = cs_holds(s) ? s->member.blindings[p->naming->row + (size_t)s->rank] : CS_FR_ZERO;
    uint8_t raw[CS_SENT_SCALAR_SIZE];
    for (int peer = 0; peer < s->comm->size; peer++) {
        cs_g1_affine point = CS_G1_AFFINE_IDENTITY;
        if (cs_pads_shared_with(s->pads, peer)) {
            cs_fr value, own = cs_pads_pair_scalar(s->pads, peer, CS_LABEL_ATTRIBUTION_PADS, s->digest, s->transcript.state);
            if (peer < s->comm->rank)
                own = cs_fr_neg(own);
            CS_TRY(pads_value(p, peer, &value));
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

static cs_status tell_pads(cs_proof *p) {
    cs_session *s = &p->session;
    cs_buffer mine = {0};
    if (!cs_proving(s))
        return CS_OK;
    cs_status status = cs_session_fail(s, describe_pads(p, &mine));
    if (status == CS_OK)
        status = cs_session_tell_root(s, CS_LABEL_ATTRIBUTION_PADS, &mine, &p->naming->pads);
    cs_buffer_free(&mine);
    return status;
}

/* ------------------------------------------------------------ the protocol */

static cs_status run(cs_proof *p) {
    CS_TRY(cs_train_commit(p));
    CS_TRY(tell_sent(p));
    CS_TRY(draw(p));
    CS_TRY(cs_train_together(p, add_gradients, CS_LABEL_ATTRIBUTION_PART, true));
    CS_TRY(send_values(p));
    CS_TRY(tell_pads(p));
    CS_TRY(cs_train_all_errors(p));
    CS_TRY(cs_train_hidden_draws(p));
    CS_TRY(cs_relation_zero_padding(&p->witness));
    CS_TRY(cs_witness_open(&p->witness));
    cs_finale *finale = NULL;
    const cs_status status = cs_finale_fold(&p->session, &finale);
    cs_finale_free(finale);
    return status;
}

/* What the session is about: the proof that failed, what the ranks kept, and the steps. */
static void digest_of(uint8_t out[32], const cs_instance *instance, const cs_attribution *a) {
    static const char label[] = "consort/attribution/1";
    uint8_t bytes[8];
    crypto_hash_sha256_state hash;
    crypto_hash_sha256_init(&hash);
    cs_sha256_update(&hash, label, sizeof label);
    cs_sha256_update(&hash, instance->digest, 32);
    cs_sha256_update(&hash, a->nonce, 32);
    cs_sha256_update(&hash, a->sums->chains, (size_t)a->sums->size * sizeof *a->sums->chains);
    for (size_t x = 0; x < a->doubts->n; x++) {
        cs_store_u64(bytes, a->doubts->steps[x]);
        cs_sha256_update(&hash, bytes, sizeof bytes);
    }
    crypto_hash_sha256_final(&hash, out);
}

/* ------------------------------------------------------------ the root's judgement */

typedef struct verdict {
    cs_offence offence;
    cs_label stage;
} verdict;

static void find(verdict *v, cs_offence offence, cs_label stage) {
    if (v->offence == CS_OFFENCE_NONE)
        *v = (verdict){offence, stage};
}

/* The lowest bytes of so many told integers, as they travel. */
static void pack(uint8_t *out, const cs_sent_sums *s, const uint8_t *values, size_t count) {
    for (size_t at = 0; at < count; at++)
        memcpy(out + s->width * at, values + WIDE * at, s->width);
}

/* What it says it sent in one step has these hashes. */
static bool parts_hold(const cs_sent_sums *s, const uint8_t *hashes, const uint8_t *values, uint8_t *packed) {
    bool holds = true;
    for (int k = 0; holds && k < s->size; k++) {
        uint8_t hash[32];
        size_t first, count;
        cs_comm_sum_part(s->comm, s->n, k, &first, &count);
        pack(packed, s, values + WIDE * first, count);
        cs_sha256(hash, packed, s->width * count);
        holds = memcmp(hash, hashes + 32 * (size_t)k, 32) == 0;
    }
    return holds;
}

/* What it says it sent is what it said while it was training, and all have agreed on. */
static bool sent_holds(const cs_naming *n, int rank) {
    const cs_sent_sums *s = n->a->sums;
    uint8_t *packed = CS_NEW(uint8_t, s->n * s->width + 8);
    bool holds = packed != NULL;
    for (size_t x = 0; holds && x < n->a->doubts->n; x++) {
        const uint8_t *values = told_values(n, rank, x), *hashes = values - hashes_size(s);
        holds =
            cs_sent_sums_are(s, rank, n->a->doubts->steps[x] - s->first, hashes) && parts_hold(s, hashes, values, packed);
    }
    cs_free(packed);
    return holds;
}

/* The sums that rank `owner` showed are those of what all sent to it. */
static bool sum_holds(const cs_naming *n, int owner) {
    const cs_sent_sums *s = n->a->sums;
    size_t first, count;
    cs_comm_sum_part(s->comm, s->n, owner, &first, &count);
    uint8_t *packed = CS_NEW(uint8_t, count * s->width + 8);
    bool holds = packed != NULL;
    for (size_t x = 0; holds && x < n->a->doubts->n; x++) {
        uint8_t hash[32];
        for (size_t at = 0; at < count; at++) {
            wide sum = 0;
            for (int i = 0; i < s->size; i++)
                sum += load_wide(told_values(n, i, x) + WIDE * (first + at));
            uint8_t bytes[8];
            cs_store_u64(bytes, (uint64_t)sum);
            memcpy(packed + s->width * at, bytes, s->width);
        }
        cs_sha256(hash, packed, s->width * count);
        const size_t step = n->a->doubts->steps[x] - s->first;
        holds = memcmp(hash, s->shown[step * (size_t)s->size + (size_t)owner], 32) == 0;
    }
    cs_free(packed);
    return holds;
}

/* Its commitment to <e, gradient>, with those to its pads, opens to what it sent; of an idle rank its pads alone do.
 * CS_REJECT if not. */
static cs_status gradient_holds(const cs_proof *p, const cs_naming *n, int rank) {
    const cs_buffer *told = &n->pads[rank];
    const int n_ranks = p->session.comm->size, holder = cs_comm_holder_of(p->session.comm, rank);
    cs_g1 sum = holder >= 0 ? cs_g1_from_affine(n->value[holder]) : CS_G1_IDENTITY;
    cs_fr blinding, value;
    cs_g1_affine point;
    if (told->size != CS_SENT_POINT_SIZE * (size_t)n_ranks + CS_SENT_SCALAR_SIZE ||
        !cs_fr_decode(&blinding, told->data + CS_SENT_POINT_SIZE * (size_t)n_ranks))
        return CS_REJECT;
    for (int k = 0; k < n_ranks; k++) {
        if (!cs_session_decode_point(&point, told->data + CS_SENT_POINT_SIZE * (size_t)k))
            return CS_REJECT;
        sum = cs_g1_add_affine(sum, point);
    }
    CS_TRY(combine(p->params, n, told_values(n, rank, 0), told_size(n->a->sums), &value));
    return cs_g1_eq(sum, cs_commit_short(p->session.member.committer, &value, 1, blinding)) ? CS_OK : CS_REJECT;
}

/* Commitments of both to the pads of a pair add up to nothing. Their points come apart. */
static bool pads_agree(const cs_naming *n, int i, int k) {
    cs_g1_affine a, b;
    return cs_session_decode_point(&a, n->pads[i].data + CS_SENT_POINT_SIZE * (size_t)k) &&
           cs_session_decode_point(&b, n->pads[k].data + CS_SENT_POINT_SIZE * (size_t)i) &&
           cs_g1_is_identity(cs_g1_add_affine(cs_g1_from_affine(a), b));
}

/* The rows are those of the proof that failed. */
static void judge_rows(const cs_proof *p, const cs_buffer *proof, verdict *found) {
    const cs_buffer *before = p->naming->a->proof;
    size_t at = 0;
    for (int i = 0; i < p->session.n_ranks; i++) {
        const size_t size = 32 * cs_layout_count(&p->layout, i, false);
        if (at + size > before->size || memcmp(before->data + at, proof->data + at, size) != 0)
            find(&found[cs_comm_rank_of(p->session.comm, i)], CS_OFFENCE_WITNESS, CS_LABEL_WITNESS);
        at += size;
    }
}

/* The verifier's run over what was shown, up to the last answers, beside which each rank's own answers are held. */
static cs_status judge_answers(const cs_instance *instance, const cs_attribution *a, const cs_buffer *proof,
                               const cs_record *record, const cs_comm *comm, verdict *found) {
    const int n_ranks = instance->params->n_ranks;
    cs_naming naming = {.a = a};
    cs_judge j;
    cs_proof *p = CS_NEW(cs_proof, 1);
    cs_status status = cs_judge_new(&j, (size_t)n_ranks);
    if (p == NULL) {
        cs_judge_free(&j);
        return CS_ERR_MEMORY;
    }
    p->naming = &naming;
    j.nonce = record->nonce;
    for (size_t i = 0; i < j.n; i++) {
        j.ranks[i].rank = (int)i;
        j.ranks[i].sent = &record->ranks[i];
    }
    if (status == CS_OK)
        status = cs_session_verify(&p->session, n_ranks, instance->digest, instance->params->ledger_width, proof->data,
                                   proof->size);
    if (status == CS_OK)
        status = cs_judge_begin(&j, &p->session);
    if (status == CS_OK)
        status = cs_train_open_instance(p, instance, NULL);
    if (status == CS_OK)
        status = run(p);
    for (size_t i = 0; status == CS_OK && i < j.n; i++)
        find(&found[cs_comm_rank_of(comm, (int)i)], j.ranks[i].offence, j.ranks[i].stage);
    free_naming(&naming, n_ranks);
    cs_train_close_instance(p);
    cs_judge_free(&j);
    return status;
}

static void append_finding(cs_buffer *out, int rank, cs_offence offence, uint32_t where) {
    cs_buffer_append_u32(out, (uint32_t)rank);
    cs_buffer_append_u32(out, (uint32_t)offence);
    cs_buffer_append_u32(out, where);
}

static cs_status judge(const cs_proof *p, const cs_instance *instance, const cs_buffer *proof, cs_buffer *findings) {
    const cs_naming *n = p->naming;
    const int n_ranks = p->session.comm->size;
    verdict found[CS_MAX_RANKS] = {{0}};
    bool all_sent = true;
    judge_rows(p, proof, found);
    CS_TRY(judge_answers(instance, n->a, proof, p->session.record, p->session.comm, found));
    for (int i = 0; i < n_ranks; i++) {
        if (!sent_holds(n, i)) {
            find(&found[i], CS_OFFENCE_SENT, CS_LABEL_GRADIENT);
            all_sent = false;
        }
        const cs_status status = gradient_holds(p, n, i);
        if (status == CS_REJECT)
            find(&found[i], CS_OFFENCE_GRADIENT, CS_LABEL_GRADIENT);
        else
            CS_TRY(status);
    }
    for (int i = 0; all_sent && i < n_ranks; i++)
        if (!sum_holds(n, i))
            find(&found[i], CS_OFFENCE_SUM, CS_LABEL_GRADIENT);
    for (int i = 0; i < n_ranks; i++) {
        if (found[i].offence != CS_OFFENCE_NONE)
            append_finding(findings, i, found[i].offence, (uint32_t)found[i].stage);
        for (int k = i + 1; k < n_ranks; k++)
            if (found[i].offence == CS_OFFENCE_NONE && found[k].offence == CS_OFFENCE_NONE && !pads_agree(n, i, k))
                append_finding(findings, i, CS_OFFENCE_PADS, (uint32_t)k);
    }
    return cs_buffer_status(findings);
}

/* ------------------------------------------------------------ the whole */

static cs_status check(const cs_attribution *a) {
    if (a->sums->uncovered)
        return cs_fail(CS_ERR_ABORT, "padded gradients are told to the root once after a training");
    a->sums->uncovered = true;
    return CS_OK;
}

/* Frees what cs_train_attribute made, then is over. */
static cs_status attribute(cs_proof *p, cs_comm *comm, const cs_instance *instance, cs_shard *shard, cs_record *record,
                           const cs_buffer *proof, cs_buffer *findings) {
    cs_session *s = &p->session;
    cs_status status = check(p->naming->a);
    if (status == CS_OK && comm->rank == 0) {
        status = cs_record_new(record, comm->size);
        memcpy(record->nonce, s->keys->nonce, sizeof record->nonce);
        s->record = record;
    }
#ifdef CS_TAMPER
    s->attack = shard->attack;
#endif
    if (status == CS_OK)
        status = cs_train_open_instance(p, instance, shard);
    CS_TRY(cs_session_fail(s, status));
    CS_TRY(run(p));
    return comm->rank == 0 ? judge(p, instance, proof, findings) : CS_OK;
}

cs_status cs_train_attribute(cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const cs_instance *instance,
                             cs_shard *shard, const cs_attribution *a, cs_buffer *findings) {
    cs_instance about = *instance;
    cs_naming naming = {.a = a};
    cs_record record = {0};
    cs_buffer proof = {0};
    cs_proof *p = CS_NEW(cs_proof, 1);
    if (p == NULL)
        return cs_comm_raise(comm, CS_ERR_MEMORY);
    digest_of(about.digest, instance, a);
    p->naming = &naming;
    cs_status status = cs_session_prove(&p->session, comm, keys, pads, about.digest, instance->params->ledger_width, &proof);
    status = cs_comm_raise(comm, status);
    if (status == CS_OK)
        status = attribute(p, comm, &about, shard, &record, &proof, findings);
    free_naming(&naming, comm->size);
    cs_train_close_instance(p);
    cs_record_free(&record);
    cs_buffer_free(&proof);
    return status;
}
