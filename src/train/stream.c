#include "train/stream.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"

void cs_stream_init(cs_stream *s, const uint8_t seed[32], cs_stream_purpose purpose, uint32_t index) {
    *s = (cs_stream){.used = sizeof s->bytes};
    memcpy(s->key, seed, sizeof s->key);
    cs_store_u32(s->nonce, (uint32_t)purpose);
    cs_store_u32(s->nonce + 4, index);
}

static void refill(cs_stream *s) {
    memset(s->bytes, 0, sizeof s->bytes);
    crypto_stream_chacha20_xor_ic(s->bytes, s->bytes, sizeof s->bytes, s->nonce, s->next_block, s->key);
    s->next_block += sizeof s->bytes / 64;
    s->used = 0;
}

uint64_t cs_stream_u64(cs_stream *s) {
    if (s->used == sizeof s->bytes)
        refill(s);
    const uint64_t value = cs_load_u64(s->bytes + s->used);
    s->used += 8;
    return value;
}

uint64_t cs_stream_below(cs_stream *s, uint64_t bound) {
    const uint64_t excess = (UINT64_MAX % bound + 1) % bound;
    uint64_t value;
    do
        value = cs_stream_u64(s);
    while (value > UINT64_MAX - excess);
    return value % bound;
}

/* The next words at hand, at most n; counts them as used. */
static const uint8_t *take(cs_stream *s, size_t size, size_t *n) {
    if (s->used == sizeof s->bytes)
        refill(s);
    const uint8_t *at = s->bytes + s->used;
    const size_t left = (sizeof s->bytes - s->used) / size;
    *n = *n < left ? *n : left;
    s->used += size * *n;
    return at;
}

/* All of these words as numbers, in a form that compilers vectorise; false, with nothing to keep, if one is to be skipped.
 */
static bool map_i32(const uint8_t *at, uint32_t bound, int32_t most, int32_t *out, size_t words) {
    const uint32_t excess = -bound % bound;
    uint32_t skipped = 0;
    for (size_t i = 0; i < words; i++) {
        const uint64_t product = (uint64_t)cs_load_u32(at + 4 * i) * bound;
        out[i] = (int32_t)((uint32_t)(product >> 32) - (uint32_t)most);
        skipped |= (uint32_t)product < excess;
    }
    return skipped == 0;
}

/* A word that is skipped leaves its place to the next one. */
void cs_stream_fill_i32(cs_stream *s, int32_t most, int32_t *out, size_t n) {
    const uint32_t bound = 2 * (uint32_t)most + 1, excess = -bound % bound;
    for (size_t k = 0; k < n;) {
        size_t words = n - k;
        const uint8_t *at = take(s, 4, &words);
        if (map_i32(at, bound, most, out + k, words)) {
            k += words;
            continue;
        }
        for (size_t i = 0; i < words; i++) {
            const uint64_t product = (uint64_t)cs_load_u32(at + 4 * i) * bound;
            out[k] = (int32_t)((uint32_t)(product >> 32) - (uint32_t)most);
            k += (uint32_t)product >= excess;
        }
    }
}

void cs_stream_fill_i64(cs_stream *s, int64_t most, int64_t *out, size_t n) {
    const uint64_t bound = 2 * (uint64_t)most + 1, excess = -bound % bound;
    for (size_t k = 0; k < n;) {
        size_t words = n - k;
        const uint8_t *at = take(s, 8, &words);
        for (size_t i = 0; i < words; i++) {
            const unsigned __int128 product = (unsigned __int128)cs_load_u64(at + 8 * i) * bound;
            out[k] = (int64_t)((uint64_t)(product >> 64) - (uint64_t)most);
            k += (uint64_t)product >= excess;
        }
    }
}
