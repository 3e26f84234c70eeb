/* Contributions to the seed: everybody gets the same, and whoever opens something else is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "attest/contributions.h"
#include "attest/exchange.h"
#include "comm/threads.h"

enum { RANKS = 3, HANG_SECONDS = 20 };

/* How a rank misbehaves. */
typedef enum cheat { HONEST, OTHER_OPENING, COPY, ROOT_CHANGES_COMMITMENT, ROOT_CHANGES_OPENING, SHORT } cheat;

typedef struct member {
    cheat cheat;
    int victim; /* of a dishonest root */
    uint8_t all[RANKS][CS_CONTRIBUTION_SIZE];
} member;

/* By hand, as a program other than ours would: what is committed to and what is opened need not belong together. */
static cs_status open_other(cs_comm *comm, const cs_keyring *keys, const member *m) {
    uint8_t mine[CS_CONTRIBUTION_SIZE] = {1, 2, 3}, commitment[32];
    cs_buffer all = {0};
    cs_contribution_commit(commitment, keys, comm->rank, mine);
    cs_status status = cs_exchange(comm, CS_TAG_CONTRIBUTION_COMMIT, commitment, 32, &all, "x");
    mine[31] ^= 1;
    if (status == CS_OK)
        status = cs_exchange(comm, CS_TAG_CONTRIBUTION_OPEN, mine, m->cheat == SHORT ? 31 : 32, &all, "x");
    cs_buffer_free(&all);
    return status;
}

/* Repeats the commitment of rank 0, which it has seen as the root's partner, and later its opening. */
static cs_status open_copy(cs_comm *comm) {
    cs_buffer all = {0};
    uint8_t copied[32] = {0};
    cs_status status = cs_exchange(comm, CS_TAG_CONTRIBUTION_COMMIT, copied, 32, &all, "x");
    if (status == CS_OK)
        status = cs_exchange(comm, CS_TAG_CONTRIBUTION_OPEN, copied, 32, &all, "x");
    cs_buffer_free(&all);
    return status;
}

static const cs_comm_ops *below;
static int exchanges;
static const member *root;

/* The root's replies: the first is that of the commitments, the second that of the openings. */
static cs_status change_reply(cs_comm *c, const void *data, size_t size) {
    cs_buffer frame = {0};
    cs_buffer_append(&frame, data, size);
    const int wanted = root->cheat == ROOT_CHANGES_COMMITMENT ? 0 : 1;
    if (exchanges++ == wanted)
        frame.data[frame.size - (size_t)(RANKS - root->victim) * 32] ^= 1;
    const cs_status status = below->to_all(c, frame.data, frame.size);
    cs_buffer_free(&frame);
    return status;
}

static cs_status run(cs_comm *comm, void *arg) {
    member *m = arg;
    cs_identity me;
    cs_keyring keys = {0};
    static const uint8_t job[32] = {1};
    cs_comm_ops ops;
    cs_status status = cs_identity_generate(&me);
    if (status == CS_OK)
        status = cs_handshake(comm, &me, NULL, job, &keys);
    if (m->cheat == ROOT_CHANGES_COMMITMENT || m->cheat == ROOT_CHANGES_OPENING) {
        below = comm->ops;
        ops = *comm->ops;
        ops.to_all = change_reply;
        comm->ops = &ops;
        exchanges = 0;
        root = m;
    }
    if (status == CS_OK)
        status = m->cheat == OTHER_OPENING || m->cheat == SHORT ? open_other(comm, &keys, m)
                 : m->cheat == COPY                             ? open_copy(comm)
                                                                : cs_contributions_exchange(m->all, comm, &keys);
    cs_keyring_free(&keys);
    cs_identity_wipe(&me);
    return cs_comm_raise(comm, status);
}

static void run_all(member *members, cs_comm_outcome *outcomes) {
    void *args[RANKS];
    for (int i = 0; i < RANKS; i++)
        args[i] = &members[i];
    alarm(HANG_SECONDS);
    (void)cs_comm_run_threads(RANKS, run, args, outcomes);
    alarm(0);
}

static void all_have_the_same(void **state) {
    (void)state;
    member first[RANKS] = {0}, second[RANKS] = {0};
    cs_comm_outcome outcomes[RANKS];
    run_all(first, outcomes);
    for (int i = 0; i < RANKS; i++) {
        assert_int_equal(outcomes[i].status, CS_OK);
        assert_memory_equal(first[i].all, first[0].all, sizeof first[0].all);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(first[0].all[i], first[0].all[j], CS_CONTRIBUTION_SIZE);
    }
    run_all(second, outcomes);
    assert_memory_not_equal(first[0].all[1], second[0].all[1], CS_CONTRIBUTION_SIZE);
}

static void expect(const cs_comm_outcome *o, cs_status status, const char *says) {
    if (o->status != status || strstr(o->text, says) == NULL)
        fail_msg("status %d: %s", (int)o->status, o->text);
}

static void another_opening_names_the_rank(void **state) {
    (void)state;
    for (int cheater = 0; cheater < RANKS; cheater++) {
        member members[RANKS] = {0};
        cs_comm_outcome outcomes[RANKS];
        char name[32];
        members[cheater].cheat = OTHER_OPENING;
        snprintf(name, sizeof name, "rank %d opened another", cheater);
        run_all(members, outcomes);
        for (int i = 0; i < RANKS; i++)
            if (i != cheater)
                expect(&outcomes[i], CS_ERR_ABORT, name);
    }
}

static void a_foreign_commitment_cannot_be_opened(void **state) {
    (void)state;
    member members[RANKS] = {0};
    cs_comm_outcome outcomes[RANKS];
    members[2].cheat = COPY;
    run_all(members, outcomes);
    expect(&outcomes[0], CS_ERR_ABORT, "rank 2 opened another");
}

static void parts_of_another_length_are_refused(void **state) {
    (void)state;
    member members[RANKS] = {0};
    cs_comm_outcome outcomes[RANKS];
    members[1].cheat = SHORT;
    run_all(members, outcomes);
    expect(&outcomes[0], CS_ERR_ABORT, "rank 1 sent 31 bytes");
}

static void a_root_that_changes_parts_is_noticed(void **state) {
    (void)state;
    for (cheat c = ROOT_CHANGES_COMMITMENT; c <= ROOT_CHANGES_OPENING; c++) {
        member members[RANKS] = {0};
        cs_comm_outcome outcomes[RANKS];
        members[0].cheat = c;
        members[0].victim = 1;
        run_all(members, outcomes);
        expect(&outcomes[1], CS_ERR_ABORT, "the root changed this rank's part");
        if (c == ROOT_CHANGES_OPENING)
            expect(&outcomes[2], CS_ERR_ABORT, "rank 1 opened another");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_have_the_same),
        cmocka_unit_test(another_opening_names_the_rank),
        cmocka_unit_test(a_foreign_commitment_cannot_be_opened),
        cmocka_unit_test(parts_of_another_length_are_refused),
        cmocka_unit_test(a_root_that_changes_parts_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
