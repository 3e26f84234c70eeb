/* Long messages in short pieces: this build cuts frames every 7 bytes and allows none above 1000, as the real one does every
 * 2^20 bytes and at 2^34. Lengths around every multiple of a piece, at the limits and beyond, sealed and not, to and from
 * every rank. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "comm/frame.h"
#include "comm/secure.h"
#include "transport.h"

enum { HANG_SECONDS = 60, LONGEST = CS_COMM_MAX_FRAME };

#define EXPECT(condition)                                                                                                   \
    do {                                                                                                                    \
        if (!(condition))                                                                                                   \
            return cs_fail(CS_ERR_INTERNAL, "%s:%d: not so: %s", __FILE__, __LINE__, #condition);                           \
    } while (0)

static void fill(uint8_t *out, int from, size_t length) {
    for (size_t k = 0; k < length; k++)
        out[k] = (uint8_t)(k * 31 + length + (size_t)from * 101);
}

/* Every rank to every other one, without the lockstep. */
static cs_status among_all(cs_comm *c, size_t length, cs_buffer *in) {
    uint8_t out[LONGEST];
    fill(out, c->rank, length);
    for (int peer = 0; peer < c->size; peer++)
        if (peer != c->rank)
            CS_TRY(c->ops->send(c, peer, out, length));
    for (int peer = 0; peer < c->size; peer++) {
        if (peer == c->rank)
            continue;
        CS_TRY(c->ops->receive(c, peer, in));
        fill(out, peer, length);
        EXPECT(in->size == length && memcmp(in->data, out, length) == 0);
    }
    return CS_OK;
}

/* Through the root, as the protocol does. */
static cs_status through_root(cs_comm *c, size_t length, cs_buffer *parts, cs_buffer *reply) {
    uint8_t out[LONGEST];
    fill(out, c->rank, length);
    CS_TRY(cs_comm_gather(c, 5, out, length, c->rank == 0 ? parts : NULL));
    for (int rank = 0; c->rank == 0 && rank < c->size; rank++) {
        fill(out, rank, length);
        EXPECT(parts[rank].size == length && memcmp(parts[rank].data, out, length) == 0);
    }
    cs_buffer_clear(reply);
    fill(out, 0, length);
    if (c->rank == 0)
        cs_buffer_append(reply, out, length);
    CS_TRY(cs_comm_reply(c, 5, reply));
    EXPECT(reply->size == length && memcmp(reply->data, out, length) == 0);
    return CS_OK;
}

/* The longest frame that may be sent, and one byte more: refused where it is made. */
static cs_status at_the_limit(cs_comm *c, size_t longest, cs_buffer *parts, cs_buffer *reply) {
    uint8_t out[LONGEST + 1] = {0};
    CS_TRY(through_root(c, longest, parts, reply));
    cs_comm fresh = {.ops = c->ops, .rank = c->rank, .size = c->size, .transport = c->transport};
    cs_status status = CS_OK;
    if (c->rank == c->size - 1) {
        status = cs_comm_gather(&fresh, 6, out, longest + 1, parts);
        EXPECT(status == (c->rank == 0 ? CS_OK : CS_ERR_INTERNAL)); /* what stays on a rank has no limit */
    } else {
        status = cs_comm_gather(&fresh, 6, out, 0, c->rank == 0 ? parts : NULL);
        if (status == CS_OK)
            status = cs_comm_reply(&fresh, 6, reply);
        EXPECT(status == CS_ERR_RANK);
        if (c->rank != 0) /* the one who fails says so to all, who might be in a sum */
            CS_TRY(c->ops->receive(c, c->size - 1, reply));
    }
    cs_comm_free(&fresh);
    return CS_OK;
}

/* A peer that sends more than may be is read to the end, without taking memory; its next frame arrives. */
static cs_status too_long(cs_comm *c, cs_buffer *in) {
    uint8_t out[3 * LONGEST] = {0};
    if (c->rank == 0) {
        for (size_t extra = 1; extra <= 2 * LONGEST; extra += LONGEST - 1)
            for (int peer = 1; peer < c->size; peer++) {
                CS_TRY(c->ops->send(c, peer, out, LONGEST + extra));
                CS_TRY(c->ops->send(c, peer, out, LONGEST));
            }
        return c->ops->flush(c);
    }
    for (size_t extra = 1; extra <= 2 * LONGEST; extra += LONGEST - 1) {
        EXPECT(c->ops->receive(c, 0, in) == CS_ERR_MEMORY);
        CS_TRY(c->ops->receive(c, 0, in));
        EXPECT(in->size == LONGEST);
    }
    return CS_OK;
}

static cs_status all(cs_comm *c, cs_buffer *parts, cs_buffer *reply) {
    enum { PLAIN = LONGEST - CS_FRAME_HEADER, SEALED = PLAIN - CS_SECURE_OVERHEAD };
    const uint8_t nonce[32] = {3};
    uint8_t(*secrets)[32] = cs_calloc((size_t)c->size, sizeof *secrets); /* all zero: who shares them is no matter here */
    EXPECT(secrets != NULL);
    for (int sealed = 0; sealed < 2; sealed++) {
        if (sealed)
            CS_TRY(cs_secure_start(c, (const uint8_t(*)[32])secrets, nonce, NULL));
        for (size_t length = 0; length <= (sealed ? SEALED : PLAIN); length += length < 50 ? 1 : 47) {
            CS_TRY(through_root(c, length, parts, reply));
            CS_TRY(among_all(c, length, reply));
        }
        CS_TRY(at_the_limit(c, sealed ? SEALED : PLAIN, parts, reply));
        if (!sealed)
            CS_TRY(too_long(c, reply));
        CS_TRY(cs_comm_agree(c, 7, CS_OK));
    }
    cs_secure_stop(c);
    cs_free(secrets);
    return CS_OK;
}

int main(int argc, char **argv) {
    cs_comm c;
    alarm(HANG_SECONDS);
    if (cs_mpi_comm_init(&c, &argc, &argv) != CS_OK) {
        fprintf(stderr, "%s\n", cs_error_text());
        return EXIT_FAILURE;
    }
    cs_buffer *parts = CS_NEW(cs_buffer, (size_t)c.size), reply = {0};
    const int rank = c.rank, size = c.size;
    const cs_status status = parts != NULL ? all(&c, parts, &reply) : CS_ERR_MEMORY;
    if (status != CS_OK)
        fprintf(stderr, "rank %d: %s\n", rank, cs_error_text());
    cs_secure_stop(&c);
    cs_mpi_comm_finalize(&c);
    for (int k = 0; parts != NULL && k < size; k++)
        cs_buffer_free(&parts[k]);
    cs_free(parts);
    cs_buffer_free(&reply);
    return status == CS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
