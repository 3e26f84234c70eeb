#include "session/session.h"
#include "base/memory.h"
#include "session/wire.h"
#include <string.h>

cs_status cs_session_prove(cs_session *s, cs_comm *comm, const cs_keyring *keys, cs_pads *pads, const uint8_t digest[32],
                           size_t ledger_width, cs_buffer *proof) {
    *s = (cs_session){.role = CS_PROVE,
                      .rank = cs_comm_holder_of(comm, comm->rank),
                      .n_ranks = cs_comm_holders(comm),
                      .comm = comm,
                      .keys = keys,
                      .pads = pads,
                      .proof = proof};
    memcpy(s->digest, digest, 32);
    cs_transcript_init(&s->transcript, digest);
    cs_sent_begin(&s->sent, keys ? keys->nonce : (const uint8_t[32]){0}, digest, s->rank);
    CS_TRY(cs_ledger_init(&s->ledger, ledger_width, s->n_ranks));
    return cs_committer_new(&s->member.committer, ledger_width);
}

cs_status cs_session_verify(cs_session *s, int n_ranks, const uint8_t digest[32], size_t ledger_width, const uint8_t *proof,
                            size_t size) {
    *s = (cs_session){.role = CS_VERIFY, .rank = -1, .n_ranks = n_ranks, .in = proof, .in_size = size};
    memcpy(s->digest, digest, 32);
    cs_transcript_init(&s->transcript, digest);
    return cs_ledger_init(&s->ledger, ledger_width, n_ranks);
}

void cs_session_free(cs_session *s) {
    cs_ledger_free(&s->ledger);
    cs_free(s->member.known);
    cs_free(s->member.carried);
    cs_free(s->member.blindings);
    cs_committer_free(s->member.committer);
    cs_deferred_free(&s->deferred);
    *s = (cs_session){0};
}

cs_status cs_session_fail(cs_session *s, cs_status status) {
    if (status == CS_OK || status == CS_ERR_RANK || !cs_proving(s) || s->alone)
        return status;
    return cs_comm_raise(s->comm, status);
}

cs_fr cs_session_challenge(cs_session *s, cs_label label) {
    return cs_transcript_challenge(&s->transcript, label);
}

void cs_session_challenges(cs_session *s, cs_label label, cs_fr *out, size_t n) {
    for (size_t k = 0; k < n; k++)
        out[k] = cs_session_challenge(s, label);
}

void cs_session_rank_weights(cs_session *s, cs_label label, cs_fr *omega) {
    const cs_fr x = cs_session_challenge(s, label);
    cs_fr power = x;
    for (int i = 0; i < s->n_ranks; i++) {
        omega[i] = power;
        power = cs_fr_mul(power, x);
    }
}

cs_status cs_session_send(cs_session *s, cs_label label, const cs_kind *kinds, const cs_fr *values, size_t n,
                          cs_var *first) {
    *first = (cs_var)s->ledger.n_vars;
    if (n == 0)
        return CS_OK;
#ifdef CS_TAMPER
    cs_fr *changed = NULL;
    if (cs_holds(s) && s->attack && s->attack->message) {
        changed = CS_NEW(cs_fr, n);
        if (!changed)
            return cs_session_fail(s, CS_ERR_MEMORY);
        memcpy(changed, values, n * sizeof *changed);
        s->attack->message(s->attack->context, s->comm->rank, label, s->attack->occurrences[label]++, changed, n);
        values = changed;
    }
#endif
    const size_t rows = cs_ledger_message_rows(&s->ledger, kinds, n);
    cs_g1_affine *mine = CS_NEW(cs_g1_affine, rows), *sum = CS_NEW(cs_g1_affine, rows);
    bool *common = CS_NEW(bool, rows);
    cs_status status = mine && sum && common ? CS_OK : cs_session_fail(s, CS_ERR_MEMORY);
    if (status == CS_OK && cs_proving(s))
        status = cs_session_fail(s, cs_member_commit(s, kinds, values, n, mine, common));
    if (status == CS_OK)
        status = cs_session_sum_points(s, label, mine, common, rows, sum);
    if (status == CS_OK && s->judge)
        status = cs_judge_rows(s->judge, label, s->ledger.n_rows, rows);
    if (status == CS_OK)
        status = cs_session_fail(s, cs_ledger_add_message(&s->ledger, kinds, n, sum, first));
    s->messages++;
    cs_free(mine);
    cs_free(sum);
    cs_free(common);
#ifdef CS_TAMPER
    cs_free(changed);
#endif
    return status;
}

cs_status cs_session_send_shared(cs_session *s, cs_label label, const cs_fr *values, size_t n, cs_var *first) {
    cs_kind *kinds = CS_NEW(cs_kind, n);
    if (!kinds)
        return cs_session_fail(s, CS_ERR_MEMORY);
    for (size_t k = 0; k < n; k++)
        kinds[k] = CS_SHARED;
    const cs_status status = cs_session_send(s, label, kinds, values, n, first);
    cs_free(kinds);
    return status;
}

cs_status cs_session_send_own(cs_session *s, cs_label label, const cs_fr *mine, size_t per_rank, const cs_fr *common,
                              size_t n_common, cs_var *first) {
    const size_t n = per_rank * (size_t)s->n_ranks + n_common;
    cs_kind *kinds = CS_NEW(cs_kind, n);
    cs_fr *values = CS_NEW(cs_fr, n);
    cs_status status = kinds && values ? CS_OK : cs_session_fail(s, CS_ERR_MEMORY);
    if (status == CS_OK) {
        for (size_t k = 0; k < n; k++)
            kinds[k] = k < n - n_common ? CS_OWN(k / per_rank) : CS_COMMON;
        if (cs_holds(s)) {
            for (size_t k = 0; k < per_rank; k++)
                values[per_rank * (size_t)s->rank + k] = mine[k];
            for (size_t k = 0; k < n_common; k++)
                values[n - n_common + k] = common[k];
        }
        status = cs_session_send(s, label, kinds, values, n, first);
    }
    cs_free(kinds);
    cs_free(values);
    return status;
}

cs_status cs_session_zero_share(cs_session *s, cs_label label, cs_fr *out) {
    *out = CS_FR_ZERO;
    return cs_pads_zero_share_of_all(s->pads, label, 0, s->digest, s->transcript.state, out);
}

cs_status cs_session_finish(cs_session *s) {
    if (cs_proving(s))
        return CS_OK;
    if (s->in_pos != s->in_size)
        return cs_fail(CS_ERR_INPUT, "proof: %zu bytes too many", s->in_size - s->in_pos);
    return s->later != NULL ? cs_deferred_merge(s->later, &s->deferred) : cs_deferred_check(&s->deferred);
}
