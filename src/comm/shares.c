#include "comm/shares.h"

static void divide_equally(uint32_t *shares, size_t n) {
    for (size_t i = 0; i < n; i++)
        shares[i] = (uint32_t)(CS_SHARES_WHOLE * (i + 1) / n - CS_SHARES_WHOLE * i / n);
}

/* What a rank of this speed can take on until `time`, in shares. */
static uint32_t share_until(unsigned __int128 time, uint64_t own, uint32_t speed, uint64_t divisible, uint32_t most) {
    const unsigned __int128 work = time * speed / CS_SPEED_NORMAL;
    if (work <= own)
        return 0;
    const unsigned __int128 share = (work - own) * CS_SHARES_WHOLE / divisible;
    return share < most ? (uint32_t)share : most;
}

static uint64_t sum_until(unsigned __int128 time, const uint64_t *own, const uint32_t *speed, size_t n, uint64_t divisible,
                          uint32_t most) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += share_until(time, own[i], speed[i], divisible, most);
    return sum;
}

void cs_shares_balance(uint32_t *shares, const uint64_t *own, const uint32_t *speed, size_t n, uint64_t divisible) {
    const uint32_t most = n < 2 ? CS_SHARES_WHOLE : (uint32_t)(2 * CS_SHARES_WHOLE / n);
    if (divisible == 0) {
        divide_equally(shares, n);
        return;
    }
    unsigned __int128 early = 0, late = (unsigned __int128)1 << 76; /* all is done: 2^63 of work at speed 1 */
    while (late - early > 1) {
        const unsigned __int128 time = early + (late - early) / 2;
        if (sum_until(time, own, speed, n, divisible, most) >= CS_SHARES_WHOLE)
            late = time;
        else
            early = time;
    }
    uint32_t left = CS_SHARES_WHOLE - (uint32_t)sum_until(early, own, speed, n, divisible, most);
    for (size_t i = 0; i < n; i++) {
        const uint32_t before = share_until(early, own[i], speed[i], divisible, most),
                       more = share_until(late, own[i], speed[i], divisible, most) - before;
        shares[i] = before + (more < left ? more : left);
        left -= shares[i] - before;
    }
}
