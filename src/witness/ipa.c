#include "witness/ipa.h"
#include "base/memory.h"
#include "field/fr_vec.h"
#include <string.h>

typedef struct ipa {
    cs_session *s;
    size_t n, size; /* at the start, and now */
    cs_fr *f, *right;
    cs_fr base;         /* multiple of u that carries the value */
    cs_ipa_share share; /* the sums over generators, unless others work them out; a verifier's has one residue: its weights
                           are those of all others, too */
    bool helped;
} ipa;

/* base <half of f, other half of right> u, added to both sums. */
static cs_status add_values(const ipa *a, const cs_g1_affine sums[2], cs_g1_affine out[2]) {
    const size_t half = a->size / 2;
    cs_generators gens;
    CS_TRY(cs_generators_get(&gens, 0));
    for (size_t k = 0; k < 2; k++) {
        const size_t mine = k * half, other = half - mine;
        const cs_fr scalar = cs_fr_mul(a->base, cs_fr_vec_dot(a->f + mine, a->right + other, half));
        out[k] = cs_g1_to_affine(cs_g1_add_affine(cs_g1_mul_var(gens.u, scalar), sums[k]));
    }
    return CS_OK;
}

static cs_status sum_up(ipa *a, cs_g1_affine out[2]) {
    cs_g1_affine sums[2];
    CS_TRY(a->helped ? cs_session_take_help(a->s, sums) : cs_ipa_share_sums(&a->share, sums));
    return add_values(a, sums, out);
}

static void fold(ipa *a, cs_fr c, cs_fr inverse) {
    const size_t half = a->size / 2;
    if (cs_proving(a->s)) {
        cs_fr_vec_scale(a->f, c, a->f, half);
        cs_fr_vec_axpy(a->f, inverse, a->f + half, half);
    }
    cs_fr_vec_scale(a->right, inverse, a->right, half);
    cs_fr_vec_axpy(a->right, c, a->right + half, half);
    if (!a->helped)
        cs_ipa_share_halve(&a->share, c, inverse);
    a->size = half;
}

static cs_status halve(ipa *a) {
    cs_g1_affine sent[2] = {CS_G1_AFFINE_IDENTITY, CS_G1_AFFINE_IDENTITY};
    if (cs_is_root(a->s))
        CS_TRY(sum_up(a, sent));
    CS_TRY(cs_session_root_points(a->s, CS_LABEL_IPA_ROUND, sent, 2));
    const cs_fr c = cs_session_challenge(a->s, CS_LABEL_IPA_CHALLENGE);
    if (cs_fr_is_zero(c))
        return cs_fail(CS_REJECT, "inner product: a challenge is zero");
    const cs_fr inverse = cs_fr_inv(c);
    if (a->helped)
        CS_TRY(cs_session_tell_helpers(a->s, c));
    if (!cs_proving(a->s)) {
        CS_TRY(cs_deferred_add(&a->s->deferred, cs_fr_sqr(c), sent[0]));
        CS_TRY(cs_deferred_add(&a->s->deferred, cs_fr_sqr(inverse), sent[1]));
    }
    fold(a, c, inverse);
    return CS_OK;
}

/* The verifier's equation: … + base (value - <f, right>) u = sum of f_{k mod size} weights_k g_k. */
static cs_status finish(ipa *a, cs_fr value) {
    CS_TRY(cs_session_root_scalars(a->s, CS_LABEL_IPA_LAST, a->f, a->size));
    if (cs_proving(a->s))
        return CS_OK;
    cs_fr *scalars = CS_NEW(cs_fr, a->n);
    if (scalars == NULL)
        return CS_ERR_MEMORY;
    const cs_fr gap = cs_fr_sub(value, cs_fr_vec_dot(a->f, a->right, a->size));
    cs_deferred_add_u(&a->s->deferred, cs_fr_mul(a->base, gap));
    for (size_t k = 0; k < a->n / a->size; k++)
        cs_fr_vec_scale(scalars + k * a->size, cs_fr_neg(a->share.weights[k]), a->f, a->size);
    const cs_status status = cs_deferred_add_generators(&a->s->deferred, scalars, a->n);
    cs_free(scalars);
    return status;
}

/* ------------------------------------------------------------ shares of the other ranks */

/* Residues of rank i: all of them are the other ranks', since the root has the proof to verify. */
typedef struct range {
    size_t first, count;
} range;

static range range_of(int n_ranks, int rank) {
    const size_t first = CS_IPA_STOP * (size_t)(rank - 1) / (size_t)(n_ranks - 1);
    return (range){first, CS_IPA_STOP * (size_t)rank / (size_t)(n_ranks - 1) - first};
}

static void append_share(cs_buffer *out, const cs_fr *f, size_t n, range r) {
    for (size_t k = 0; k < cs_ipa_share_size(n, r.count); k++) {
        uint8_t raw[32];
        cs_fr_encode(raw, f[cs_ipa_share_at(r.first, r.count, k)]);
        cs_buffer_append(out, raw, sizeof raw);
    }
}

static cs_status load_share(cs_ipa_share *share, const cs_buffer *data) {
    bool good = data->size == 32 * share->n;
    for (size_t k = 0; good && k < share->n; k++)
        good = cs_fr_decode(&share->f[k], data->data + 32 * k);
    return good ? CS_OK : cs_fail(CS_ERR_ABORT, "the root's part of the opening to work on is malformed");
}

static size_t count_rounds(size_t n) {
    size_t rounds = 0;
    for (; n > CS_IPA_STOP; n /= 2)
        rounds++;
    return rounds;
}

static cs_status share_out(ipa *a) {
    cs_session *s = a->s;
    const int ranks = s->comm->size;
    cs_buffer *hands = CS_NEW(cs_buffer, (size_t)ranks);
    cs_status status = hands != NULL ? CS_OK : CS_ERR_MEMORY;
    for (int i = 1; status == CS_OK && i < ranks; i++)
        append_share(&hands[i], a->f, a->size, range_of(ranks, i));
    if (status == CS_OK)
        status = cs_session_ask_help(s, hands, a->f, a->size, count_rounds(a->size));
    for (int i = 0; hands != NULL && i < ranks; i++)
        cs_buffer_free(&hands[i]);
    cs_free(hands);
    return status;
}

static cs_status help(cs_session *s, size_t n, cs_ipa_share *share) {
    cs_buffer hand = {0};
    const range r = range_of(s->comm->size, s->comm->rank);
    cs_status status = cs_ipa_share_new(share, n, r.first, r.count, true);
    if (status == CS_OK)
        status = cs_session_offer_help(s, &hand);
    if (status == CS_OK)
        status = load_share(share, &hand);
    cs_buffer_free(&hand);
#ifdef CS_TAMPER
    if (status == CS_OK && s->attack && s->attack->answer)
        s->attack->answer(s->attack->context, s->comm->rank, CS_LABEL_IPA_BASE, share->f, share->n);
#endif
    for (size_t size = n; status == CS_OK && size > CS_IPA_STOP; size /= 2) {
        cs_g1_affine sums[2];
        cs_fr c;
        CS_TRY(cs_ipa_share_sums(share, sums));
        CS_TRY(cs_session_give_help(s, sums, &c));
        cs_ipa_share_halve(share, c, cs_fr_inv(c));
    }
    return status;
}

cs_status cs_ipa_help(cs_session *s, size_t n) {
    cs_ipa_share share = {0};
    const cs_status status = n > CS_IPA_STOP ? help(s, n, &share) : CS_OK;
    cs_ipa_share_free(&share);
    return status;
}

static bool is_same(cs_g1_affine a, cs_g1_affine b) {
    uint8_t x[32], y[32];
    cs_g1_encode(x, a);
    cs_g1_encode(y, b);
    return memcmp(x, y, sizeof x) == 0;
}

static cs_status work_again(const cs_record *record, int rank, bool *right) {
    const cs_help *h = &record->help;
    const size_t n = h->size;
    cs_ipa_share share = {0};
    const range r = range_of(record->n_ranks, rank);
    cs_status status = cs_ipa_share_new(&share, n, r.first, r.count, true);
    *right = true;
    for (size_t k = 0; status == CS_OK && k < share.n; k++)
        share.f[k] = h->f[cs_ipa_share_at(r.first, r.count, k)];
    for (size_t round = 0; status == CS_OK && *right && round < h->rounds; round++) {
        cs_g1_affine sums[2];
        status = cs_ipa_share_sums(&share, sums);
        const cs_g1_affine *given = h->parts + 2 * (round * (size_t)record->n_ranks + (size_t)rank);
        *right = status == CS_OK && is_same(sums[0], given[0]) && is_same(sums[1], given[1]);
        cs_ipa_share_halve(&share, h->challenges[round], cs_fr_inv(h->challenges[round]));
    }
    cs_ipa_share_free(&share);
    return status;
}

cs_status cs_ipa_judge(const cs_record *record, cs_judge *j) {
    for (size_t k = 0; k < j->n; k++)
        if (j->ranks[k].offence != CS_OFFENCE_NONE)
            return CS_OK;
    for (size_t k = 0; k < j->n && record->help.rounds > 0; k++) {
        bool right = true;
        if (j->ranks[k].rank != 0)
            CS_TRY(work_again(record, j->ranks[k].rank, &right));
        if (!right)
            cs_judge_find(&j->ranks[k], CS_OFFENCE_HELP, CS_LABEL_IPA_ROUND);
    }
    return CS_OK;
}

cs_status cs_ipa_run(cs_session *s, cs_fr *f, cs_fr *right, size_t n, cs_fr value) {
    ipa a = {
        .s = s, .n = n, .size = n, .f = f, .right = right, .helped = cs_proving(s) && s->comm->size > 1 && n > CS_IPA_STOP};
    cs_status status = CS_OK;
    if (!a.helped) {
        status = cs_ipa_share_new(&a.share, n, 0, cs_proving(s) ? CS_IPA_STOP : 1, cs_proving(s));
        if (status == CS_OK && cs_proving(s))
            memcpy(a.share.f, f, n * sizeof *f);
    } else {
        status = share_out(&a);
    }
    a.base = cs_session_challenge(s, CS_LABEL_IPA_BASE);
    while (status == CS_OK && a.size > CS_IPA_STOP)
        status = halve(&a);
    if (status == CS_OK)
        status = finish(&a, value);
    cs_ipa_share_free(&a.share);
    return status;
}
