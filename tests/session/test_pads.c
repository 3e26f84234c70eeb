/* Pads cancel over ranks that have the same view, and only over those; the handshake that seeds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "comm/threads.h"
#include "session/pads.h"

enum { RANKS = 3, LENGTH = 5 };

static cs_keyring rings[RANKS];

typedef struct member {
    int rank;
    cs_identity me;
    const uint8_t (*pinned)[CS_KEY_SIZE];
    uint8_t job[32];
} member;

static cs_status handshake(cs_comm *comm, void *arg) {
    const member *m = arg;
    return cs_handshake(comm, &m->me, m->pinned, m->job, &rings[m->rank]);
}

static uint8_t pinned[RANKS][CS_KEY_SIZE];

static cs_status meet(member *members, cs_comm_outcome *outcomes) {
    void *args[RANKS];
    for (int i = 0; i < RANKS; i++)
        args[i] = &members[i];
    return cs_comm_run_threads(RANKS, handshake, args, outcomes);
}

static void introduce(member *members, bool pin) {
    for (int i = 0; i < RANKS; i++) {
        members[i] = (member){.rank = i, .pinned = pin ? (const uint8_t(*)[CS_KEY_SIZE])pinned : NULL};
        assert_int_equal(cs_identity_generate(&members[i].me), CS_OK);
        memcpy(pinned[i], members[i].me.public_key, CS_KEY_SIZE);
    }
}

static void forget(void) {
    for (int i = 0; i < RANKS; i++)
        cs_keyring_free(&rings[i]);
}

static int setup(void **state) {
    (void)state;
    member members[RANKS];
    introduce(members, true);
    return meet(members, NULL) == CS_OK ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    forget();
    return 0;
}

static void seeds_are_shared_in_pairs(void **state) {
    (void)state;
    for (int i = 0; i < RANKS; i++) {
        assert_memory_equal(rings[i].nonce, rings[0].nonce, 32);
        assert_memory_equal(rings[i].common_seed, rings[0].common_seed, 32);
        for (int j = 0; j < RANKS; j++)
            if (i != j)
                assert_memory_equal(rings[i].seeds[j], rings[j].seeds[i], 32);
    }
    assert_memory_not_equal(rings[0].seeds[1], rings[0].seeds[2], 32);
    assert_memory_not_equal(rings[0].seeds[1], rings[0].common_seed, 32);
}

/* How rank 1's view differs from the others'. */
typedef struct view {
    uint8_t digest[32], state[32];
    bool has_state;
    cs_label label;
    uint64_t index;
    const char *history;
} view;

/* Sum over the ranks of their pads, with the view of rank 1 as given. */
static cs_fr sum_of_pads(const view *common, const view *other) {
    cs_fr sum = CS_FR_ZERO;
    for (int i = 0; i < RANKS; i++) {
        const view *v = i == 1 ? other : common;
        cs_pads *pads;
        cs_fr values[LENGTH] = {CS_FR_ZERO};
        assert_int_equal(cs_pads_new(&pads, &rings[i]), CS_OK);
        if (v->history)
            cs_pads_receive(pads, CS_LABEL_GRADIENT, v->history, strlen(v->history));
        assert_int_equal(
            cs_pads_zero_shares_fr(pads, v->label, v->index, v->digest, v->has_state ? v->state : NULL, values, LENGTH),
            CS_OK);
        for (int k = 0; k < LENGTH; k++) {
            assert_false(cs_fr_is_zero(values[k]));
            sum = cs_fr_add(sum, cs_fr_mul(values[k], cs_fr_from_i64(k * k + 1)));
        }
        cs_pads_free(pads);
    }
    return sum;
}

static void pads_cancel_only_with_one_view(void **state) {
    (void)state;
    const view common = {
        .digest = {1}, .state = {2}, .has_state = true, .label = CS_LABEL_FORWARD_TABLE, .index = 3, .history = "sum"};
    assert_true(cs_fr_is_zero(sum_of_pads(&common, &common)));
    view other[6];
    for (int k = 0; k < 6; k++)
        other[k] = common;
    other[0].digest[31] ^= 1;
    other[1].state[0] ^= 1;
    other[2].has_state = false;
    other[3].label = CS_LABEL_BACKWARD_TABLE;
    other[4].index++;
    other[5].history = "another sum";
    for (int k = 0; k < 6; k++)
        assert_false(cs_fr_is_zero(sum_of_pads(&common, &other[k])));
}

static void integers_cancel_too(void **state) {
    (void)state;
    uint64_t sum[1000] = {0};
    const uint8_t digest[32] = {7};
    for (int i = 0; i < RANKS; i++) {
        cs_pads *pads;
        uint64_t values[1000] = {0};
        assert_int_equal(cs_pads_new(&pads, &rings[i]), CS_OK);
        assert_int_equal(cs_pads_zero_shares_u64(pads, CS_LABEL_GRADIENT, 0, digest, NULL, values, 1000), CS_OK);
        for (int k = 0; k < 1000; k++) {
            assert_true(values[k] != 0);
            sum[k] += values[k];
        }
        cs_pads_free(pads);
    }
    for (int k = 0; k < 1000; k++)
        assert_true(sum[k] == 0);
}

static void a_pad_is_used_once(void **state) {
    (void)state;
    cs_pads *pads;
    const uint8_t digest[32] = {7};
    cs_fr value = CS_FR_ZERO;
    assert_int_equal(cs_pads_new(&pads, &rings[0]), CS_OK);
    assert_int_equal(cs_pads_zero_shares_fr(pads, CS_LABEL_GRADIENT, 0, digest, NULL, &value, 1), CS_OK);
    const cs_fr before = value;
    assert_int_equal(cs_pads_zero_shares_fr(pads, CS_LABEL_GRADIENT, 0, digest, NULL, &value, 1), CS_ERR_ABORT);
    assert_true(cs_fr_eq(before, value));
    assert_int_equal(cs_pads_zero_shares_fr(pads, CS_LABEL_GRADIENT, 1, digest, NULL, &value, 1), CS_OK);
    cs_pads_free(pads);
}

static void broadcasts_are_masked(void **state) {
    (void)state;
    cs_pads *a, *b;
    uint8_t data[64] = "a sum that only the ranks may read", copy[64];
    memcpy(copy, data, sizeof copy);
    assert_int_equal(cs_pads_new(&a, &rings[0]), CS_OK);
    assert_int_equal(cs_pads_new(&b, &rings[2]), CS_OK);
    cs_pads_mask_broadcast(a, CS_LABEL_GRADIENT, 4, data, sizeof data);
    assert_memory_not_equal(data, copy, sizeof data);
    cs_pads_mask_broadcast(b, CS_LABEL_GRADIENT, 4, data, sizeof data);
    assert_memory_equal(data, copy, sizeof data);
    assert_true(cs_fr_eq(cs_pads_common_scalar(a, CS_COMMON_MASK, 9), cs_pads_common_scalar(b, CS_COMMON_MASK, 9)));
    assert_false(cs_fr_eq(cs_pads_common_scalar(a, CS_COMMON_MASK, 9), cs_pads_common_scalar(a, CS_COMMON_MASK, 8)));
    assert_false(cs_fr_eq(cs_pads_common_scalar(a, CS_COMMON_MASK, 9), cs_pads_common_scalar(a, CS_COMMON_BLINDING, 9)));
    cs_pads_free(a);
    cs_pads_free(b);
}

static void handshakes_that_fail(void **state) {
    (void)state;
    member members[RANKS];
    cs_comm_outcome outcomes[RANKS];
    forget();
    introduce(members, true);
    members[2].job[0] = 1;
    assert_int_equal(meet(members, outcomes), CS_ERR_INPUT);
    for (int i = 0; i < RANKS; i++)
        assert_int_not_equal(outcomes[i].status, CS_OK);
    forget();
    introduce(members, true);
    assert_int_equal(cs_identity_generate(&members[1].me), CS_OK); /* not the pinned one */
    assert_int_equal(meet(members, outcomes), CS_ERR_INPUT);
    forget();
    introduce(members, false);
    members[1].me = members[0].me; /* one key, two ranks */
    assert_int_equal(meet(members, outcomes), CS_ERR_INPUT);
    forget();
    introduce(members, false);
    memset(members[1].me.public_key, 0, CS_KEY_SIZE); /* low order */
    assert_int_not_equal(meet(members, outcomes), CS_OK);
    forget();
    introduce(members, false);
    assert_int_equal(meet(members, outcomes), CS_OK);
}

static void key_files(void **state) {
    (void)state;
    char path[] = "/tmp/consort-key-XXXXXX";
    cs_identity a, b;
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(cs_identity_generate(&a), CS_OK);
    assert_int_equal(cs_identity_save(&a, path), CS_ERR_IO); /* never replaces a file */
    unlink(path);
    assert_int_equal(cs_identity_save(&a, path), CS_OK);
    assert_int_equal(cs_identity_load(&b, path), CS_OK);
    assert_memory_equal(&a, &b, sizeof a);
    chmod(path, 0644);
    assert_int_equal(cs_identity_load(&b, path), CS_ERR_INPUT);
    unlink(path);
    assert_int_equal(cs_identity_load(&b, path), CS_ERR_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seeds_are_shared_in_pairs),
        cmocka_unit_test(pads_cancel_only_with_one_view),
        cmocka_unit_test(integers_cancel_too),
        cmocka_unit_test(a_pad_is_used_once),
        cmocka_unit_test(broadcasts_are_masked),
        cmocka_unit_test(handshakes_that_fail),
        cmocka_unit_test(key_files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
