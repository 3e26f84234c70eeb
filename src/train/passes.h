/* Passes of a member over its records: within one no record is drawn twice. What is public of them when the positions of
 * the draws stay hidden (hidden_draws.c). Local. */
#ifndef CS_TRAIN_PASSES_H
#define CS_TRAIN_PASSES_H

#include "train/sampler.h"

/** One member's passes: draws of pass p are consecutive, counts[p * n_pieces + k] of them fall on piece k. Borrowed. */
typedef struct cs_passes {
    size_t n_passes, n_pieces;
    const cs_piece *pieces; /* [n_pieces] ascending, apart from each other; only offset and rows count */
    const size_t *counts;   /* [n_passes * n_pieces] */
} cs_passes;

/** Draws of pass p. */
size_t cs_pass_draws(const cs_passes *passes, size_t p);

/** passes[n_ranks] fit the parameters: pieces within the shards, at most hidden_passes passes, no count above its piece, all
 * draws accounted for. CS_ERR_INPUT names the member. */
cs_status cs_passes_check(const cs_passes *passes, const cs_params *p);

#endif
