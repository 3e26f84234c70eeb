/* What is public of the passes of a member over its records (sampler.h) when the positions of the draws stay hidden
 * (hidden_draws.c): how many records of each dataset each pass draws. Local. */
#ifndef CS_TRAIN_PASSES_H
#define CS_TRAIN_PASSES_H

#include "train/sampler.h"

/** One member's passes: draws of pass p are consecutive, counts[p * shard.n + k] of them fall on piece k. Borrows the
 * pieces; owns the counts. */
typedef struct cs_passes {
    cs_pieces shard;
    size_t n;
    size_t *counts; /* [n * shard.n] */
} cs_passes;

/** Counts draws[n_draws], made for these pieces. CS_ERR_INTERNAL for a draw that is in no piece; CS_ERR_MEMORY. Freed by
 * cs_passes_free; empty after a failure. */
cs_status cs_passes_new(cs_passes *out, const cs_pieces *shard, const uint32_t *draws, size_t n_draws);
void cs_passes_free(cs_passes *passes);

/** Draws of pass p. */
size_t cs_pass_draws(const cs_passes *passes, size_t p);

/** What a member says of itself: valid pieces within `rows`, and counts as sampler.h allows them: every pass but the last
 * takes of each piece what it has to give, the last one no more than that; all of them are n_draws. CS_ERR_INPUT. */
cs_status cs_passes_check(const cs_passes *passes, size_t rows, size_t n_draws);

#endif
