#include "data/affine.h"
#include <float.h>
#include <math.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles must be computed as doubles, or the integers differ between machines");

cs_status cs_affine_check(const cs_affine *map) {
    if (!isfinite(map->min) || !isfinite(map->max) || !isfinite(map->offset) || !isfinite(map->multiplier))
        return cs_fail(CS_ERR_INPUT, "features: min, max, offset and multiplier must be finite numbers");
    if (map->min > map->max)
        return cs_fail(CS_ERR_INPUT, "features: min %.17g is above max %.17g", map->min, map->max);
    if (map->multiplier <= 0)
        return cs_fail(CS_ERR_INPUT, "features: multiplier %.17g must be positive", map->multiplier);
    const double low = (map->min - map->offset) * map->multiplier;
    const double high = (map->max - map->offset) * map->multiplier;
    if (!(round(low) >= INT32_MIN && round(high) <= INT32_MAX))
        return cs_fail(CS_ERR_INPUT,
                       "features: [%.17g, %.17g] maps to [%.17g, %.17g], which does not fit 32 bits: lower multiplier",
                       map->min, map->max, low, high);
    return CS_OK;
}

unsigned cs_affine_value_bits(const cs_affine *maps, size_t n) {
    unsigned bits = 2;
    for (size_t k = 0; k < n; k++) {
        const int64_t low = cs_affine_apply(&maps[k], maps[k].min), high = cs_affine_apply(&maps[k], maps[k].max);
        while (low < -((int64_t)1 << (bits - 1)) || high >= (int64_t)1 << (bits - 1))
            bits++;
    }
    return bits;
}
