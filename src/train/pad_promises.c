/* Before the first step every rank commits to the keys of its pads with every other (session/pad_keys.h), so that later it
 * can be shown which pads they were (docs/protocol.md, 6.12). What leaves a rank here is a hash tree's root a pair, which
 * both of the pair know, and a signature. */
#include <string.h>

#include "base/memory.h"
#include "session/attack.h"
#include "session/pad_words.h"
#include "train/sent_sums.h"

static size_t promise_size(const cs_sent_sums *s) {
    return 32 * (size_t)s->size + CS_SENT_SIGNATURE_SIZE;
}

static cs_sums_speaker speaker_of(const cs_sent_sums *s, int rank) {
    cs_sums_speaker who = s->speaker;
    who.rank = rank;
    return who;
}

/* This rank's roots, and its signature; zeros without identities. */
static cs_status promise(const cs_sent_sums *s, const cs_pads *pads, cs_buffer *out) {
    const cs_sums_speaker me = speaker_of(s, s->rank);
    CS_TRY(cs_buffer_resize(out, promise_size(s)));
    uint8_t(*roots)[32] = (uint8_t(*)[32])out->data;
    memset(out->data, 0, out->size);
    for (int peer = 0; peer < s->size; peer++)
        cs_pads_key_root(pads, peer, roots[peer]);
#ifdef CS_TAMPER
    if (s->attack && s->attack->roots)
        s->attack->roots(s->attack->context, s->rank, roots, s->size);
#endif
    if (s->who.secret != NULL)
        cs_pad_roots_sign(out->data + 32 * (size_t)s->size, &me, (const uint8_t(*)[32])roots, s->size, s->who.secret);
    return CS_OK;
}

static cs_status check_promise(const cs_sent_sums *s, int rank) {
    const cs_sums_speaker who = speaker_of(s, rank);
    if (s->who.secret != NULL && !cs_pad_roots_check(cs_sent_sums_roots_signature(s, rank), &who,
                                                     cs_sent_sums_roots(s, rank), s->size, s->who.keys[rank]))
        return cs_fail(
            CS_ERR_ABORT,
            "rank %d has not signed which keys its pads have, or rank 0 changed it or shows ranks different statements",
            rank);
    for (int k = 0; k < rank; k++)
        if (memcmp(cs_sent_sums_roots(s, rank)[k], cs_sent_sums_roots(s, k)[rank], 32) != 0)
            return cs_fail(CS_ERR_ABORT, "ranks %d and %d do not say the same of the keys of their pads: one of them lies%s",
                           k, rank, s->who.secret != NULL ? "" : ", or rank 0, which passes it on");
    return CS_OK;
}

static cs_status check_promises(const cs_sent_sums *s, const cs_buffer *mine) {
    if (memcmp(cs_sent_sums_roots(s, s->rank), mine->data, promise_size(s)) != 0)
        return cs_fail(CS_ERR_ABORT, "rank 0 shows other keys of pads than this rank committed to");
    for (int rank = 0; rank < s->size; rank++)
        CS_TRY(check_promise(s, rank));
    return CS_OK;
}

const uint8_t (*cs_sent_sums_roots(const cs_sent_sums *s, int rank))[32] {
    return (const uint8_t(*)[32])(s->promises.data + promise_size(s) * (size_t)rank);
}

const uint8_t *cs_sent_sums_roots_signature(const cs_sent_sums *s, int rank) {
    return s->promises.data + promise_size(s) * (size_t)rank + 32 * (size_t)s->size;
}

cs_status cs_sent_sums_promise(cs_sent_sums *s, cs_comm *comm, cs_pads *pads) {
    cs_buffer mine = {0};
    cs_pads_set_steps(pads, s->first, s->room + s->tables);
    cs_status status = cs_comm_raise(comm, promise(s, pads, &mine));
    if (status == CS_OK)
        status = cs_sent_sums_exchange(s, comm, CS_LABEL_PAD_KEYS, &mine, &s->promises);
    if (status == CS_OK) {
        cs_pads_receive(pads, CS_LABEL_PAD_KEYS, s->promises.data, s->promises.size);
        status = cs_comm_raise(comm, check_promises(s, &mine));
    }
    cs_buffer_free(&mine);
    return status;
}
