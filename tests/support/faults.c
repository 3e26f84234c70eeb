#include "support/faults.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"

enum { KEPT = 8 };

/* One sender. Frames are changed where they are sent, so nothing is shared with other threads. */
typedef struct cs_fault_rank {
    cs_comm below;
    cs_faults *faults;
    cs_buffer latest[CS_FAULTS_RANKS];      /* by receiver */
    cs_buffer first[CS_FAULTS_RANKS][KEPT]; /* the first ones, for replays */
    size_t n_first[CS_FAULTS_RANKS];
    cs_buffer held, changed;
    bool holds;
} sender;

static cs_status pass(sender *s, int to, const cs_buffer *frame) {
    return s->below.ops->send(&s->below, to, frame->data, frame->size);
}

static const cs_buffer *replayed(const sender *s, int to, size_t size) {
    for (size_t k = 0; k < s->n_first[to]; k++)
        if (s->first[to][k].size == size)
            return &s->first[to][k];
    return &s->first[to][0];
}

static const cs_buffer *crossed(const sender *s, int to) {
    for (int other = 0; other < s->below.size; other++)
        if (other != to && s->latest[other].size > 0)
            return &s->latest[other];
    return NULL;
}

static cs_status copy(cs_buffer *out, const cs_buffer *b) {
    cs_buffer_clear(out);
    cs_buffer_append(out, b->data, b->size);
    return cs_buffer_status(out);
}

/* The frame that is wrong, in s->changed, which holds the right one. */
static cs_status change(sender *s, int to) {
    const cs_faults *f = s->faults;
    cs_buffer *b = &s->changed;
    const size_t at = (size_t)(f->where * (double)b->size);
    const cs_buffer *other = crossed(s, to);
    switch (f->fault) {
    case CS_FAULT_FLIP:
        if (b->size > 0)
            b->data[at] ^= (uint8_t)(1 << at % 8);
        return CS_OK;
    case CS_FAULT_LENGTHEN:
        cs_buffer_append(b, "", 1);
        return cs_buffer_status(b);
    case CS_FAULT_REPLAY:
        return s->n_first[to] > 0 ? copy(b, replayed(s, to, b->size)) : cs_buffer_resize(b, at);
    case CS_FAULT_CROSS:
        return other != NULL ? copy(b, other) : cs_buffer_resize(b, at);
    case CS_FAULT_FORGE:
        randombytes_buf(b->data, b->size);
        return CS_OK;
    default:
        return cs_buffer_resize(b, at);
    }
}

static cs_status misplace(sender *s, int to) {
    switch (s->faults->fault) {
    case CS_FAULT_DROP:
        return CS_OK;
    case CS_FAULT_DUPLICATE:
        CS_TRY(pass(s, to, &s->changed));
        return pass(s, to, &s->changed);
    case CS_FAULT_SWAP:
        s->holds = true;
        return copy(&s->held, &s->changed);
    default:
        CS_TRY(change(s, to));
        return pass(s, to, &s->changed);
    }
}

static cs_status send(cs_comm *c, int to, const void *data, size_t size) {
    sender *s = c->transport;
    cs_faults *f = s->faults;
    const size_t number = f->count[c->rank][to]++;
    cs_buffer_clear(&s->changed);
    cs_buffer_append(&s->changed, data, size);
    CS_TRY(cs_buffer_status(&s->changed));
    if (f->fault != CS_FAULT_NONE && c->rank == f->from && to == f->to && number == f->number) {
        f->done = true;
        return misplace(s, to);
    }
    CS_TRY(copy(&s->latest[to], &s->changed));
    if (s->n_first[to] < KEPT)
        CS_TRY(copy(&s->first[to][s->n_first[to]++], &s->changed));
    CS_TRY(pass(s, to, &s->changed));
    if (!s->holds || to != f->to)
        return CS_OK;
    s->holds = false;
    return pass(s, to, &s->held);
}

static cs_status to_root(cs_comm *c, const void *data, size_t size) {
    return send(c, 0, data, size);
}

static cs_status to_all(cs_comm *c, const void *data, size_t size) {
    cs_status status = CS_OK;
    for (int to = 1; to < c->size; to++) {
        const cs_status one = send(c, to, data, size);
        status = status == CS_OK ? one : status;
    }
    return status;
}

static cs_status receive(cs_comm *c, int from, cs_buffer *out) {
    sender *s = c->transport;
    s->below.timeout = c->timeout;
    return s->below.ops->receive(&s->below, from, out);
}

static cs_status from_root(cs_comm *c, cs_buffer *out) {
    return receive(c, 0, out);
}

static cs_status flush(cs_comm *c) {
    sender *s = c->transport;
    return s->below.ops->flush(&s->below);
}

static const cs_comm_ops fault_ops = {to_root, receive, to_all, from_root, send, receive, flush, NULL};

cs_status cs_faults_install(cs_faults *f, cs_comm *comm) {
    sender *s = CS_NEW(sender, 1);
    if (s == NULL)
        return CS_ERR_MEMORY;
    s->below = *comm;
    s->faults = f;
    f->ranks[comm->rank] = s;
    comm->ops = &fault_ops;
    comm->transport = s;
    return CS_OK;
}

void cs_faults_remove(cs_faults *f, cs_comm *comm) {
    sender *s = f->ranks[comm->rank];
    comm->ops = s->below.ops;
    comm->transport = s->below.transport;
    for (int to = 0; to < CS_FAULTS_RANKS; to++) {
        cs_buffer_free(&s->latest[to]);
        for (int k = 0; k < KEPT; k++)
            cs_buffer_free(&s->first[to][k]);
    }
    cs_buffer_free(&s->held);
    cs_buffer_free(&s->changed);
    cs_free(s);
}
