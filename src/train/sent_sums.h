/* What a rank keeps of the sums of gradients so that a wrong contribution can be found later (docs/protocol.md, 6.12): its
 * own hash chain and every other rank's, as this one knows them, which members with identities sign step by step
 * (session/sums_chain.h); hashes, and the views of its pads. Nothing in it is secret but `who`. */
#ifndef CS_TRAIN_SENT_SUMS_H
#define CS_TRAIN_SENT_SUMS_H

#include "comm/comm.h"
#include "session/pads.h"
#include "session/sums_chain.h"
#include "train/params.h"

/** Who signs. */
typedef struct cs_sums_who {
    const uint8_t *secret; /* [64] this rank's Ed25519 key in libsodium's form, borrowed; NULL: nobody signs */
    uint8_t keys[CS_MAX_RANKS][32];
} cs_sums_who;

/** A rank that contradicts itself or others. */
typedef struct cs_sums_liar {
    int rank;
    bool twice; /* it has signed both of these, after the same step */
    uint8_t state[2][32], signature[2][CS_SENT_SIGNATURE_SIZE];
} cs_sums_liar;

/** Zero-initialise it, set `who`; cs_sent_sums_free. */
typedef struct cs_sent_sums {
    cs_sums_who who;
    const cs_comm *comm; /* borrowed: it divides sums into parts */
    int rank, size;
    const char *what;         /* is summed, for messages: a step, a weight table */
    bool proving;             /* weight tables: views are of what rank 0 showed, too */
    cs_sums_speaker speaker;  /* nonce and digest, for every rank */
    uint64_t before;          /* sums that are in the chains when this begins */
    size_t first, made, room; /* sums of the steps first .. first + made - 1; room for so many */
    size_t tables;            /* weight tables that will follow: their pads have keys, too */
    size_t n, width;          /* entries of a sum, bytes of an entry */
    unsigned pad_bits;        /* of the pads that are uncovered for one step */
    uint8_t (*views)[32];     /* [room] of this rank's pads */
    uint8_t *wishes;          /* [room][2] of this rank, to save and to stop, that were added behind the gradient */
    uint8_t (*sent)[32];      /* [room][size] SHA-256 of this rank's addends of each rank's part */
    size_t starts[CS_MAX_RANKS], counts[CS_MAX_RANKS]; /* first entry of each rank's part, and how many */
    uint8_t shape[32];                                 /* their hash (cs_sums_shape) */
    cs_transcript *chains; /* [size] of each rank, as this one knows them; the same on all ranks once they agree */
    cs_sums_word *words;   /* [room][size] on the root; elsewhere of the last step alone, [size] */
    bool *apart;           /* [size] does it have another view of this step? */
    bool strangers;        /* has any rank had another view, while proving? */
    bool *odd;             /* [size] did it sign hashes of something that nobody else saw? */
    cs_sums_liar *liars;   /* [n_liars], room for all: found by cs_sent_sums_agree */
    size_t n_liars;
    cs_buffer promises; /* of each rank, which keys its pads have (cs_sent_sums_promise) */
    bool agreed;
#ifdef CS_TAMPER
    const struct cs_attack *attack; /* a dishonest rank commits to other keys */
#endif
    bool uncovered; /* padded gradients have been told to the root: once only */
} cs_sent_sums;

/** Room for the sums of steps first .. steps - 1, of n entries, in the session with this nonce, about the statement with
 * this digest. CS_ERR_RANGE if gradients are so large that pads of 126 bits do not hide them; CS_ERR_MEMORY. Local. */
cs_status cs_sent_sums_new(cs_sent_sums *s, const cs_comm *comm, const cs_params *p, const uint8_t nonce[32],
                           const uint8_t digest[32], size_t first, size_t n, size_t width);
void cs_sent_sums_free(cs_sent_sums *s);

/** Goes on where the chains of `from` are, whose ranks have agreed, with room for so many sums of elements of F in the same
 * session; each of them is begun by cs_sent_sums_reshape, which says how many entries it has. CS_ERR_MEMORY. Local. */
cs_status cs_sent_sums_continue(cs_sent_sums *s, const cs_sent_sums *from, size_t room);
void cs_sent_sums_reshape(cs_sent_sums *s, size_t n);

/** Collective, before the first sum: pads of the gradients get keys of their own in each step, those of weight tables theirs
 * (cs_pads_set_steps), and every rank tells all others to which keys it commits with each of them; signed, where ranks sign.
 * It enters the pads' history. CS_ERR_ABORT: two ranks do not commit to the same, and are named; or a rank has not signed.
 */
cs_status cs_sent_sums_promise(cs_sent_sums *s, cs_comm *comm, cs_pads *pads);

/** What rank `rank` has committed to, [size] and zeros where it shares no pads; and its signature (session/pad_words.h). */
const uint8_t (*cs_sent_sums_roots(const cs_sent_sums *s, int rank))[32];
const uint8_t *cs_sent_sums_roots_signature(const cs_sent_sums *s, int rank);

/** Collective: all[size] gets what each rank gives, of the same length everywhere. */
cs_status cs_sent_sums_exchange(const cs_sent_sums *s, cs_comm *comm, cs_label label, const cs_buffer *mine, cs_buffer *all);

/** Bits of the pads that are uncovered for one step, in a run of so many ranks. */
unsigned cs_sent_sums_pad_bits(int ranks);

/** What goes behind the frames of a sum (cs_comm_reduction): bytes of each kind; and this rank's. */
size_t cs_sent_sums_note(const cs_sent_sums *s, cs_comm_note which);
void cs_sent_sums_give(cs_sent_sums *s, cs_comm_note which, uint8_t *out);

/** A sum begins: its padded addends, all n of them, the last of which are the wishes if there are any. */
void cs_sent_sums_begin(cs_sent_sums *s, const uint8_t view[32], const uint8_t wishes[2], const uint8_t *addends);
/** What another rank sent to this one, of this rank's part, with its note. CS_ERR_ABORT: it says that it sent something
 * else. */
cs_status cs_sent_sums_receive(cs_sent_sums *s, int rank, const uint8_t *addends, size_t size, const uint8_t *note);
/** This rank's sums of its own part, unmasked, that it will show. */
void cs_sent_sums_show(cs_sent_sums *s, const uint8_t *sums, size_t size);
/** What came with another rank's sums. */
void cs_sent_sums_take(cs_sent_sums *s, int rank, const uint8_t *note);
/** It ends: what was shown, unmasked. CS_ERR_ABORT: a rank says that it showed something else; or one other rank, of each in
 * turn, has not signed what it sent and showed; on the root, any other rank. */
cs_status cs_sent_sums_end(cs_sent_sums *s, const uint8_t *sums);

/** Collective: all chains with their signatures to everybody, and into the pads' history. CS_ERR_ABORT: this rank was not
 * given a valid signature by one that it names, and says nothing to the others; or two ranks' words contradict each other:
 * the text names who lies, where ranks sign, and both where they do not; `liars` has the first of these. */
cs_status cs_sent_sums_agree(cs_sent_sums *s, cs_comm *comm, cs_pads *pads);

/** Bytes that it takes at most, about. */
double cs_sent_sums_bytes(size_t steps, int size);

/** Root: rank `rank`'s word of sum `at` of those made. */
const cs_sums_word *cs_sent_sums_word(const cs_sent_sums *s, size_t at, int rank);

#endif
