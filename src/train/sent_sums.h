/* What a rank keeps of the sums of gradients so that a wrong contribution can be found later (docs/protocol.md, 6.12):
 * hashes of what it sent, got and was shown, and the views of its pads. Nothing in it is secret. */
#ifndef CS_TRAIN_SENT_SUMS_H
#define CS_TRAIN_SENT_SUMS_H

#include "comm/comm.h"
#include "session/pads.h"
#include "train/params.h"

/** Zero-initialise it; cs_sent_sums_free. */
typedef struct cs_sent_sums {
    const cs_comm *comm; /* borrowed: it divides sums into parts */
    int rank, size;
    size_t first, made, room; /* sums of the steps first .. first + made - 1; room for so many */
    size_t n, width;          /* entries of a sum, bytes of an entry */
    unsigned pad_bits;        /* of the pads that are uncovered for one step */
    uint8_t (*views)[32];     /* [room] of this rank's pads */
    uint8_t *wishes;          /* [room][2] of this rank, to save and to stop, that were added behind the gradient */
    uint8_t (*sent)[32];      /* [room][size] SHA-256 of the addends that went to each rank; of this rank's own: zero */
    uint8_t (*shown)[32];     /* [room][size] of the sums that each rank showed, unmasked */
    /* Chains over the steps, SHA-256(chain, hash): of what was sent to each rank, got from each, shown by each. */
    uint8_t (*chains)[32]; /* [3][size] */
    cs_buffer all;         /* everybody's, once they agree: [size][3][size] */
    bool uncovered;        /* padded gradients have been told to the root: once only */
} cs_sent_sums;

/** Room for the sums of steps first .. steps - 1, of n entries. CS_ERR_RANGE if gradients are so large that pads of 126 bits
 * do not hide them; CS_ERR_MEMORY. Local. */
cs_status cs_sent_sums_new(cs_sent_sums *s, const cs_comm *comm, const cs_params *p, size_t first, size_t n, size_t width);
void cs_sent_sums_free(cs_sent_sums *s);

/** A sum begins: its padded addends, all n of them, the last of which are the wishes if there are any. */
void cs_sent_sums_begin(cs_sent_sums *s, const uint8_t view[32], const uint8_t wishes[2], const uint8_t *addends);
/** What another rank sent to this one, of this rank's part. */
void cs_sent_sums_receive(cs_sent_sums *s, int rank, const uint8_t *addends, size_t size);
/** It ends: what was shown, unmasked. */
void cs_sent_sums_end(cs_sent_sums *s, const uint8_t *sums);

/** Collective: everybody's chains to everybody, and into the pads' history. CS_ERR_ABORT if two ranks do not agree on what
 * one sent to the other, or was shown by a third: the text names them. */
cs_status cs_sent_sums_agree(cs_sent_sums *s, cs_comm *comm, cs_pads *pads);

/** Bytes that it takes, about. */
double cs_sent_sums_bytes(size_t steps, int size);

/** Are these the hashes [made] of all that rank `from` sent to rank `to`, as both have said? Local. */
bool cs_sent_sums_are(const cs_sent_sums *s, int from, int to, const uint8_t *hashes);

#endif
