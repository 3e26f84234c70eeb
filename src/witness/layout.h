/* The witness matrix: every rank's tensors as blocks in a matrix of 2^column_bits columns, the same layout on all ranks.
 * Blocks lie at offsets aligned to their padded size, biggest first. Certified blocks (whose rows are committed in the
 * statement) are also aligned to whole rows. A row that has no real entry of any block of a rank has no commitment (it is
 * zero): neither rows that no block touches, nor rows of padding alone, but for certified blocks. Local. */
#ifndef CS_WITNESS_LAYOUT_H
#define CS_WITNESS_LAYOUT_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct cs_block {
    unsigned axes;            /* 1..3 */
    size_t shape[3];          /* real lengths */
    const size_t *rank_shape; /* [n_ranks] real length of axis 0 where it differs from rank to rank, or NULL; borrowed */
    unsigned bits[3];         /* padded lengths */
    int64_t min, max;         /* declared range */
    bool certified, root_only;
    bool zero_padded;    /* its padding has been shown to be zero elsewhere */
    size_t size, offset; /* set by cs_layout_new */
} cs_block;

typedef struct cs_layout {
    unsigned column_bits, bits; /* matrix of 2^bits entries */
    size_t n;
    cs_block *blocks;   /* owned copy, in the caller's order */
    size_t rows;        /* 2^(bits - column_bits) */
    uint8_t *row_state; /* [rows] of CS_ROW_… bits */
} cs_layout;

enum { CS_ROW_ALL = 1 /* some block of every rank */, CS_ROW_ROOT = 2 /* a block of rank 0 only */, CS_ROW_CERTIFIED = 4 };

/** Copies the blocks and places them. CS_ERR_MEMORY. */
cs_status cs_layout_new(cs_layout *out, const cs_block *blocks, size_t n, unsigned column_bits);
void cs_layout_free(cs_layout *l);

/** Has rank a commitment for the row? An idle one (-1) has none. */
bool cs_layout_live(const cs_layout *l, int rank, size_t row);

/** Live rows of the rank; certified: only those, else only the others. */
size_t cs_layout_count(const cs_layout *l, int rank, bool certified);

/** Whether rank holds the block. */
static inline bool cs_block_held(const cs_block *b, int rank) {
    return !b->root_only || rank == 0;
}

/** Real length of axis `axis` on a rank. */
static inline size_t cs_block_length(const cs_block *b, unsigned axis, int rank) {
    return axis == 0 && b->rank_shape ? b->rank_shape[rank] : b->shape[axis];
}

#endif
