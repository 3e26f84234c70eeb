/* The handshake with honest ranks, wrong keys and a network that changes what it carries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "comm/threads.h"
#include "session/keys.h"

enum { MAX_RANKS = 5, HANG_SECONDS = 60 };

/* Where things lie in the frames of the handshake: a header, then one entry per rank. */
enum { HEADER = 20, VERSION = 0, JOB = 32, PUBLIC = 64, EPHEMERAL = 96, NONCE = 128, AES = 160, ENTRY = 161, SEALED = 48 };

/* One rank's part, and what the network does to it: in frame number `frame` (0, 1, …) that arrives from the root, the bytes
 * at `at` become `bytes` (or are flipped if `bytes` is NULL). */
typedef struct part {
    cs_identity me;
    bool no_aes;
    uint8_t job[32];
    const uint8_t (*members)[CS_KEY_SIZE];
    cs_keyring keys;
    bool changed, change_sent;
    int frame, seen;
    size_t at;
    const uint8_t *bytes; /* [32] */
    const cs_comm_ops *below;
} part;

static _Thread_local part *current;

static void change(part *p, cs_buffer *frame) {
    if (p->at >= frame->size)
        return;
    if (p->bytes != NULL)
        memcpy(frame->data + p->at, p->bytes, p->at + 32 <= frame->size ? 32 : frame->size - p->at);
    else
        frame->data[p->at] ^= 1;
}

static cs_status changed_from_root(cs_comm *c, cs_buffer *out) {
    const cs_status status = current->below->from_root(c, out);
    if (status == CS_OK && current->seen++ == current->frame)
        change(current, out);
    return status;
}

static cs_status changed_to_root(cs_comm *c, const void *data, size_t size) {
    cs_buffer frame = {0};
    cs_buffer_append(&frame, data, size);
    if (current->seen++ == current->frame)
        change(current, &frame);
    const cs_status status = current->below->to_root(c, frame.data, frame.size);
    cs_buffer_free(&frame);
    return status;
}

static cs_status shake(cs_comm *c, void *arg) {
    part *p = arg;
    current = p;
    p->below = c->ops;
    cs_comm_ops ops = *c->ops;
    if (p->changed)
        ops.from_root = changed_from_root;
    if (p->change_sent)
        ops.to_root = changed_to_root;
    c->ops = &ops;
    const cs_status status = cs_handshake_with(c, &p->me, p->members, p->job, !p->no_aes, &p->keys);
    c->ops = p->below;
    return status;
}

static void make_parts(part *parts, int size) {
    for (int i = 0; i < size; i++) {
        parts[i] = (part){.job = {1, 2, 3}};
        assert_int_equal(cs_identity_generate(&parts[i].me), CS_OK);
    }
}

static void pin(part *parts, int size, uint8_t (*members)[CS_KEY_SIZE]) {
    for (int i = 0; i < size; i++) {
        memcpy(members[i], parts[i].me.public_key, CS_KEY_SIZE);
        parts[i].members = (const uint8_t(*)[CS_KEY_SIZE])members;
    }
}

static void shake_all(part *parts, int size, cs_comm_outcome *outcomes) {
    void *args[MAX_RANKS];
    for (int i = 0; i < size; i++)
        args[i] = &parts[i];
    alarm(HANG_SECONDS);
    (void)cs_comm_run_threads(size, shake, args, outcomes);
    alarm(0);
}

static void free_parts(part *parts, int size) {
    for (int i = 0; i < size; i++) {
        cs_keyring_free(&parts[i].keys);
        cs_identity_wipe(&parts[i].me);
    }
}

static void check_agreement(const part *parts, int size) {
    static const uint8_t zero[32];
    for (int i = 0; i < size; i++) {
        const cs_keyring *a = &parts[i].keys;
        assert_int_equal(a->rank, i);
        assert_int_equal(a->size, size);
        assert_memory_equal(a->nonce, parts[0].keys.nonce, 32);
        assert_memory_equal(a->common_seed, parts[0].keys.common_seed, 32);
        assert_memory_equal(a->seeds[i], zero, 32);
        for (int j = 0; j < size; j++)
            assert_memory_equal(a->members[j], parts[j].me.public_key, CS_KEY_SIZE);
        for (int j = 0; j < i; j++) {
            assert_memory_equal(a->seeds[j], parts[j].keys.seeds[i], 32);
            assert_memory_not_equal(a->seeds[j], zero, 32);
            for (int k = 0; k < j; k++)
                assert_memory_not_equal(a->seeds[j], a->seeds[k], 32);
        }
    }
    assert_memory_not_equal(parts[0].keys.common_seed, zero, 32);
}

static void honest_ranks_agree(void **state) {
    (void)state;
    for (int size = 1; size <= MAX_RANKS; size++)
        for (int pinned = 0; pinned < 2; pinned++) {
            part parts[MAX_RANKS];
            cs_comm_outcome outcomes[MAX_RANKS];
            uint8_t members[MAX_RANKS][CS_KEY_SIZE];
            make_parts(parts, size);
            if (pinned)
                pin(parts, size, members);
            shake_all(parts, size, outcomes);
            for (int i = 0; i < size; i++)
                assert_int_equal(outcomes[i].status, CS_OK);
            check_agreement(parts, size);
            free_parts(parts, size);
        }
}

static void a_pair_uses_aes_if_both_can(void **state) {
    (void)state;
    for (unsigned without = 0; without < 8; without++) {
        part parts[3];
        cs_comm_outcome outcomes[3];
        make_parts(parts, 3);
        for (int i = 0; i < 3; i++)
            parts[i].no_aes = without >> i & 1;
        shake_all(parts, 3, outcomes);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(outcomes[i].status, CS_OK);
            assert_int_equal(parts[i].keys.common_by_aes, without == 0);
            for (int j = 0; j < 3; j++)
                assert_int_equal(parts[i].keys.by_aes[j], !parts[i].no_aes && !parts[j].no_aes);
        }
        check_agreement(parts, 3);
        free_parts(parts, 3);
    }
}

static void every_run_is_fresh(void **state) {
    (void)state;
    part parts[2];
    cs_comm_outcome outcomes[2];
    uint8_t seed[32], nonce[32], common[32];
    make_parts(parts, 2);
    shake_all(parts, 2, outcomes);
    memcpy(seed, parts[0].keys.seeds[1], 32);
    memcpy(nonce, parts[0].keys.nonce, 32);
    memcpy(common, parts[0].keys.common_seed, 32);
    cs_keyring_free(&parts[0].keys);
    cs_keyring_free(&parts[1].keys);
    shake_all(parts, 2, outcomes);
    assert_memory_not_equal(seed, parts[0].keys.seeds[1], 32);
    assert_memory_not_equal(nonce, parts[0].keys.nonce, 32);
    assert_memory_not_equal(common, parts[0].keys.common_seed, 32);
    free_parts(parts, 2);
}

/* Runs 3 ranks; the status of each, and a text that `who` must give. Nothing is kept after a failure. */
static void expect(part parts[3], const cs_status statuses[3], int who, const char *text) {
    cs_comm_outcome outcomes[3];
    shake_all(parts, 3, outcomes);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(outcomes[i].status, statuses[i]);
        assert_null(parts[i].keys.seeds);
    }
    assert_non_null(strstr(outcomes[who].text, text));
    free_parts(parts, 3);
}

static const cs_status all_input[3] = {CS_ERR_INPUT, CS_ERR_INPUT, CS_ERR_INPUT};
static const cs_status second_aborts[3] = {CS_ERR_RANK, CS_ERR_ABORT, CS_ERR_RANK};

/* What is neither yes nor no. */
static void odd_answers_on_aes_are_refused(void **state) {
    (void)state;
    part parts[3];
    static const uint8_t bytes[32] = {2};
    make_parts(parts, 3);
    parts[1].changed = true;
    parts[1].at = HEADER + 2 * ENTRY + AES;
    parts[1].bytes = bytes;
    const cs_status statuses[3] = {CS_ERR_RANK, CS_ERR_INPUT, CS_ERR_RANK};
    expect(parts, statuses, 1, "rank 2 says neither yes nor no");
}

static void different_jobs_are_named(void **state) {
    (void)state;
    part parts[3];
    make_parts(parts, 3);
    parts[2].job[31] = 1;
    expect(parts, all_input, 0, "rank 2 has another job than rank 0");
}

static void different_versions_are_named(void **state) {
    (void)state;
    part parts[3];
    make_parts(parts, 3);
    parts[2].change_sent = true;
    parts[2].at = HEADER + VERSION + 4;
    const cs_status statuses[3] = {CS_ERR_INPUT, CS_ERR_INPUT, CS_ERR_ABORT}; /* rank 2 itself did not change its version */
    expect(parts, statuses, 1, "rank 2 runs another version");
}

static void wrong_member_keys_are_named(void **state) {
    (void)state;
    part parts[3];
    uint8_t members[3][CS_KEY_SIZE];
    make_parts(parts, 3);
    pin(parts, 3, members);
    assert_int_equal(cs_identity_generate(&parts[1].me), CS_OK);
    expect(parts, all_input, 0, "rank 1 does not have the key");
}

static void a_shared_key_is_named(void **state) {
    (void)state;
    part parts[3];
    make_parts(parts, 3);
    parts[2].me = parts[0].me;
    expect(parts, all_input, 1, "ranks 0 and 2 use the same key");
}

/* The list of members reaches rank 1 changed, in every field, of its own entry and of the others'. */
static void changed_lists_are_noticed(void **state) {
    (void)state;
    static const size_t fields[] = {PUBLIC + 3, EPHEMERAL + 3, NONCE + 3, AES};
    for (size_t who = 0; who < 3; who++)
        for (size_t f = 0; f < 4; f++)
            for (int pinned = 0; pinned < 2; pinned++) {
                part parts[3];
                uint8_t members[3][CS_KEY_SIZE];
                make_parts(parts, 3);
                if (pinned)
                    pin(parts, 3, members);
                parts[1].changed = true;
                parts[1].at = HEADER + who * ENTRY + fields[f];
                cs_status statuses[3] = {CS_ERR_RANK, CS_ERR_ABORT, CS_ERR_RANK};
                const bool listed = pinned && fields[f] == PUBLIC + 3 && who != 1;
                if (listed)
                    statuses[1] = CS_ERR_INPUT;
                expect(parts, statuses, 1, listed ? "key that the job lists" : who == 1 ? "another entry" : "authenticate");
            }
}

static void changed_common_seeds_are_noticed(void **state) {
    (void)state;
    for (size_t k = 0; k < SEALED; k += 5) {
        part parts[3];
        make_parts(parts, 3);
        parts[1].changed = true;
        parts[1].frame = 1;
        parts[1].at = HEADER + k;
        expect(parts, second_aborts, 1, "authenticate");
    }
}

/* Ephemeral keys whose products everybody knows; libsodium's list is longer, all take the same path. */
static void low_order_keys_are_refused(void **state) {
    (void)state;
    static const uint8_t points[3][32] = {
        {0},
        {1},
        {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
         0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    };
    for (size_t k = 0; k < 3; k++)
        for (size_t field = PUBLIC; field <= EPHEMERAL; field += 32) {
            part parts[3];
            make_parts(parts, 3);
            parts[1].changed = true;
            parts[1].at = HEADER + 2 * ENTRY + field;
            parts[1].bytes = points[k];
            expect(parts, second_aborts, 1, "rank 2 is of low order");
        }
}

/* Wherever memory ends, all ranks leave. */
static void lack_of_memory_ends_it(void **state) {
    (void)state;
    int failed = 0;
    for (size_t limit = 0; limit < 30000; limit += 701) {
        part parts[3];
        cs_comm_outcome outcomes[3];
        make_parts(parts, 3);
        cs_memory_limit(limit);
        shake_all(parts, 3, outcomes);
        cs_memory_limit(SIZE_MAX);
        failed += parts[0].keys.seeds == NULL;
        free_parts(parts, 3);
        assert_int_equal(cs_memory_live(), 0);
    }
    assert_true(failed > 5);
}

static int start_sodium(void **state) {
    (void)state;
    return sodium_init() < 0;
}

static int nothing_leaks(void **state) {
    (void)state;
    return cs_memory_live() == 0 ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(honest_ranks_agree, nothing_leaks),
        cmocka_unit_test_teardown(every_run_is_fresh, nothing_leaks),
        cmocka_unit_test_teardown(a_pair_uses_aes_if_both_can, nothing_leaks),
        cmocka_unit_test_teardown(odd_answers_on_aes_are_refused, nothing_leaks),
        cmocka_unit_test_teardown(different_jobs_are_named, nothing_leaks),
        cmocka_unit_test_teardown(different_versions_are_named, nothing_leaks),
        cmocka_unit_test_teardown(wrong_member_keys_are_named, nothing_leaks),
        cmocka_unit_test_teardown(a_shared_key_is_named, nothing_leaks),
        cmocka_unit_test_teardown(changed_lists_are_noticed, nothing_leaks),
        cmocka_unit_test_teardown(changed_common_seeds_are_noticed, nothing_leaks),
        cmocka_unit_test_teardown(low_order_keys_are_refused, nothing_leaks),
        cmocka_unit_test_teardown(lack_of_memory_ends_it, nothing_leaks),
    };
    return cmocka_run_group_tests(tests, start_sodium, NULL);
}
