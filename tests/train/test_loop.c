/* Joint training of several ranks as threads: the sum under pads, failures, dishonest networks. */
#include "train/job.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "comm/threads.h"
#include "train/loop.h"

/* What rank i does wrong. */
typedef struct member {
    job *j;
    uint8_t digest[32];
    size_t progress;
    cs_comm_ops ops;                                            /* with a fault */
    cs_status (*receive)(cs_comm *c, int rank, cs_buffer *out); /* the true one */
    size_t shown, fault_at;                                     /* the shown sums that are changed; 0: none */
    cs_sent_sums sums;
    bool keeps; /* what a wrong gradient can be found by */
    bool signs; /* and signs it */
    uint8_t secret[64];
    /* The last rank shows rank 1 other sums in this step, from 1, and signs two chains from there on; 0: it does not. Or it
     * signs one only. */
    size_t twice_at, unsigned_at;
    bool says_so;                                                           /* says that it showed them */
    cs_transcript other;                                                    /* the second chain */
    cs_status (*send)(cs_comm *c, int rank, const void *data, size_t size); /* the true one */
    cs_status (*to_root)(cs_comm *c, const void *data, size_t size);        /* likewise */
    cs_status (*from_root)(cs_comm *c, cs_buffer *out);
    cs_pads *pads;
    size_t promise_at,
        own_promise_at;   /* byte, from 1, of what all commit to, that is changed on its way; of what it sends */
    bool fault_at_top;    /* in the last number, out of its bound; else by one in the first */
    bool spoils_checks;   /* takes wrong addends of the check of a narrow vector */
    size_t spoilt, again; /* how many; sums that were made once more */
} member;

static _Thread_local member *self;

enum { HEADER = 20, KIND = 4, ADDENDS = 5, SUMS = 6, STATES = 64, SIGNATURE = 64, PROMISE = 3 * 32 + SIGNATURE };

/* So short a gradient has one part only: that of the last rank. */
static cs_status changed_sums(cs_comm *c, int rank, cs_buffer *out) {
    CS_TRY(self->receive(c, rank, out));
    const size_t note = self->keeps ? STATES + (self->signs ? SIGNATURE : 0) : 0;
    if (out->size > HEADER + note && cs_load_u32(out->data + KIND) == SUMS && ++self->shown == self->fault_at)
        out->data[self->fault_at_top ? out->size - note - 1 : HEADER] ^= self->fault_at_top ? 0x40 : 1;
    return CS_OK;
}

/* The check has a part for itself here, of less than two numbers' bytes. */
static cs_status spoilt_check(cs_comm *c, int rank, cs_buffer *out) {
    CS_TRY(self->receive(c, rank, out));
    const bool addends = out->size > HEADER && cs_load_u32(out->data + KIND) == ADDENDS;
    if (rank == 0 && addends && out->size < HEADER + 16) {
        out->data[HEADER + 5] ^= 0x10;
        self->spoilt++;
    }
    return CS_OK;
}

/* The last rank's chain as it would be if it had shown this. */
static void sign_other(member *m, uint8_t *note, const uint8_t *sums, size_t size) {
    const cs_sent_sums *s = &m->sums;
    cs_sums_speaker who = s->speaker;
    cs_sums_word word = s->words[s->rank];
    who.rank = s->rank;
    if (s->made + 1 == m->twice_at)
        memcpy(m->other.state, word.before, 32);
    cs_sha256(word.shown, sums, size);
    memcpy(note + 32, word.shown, 32);
    cs_sums_addends(&m->other, &word);
    cs_sums_shown(&m->other, &word);
    cs_sums_sign(note + STATES, &who, s->made + 1, m->other.state, s->who.secret);
}

/* A frame with which keys of pads one rank has, or all have. */
static bool is_promise(size_t size, size_t of) {
    return size == HEADER + of * PROMISE;
}

static cs_status changed_promises(cs_comm *c, cs_buffer *out) {
    CS_TRY(self->from_root(c, out));
    if (is_promise(out->size, 3))
        out->data[HEADER + self->promise_at - 1] ^= 1;
    return CS_OK;
}

static cs_status send_changed_promise(cs_comm *c, const void *data, size_t size) {
    uint8_t frame[512];
    assert_true(size <= sizeof frame || !is_promise(size, 1));
    if (!is_promise(size, 1))
        return self->to_root(c, data, size);
    memcpy(frame, data, size);
    frame[HEADER + self->own_promise_at - 1] ^= 1;
    return self->to_root(c, frame, size);
}

static cs_status show_twice(cs_comm *c, int rank, const void *data, size_t size) {
    uint8_t frame[512], plain[512];
    const size_t length = size - HEADER - STATES - SIGNATURE;
    const bool sums = size > HEADER + STATES + SIGNATURE && cs_load_u32((const uint8_t *)data + KIND) == SUMS;
    const size_t step = self->sums.made + 1;
    if (!sums || rank != 1 || (step != self->unsigned_at && (self->twice_at == 0 || step < self->twice_at)))
        return self->send(c, rank, data, size);
    assert_true(size <= sizeof frame);
    memcpy(frame, data, size);
    frame[HEADER] ^= step == self->unsigned_at || step == self->twice_at;
    memcpy(plain, frame + HEADER, length);
    cs_pads_mask_part(self->pads, CS_LABEL_GRADIENT, self->sums.made, 0, plain, length);
    if (self->says_so)
        cs_sha256(frame + size - SIGNATURE - 32, plain, length);
    if (self->twice_at > 0)
        sign_other(self, frame + HEADER + length, plain, length);
    return self->send(c, rank, frame, size);
}

static void count(void *context, const char *stage, double fraction) {
    member *m = context;
    m->progress += strcmp(stage, "training") == 0 && fraction > 0 && fraction <= 1;
}

static cs_status train(cs_comm *comm, void *arg) {
    member *m = arg;
    cs_identity me;
    cs_keyring keys = {0};
    cs_pads *pads = NULL;
    cs_trainer *trainer = m->j->trainers[comm->rank];
    const cs_progress progress = {.fn = count, .context = m};
    self = m;
    CS_TRY(cs_identity_generate(&me));
    CS_TRY(cs_handshake(comm, &me, NULL, JOB_SEED, &keys));
    if (m->fault_at > 0) {
        m->ops = *comm->ops;
        m->receive = comm->ops->receive;
        m->ops.receive = changed_sums;
        comm->ops = &m->ops;
    }
    if (m->spoils_checks) {
        m->ops = *comm->ops;
        m->receive = comm->ops->receive;
        m->ops.receive = spoilt_check;
        comm->ops = &m->ops;
    }
    if (m->promise_at > 0 || m->own_promise_at > 0) {
        m->ops = *comm->ops;
        m->from_root = comm->ops->from_root;
        m->to_root = comm->ops->to_root;
        if (m->promise_at > 0)
            m->ops.from_root = changed_promises;
        else
            m->ops.to_root = send_changed_promise;
        comm->ops = &m->ops;
    }
    if (m->twice_at > 0 || m->unsigned_at > 0) {
        m->ops = *comm->ops;
        m->send = comm->ops->send;
        m->ops.send = show_twice;
        comm->ops = &m->ops;
    }
    cs_status status = cs_pads_new(&pads, &keys);
    m->pads = pads;
    const uint64_t before = comm->stats.exchanges;
    if (status == CS_OK)
        status = cs_train_run(comm, pads, trainer, &m->j->p, m->digest, NULL, m->keeps ? &m->sums : NULL, NULL, &progress);
    m->again = (size_t)(comm->stats.exchanges - before) - m->progress - 1; /* the last one has no content */
    cs_pads_free(pads);
    cs_keyring_free(&keys);
    return status;
}

/* Runs all ranks of `j`; members[] say what is wrong. */
static cs_status run(job *j, member members[JOB_RANKS], cs_comm_outcome outcomes[JOB_RANKS]) {
    void *args[JOB_RANKS];
    for (size_t i = 0; i < JOB_RANKS; i++) {
        uint8_t seed[32] = {(uint8_t)i, 1}, public[32];
        if (members[i].j == NULL)
            members[i].j = j;
        args[i] = &members[i];
        crypto_sign_seed_keypair(public, members[i].secret, seed);
        members[i].sums.who.secret = members[i].signs ? members[i].secret : NULL;
        for (size_t k = 0; k < JOB_RANKS; k++)
            memcpy(members[k].sums.who.keys[i], public, sizeof public);
    }
    return cs_comm_run_threads(j->p.n_ranks, train, args, outcomes);
}

static void same_as_without_pads(void **state) {
    (void)state;
    for (int ranks = 1; ranks <= JOB_RANKS; ranks++) {
        job plain, padded;
        member members[JOB_RANKS] = {0};
        cs_comm_outcome outcomes[JOB_RANKS];
        job *const both[] = {&plain, &padded};
        for (size_t k = 0; k < 2; k++) {
            job_params(both[k]);
            both[k]->p.n_ranks = ranks;
            both[k]->p.rows[3] = 2;
            job_new(both[k]);
        }
        assert_int_equal(job_train(&plain), CS_OK);
        assert_int_equal(run(&padded, members, outcomes), CS_OK);
        for (size_t i = 0; i < (size_t)ranks; i++) {
            assert_true(job_same_models(cs_trainer_model(plain.trainers[0]), cs_trainer_model(padded.trainers[i])));
            assert_int_equal(members[i].progress, plain.p.steps);
        }
        job_free(&plain);
        job_free(&padded);
    }
    assert_int_equal(cs_memory_live(), 0);
}

/* A sum that does not fit, or whose check is wrong, is made once more in full, by all ranks, and nothing else changes. */
static void made_again(void **state) {
    (void)state;
    job plain, padded;
    member members[JOB_RANKS] = {0};
    cs_comm_outcome outcomes[JOB_RANKS];
    job *const both[] = {&plain, &padded};
    for (size_t k = 0; k < 2; k++) {
        job_params(both[k]);
        both[k]->p.steps = 20;
        job_new(both[k]);
    }
    members[2].spoils_checks = true;
    assert_int_equal(job_train(&plain), CS_OK);
    assert_int_equal(run(&padded, members, outcomes), CS_OK);
    assert_true(members[2].spoilt > 2);
    for (size_t i = 0; i < 3; i++) {
        assert_true(job_same_models(cs_trainer_model(plain.trainers[0]), cs_trainer_model(padded.trainers[i])));
        assert_int_equal(members[i].again, members[2].spoilt);
        assert_true(members[i].again < 10); /* of 20: then they are full for a while */
    }
    job_free(&plain);
    job_free(&padded);
    assert_int_equal(cs_memory_live(), 0);
}

/* One rank's failure in any step, the first and the last included, ends all. */
static void own_failure(void **state) {
    (void)state;
    for (size_t rank = 0; rank < 3; rank++)
        for (size_t step = 0; step < 5; step++) {
            job j;
            member members[JOB_RANKS] = {0};
            cs_comm_outcome outcomes[JOB_RANKS];
            job_params(&j);
            j.p.rows[rank] = 15; /* no record is drawn twice */
            job_new(&j);
            cs_tensor_set(&j.tensors[rank][0], (size_t)j.draws[rank][3 * step] << 2, 300);
            assert_int_equal(run(&j, members, outcomes), CS_ERR_RANGE);
            for (size_t i = 0; i < 3; i++)
                assert_int_equal(outcomes[i].status, i == rank ? CS_ERR_RANGE : CS_ERR_RANK);
            assert_non_null(strstr(outcomes[rank].text, "features"));
            job_free(&j);
        }
    assert_int_equal(cs_memory_live(), 0);
}

/* Ranks that believe in different statements get noise at once, and all of them notice. */
static void different_statements(void **state) {
    (void)state;
    job j;
    member members[JOB_RANKS] = {0};
    cs_comm_outcome outcomes[JOB_RANKS];
    job_params(&j);
    job_new(&j);
    members[2].digest[31] = 1;
    assert_int_equal(run(&j, members, outcomes), CS_ERR_ABORT);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(outcomes[i].status, CS_ERR_ABORT);
        assert_non_null(strstr(outcomes[i].text, "step 0, layer"));
    }
    job_free(&j);
}

/* A rank is shown another sum, off by one in one weight. If that was a full vector, the next sum is noise for everybody; the
 * check of a narrow one makes that rank, and nobody else, want it again. */
static void different_sums(void **state) {
    (void)state;
    for (size_t at = 1; at <= 4; at++) {
        job j;
        member members[JOB_RANKS] = {0};
        cs_comm_outcome outcomes[JOB_RANKS];
        char step[32];
        job_params(&j);
        job_new(&j);
        size_t said = 0;
        members[1].fault_at = at;
        snprintf(step, sizeof step, "step %zu, layer", at);
        (void)run(&j, members, outcomes);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(outcomes[i].status, at == 1 ? CS_ERR_ABORT : CS_ERR_RANK);
            said += strstr(outcomes[i].text, at == 1 ? step : "is at another step") != NULL;
        }
        assert_true(at == 1 ? said == 3 : said > 0);
        job_free(&j);
    }
}

/* Who is shown something else than is said to be shown refuses it, in whichever step that is. */
static void different_sums_kept(void **state) {
    (void)state;
    for (size_t at = 0; at <= 5; at++) {
        job j;
        member members[JOB_RANKS] = {0};
        cs_comm_outcome outcomes[JOB_RANKS];
        job_params(&j);
        job_new(&j);
        assert_int_equal(j.p.steps, 5);
        members[1].fault_at = at;
        for (size_t i = 0; i < 3; i++)
            members[i].keeps = true;
        assert_int_equal(run(&j, members, outcomes), at == 0 ? CS_OK : CS_ERR_ABORT);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(members[i].sums.made, at == 0 ? 5 : at - 1 + (i != 1));
            assert_int_equal(outcomes[i].status, at == 0 ? CS_OK : i == 1 ? CS_ERR_ABORT : CS_ERR_RANK);
            if (at > 0 && i == 1)
                assert_non_null(strstr(outcomes[1].text, "rank 2 says of the sums that it showed that they are others"));
            cs_sent_sums_free(&members[i].sums);
        }
        job_free(&j);
    }
    assert_int_equal(cs_memory_live(), 0);
}

/* Where ranks sign there is no such doubt: whoever signed two accounts of the same step is named, to all and with both. */
static void two_accounts(void **state) {
    (void)state;
    for (size_t at = 1; at <= 5; at++) {
        job j;
        member members[JOB_RANKS] = {0};
        cs_comm_outcome outcomes[JOB_RANKS];
        job_params(&j);
        job_new(&j);
        members[2].twice_at = at;
        for (size_t i = 0; i < 3; i++)
            members[i].keeps = members[i].signs = true;
        assert_int_equal(run(&j, members, outcomes), CS_ERR_ABORT);
        for (size_t i = 0; i < 3; i++) {
            const cs_sent_sums *s = &members[i].sums;
            assert_string_equal(outcomes[i].text, "rank 2 signed two different accounts of what it sent and showed");
            assert_int_equal(s->n_liars, 1);
            assert_true(s->liars[0].rank == 2 && s->liars[0].twice);
            cs_sums_speaker who = s->speaker;
            who.rank = 2;
            assert_memory_not_equal(s->liars[0].state[0], s->liars[0].state[1], 32);
            for (int k = 0; k < 2; k++)
                assert_true(cs_sums_check(s->liars[0].signature[k], &who, s->made, s->liars[0].state[k], s->who.keys[2]));
            cs_sent_sums_free(&members[i].sums);
        }
        job_free(&j);
    }
    assert_int_equal(cs_memory_live(), 0);
}

/* What a rank shows to one other only, without signing it: the one who gets it refuses it. */
static void not_signed(void **state) {
    (void)state;
    for (size_t at = 1; at <= 5; at++)
        for (size_t by_rank = 0; by_rank < 2; by_rank++) {
            job j;
            member members[JOB_RANKS] = {0};
            cs_comm_outcome outcomes[JOB_RANKS];
            job_params(&j);
            job_new(&j);
            members[2].unsigned_at = at;
            members[2].says_so = by_rank > 0;
            for (size_t i = 0; i < 3; i++)
                members[i].keeps = members[i].signs = true;
            assert_int_equal(run(&j, members, outcomes), CS_ERR_ABORT);
            assert_non_null(strstr(outcomes[1].text, members[2].says_so ? "rank 2 has not signed what it sent and showed"
                                                                        : "rank 2 says of the sums that it showed that"));
            assert_int_equal(outcomes[0].status, CS_ERR_RANK);
            for (size_t i = 0; i < 3; i++)
                cs_sent_sums_free(&members[i].sums);
            job_free(&j);
        }
    assert_int_equal(cs_memory_live(), 0);
}

/* Before the first sum all know to which keys of pads every pair commits, or nobody sends anything. */
static void keys_of_pads(void **state) {
    enum { RANK2 = 2 * PROMISE, OF_1 = 32 };
    static const struct {
        size_t shown, sent; /* on rank 1, by rank 2 */
        bool sign;
        const char *says; /* rank 1 */
    } CASES[] = {
        {1 + RANK2 + OF_1, 0, true, "rank 2 has not signed which keys its pads have, or rank 0 changed it"},
        {1 + RANK2 + OF_1, 0, false, "ranks 1 and 2 do not say the same of the keys of their pads: one of them lies, or"},
        {1 + RANK2 + 3 * 32, 0, true, "rank 2 has not signed"},
        {1 + OF_1 / 2, 0, true, "rank 0 has not signed"},
        {1 + PROMISE, 0, true, "rank 0 shows other keys of pads than this rank committed to"},
        {0, 1 + OF_1, true, "rank 2 has not signed"},
        {0, 1 + OF_1, false, "ranks 1 and 2 do not say the same"},
        {0, 1, false, "ranks 0 and 2 do not say the same"}};
    (void)state;
    for (size_t k = 0; k < sizeof CASES / sizeof *CASES; k++) {
        job j;
        member members[JOB_RANKS] = {0};
        cs_comm_outcome outcomes[JOB_RANKS];
        job_params(&j);
        job_new(&j);
        members[1].promise_at = CASES[k].shown;
        members[2].own_promise_at = CASES[k].sent;
        for (size_t i = 0; i < 3; i++) {
            members[i].keeps = true;
            members[i].signs = CASES[k].sign;
        }
        if (run(&j, members, outcomes) != CS_ERR_ABORT || strstr(outcomes[1].text, CASES[k].says) == NULL)
            fail_msg("%zu: %s", k, outcomes[1].text);
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(members[i].sums.made, 0);
            cs_sent_sums_free(&members[i].sums);
        }
        job_free(&j);
    }
    assert_int_equal(cs_memory_live(), 0);
}

/* Gradients that pads of 126 bits would not hide. */
static void too_large_to_hide(void **state) {
    (void)state;
    job j;
    const uint8_t digest[32] = {0};
    cs_sent_sums sums = {0};
    cs_comm comm;
    cs_comm_self(&comm);
    comm.size = 3;
    job_params(&j);
    assert_int_equal(cs_sent_sums_new(&sums, &comm, &j.p, digest, digest, 0, 64, 6), CS_OK);
    assert_int_equal(cs_sent_sums_new(&sums, &comm, &j.p, digest, digest, 0, SIZE_MAX, 6), CS_ERR_RANGE);
    assert_non_null(strstr(cs_error_text(), "--attributable"));
    cs_sent_sums_free(&sums);
}

/* Only the last update of one rank fails: the others still learn of it. */
static void last_update(void **state) {
    (void)state;
    for (size_t rank = 0; rank < 2; rank++) {
        job j;
        member members[JOB_RANKS] = {0};
        cs_comm_outcome outcomes[JOB_RANKS];
        job_params(&j);
        job_new(&j);
        members[rank].fault_at = j.p.steps;
        members[rank].fault_at_top = true;
        assert_int_equal(run(&j, members, outcomes), CS_ERR_RANK);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(outcomes[i].status, CS_ERR_RANK);
        job_free(&j);
    }
}

/* A rank whose model has another shape. */
static void different_shapes(void **state) {
    (void)state;
    job j, other;
    member members[JOB_RANKS] = {0};
    cs_comm_outcome outcomes[JOB_RANKS];
    job_params(&j);
    job_new(&j);
    job_params(&other);
    other.p.widths[1] = 4;
    job_new(&other);
    members[1].j = &other;
    assert_int_equal(run(&j, members, outcomes), CS_ERR_RANK);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(outcomes[i].status, CS_ERR_RANK);
    assert_non_null(strstr(outcomes[2].text, "rank 1 sent 93 bytes of a sum instead of 114"));
    job_free(&j);
    job_free(&other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_without_pads), cmocka_unit_test(own_failure),       cmocka_unit_test(different_statements),
        cmocka_unit_test(different_sums),       cmocka_unit_test(different_shapes),  cmocka_unit_test(last_update),
        cmocka_unit_test(different_sums_kept),  cmocka_unit_test(too_large_to_hide), cmocka_unit_test(keys_of_pads),
        cmocka_unit_test(two_accounts),         cmocka_unit_test(not_signed),        cmocka_unit_test(made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
