#include "comm/comm.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/timer.h"
#include "comm/frame.h"
#include "comm/shares.h"
#include "transcript/labels.h"

enum { HEADER_SIZE = CS_FRAME_HEADER, FRAME_MAGIC = CS_FRAME_MAGIC };
enum { FRAME_PART = 1, FRAME_FAILED = 2, FRAME_REPLY = 3, FRAME_STOP = 4, FRAME_ADDEND = 5, FRAME_SUM = 6 };
enum { PHASE_IDLE = 0, PHASE_REPLY = 1, PHASE_LEFT = 2 };

/* Why all leave. A stop frame lists pairs (rank, trouble) of 32-bit words, so that every rank can name the failing ones; a
 * failed frame has the trouble in the place of its tag. That of a link has the number of its other end above the lowest
 * byte. */
enum { TROUBLE_FAILED = 1, TROUBLE_STEP = 2, TROUBLE_LOST = 3, TROUBLE_LINK = 4, TROUBLE_MASK = 0xff, PEER_SHIFT = 8 };
enum { MAX_NAMED = 16, STOP_SIZE = HEADER_SIZE + 8 * MAX_NAMED };

typedef struct troubles {
    unsigned count;
    uint32_t rank[MAX_NAMED], what[MAX_NAMED];
} troubles;

/* A failure with its text and kind, kept while further transport calls may fail and record texts of their own. */
typedef struct kept {
    cs_status status;
    int kind;
    char text[1024];
} kept;

static void keep(kept *k, cs_status status) {
    k->status = status;
    k->kind = cs_error_kind();
    snprintf(k->text, sizeof k->text, "%s", cs_error_text());
}

static cs_status restore(const kept *k) {
    return cs_fail_kind(k->status, k->kind, "%s", k->text);
}

static void add_trouble(troubles *t, int rank, uint32_t what) {
    for (unsigned k = 0; k < t->count; k++)
        if (t->rank[k] == (uint32_t)rank && t->what[k] == what)
            return;
    if (t->count == MAX_NAMED)
        return;
    t->rank[t->count] = (uint32_t)rank;
    t->what[t->count++] = what;
}

enum { TEXT_SIZE = 1024, CALLED_SIZE = CS_COMM_NAME_SIZE + 32 };

static const char *call(char out[CALLED_SIZE], const cs_comm *c, uint32_t rank) {
    const char *name = c->names != NULL && rank < (uint32_t)c->size ? c->names[rank] : "";
    snprintf(out, CALLED_SIZE, "rank %u%s%s%s", (unsigned)rank, *name != 0 ? " (" : "", name, *name != 0 ? ")" : "");
    return out;
}

/* Where the run is; a text to put before or after another one. */
static const char *place(char out[TEXT_SIZE], const cs_comm *c) {
    const uint32_t tag = c->tag & ~CS_COMM_MASKED;
    char number[32];
    snprintf(number, sizeof number, "%#x", (unsigned)tag);
    snprintf(out, TEXT_SIZE, "%s%s%sexchange %s", c->stage != NULL ? "stage \"" : "", c->stage != NULL ? c->stage : "",
             c->stage != NULL ? "\", " : "", tag < CS_LABEL_COUNT ? cs_label_text((cs_label)tag) : number);
    return out;
}

static int describe(char *out, size_t size, const cs_comm *c, uint32_t rank, uint32_t what) {
    char name[CALLED_SIZE], other[CALLED_SIZE];
    call(name, c, rank);
    switch (what & TROUBLE_MASK) {
    case TROUBLE_LINK:
        return snprintf(out, size, "a message between %s and %s was changed, repeated or lost on its way", name,
                        call(other, c, what >> PEER_SHIFT));
    case TROUBLE_FAILED:
        return snprintf(out, size, "%s failed", name);
    case TROUBLE_STEP:
        return snprintf(out, size, "%s is at another step of the protocol", name);
    default:
        return snprintf(out, size, "%s was lost", name);
    }
}

static cs_status fail_with(const cs_comm *c, const troubles *t) {
    char text[TEXT_SIZE] = "a rank failed", where[TEXT_SIZE];
    size_t used = 0;
    for (unsigned k = 0; k < t->count && used < sizeof text; k++) {
        if (k > 0)
            used += (size_t)snprintf(text + used, sizeof text - used, ", ");
        if (used < sizeof text)
            used += (size_t)describe(text + used, sizeof text - used, c, t->rank[k], t->what[k]);
    }
    return cs_fail(CS_ERR_RANK, "%s (%s); its own message says why, unless it was killed or does not answer", text,
                   place(where, c));
}

/* ------------------------------------------------------------------ frames */

static void store_header(uint8_t out[HEADER_SIZE], uint32_t kind, uint32_t tag, size_t size) {
    cs_store_u32(out, FRAME_MAGIC);
    cs_store_u32(out + 4, kind);
    cs_store_u32(out + 8, tag);
    cs_store_u64(out + 12, size);
}

/* A frame with data[size], and note[more] behind it. */
static cs_status make_long_frame(cs_comm *c, uint32_t kind, uint32_t tag, const void *data, size_t size, const void *note,
                                 size_t more) {
    if (size > CS_COMM_MAX_FRAME - HEADER_SIZE || more > CS_COMM_MAX_FRAME - HEADER_SIZE - size)
        return cs_fail(CS_ERR_INTERNAL, "a message of %zu bytes (tag %u) is longer than a frame may be", size + more,
                       (unsigned)tag);
    uint8_t header[HEADER_SIZE];
    store_header(header, kind, tag, size + more);
    cs_buffer_clear(&c->frame);
    CS_TRY(cs_buffer_reserve(&c->frame, HEADER_SIZE + size + more + CS_COMM_TRAILERS));
    cs_buffer_append(&c->frame, header, sizeof header);
    cs_buffer_append(&c->frame, data, size);
    cs_buffer_append(&c->frame, note, more);
    return cs_buffer_status(&c->frame);
}

static cs_status make_frame(cs_comm *c, uint32_t kind, uint32_t tag, const void *data, size_t size) {
    return make_long_frame(c, kind, tag, data, size, NULL, 0);
}

/* The kind of a well-formed frame, 0 of anything else. */
static uint32_t frame_kind(const cs_buffer *frame) {
    if (frame->size < HEADER_SIZE || cs_load_u32(frame->data) != FRAME_MAGIC ||
        cs_load_u64(frame->data + 12) != frame->size - HEADER_SIZE)
        return 0;
    return cs_load_u32(frame->data + 4);
}

static bool frame_is(const cs_buffer *frame, uint32_t kind, uint32_t tag) {
    return frame_kind(frame) == kind && cs_load_u32(frame->data + 8) == tag;
}

static void strip_header(cs_buffer *frame) {
    frame->size -= HEADER_SIZE;
    if (frame->size > 0)
        memmove(frame->data, frame->data + HEADER_SIZE, frame->size);
}

static double watch_start(const cs_comm *c) {
    return c->watch.fn != NULL ? cs_wall_seconds() : 0;
}

static void watch_end(const cs_comm *c, cs_comm_doing doing, double since) {
    if (c->watch.fn != NULL)
        c->watch.fn(c->watch.context, c->tag & ~CS_COMM_MASKED, doing, cs_wall_seconds() - since);
}

static cs_status receive(cs_comm *c, cs_status (*from)(cs_comm *, int, cs_buffer *), int rank, cs_buffer *out) {
    const double since = watch_start(c);
    const cs_status status = from(c, rank, out);
    watch_end(c, CS_COMM_WAITING, since);
    char where[TEXT_SIZE], name[CALLED_SIZE];
    if (status == CS_OK)
        c->stats.bytes_received += out->size;
    if (status != CS_ERR_ABORT)
        return status;
    c->trouble = TROUBLE_LINK | (uint32_t)rank << PEER_SHIFT;
    return cs_fail_prefix(status, "%s, link to %s", place(where, c), call(name, c, (uint32_t)rank));
}

/* This rank's own reason to leave, for the others. */
static uint32_t own_trouble(const cs_comm *c) {
    return c->trouble != 0 ? c->trouble : TROUBLE_FAILED;
}

static cs_status receive_from_root(cs_comm *c, int rank, cs_buffer *out) {
    (void)rank;
    return c->ops->from_root(c, out);
}

static cs_status send_to_root(cs_comm *c, const void *data, size_t size) {
    const double since = watch_start(c);
    const cs_status status = c->ops->to_root(c, data, size);
    watch_end(c, CS_COMM_SENDING, since);
    if (status == CS_OK)
        c->stats.bytes_sent += size;
    return status;
}

static cs_status send_to(cs_comm *c, int rank, const void *data, size_t size) {
    const double since = watch_start(c);
    const cs_status status = c->ops->send(c, rank, data, size);
    watch_end(c, CS_COMM_SENDING, since);
    CS_TRY(status);
    c->stats.bytes_sent += size;
    return CS_OK;
}

cs_status cs_comm_give(cs_comm *c, int rank, cs_buffer *frame) {
    return c->ops->give != NULL ? c->ops->give(c, rank, frame) : c->ops->send(c, rank, frame->data, frame->size);
}

/* The frame that was made. */
static cs_status give_to(cs_comm *c, int rank) {
    const size_t size = c->frame.size;
    const double since = watch_start(c);
    const cs_status status = cs_comm_give(c, rank, &c->frame);
    watch_end(c, CS_COMM_SENDING, since);
    CS_TRY(status);
    c->stats.bytes_sent += size;
    return CS_OK;
}

static cs_status send_to_all(cs_comm *c, const void *data, size_t size) {
    if (c->size == 1)
        return CS_OK;
    const double since = watch_start(c);
    const cs_status status = c->ops->to_all(c, data, size);
    watch_end(c, CS_COMM_SENDING, since);
    if (status == CS_OK)
        c->stats.bytes_sent += size * (size_t)(c->size - 1);
    return status;
}

/* ------------------------------------------------------------------ leaving */

static size_t store_stop(uint8_t frame[STOP_SIZE], const troubles *t) {
    store_header(frame, FRAME_STOP, 0, 8 * (size_t)t->count);
    for (unsigned k = 0; k < t->count; k++) {
        cs_store_u32(frame + HEADER_SIZE + 8 * k, t->rank[k]);
        cs_store_u32(frame + HEADER_SIZE + 8 * k + 4, t->what[k]);
    }
    return HEADER_SIZE + 8 * (size_t)t->count;
}

/* Adds what a stop frame lists. */
static void load_stop(troubles *t, const cs_buffer *frame) {
    for (size_t at = HEADER_SIZE; at + 8 <= frame->size; at += 8)
        add_trouble(t, (int)(cs_load_u32(frame->data + at) & INT32_MAX), cs_load_u32(frame->data + at + 4));
}

/* Root: "stop" to all, in the place of a reply. What cannot be delivered is lost anyway. */
static void stop_all(cs_comm *c, const troubles *t) {
    uint8_t frame[STOP_SIZE];
    const size_t size = store_stop(frame, t);
    (void)send_to_all(c, frame, size);
    c->phase = PHASE_LEFT;
}

/* Other ranks: the root's list. */
static cs_status stopped(cs_comm *c) {
    troubles t = {0};
    load_stop(&t, &c->frame);
    c->phase = PHASE_LEFT;
    return fail_with(c, &t);
}

/* Other ranks: the root is gone; the transport's text says how. */
static cs_status lost_root(cs_comm *c) {
    char name[CALLED_SIZE], where[TEXT_SIZE];
    c->phase = PHASE_LEFT;
    return cs_fail_prefix(CS_ERR_RANK, "%s was lost (%s)", call(name, c, 0), place(where, c));
}

static cs_status already_left(void) {
    return cs_fail(CS_ERR_RANK, "this rank has left the protocol after an earlier failure");
}

/* Sums of more ranks than this go along the rows and columns of a grid, of so many columns. */
enum { DIRECT_RANKS = 16 };

static int columns_of(int size) {
    int best = 1;
    for (int k = 2; size > DIRECT_RANKS && k * k <= size; k++)
        if (size % k == 0)
            best = k;
    return best;
}

/* Root, at the start of an exchange: takes everybody's part, so that all wait for the reply, and stops them. In a grid not
 * everybody sends it a part of a sum before it hears of the root: there it stops them first, and names none but itself. */
static void drain_and_stop(cs_comm *c) {
    const bool first = columns_of(c->size) > 1;
    troubles t = {0};
    add_trouble(&t, 0, own_trouble(c));
    if (first)
        stop_all(c, &t);
    for (int rank = 1; rank < c->size; rank++) {
        const cs_status status = receive(c, c->ops->from_rank, rank, &c->frame);
        if (status == CS_ERR_RANK)
            add_trouble(&t, rank, TROUBLE_LOST);
        else if (status == CS_OK && frame_kind(&c->frame) == FRAME_FAILED)
            add_trouble(&t, rank, cs_load_u32(c->frame.data + 8));
    }
    if (!first)
        stop_all(c, &t);
}

/* Other ranks: "failed" in the place of a part, and of addends towards those who may be in a sum; whatever the root answers
 * is the end. */
static void fail_and_take_stop(cs_comm *c) {
    uint8_t frame[HEADER_SIZE];
    store_header(frame, FRAME_FAILED, own_trouble(c), 0);
    for (int rank = 1; rank < c->size; rank++)
        if (rank != c->rank)
            (void)send_to(c, rank, frame, sizeof frame);
    if (send_to_root(c, frame, sizeof frame) == CS_OK)
        (void)receive(c, receive_from_root, 0, &c->frame);
    c->phase = PHASE_LEFT;
}

cs_status cs_comm_raise(cs_comm *c, cs_status status) {
    if (status == CS_OK || c->phase == PHASE_LEFT)
        return status;
    kept failure;
    keep(&failure, status);
    if (c->rank == 0 && c->phase == PHASE_IDLE) {
        drain_and_stop(c);
    } else if (c->rank == 0) {
        stop_all(c, &(troubles){.count = 1, .rank = {0}, .what = {own_trouble(c)}});
    } else {
        const bool pending = c->phase == PHASE_REPLY;
        const bool lost = pending && receive(c, receive_from_root, 0, &c->frame) == CS_ERR_RANK;
        if (!lost && !(pending && frame_kind(&c->frame) == FRAME_STOP))
            fail_and_take_stop(c);
    }
    c->phase = PHASE_LEFT;
    return restore(&failure);
}

/* ------------------------------------------------------------------ gather */

/* What is wrong with a frame that should be of this kind and tag; 0 if nothing is. */
static uint32_t judge(const cs_buffer *frame, uint32_t kind, uint32_t tag) {
    if (frame_is(frame, kind, tag))
        return 0;
    const uint32_t found = frame_kind(frame);
    return found == FRAME_FAILED ? cs_load_u32(frame->data + 8) : found == FRAME_STOP ? TROUBLE_FAILED : TROUBLE_STEP;
}

static cs_status gather_at_root(cs_comm *c, uint32_t tag, const void *mine, size_t size, cs_buffer *parts) {
    troubles t = {0};
    kept own = {.status = CS_OK};
    if (parts != NULL) {
        cs_buffer_clear(&parts[0]);
        cs_buffer_append(&parts[0], mine, size);
        keep(&own, cs_buffer_status(&parts[0]));
    }
    for (int rank = 1; rank < c->size; rank++) {
        cs_buffer *part = parts != NULL ? &parts[rank] : &c->frame;
        const cs_status status = receive(c, c->ops->from_rank, rank, part);
        const uint32_t what = status == CS_OK ? judge(part, FRAME_PART, tag) : status == CS_ERR_RANK ? TROUBLE_LOST : 0;
        if (what != 0)
            add_trouble(&t, rank, what);
        else if (status == CS_OK)
            strip_header(part);
        else if (own.status == CS_OK)
            keep(&own, status);
    }
    if (own.status != CS_OK)
        add_trouble(&t, 0, own_trouble(c));
    if (t.count == 0)
        return CS_OK;
    stop_all(c, &t);
    return own.status != CS_OK ? restore(&own) : fail_with(c, &t);
}

cs_status cs_comm_gather(cs_comm *c, uint32_t tag, const void *mine, size_t size, cs_buffer *parts) {
    if (c->phase == PHASE_LEFT)
        return already_left();
    if (c->phase != PHASE_IDLE)
        return cs_comm_raise(c, cs_fail(CS_ERR_INTERNAL, "two gathers without a reply (tag %u)", (unsigned)tag));
    c->tag = tag;
    if (c->rank == 0) {
        CS_TRY(gather_at_root(c, tag, mine, size, parts));
    } else {
        cs_status status = make_frame(c, FRAME_PART, tag, mine, size);
        if (status == CS_OK)
            status = send_to_root(c, c->frame.data, c->frame.size);
        if (status == CS_ERR_RANK)
            return lost_root(c);
        if (status != CS_OK)
            return cs_comm_raise(c, status);
    }
    c->phase = PHASE_REPLY;
    return CS_OK;
}

/* ------------------------------------------------------------------ reply */

/* To each rank its own bytes, also if another one is lost. CS_ERR_RANK if one is. */
static cs_status send_hands(cs_comm *c, uint32_t tag, const cs_buffer *each) {
    bool lost = false;
    for (int rank = 1; rank < c->size; rank++) {
        CS_TRY(make_frame(c, FRAME_REPLY, tag, each[rank].data, each[rank].size));
        const cs_status status = give_to(c, rank);
        if (status != CS_OK && status != CS_ERR_RANK)
            return status;
        lost |= status != CS_OK;
    }
    CS_TRY(c->ops->flush(c));
    return lost ? CS_ERR_RANK : CS_OK;
}

/* `each`: bytes of each rank, or NULL: all get `data`. */
static cs_status reply_at_root(cs_comm *c, uint32_t tag, const cs_buffer *each, const cs_buffer *data) {
    if (c->size == 1)
        return CS_OK;
    cs_status status = CS_OK;
    for (int rank = 0; each != NULL && rank < c->size && status == CS_OK; rank++)
        status = cs_buffer_status(&each[rank]);
    if (each == NULL)
        status = cs_buffer_status(data);
    if (status == CS_OK && each == NULL)
        status = make_frame(c, FRAME_REPLY, tag, data->data, data->size);
    if (status != CS_OK)
        return cs_comm_raise(c, status);
    status = each != NULL ? send_hands(c, tag, each) : send_to_all(c, c->frame.data, c->frame.size);
    c->phase = PHASE_IDLE;
    if (status == CS_ERR_RANK)
        return cs_comm_raise(c, status); /* the ranks that are left are on their way into the next exchange */
    /* Otherwise nobody knows who has the reply, so all cannot meet again: this rank just ends, which the others notice. */
    if (status != CS_OK)
        c->phase = PHASE_LEFT;
    return status;
}

static cs_status reply_elsewhere(cs_comm *c, uint32_t tag, cs_buffer *data) {
    const cs_status status = receive(c, receive_from_root, 0, &c->frame);
    c->phase = PHASE_IDLE;
    if (status == CS_ERR_RANK)
        return lost_root(c);
    if (status != CS_OK)
        return cs_comm_raise(c, status);
    if (frame_kind(&c->frame) == FRAME_STOP)
        return stopped(c);
    if (!frame_is(&c->frame, FRAME_REPLY, tag))
        return cs_comm_raise(c, fail_with(c, &(troubles){.count = 1, .rank = {0}, .what = {TROUBLE_STEP}}));
    const cs_buffer received = c->frame;
    c->frame = *data;
    *data = received;
    strip_header(data);
    return CS_OK;
}

static cs_status reply(cs_comm *c, uint32_t tag, const cs_buffer *each, cs_buffer *data) {
    if (c->phase == PHASE_LEFT)
        return already_left();
    if (c->phase != PHASE_REPLY)
        return cs_comm_raise(c, cs_fail(CS_ERR_INTERNAL, "a reply without a gather (tag %u)", (unsigned)tag));
    c->stats.exchanges++;
    if (c->size == 1)
        watch_end(c, CS_COMM_WAITING, watch_start(c));
    CS_TRY(c->rank == 0 ? reply_at_root(c, tag, each, data) : reply_elsewhere(c, tag, data));
    c->phase = PHASE_IDLE;
    return CS_OK;
}

cs_status cs_comm_reply(cs_comm *c, uint32_t tag, cs_buffer *data) {
    return reply(c, tag, NULL, data);
}

cs_status cs_comm_deal(cs_comm *c, uint32_t tag, const cs_buffer *hands, cs_buffer *data) {
    return reply(c, tag, hands, data);
}

/* ------------------------------------------------------------------ sums */

/* The ranks stand in a grid of `across` columns, rank = column + across * row, and part column * down + row of the vector is
 * that rank's to add up: the parts of a column's ranks are neighbours. Addends go along the rows, sums of rows along the
 * columns; sums come back along the columns, then along the rows. One column: directly. */
enum { GRAIN = 64 };
typedef enum line { ROW, COLUMN } line;

/* A sum in progress. */
typedef struct summing {
    cs_comm *c;
    uint32_t tag;
    uint8_t *data;
    size_t n, grain; /* a part begins at a multiple of the grain */
    const cs_comm_reduction *how;
    int across, down;
    cs_buffer note; /* this rank's, of the frames that it sends now */
    troubles seen;
    kept own; /* this rank's own failure */
} summing;

typedef struct span {
    size_t first, count;
} span;

/* Where a part of n things begins; n < 2^47. */
static size_t divide(const cs_comm *c, size_t n, int part) {
    return c->bounds != NULL ? n * c->bounds[part] / CS_SHARES_WHOLE : n * (size_t)part / (size_t)c->size;
}

static size_t start_of(const cs_comm *c, size_t n, size_t grain, int part) {
    const size_t first = grain * divide(c, (n + grain - 1) / grain, part);
    return first < n ? first : n;
}

static size_t part_start(const summing *s, int part) {
    return start_of(s->c, s->n, s->grain, part);
}

static int part_of(const cs_comm *c, int rank) {
    const int across = columns_of(c->size);
    return rank % across * (c->size / across) + rank / across;
}

void cs_comm_sum_part(const cs_comm *c, size_t n, int rank, size_t *first, size_t *count) {
    const int part = part_of(c, rank);
    *first = start_of(c, n, GRAIN, part);
    *count = start_of(c, n, GRAIN, part + 1) - *first;
}

cs_status cs_comm_set_shares(cs_comm *c, const uint32_t *shares) {
    const size_t n = (size_t)c->size;
    uint32_t *bounds = CS_NEW(uint32_t, n + 1);
    if (bounds == NULL)
        return CS_ERR_MEMORY;
    for (int rank = 0; rank < c->size; rank++)
        bounds[part_of(c, rank) + 1] = shares[rank];
    for (size_t part = 0; part < n; part++)
        bounds[part + 1] += bounds[part];
    cs_free(c->bounds);
    c->bounds = bounds;
    return CS_OK;
}

cs_status cs_comm_set_idle(cs_comm *c, const bool *idle) {
    cs_free(c->idle);
    c->idle = NULL;
    if (idle == NULL)
        return CS_OK;
    c->idle = CS_NEW(bool, (size_t)c->size);
    if (c->idle == NULL)
        return CS_ERR_MEMORY;
    memcpy(c->idle, idle, (size_t)c->size * sizeof *idle);
    return CS_OK;
}

/* Ranks with data among the first `ranks`. */
static int holders_before(const cs_comm *c, int ranks) {
    int n = 0;
    for (int rank = 0; rank < ranks; rank++)
        n += c->idle == NULL || !c->idle[rank];
    return n;
}

int cs_comm_holders(const cs_comm *c) {
    return holders_before(c, c->size);
}

int cs_comm_holder_of(const cs_comm *c, int rank) {
    return c->idle != NULL && c->idle[rank] ? -1 : holders_before(c, rank);
}

int cs_comm_rank_of(const cs_comm *c, int holder) {
    int rank = 0;
    while (cs_comm_holder_of(c, rank) != holder)
        rank++;
    return rank;
}

int cs_comm_place_of(const cs_comm *c, int rank) {
    const int holder = cs_comm_holder_of(c, rank);
    int idle = 0;
    for (int k = 0; holder < 0 && k < rank; k++)
        idle += cs_comm_holder_of(c, k) < 0;
    return holder >= 0 ? holder : cs_comm_holders(c) + idle;
}

void cs_comm_part(const cs_comm *c, size_t n, size_t *first, size_t *count) {
    const int part = part_of(c, c->rank);
    *first = divide(c, n, part);
    *count = divide(c, n, part + 1) - *first;
}

static int place_of(const summing *s, line along, int rank) {
    return along == ROW ? rank % s->across : rank / s->across;
}

static int length_of(const summing *s, line along) {
    return along == ROW ? s->across : s->down;
}

/* The rank at place `at` of this rank's row or column. */
static int rank_at(const summing *s, line along, int at) {
    const int column = s->c->rank % s->across, row = s->c->rank / s->across;
    return along == ROW ? at + s->across * row : column + s->across * at;
}

/* What the rank at place `at` is to have when this rank's row or column has added up. */
static span span_at(const summing *s, line along, int at) {
    const int column = s->c->rank % s->across;
    const int down = column * s->down + at, own = s->how->direct ? part_of(s->c, at) : down;
    const int first = along == ROW ? at * s->down : own, parts = along == ROW ? s->down : 1;
    const size_t start = part_start(s, first);
    return (span){start, part_start(s, first + parts) - start};
}

static void note_own(summing *s, cs_status status) {
    if (status == CS_OK || s->own.status != CS_OK)
        return;
    keep(&s->own, status);
    add_trouble(&s->seen, s->c->rank, own_trouble(s->c));
}

static size_t note_size(const summing *s, uint32_t kind) {
    return s->how->note[kind == FRAME_ADDEND ? CS_COMM_NOTE_ADDENDS : CS_COMM_NOTE_SUMS];
}

/* Before the first frame of this kind. */
static void make_note(summing *s, uint32_t kind) {
    if (note_size(s, kind) == 0 || s->seen.count > 0)
        return;
    const cs_status status = cs_buffer_resize(&s->note, note_size(s, kind));
    if (status == CS_OK)
        s->how->give(s->how->context, kind == FRAME_ADDEND ? CS_COMM_NOTE_ADDENDS : CS_COMM_NOTE_SUMS, s->note.data);
    note_own(s, status);
}

static void send_span(summing *s, int rank, uint32_t kind, span part) {
    cs_status status = make_long_frame(s->c, kind, s->tag, s->data + part.first * s->how->element,
                                       part.count * s->how->element, s->note.data, note_size(s, kind));
    if (status == CS_OK)
        status = give_to(s->c, rank);
    if (status == CS_ERR_RANK)
        add_trouble(&s->seen, rank, TROUBLE_LOST);
    else
        note_own(s, status);
}

/* The elements that `rank` sent, with its note behind them; NULL if there is trouble instead. */
static const uint8_t *take_span(summing *s, int rank, uint32_t kind, span part) {
    cs_comm *c = s->c;
    const size_t expected = part.count * s->how->element + note_size(s, kind);
    const cs_status status = receive(c, c->ops->receive, rank, &c->frame);
    const uint32_t what = status == CS_OK ? judge(&c->frame, kind, s->tag) : status == CS_ERR_RANK ? TROUBLE_LOST : 0;
    if (status == CS_OK && frame_kind(&c->frame) == FRAME_STOP && c->frame.size > HEADER_SIZE)
        load_stop(&s->seen, &c->frame);
    else if (what != 0)
        add_trouble(&s->seen, rank, what);
    else if (status != CS_OK)
        note_own(s, status);
    else if (c->frame.size != HEADER_SIZE + expected)
        note_own(s, cs_fail(CS_ERR_RANK, "rank %d sent %zu bytes of a sum instead of %zu", rank, c->frame.size - HEADER_SIZE,
                            expected));
    else
        return c->frame.data + HEADER_SIZE;
    return NULL;
}

/* Each rank of the row or column gets the others' addends of its span. */
static void add_along(summing *s, line along) {
    const int mine = place_of(s, along, s->c->rank);
    const span own = span_at(s, along, mine);
    make_note(s, FRAME_ADDEND);
    for (int at = 0; at < length_of(s, along) && s->seen.count == 0; at++)
        if (at != mine)
            send_span(s, rank_at(s, along, at), FRAME_ADDEND, span_at(s, along, at));
    for (int at = 0; at < length_of(s, along) && s->seen.count == 0; at++) {
        const uint8_t *part = at != mine ? take_span(s, rank_at(s, along, at), FRAME_ADDEND, own) : NULL;
        if (part != NULL)
            note_own(s, s->how->add(s->how->context, rank_at(s, along, at), own.first, own.count, part));
    }
}

/* Each rank of the row or column gets the others' spans. */
static void spread_along(summing *s, line along) {
    const int mine = place_of(s, along, s->c->rank);
    make_note(s, FRAME_SUM);
    for (int at = 0; at < length_of(s, along) && s->seen.count == 0; at++)
        if (at != mine)
            send_span(s, rank_at(s, along, at), FRAME_SUM, span_at(s, along, mine));
    for (int at = 0; at < length_of(s, along) && s->seen.count == 0; at++) {
        const span part = span_at(s, along, at);
        const uint8_t *sums = at != mine ? take_span(s, rank_at(s, along, at), FRAME_SUM, part) : NULL;
        if (sums == NULL)
            continue;
        memcpy(s->data + part.first * s->how->element, sums, part.count * s->how->element);
        if (note_size(s, FRAME_SUM) > 0)
            s->how->take(s->how->context, rank_at(s, along, at), sums + part.count * s->how->element);
    }
}

static void spread(summing *s) {
    spread_along(s, COLUMN);
    if (s->across > 1)
        spread_along(s, ROW);
}

static void add_and_spread(summing *s) {
    const size_t element = s->how->element;
    if (s->across > 1) {
        const span row = span_at(s, ROW, place_of(s, ROW, s->c->rank));
        add_along(s, ROW);
        s->c->stats.exchanges++;
        if (s->seen.count == 0)
            s->how->store(s->how->context, row.first, row.count, s->data + row.first * element);
    }
    const span own = span_at(s, COLUMN, place_of(s, COLUMN, s->c->rank));
    add_along(s, COLUMN);
    if (s->seen.count == 0)
        s->how->show(s->how->context, own.first, own.count, s->data + own.first * element);
    spread(s);
}

/* A rank that saw trouble tells all, of whom some may have seen none, and leaves without waiting for anybody. They find it
 * in the place of its elements or of its next frame. */
static cs_status leave_sum(summing *s) {
    uint8_t frame[STOP_SIZE];
    const size_t size = store_stop(frame, &s->seen);
    for (int rank = 0; rank < s->c->size; rank++)
        if (rank != s->c->rank)
            (void)send_to(s->c, rank, frame, size);
    s->c->phase = PHASE_LEFT;
    return s->own.status != CS_OK ? restore(&s->own) : fail_with(s->c, &s->seen);
}

/* `run` is what the ranks send each other; nobody replies. */
static cs_status run_sum(cs_comm *c, uint32_t tag, uint8_t *data, size_t n, size_t grain, const cs_comm_reduction *how,
                         void (*run)(summing *s)) {
    if (c->phase == PHASE_LEFT)
        return already_left();
    if (c->phase != PHASE_IDLE)
        return cs_comm_raise(c, cs_fail(CS_ERR_INTERNAL, "a sum between gather and reply (tag %u)", (unsigned)tag));
    c->tag = tag;
    const int across = how->direct ? 1 : columns_of(c->size);
    summing s = {.c = c, .tag = tag, .data = data, .n = n, .grain = grain, .how = how, .across = across};
    s.down = c->size / across;
    run(&s);
    cs_buffer_free(&s.note);
    if (s.seen.count > 0)
        return leave_sum(&s);
    c->stats.exchanges++;
    return CS_OK;
}

cs_status cs_comm_sum(cs_comm *c, uint32_t tag, uint8_t *data, size_t n, const cs_comm_reduction *how) {
    return run_sum(c, tag, data, n, GRAIN, how, add_and_spread);
}

cs_status cs_comm_show(cs_comm *c, uint32_t tag, uint8_t *data, size_t n, size_t element) {
    return run_sum(c, tag, data, n, 1, &(cs_comm_reduction){.element = element}, spread);
}

cs_status cs_comm_agree(cs_comm *c, uint32_t tag, cs_status status) {
    if (status != CS_OK)
        return cs_comm_raise(c, status);
    cs_buffer nothing = {0};
    CS_TRY(cs_comm_gather(c, tag, NULL, 0, NULL));
    status = cs_comm_reply(c, tag, &nothing);
    cs_buffer_free(&nothing);
    return status;
}

cs_status cs_comm_set_name(cs_comm *c, int rank, const char *name) {
    if (c->names == NULL)
        c->names = cs_calloc((size_t)c->size, sizeof *c->names);
    if (c->names == NULL)
        return CS_ERR_MEMORY;
    snprintf(c->names[rank], sizeof c->names[rank], "%s", name);
    return CS_OK;
}

cs_status cs_comm_send_each(cs_comm *c, const void *data, size_t size) {
    cs_status status = CS_OK;
    for (int rank = 1; rank < c->size; rank++) {
        const cs_status one = c->ops->send(c, rank, data, size);
        if (status == CS_OK || status == CS_ERR_RANK) /* which says that the others were served */
            status = one != CS_OK ? one : status;
    }
    const cs_status flushed = c->ops->flush(c);
    return status == CS_OK ? flushed : status;
}

void cs_comm_free(cs_comm *c) {
    cs_free(c->names);
    c->names = NULL;
    cs_free(c->bounds);
    c->bounds = NULL;
    cs_free(c->idle);
    c->idle = NULL;
    cs_buffer_free(&c->frame);
}
