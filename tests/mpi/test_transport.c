/* The Open MPI transport, run by mpirun on several rank counts: frames of any length in order, failures, statistics, and
 * what waiting costs. `test_transport` runs all; `test_transport lost R` lets rank R end early, `test_transport killed R`
 * kills it, `test_transport silent R` lets it sleep longer than the others wait, `test_transport deaf R` before it has taken
 * what the root sends; with `pieces R` and `frames R` rank R sends the root empty ones without end. */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <mpi.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/timer.h"
#include "transport.h"

enum { HANG_SECONDS = 60, HEADER = 20 };

#define EXPECT(condition)                                                                                                   \
    do {                                                                                                                    \
        if (!(condition))                                                                                                   \
            return cs_fail(CS_ERR_INTERNAL, "%s:%d: not so: %s", __FILE__, __LINE__, #condition);                           \
    } while (0)

static uint8_t pattern(int rank, size_t length, size_t k) {
    return (uint8_t)(k * 31 + (k >> 11) + length + (size_t)rank * 101);
}

static cs_status fill(cs_buffer *b, int rank, size_t length) {
    CS_TRY(cs_buffer_resize(b, length));
    for (size_t k = 0; k < length; k++)
        b->data[k] = pattern(rank, length, k);
    return CS_OK;
}

static bool holds(const cs_buffer *b, int rank, size_t length) {
    if (b->size != length)
        return false;
    for (size_t k = 0; k < length; k++)
        if (b->data[k] != pattern(rank, length, k))
            return false;
    return true;
}

/* Rank i gives length + i bytes; the root answers with 2 length bytes. */
static cs_status one_exchange(cs_comm *c, size_t length, cs_buffer *parts, cs_buffer *mine) {
    const uint32_t tag = (uint32_t)length;
    CS_TRY(fill(mine, c->rank, length + (size_t)c->rank));
    CS_TRY(cs_comm_gather(c, tag, mine->data, mine->size, parts));
    if (c->rank == 0) {
        for (int rank = 0; rank < c->size; rank++)
            EXPECT(holds(&parts[rank], rank, length + (size_t)rank));
        CS_TRY(fill(mine, 0, 2 * length));
    }
    CS_TRY(cs_comm_reply(c, tag, mine));
    EXPECT(holds(mine, 0, 2 * length));
    return CS_OK;
}

static cs_status lengths(cs_comm *c, cs_buffer *parts, cs_buffer *mine) {
    static const size_t all[] = {0, 1, 100, 4095, 4096, 65536, 1000003, 9000000};
    const cs_comm_stats before = c->stats;
    uint64_t up = 0, down = 0, count = sizeof all / sizeof all[0];
    for (size_t k = 0; k < count; k++) {
        CS_TRY(one_exchange(c, all[k], parts, mine));
        for (int rank = 1; rank < c->size; rank++)
            if (c->rank == 0 || c->rank == rank)
                up += HEADER + all[k] + (size_t)rank;
        down += (HEADER + 2 * all[k]) * (c->rank == 0 ? (uint64_t)c->size - 1 : 1);
    }
    EXPECT(c->stats.exchanges - before.exchanges == count);
    EXPECT(c->stats.bytes_sent - before.bytes_sent == (c->rank == 0 ? down : up));
    EXPECT(c->stats.bytes_received - before.bytes_received == (c->rank == 0 ? up : down));
    return CS_OK;
}

/* Many short exchanges, as the sumchecks do; and a long wait, which must not cost CPU time. */
static cs_status latency(cs_comm *c) {
    enum { COUNT = 500 };
    const double start = cs_wall_seconds(), cpu = cs_cpu_seconds();
    for (int k = 0; k < COUNT; k++)
        CS_TRY(cs_comm_agree(c, 7, CS_OK));
    const double wall = (cs_wall_seconds() - start) / COUNT, used = (cs_cpu_seconds() - cpu) / COUNT;
    if (c->rank == 0)
        nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    const double before = cs_cpu_seconds();
    CS_TRY(cs_comm_agree(c, 8, CS_OK));
    const double idle = (cs_cpu_seconds() - before) / 0.5;
    EXPECT(idle < 0.25);
    if (c->rank == c->size - 1)
        printf("  an exchange: %.0f us, %.0f us of CPU; waiting: %.1f %% of a core\n", 1e6 * wall, 1e6 * used, 100 * idle);
    return CS_OK;
}

static cs_status all_well(cs_comm *c) {
    cs_buffer *parts = CS_NEW(cs_buffer, (size_t)c->size), mine = {0};
    cs_status status = parts == NULL ? CS_ERR_MEMORY : lengths(c, c->rank == 0 ? parts : NULL, &mine);
    if (status == CS_OK)
        status = latency(c);
    for (int rank = 0; rank < c->size; rank++)
        cs_buffer_free(&parts[rank]);
    cs_free(parts);
    cs_buffer_free(&mine);
    return cs_comm_agree(c, 9, status);
}

/* Ranks of `mask` raise, before a gather or before a reply, while a long frame may be on its way. */
static cs_status raise_some(cs_comm *c, unsigned mask, bool in_middle, size_t length) {
    cs_comm fresh = {.ops = c->ops, .rank = c->rank, .size = c->size, .transport = c->transport};
    cs_buffer data = {0};
    cs_status status = fill(&data, c->rank, length);
    const bool raises = mask >> c->rank & 1;
    if (status == CS_OK && (in_middle || !raises))
        status = cs_comm_gather(&fresh, 1, data.data, data.size, NULL);
    if (raises)
        status = cs_comm_raise(&fresh, cs_fail(CS_ERR_ABORT, "planned"));
    else if (status == CS_OK)
        status = cs_comm_reply(&fresh, 1, &data);
    if (status == CS_OK && !raises)
        status = cs_comm_agree(&fresh, 2, CS_OK); /* a member that raised after its gather fails here */
    cs_buffer_free(&data);
    cs_comm_free(&fresh);
    EXPECT(status == (raises ? CS_ERR_ABORT : CS_ERR_RANK));
    return CS_OK;
}

static cs_status raising(cs_comm *c) {
    for (unsigned mask = 1; mask<1U << c->size; mask += c->size> 4 ? 9 : 1)
        for (int where = 0; where < 4; where++)
            CS_TRY(raise_some(c, mask, where & 1, where & 2 ? 300000 : 10));
    return CS_OK;
}

/* A frame for which memory does not suffice is dropped, and the next one arrives. */
static cs_status no_memory(cs_comm *c) {
    enum { LONG = 3000000 };
    cs_buffer data = {0};
    if (c->size == 1)
        return CS_OK;
    if (c->rank == 0) {
        CS_TRY(fill(&data, 0, LONG));
        CS_TRY(c->ops->to_all(c, data.data, LONG));
        CS_TRY(c->ops->to_all(c, data.data, 100));
    } else {
        cs_memory_limit(cs_memory_live() + LONG / 2);
        EXPECT(c->ops->from_root(c, &data) == CS_ERR_MEMORY);
        cs_memory_limit(SIZE_MAX);
        CS_TRY(c->ops->from_root(c, &data));
        EXPECT(data.size == 100);
    }
    cs_buffer_free(&data);
    return CS_OK;
}

/* Every rank sends to all others before it receives; long frames and short ones arrive in order. */
static cs_status among_all(cs_comm *c) {
    static const size_t sizes[] = {3000001, 0, 70000, 5};
    cs_buffer data = {0};
    for (int peer = 0; peer < c->size; peer++)
        for (size_t k = 0; peer != c->rank && k < sizeof sizes / sizeof sizes[0]; k++) {
            CS_TRY(fill(&data, c->rank, sizes[k] + (size_t)peer));
            CS_TRY(c->ops->send(c, peer, data.data, data.size));
        }
    for (int peer = 0; peer < c->size; peer++)
        for (size_t k = 0; peer != c->rank && k < sizeof sizes / sizeof sizes[0]; k++) {
            CS_TRY(c->ops->receive(c, peer, &data));
            EXPECT(holds(&data, peer, sizes[k] + (size_t)c->rank));
        }
    cs_buffer_free(&data);
    return cs_comm_agree(c, 10, CS_OK);
}

/* A long sum: what every rank has is rank + k. */
static cs_status add_words(void *context, int rank, size_t first, size_t count, const uint8_t *part) {
    uint64_t *sums = context;
    (void)rank;
    for (size_t k = 0; k < count; k++)
        sums[first + k] += cs_load_u64(part + 8 * k);
    return CS_OK;
}

static void store_words(void *context, size_t first, size_t count, uint8_t *out) {
    const uint64_t *sums = context;
    for (size_t k = 0; k < count; k++)
        cs_store_u64(out + 8 * k, sums[first + k]);
}

static cs_status long_sum(cs_comm *c) {
    enum { WORDS = 700000 };
    uint64_t *sums = CS_NEW(uint64_t, WORDS);
    uint8_t *bytes = CS_NEW(uint8_t, 8 * WORDS);
    const cs_comm_reduction how = {
        .element = 8, .context = sums, .add = add_words, .store = store_words, .show = store_words};
    const uint64_t size = (uint64_t)c->size;
    if (sums == NULL || bytes == NULL)
        return cs_comm_raise(c, CS_ERR_MEMORY);
    for (size_t k = 0; k < WORDS; k++)
        sums[k] = (uint64_t)c->rank + k;
    store_words(sums, 0, WORDS, bytes);
    CS_TRY(cs_comm_sum(c, 11, bytes, WORDS, &how));
    for (size_t k = 0; k < WORDS; k++)
        EXPECT(cs_load_u64(bytes + 8 * k) == size * k + size * (size - 1) / 2);
    cs_free(sums);
    cs_free(bytes);
    return CS_OK;
}

/* Rank `who` ends without a word: the others get CS_ERR_RANK and do not hang. */
static cs_status lost(cs_comm *c, int who, bool killed) {
    CS_TRY(cs_comm_agree(c, 1, CS_OK));
    if (c->rank == who && killed)
        raise(SIGKILL);
    if (c->rank == who)
        return CS_OK;
    const cs_status status = cs_comm_agree(c, 2, CS_OK);
    EXPECT(status == CS_ERR_RANK);
    EXPECT(strstr(cs_error_text(), "was lost") != NULL);
    return CS_OK;
}

/* Rank `who` stays away; the others leave. The root is waited for twice as long, as it waits itself. */
static cs_status silent(cs_comm *c, int who) {
    c->timeout = 0.5;
    CS_TRY(cs_comm_agree(c, 1, CS_OK));
    if (c->rank == who)
        sleep(HANG_SECONDS);
    const cs_status status = cs_comm_agree(c, 2, CS_OK);
    EXPECT(status == CS_ERR_RANK);
    fprintf(stderr, "rank %d leaves: %s\n", c->rank, cs_error_text());
    return status;
}

/* Rank `who` gives its part and takes nothing: a long reply cannot leave the root, who does not wait for ever. */
static cs_status deaf(cs_comm *c, int who) {
    cs_buffer reply = {0};
    c->timeout = 0.5;
    CS_TRY(cs_comm_gather(c, 1, NULL, 0, NULL));
    if (c->rank == who)
        sleep(HANG_SECONDS);
    cs_status status = c->rank == 0 ? fill(&reply, 0, (size_t)1 << 22) : CS_OK;
    if (status == CS_OK)
        status = cs_comm_reply(c, 1, &reply);
    cs_buffer_free(&reply);
    if (status == CS_OK)
        status = cs_comm_agree(c, 2, CS_OK);
    EXPECT(status == CS_ERR_RANK);
    fprintf(stderr, "rank %d leaves: %s\n", c->rank, cs_error_text());
    return status;
}

/* Rank `who` sends the root empty messages until it is killed, each soon enough. */
static cs_status flood(cs_comm *c, int who, int tag) {
    c->timeout = 0.5;
    while (c->rank == who) {
        MPI_Send(NULL, 0, MPI_BYTE, 0, tag, MPI_COMM_WORLD);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    const cs_status status = cs_comm_agree(c, 1, CS_OK);
    EXPECT(status == CS_ERR_RANK);
    fprintf(stderr, "rank %d leaves: %s\n", c->rank, cs_error_text());
    return status;
}

static cs_status run(cs_comm *c, int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "silent") == 0)
        return silent(c, atoi(argv[2]));
    if (argc == 3 && strcmp(argv[1], "deaf") == 0)
        return deaf(c, atoi(argv[2]));
    if (argc == 3 && strcmp(argv[1], "pieces") == 0)
        return flood(c, atoi(argv[2]), 1);
    if (argc == 3 && strcmp(argv[1], "frames") == 0)
        return flood(c, atoi(argv[2]), 2);
    if (argc == 3)
        return lost(c, atoi(argv[2]), strcmp(argv[1], "killed") == 0);
    CS_TRY(all_well(c));
    CS_TRY(no_memory(c));
    CS_TRY(among_all(c));
    CS_TRY(long_sum(c));
    return raising(c);
}

int main(int argc, char **argv) {
    cs_comm c;
    alarm(HANG_SECONDS);
    if (cs_mpi_comm_init(&c, &argc, &argv) != CS_OK) {
        fprintf(stderr, "%s\n", cs_error_text());
        return EXIT_FAILURE;
    }
    const int rank = c.rank;
    const cs_status status = run(&c, argc, argv);
    if (status != CS_OK)
        fprintf(stderr, "rank %d: %s\n", rank, cs_error_text());
    cs_mpi_comm_finalize(&c);
    if (cs_memory_live() != 0)
        fprintf(stderr, "rank %d: %zu bytes were not freed\n", rank, cs_memory_live());
    return status == CS_OK && cs_memory_live() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
