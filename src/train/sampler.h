/* Which record each rank uses at each step: idx_i(t, b), public, from the seed (Fisher-Yates, ChaCha20 keyed by the seed,
 * stream i). Member i's draws are consecutive entries of passes over its shard. A shard consists of pieces, its datasets;
 * in a pass piece k gives
 *
 *   n_k = min(floor(weight_k * rows_k), per_epoch_k, what its total leaves)
 *
 * records: the first n_k of a fresh shuffle of its rows, and all of the pass's records are then shuffled together (not so
 * with one piece: they are in random order already). Within a pass no record is drawn twice. */
#ifndef CS_TRAIN_SAMPLER_H
#define CS_TRAIN_SAMPLER_H

#include "train/params.h"

#define CS_NO_LIMIT SIZE_MAX

/** One dataset in a shard: its rows are the shard's offset..offset+rows-1. */
typedef struct cs_piece {
    size_t offset, rows;
    double weight;    /* 0 < weight <= 1; the product with rows is one IEEE 754 multiplication */
    size_t per_epoch; /* most draws in one pass, CS_NO_LIMIT: no limit */
    size_t total;     /* most draws in the run, the same */
} cs_piece;

/** A member's datasets, in the order of their offsets. Borrowed. */
typedef struct cs_pieces {
    const cs_piece *pieces; /* [n] */
    size_t n;               /* >= 1 */
} cs_pieces;

/** Draws of one piece. */
typedef struct cs_draw_count {
    size_t total;
    size_t epoch_max; /* the most in any one pass */
} cs_draw_count;

/** Records that a pass takes of a piece which gave `used` records before. */
size_t cs_piece_share(const cs_piece *piece, size_t used);

/** The pieces do not overlap, lie within 0..rows-1, and each gives at least one record to the first pass. CS_ERR_INPUT names
 * the piece. */
cs_status cs_pieces_check(const cs_pieces *pieces, size_t rows);

/** Records of a first pass over valid pieces. */
size_t cs_pieces_first_pass(const cs_pieces *pieces);

/** out[n]: the draws of one rank. CS_ERR_INPUT if the totals of its pieces do not suffice; CS_ERR_MEMORY. */
cs_status cs_draws_of_rank(uint32_t *out, size_t n, const cs_pieces *shard, const uint8_t seed[32], int rank);

/** draws[i][t * batch + b] < rows[i]; one allocation, free with cs_draws_free. `shards` has n_ranks valid entries; NULL:
 * every rank has one piece of all its rows, with weight 1 and without limits. CS_ERR_INPUT if the totals of a rank's pieces
 * do not suffice for its draws; CS_ERR_MEMORY. */
cs_status cs_draws_new(uint32_t ***out, const cs_params *p, const cs_pieces *shards, const uint8_t seed[32]);
void cs_draws_free(uint32_t **draws);

#endif
