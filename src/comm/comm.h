/* What a proof needs of a network: every exchange is in lockstep, ranks -> root -> ranks, and always starts with a gather and
 * ends with a reply. So "failed" can take the place of any gather, "stop" the place of any reply, and every rank leaves by
 * the same door. A transport (comm/self.c, mpi/) only moves frames. */
#ifndef CS_COMM_COMM_H
#define CS_COMM_COMM_H

#include "base/buffer.h"

typedef struct cs_comm cs_comm;

/** A transport: frames of any length, in order, between rank 0 (the root) and each other rank. A function fails with
 *  CS_ERR_RANK when the peer is lost. */
typedef struct cs_comm_ops {
    cs_status (*to_root)(cs_comm *c, const void *data, size_t size);   /* other ranks */
    cs_status (*from_rank)(cs_comm *c, int rank, cs_buffer *out);      /* root; replaces out's content */
    cs_status (*to_all)(cs_comm *c, const void *data, size_t size);    /* root */
    cs_status (*from_root)(cs_comm *c, cs_buffer *out);                /* other ranks; replaces out's content */
} cs_comm_ops;

typedef struct cs_comm_stats {
    uint64_t bytes_sent, bytes_received; /* by this rank */
    uint64_t exchanges;                  /* sequential round trips */
} cs_comm_stats;

struct cs_comm {
    const cs_comm_ops *ops;
    int rank, size;
    void *transport;        /* the transport's own state */
    cs_comm_stats stats;
    /* state of the lockstep, private to comm.c */
    int phase;              /* 0 idle, 1 between gather and reply */
    cs_buffer frame;
};

/** One rank alone: no peers, nothing is sent. */
void cs_comm_self(cs_comm *c);

/** Collective. Every rank gives `size` bytes under `tag`; on the root parts[i] (cs_buffer[size of comm], zero-initialised by the
 *  caller) becomes rank i's bytes, its own included; elsewhere `parts` is NULL. If any rank raised, or is at another
 *  tag, all ranks get CS_ERR_RANK (the failing rank got its own status from cs_comm_raise). */
cs_status cs_comm_gather(cs_comm *c, uint32_t tag, const void *mine, size_t size, cs_buffer *parts);

/** Collective, after a gather. The root gives the bytes; every rank has them in `data` afterwards (replaced; also on the root
 *  nothing changes). */
cs_status cs_comm_reply(cs_comm *c, uint32_t tag, cs_buffer *data);

/** Local failure becomes collective: takes part in the exchange the others are in, as "failed", so that all leave. Call it once,
 *  instead of the next collective, then return `status`. Nothing about the reason is sent. Returns `status`. */
cs_status cs_comm_raise(cs_comm *c, cs_status status);

void cs_comm_free(cs_comm *c);

#endif
