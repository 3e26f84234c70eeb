#include "train/stream.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"

void cs_stream_init(cs_stream *s, const uint8_t seed[32], cs_stream_purpose purpose, uint32_t index) {
    *s = (cs_stream){.used = sizeof s->bytes};
    memcpy(s->key, seed, sizeof s->key);
    cs_store_u32(s->nonce, (uint32_t)purpose);
    cs_store_u32(s->nonce + 4, index);
}

uint64_t cs_stream_u64(cs_stream *s) {
    if (s->used == sizeof s->bytes) {
        memset(s->bytes, 0, sizeof s->bytes);
        crypto_stream_chacha20_xor_ic(s->bytes, s->bytes, sizeof s->bytes, s->nonce, s->next_block, s->key);
        s->next_block += sizeof s->bytes / 64;
        s->used = 0;
    }
    const uint64_t value = cs_load_u64(s->bytes + s->used);
    s->used += 8;
    return value;
}

/* The next value below the largest multiple of the bound; excess = 2^64 mod bound. */
static uint64_t accepted(cs_stream *s, uint64_t excess) {
    uint64_t value;
    do
        value = cs_stream_u64(s);
    while (value > UINT64_MAX - excess);
    return value;
}

uint64_t cs_stream_below(cs_stream *s, uint64_t bound) {
    const uint64_t excess = (UINT64_MAX % bound + 1) % bound;
    return accepted(s, excess) % bound;
}

void cs_stream_fill_around_zero(cs_stream *s, int64_t most, int64_t *out, size_t n) {
    const uint64_t bound = 2 * (uint64_t)most + 1, excess = (UINT64_MAX % bound + 1) % bound, inverse = UINT64_MAX / bound;
    for (size_t k = 0; k < n; k++) {
        const uint64_t value = accepted(s, excess);
        /* value inverse / 2^64 is less than 2 below value / bound: one step is left at most */
        const uint64_t quotient = (uint64_t)((unsigned __int128)value * inverse >> 64);
        uint64_t rest = value - quotient * bound;
        rest = rest >= bound ? rest - bound : rest;
        out[k] = (int64_t)rest - most;
    }
}
