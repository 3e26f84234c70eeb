/* Modular inversion for F_r and F_p. Local; cannot fail; constant time. */
#ifndef CS_FIELD_INVERSE_H
#define CS_FIELD_INVERSE_H

#include <stdint.h>

/** r = 1/a mod m (0 for a = 0), fully reduced, for an odd prime m below 2^255 and a below m; plain numbers: of a Montgomery
 * form x 2^256 this is 2^-256 / x. n0 = -1/m mod 2^64. r may be a.
 *
 * By division steps (Bernstein, Yang, "Fast constant-time gcd computation and modular inversion", TCHES 2019(3)). */
void cs_mont_inverse_plain(uint64_t r[4], const uint64_t a[4], const uint64_t m[4], uint64_t n0);

#endif
