#include "transport.h"

#include <mpi.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/timer.h"

/* A frame is one message, or several if it is long: all but the last are tagged MORE. MPI counts are ints; and a piece for
 * which there is no memory must fit the space kept for it. Tests cut smaller pieces. */
#ifndef CS_MPI_PIECE
#define CS_MPI_PIECE (1 << 20)
#endif
enum { TAG_MORE = 1, TAG_LAST = 2, TAG_GONE = 3, PIECE = CS_MPI_PIECE };

/* Memory of frames that have left is kept for the next ones, up to so many bytes. */
enum { MOST_SPARE = 4 << 20 };

/* A piece that was given to MPI and not taken yet; a frame's last one has the frame. Or a spare. */
typedef struct outgoing {
    struct outgoing *next;
    int rank; /* to whom */
    MPI_Request request;
    cs_buffer frame;
} outgoing;

typedef struct transport {
    bool *gone;                 /* [size], the peer said so, or is waited for no longer */
    bool late;                  /* some peer was not heard of in time */
    uint8_t *dropped;           /* [PIECE], takes what is not wanted */
    outgoing *under_way, *last; /* what `send` took, oldest first */
    outgoing *spare;
    size_t spare_bytes;
    cs_buffer copy; /* of a frame to send */
} transport;

static cs_status check(int code, const char *what) {
    if (code == MPI_SUCCESS)
        return CS_OK;
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int length = 0;
    MPI_Error_string(code, text, &length);
    return cs_fail(CS_ERR_RANK, "MPI cannot %s: %.*s", what, length, text);
}

/* ------------------------------------------------------------------ waiting */

/* Between two polls: at first only let others run, then sleep a quarter of the time that has passed, so that a message is
 * noticed an eighth of it late on average, and a long wait takes few polls. Ranks often share cores, and a rank that polls
 * without pause takes the time that the one it waits for needs. */
typedef struct waiting {
    unsigned polls;
    long nanoseconds;
    double since; /* wall clock */
} waiting;

enum { YIELDS = 32, SLEEP_MIN = 20000, SLEEP_MAX = 20000000 };

static void pause_between_polls(waiting *w) {
    if (w->polls < YIELDS) {
        w->polls++;
        sched_yield();
        return;
    }
    w->nanoseconds = w->nanoseconds == 0 ? SLEEP_MIN : w->nanoseconds + w->nanoseconds / 4;
    if (w->nanoseconds > SLEEP_MAX)
        w->nanoseconds = SLEEP_MAX;
    nanosleep(&(struct timespec){.tv_nsec = w->nanoseconds}, NULL);
}

/* A pause while `peer` is waited for: CS_ERR_RANK once it has been for too long. The root may itself be waiting for another
 * rank, which is to be found out first. */
static cs_status pause_for(cs_comm *c, int peer, waiting *w) {
    transport *t = c->transport;
    const double patience = peer == 0 ? 2 * c->timeout : c->timeout;
    pause_between_polls(w);
    if (c->timeout <= 0)
        return CS_OK;
    const double now = cs_wall_seconds();
    if (w->since == 0)
        w->since = now;
    if (now - w->since < patience)
        return CS_OK;
    t->late = t->gone[peer] = true;
    return cs_fail(CS_ERR_RANK, "rank %d was not heard of for %.0f s (--timeout)", peer, patience);
}

static cs_status wait_message(cs_comm *c, int peer, MPI_Message *message, MPI_Status *info) {
    waiting w = {0};
    for (;;) {
        int found = 0;
        CS_TRY(check(MPI_Improbe(peer, MPI_ANY_TAG, MPI_COMM_WORLD, &found, message, info), "look for a message"));
        if (found)
            return CS_OK;
        CS_TRY(pause_for(c, peer, &w));
    }
}

/* ------------------------------------------------------------------ frames */

static size_t piece_size(size_t left) {
    return left < PIECE ? left : PIECE;
}

static void keep_spare(transport *t, outgoing *piece) {
    if (piece->frame.capacity > MOST_SPARE - t->spare_bytes)
        cs_buffer_free(&piece->frame);
    t->spare_bytes += piece->frame.capacity;
    piece->next = t->spare;
    t->spare = piece;
}

static outgoing *take_spare(transport *t) {
    outgoing *piece = t->spare;
    if (piece == NULL)
        return CS_NEW(outgoing, 1);
    t->spare = piece->next;
    t->spare_bytes -= piece->frame.capacity;
    piece->next = NULL;
    return piece;
}

static void free_spares(transport *t) {
    while (t->spare != NULL) {
        outgoing *piece = take_spare(t);
        cs_buffer_free(&piece->frame);
        cs_free(piece);
    }
}

/* Takes back what has left, up to the first piece that has not. */
static void reap(transport *t) {
    while (t->under_way != NULL) {
        outgoing *piece = t->under_way;
        int done = 0;
        if (MPI_Test(&piece->request, &done, MPI_STATUS_IGNORE) == MPI_SUCCESS && !done)
            return;
        t->under_way = piece->next;
        keep_spare(t, piece);
    }
    t->last = NULL;
}

/* frame: given away with its last piece, for the memory of another one; NULL with the others. */
static cs_status send_piece(transport *t, int rank, const void *data, size_t size, int tag, cs_buffer *frame) {
    outgoing *piece = take_spare(t);
    if (piece == NULL)
        return CS_ERR_MEMORY;
    piece->rank = rank;
    const int code = MPI_Isend(data, (int)size, MPI_BYTE, rank, tag, MPI_COMM_WORLD, &piece->request);
    if (code != MPI_SUCCESS) {
        keep_spare(t, piece);
        return check(code, "send");
    }
    if (frame != NULL) {
        const cs_buffer other = piece->frame;
        piece->frame = *frame;
        *frame = other;
    }
    if (t->last != NULL)
        t->last->next = piece;
    else
        t->under_way = piece;
    t->last = piece;
    return CS_OK;
}

static cs_status give(cs_comm *c, int rank, cs_buffer *frame) {
    transport *t = c->transport;
    const uint8_t *data = frame->data;
    const size_t size = frame->size;
    size_t sent = 0;
    reap(t);
    do {
        const size_t piece = piece_size(size - sent);
        const bool more = sent + piece < size;
        const uint8_t *from = sent > 0 ? data + sent : data;
        const cs_status status = send_piece(t, rank, from, piece, more ? TAG_MORE : TAG_LAST, more ? NULL : frame);
        if (status != CS_OK && sent > 0) { /* half a frame, which MPI still reads */
            t->gone[rank] = true;
            *frame = (cs_buffer){0};
        }
        CS_TRY(status);
        sent += piece;
    } while (sent < size);
    return CS_OK;
}

static cs_status send_copy(cs_comm *c, int rank, const void *data, size_t size) {
    transport *t = c->transport;
    cs_buffer_clear(&t->copy);
    cs_buffer_append(&t->copy, data, size);
    CS_TRY(cs_buffer_status(&t->copy));
    return give(c, rank, &t->copy);
}

/* Waits for everything that is under way. What a late peer has not taken stays MPI's, its memory too. */
static cs_status flush(cs_comm *c) {
    transport *t = c->transport;
    waiting w = {0};
    for (reap(t); t->under_way != NULL; reap(t))
        CS_TRY(pause_for(c, t->under_way->rank, &w));
    return CS_OK;
}

static cs_status receive_into(cs_comm *c, int peer, uint8_t *out, int count, MPI_Message *message) {
    MPI_Request request = MPI_REQUEST_NULL;
    waiting w = {0};
    CS_TRY(check(MPI_Imrecv(out, count, MPI_BYTE, message, &request), "receive"));
    for (;;) {
        int done = 0;
        CS_TRY(check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "receive"));
        if (done)
            return CS_OK;
        CS_TRY(pause_for(c, peer, &w));
    }
}

/* Waits for the next piece from `peer` and appends it to the frame, or drops it: without a frame, or, marking the frame as
 * failed, without memory for it. *tag is the message's. */
static cs_status receive_piece(cs_comm *c, int peer, cs_buffer *out, int *tag) {
    transport *t = c->transport;
    MPI_Message message;
    MPI_Status info;
    int count = 0;
    CS_TRY(wait_message(c, peer, &message, &info));
    *tag = info.MPI_TAG;
    CS_TRY(check(MPI_Get_count(&info, MPI_BYTE, &count), "receive"));
    if (count < 0 || count > PIECE || (*tag == TAG_MORE && count != PIECE)) { /* or a frame need never end */
        t->late = t->gone[peer] = true;
        return cs_fail(CS_ERR_RANK, "rank %d sent a piece of %d bytes, as this version never does", peer, count);
    }
    if (out == NULL || out->failed)
        return receive_into(c, peer, t->dropped, count, &message);
    const size_t start = out->size, piece = (size_t)count;
    if (piece > CS_COMM_MAX_FRAME - start || cs_buffer_reserve(out, piece) != CS_OK) {
        out->failed = true;
        return receive_into(c, peer, t->dropped, count, &message);
    }
    out->size += piece;
    const cs_status status = receive_into(c, peer, out->data + start, count, &message);
    if (status != CS_OK)
        *out = (cs_buffer){0}; /* MPI may still write to that memory, so nobody else gets it */
    return status;
}

static cs_status receive_frame(cs_comm *c, int peer, cs_buffer *out) {
    transport *t = c->transport;
    cs_buffer_clear(out);
    reap(t);
    for (;;) {
        int tag = 0;
        if (t->gone[peer])
            return cs_fail(CS_ERR_RANK, "rank %d has ended", peer);
        CS_TRY(receive_piece(c, peer, out, &tag));
        t->gone[peer] = tag == TAG_GONE;
        if (tag == TAG_LAST)
            return cs_buffer_status(out);
    }
}

/* A peer that takes nothing, before links are sealed as after, costs no more than the time-out: what is under way is a copy.
 */
static cs_status to_root(cs_comm *c, const void *data, size_t size) {
    CS_TRY(send_copy(c, 0, data, size));
    return flush(c);
}

static cs_status from_root(cs_comm *c, cs_buffer *out) {
    return receive_frame(c, 0, out);
}

static const cs_comm_ops mpi_ops = {.to_root = to_root,
                                    .from_rank = receive_frame,
                                    .to_all = cs_comm_send_each,
                                    .from_root = from_root,
                                    .send = send_copy,
                                    .receive = receive_frame,
                                    .flush = flush,
                                    .give = give};

/* ------------------------------------------------------------------ life */

cs_status cs_mpi_comm_init(cs_comm *c, int *argc, char ***argv) {
    *c = (cs_comm){.ops = &mpi_ops, .rank = 0, .size = 1};
    if (MPI_Init(argc, argv) != MPI_SUCCESS)
        return cs_fail(CS_ERR_INTERNAL, "MPI does not start; run this program under mpirun");
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &c->rank);
    MPI_Comm_size(MPI_COMM_WORLD, &c->size);
    transport *t = CS_NEW(transport, 1);
    bool *gone = CS_NEW(bool, (size_t)c->size);
    uint8_t *dropped = CS_NEW(uint8_t, PIECE);
    if (t == NULL || gone == NULL || dropped == NULL) /* there is no lockstep yet to fail in */
        MPI_Abort(MPI_COMM_WORLD, CS_ERR_MEMORY);
    else
        *t = (transport){.gone = gone, .dropped = dropped};
    c->transport = t;
    return CS_OK;
}

int cs_mpi_ranks_here(void) {
    MPI_Comm here = MPI_COMM_NULL;
    int n = 0;
    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here) != MPI_SUCCESS)
        return 0;
    if (MPI_Comm_size(here, &n) != MPI_SUCCESS)
        n = 0;
    MPI_Comm_free(&here);
    return n;
}

/* A message without content; its sender waits for the peer's own before it ends MPI, so none is left unreceived. */
static void say_gone(cs_comm *c, int peer) {
    transport *t = c->transport;
    if (send_piece(t, peer, NULL, 0, TAG_GONE, NULL) != CS_OK)
        t->gone[peer] = true;
}

/* What a peer sent is little, and takes no longer than it is waited for. */
static void drain(cs_comm *c, int peer) {
    transport *t = c->transport;
    const double since = cs_wall_seconds();
    while (!t->gone[peer]) {
        int tag = 0;
        if (receive_piece(c, peer, NULL, &tag) != CS_OK)
            return;
        t->gone[peer] = tag == TAG_GONE;
        if (!t->gone[peer] && c->timeout > 0 && cs_wall_seconds() - since > c->timeout)
            t->late = t->gone[peer] = true;
    }
}

void cs_mpi_comm_finalize(cs_comm *c) {
    transport *t = c->transport;
    for (int peer = 0; peer < c->size; peer++)
        if (peer != c->rank)
            say_gone(c, peer);
    for (int peer = 0; peer < c->size; peer++)
        if (peer != c->rank)
            drain(c, peer);
    (void)flush(c);
    if (t->late) /* MPI would wait for that rank */
        MPI_Abort(MPI_COMM_WORLD, CS_ERR_RANK);
    MPI_Finalize();
    free_spares(t);
    cs_buffer_free(&t->copy);
    cs_free(t->gone);
    cs_free(t->dropped);
    cs_free(t);
    cs_comm_free(c);
    *c = (cs_comm){.size = 1};
}
