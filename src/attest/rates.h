/* Learning rates as exact integers: rate / global batch = c * 2^-s (section 7). Local. */
#ifndef CS_ATTEST_RATES_H
#define CS_ATTEST_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { CS_MAX_RATE_SHIFT = 32, CS_MAX_RATE_BITS = 24 };

/** The smallest s for which every rate[k] / global_batch = c[k] * 2^-s with an integer 0 < c[k] < 2^24. Rates are finite and
 * positive. CS_ERR_INPUT if there is none with s <= 32: *bad is then the index of the offending rate and the text names
 * usable rates near it. */
cs_status cs_rates_exact(unsigned *s, int64_t *c, size_t *bad, const double *rate, size_t n, size_t global_batch);

#endif
