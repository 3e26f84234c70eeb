/* All padded entries of all blocks are zero (section 6, "Padding"). */
#ifndef CS_RELATION_PADDING_H
#define CS_RELATION_PADDING_H

#include "witness/witness.h"

/** One claim, over all blocks that are not known to be zero_padded: sum over blocks of gamma^k <eq(r_k, ·) - eq cut off at
 * the real lengths, block_k> = 0. Without it a dishonest rank has hidden units, steps and classes that no lookup looks at.
 * Local (the claim is opened with the others). */
cs_status cs_relation_zero_padding(cs_witness *w);

#endif
