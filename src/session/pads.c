#include "session/pads.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"

/* One chunk of stream: a whole number of ChaCha20 blocks, of 64-bit words and of 48-byte elements. */
enum { CHUNK = 12288, BLOCK = 64, ELEMENT = 48 };

typedef struct view {
    uint8_t hash[32];
} view;

struct cs_pads {
    int rank, size, partners; /* 0: all others */
    uint8_t (*seeds)[32];
    uint8_t common_seed[32], nonce[32];
    uint8_t history[32];
    view *used; /* hash table of the views that gave their pads; all zero: free */
    size_t used_count, used_capacity;
};

/* ------------------------------------------------------------------ hashing */

typedef crypto_generichash_state hasher;

static void begin(hasher *h, const uint8_t key[32], const char *domain, size_t size) {
    crypto_generichash_init(h, key, key == NULL ? 0 : 32, size);
    crypto_generichash_update(h, (const unsigned char *)domain, strlen(domain));
}

static void add(hasher *h, const void *data, size_t size) {
    if (size > 0)
        crypto_generichash_update(h, data, size);
}

static void add_u64(hasher *h, uint64_t v) {
    uint8_t bytes[8];
    cs_store_u64(bytes, v);
    add(h, bytes, sizeof bytes);
}

static void add_label(hasher *h, cs_label label) {
    const char *text = cs_label_text(label);
    add_u64(h, strlen(text));
    add(h, text, strlen(text));
}

/* ------------------------------------------------------------------ life */

cs_status cs_pads_new(cs_pads **out, const cs_keyring *keys) {
    *out = NULL;
    cs_pads *p = CS_NEW_LOCKED(cs_pads, 1);
    if (p == NULL)
        return CS_ERR_MEMORY;
    p->rank = keys->rank;
    p->size = keys->size;
    p->seeds = cs_calloc_locked((size_t)keys->size, sizeof *p->seeds);
    if (p->seeds == NULL) {
        cs_free(p);
        return CS_ERR_MEMORY;
    }
    memcpy(p->seeds, keys->seeds, (size_t)keys->size * sizeof *p->seeds);
    memcpy(p->common_seed, keys->common_seed, sizeof p->common_seed);
    memcpy(p->nonce, keys->nonce, sizeof p->nonce);
    hasher h;
    begin(&h, NULL, "consort/history/1", sizeof p->history);
    crypto_generichash_final(&h, p->history, sizeof p->history);
    *out = p;
    return CS_OK;
}

void cs_pads_set_partners(cs_pads *pads, int partners) {
    pads->partners = partners;
}

void cs_pads_free(cs_pads *pads) {
    if (pads == NULL)
        return;
    cs_free(pads->seeds);
    cs_free(pads->used);
    cs_free(pads);
}

void cs_pads_receive(cs_pads *pads, cs_label label, const void *data, size_t size) {
    hasher h;
    if (pads->size == 1) /* nobody to have pads with */
        return;
    begin(&h, NULL, "consort/history/1", sizeof pads->history);
    add(&h, pads->history, sizeof pads->history);
    add_label(&h, label);
    add_u64(&h, size);
    add(&h, data, size);
    crypto_generichash_final(&h, pads->history, sizeof pads->history);
}

/* ------------------------------------------------------------------ views */

static view make_view(const cs_pads *p, cs_label label, uint64_t index, const uint8_t digest[32], const uint8_t *state) {
    hasher h;
    view v;
    begin(&h, NULL, "consort/pad-view/1", sizeof v.hash);
    add(&h, p->nonce, sizeof p->nonce);
    add(&h, digest, 32);
    add_label(&h, label);
    add_u64(&h, index);
    add(&h, p->history, sizeof p->history);
    add_u64(&h, state != NULL);
    add(&h, state, state != NULL ? 32 : 0);
    crypto_generichash_final(&h, v.hash, sizeof v.hash);
    return v;
}

/* Where `v` is in the table, or the free place for it; the table is never full. */
static view *find_view(view *table, size_t capacity, const view *v) {
    static const view none;
    size_t k = cs_load_u64(v->hash) & (capacity - 1);
    while (memcmp(&table[k], &none, sizeof none) != 0 && memcmp(&table[k], v, sizeof *v) != 0)
        k = (k + 1) & (capacity - 1);
    return &table[k];
}

static cs_status reserve_view(cs_pads *p) {
    if (2 * p->used_count < p->used_capacity)
        return CS_OK;
    const size_t capacity = p->used_capacity == 0 ? 64 : 2 * p->used_capacity;
    view *table = CS_NEW(view, capacity);
    if (table == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < p->used_capacity; k++)
        *find_view(table, capacity, &p->used[k]) = p->used[k];
    cs_free(p->used);
    p->used = table;
    p->used_capacity = capacity;
    return CS_OK;
}

/* Marks the view as used up. */
static cs_status use_view(cs_pads *p, const view *v, cs_label label, uint64_t index) {
    CS_TRY(reserve_view(p));
    view *place = find_view(p->used, p->used_capacity, v);
    if (memcmp(place, v, sizeof *v) == 0)
        return cs_fail(CS_ERR_ABORT, "the pad \"%s\" %llu was used before in the same view; this rank does not use it twice",
                       cs_label_text(label), (unsigned long long)index);
    *place = *v;
    p->used_count++;
    return CS_OK;
}

/* ------------------------------------------------------------------ streams */

/* Adds the stream's elements, of so many bytes each, to the values from `first` on; eight bytes behind them are readable. */
typedef void add_chunk(void *values, size_t first, const uint8_t *stream, size_t element, size_t count, bool negative);

static void add_chunk_u64(void *values, size_t first, const uint8_t *stream, size_t element, size_t count, bool negative) {
    uint64_t *v = (uint64_t *)values + first;
    const uint64_t mask = UINT64_MAX >> (64 - 8 * element);
    for (size_t k = 0; k < count; k++) {
        const uint64_t pad = cs_load_u64(stream + element * k) & mask;
        v[k] = negative ? v[k] - pad : v[k] + pad;
    }
}

static void add_chunk_fr(void *values, size_t first, const uint8_t *stream, size_t element, size_t count, bool negative) {
    cs_fr *v = (cs_fr *)values + first;
    uint8_t wide[64] = {0}; /* 48 bytes, 16 zeros */
    for (size_t k = 0; k < count; k++) {
        memcpy(wide, stream + element * k, element);
        const cs_fr pad = cs_fr_from_wide(wide);
        v[k] = negative ? cs_fr_sub(v[k], pad) : cs_fr_add(v[k], pad);
    }
    sodium_memzero(wide, sizeof wide);
}

static void add_stream(void *values, size_t n, size_t element, const uint8_t key[32], bool negative, add_chunk *add_values) {
    static const uint8_t zeros[CHUNK], nonce[crypto_stream_chacha20_NONCEBYTES];
    uint8_t stream[CHUNK + 8];
    const size_t per_chunk = CHUNK / element / BLOCK * BLOCK; /* whole blocks of stream */
    memset(stream + CHUNK, 0, 8);
    for (size_t first = 0; first < n; first += per_chunk) {
        const size_t count = n - first < per_chunk ? n - first : per_chunk;
        crypto_stream_chacha20_xor_ic(stream, zeros, count * element, nonce, first * element / BLOCK, key);
        add_values(values, first, stream, element, count, negative);
    }
    sodium_memzero(stream, sizeof stream);
}

/* Whether ranks i and j share pads of long vectors: neighbours in rank order, around the circle. */
static bool are_partners(const cs_pads *p, int i, int j) {
    const int apart = i < j ? j - i : i - j, around = p->size - apart;
    return p->partners == 0 || 2 * (apart < around ? apart : around) <= p->partners;
}

static cs_status zero_shares(cs_pads *p, bool all, cs_label label, uint64_t index, const uint8_t digest[32],
                             const uint8_t *state, void *values, size_t n, size_t element, add_chunk *add_values) {
    const view v = make_view(p, label, index, digest, state);
    CS_TRY(use_view(p, &v, label, index));
    uint8_t key[32];
    for (int j = 0; j < p->size; j++) {
        if (j == p->rank || !(all || are_partners(p, p->rank, j)))
            continue;
        hasher h;
        begin(&h, p->seeds[j], "consort/pad-key/1", sizeof key);
        add(&h, v.hash, sizeof v.hash);
        crypto_generichash_final(&h, key, sizeof key);
        sodium_memzero(&h, sizeof h);
        add_stream(values, n, element, key, j < p->rank, add_values);
    }
    sodium_memzero(key, sizeof key);
    return CS_OK;
}

cs_status cs_pads_zero_shares_fr(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                 const uint8_t *state, cs_fr *values, size_t n) {
    return zero_shares(pads, false, label, index, digest, state, values, n, ELEMENT, add_chunk_fr);
}

cs_status cs_pads_zero_share_of_all(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                    const uint8_t *state, cs_fr *value) {
    return zero_shares(pads, true, label, index, digest, state, value, 1, ELEMENT, add_chunk_fr);
}

cs_status cs_pads_zero_shares_u64(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                  const uint8_t *state, uint64_t *values, size_t n, size_t width) {
    return zero_shares(pads, false, label, index, digest, state, values, n, width, add_chunk_u64);
}

/* ------------------------------------------------------------------ the common seed */

void cs_pads_mask_broadcast(const cs_pads *pads, cs_label label, uint64_t index, void *data, size_t size) {
    cs_pads_mask_part(pads, label, index, 0, data, size);
}

void cs_pads_mask_part(const cs_pads *pads, cs_label label, uint64_t index, size_t offset, void *data, size_t size) {
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    uint8_t key[32];
    hasher h;
    if (pads->size == 1) /* nothing leaves */
        return;
    begin(&h, pads->common_seed, "consort/broadcast/1", sizeof key);
    add(&h, pads->nonce, sizeof pads->nonce);
    add_label(&h, label);
    add_u64(&h, index);
    add(&h, pads->history, sizeof pads->history);
    crypto_generichash_final(&h, key, sizeof key);
    if (size > 0)
        crypto_stream_chacha20_xor_ic(data, data, size, nonce, offset / BLOCK, key);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&h, sizeof h);
}

cs_fr cs_pads_common_scalar(const cs_pads *pads, cs_common_kind kind, uint64_t index) {
    uint8_t wide[64];
    hasher h;
    begin(&h, pads->common_seed, "consort/common-scalar/1", sizeof wide);
    add(&h, pads->nonce, sizeof pads->nonce);
    add_u64(&h, (uint64_t)kind);
    add_u64(&h, index);
    crypto_generichash_final(&h, wide, sizeof wide);
    const cs_fr scalar = cs_fr_from_wide(wide);
    sodium_memzero(wide, sizeof wide);
    sodium_memzero(&h, sizeof h);
    return scalar;
}
