/* The lockstep over the threads transport: values, failures of any rank at any point, lost ranks, foreign frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "comm/shares.h"
#include "comm/threads.h"

enum { MAX_RANKS = 7, ROUNDS = 5, HANG_SECONDS = 60 };

static const int sizes[] = {1, 2, 3, 4, 7};

/* What every rank does in every round, and where some of them fail. */
typedef struct plan {
    int rank;
    bool raises;
    int round;      /* in which it fails */
    bool in_middle; /* between gather and reply */
    bool vanishes;  /* it returns without a word */
    size_t length;  /* of the parts */
    int finished;   /* rounds that this rank completed */
} plan;

static cs_status go_away(cs_comm *c, const plan *p) {
    const cs_status why = cs_fail(CS_ERR_ABORT, "planned failure of rank %d", p->rank);
    return p->vanishes ? why : cs_comm_raise(c, why);
}

/* parts[rank] must be `length` bytes of rank + round; the reply is their sum. */
static cs_status check_parts(const cs_comm *c, const plan *p, int round, const cs_buffer *parts, cs_buffer *reply) {
    cs_buffer_clear(reply);
    for (int rank = 0; rank < c->size; rank++) {
        if (parts[rank].size != p->length + (size_t)rank)
            return cs_fail(CS_ERR_INTERNAL, "length of part %d", rank);
        for (size_t k = 0; k < parts[rank].size; k++)
            if (parts[rank].data[k] != (uint8_t)(rank + round))
                return cs_fail(CS_ERR_INTERNAL, "content of part %d", rank);
        cs_buffer_append_u32(reply, (uint32_t)(rank * round));
    }
    return cs_buffer_status(reply);
}

static cs_status one_round(cs_comm *c, const plan *p, int round, const uint8_t *mine, cs_buffer *parts, cs_buffer *reply) {
    const bool fails_now = p->raises && p->round == round;
    const uint32_t tag = (uint32_t)round + 100;
    if (fails_now && !p->in_middle)
        return go_away(c, p);
    CS_TRY(cs_comm_gather(c, tag, mine, p->length + (size_t)c->rank, c->rank == 0 ? parts : NULL));
    if (fails_now)
        return go_away(c, p);
    if (c->rank == 0) {
        const cs_status status = check_parts(c, p, round, parts, reply);
        if (status != CS_OK)
            return cs_comm_raise(c, status);
    }
    CS_TRY(cs_comm_reply(c, tag, reply));
    if (reply->size != 4 * (size_t)c->size)
        return cs_comm_raise(c, cs_fail(CS_ERR_INTERNAL, "length of the reply"));
    for (int rank = 0; rank < c->size; rank++)
        if (cs_load_u32(reply->data + 4 * rank) != (uint32_t)(rank * round))
            return cs_comm_raise(c, cs_fail(CS_ERR_INTERNAL, "content of the reply"));
    return CS_OK;
}

static cs_status follow_plan(cs_comm *c, void *arg) {
    plan *p = arg;
    cs_buffer parts[MAX_RANKS] = {{0}}, reply = {0};
    uint8_t *mine = CS_NEW(uint8_t, p->length + MAX_RANKS);
    cs_status status = mine == NULL ? cs_comm_raise(c, CS_ERR_MEMORY) : CS_OK;
    for (int round = 0; round < ROUNDS && status == CS_OK; round++) {
        memset(mine, c->rank + round, p->length + (size_t)c->rank);
        status = one_round(c, p, round, mine, parts, &reply);
        p->finished += status == CS_OK;
    }
    if (status == CS_OK)
        status = cs_comm_agree(c, 999, CS_OK);
    for (int rank = 0; rank < MAX_RANKS; rank++)
        cs_buffer_free(&parts[rank]);
    cs_buffer_free(&reply);
    cs_free(mine);
    return status;
}

static void run_plans(int size, plan *plans, cs_comm_outcome *outcomes) {
    void *args[MAX_RANKS];
    for (int rank = 0; rank < size; rank++) {
        plans[rank].rank = rank;
        args[rank] = &plans[rank];
    }
    alarm(HANG_SECONDS); /* a lockstep that hangs kills the test */
    (void)cs_comm_run_threads(size, follow_plan, args, outcomes);
    alarm(0);
}

static void values_arrive(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 1000, 3000000};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t l = 0; l < (sizes[s] <= 3 ? 4 : 3); l++) {
            plan plans[MAX_RANKS] = {{0}};
            cs_comm_outcome outcomes[MAX_RANKS];
            for (int rank = 0; rank < sizes[s]; rank++)
                plans[rank].length = lengths[l];
            run_plans(sizes[s], plans, outcomes);
            for (int rank = 0; rank < sizes[s]; rank++)
                assert_int_equal(outcomes[rank].status, CS_OK);
        }
}

static void statistics_are_exact(void **state) {
    (void)state;
    enum { SIZE = 3, LENGTH = 10, HEADER = 20 };
    plan plans[MAX_RANKS] = {{.length = LENGTH}, {.length = LENGTH}, {.length = LENGTH}};
    cs_comm_outcome outcomes[MAX_RANKS];
    run_plans(SIZE, plans, outcomes);
    uint64_t parts = 0;
    const uint64_t replies = ROUNDS * (HEADER + 4 * SIZE) + HEADER;
    for (uint64_t rank = 1; rank < SIZE; rank++) {
        const uint64_t sent = ROUNDS * (HEADER + LENGTH + rank) + HEADER;
        assert_int_equal(outcomes[rank].stats.bytes_sent, sent);
        assert_int_equal(outcomes[rank].stats.bytes_received, replies);
        assert_int_equal(outcomes[rank].stats.exchanges, ROUNDS + 1);
        parts += sent;
    }
    assert_int_equal(outcomes[0].stats.bytes_sent, (SIZE - 1) * replies);
    assert_int_equal(outcomes[0].stats.bytes_received, parts);
    assert_int_equal(outcomes[0].stats.exchanges, ROUNDS + 1);
}

/* The ranks of `mask` fail as planned; all must leave, the others naming one of the failing ranks. */
static void expect_all_leave(int size, unsigned mask, const plan *how) {
    plan plans[MAX_RANKS] = {{0}};
    cs_comm_outcome outcomes[MAX_RANKS];
    for (int rank = 0; rank < size; rank++) {
        plans[rank] = *how;
        plans[rank].raises = mask >> rank & 1;
    }
    run_plans(size, plans, outcomes);
    for (int rank = 0; rank < size; rank++) {
        if (mask >> rank & 1) {
            char text[64];
            snprintf(text, sizeof text, "planned failure of rank %d", rank);
            assert_int_equal(outcomes[rank].status, CS_ERR_ABORT);
            assert_string_equal(outcomes[rank].text, text);
            continue;
        }
        assert_int_equal(outcomes[rank].status, CS_ERR_RANK);
        bool named = false;
        for (int other = 0; other < size; other++) {
            char text[32];
            snprintf(text, sizeof text, "rank %d", other);
            named = named || (mask >> other & 1 && strstr(outcomes[rank].text, text) != NULL);
        }
        assert_true(named);
    }
}

/* ---- each rank its own reply ---- */

/* Rank i gets i + 1 bytes of its number, unless somebody raises in the middle. */
static cs_status take_hands(cs_comm *c, void *arg) {
    const int *raises = arg;
    cs_buffer hands[MAX_RANKS] = {{0}}, mine = {0};
    cs_status status = cs_comm_gather(c, 7, NULL, 0, NULL);
    if (c->rank == *raises)
        return cs_comm_raise(c, cs_fail(CS_ERR_ABORT, "planned"));
    for (int rank = 0; c->rank == 0 && rank < c->size; rank++) {
        const uint8_t byte = (uint8_t)rank;
        for (int k = 0; k <= rank; k++)
            cs_buffer_append(&hands[rank], &byte, 1);
    }
    if (status == CS_OK)
        status = cs_comm_deal(c, 7, c->rank == 0 ? hands : NULL, &mine);
    if (status == CS_OK && c->rank > 0 && (mine.size != (size_t)c->rank + 1 || mine.data[c->rank] != c->rank))
        status = cs_comm_raise(c, cs_fail(CS_ERR_INTERNAL, "rank %d has not its own", c->rank));
    for (int rank = 0; rank < MAX_RANKS; rank++)
        cs_buffer_free(&hands[rank]);
    cs_buffer_free(&mine);
    return status == CS_OK ? cs_comm_agree(c, 8, CS_OK) : status;
}

static void hands_are_dealt(void **state) {
    (void)state;
    for (int size = 1; size <= 7; size++)
        for (int raises = -1; raises < size; raises++) {
            cs_comm_outcome outcomes[MAX_RANKS];
            int who[MAX_RANKS];
            void *args[MAX_RANKS];
            for (int rank = 0; rank < size; rank++)
                who[rank] = raises, args[rank] = &who[rank];
            alarm(HANG_SECONDS);
            (void)cs_comm_run_threads(size, take_hands, args, outcomes);
            alarm(0);
            for (int rank = 0; rank < size; rank++)
                assert_int_equal(outcomes[rank].status, raises < 0 ? CS_OK : rank == raises ? CS_ERR_ABORT : CS_ERR_RANK);
        }
}

static void any_ranks_may_raise_anywhere(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (unsigned mask = 1; mask < 1U << sizes[s]; mask += sizes[s] == 7 ? 5 : 1)
            for (int where = 0; where < 4; where++)
                expect_all_leave(sizes[s], mask, &(plan){.round = where < 2 ? 0 : 3, .in_middle = where % 2, .length = 8});
}

/* Ranks that fail at different points: the first one decides, and none hangs. */
static void ranks_raise_at_different_points(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < 200; seed++) {
        const int size = 2 + (int)(seed % 6);
        plan plans[MAX_RANKS] = {{0}};
        cs_comm_outcome outcomes[MAX_RANKS];
        uint32_t x = seed * 2654435761U + 1;
        for (int rank = 0; rank < size; rank++) {
            x = x * 1664525U + 1013904223U;
            plans[rank] =
                (plan){.raises = (x >> 28) < 10, .round = (int)(x >> 24) % 3, .in_middle = x >> 20 & 1, .length = 8};
        }
        plans[size - 1].raises = true;
        run_plans(size, plans, outcomes);
        for (int rank = 0; rank < size; rank++) {
            assert_true(outcomes[rank].status == CS_ERR_RANK ||
                        (plans[rank].raises && outcomes[rank].status == CS_ERR_ABORT));
            assert_true(plans[rank].finished <= 3);
        }
    }
}

static void lost_ranks_are_named(void **state) {
    (void)state;
    for (int size = 2; size <= 4; size++)
        for (unsigned mask = 1; mask < 1U << size; mask++)
            for (int where = 0; where < 4; where++) {
                const plan how = {.round = where < 2 ? 0 : 3, .in_middle = where % 2, .vanishes = true, .length = 8};
                expect_all_leave(size, mask, &how);
            }
}

static cs_status disagree(cs_comm *c, void *arg) {
    (void)arg;
    CS_TRY(cs_comm_agree(c, 1, CS_OK));
    const cs_status mine = c->rank == 1 ? cs_fail(CS_ERR_RANGE, "out of range") : CS_OK;
    const cs_status all = cs_comm_agree(c, 2, mine);
    const cs_status again = cs_comm_agree(c, 3, CS_OK); /* all have left: none may wait */
    if (again != CS_ERR_RANK || cs_comm_raise(c, all) != all)
        return cs_fail(CS_ERR_INTERNAL, "a rank that left went on");
    return all;
}

static void agree_tells_everybody(void **state) {
    (void)state;
    cs_comm_outcome outcomes[4];
    alarm(HANG_SECONDS);
    assert_int_equal(cs_comm_run_threads(4, disagree, NULL, outcomes), CS_ERR_RANGE);
    alarm(0);
    for (int rank = 0; rank < 4; rank++)
        assert_int_equal(outcomes[rank].status, rank == 1 ? CS_ERR_RANGE : CS_ERR_RANK);
}

/* Rank *arg is at another step of the protocol. */
static cs_status wrong_tag(cs_comm *c, void *arg) {
    return cs_comm_agree(c, c->rank == *(const int *)arg ? 5 : 4, CS_OK);
}

static void other_steps_are_noticed(void **state) {
    (void)state;
    for (int odd = 0; odd < 3; odd++) {
        cs_comm_outcome outcomes[3];
        void *args[3] = {&odd, &odd, &odd};
        alarm(HANG_SECONDS);
        assert_int_equal(cs_comm_run_threads(3, wrong_tag, args, outcomes), CS_ERR_RANK);
        alarm(0);
        for (int rank = 0; rank < 3; rank++) {
            assert_int_equal(outcomes[rank].status, CS_ERR_RANK);
            assert_non_null(strstr(outcomes[rank].text, "another step"));
        }
        char text[16];
        snprintf(text, sizeof text, "rank %d", odd == 0 ? 1 : odd);
        assert_non_null(strstr(outcomes[0].text, text));
    }
}

/* Rank 1, or the root, sends bytes that are no frame. */
static cs_status send_noise(cs_comm *c, void *arg) {
    const int who = *(const int *)arg;
    if (c->rank != who)
        return cs_comm_agree(c, 4, CS_OK);
    cs_buffer in = {0};
    uint8_t noise[40];
    memset(noise, 0x77, sizeof noise);
    if (who == 0)
        for (int rank = 1; rank < c->size; rank++)
            CS_TRY(c->ops->from_rank(c, rank, &in));
    CS_TRY(who == 0 ? c->ops->to_all(c, noise, sizeof noise) : c->ops->to_root(c, noise, sizeof noise));
    if (who != 0)
        CS_TRY(c->ops->from_root(c, &in));
    cs_buffer_free(&in);
    return CS_OK;
}

static void noise_is_refused(void **state) {
    (void)state;
    for (int who = 0; who < 2; who++) {
        cs_comm_outcome outcomes[3];
        void *args[3] = {&who, &who, &who};
        alarm(HANG_SECONDS);
        (void)cs_comm_run_threads(3, send_noise, args, outcomes);
        alarm(0);
        for (int rank = 0; rank < 3; rank++)
            assert_int_equal(outcomes[rank].status, rank == who ? CS_OK : CS_ERR_RANK);
    }
}

/* ---- sums ---- */

enum { SUM_RANKS = 20, SUM_LENGTH = 1300, FRAME_HEADER = 20 };

/* What a rank does in its sums. */
typedef struct adder {
    size_t n;
    int rounds;
    bool raises, vanishes, chokes; /* before the last sum; while it adds in the last sum */
    bool raises_next;              /* in the exchange after it */
    bool direct;
    bool shows; /* its parts to all, instead of sums; all do */
    int added;  /* direct: how many ranks' addends came */
    const cs_comm *comm;
    const uint32_t *shares; /* of the parts, NULL: equal */
    int rank, round;
    uint64_t values[SUM_LENGTH];
} adder;

static void store_values(void *context, size_t first, size_t count, uint8_t *out) {
    const adder *a = context;
    for (size_t k = 0; k < count; k++)
        cs_store_u64(out + 8 * k, a->values[first + k]);
}

static cs_status add_values(void *context, int rank, size_t first, size_t count, const uint8_t *part) {
    adder *a = context;
    if (a->chokes && a->round == a->rounds - 1)
        return cs_fail(CS_ERR_ABORT, "planned failure of rank %d", a->rank);
    if (rank == a->rank)
        return cs_fail(CS_ERR_INTERNAL, "own addends");
    size_t mine, length;
    cs_comm_sum_part(a->comm, a->n, a->rank, &mine, &length);
    if (a->direct && (first != mine || count != length))
        return cs_fail(CS_ERR_INTERNAL, "another rank's part");
    a->added++;
    for (size_t k = 0; k < count; k++)
        a->values[first + k] += cs_load_u64(part + 8 * k);
    return CS_OK;
}

/* Bit by bit the sum's complement, so that a sum shown twice or not at all is noticed. */
static void show_values(void *context, size_t first, size_t count, uint8_t *out) {
    store_values(context, first, count, out);
    for (size_t k = 0; k < 8 * count; k++)
        out[k] = (uint8_t)~out[k];
}

static cs_status sum_once(cs_comm *c, adder *a) {
    const cs_comm_reduction how = {
        .element = 8, .context = a, .add = add_values, .store = store_values, .show = show_values, .direct = a->direct};
    uint8_t *bytes = CS_NEW(uint8_t, 8 * a->n);
    if (bytes == NULL)
        return CS_ERR_MEMORY;
    uint64_t ranks = 0;
    for (uint64_t rank = 0; rank < (uint64_t)c->size; rank++)
        ranks += rank + 1;
    for (size_t k = 0; k < a->n; k++)
        a->values[k] = (uint64_t)(c->rank + 1) * (k + 1) << a->round;
    store_values(a, 0, a->n, bytes);
    cs_status status = cs_comm_sum(c, 50 + (uint32_t)a->round, bytes, a->n, &how);
    for (size_t k = 0; k < a->n && status == CS_OK; k++)
        if (~cs_load_u64(bytes + 8 * k) != ranks * (k + 1) << a->round)
            status = cs_comm_raise(c, cs_fail(CS_ERR_INTERNAL, "round %d: sum %zu is wrong", a->round, k));
    cs_free(bytes);
    return status;
}

/* Elements of 8 bytes, of which every rank knows its own part at first. */
static cs_status show_once(cs_comm *c, const adder *a) {
    size_t first, count;
    uint8_t *bytes = CS_NEW(uint8_t, 8 * a->n);
    if (bytes == NULL)
        return CS_ERR_MEMORY;
    cs_comm_part(c, a->n, &first, &count);
    for (size_t k = first; k < first + count; k++)
        cs_store_u64(bytes + 8 * k, k + 1);
    cs_status status = cs_comm_show(c, 50 + (uint32_t)a->round, bytes, a->n, 8);
    for (size_t k = 0; k < a->n && status == CS_OK; k++)
        if (cs_load_u64(bytes + 8 * k) != k + 1)
            status = cs_comm_raise(c, cs_fail(CS_ERR_INTERNAL, "round %d: element %zu is wrong", a->round, k));
    cs_free(bytes);
    return status;
}

static cs_status run_sums(cs_comm *c, void *arg) {
    adder *a = arg;
    a->rank = c->rank;
    a->comm = c;
    if (a->shares != NULL)
        CS_TRY(cs_comm_set_shares(c, a->shares));
    for (a->round = 0; a->round < a->rounds; a->round++) {
        const cs_status why = cs_fail(CS_ERR_ABORT, "planned failure of rank %d", a->rank);
        if (a->round == a->rounds - 1 && a->vanishes)
            return why;
        if (a->round == a->rounds - 1 && a->raises)
            return cs_comm_raise(c, why);
        CS_TRY(a->shows ? show_once(c, a) : sum_once(c, a));
    }
    if (a->raises_next)
        return cs_comm_raise(c, cs_fail(CS_ERR_ABORT, "planned failure of rank %d", a->rank));
    return cs_comm_agree(c, 3, CS_OK);
}

static cs_status go_sum(int size, adder *adders, cs_comm_outcome *outcomes) {
    void *args[SUM_RANKS];
    for (int rank = 0; rank < size; rank++)
        args[rank] = &adders[rank];
    alarm(HANG_SECONDS);
    const cs_status status = cs_comm_run_threads(size, run_sums, args, outcomes);
    alarm(0);
    return status;
}

static const int sum_sizes[] = {1, 2, 3, 7, 16, 17, 18, 20};

static adder adders[SUM_RANKS];

/* Every rank gets the addends of its part from all others, with more ranks than a row of the grid has, too. */
static void direct_sums(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof sum_sizes / sizeof sum_sizes[0]; s++) {
        for (int rank = 0; rank < SUM_RANKS; rank++)
            adders[rank] = (adder){.n = SUM_LENGTH, .rounds = 2, .direct = true};
        assert_int_equal(go_sum(sum_sizes[s], adders, NULL), CS_OK);
        for (int rank = 0; rank < sum_sizes[s]; rank++)
            assert_int_equal(adders[rank].added, 2 * (sum_sizes[s] - 1));
    }
}

static void sums_arrive(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 64, 65, SUM_LENGTH};
    for (size_t s = 0; s < sizeof sum_sizes / sizeof sum_sizes[0]; s++)
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
            for (int rank = 0; rank < SUM_RANKS; rank++)
                adders[rank] = (adder){.n = lengths[k], .rounds = 3};
            assert_int_equal(go_sum(sum_sizes[s], adders, NULL), CS_OK);
            for (int rank = 0; rank < SUM_RANKS; rank++)
                adders[rank] = (adder){.n = lengths[k], .rounds = 2, .shows = true};
            assert_int_equal(go_sum(sum_sizes[s], adders, NULL), CS_OK);
        }
}

/* Parts of any size, empty ones too. */
static void sums_in_unequal_parts_arrive(void **state) {
    (void)state;
    static const size_t lengths[] = {0, 1, 64, 65, SUM_LENGTH};
    uint32_t shares[3][SUM_RANKS];
    for (size_t s = 0; s < sizeof sum_sizes / sizeof sum_sizes[0]; s++) {
        const uint32_t n = (uint32_t)sum_sizes[s];
        for (uint32_t i = 0, all = n * (n + 1) / 2; i < n; i++) {
            shares[0][i] = i == 0 ? CS_SHARES_WHOLE : 0;
            shares[1][i] = i + 1 == n ? CS_SHARES_WHOLE : 0;
            shares[2][i] = i == 0 ? CS_SHARES_WHOLE / all + CS_SHARES_WHOLE : CS_SHARES_WHOLE * (i + 1) / all;
            shares[2][0] -= i == 0 ? CS_SHARES_WHOLE / all : shares[2][i];
        }
        for (size_t k = 0; k < 3 * sizeof lengths / sizeof lengths[0]; k++) {
            for (int rank = 0; rank < SUM_RANKS; rank++)
                adders[rank] = (adder){.n = lengths[k / 3], .rounds = 2, .shares = shares[k % 3]};
            assert_int_equal(go_sum(sum_sizes[s], adders, NULL), CS_OK);
            for (int rank = 0; rank < SUM_RANKS; rank++)
                adders[rank].shows = true;
            assert_int_equal(go_sum(sum_sizes[s], adders, NULL), CS_OK);
        }
    }
}

/* A root that shows the ranks different speeds makes them divide differently: no sum comes about. */
static void different_shares_are_noticed(void **state) {
    (void)state;
    const uint32_t half = CS_SHARES_WHOLE / 2;
    const uint32_t one[] = {half, half, 0}, other[] = {half, 0, half};
    cs_comm_outcome outcomes[SUM_RANKS];
    for (int rank = 0; rank < 3; rank++)
        adders[rank] = (adder){.n = SUM_LENGTH, .rounds = 1, .shares = rank == 1 ? other : one};
    assert_int_not_equal(go_sum(3, adders, outcomes), CS_OK);
    for (int rank = 0; rank < 3; rank++)
        assert_int_equal(outcomes[rank].status, CS_ERR_RANK);
}

/* What is divided belongs to one rank each. */
static cs_status note_part(cs_comm *c, void *arg) {
    uint32_t shares[SUM_RANKS];
    size_t *counts = arg, first, count;
    for (int weighted = 0; weighted < 2; weighted++) {
        for (size_t n = 0; n < 100; n += 33) {
            cs_comm_part(c, n, &first, &count);
            for (size_t k = first; k < first + count; k++)
                counts[k]++;
        }
        for (int rank = 0; rank < c->size; rank++)
            shares[rank] = rank == c->size / 2 ? CS_SHARES_WHOLE : 0;
        CS_TRY(cs_comm_set_shares(c, shares));
    }
    cs_comm_part(c, 99, &first, &count);
    return count == (c->rank == c->size / 2 ? 99 : 0) ? CS_OK : cs_fail(CS_ERR_INTERNAL, "%zu", count);
}

static void parts_cover_all(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof sum_sizes / sizeof sum_sizes[0]; s++) {
        size_t counts[SUM_RANKS][100] = {{0}};
        void *args[SUM_RANKS];
        for (int rank = 0; rank < SUM_RANKS; rank++)
            args[rank] = counts[rank];
        assert_int_equal(cs_comm_run_threads(sum_sizes[s], note_part, args, NULL), CS_OK);
        for (size_t k = 0; k < 99; k++) {
            size_t all = 0;
            for (int rank = 0; rank < sum_sizes[s]; rank++)
                all += counts[rank][k];
            assert_int_equal(all, 2 * (3 - k / 33));
        }
    }
}

/* In a sum of as many grains as ranks each sends what all others do, the root included. */
static void sums_are_balanced(void **state) {
    (void)state;
    cs_comm_outcome outcomes[SUM_RANKS];
    for (int size = 16; size <= 20; size += 4) {
        for (int rank = 0; rank < size; rank++)
            adders[rank] = (adder){.n = 64 * (size_t)size, .rounds = 1};
        assert_int_equal(go_sum(size, adders, outcomes), CS_OK);
        /* the agreement at the end is the root's: a frame to each, and one from each */
        for (int rank = 1; rank < size; rank++) {
            assert_int_equal(outcomes[rank].stats.bytes_sent, outcomes[1].stats.bytes_sent);
            assert_int_equal(outcomes[rank].stats.bytes_received, outcomes[rank].stats.bytes_sent);
        }
        assert_int_equal(outcomes[0].stats.bytes_sent - outcomes[1].stats.bytes_sent,
                         (uint64_t)FRAME_HEADER * (uint64_t)(size - 2));
    }
}

static void fail_in_sum(int size, int who, const adder *how) {
    cs_comm_outcome outcomes[SUM_RANKS];
    for (int rank = 0; rank < size; rank++)
        adders[rank] = (adder){.n = 700, .rounds = how->rounds, .shows = how->shows};
    adders[who] = *how;
    assert_int_equal(go_sum(size, adders, outcomes), CS_ERR_ABORT);
    for (int rank = 0; rank < size; rank++)
        assert_int_equal(outcomes[rank].status, rank == who ? CS_ERR_ABORT : CS_ERR_RANK);
}

/* Whoever fails before, in or after a sum, by whatever way: all leave. */
static void failures_end_sums(void **state) {
    (void)state;
    static const int some[] = {2, 3, 7, 18};
    for (size_t s = 0; s < sizeof some / sizeof some[0]; s++)
        for (int who = 0; who<some[s]; who += some[s]> 7 ? 5 : 1)
            for (int rounds = 1; rounds <= 2; rounds++) {
                fail_in_sum(some[s], who, &(adder){.n = 700, .rounds = rounds, .raises = true});
                fail_in_sum(some[s], who, &(adder){.n = 700, .rounds = rounds, .vanishes = true});
                fail_in_sum(some[s], who, &(adder){.n = 700, .rounds = rounds, .raises_next = true});
                fail_in_sum(some[s], who, &(adder){.n = 700, .rounds = rounds, .shows = true, .raises = true});
                fail_in_sum(some[s], who, &(adder){.n = 700, .rounds = rounds, .shows = true, .vanishes = true});
                fail_in_sum(some[s], who, &(adder){.n = 700, .rounds = rounds, .shows = true, .raises_next = true});
                if (some[s] != 18) /* of 700 elements only the last rows have some there */
                    fail_in_sum(some[s], who, &(adder){.n = 700, .rounds = rounds, .chokes = true});
            }
}

/* Ranks that do not agree on the length all leave, without anybody waiting. */
static void lengths_must_agree(void **state) {
    (void)state;
    cs_comm_outcome outcomes[SUM_RANKS];
    for (int size = 2; size <= 18; size += 16) {
        for (int rank = 0; rank < size; rank++)
            adders[rank] = (adder){.n = rank == 1 ? 1200 : 1280, .rounds = 2};
        for (int shows = 0; shows < 2; shows++) {
            for (int rank = 0; rank < size; rank++)
                adders[rank].shows = shows == 1;
            assert_int_equal(go_sum(size, adders, outcomes), CS_ERR_RANK);
            for (int rank = 0; rank < size; rank++)
                assert_int_equal(outcomes[rank].status, CS_ERR_RANK);
        }
    }
}

static cs_status misuse(cs_comm *c, void *arg) {
    (void)arg;
    cs_buffer data = {0};
    if (c->rank == 1)
        return cs_comm_reply(c, 1, &data);
    return cs_comm_agree(c, 1, CS_OK);
}

static void misuse_is_a_failure_of_that_rank(void **state) {
    (void)state;
    cs_comm_outcome outcomes[3];
    alarm(HANG_SECONDS);
    assert_int_equal(cs_comm_run_threads(3, misuse, NULL, outcomes), CS_ERR_INTERNAL);
    alarm(0);
    assert_int_equal(outcomes[0].status, CS_ERR_RANK);
    assert_int_equal(outcomes[1].status, CS_ERR_INTERNAL);
}

static void one_rank_needs_no_transport(void **state) {
    (void)state;
    cs_comm c;
    cs_comm_self(&c);
    cs_buffer part = {0}, reply = {0};
    assert_int_equal(cs_comm_gather(&c, 1, "abc", 3, &part), CS_OK);
    assert_int_equal(part.size, 3);
    assert_memory_equal(part.data, "abc", 3);
    cs_buffer_append(&reply, "x", 1);
    assert_int_equal(cs_comm_reply(&c, 1, &reply), CS_OK);
    assert_int_equal(reply.size, 1);
    assert_int_equal(cs_comm_agree(&c, 2, CS_OK), CS_OK);
    assert_int_equal(cs_comm_raise(&c, cs_fail(CS_ERR_RANGE, "too large")), CS_ERR_RANGE);
    assert_string_equal(cs_error_text(), "too large");
    assert_int_equal(cs_comm_gather(&c, 3, NULL, 0, &part), CS_ERR_RANK);
    assert_int_equal(c.stats.exchanges, 2);
    assert_int_equal(c.stats.bytes_sent, 0);
    cs_buffer_free(&part);
    cs_buffer_free(&reply);
    cs_comm_free(&c);
}

static int nothing_leaks(void **state) {
    (void)state;
    return cs_memory_live() == 0 ? 0 : -1;
}

/* Ranks with data have numbers of their own, in rank order. */
static void holders_are_numbered_in_rank_order(void **state) {
    static const bool idle[] = {true, false, false, true, false};
    (void)state;
    cs_comm c = {.size = 5};
    assert_int_equal(cs_comm_holders(&c), 5);
    assert_int_equal(cs_comm_holder_of(&c, 3), 3);
    assert_int_equal(cs_comm_rank_of(&c, 3), 3);
    assert_int_equal(cs_comm_set_idle(&c, idle), CS_OK);
    assert_int_equal(cs_comm_holders(&c), 3);
    for (int rank = 0, next = 0; rank < 5; rank++) {
        assert_int_equal(cs_comm_holder_of(&c, rank), idle[rank] ? -1 : next);
        if (!idle[rank])
            assert_int_equal(cs_comm_rank_of(&c, next++), rank);
    }
    assert_int_equal(cs_comm_set_idle(&c, NULL), CS_OK);
    assert_int_equal(cs_comm_holders(&c), 5);
    cs_comm_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(values_arrive, nothing_leaks),
        cmocka_unit_test_teardown(statistics_are_exact, nothing_leaks),
        cmocka_unit_test_teardown(hands_are_dealt, nothing_leaks),
        cmocka_unit_test_teardown(any_ranks_may_raise_anywhere, nothing_leaks),
        cmocka_unit_test_teardown(ranks_raise_at_different_points, nothing_leaks),
        cmocka_unit_test_teardown(lost_ranks_are_named, nothing_leaks),
        cmocka_unit_test_teardown(agree_tells_everybody, nothing_leaks),
        cmocka_unit_test_teardown(other_steps_are_noticed, nothing_leaks),
        cmocka_unit_test_teardown(noise_is_refused, nothing_leaks),
        cmocka_unit_test_teardown(direct_sums, nothing_leaks),
        cmocka_unit_test_teardown(sums_arrive, nothing_leaks),
        cmocka_unit_test_teardown(sums_in_unequal_parts_arrive, nothing_leaks),
        cmocka_unit_test_teardown(different_shares_are_noticed, nothing_leaks),
        cmocka_unit_test_teardown(parts_cover_all, nothing_leaks),
        cmocka_unit_test_teardown(sums_are_balanced, nothing_leaks),
        cmocka_unit_test_teardown(failures_end_sums, nothing_leaks),
        cmocka_unit_test_teardown(lengths_must_agree, nothing_leaks),
        cmocka_unit_test_teardown(misuse_is_a_failure_of_that_rank, nothing_leaks),
        cmocka_unit_test_teardown(one_rank_needs_no_transport, nothing_leaks),
        cmocka_unit_test_teardown(holders_are_numbered_in_rank_order, nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
