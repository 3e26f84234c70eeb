#include "session/pad_keys.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sha256.h"
#include "session/keystream.h"

enum { HASH = 32, MAX_LEVELS = 40 };

/* ------------------------------------------------------------ keys and their tree */

static void derive(uint8_t *out, size_t size, const uint8_t key[32], const char *domain, const void *data, size_t length) {
    crypto_generichash_state h;
    crypto_generichash_init(&h, key, 32, size);
    crypto_generichash_update(&h, (const unsigned char *)domain, strlen(domain));
    crypto_generichash_update(&h, data, length);
    crypto_generichash_final(&h, out, size);
    sodium_memzero(&h, sizeof h);
}

void cs_pad_key(uint8_t out[32], const uint8_t seed[32], uint64_t index) {
    uint8_t number[8];
    cs_store_u64(number, index);
    derive(out, 32, seed, "consort/step-key/1", number, sizeof number);
}

static void hash_leaf(uint8_t out[HASH], const uint8_t key[32]) {
    uint8_t bytes[1 + 32] = {0};
    memcpy(bytes + 1, key, 32);
    cs_sha256(out, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
}

static void hash_node(uint8_t out[HASH], const uint8_t left[HASH], const uint8_t right[HASH]) {
    uint8_t bytes[1 + 2 * HASH] = {1};
    memcpy(bytes + 1, left, HASH);
    memcpy(bytes + 1 + HASH, right, HASH);
    cs_sha256(out, bytes, sizeof bytes);
}

static void hash_top(uint8_t out[HASH], uint64_t n, const uint8_t top[HASH]) {
    static const char domain[] = "consort/pad-keys/1";
    uint8_t bytes[sizeof domain + 8 + HASH];
    memcpy(bytes, domain, sizeof domain); /* with its NUL */
    cs_store_u64(bytes + sizeof domain, n);
    memcpy(bytes + sizeof domain + 8, top, HASH);
    cs_sha256(out, bytes, sizeof bytes);
}

static unsigned levels(uint64_t n) {
    unsigned bits = 0;
    while (n > (uint64_t)1 << bits)
        bits++;
    return bits;
}

/* The node over leaves first .. first + 2^level - 1: `waiting` has one node of each size that has no sibling yet. */
static void subtree(uint8_t out[HASH], const uint8_t seed[32], uint64_t n, uint64_t first, unsigned level) {
    uint8_t waiting[MAX_LEVELS][HASH], key[32];
    for (uint64_t k = 0; k < (uint64_t)1 << level; k++) {
        memset(out, 0, HASH);
        if (first + k < n) {
            cs_pad_key(key, seed, first + k);
            hash_leaf(out, key);
        }
        unsigned l = 0;
        for (; l < level && (k >> l & 1) != 0; l++)
            hash_node(out, waiting[l], out);
        if (l < level)
            memcpy(waiting[l], out, HASH);
    }
    sodium_memzero(key, sizeof key);
}

void cs_pad_keys_root(uint8_t out[32], const uint8_t seed[32], uint64_t n) {
    uint8_t top[HASH];
    subtree(top, seed, n, 0, levels(n));
    hash_top(out, n, top);
}

size_t cs_pad_keys_shown_size(uint64_t n) {
    return 32 + HASH * (size_t)levels(n);
}

void cs_pad_keys_show(uint8_t *out, const uint8_t seed[32], uint64_t n, uint64_t index) {
    cs_pad_key(out, seed, index);
    for (unsigned l = 0; l < levels(n); l++)
        subtree(out + 32 + HASH * (size_t)l, seed, n, (index >> l ^ 1) << l, l);
}

bool cs_pad_keys_hold(const uint8_t root[32], uint64_t n, uint64_t index, const uint8_t *shown) {
    uint8_t node[HASH];
    hash_leaf(node, shown);
    for (unsigned l = 0; l < levels(n); l++) {
        const uint8_t *sibling = shown + 32 + HASH * (size_t)l;
        const bool right = (index >> l & 1) != 0;
        hash_node(node, right ? sibling : node, right ? node : sibling);
    }
    hash_top(node, n, node);
    return memcmp(node, root, HASH) == 0;
}

/* ------------------------------------------------------------ pads */

void cs_pad_key_low(uint8_t out[32], const uint8_t key[32], const uint8_t view[32]) {
    derive(out, 32, key, "consort/pad-key/1", view, 32);
}

void cs_pad_key_add(const uint8_t key[32], const uint8_t view[32], bool negative, unsigned __int128 *values, size_t n,
                    size_t width, unsigned bits) {
    enum { PER_CHUNK = 512, HIGH = 16 };
    uint8_t low[PER_CHUNK * 8 + 8], high[PER_CHUNK * HIGH], stream_key[32];
    cs_keystream low_stream, high_stream;
    const uint64_t low_mask = UINT64_MAX >> (64 - 8 * width);
    const unsigned __int128 mask = ((unsigned __int128)1 << bits) - 1;
    memset(low, 0, sizeof low);
    cs_pad_key_low(stream_key, key, view);
    cs_keystream_init(&low_stream, NULL, stream_key);
    derive(stream_key, 32, key, "consort/pad-high/1", view, 32);
    cs_keystream_init(&high_stream, NULL, stream_key);
    for (size_t first = 0; first < n; first += PER_CHUNK) {
        const size_t count = n - first < PER_CHUNK ? n - first : PER_CHUNK;
        cs_keystream_read(&low_stream, first * width / CS_KEYSTREAM_UNIT, low, count * width);
        cs_keystream_read(&high_stream, first * HIGH / CS_KEYSTREAM_UNIT, high, count * HIGH);
        for (size_t k = 0; k < count; k++) {
            unsigned __int128 pad = (unsigned __int128)cs_load_u64(high + HIGH * k + 8) << 64 | cs_load_u64(high + HIGH * k);
            pad = (pad << (8 * width) & mask) | (cs_load_u64(low + width * k) & low_mask);
            values[first + k] += negative ? -pad : pad;
        }
    }
    sodium_memzero(low, sizeof low);
    sodium_memzero(high, sizeof high);
    sodium_memzero(stream_key, sizeof stream_key);
    sodium_memzero(&low_stream, sizeof low_stream);
    sodium_memzero(&high_stream, sizeof high_stream);
}

void cs_pad_key_add_elements(const uint8_t key[32], const uint8_t view[32], bool negative, cs_fr *values, size_t n) {
    enum { PER_CHUNK = 64, ELEMENT = 48 };
    uint8_t bytes[PER_CHUNK * ELEMENT], element[64] = {0}, stream_key[32];
    cs_keystream stream;
    cs_pad_key_low(stream_key, key, view);
    cs_keystream_init(&stream, NULL, stream_key);
    for (size_t first = 0; first < n; first += PER_CHUNK) {
        const size_t count = n - first < PER_CHUNK ? n - first : PER_CHUNK;
        cs_keystream_read(&stream, first * ELEMENT / CS_KEYSTREAM_UNIT, bytes, count * ELEMENT);
        for (size_t k = 0; k < count; k++) {
            memcpy(element, bytes + ELEMENT * k, ELEMENT);
            const cs_fr pad = cs_fr_from_wide(element);
            values[first + k] = negative ? cs_fr_sub(values[first + k], pad) : cs_fr_add(values[first + k], pad);
        }
    }
    sodium_memzero(bytes, sizeof bytes);
    sodium_memzero(element, sizeof element);
    sodium_memzero(stream_key, sizeof stream_key);
    sodium_memzero(&stream, sizeof stream);
}

cs_fr cs_pad_key_blinding(const uint8_t key[32], const uint8_t nonce[32], const uint8_t digest[32], const uint8_t state[32],
                          cs_pad_blinding what) {
    uint8_t bytes[96 + 8], wide[64];
    memcpy(bytes, nonce, 32);
    memcpy(bytes + 32, digest, 32);
    memcpy(bytes + 64, state, 32);
    cs_store_u64(bytes + 96, (uint64_t)what);
    derive(wide, sizeof wide, key, "consort/pad-blinding/2", bytes, sizeof bytes);
    const cs_fr scalar = cs_fr_from_wide(wide);
    sodium_memzero(wide, sizeof wide);
    return scalar;
}
