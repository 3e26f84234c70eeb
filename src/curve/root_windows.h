/* The exponent of square roots in F_p, (p + 1) / 4 (p = 3 mod 4), in windows of up to 5 bits that end in a one: what the
 * implementations of cs_g1_kernels.roots walk along. Local. */
#ifndef CS_CURVE_ROOT_WINDOWS_H
#define CS_CURVE_ROOT_WINDOWS_H

#include <stdint.h>

enum { CS_ROOT_BITS = 252, CS_ROOT_POWERS = 16 }; /* odd powers of the base up to the 31st */

/** Square that many times, then multiply by the odd power of the base (0: by none). */
typedef struct cs_root_window {
    int squarings;
    unsigned power;
} cs_root_window;

static inline unsigned cs_root_bit(int k) {
    static const uint64_t exponent[4] = {0x4f082305b61f3f52, 0x65e05aa45a1c72a3, 0x6e14116da0605617, 0x0c19139cb84c680a};
    return exponent[k / 64] >> (k % 64) & 1;
}

/** The next window; *left: bits of the exponent that are left, CS_ROOT_BITS before the first. */
static inline cs_root_window cs_root_next(int *left) {
    cs_root_window w = {0, 0};
    while (*left > 0 && !cs_root_bit(*left - 1)) {
        w.squarings++;
        --*left;
    }
    int n = *left < 5 ? *left : 5;
    while (n > 0 && !cs_root_bit(*left - n))
        n--;
    w.squarings += n;
    for (; n > 0; n--)
        w.power = 2 * w.power + cs_root_bit(--*left);
    return w;
}

#endif
