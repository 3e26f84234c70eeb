#include "session/pads.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/packed.h"
#include "session/keystream.h"
#include "session/leaves.h"
#include "session/pad_keys.h"

/* Values that get all partners' pads while they are in the nearest cache, beside as much of one stream: whole units of it.
 * An element of F comes from twelve digits of 32 bits. */
enum { DIGITS = 12, ELEMENT = 4 * DIGITS, FR_CHUNK = 64, U64_CHUNK = 1024, PIECES = 32 };

typedef struct view {
    uint8_t hash[32];
} view;

struct cs_pads {
    int rank, size, partners; /* 0: all others */
    int *place;               /* [size] number among the ranks with data, or -1 - number among those without */
    int holders;              /* ranks with data */
    const cs_packed_kernel *packed;
    const cs_leaf_kernel *leaves;
    const cs_aes_kernel *aes; /* NULL: this rank has none */
    bool *by_aes, common_by_aes;
    uint8_t (*seeds)[32];
    uint8_t common_seed[32], nonce[32];
    cs_keystream *streams;      /* [size] the partners', while pads are added */
    bool *negative;             /* [size] */
    uint64_t first_step, steps; /* those whose gradients have keys of their own; none: 0 */
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
    p->packed = cs_packed_best();
    p->leaves = cs_leaf_best();
    p->aes = cs_aes_best();
    p->common_by_aes = keys->common_by_aes;
    p->seeds = cs_calloc_locked((size_t)keys->size, sizeof *p->seeds);
    p->streams = cs_calloc_locked((size_t)keys->size, sizeof *p->streams);
    p->by_aes = CS_NEW(bool, (size_t)keys->size);
    p->negative = CS_NEW(bool, (size_t)keys->size);
    if (p->seeds == NULL || p->streams == NULL || p->by_aes == NULL || p->negative == NULL ||
        cs_pads_set_idle(p, NULL) != CS_OK) {
        cs_pads_free(p);
        return CS_ERR_MEMORY;
    }
    memcpy(p->by_aes, keys->by_aes, (size_t)keys->size * sizeof *p->by_aes);
    memcpy(p->seeds, keys->seeds, (size_t)keys->size * sizeof *p->seeds);
    memcpy(p->common_seed, keys->common_seed, sizeof p->common_seed);
    memcpy(p->nonce, keys->nonce, sizeof p->nonce);
    hasher h;
    begin(&h, NULL, "consort/history/2", sizeof p->history);
    crypto_generichash_final(&h, p->history, sizeof p->history);
    *out = p;
    return CS_OK;
}

void cs_pads_set_partners(cs_pads *pads, int partners) {
    pads->partners = partners;
}

cs_status cs_pads_set_idle(cs_pads *pads, const bool *idle) {
    int idlers = 0;
    cs_free(pads->place);
    pads->place = CS_NEW(int, (size_t)pads->size);
    if (pads->place == NULL)
        return CS_ERR_MEMORY;
    pads->holders = 0;
    for (int rank = 0; rank < pads->size; rank++)
        pads->place[rank] = idle != NULL && idle[rank] ? -1 - idlers++ : pads->holders++;
    return CS_OK;
}

void cs_pads_set_steps(cs_pads *pads, uint64_t first, uint64_t n) {
    pads->first_step = first;
    pads->steps = n;
}

void cs_pads_free(cs_pads *pads) {
    if (pads == NULL)
        return;
    cs_free(pads->place);
    cs_free(pads->seeds);
    cs_free(pads->streams);
    cs_free(pads->by_aes);
    cs_free(pads->negative);
    cs_free(pads->used);
    cs_free(pads);
}

/* The hashes of the pieces of data[size], one after the other; the last piece may be short. */
static void add_pieces(const cs_pads *p, hasher *h, const uint8_t *data, size_t size) {
    uint8_t hashes[PIECES * CS_LEAF_HASH];
    while (size >= CS_LEAF) {
        const size_t pieces = size / CS_LEAF < PIECES ? size / CS_LEAF : PIECES;
        p->leaves->hash(hashes, data, pieces);
        add(h, hashes, pieces * CS_LEAF_HASH);
        data += pieces * CS_LEAF;
        size -= pieces * CS_LEAF;
    }
    if (size > 0) {
        crypto_generichash(hashes, CS_LEAF_HASH, data, size, NULL, 0);
        add(h, hashes, CS_LEAF_HASH);
    }
}

void cs_pads_receive(cs_pads *pads, cs_label label, const void *data, size_t size) {
    hasher h;
    if (pads->size == 1) /* nobody to have pads with */
        return;
    begin(&h, NULL, "consort/history/2", sizeof pads->history);
    add(&h, pads->history, sizeof pads->history);
    add_label(&h, label);
    add_u64(&h, size);
    add_pieces(pads, &h, data, size);
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

/* Whether ranks i and j share pads of long vectors: neighbours in rank order, around the circle of those with data; or one
 * of them is idle and the other one its keeper. */
static bool are_partners(const cs_pads *p, int i, int j) {
    const int a = p->place[i], b = p->place[j];
    if (a < 0 || b < 0)
        return (a < 0 ? b : a) >= 0 && (-1 - (a < 0 ? a : b)) % p->holders == (a < 0 ? b : a);
    const int apart = a < b ? b - a : a - b, around = p->holders - apart;
    return p->partners == 0 || 2 * (apart < around ? apart : around) <= p->partners;
}

/* Whether they are a pair of those over which sums of shares are hidden. */
static bool are_pair(const cs_pads *p, int i, int j) {
    return p->place[i] >= 0 && p->place[j] >= 0;
}

static void pair_key(uint8_t key[32], const cs_pads *p, int peer, const char *domain, const uint8_t view_hash[32]) {
    hasher h;
    begin(&h, p->seeds[peer], domain, 32);
    add(&h, view_hash, 32);
    crypto_generichash_final(&h, key, 32);
    sodium_memzero(&h, sizeof h);
}

/* The stream of the pads shared with `peer` under a view. */
static void start_one(cs_keystream *out, const cs_pads *p, int peer, const uint8_t view_hash[32]) {
    uint8_t key[32];
    pair_key(key, p, peer, p->by_aes[peer] ? "consort/pad-key-aes/1" : "consort/pad-key/1", view_hash);
    cs_keystream_init(out, p->by_aes[peer] ? p->aes : NULL, key);
    sodium_memzero(key, sizeof key);
}

static void step_key(uint8_t key[32], const cs_pads *p, int peer, uint64_t step) {
    cs_pad_key(key, p->seeds[peer], step - p->first_step);
}

/* The same under the key of a step. */
static void start_step(cs_keystream *out, const cs_pads *p, int peer, uint64_t step, const uint8_t view_hash[32]) {
    uint8_t key[32];
    step_key(key, p, peer, step);
    cs_pad_key_low(key, key, view_hash);
    cs_keystream_init(out, NULL, key);
    sodium_memzero(key, sizeof key);
}

/* Starts the streams of one view, this rank's with all others or with its partners; their number in `streams`. */
static cs_status start(cs_pads *p, bool all, cs_label label, uint64_t index, const uint8_t digest[32], const uint8_t *state,
                       size_t *streams) {
    const view v = make_view(p, label, index, digest, state);
    const bool by_step =
        p->steps > 0 && (label == CS_LABEL_GRADIENT || label == CS_LABEL_FORWARD_TABLE || label == CS_LABEL_BACKWARD_TABLE);
    if (by_step && index - p->first_step >= p->steps)
        return cs_fail(CS_ERR_INTERNAL, "%s %llu has no key of its own", cs_label_text(label), (unsigned long long)index);
    CS_TRY(use_view(p, &v, label, index));
    *streams = 0;
    for (int j = 0; j < p->size; j++) {
        if (j == p->rank || !(all ? are_pair(p, p->rank, j) : are_partners(p, p->rank, j)))
            continue;
        if (by_step)
            start_step(&p->streams[*streams], p, j, index, v.hash);
        else
            start_one(&p->streams[*streams], p, j, v.hash);
        p->negative[(*streams)++] = j < p->rank;
    }
    return CS_OK;
}

static void stop(cs_pads *p, size_t streams) {
    sodium_memzero(p->streams, streams * sizeof *p->streams);
}

/* Adds `count` entries of each stream, from entry `first` on, of so many bytes each, or subtracts them. */
static void add_entries(const cs_pads *p, size_t streams, uint64_t *sums, size_t first, size_t count, size_t width,
                        uint8_t *bytes) {
    for (size_t k = 0; k < streams; k++) {
        cs_keystream_read(&p->streams[k], first * width / CS_KEYSTREAM_UNIT, bytes, count * width);
        p->packed->add(sums, bytes, count, width, p->negative[k]);
    }
}

/* The same mod 2^32, eight entries to a register of 256 bits instead of four; the sums are made before they are added. */
static void add_narrow_entries(const cs_pads *p, size_t streams, uint64_t *values, size_t first, size_t count, size_t width,
                               uint8_t *bytes) {
    _Alignas(64) uint32_t sums[U64_CHUNK];
    memset(sums, 0, count * sizeof *sums);
    for (size_t k = 0; k < streams; k++)
        cs_keystream_add_narrow(&p->streams[k], p->packed, first * width / CS_KEYSTREAM_UNIT, sums, count, width,
                                p->negative[k], bytes);
    for (size_t k = 0; k < count; k++)
        values[k] += sums[k];
    sodium_memzero(sums, sizeof sums);
}

cs_status cs_pads_zero_shares_u64(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                  const uint8_t *state, uint64_t *values, size_t n, size_t width) {
    uint8_t bytes[8 * U64_CHUNK + CS_PACKED_SLACK] = {0};
    size_t streams = 0;
    CS_TRY(start(pads, false, label, index, digest, state, &streams));
    for (size_t first = 0; first < n; first += U64_CHUNK) {
        const size_t count = n - first < U64_CHUNK ? n - first : U64_CHUNK;
        (width <= sizeof(uint32_t) ? add_narrow_entries : add_entries)(pads, streams, values + first, first, count, width,
                                                                       bytes);
    }
    sodium_memzero(bytes, sizeof bytes);
    stop(pads, streams);
    return CS_OK;
}

/* sum + 2^384 more, from digits of both signs; the sum's size is below 2^384 more. Wipes the digits. */
static cs_fr from_digits(uint64_t digits[DIGITS], uint64_t more) {
    uint8_t wide[64] = {0};
    int64_t carry = 0;
    for (size_t k = 0; k < DIGITS; k++) {
        carry += (int64_t)digits[k];
        cs_store_u32(wide + 4 * k, (uint32_t)carry);
        carry >>= 32;
    }
    cs_store_u64(wide + ELEMENT, (uint64_t)carry + more);
    const cs_fr sum = cs_fr_from_wide(wide);
    sodium_memzero(wide, sizeof wide);
    sodium_memzero(digits, DIGITS * sizeof *digits);
    return sum;
}

/* The sum over all streams is made as an integer, digit by digit, and reduced once. */
static cs_status zero_shares_fr(cs_pads *p, bool all, cs_label label, uint64_t index, const uint8_t digest[32],
                                const uint8_t *state, cs_fr *values, size_t n) {
    _Alignas(64) uint64_t digits[FR_CHUNK * DIGITS] = {0};
    uint64_t none[DIGITS] = {0};
    uint8_t bytes[FR_CHUNK * ELEMENT + CS_PACKED_SLACK];
    size_t streams = 0;
    CS_TRY(start(p, all, label, index, digest, state, &streams));
    const cs_fr too_much = from_digits(none, streams);
    for (size_t first = 0; first < n; first += FR_CHUNK) {
        const size_t count = n - first < FR_CHUNK ? n - first : FR_CHUNK;
        for (size_t k = 0; k < streams; k++)
            cs_keystream_add_words(&p->streams[k], p->packed, first * ELEMENT / CS_KEYSTREAM_UNIT, digits, count * DIGITS,
                                   p->negative[k], bytes);
        for (size_t k = 0; k < count; k++) {
            const cs_fr pad = cs_fr_sub(from_digits(digits + DIGITS * k, streams), too_much);
            values[first + k] = cs_fr_add(values[first + k], pad);
        }
    }
    sodium_memzero(bytes, sizeof bytes);
    stop(p, streams);
    return CS_OK;
}

cs_status cs_pads_zero_shares_fr(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                 const uint8_t *state, cs_fr *values, size_t n) {
    return zero_shares_fr(pads, false, label, index, digest, state, values, n);
}

cs_status cs_pads_zero_share_of_all(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                    const uint8_t *state, cs_fr *value) {
    return zero_shares_fr(pads, true, label, index, digest, state, value, 1);
}

/* ------------------------------------------------------------------ pads that do not wrap */

void cs_pads_view(const cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32], const uint8_t *state,
                  uint8_t out[32]) {
    const view v = make_view(pads, label, index, digest, state);
    memcpy(out, v.hash, sizeof v.hash);
}

const uint8_t *cs_pads_nonce(const cs_pads *pads) {
    return pads->nonce;
}

bool cs_pads_shared_with(const cs_pads *pads, int peer) {
    return peer != pads->rank && are_partners(pads, pads->rank, peer);
}

void cs_pads_add_wide(const cs_pads *pads, uint64_t step, const uint8_t view_hash[32], int peer, unsigned __int128 *values,
                      size_t n, size_t width, unsigned bits) {
    uint8_t key[32];
    step_key(key, pads, peer, step);
    cs_pad_key_add(key, view_hash, peer < pads->rank, values, n, width, bits);
    sodium_memzero(key, sizeof key);
}

void cs_pads_add_elements(const cs_pads *pads, uint64_t index, const uint8_t view_hash[32], int peer, cs_fr *values,
                          size_t n) {
    uint8_t key[32];
    step_key(key, pads, peer, index);
    cs_pad_key_add_elements(key, view_hash, peer < pads->rank, values, n);
    sodium_memzero(key, sizeof key);
}

cs_fr cs_pads_blinding(const cs_pads *pads, int peer, const uint8_t nonce[32], const uint8_t digest[32],
                       const uint8_t state[32], cs_pad_blinding what) {
    uint8_t key[32];
    cs_pad_key(key, pads->seeds[peer], pads->steps);
    const cs_fr scalar = cs_pad_key_blinding(key, nonce, digest, state, what);
    sodium_memzero(key, sizeof key);
    return scalar;
}

void cs_pads_key_root(const cs_pads *pads, int peer, uint8_t out[32]) {
    memset(out, 0, 32);
    if (cs_pads_shared_with(pads, peer))
        cs_pad_keys_root(out, pads->seeds[peer], pads->steps + 1);
}

void cs_pads_show_key(const cs_pads *pads, int peer, uint64_t index, uint8_t *out) {
    cs_pad_keys_show(out, pads->seeds[peer], pads->steps + 1, index);
}

/* ------------------------------------------------------------------ the common seed */

void cs_pads_mask_broadcast(const cs_pads *pads, cs_label label, uint64_t index, void *data, size_t size) {
    cs_pads_mask_part(pads, label, index, 0, data, size);
}

void cs_pads_mask_part(const cs_pads *pads, cs_label label, uint64_t index, size_t offset, void *data, size_t size) {
    uint8_t key[32];
    cs_keystream stream;
    hasher h;
    if (pads->size == 1) /* nothing leaves */
        return;
    begin(&h, pads->common_seed, pads->common_by_aes ? "consort/broadcast-aes/1" : "consort/broadcast/1", sizeof key);
    add(&h, pads->nonce, sizeof pads->nonce);
    add_label(&h, label);
    add_u64(&h, index);
    add(&h, pads->history, sizeof pads->history);
    crypto_generichash_final(&h, key, sizeof key);
    cs_keystream_init(&stream, pads->common_by_aes ? pads->aes : NULL, key);
    if (size > 0)
        cs_keystream_xor(&stream, offset / CS_KEYSTREAM_UNIT, data, size);
    sodium_memzero(&stream, sizeof stream);
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
