/* What a proof needs of a network: every exchange is in lockstep. Most go ranks -> root -> ranks, start with a gather and
 * end with a reply; long sums go ranks -> ranks -> ranks. So "failed" can take the place of any first step, "stop" the place
 * of any second one, and every rank leaves by the same door. A transport (comm/self.c, mpi/) only moves frames. */
#ifndef CS_COMM_COMM_H
#define CS_COMM_COMM_H

#include "base/buffer.h"

typedef struct cs_comm cs_comm;

/** A transport: frames of any length up to CS_COMM_MAX_FRAME between any two ranks; each pair's frames arrive in the order
 *  in which they were given, whichever function took them. `send` and `receive` know every rank; the other four are the star
 *  around rank 0 (the root). `send` takes a copy and never waits for the peer, so that all ranks may send to all others
 *  before they receive; the root's to_all and to_root may wait until the frame is under way, `flush` waits for all that
 * `send` took, from peers that are about to receive. A function fails with CS_ERR_RANK when the peer is lost or was not
 * heard of for `timeout` seconds (the root: for twice as long, since it may be waiting for another rank), CS_ERR_MEMORY when
 * a frame that arrives finds no memory (the frame is then dropped, so that the next one can be taken). to_all gives
 * CS_ERR_RANK if a rank is lost and all others were served. A rank that ends its transport is lost to those who wait for it:
 * nobody waits for ever. */
typedef struct cs_comm_ops {
    cs_status (*to_root)(cs_comm *c, const void *data, size_t size);        /* other ranks */
    cs_status (*from_rank)(cs_comm *c, int rank, cs_buffer *out);           /* root; replaces out's content */
    cs_status (*to_all)(cs_comm *c, const void *data, size_t size);         /* root */
    cs_status (*from_root)(cs_comm *c, cs_buffer *out);                     /* other ranks; replaces out's content */
    cs_status (*send)(cs_comm *c, int rank, const void *data, size_t size); /* any rank but this one */
    cs_status (*receive)(cs_comm *c, int rank, cs_buffer *out); /* any rank but this one; replaces out's content */
    cs_status (*flush)(cs_comm *c);
    cs_status (*give)(cs_comm *c, int rank, cs_buffer *frame); /* may be NULL: cs_comm_give */
} cs_comm_ops;

/** Room that a frame should have behind its content if it is given away: what lies between may put something there. */
enum { CS_COMM_TRAILERS = 128 };

/** As `send`, but takes the frame's memory where it can and copies nothing. Whether that fails or not, *frame is another
 *  buffer afterwards, of any content, perhaps that of a frame that has left; the caller's to use and to free. */
cs_status cs_comm_give(cs_comm *c, int rank, cs_buffer *frame);

/** Added to the tag of an exchange whose content is uniform to everybody who may see it (under pads, or masked): where links
 *  are sealed (comm/secure.h), its frames are authenticated only, which costs less. The tag must be the same on all ranks.
 */
#define CS_COMM_MASKED ((uint32_t)1 << 31)

enum { CS_COMM_NAME_SIZE = 128 };

/** Longest frame, header included; a longer one is refused by the sender and, unread, by the receiver. Tests have shorter
 * ones.
 */
#ifndef CS_COMM_MAX_FRAME
#define CS_COMM_MAX_FRAME ((size_t)1 << 34)
#endif

/** The longest chains of frames and work that led to where a rank is. Only comm/delay.h measures them. */
typedef struct cs_comm_path {
    double busy;      /* CPU seconds outside of the transport: no network makes a run shorter than that */
    double elapsed;   /* the same and the seconds waited for a core: on a machine as crowded as this one was */
    double bytes;     /* that links had to carry one after the other */
    uint64_t trips;   /* of frames, one after the other */
    double transport; /* not along a path: CPU seconds of this rank's own transport, which waits and copies */
} cs_comm_path;

typedef struct cs_comm_stats {
    uint64_t bytes_sent, bytes_received; /* by this rank */
    uint64_t exchanges;                  /* sequential round trips */
} cs_comm_stats;

typedef enum cs_comm_doing { CS_COMM_WAITING, CS_COMM_SENDING } cs_comm_doing;

/** Is told what a rank's exchanges take: `seconds` of waiting for a frame or of sending one, in the exchange `tag`; of one
 * rank alone, which has nobody to wait for, 0 for each exchange. Local. */
typedef struct cs_comm_watch {
    void (*fn)(void *context, uint32_t tag, cs_comm_doing doing, double seconds); /* NULL: nobody watches */
    void *context;
} cs_comm_watch;

struct cs_comm {
    const cs_comm_ops *ops;
    int rank, size;
    void *transport; /* the transport's own state */
    cs_comm_stats stats;
    cs_comm_watch watch;              /* set by whoever wants it */
    struct cs_delay *delay;           /* measures the path (comm/delay.h), NULL without */
    double timeout;                   /* seconds until a rank that is waited for counts as lost; 0: for ever */
    const char *stage;                /* of the run, for messages; static text, NULL: not said */
    char (*names)[CS_COMM_NAME_SIZE]; /* [size] what the ranks are called in messages, NULL: by number only */
    bool *idle;                       /* [size] which ranks have no data (cs_comm_set_idle), NULL: all have some */
    uint32_t *bounds; /* [size + 1] of the parts of what is divided, of CS_SHARES_WHOLE, in their order; NULL: equal parts */
    /* state of the lockstep, private to comm.c */
    uint32_t tag;     /* of the exchange that is going on */
    uint32_t trouble; /* what made this rank fail, if it was a link; else 0 */
    int phase;        /* 0 idle, 1 between gather and reply, 2 left: nothing is sent or received any more */
    cs_buffer frame;
};

/** One rank alone: no peers, nothing is sent. */
void cs_comm_self(cs_comm *c);

/** Collective. Every rank gives `size` bytes under `tag`; on the root parts[i] (cs_buffer[size of comm], zero-initialised by
 * the caller) becomes rank i's bytes, its own included; elsewhere `parts` is NULL. The root may give NULL as well and drops
 *  what it gets. If any rank raised, was lost, or is at another tag, all ranks get CS_ERR_RANK, the root from the gather,
 * the others from the reply that must follow it (the failing rank got its own status from cs_comm_raise); the text names the
 *  failing ranks. */
cs_status cs_comm_gather(cs_comm *c, uint32_t tag, const void *mine, size_t size, cs_buffer *parts);

/** Collective, after a gather. The root gives the bytes; every rank has them in `data` afterwards (replaced; also on the
 * root nothing changes). */
cs_status cs_comm_reply(cs_comm *c, uint32_t tag, cs_buffer *data);

/** In the place of cs_comm_reply: the root gives hands[size of comm], and rank i has hands[i] in `data` afterwards; on the
 *  root `data` is not looked at. `hands` is NULL elsewhere. */
cs_status cs_comm_deal(cs_comm *c, uint32_t tag, const cs_buffer *hands, cs_buffer *data);

/** What goes behind the frames of a sum. */
typedef enum cs_comm_note { CS_COMM_NOTE_ADDENDS, CS_COMM_NOTE_SUMS, CS_COMM_NOTES } cs_comm_note;

/** How the ranks add up a vector: n elements of `element` bytes each on the wire. A rank's addends are in its `context`,
 *  which is also where the others' are added to them. All functions speak of the elements first, …, first + count - 1. */
typedef struct cs_comm_reduction {
    size_t element;
    void *context;
    /* Adds another rank's addends. A failure ends the run for all. */
    cs_status (*add)(void *context, int rank, size_t first, size_t count, const uint8_t *part);
    /* Writes what the context holds, which `add` can read. */
    void (*store)(void *context, size_t first, size_t count, uint8_t *out);
    /* Writes the sums, complete now, in the form that all ranks are shown. */
    void (*show)(void *context, size_t first, size_t count, uint8_t *out);
    bool direct; /* no grid: whoever adds up a part gets every rank's addends themselves */
    /* With `direct`, and if not 0: so many bytes go behind a rank's addends, and behind its sums; the same to all ranks.
     * `give` writes them when the addends are ready, and when the sums are shown; `add` finds those of the addends behind
     * `part`, `take` gets those of the sums, after which the sums themselves are in place. */
    size_t note[CS_COMM_NOTES];
    void (*give)(void *context, cs_comm_note which, uint8_t *out);
    void (*take)(void *context, int rank, const uint8_t *note);
} cs_comm_reduction;

/** The part of a vector of n elements that rank `rank` adds up: elements *first, … Local. */
void cs_comm_sum_part(const cs_comm *c, size_t n, int rank, size_t *first, size_t *count);

/** Collective: data[n * element] holds this rank's addends on entry (as `store` writes them) and what `show` made of the
 *  sums on return, the same on every rank. Each rank adds up its own part of the vector, a part begins at a multiple of 64
 *  elements; every rank sends, receives and adds as much as any other, n elements each way in all steps together. Up to 16
 *  ranks (with `direct`: all, 2(N-1) frames a rank) do it in two steps, each to all others; more ranks in four steps along
 *  the rows and columns of a grid, if their number has factors. One's own addends of one's own part are sent to nobody.
 *
 *  If any rank raised, was lost, is at another step, or disagrees on n, all ranks leave with CS_ERR_RANK, in this exchange
 *  or in the place of the next one; the rank whose `add` failed with that status. A rank may be shown other sums than the
 *  others: who cares binds what it does next to what it was shown (session/pads.h). */
cs_status cs_comm_sum(cs_comm *c, uint32_t tag, uint8_t *data, size_t n, const cs_comm_reduction *how);

/** Collective: every rank shows all others its part of n things of `element` bytes each, as cs_comm_part divides them:
 *  data[n * element] holds this rank's on entry and all on return. The second half of a sum, along the same ways, so that it
 *  fails, and may have shown ranks different things, as a sum. */
cs_status cs_comm_show(cs_comm *c, uint32_t tag, uint8_t *data, size_t n, size_t element);

/** From now on parts of sums, and what cs_comm_part divides, are in proportion to shares[size] (comm/shares.h), which add up
 *  to CS_SHARES_WHOLE. The same on all ranks: otherwise sums fail by their lengths, or their elements do not belong
 * together. Until then, parts are equal. CS_ERR_MEMORY. Local. */
cs_status cs_comm_set_shares(cs_comm *c, const uint32_t *shares);

/** Which ranks bring no data: idle[size], the same on all ranks; NULL: none of them. They take part in every exchange, and
 * are no ranks of a proof: those with data are numbered 0, 1, … there, in rank order. CS_ERR_MEMORY. Local. */
cs_status cs_comm_set_idle(cs_comm *c, const bool *idle);

/** How many ranks have data; the number of `rank` among them, -1 if it is idle; and the rank of that number. Local. */
int cs_comm_holders(const cs_comm *c);
int cs_comm_holder_of(const cs_comm *c, int rank);
int cs_comm_rank_of(const cs_comm *c, int holder);

/** The place of `rank` in an order in which ranks with data come first, as their numbers say, then the idle ones. Local. */
int cs_comm_place_of(const cs_comm *c, int rank);

/** This rank's part of n things, of which each belongs to one rank. Local. */
void cs_comm_part(const cs_comm *c, size_t n, size_t *first, size_t *count);

/** Local failure becomes collective: takes part in the exchange the others are in, as "failed" towards each of them, so that
 * all leave. Call it
 *  instead of the next collective, then return `status`. Nothing about the reason is sent. Returns `status` and keeps its
 *  error text.
 *
 *  It may come between gather and reply: the pending reply is then taken first. Once a rank has left, because a collective
 * or this function told it so, every function here returns at once, so passing any failure through it is safe. It needs the
 *  others to be in some exchange: after the last one of a protocol a rank fails alone. */
cs_status cs_comm_raise(cs_comm *c, cs_status status);

/** Collective: one exchange without content. CS_OK on every rank if all gave CS_OK; otherwise a rank that failed gets its
 * own status back and the others CS_ERR_RANK. A protocol ends with it. */
cs_status cs_comm_agree(cs_comm *c, uint32_t tag, cs_status status);

/** What rank `rank` is called in messages besides its number; cut to fit. CS_ERR_MEMORY. Local. */
cs_status cs_comm_set_name(cs_comm *c, int rank, const char *name);

/** to_all of a transport whose `send` does not wait: sends the frame to every other rank, then flushes. A rank that is lost,
 * or cannot be sent to, keeps none of the others from getting it. */
cs_status cs_comm_send_each(cs_comm *c, const void *data, size_t size);

/** Frees what the lockstep holds, not the transport. Local. */
void cs_comm_free(cs_comm *c);

#endif
