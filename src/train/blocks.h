/* The blocks of a rank's witness: which tensors there are, their shapes, ranges and order. */
#ifndef CS_TRAIN_BLOCKS_H
#define CS_TRAIN_BLOCKS_H

#include "poly/tensor.h"
#include "train/params.h"

typedef enum cs_block_kind {
    CS_BLOCK_D,   /* features [rows, n_0] */
    CS_BLOCK_Y,   /* one-hot labels [rows, n_L] */
    CS_BLOCK_F,   /* committed final weights of layer l [n_{l-1} + 1, n_l], rank 0 only, absent if the model is public */
    CS_BLOCK_G,   /* committed W(0) of layer l, as F, absent if it is public */
    CS_BLOCK_Z,   /* pre-activations [T, B, n_l] */
    CS_BLOCK_R,   /* limb of the forward remainder [T, B, n_l] */
    CS_BLOCK_A,   /* relu(Z_l), l < L */
    CS_BLOCK_S,   /* relu'(Z_l): 1 if Z > 0, l < L */
    CS_BLOCK_V,   /* error before the mask, l < L */
    CS_BLOCK_RV,  /* limb of the backward remainder, l < L */
    CS_BLOCK_M,   /* one-hot of the maximum (lowest index on ties) [T, B, n_L] */
    CS_BLOCK_E,   /* exp table of c - Z */
    CS_BLOCK_P,   /* softmax quotient floor(2^d E_j / S) */
    CS_BLOCK_RHO, /* its remainder 2^d E_j - P_j S */
    CS_BLOCK_GAP, /* S - 1 - RHO */
    CS_BLOCK_C,   /* maximum [T, B] */
    CS_BLOCK_I,   /* hidden draws: one-hot digit of the drawn row [T, B, 2^digit bits]; `limb` is the digit */
    CS_BLOCK_N,   /* hidden draws: 1 if the pass draws the row [passes, 2^row bits] */
    CS_BLOCK_MULT /* multiplicities of the lookup table's rows */
} cs_block_kind;

typedef struct cs_block_info {
    cs_block_kind kind;
    size_t layer; /* 1..L of F, G, Z, R, A, S, V, RV; 0 of all others */
    size_t limb;
    unsigned axes;    /* 1..3 */
    size_t shape[3];  /* real lengths (datasets: the largest over the ranks) */
    unsigned bits[3]; /* padded length of axis k is 2^bits[k] */
    int64_t min, max; /* declared range of an entry */
    bool certified;   /* its rows are committed in the statement */
    bool root_only;   /* held by rank 0 only */
} cs_block_info;

typedef struct cs_blocks {
    size_t n;
    cs_block_info *info; /* [n] */
} cs_blocks;

/** All blocks, in a fixed order: D, Y; F of all layers, G of all layers; per layer Z, limbs of R and, below the output, A,
 * S, V, limbs of RV; M, E, P, RHO, GAP, C; with hidden draws I and N; MULT. `table_rows`: padded rows of the lookup table.
 * CS_ERR_MEMORY. Free with cs_blocks_free. */
cs_status cs_blocks_new(cs_blocks *out, const cs_params *p, size_t table_rows);
void cs_blocks_free(cs_blocks *b);

/** Index of a block; SIZE_MAX if there is none. `layer` is ignored for kinds that have one block only. */
size_t cs_blocks_find(const cs_blocks *b, cs_block_kind kind, size_t layer, size_t limb);

/** Padded number of entries. */
size_t cs_block_size(const cs_block_info *b);

/** Rows of 2^column_bits entries that the block has commitments for: all if it is certified, else those with real entries; 0
 * if it is shorter than a row. */
size_t cs_block_rows(const cs_block_info *b, unsigned column_bits);

/** Allocates zeroed tensors of all blocks that `rank` holds (data == NULL for those it does not). tensors[b->n]. */
cs_status cs_blocks_tensors(cs_tensor *tensors, const cs_blocks *b, int rank);
void cs_blocks_tensors_free(cs_tensor *tensors, const cs_blocks *b);

#endif
