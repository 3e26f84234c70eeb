/* How work that any rank can do is divided among ranks that have different amounts of other work, or different speeds.
 * Integers only, so that all ranks come to the same shares from the same figures. Local. */
#ifndef CS_COMM_SHARES_H
#define CS_COMM_SHARES_H

#include <stddef.h>
#include <stdint.h>

/** Shares add up to this. */
#define CS_SHARES_WHOLE ((uint32_t)1 << 16)

/** A rank as fast as the others. */
#define CS_SPEED_NORMAL ((uint32_t)1 << 10)

/** shares[n]: such that the rank that takes longest is done as early as possible, when rank i takes (own[i] + its share of
 *  `divisible`) / speed[i]. No rank gets more than two equal shares: what is divided passes through its link. own,
 *  divisible: any unit of work, the same for both, below 2^62; speed: 1..2^16; n >= 1. Equal shares if there is nothing to
 *  divide. Cannot fail. */
void cs_shares_balance(uint32_t *shares, const uint64_t *own, const uint32_t *speed, size_t n, uint64_t divisible);

#endif
