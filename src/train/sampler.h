/* Which record each rank uses at each step: idx_i(t, b), public, from the seed. Member i's draws are consecutive entries of
 * a stream of independent shuffles (Fisher-Yates, ChaCha20 keyed by the seed, stream i) of its own rows: within a pass over
 * its data no record is drawn twice. */
#ifndef CS_TRAIN_SAMPLER_H
#define CS_TRAIN_SAMPLER_H

#include "train/params.h"

/** draws[i][t * batch + b] < rows[i]; one allocation, free with cs_draws_free. */
cs_status cs_draws_new(uint32_t ***out, const cs_params *p, const uint8_t seed[32]);
void cs_draws_free(uint32_t **draws);

#endif
