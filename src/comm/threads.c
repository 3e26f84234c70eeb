#include "comm/threads.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/timer.h"

typedef struct frame {
    struct frame *next;
    size_t size;
    uint8_t data[];
} frame;

typedef struct queue {
    frame *first, *last;
} queue;

typedef struct hub hub;

typedef struct seat {
    hub *hub;
    cs_comm comm;
    cs_comm_run *run;
    void *arg;
    cs_comm_outcome outcome;
    pthread_t thread;
    pthread_cond_t arrived; /* a frame for this rank, or a rank that left */
    queue *from;            /* [size] frames of each rank for this one */
    bool gone;
} seat;

struct hub {
    pthread_mutex_t mutex; /* guards every queue and `gone` */
    int size;
    seat *seats;
};

static seat *seat_of(const cs_comm *c, int rank) {
    seat *own = c->transport;
    return &own->hub->seats[rank];
}

/* Copies the frame for its reader and wakes it. */
static cs_status put(cs_comm *c, int rank, const void *data, size_t size) {
    seat *reader = seat_of(c, rank);
    queue *q = &reader->from[c->rank];
    frame *f = cs_calloc(sizeof *f + size, 1);
    if (f == NULL)
        return CS_ERR_MEMORY;
    f->size = size;
    if (size > 0)
        memcpy(f->data, data, size);
    pthread_mutex_lock(&reader->hub->mutex);
    const bool lost = reader->gone;
    if (!lost) {
        if (q->last != NULL)
            q->last->next = f;
        else
            q->first = f;
        q->last = f;
        pthread_cond_signal(&reader->arrived);
    }
    pthread_mutex_unlock(&reader->hub->mutex);
    if (lost)
        cs_free(f);
    return lost ? cs_fail(CS_ERR_RANK, "rank %d was lost", reader->comm.rank) : CS_OK;
}

static frame *pop(queue *q) {
    frame *f = q->first;
    if (f != NULL)
        q->first = f->next;
    if (q->first == NULL)
        q->last = NULL;
    return f;
}

/* Waits for a frame from `rank`, who may leave instead. */
static cs_status take(cs_comm *c, int rank, cs_buffer *out) {
    seat *reader = seat_of(c, c->rank);
    const seat *writer = seat_of(c, rank);
    queue *q = &reader->from[rank];
    hub *h = reader->hub;
    pthread_mutex_lock(&h->mutex);
    const double patience = rank == 0 ? 2 * c->timeout : c->timeout;
    const struct timespec end = cs_wall_after(patience);
    bool late = false;
    while (q->first == NULL && !writer->gone && !late)
        late = c->timeout > 0 ? pthread_cond_timedwait(&reader->arrived, &h->mutex, &end) == ETIMEDOUT
                              : pthread_cond_wait(&reader->arrived, &h->mutex) != 0;
    frame *f = pop(q);
    pthread_mutex_unlock(&h->mutex);
    if (f == NULL && late)
        return cs_fail(CS_ERR_RANK, "rank %d was not heard of for %g s", rank, patience);
    if (f == NULL)
        return cs_fail(CS_ERR_RANK, "rank %d has ended", rank);
    cs_buffer_clear(out);
    cs_buffer_append(out, f->data, f->size);
    cs_free(f);
    return cs_buffer_status(out);
}

static cs_status to_root(cs_comm *c, const void *data, size_t size) {
    return put(c, 0, data, size);
}

static cs_status from_root(cs_comm *c, cs_buffer *out) {
    return take(c, 0, out);
}

static cs_status flush(cs_comm *c) {
    (void)c;
    return CS_OK;
}

static const cs_comm_ops thread_ops = {.to_root = to_root,
                                       .from_rank = take,
                                       .to_all = cs_comm_send_each,
                                       .from_root = from_root,
                                       .send = put,
                                       .receive = take,
                                       .flush = flush};

static void leave(seat *s) {
    hub *h = s->hub;
    pthread_mutex_lock(&h->mutex);
    s->gone = true;
    for (int rank = 0; rank < h->size; rank++)
        pthread_cond_signal(&h->seats[rank].arrived);
    pthread_mutex_unlock(&h->mutex);
}

static void *rank_main(void *argument) {
    seat *s = argument;
    cs_error_clear();
    s->outcome.status = s->run(&s->comm, s->arg);
    if (s->outcome.status != CS_OK) {
        s->outcome.kind = cs_error_kind();
        snprintf(s->outcome.text, sizeof s->outcome.text, "%s", cs_error_text());
    }
    s->outcome.stats = s->comm.stats;
    leave(s);
    return NULL;
}

static void free_queue(queue *q) {
    for (frame *f = pop(q); f != NULL; f = pop(q))
        cs_free(f);
}

static cs_status run_all(hub *h) {
    int started = 0;
    while (started < h->size && pthread_create(&h->seats[started].thread, NULL, rank_main, &h->seats[started]) == 0)
        started++;
    for (int rank = started; rank < h->size; rank++)
        leave(&h->seats[rank]);
    for (int rank = 0; rank < started; rank++)
        pthread_join(h->seats[rank].thread, NULL);
    return started == h->size ? CS_OK : cs_fail(CS_ERR_MEMORY, "cannot start thread %d of %d", started + 1, h->size);
}

static cs_status first_cause(const hub *h) {
    const seat *worst = NULL;
    for (int rank = 0; rank < h->size; rank++) {
        const seat *s = &h->seats[rank];
        const bool cause = s->outcome.status != CS_OK && s->outcome.status != CS_ERR_RANK;
        if (s->outcome.status != CS_OK && (worst == NULL || (cause && worst->outcome.status == CS_ERR_RANK)))
            worst = s;
    }
    return worst == NULL ? CS_OK
                         : cs_fail_kind(worst->outcome.status, worst->outcome.kind, "rank %d: %s", worst->comm.rank,
                                        worst->outcome.text);
}

static cs_status take_seats(hub *h, cs_comm_run *run, void *const *args) {
    h->seats = CS_NEW(seat, (size_t)h->size);
    if (h->seats == NULL)
        return CS_ERR_MEMORY;
    bool complete = true;
    for (int rank = 0; rank < h->size; rank++) {
        seat *s = &h->seats[rank];
        *s = (seat){.hub = h, .run = run, .arg = args != NULL ? args[rank] : NULL};
        s->comm = (cs_comm){.ops = &thread_ops, .rank = rank, .size = h->size, .transport = s};
        s->from = CS_NEW(queue, (size_t)h->size);
        complete = cs_wall_condition(&s->arrived) == 0 && complete && s->from != NULL;
    }
    return complete ? CS_OK : CS_ERR_MEMORY;
}

static void leave_seats(hub *h, cs_comm_outcome *outcomes) {
    for (int rank = 0; h->seats != NULL && rank < h->size; rank++) {
        seat *s = &h->seats[rank];
        if (outcomes != NULL)
            outcomes[rank] = s->outcome;
        for (int other = 0; s->from != NULL && other < h->size; other++)
            free_queue(&s->from[other]);
        cs_free(s->from);
        cs_comm_free(&s->comm);
        pthread_cond_destroy(&s->arrived);
    }
    cs_free(h->seats);
}

cs_status cs_comm_run_threads(int size, cs_comm_run *run, void *const *args, cs_comm_outcome *outcomes) {
    if (size < 1)
        return cs_fail(CS_ERR_INTERNAL, "%d ranks cannot run", size);
    hub h = {.mutex = PTHREAD_MUTEX_INITIALIZER, .size = size};
    cs_status status = take_seats(&h, run, args);
    if (status == CS_OK)
        status = run_all(&h);
    if (status == CS_OK)
        status = first_cause(&h);
    leave_seats(&h, outcomes);
    pthread_mutex_destroy(&h.mutex);
    return status;
}
