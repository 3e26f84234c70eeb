/* From a raw number of a data file to the integer that is trained on and committed. */
#ifndef CS_DATA_AFFINE_H
#define CS_DATA_AFFINE_H

#include "base/error.h"
#include <stddef.h>
#include <stdint.h>

/** x = nearest integer of (v - offset) * multiplier, ties away from zero, for min <= v <= max.
 *
 *  v is the double nearest to the number in the file. The subtraction, the multiplication and the rounding are three IEEE
 * 754 double operations (round to nearest, even), each rounded by itself: the same file gives the same integers on every
 * machine. A raw range [0, 16] that should fill [0, 2^8] has {min 0, max 16, offset 0, multiplier 16}. */
typedef struct cs_affine {
    double min, max, offset, multiplier;
} cs_affine;

/** CS_ERR_INPUT unless all four are finite, min <= max, multiplier > 0 and the images of min and max are 32-bit integers
 *  (the map is monotone, so those of all values between are). Local. */
cs_status cs_affine_check(const cs_affine *map);

/** The integer of `value`. Requires a map that passed cs_affine_check and min <= value <= max. Local; cannot fail.
 *  Nothing in it can be contracted to a fused multiply-add: sums feed a product or a comparison, the product feeds no sum.
 */
static inline int32_t cs_affine_apply(const cs_affine *map, double value) {
    const double x = (value - map->offset) * map->multiplier;
    const int32_t toward_zero = (int32_t)x;
    return toward_zero + (x >= toward_zero + 0.5) - (x <= toward_zero - 0.5);
}

/** Smallest v >= 2 such that the images of all n maps' ranges are signed numbers of v bits: in [-2^(v-1), 2^(v-1) - 1]. At
 * most 32. Requires maps that passed cs_affine_check. Local; cannot fail. */
unsigned cs_affine_value_bits(const cs_affine *maps, size_t n);

#endif
