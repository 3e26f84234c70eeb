/* Sealed links frame by frame, over a wire that the test holds: what arrives, what is refused, what an observer sees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "comm/frame.h"
#include "comm/secure.h"
#include "session/aes.h"

enum { RANKS = 3, MAX_FRAMES = 8, LONG = 300001 };

/* Everything that was sent, in order; `receive` gives the frame that `next` points to. */
typedef struct wire {
    cs_buffer sent[MAX_FRAMES];
    int to[MAX_FRAMES];
    size_t n;
    const cs_buffer *next;
} wire;

static cs_status put(cs_comm *c, int rank, const void *data, size_t size) {
    wire *w = c->transport;
    w->to[w->n] = rank;
    cs_buffer_append(&w->sent[w->n], data, size);
    return cs_buffer_status(&w->sent[w->n++]);
}

static cs_status put_root(cs_comm *c, const void *data, size_t size) {
    return put(c, 0, data, size);
}

static cs_status take(cs_comm *c, int rank, cs_buffer *out) {
    (void)rank;
    const wire *w = c->transport;
    cs_buffer_clear(out);
    cs_buffer_append(out, w->next->data, w->next->size);
    return cs_buffer_status(out);
}

static cs_status flush(cs_comm *c) {
    (void)c;
    return CS_OK;
}

static const cs_comm_ops ops = {.send = put, .to_root = put_root, .receive = take, .flush = flush};

/* Whether links authenticate by AES what they do not encrypt. */
static bool with_aes;

typedef struct world {
    wire wire;
    cs_comm rank[RANKS];
} world;

/* Three ranks with their secrets; `odd` changes rank 1's idea of 1: its secret with rank 0, 2: the session nonce, 3: whether
 * it shares AES with rank 0. */
static void start(world *w, int odd) {
    *w = (world){0};
    for (int i = 0; i < RANKS; i++) {
        uint8_t secrets[RANKS][32] = {{0}}, nonce[32] = {7, 8, 9};
        for (int j = 0; j < RANKS; j++)
            memset(secrets[j], 100 + i + j, 32);
        secrets[0][5] ^= i == 1 && odd == 1;
        nonce[31] ^= i == 1 && odd == 2;
        const bool aes[RANKS] = {with_aes != (i == 1 && odd == 3), with_aes, with_aes};
        w->rank[i] = (cs_comm){.ops = &ops, .rank = i, .size = RANKS, .transport = &w->wire};
        assert_int_equal(cs_secure_start(&w->rank[i], (const uint8_t(*)[32])secrets, nonce, aes), CS_OK);
    }
}

static void stop(world *w) {
    for (int i = 0; i < RANKS; i++) {
        cs_secure_stop(&w->rank[i]);
        assert_ptr_equal(w->rank[i].ops, &ops);
        assert_ptr_equal(w->rank[i].transport, &w->wire);
        cs_secure_stop(&w->rank[i]); /* no effect */
    }
    for (size_t k = 0; k < w->wire.n; k++)
        cs_buffer_free(&w->wire.sent[k]);
    assert_int_equal(cs_memory_live(), 0);
}

/* A frame as comm.c makes them: tag `number`, `length` bytes that depend on it. */
static void make(cs_buffer *frame, uint32_t number, bool masked, size_t length) {
    *frame = (cs_buffer){0};
    cs_buffer_append_u32(frame, CS_FRAME_MAGIC);
    cs_buffer_append_u32(frame, 1);
    cs_buffer_append_u32(frame, number | (masked ? CS_COMM_MASKED : 0));
    cs_buffer_append_u64(frame, length);
    for (size_t k = 0; k < length; k++)
        cs_buffer_append(frame, (const uint8_t[]){(uint8_t)(number + 3 * k + (k >> 8))}, 1);
    assert_int_equal(cs_buffer_status(frame), CS_OK);
}

static void send(world *w, int from, int to, uint32_t number, bool masked, size_t length) {
    cs_buffer frame;
    make(&frame, number, masked, length);
    cs_comm *c = &w->rank[from];
    assert_int_equal(c->ops->send(c, to, frame.data, frame.size), CS_OK);
    cs_buffer_free(&frame);
}

/* Rank `to` gets `frame` from the wire as if from rank `from`: as it was made, or a failure whose text says `why`. */
static void get(world *w, int to, int from, const cs_buffer *frame, uint32_t number, bool masked, size_t length,
                const char *why) {
    cs_buffer got = {0}, expected;
    cs_comm *c = &w->rank[to];
    w->wire.next = frame;
    const cs_status status = c->ops->receive(c, from, &got);
    if (why == NULL) {
        make(&expected, number, masked, length);
        assert_int_equal(status, CS_OK);
        assert_int_equal(got.size, expected.size);
        assert_memory_equal(got.data, expected.data, got.size);
        cs_buffer_free(&expected);
    } else {
        char rank[16];
        snprintf(rank, sizeof rank, "rank %d", from);
        assert_int_equal(status, CS_ERR_ABORT);
        assert_int_equal(got.size, 0);
        if (strstr(cs_error_text(), why) == NULL || strstr(cs_error_text(), rank) == NULL)
            fail_msg("%s", cs_error_text());
    }
    cs_buffer_free(&got);
}

static void frames_arrive(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 15, 16, 17, 1000, LONG};
    world w;
    start(&w, 0);
    for (uint32_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
        send(&w, 1, 2, k, k & 1, lengths[k]);
        get(&w, 2, 1, &w.wire.sent[k], k, k & 1, lengths[k], NULL);
        assert_int_equal(w.wire.sent[k].size, CS_FRAME_HEADER + lengths[k] + CS_SECURE_OVERHEAD);
    }
    assert_int_equal(w.rank[1].stats.bytes_sent, 7 * CS_SECURE_OVERHEAD);
    assert_int_equal(w.rank[2].stats.bytes_received, 7 * CS_SECURE_OVERHEAD);
    stop(&w);
}

static bool contains(const cs_buffer *b, const uint8_t *what, size_t size) {
    for (size_t k = 0; k + size <= b->size; k++)
        if (memcmp(b->data + k, what, size) == 0)
            return true;
    return false;
}

/* Of a masked frame its content shows, of another one nothing; the same content never looks the same twice. */
static void an_observer_sees_masked_frames_only(void **state) {
    (void)state;
    world w;
    cs_buffer frame;
    start(&w, 0);
    for (uint32_t k = 0; k < 4; k++) {
        send(&w, 1, 0, 5, k & 1, 64);
        make(&frame, 5, k & 1, 64);
        assert_int_equal(contains(&w.wire.sent[k], frame.data + CS_FRAME_HEADER, 8), k & 1);
        cs_buffer_free(&frame);
    }
    assert_memory_not_equal(w.wire.sent[0].data, w.wire.sent[2].data, 64);
    stop(&w);
}

static void root_sends_to_all(void **state) {
    (void)state;
    world w;
    cs_buffer frame;
    start(&w, 0);
    make(&frame, 3, false, 40);
    assert_int_equal(w.rank[0].ops->to_all(&w.rank[0], frame.data, frame.size), CS_OK);
    assert_int_equal(w.wire.n, 2);
    for (int rank = 1; rank < RANKS; rank++) {
        assert_int_equal(w.wire.to[rank - 1], rank);
        get(&w, rank, 0, &w.wire.sent[rank - 1], 3, false, 40, NULL);
    }
    assert_int_equal(w.rank[1].ops->to_root(&w.rank[1], frame.data, frame.size), CS_OK);
    get(&w, 0, 1, &w.wire.sent[2], 3, false, 40, NULL);
    cs_buffer_free(&frame);
    stop(&w);
}

/* Any bit of a frame. */
static void a_changed_bit_is_noticed(void **state) {
    (void)state;
    for (int masked = 0; masked < 2; masked++) {
        enum { LENGTH = 21, SIZE = CS_FRAME_HEADER + LENGTH + CS_SECURE_OVERHEAD };
        for (size_t bit = 0; bit < 8 * SIZE; bit++) {
            world w;
            start(&w, 0);
            send(&w, 1, 2, 0, masked, LENGTH);
            w.wire.sent[0].data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            get(&w, 2, 1, &w.wire.sent[0], 0, masked, LENGTH, "does not authenticate");
            stop(&w);
        }
    }
}

static void other_lengths_are_noticed(void **state) {
    (void)state;
    for (size_t size = 0; size < 100; size++) {
        world w;
        start(&w, 0);
        send(&w, 1, 2, 0, size & 1, 40);
        const size_t right = w.wire.sent[0].size;
        assert_int_equal(cs_buffer_resize(&w.wire.sent[0], size), CS_OK);
        get(&w, 2, 1, &w.wire.sent[0], 0, size & 1, 40, size == right ? NULL : "does not authenticate");
        stop(&w);
    }
}

/* Frames of another direction, another link, another session, or without a seal. */
static void foreign_frames_are_noticed(void **state) {
    (void)state;
    for (int odd = 0; odd < 3; odd++) {
        world w;
        start(&w, odd);
        send(&w, 1, 0, 0, false, 30);
        get(&w, 0, 1, &w.wire.sent[0], 0, false, 30, odd == 0 ? NULL : "does not authenticate");
        get(&w, 1, 0, &w.wire.sent[0], 0, false, 30, "does not authenticate"); /* sent back */
        get(&w, 2, 1, &w.wire.sent[0], 0, false, 30, "does not authenticate"); /* to another rank */
        get(&w, 0, 2, &w.wire.sent[0], 0, false, 30, "does not authenticate"); /* as if from another */
        make(&w.wire.sent[1], 0, true, 30);
        w.wire.n = 2;
        get(&w, 0, 1, &w.wire.sent[1], 0, true, 30, "does not authenticate");
        stop(&w);
    }
}

/* Ranks that do not agree on AES authenticate nothing that is not encrypted, whatever its frames say that they are. */
static void both_ends_use_the_same_cipher(void **state) {
    (void)state;
    enum { MODE = CS_FRAME_HEADER + 30 + 4 };
    if (!cs_aes_available())
        skip();
    for (int forged = 0; forged < 2; forged++) {
        world w;
        start(&w, 3);
        send(&w, 1, 0, 0, true, 30);
        send(&w, 1, 0, 1, false, 30);
        assert_int_equal(w.wire.sent[0].data[MODE], with_aes ? 2 : 3);
        assert_int_equal(w.wire.sent[1].data[MODE], 1);
        if (forged)
            w.wire.sent[0].data[MODE] = with_aes ? 3 : 2;
        get(&w, 0, 1, &w.wire.sent[0], 0, true, 30, "does not authenticate");
        get(&w, 0, 1, &w.wire.sent[1], 1, false, 30, NULL);
        stop(&w);
    }
}

/* Twice, late, too early; after that "failed" and "stop" must get through, but still nothing twice. */
static void order_is_kept(void **state) {
    (void)state;
    world w;
    start(&w, 0);
    for (uint32_t k = 0; k < 6; k++)
        send(&w, 1, 2, k, k & 1, 10);
    get(&w, 2, 1, &w.wire.sent[0], 0, 0, 10, NULL);
    get(&w, 2, 1, &w.wire.sent[0], 0, 0, 10, "came twice, or late");
    get(&w, 2, 1, &w.wire.sent[1], 1, 1, 10, NULL);
    get(&w, 2, 1, &w.wire.sent[3], 3, 1, 10, NULL); /* the link is broken: gaps are allowed */
    get(&w, 2, 1, &w.wire.sent[2], 2, 0, 10, "came twice, or late");
    stop(&w);
    start(&w, 0);
    for (uint32_t k = 0; k < 6; k++)
        send(&w, 1, 2, k, k & 1, 10);
    get(&w, 2, 1, &w.wire.sent[1], 1, 1, 10, "message 0 of rank 1 is missing");
    get(&w, 2, 1, &w.wire.sent[0], 0, 0, 10, "came twice, or late");
    get(&w, 2, 1, &w.wire.sent[5], 5, 1, 10, NULL);
    stop(&w);
}

/* A change leaves the link able to carry the next frame. */
static void the_next_frame_gets_through(void **state) {
    (void)state;
    for (size_t at = 0; at < CS_FRAME_HEADER + 10 + CS_SECURE_OVERHEAD; at++) {
        world w;
        start(&w, 0);
        send(&w, 1, 2, 0, false, 10);
        send(&w, 1, 2, 1, false, 0);
        w.wire.sent[0].data[at] ^= 0x80;
        get(&w, 2, 1, &w.wire.sent[0], 0, false, 10, "does not authenticate");
        get(&w, 2, 1, &w.wire.sent[1], 1, false, 0, NULL);
        stop(&w);
    }
}

static void lack_of_memory_changes_nothing(void **state) {
    (void)state;
    const uint8_t secrets[RANKS][32] = {{0}}, nonce[32] = {0};
    wire w = {0};
    cs_comm c = {.ops = &ops, .rank = 0, .size = RANKS, .transport = &w};
    for (size_t bytes = 0; bytes < 4000; bytes += 50) {
        cs_memory_limit(cs_memory_live() + bytes);
        const cs_status status = cs_secure_start(&c, secrets, nonce, (const bool[RANKS]){with_aes, with_aes, with_aes});
        cs_memory_limit(SIZE_MAX);
        assert_int_equal(status, bytes == 0 ? CS_ERR_MEMORY : status);
        assert_true(status == CS_OK || (status == CS_ERR_MEMORY && c.ops == &ops && c.transport == &w));
        cs_secure_stop(&c);
        assert_int_equal(cs_memory_live(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_arrive),
        cmocka_unit_test(an_observer_sees_masked_frames_only),
        cmocka_unit_test(root_sends_to_all),
        cmocka_unit_test(a_changed_bit_is_noticed),
        cmocka_unit_test(other_lengths_are_noticed),
        cmocka_unit_test(foreign_frames_are_noticed),
        cmocka_unit_test(both_ends_use_the_same_cipher),
        cmocka_unit_test(order_is_kept),
        cmocka_unit_test(the_next_frame_gets_through),
        cmocka_unit_test(lack_of_memory_changes_nothing),
    };
    const int failed = cmocka_run_group_tests_name("ChaCha20", tests, NULL, NULL);
    with_aes = true;
    return failed + (cs_aes_available() ? cmocka_run_group_tests_name("AES", tests, NULL, NULL) : 0);
}
