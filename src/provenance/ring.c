#include "provenance/ring.h"

#include <sodium.h>
#include <string.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "provenance/document.h"

enum { WIDE = crypto_hash_sha512_BYTES };

static const char RING_LABEL[] = "consort/ring/1", STEP_LABEL[] = "consort/ring-step/1";

static const cs_json_field FIELDS[] = {{"challenge", true}, {"responses", true}};
static const cs_json_shape SHAPE = {"ring", FIELDS, 2};

void cs_ring_free(cs_ring_signature *s) {
    cs_free(s->responses);
    *s = (cs_ring_signature){0};
}

/* ------------------------------------------------------------ the parts of the ring */

static cs_status check_keys(const uint8_t (*keys)[CS_RING_KEY_SIZE], size_t n) {
    if (n < CS_RING_MIN || n > CS_RING_MAX)
        return cs_fail(CS_ERR_INPUT, "a source hides among %d to %d authorities, not %zu", CS_RING_MIN, CS_RING_MAX, n);
    for (size_t k = 0; k < n; k++) {
        if (crypto_core_ristretto255_is_valid_point(keys[k]) != 1 || sodium_is_zero(keys[k], CS_RING_KEY_SIZE))
            return cs_fail(CS_ERR_INPUT, "key %zu of the set is not canonical, or the identity", k);
        if (k > 0 && memcmp(keys[k - 1], keys[k], CS_RING_KEY_SIZE) >= 0)
            return cs_fail(CS_ERR_INPUT, "the keys of the set are not in ascending order, each once");
    }
    return CS_OK;
}

static void make_context(uint8_t out[WIDE], const char *label, const uint8_t digest[32],
                         const uint8_t (*keys)[CS_RING_KEY_SIZE], size_t n) {
    crypto_hash_sha512_state state;
    uint8_t count[8];
    cs_store_u64(count, n);
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, (const uint8_t *)RING_LABEL, sizeof RING_LABEL);
    crypto_hash_sha512_update(&state, (const uint8_t *)label, strlen(label) + 1);
    crypto_hash_sha512_update(&state, digest, 32);
    crypto_hash_sha512_update(&state, count, sizeof count);
    crypto_hash_sha512_update(&state, keys[0], n * CS_RING_KEY_SIZE);
    crypto_hash_sha512_final(&state, out);
}

/* c = H(i, R) */
static void challenge(uint8_t c[CS_RING_SCALAR_SIZE], const uint8_t context[WIDE], size_t i,
                      const uint8_t point[CS_RING_KEY_SIZE]) {
    crypto_hash_sha512_state state;
    uint8_t index[8], wide[WIDE];
    cs_store_u64(index, i);
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, (const uint8_t *)STEP_LABEL, sizeof STEP_LABEL);
    crypto_hash_sha512_update(&state, context, WIDE);
    crypto_hash_sha512_update(&state, index, sizeof index);
    crypto_hash_sha512_update(&state, point, CS_RING_KEY_SIZE);
    crypto_hash_sha512_final(&state, wide);
    crypto_core_ristretto255_scalar_reduce(c, wide);
}

/* next = H(i, s B + c P); false if s or c is zero, which libsodium refuses to multiply by. */
static bool step(uint8_t next[CS_RING_SCALAR_SIZE], const uint8_t context[WIDE], size_t i,
                 const uint8_t s[CS_RING_SCALAR_SIZE], const uint8_t c[CS_RING_SCALAR_SIZE],
                 const uint8_t key[CS_RING_KEY_SIZE]) {
    uint8_t left[CS_RING_KEY_SIZE], right[CS_RING_KEY_SIZE], sum[CS_RING_KEY_SIZE];
    if (crypto_scalarmult_ristretto255_base(left, s) != 0 || crypto_scalarmult_ristretto255(right, c, key) != 0 ||
        crypto_core_ristretto255_add(sum, left, right) != 0)
        return false;
    challenge(next, context, i, sum);
    return true;
}

/* ------------------------------------------------------------ signing */

static cs_status find_own(size_t *place, const uint8_t (*keys)[CS_RING_KEY_SIZE], size_t n,
                          const uint8_t secret[CS_RING_SCALAR_SIZE]) {
    uint8_t own[CS_RING_KEY_SIZE];
    *place = n;
    if (crypto_scalarmult_ristretto255_base(own, secret) == 0)
        for (size_t k = 0; k < n; k++)
            if (memcmp(own, keys[k], sizeof own) == 0)
                *place = k;
    return *place < n ? CS_OK : cs_refuse(CS_REFUSAL_RING, "the signing key is none of the set's");
}

/* Once around, from place k: false only by a chance of n in 2^252. */
static bool go_round(cs_ring_signature *out, const uint8_t context[WIDE], const uint8_t (*keys)[CS_RING_KEY_SIZE], size_t k,
                     const uint8_t secret[CS_RING_SCALAR_SIZE]) {
    uint8_t a[CS_RING_SCALAR_SIZE], c[CS_RING_SCALAR_SIZE], product[CS_RING_SCALAR_SIZE], start[CS_RING_KEY_SIZE];
    const size_t n = out->n;
    crypto_core_ristretto255_scalar_random(a);
    bool fine = crypto_scalarmult_ristretto255_base(start, a) == 0;
    challenge(c, context, k, start);
    for (size_t j = 1; j < n && fine; j++) {
        const size_t i = (k + j) % n;
        if (i == 0)
            memcpy(out->challenge, c, sizeof c);
        crypto_core_ristretto255_scalar_random(out->responses[i]);
        fine = step(c, context, i, out->responses[i], c, keys[i]);
    }
    if (k == 0)
        memcpy(out->challenge, c, sizeof c);
    crypto_core_ristretto255_scalar_mul(product, c, secret);
    crypto_core_ristretto255_scalar_sub(out->responses[k], a, product);
    sodium_memzero(a, sizeof a);
    sodium_memzero(product, sizeof product);
    return fine && !sodium_is_zero(out->responses[k], CS_RING_SCALAR_SIZE);
}

cs_status cs_ring_sign(cs_ring_signature *out, const char *label, const uint8_t digest[32],
                       const uint8_t (*keys)[CS_RING_KEY_SIZE], size_t n, const uint8_t secret[CS_RING_SCALAR_SIZE]) {
    uint8_t context[WIDE];
    size_t place;
    *out = (cs_ring_signature){0};
    CS_TRY(check_keys(keys, n));
    CS_TRY(find_own(&place, keys, n, secret));
    out->responses = cs_calloc(n, sizeof *out->responses);
    if (out->responses == NULL)
        return CS_ERR_MEMORY;
    out->n = n;
    make_context(context, label, digest, keys, n);
    if (!go_round(out, context, keys, place, secret)) {
        cs_ring_free(out);
        return cs_fail(CS_ERR_INTERNAL, "a random scalar came out as zero");
    }
    return CS_OK;
}

/* ------------------------------------------------------------ checking */

/* Below the group's order and not zero. */
static bool is_scalar(const uint8_t s[CS_RING_SCALAR_SIZE]) {
    uint8_t wide[WIDE] = {0}, reduced[CS_RING_SCALAR_SIZE];
    memcpy(wide, s, CS_RING_SCALAR_SIZE);
    crypto_core_ristretto255_scalar_reduce(reduced, wide);
    return memcmp(reduced, s, sizeof reduced) == 0 && !sodium_is_zero(s, CS_RING_SCALAR_SIZE);
}

static bool closes(const cs_ring_signature *s, const uint8_t context[WIDE], const uint8_t (*keys)[CS_RING_KEY_SIZE]) {
    uint8_t c[CS_RING_SCALAR_SIZE];
    memcpy(c, s->challenge, sizeof c);
    bool fine = is_scalar(c);
    for (size_t i = 0; i < s->n && fine; i++)
        fine = is_scalar(s->responses[i]) && step(c, context, i, s->responses[i], c, keys[i]);
    return fine && memcmp(c, s->challenge, sizeof c) == 0;
}

cs_status cs_ring_check(const cs_ring_signature *s, const char *label, const uint8_t digest[32],
                        const uint8_t (*keys)[CS_RING_KEY_SIZE], size_t n) {
    uint8_t context[WIDE];
    CS_TRY(check_keys(keys, n));
    if (s->n != n)
        return cs_refuse(CS_REFUSAL_RING, "the ring signature is for a set of %zu keys, not of %zu", s->n, n);
    make_context(context, label, digest, keys, n);
    if (!closes(s, context, keys))
        return cs_refuse(CS_REFUSAL_RING, "the ring signature does not hold: text, set or signature were changed, or the "
                                          "signer is not in the set");
    return CS_OK;
}

/* ------------------------------------------------------------ JSON */

json_t *cs_ring_to_json(const cs_ring_signature *s) {
    json_t *list = json_array();
    for (size_t k = 0; list != NULL && k < s->n; k++)
        if (json_array_append_new(list, cs_document_hex_to_json(s->responses[k], CS_RING_SCALAR_SIZE)) != 0) {
            json_decref(list);
            return NULL;
        }
    return json_pack("{s:o, s:o}", "challenge", cs_document_hex_to_json(s->challenge, CS_RING_SCALAR_SIZE), "responses",
                     list);
}

static cs_status read_responses(cs_ring_signature *out, const cs_json *list) {
    size_t n = 0;
    CS_TRY(cs_json_array(&n, list, CS_RING_MIN, CS_RING_MAX));
    out->responses = cs_calloc(n, sizeof *out->responses);
    if (out->responses == NULL)
        return CS_ERR_MEMORY;
    out->n = n;
    for (size_t k = 0; k < n; k++) {
        const cs_json item = cs_json_at(list, k);
        CS_TRY(cs_document_hex(out->responses[k], CS_RING_SCALAR_SIZE, &item));
    }
    return CS_OK;
}

cs_status cs_ring_from_json(cs_ring_signature *out, const cs_json *v) {
    *out = (cs_ring_signature){0};
    CS_TRY(cs_document_object(v, &SHAPE, 0));
    const cs_json first = cs_json_get(v, "challenge"), list = cs_json_get(v, "responses");
    CS_TRY(cs_document_hex(out->challenge, CS_RING_SCALAR_SIZE, &first));
    const cs_status status = read_responses(out, &list);
    if (status != CS_OK)
        cs_ring_free(out);
    return status;
}
