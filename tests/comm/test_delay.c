/* The injected network: content unchanged, times at least those of the network and not those of a sequence, clocks of the
 * longest chain, and what fails. Upper bounds are wide: the machine may be busy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/timer.h"
#include "comm/delay.h"
#include "comm/threads.h"

enum { TAG = 7, MAX_RANKS = 8 };

/* What the ranks do: some exchanges of so many bytes a rank, of which rank `worker` works before each. */
typedef struct plan {
    cs_network network;
    bool bare; /* this rank injects nothing */
    int exchanges;
    size_t size;
    double work; /* CPU seconds before each exchange */
    bool leaves; /* this rank ends before the first exchange */
    double started, seconds;
    bool measured;
    cs_comm_path path;
} plan;

static void work_for(double seconds) {
    const double start = cs_thread_cpu_seconds();
    while (cs_thread_cpu_seconds() - start < seconds)
        ;
}

static cs_status exchange(cs_comm *c, const uint8_t *mine, size_t size, cs_buffer *parts, cs_buffer *reply) {
    CS_TRY(cs_comm_gather(c, TAG, mine, size, c->rank == 0 ? parts : NULL));
    if (c->rank == 0) {
        cs_buffer_clear(reply);
        for (int i = 0; i < c->size; i++) {
            if (parts[i].size != size || (size > 0 && parts[i].data[size - 1] != (uint8_t)i))
                return cs_fail(CS_ERR_INTERNAL, "part %d", i);
            cs_buffer_append(reply, "x", 1);
        }
        CS_TRY(cs_buffer_status(reply));
    }
    CS_TRY(cs_comm_reply(c, TAG, reply));
    return reply->size == (size_t)c->size ? CS_OK : cs_fail(CS_ERR_INTERNAL, "the reply");
}

static cs_status run_exchanges(cs_comm *c, plan *p) {
    cs_buffer parts[MAX_RANKS] = {0}, reply = {0};
    uint8_t *mine = CS_NEW(uint8_t, p->size + 1);
    cs_status status = mine != NULL ? CS_OK : cs_comm_raise(c, CS_ERR_MEMORY);
    if (mine != NULL)
        memset(mine, c->rank, p->size);
    const double start = cs_wall_seconds();
    for (int k = 0; status == CS_OK && k < p->exchanges; k++) {
        work_for(p->work);
        status = exchange(c, mine, p->size, parts, &reply);
    }
    p->seconds = cs_wall_seconds() - start;
    cs_free(mine);
    for (int i = 0; i < MAX_RANKS; i++)
        cs_buffer_free(&parts[i]);
    cs_buffer_free(&reply);
    return status;
}

static cs_status rank_main(cs_comm *c, void *arg) {
    plan *p = arg;
    cs_delay *delay = NULL;
    if (p->leaves)
        return cs_fail(CS_ERR_ABORT, "planned");
    const cs_comm_ops *const own = c->ops;
    void *const transport = c->transport;
    if (!p->bare)
        CS_TRY(cs_delay_install(&delay, c, &p->network));
    const cs_status status = run_exchanges(c, p);
    p->measured = cs_delay_path(&p->path, c);
    cs_delay_remove(delay, c);
    return c->ops == own && c->transport == transport ? status : cs_fail(CS_ERR_INTERNAL, "the transport is not back");
}

static cs_status run_plans(int ranks, plan *plans, cs_comm_outcome *outcomes) {
    void *args[MAX_RANKS];
    for (int i = 0; i < ranks; i++)
        args[i] = &plans[i];
    return cs_comm_run_threads(ranks, rank_main, args, outcomes);
}

static void fill(plan *plans, const plan *one) {
    for (int i = 0; i < MAX_RANKS; i++)
        plans[i] = *one;
}

static void frames_arrive_unchanged(void **state) {
    (void)state;
    const size_t sizes[] = {0, 1, 47, 48, 49, 100000};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        plan plans[MAX_RANKS];
        fill(plans, &(plan){.exchanges = 3, .size = sizes[k]});
        for (int ranks = 1; ranks <= 4; ranks++)
            assert_int_equal(run_plans(ranks, plans, NULL), CS_OK);
    }
}

/* Eight ranks at 30 ms: two trips for each exchange; one after the other it would be 14 of them. */
static void frames_travel_at_the_same_time(void **state) {
    (void)state;
    plan plans[MAX_RANKS];
    fill(plans, &(plan){.network.latency = 0.03, .exchanges = 4, .size = 10});
    assert_int_equal(run_plans(8, plans, NULL), CS_OK);
    assert_true(plans[0].seconds >= 0.99 * (4 + 3) * 0.03); /* the root is done when it has sent the last reply */
    for (int i = 1; i < 8; i++)
        assert_true(plans[i].seconds >= 0.99 * 4 * 2 * 0.03);
    assert_true(plans[1].seconds < 0.5 * 4 * 14 * 0.03);
}

/* Three parts of a megabyte arrive at the root one after the other, 20 ms each; without a limit they need none of that. */
static void a_link_carries_one_frame_after_the_other(void **state) {
    (void)state;
    plan plans[MAX_RANKS];
    fill(plans, &(plan){.network.bandwidth = 50e6, .exchanges = 2, .size = 1000000});
    assert_int_equal(run_plans(4, plans, NULL), CS_OK);
    assert_true(plans[1].seconds >= 0.99 * 2 * 3 * 0.02);
    assert_true(plans[0].path.bytes >= 2 * 3e6);
    assert_true(plans[0].path.bytes < 2 * 3e6 + 1000);
}

/* All to all, by frames between any two ranks: one trip. */
static cs_status all_to_all(cs_comm *c, void *arg) {
    plan *p = arg;
    cs_delay *delay = NULL;
    cs_buffer got = {0};
    CS_TRY(cs_delay_install(&delay, c, &p->network));
    p->started = cs_wall_seconds();
    cs_status status = CS_OK;
    for (int i = 0; status == CS_OK && i < c->size; i++)
        if (i != c->rank)
            status = c->ops->send(c, i, &c->rank, sizeof c->rank);
    for (int i = 0; status == CS_OK && i < c->size; i++) {
        if (i == c->rank)
            continue;
        status = c->ops->receive(c, i, &got);
        if (status == CS_OK && (got.size != sizeof i || memcmp(got.data, &i, sizeof i) != 0))
            status = cs_fail(CS_ERR_INTERNAL, "content");
    }
    p->seconds = cs_wall_seconds() - p->started;
    p->measured = cs_delay_path(&p->path, c);
    cs_delay_remove(delay, c);
    cs_buffer_free(&got);
    return status;
}

static void any_two_ranks_are_a_trip_apart(void **state) {
    (void)state;
    plan plans[MAX_RANKS];
    void *args[MAX_RANKS];
    fill(plans, &(plan){.network.latency = 0.05});
    for (int i = 0; i < MAX_RANKS; i++)
        args[i] = &plans[i];
    assert_int_equal(cs_comm_run_threads(8, all_to_all, args, NULL), CS_OK);
    for (int i = 0; i < 8; i++) {
        for (int j = 0; j < 8; j++) /* threads begin when they get a core */
            assert_true(j == i || plans[i].started + plans[i].seconds - plans[j].started >= 0.99 * 0.05);
        assert_int_equal(plans[i].path.trips, 1); /* frames to several ranks travel at the same time */
    }
}

static void clocks_follow_the_longest_chain(void **state) {
    (void)state;
    plan plans[MAX_RANKS];
    fill(plans, &(plan){.exchanges = 5, .size = 100, .work = 0.001});
    plans[2].work = 0.02;
    assert_int_equal(run_plans(4, plans, NULL), CS_OK);
    for (int i = 0; i < 4; i++) {
        const cs_comm_path *p = &plans[i].path;
        assert_true(plans[i].measured);
        assert_int_equal(p->trips, i == 0 ? 9 : 10);
        assert_true(p->busy >= 5 * 0.02 && p->busy < 5 * 0.02 + 0.06); /* not the sum over the ranks' 0.023 */
        assert_true(p->elapsed >= p->busy);
        assert_true(p->transport >= 0 && p->transport < 0.5);
    }
}

static void nothing_is_measured_without_it(void **state) {
    (void)state;
    plan plans[MAX_RANKS];
    fill(plans, &(plan){.bare = true, .exchanges = 2, .size = 10});
    assert_int_equal(run_plans(3, plans, NULL), CS_OK);
    assert_false(plans[0].measured);
    assert_int_equal(plans[1].path.trips, 0);
}

static void a_rank_without_it_ends_the_run(void **state) {
    (void)state;
    for (int bare = 0; bare < 3; bare++) {
        plan plans[MAX_RANKS];
        cs_comm_outcome outcomes[MAX_RANKS];
        fill(plans, &(plan){.exchanges = 2, .size = 100});
        plans[bare].bare = true;
        assert_int_equal(run_plans(3, plans, outcomes), CS_ERR_RANK);
        for (int i = 0; i < 3; i++)
            assert_int_equal(outcomes[i].status, CS_ERR_RANK);
    }
}

static void a_lost_rank_is_lost(void **state) {
    (void)state;
    for (int gone = 0; gone < 3; gone++) {
        plan plans[MAX_RANKS];
        cs_comm_outcome outcomes[MAX_RANKS];
        fill(plans, &(plan){.network.latency = 0.01, .exchanges = 2, .size = 100});
        plans[gone].leaves = true;
        assert_int_equal(run_plans(3, plans, outcomes), CS_ERR_ABORT);
        for (int i = 0; i < 3; i++)
            assert_int_equal(outcomes[i].status, i == gone ? CS_ERR_ABORT : CS_ERR_RANK);
    }
}

static void texts_are_read(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double latency, bandwidth;
    } good[] = {{"0", 0, 0},
                {"10ms", 0.01, 0},
                {"0.1ms,10Gbit", 1e-4, 1.25e9},
                {"1.5s,100Mbit", 1.5, 12.5e6},
                {"250us,56kbit", 2.5e-4, 7000},
                {"0,1000bit", 0, 125}};
    for (size_t k = 0; k < sizeof good / sizeof *good; k++) {
        cs_network n;
        assert_int_equal(cs_network_parse(&n, good[k].text), CS_OK);
        assert_true(fabs(n.latency - good[k].latency) <= 1e-12);
        assert_true(fabs(n.bandwidth - good[k].bandwidth) <= 1e-6);
    }
    static const char *const bad[] = {"",       "ms",     "10",         "-1ms",      "10 ms",         "10ms,",
                                      "10ms,1", "10ms,0", "61s",        "10ms,1bit", "10ms,2000Gbit", "nan",
                                      "inf",    "1e9s",   "1ms,1Gbit,", "10msx",     "0x10ms"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        cs_network n;
        if (cs_network_parse(&n, bad[k]) != CS_ERR_USAGE)
            fail_msg("\"%s\" was read", bad[k]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_arrive_unchanged),
        cmocka_unit_test(frames_travel_at_the_same_time),
        cmocka_unit_test(a_link_carries_one_frame_after_the_other),
        cmocka_unit_test(any_two_ranks_are_a_trip_apart),
        cmocka_unit_test(clocks_follow_the_longest_chain),
        cmocka_unit_test(nothing_is_measured_without_it),
        cmocka_unit_test(a_rank_without_it_ends_the_run),
        cmocka_unit_test(a_lost_rank_is_lost),
        cmocka_unit_test(texts_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
