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

/** Most counts, passes times pieces, of one member: a statement of a few bytes must not cost the verifier more. */
enum { CS_MAX_PASS_COUNTS = 1 << 20 };

/** Passes that n_draws draws take, the last one perhaps cut off; 0 if the totals of the pieces do not suffice. CS_ERR_INPUT
 * if there are more than CS_MAX_PASS_COUNTS / shard->n, found in that many steps; CS_ERR_MEMORY. */
cs_status cs_passes_count(size_t *out, const cs_pieces *shard, size_t n_draws);

/** Counts draws[n_draws], made for these pieces. CS_ERR_INTERNAL for a draw that is in no piece; CS_ERR_INPUT as above;
 * CS_ERR_MEMORY. Freed by
 * cs_passes_free; empty after a failure. */
cs_status cs_passes_new(cs_passes *out, const cs_pieces *shard, const uint32_t *draws, size_t n_draws);

/** The same from what a member says of its last pass, last[shard->n]: every other pass takes of each piece what it has to
 * give. CS_ERR_INPUT if the last one takes more of a piece, or if all of them are not n_draws. */
cs_status cs_passes_stated(cs_passes *out, const cs_pieces *shard, const size_t *last, size_t n_draws);

/** Draws of each piece, out[shard->n], of draws[n_draws] that cs_draws_of_rank made for these pieces, however many passes
 * they take: memory for one pass. CS_ERR_INTERNAL for a draw of the last pass that is in no piece; CS_ERR_INPUT;
 * CS_ERR_MEMORY.
 */
cs_status cs_passes_tally(cs_draw_count *out, const cs_pieces *shard, const uint32_t *draws, size_t n_draws);

void cs_passes_free(cs_passes *passes);

/** The last pass: counts[shard.n]. */
const size_t *cs_passes_last(const cs_passes *passes);

/** Draws of one piece in the run, and the most in one pass. */
cs_draw_count cs_passes_piece(const cs_passes *passes, size_t piece);

/** Draws of pass p. */
size_t cs_pass_draws(const cs_passes *passes, size_t p);

#endif
