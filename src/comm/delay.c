#include "comm/delay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/timer.h"

/* Behind each frame: magic, the moment it is there (seconds of the monotonic clock), and the sender's clocks. */
enum { TRAILER_SIZE = 48 };
static const uint64_t TRAILER_MAGIC = 0x31594c4544534343;

_Static_assert((int)TRAILER_SIZE <= (int)CS_COMM_TRAILERS, "a frame that is given away has room for it");

static const double MAX_LATENCY = 60, MIN_BANDWIDTH = 125, MAX_BANDWIDTH = 125e9;

/* A rank's own link, in any unit of time: when it is free again in each direction. */
typedef struct line {
    double out_free, in_free;
} line;

/* This thread's, in seconds. */
typedef struct clocks {
    double wall, cpu;
    double stall; /* it has waited for a core */
} clocks;

struct cs_delay {
    cs_comm below; /* the transport that moves the frames */
    cs_network network;
    line real, bytes; /* in seconds; in bytes, one of which takes one unit of time */
    clocks now;       /* when they were last looked at */
    clocks asked;     /* when the kernel was last asked for `stall` */
    int schedstat;    /* file descriptor, -1 if the kernel does not tell */
    cs_comm_path path;
    cs_buffer frame;
};

typedef struct trailer {
    double arrival, busy, elapsed, bytes;
    uint64_t trips;
} trailer;

/* ------------------------------------------------------------ trailer */

static void store_double(uint8_t *out, double v) {
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    cs_store_u64(out, bits);
}

static double load_double(const uint8_t *in) {
    const uint64_t bits = cs_load_u64(in);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static void store_trailer(uint8_t out[TRAILER_SIZE], const trailer *h) {
    cs_store_u64(out, TRAILER_MAGIC);
    store_double(out + 8, h->arrival);
    store_double(out + 16, h->busy);
    store_double(out + 24, h->elapsed);
    store_double(out + 32, h->bytes);
    cs_store_u64(out + 40, h->trips);
}

static cs_status take_trailer(trailer *out, cs_buffer *frame) {
    const uint8_t *d = frame->size < TRAILER_SIZE ? NULL : frame->data + frame->size - TRAILER_SIZE;
    if (d == NULL || cs_load_u64(d) != TRAILER_MAGIC)
        return cs_fail(CS_ERR_RANK, "a frame of a rank without an injected network: give all ranks the same --network");
    *out = (trailer){.arrival = load_double(d + 8),
                     .busy = load_double(d + 16),
                     .elapsed = load_double(d + 24),
                     .bytes = load_double(d + 32),
                     .trips = cs_load_u64(d + 40)};
    frame->size -= TRAILER_SIZE;
    return CS_OK;
}

/* ------------------------------------------------------------ clocks */

/* Seconds that this thread has waited for a core although it could run: the second number of Linux's schedstat. */
static double stalled(const cs_delay *d) {
    char text[96];
    const ssize_t n = d->schedstat < 0 ? 0 : pread(d->schedstat, text, sizeof text - 1, 0);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    const char *second = strchr(text, ' ');
    return second != NULL ? 1e-9 * strtod(second, NULL) : 0;
}

/* Looks at the clocks and gives what they were before. The kernel writes its answer as a text, which takes longer than
 * sending a short frame: it is asked when the thread has not run for UNNOTICED since it was asked last. */
static clocks look(cs_delay *d) {
    static const double UNNOTICED = 20e-6;
    const clocks before = d->now;
    d->now.wall = cs_wall_seconds();
    d->now.cpu = cs_thread_cpu_seconds();
    if (d->now.wall - d->asked.wall - (d->now.cpu - d->asked.cpu) > UNNOTICED) {
        d->now.stall = stalled(d);
        d->asked = d->now;
    }
    return before;
}

/* What this rank did since the last frame. */
static void advance(cs_delay *d) {
    const clocks before = look(d);
    d->path.busy += d->now.cpu - before.cpu;
    d->path.elapsed += d->now.cpu - before.cpu + d->now.stall - before.stall;
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

static double depart(line *l, double now, double cost) {
    l->out_free = larger(l->out_free, now) + cost;
    return l->out_free;
}

static double arrive(line *l, double arrival, double cost) {
    l->in_free = larger(l->in_free, arrival - cost) + cost;
    return l->in_free;
}

static double cost_of(const cs_delay *d, double size) {
    return d->network.bandwidth > 0 ? size / d->network.bandwidth : 0;
}

static void sleep_until(double moment) {
    struct timespec t = {.tv_sec = (time_t)moment};
    t.tv_nsec = (long)(1e9 * (moment - (double)t.tv_sec));
    if (moment > cs_wall_seconds())
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
            ;
}

/* ------------------------------------------------------------ frames */

/* Puts the trailer behind a frame, for so many ranks: their copies leave one after the other. All see it when the last one
 * does, as nobody gets far before that. */
static cs_status append_trailer(cs_delay *d, cs_buffer *frame, int copies) {
    const double all = (double)frame->size * copies;
    const trailer h = {.arrival = depart(&d->real, d->now.wall, cost_of(d, all)) + d->network.latency,
                       .busy = d->path.busy,
                       .elapsed = d->path.elapsed,
                       .bytes = depart(&d->bytes, d->path.bytes, all),
                       .trips = d->path.trips};
    uint8_t bytes[TRAILER_SIZE];
    store_trailer(bytes, &h);
    cs_buffer_append(frame, bytes, sizeof bytes);
    return cs_buffer_status(frame);
}

/* The frame in d->frame. */
static cs_status prepare(cs_delay *d, const void *data, size_t size, int copies) {
    cs_buffer_clear(&d->frame);
    cs_buffer_append(&d->frame, data, size);
    return append_trailer(d, &d->frame, copies);
}

/* A frame that the transport took from elsewhere, with the time that this rank could not run while it waited for it. */
static cs_status admit(cs_delay *d, cs_buffer *frame) {
    cs_comm_path *path = &d->path;
    trailer h = {0};
    CS_TRY(take_trailer(&h, frame));
    const double before = look(d).stall, size = (double)frame->size;
    const double arrival = arrive(&d->real, h.arrival, cost_of(d, size));
    const double late = larger(0, d->now.wall - arrival), stall = d->now.stall - before;
    sleep_until(arrival);
    path->busy = larger(path->busy, h.busy);
    path->elapsed = larger(path->elapsed, h.elapsed) + (stall < late ? stall : late);
    path->bytes = larger(path->bytes, arrive(&d->bytes, h.bytes, size));
    path->trips = path->trips > h.trips ? path->trips : h.trips + 1;
    return CS_OK;
}

/* ------------------------------------------------------------ transport */

static cs_delay *begin(cs_comm *c) {
    cs_delay *d = c->transport;
    d->below.timeout = c->timeout;
    advance(d);
    return d;
}

/* What the transport took since `began` is the network's, not this rank's work. */
static void skip(cs_delay *d, double began) {
    (void)look(d);
    d->path.transport += d->now.cpu - began;
}

/* After sending: the seconds without a core are over and above what a network takes. */
static cs_status sent(cs_comm *c, cs_status status) {
    cs_delay *d = c->transport;
    const clocks before = d->now;
    skip(d, before.cpu);
    d->path.elapsed += d->now.stall - before.stall;
    return status;
}

static cs_status to_root(cs_comm *c, const void *data, size_t size) {
    cs_delay *d = begin(c);
    cs_status status = prepare(d, data, size, 1);
    if (status == CS_OK)
        status = d->below.ops->to_root(&d->below, d->frame.data, d->frame.size);
    return sent(c, status);
}

static cs_status to_all(cs_comm *c, const void *data, size_t size) {
    cs_delay *d = begin(c);
    cs_status status = prepare(d, data, size, c->size - 1);
    if (status == CS_OK)
        status = d->below.ops->to_all(&d->below, d->frame.data, d->frame.size);
    return sent(c, status);
}

/* The frame that `take` takes of `rank`. */
static cs_status receive(cs_comm *c, int rank, cs_buffer *out, cs_status (*take)(cs_comm *, int, cs_buffer *)) {
    cs_delay *d = begin(c);
    const double began = d->now.cpu;
    cs_status status = take(&d->below, rank, out);
    if (status == CS_OK)
        status = admit(d, out);
    skip(d, began);
    return status;
}

static cs_status take_of_root(cs_comm *below, int rank, cs_buffer *out) {
    (void)rank;
    return below->ops->from_root(below, out);
}

static cs_status from_rank(cs_comm *c, int rank, cs_buffer *out) {
    const cs_delay *d = c->transport;
    return receive(c, rank, out, d->below.ops->from_rank);
}

static cs_status from_root(cs_comm *c, cs_buffer *out) {
    return receive(c, 0, out, take_of_root);
}

static cs_status send_to(cs_comm *c, int rank, const void *data, size_t size) {
    cs_delay *d = begin(c);
    cs_status status = prepare(d, data, size, 1);
    if (status == CS_OK)
        status = d->below.ops->send(&d->below, rank, d->frame.data, d->frame.size);
    return sent(c, status);
}

static cs_status give(cs_comm *c, int rank, cs_buffer *frame) {
    cs_delay *d = begin(c);
    cs_status status = append_trailer(d, frame, 1);
    if (status == CS_OK)
        status = cs_comm_give(&d->below, rank, frame);
    return sent(c, status);
}

static cs_status receive_from(cs_comm *c, int rank, cs_buffer *out) {
    const cs_delay *d = c->transport;
    return receive(c, rank, out, d->below.ops->receive);
}

static cs_status flush(cs_comm *c) {
    cs_delay *d = begin(c);
    return sent(c, d->below.ops->flush(&d->below));
}

static const cs_comm_ops delay_ops = {to_root, from_rank, to_all, from_root, send_to, receive_from, flush, give};

/* ------------------------------------------------------------ life */

cs_status cs_delay_install(cs_delay **out, cs_comm *c, const cs_network *network) {
    cs_delay *d = CS_NEW(cs_delay, 1);
    if (d == NULL)
        return CS_ERR_MEMORY;
    *d =
        (cs_delay){.below = *c, .network = *network, .schedstat = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)};
    (void)look(d); /* asks, as if the thread had waited until now */
    c->ops = &delay_ops;
    c->transport = d;
    c->delay = d;
    *out = d;
    return CS_OK;
}

bool cs_delay_path(cs_comm_path *out, const cs_comm *c) {
    if (c->delay == NULL)
        return false;
    advance(c->delay);
    *out = c->delay->path;
    return true;
}

void cs_delay_remove(cs_delay *d, cs_comm *c) {
    if (d == NULL)
        return;
    c->ops = d->below.ops;
    c->transport = d->below.transport;
    c->delay = NULL;
    cs_buffer_free(&d->frame);
    if (d->schedstat >= 0)
        (void)close(d->schedstat);
    cs_free(d);
}

/* ------------------------------------------------------------ text */

typedef struct unit {
    const char *name;
    double factor;
} unit;

static const unit TIMES[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {NULL, 0}};
static const unit RATES[] = {{"bit", 0.125}, {"kbit", 125}, {"Mbit", 125e3}, {"Gbit", 125e6}, {NULL, 0}};

/* Reads a number and its unit from *text and moves it behind them; a bare 0 needs no unit. */
static bool read_quantity(double *out, const char **text, const unit *units) {
    char *end;
    const double number = strtod(*text, &end);
    if (end == *text || strspn(*text, "0123456789.") != (size_t)(end - *text))
        return false;
    const size_t length = strcspn(end, ",");
    const char *const name = end;
    *text = end + length;
    *out = 0;
    if (length == 0)
        return number == 0;
    for (; units->name != NULL; units++)
        if (strlen(units->name) == length && strncmp(name, units->name, length) == 0) {
            *out = number * units->factor;
            return true;
        }
    return false;
}

cs_status cs_network_parse(cs_network *out, const char *text) {
    const char *at = text;
    *out = (cs_network){0};
    bool good = read_quantity(&out->latency, &at, TIMES) && out->latency <= MAX_LATENCY;
    if (good && *at == ',') {
        at++;
        good =
            read_quantity(&out->bandwidth, &at, RATES) && out->bandwidth >= MIN_BANDWIDTH && out->bandwidth <= MAX_BANDWIDTH;
    }
    if (!good || *at != '\0')
        return cs_fail(CS_ERR_USAGE,
                       "\"%s\" is no network: a latency of at most 60 s and perhaps a bandwidth of 1 kbit to 1000 Gbit a "
                       "second, as in 10ms or "
                       "0.1ms,10Gbit",
                       text);
    return CS_OK;
}
