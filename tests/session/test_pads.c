/* Pads cancel if and only if all ranks have the same view, and none is given twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "session/aes.h"
#include "session/pad_keys.h"
#include "session/pads.h"

enum { RANKS = 4, N = 5000 };

static const uint8_t digest[32] = {7}, other_digest[32] = {8}, transcript[32] = {9}, other_transcript[32] = {10};

/* Which ranks have AES, as bits. */
static unsigned with_aes;

static bool has_aes(int rank) {
    return with_aes >> rank & 1;
}

/* Keyrings as a handshake would leave them. */
static void make_pads(cs_pads *pads[RANKS], uint8_t session) {
    for (int i = 0; i < RANKS; i++) {
        bool by_aes[RANKS];
        uint8_t members[RANKS][CS_KEY_SIZE] = {{0}}, seeds[RANKS][32] = {{0}};
        cs_keyring keys = {.rank = i,
                           .size = RANKS,
                           .members = members,
                           .seeds = seeds,
                           .common_seed = {5},
                           .nonce = {session},
                           .by_aes = by_aes,
                           .common_by_aes = with_aes + 1 == 1 << RANKS};
        for (int j = 0; j < RANKS; j++)
            by_aes[j] = has_aes(i) && has_aes(j);
        for (int j = 0; j < RANKS; j++)
            if (j != i) {
                seeds[j][0] = (uint8_t)(1 + (i < j ? i : j));
                seeds[j][1] = (uint8_t)(1 + (i < j ? j : i));
            }
        assert_int_equal(cs_pads_new(&pads[i], &keys), CS_OK);
    }
}

static void free_pads(cs_pads *pads[RANKS]) {
    for (int i = 0; i < RANKS; i++)
        cs_pads_free(pads[i]);
}

/* What one rank passes to zero_shares; `changed` says which part one rank sees differently. */
typedef enum changed { SAME, DIGEST, STATE, NO_STATE, LABEL, INDEX, HISTORY, HISTORY_LABEL, HISTORY_ORDER, NONCE } changed;

static void receive_as(cs_pads *p, changed what) {
    cs_pads_receive(p, CS_LABEL_GRADIENT, what == HISTORY_ORDER ? "bb" : "aa", what == HISTORY ? 1 : 2);
    cs_pads_receive(p, what == HISTORY_LABEL ? CS_LABEL_FORWARD_TABLE : CS_LABEL_GRADIENT,
                    what == HISTORY_ORDER ? "aa" : "bb", 2);
}

/* Whether the sum over all ranks of n values under pads is the sum of the values; rank 2 has another view. */
static bool cancel(changed what, bool in_fr, size_t n) {
    cs_pads *pads[RANKS], *elsewhere[RANKS];
    make_pads(pads, 1);
    make_pads(elsewhere, 2);
    cs_fr *fr = CS_NEW(cs_fr, n), *fr_sum = CS_NEW(cs_fr, n);
    uint64_t *u64 = CS_NEW(uint64_t, n), *u64_sum = CS_NEW(uint64_t, n);
    for (int i = 0; i < RANKS; i++) {
        const changed mine = i == 2 ? what : SAME;
        cs_pads *p = mine == NONCE ? elsewhere[i] : pads[i];
        receive_as(p, mine);
        for (size_t k = 0; k < n; k++) {
            fr[k] = cs_fr_from_u64(k);
            u64[k] = k;
        }
        const cs_label label = mine == LABEL ? CS_LABEL_BACKWARD_TABLE : CS_LABEL_FORWARD_TABLE;
        const uint64_t index = mine == INDEX ? 4 : 3;
        const uint8_t *seen = mine == DIGEST ? other_digest : digest;
        const uint8_t *state = mine == NO_STATE ? NULL : mine == STATE ? other_transcript : transcript;
        assert_int_equal(in_fr ? cs_pads_zero_shares_fr(p, label, index, seen, state, fr, n)
                               : cs_pads_zero_shares_u64(p, label, index, seen, state, u64, n, 8),
                         CS_OK);
        for (size_t k = 0; k < n; k++) {
            fr_sum[k] = cs_fr_add(fr_sum[k], fr[k]);
            u64_sum[k] += u64[k];
        }
    }
    size_t good = 0;
    for (size_t k = 0; k < n; k++)
        good += in_fr ? cs_fr_eq(fr_sum[k], cs_fr_from_u64(RANKS * k)) : u64_sum[k] == RANKS * k;
    cs_free(fr);
    cs_free(fr_sum);
    cs_free(u64);
    cs_free(u64_sum);
    free_pads(pads);
    free_pads(elsewhere);
    assert_true(good == 0 || good == n); /* noise everywhere, or nowhere */
    return good == n;
}

static void equal_views_cancel(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 255, 256, 257, 1536, 1537, N};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        assert_true(cancel(SAME, true, sizes[k]));
        assert_true(cancel(SAME, false, sizes[k]));
    }
}

static void different_views_do_not(void **state) {
    (void)state;
    for (changed what = DIGEST; what <= NONCE; what++) {
        assert_false(cancel(what, true, 600));
        assert_false(cancel(what, false, 2000));
    }
}

/* Sums of 1 to 8 bytes, over all pairs or over a ring, in which a rank's pads depend on its neighbours' seeds alone; a share
 * of all depends on every seed. */
static void partners_share_pads(void **state) {
    (void)state;
    for (size_t width = 1; width <= 8; width++)
        for (int partners = 0; partners <= 2; partners += 2) {
            cs_pads *pads[RANKS];
            make_pads(pads, 1);
            uint64_t *sum = CS_NEW(uint64_t, N), *one = CS_NEW(uint64_t, N);
            for (int i = 0; i < RANKS; i++) {
                cs_pads_set_partners(pads[i], partners);
                memset(one, 0, N * sizeof *one);
                assert_int_equal(cs_pads_zero_shares_u64(pads[i], CS_LABEL_GRADIENT, 0, digest, NULL, one, N, width), CS_OK);
                for (size_t k = 0; k < N; k++)
                    sum[k] += one[k];
            }
            for (size_t k = 0; k < N; k++)
                assert_true(sum[k] << (64 - 8 * width) == 0);
            cs_free(sum);
            cs_free(one);
            free_pads(pads);
        }
}

/* The pad of rank 0 and its share of all; the seed that it has in common with rank `other` is another one. */
static void pad_of_rank_0(int other, int partners, uint64_t *pad, cs_fr *share) {
    uint8_t members[RANKS][CS_KEY_SIZE] = {{0}}, seeds[RANKS][32] = {{0}, {1}, {2}, {3}};
    bool by_aes[RANKS] = {false};
    const cs_keyring keys = {.size = RANKS, .members = members, .seeds = seeds, .by_aes = by_aes};
    cs_pads *pads;
    seeds[other][1] = other != 0;
    assert_int_equal(cs_pads_new(&pads, &keys), CS_OK);
    cs_pads_set_partners(pads, partners);
    *pad = 0;
    *share = CS_FR_ZERO;
    assert_int_equal(cs_pads_zero_shares_u64(pads, CS_LABEL_GRADIENT, 0, digest, NULL, pad, 1, 8), CS_OK);
    assert_int_equal(cs_pads_zero_share_of_all(pads, CS_LABEL_UPDATE_SUM, 0, digest, NULL, share), CS_OK);
    cs_pads_free(pads);
}

static void partners_are_neighbours(void **state) {
    (void)state;
    for (int partners = 0; partners <= 4; partners += 2)
        for (int other = 1; other < RANKS; other++) {
            uint64_t pad, other_pad;
            cs_fr share, other_share;
            pad_of_rank_0(0, partners, &pad, &share);
            pad_of_rank_0(other, partners, &other_pad, &other_share);
            assert_int_equal(pad == other_pad, partners == 2 && other == 2);
            assert_false(cs_fr_eq(share, other_share));
        }
}

/* No value stays as it was, no two pads of one stream or of two ranks are equal. */
static void values_are_hidden(void **state) {
    (void)state;
    cs_pads *pads[RANKS];
    make_pads(pads, 1);
    uint64_t *values = CS_NEW(uint64_t, RANKS * (size_t)N);
    for (size_t i = 0; i < RANKS; i++)
        assert_int_equal(cs_pads_zero_shares_u64(pads[i], CS_LABEL_GRADIENT, 0, digest, NULL, values + i * N, N, 8), CS_OK);
    for (size_t a = 0; a < RANKS * N; a += 97)
        for (size_t b = 0; b < a; b += 13)
            assert_true(values[a] != values[b]);
    size_t ones = 0;
    for (size_t k = 0; k < N; k++)
        for (unsigned bit = 0; bit < 64; bit++)
            ones += values[k] >> bit & 1;
    assert_true(ones > 31 * N && ones < 33 * N);
    for (size_t k = 0; k < RANKS * N; k++)
        assert_true(values[k] != 0);
    cs_free(values);
    free_pads(pads);
}

static void no_view_gives_pads_twice(void **state) {
    (void)state;
    cs_pads *pads[RANKS];
    make_pads(pads, 1);
    uint64_t u64 = 5;
    cs_fr fr = CS_FR_ONE;
    for (uint64_t index = 0; index < 300; index++)
        assert_int_equal(cs_pads_zero_shares_u64(pads[1], CS_LABEL_GRADIENT, index, digest, NULL, &u64, 1, 8), CS_OK);
    const uint64_t before = u64;
    for (uint64_t index = 0; index < 300; index++) {
        assert_int_equal(cs_pads_zero_shares_u64(pads[1], CS_LABEL_GRADIENT, index, digest, NULL, &u64, 1, 8), CS_ERR_ABORT);
        assert_int_equal(cs_pads_zero_shares_fr(pads[1], CS_LABEL_GRADIENT, index, digest, NULL, &fr, 1), CS_ERR_ABORT);
    }
    assert_non_null(strstr(cs_error_text(), "gradient"));
    assert_int_equal(u64, before);
    assert_true(cs_fr_eq(fr, CS_FR_ONE));
    cs_pads_receive(pads[1], CS_LABEL_GRADIENT, "x", 1); /* another view */
    assert_int_equal(cs_pads_zero_shares_u64(pads[1], CS_LABEL_GRADIENT, 0, digest, NULL, &u64, 1, 8), CS_OK);
    free_pads(pads);
}

static void lack_of_memory_gives_no_pad(void **state) {
    (void)state;
    cs_pads *pads[RANKS];
    make_pads(pads, 1);
    uint64_t value = 5;
    cs_memory_limit(cs_memory_live());
    assert_int_equal(cs_pads_zero_shares_u64(pads[1], CS_LABEL_GRADIENT, 0, digest, NULL, &value, 1, 8), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
    assert_int_equal(value, 5);
    assert_int_equal(cs_pads_zero_shares_u64(pads[1], CS_LABEL_GRADIENT, 0, digest, NULL, &value, 1, 8), CS_OK);
    free_pads(pads);
}

/* After data of some length, as a reader of docs/protocol.md would compute it; seen through the mask's key. */
static void check_history(size_t size) {
    cs_pads *pads[RANKS];
    make_pads(pads, 1);
    static const char domain[] = "consort/history/2", mask_domain[] = "consort/broadcast/1", label[] = "gradient";
    uint8_t *data = CS_NEW(uint8_t, size + 1), history[32], key[32], masked[32] = {0}, expected[32];
    for (size_t k = 0; k < size; k++)
        data[k] = (uint8_t)(k * k >> 3);
    const uint8_t length[8] = {sizeof label - 1}, index[8] = {1}, nonce[32] = {1}, seed[32] = {5};
    const uint8_t sizes[8] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16)};
    crypto_generichash(history, 32, (const uint8_t *)domain, sizeof domain - 1, NULL, 0);
    crypto_generichash_state h;
    crypto_generichash_init(&h, NULL, 0, 32);
    crypto_generichash_update(&h, (const uint8_t *)domain, sizeof domain - 1);
    crypto_generichash_update(&h, history, 32);
    crypto_generichash_update(&h, length, 8);
    crypto_generichash_update(&h, (const uint8_t *)label, sizeof label - 1);
    crypto_generichash_update(&h, sizes, 8);
    for (size_t first = 0; first < size; first += 4096) {
        uint8_t piece[32];
        crypto_generichash(piece, 32, data + first, size - first < 4096 ? size - first : 4096, NULL, 0);
        crypto_generichash_update(&h, piece, 32);
    }
    crypto_generichash_final(&h, history, 32);
    crypto_generichash_init(&h, seed, 32, 32);
    crypto_generichash_update(&h, (const uint8_t *)mask_domain, sizeof mask_domain - 1);
    crypto_generichash_update(&h, nonce, 32);
    crypto_generichash_update(&h, length, 8);
    crypto_generichash_update(&h, (const uint8_t *)label, sizeof label - 1);
    crypto_generichash_update(&h, index, 8);
    crypto_generichash_update(&h, history, 32);
    crypto_generichash_final(&h, key, 32);
    crypto_stream_chacha20(expected, sizeof expected, (const uint8_t[8]){0}, key);
    cs_pads_receive(pads[0], CS_LABEL_GRADIENT, data, size);
    cs_pads_mask_broadcast(pads[0], CS_LABEL_GRADIENT, 1, masked, sizeof masked);
    assert_memory_equal(masked, expected, sizeof masked);
    cs_free(data);
    free_pads(pads);
}

static void history_is_as_described(void **state) {
    (void)state;
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 5 * 4096, 6 * 4096 + 7, 33 * 4096, 37 * 4096 + 4000};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++)
        check_history(sizes[k]);
}

static void broadcasts_are_masked(void **state) {
    (void)state;
    cs_pads *pads[RANKS];
    make_pads(pads, 1);
    uint8_t plain[1000], wire[1000], other[1000];
    memset(plain, 3, sizeof plain);
    memcpy(wire, plain, sizeof plain);
    cs_pads_mask_broadcast(pads[0], CS_LABEL_GRADIENT, 1, wire, sizeof wire);
    size_t same = 0;
    for (size_t k = 0; k < sizeof wire; k++)
        same += wire[k] == plain[k];
    assert_true(same < 20);
    memcpy(other, wire, sizeof wire);
    cs_pads_mask_broadcast(pads[3], CS_LABEL_GRADIENT, 1, other, sizeof other);
    assert_memory_equal(other, plain, sizeof plain);
    memcpy(other, wire, sizeof wire);
    cs_pads_mask_broadcast(pads[3], CS_LABEL_GRADIENT, 2, other, sizeof other);
    assert_memory_not_equal(other, plain, sizeof plain);
    memcpy(other, wire, sizeof wire);
    cs_pads_receive(pads[3], CS_LABEL_GRADIENT, "x", 1);
    cs_pads_mask_broadcast(pads[3], CS_LABEL_GRADIENT, 1, other, sizeof other);
    assert_memory_not_equal(other, plain, sizeof plain);
    cs_pads_mask_broadcast(pads[0], CS_LABEL_GRADIENT, 9, NULL, 0);
    free_pads(pads);
}

static void common_scalars_are_common(void **state) {
    (void)state;
    cs_pads *pads[RANKS], *later[RANKS];
    make_pads(pads, 1);
    make_pads(later, 2);
    const cs_fr a = cs_pads_common_scalar(pads[0], CS_COMMON_BLINDING, 7);
    cs_pads_receive(pads[2], CS_LABEL_GRADIENT, "x", 1); /* depends on the session only, not on the view */
    assert_true(cs_fr_eq(a, cs_pads_common_scalar(pads[2], CS_COMMON_BLINDING, 7)));
    assert_false(cs_fr_eq(a, cs_pads_common_scalar(pads[0], CS_COMMON_BLINDING, 8)));
    assert_false(cs_fr_eq(a, cs_pads_common_scalar(pads[0], CS_COMMON_MASK_BLINDING, 7)));
    assert_false(cs_fr_eq(a, cs_pads_common_scalar(pads[0], CS_COMMON_MASK, 7)));
    assert_false(cs_fr_eq(a, cs_pads_common_scalar(later[0], CS_COMMON_BLINDING, 7)));
    free_pads(pads);
    free_pads(later);
}

static void one_rank_has_no_pads(void **state) {
    (void)state;
    uint8_t member[1][CS_KEY_SIZE] = {{0}}, seed[1][32] = {{0}};
    bool by_aes[1] = {false};
    const cs_keyring keys = {.rank = 0, .size = 1, .members = member, .seeds = seed, .by_aes = by_aes};
    cs_pads *pads = NULL;
    assert_int_equal(cs_pads_new(&pads, &keys), CS_OK);
    uint64_t value = 11;
    assert_int_equal(cs_pads_zero_shares_u64(pads, CS_LABEL_GRADIENT, 0, digest, NULL, &value, 1, 8), CS_OK);
    assert_int_equal(value, 11);
    cs_pads_free(pads);
    cs_pads_free(NULL);
}

/* Pairs with AES and pairs without, in every mixture. */
static void any_ciphers_cancel(void **state) {
    (void)state;
    if (!cs_aes_available())
        skip();
    for (with_aes = 0; with_aes < 1 << RANKS; with_aes++) {
        assert_true(cancel(SAME, true, 300));
        assert_true(cancel(SAME, false, 3000));
        assert_false(cancel(HISTORY, true, 300));
        assert_false(cancel(HISTORY, false, 3000));
        broadcasts_are_masked(NULL);
    }
    with_aes = (1 << RANKS) - 1;
    partners_share_pads(NULL);
    values_are_hidden(NULL);
    with_aes = 0;
}

/* The pad of rank 0 with rank 1 by AES or not; rank 1's is by AES. */
static bool cancels_with(bool by_aes) {
    uint64_t sum = 0;
    for (int i = 0; i < 2; i++) {
        uint8_t members[2][CS_KEY_SIZE] = {{0}}, seeds[2][32] = {{3}, {3}};
        bool each[2] = {i == 1 || by_aes, i == 1 || by_aes};
        const cs_keyring keys = {.rank = i, .size = 2, .members = members, .seeds = seeds, .by_aes = each};
        cs_pads *pads;
        assert_int_equal(cs_pads_new(&pads, &keys), CS_OK);
        assert_int_equal(cs_pads_zero_shares_u64(pads, CS_LABEL_GRADIENT, 0, digest, NULL, &sum, 1, 8), CS_OK);
        cs_pads_free(pads);
    }
    return sum == 0;
}

static void ranks_that_disagree_on_the_cipher_add_noise(void **state) {
    (void)state;
    if (!cs_aes_available())
        skip();
    assert_true(cancels_with(true));
    assert_false(cancels_with(false));
}

/* As a reader of docs/protocol.md would compute it: one value of a rank's pad, by both ciphers. */
static void pads_are_as_described(void **state) {
    (void)state;
    enum { AT = 2077, WIDTH = 5, COUNT = 2500 };
    for (int aes = 0; aes < (cs_aes_available() ? 2 : 1); aes++) {
        uint8_t members[2][CS_KEY_SIZE] = {{0}}, seeds[2][32] = {{0}, {9}};
        bool by_aes[2] = {aes, aes};
        const cs_keyring keys = {.size = 2, .members = members, .seeds = seeds, .by_aes = by_aes, .nonce = {4}};
        cs_pads *pads;
        uint64_t *values = CS_NEW(uint64_t, COUNT), expected = 0;
        assert_int_equal(cs_pads_new(&pads, &keys), CS_OK);
        assert_int_equal(cs_pads_zero_shares_u64(pads, CS_LABEL_GRADIENT, 6, digest, NULL, values, COUNT, WIDTH), CS_OK);

        uint8_t history[32], view[32], key[32], stream[WIDTH * COUNT + 64];
        static const char label[] = "gradient";
        const uint8_t length[8] = {sizeof label - 1}, index[8] = {6}, no_state[8] = {0};
        crypto_generichash(history, 32, (const uint8_t *)"consort/history/2", 17, NULL, 0);
        crypto_generichash_state h;
        crypto_generichash_init(&h, NULL, 0, 32);
        crypto_generichash_update(&h, (const uint8_t *)"consort/pad-view/1", 18);
        crypto_generichash_update(&h, keys.nonce, 32);
        crypto_generichash_update(&h, digest, 32);
        crypto_generichash_update(&h, length, 8);
        crypto_generichash_update(&h, (const uint8_t *)label, sizeof label - 1);
        crypto_generichash_update(&h, index, 8);
        crypto_generichash_update(&h, history, 32);
        crypto_generichash_update(&h, no_state, 8);
        crypto_generichash_final(&h, view, 32);
        const char *domain = aes ? "consort/pad-key-aes/1" : "consort/pad-key/1";
        crypto_generichash_init(&h, seeds[1], 32, 32);
        crypto_generichash_update(&h, (const uint8_t *)domain, strlen(domain));
        crypto_generichash_update(&h, view, 32);
        crypto_generichash_final(&h, key, 32);
        if (aes) {
            cs_aes_key expanded;
            cs_aes_expand(&expanded, key);
            cs_aes_kernel_at(0)->stream(stream, sizeof stream / CS_AES_BLOCK, &expanded, 0, 0);
        } else {
            crypto_stream_chacha20(stream, sizeof stream, (const uint8_t[8]){0}, key);
        }
        for (size_t k = 0; k < WIDTH; k++)
            expected |= (uint64_t)stream[WIDTH * AT + k] << (8 * k);
        assert_true((values[AT] & UINT64_MAX >> (64 - 8 * WIDTH)) == expected);
        cs_free(values);
        cs_pads_free(pads);
    }
}

static int nothing_leaks(void **state) {
    (void)state;
    return cs_memory_live() == 0 ? 0 : -1;
}

/* Pads as integers: those that wrap are their lowest bytes, both ranks of a pair add the same with opposite signs, and the
 * bits above are not those below again. */
static void wide_pads(void **state) {
    enum { BITS = 124 };
    static unsigned __int128 sum[N], mine[N], pair[2][N];
    static uint64_t narrow[N];
    (void)state;
    for (size_t width = 1; width <= 8; width += 3) {
        const uint64_t mask = UINT64_MAX >> (64 - 8 * width);
        cs_pads *pads[RANKS];
        uint8_t view[32];
        make_pads(pads, 1);
        memset(sum, 0, sizeof sum);
        for (int i = 0; i < RANKS; i++) {
            memset(mine, 0, sizeof mine);
            memset(narrow, 0, sizeof narrow);
            cs_pads_set_steps(pads[i], 2, 4);
            cs_pads_view(pads[i], CS_LABEL_GRADIENT, 3, digest, NULL, view);
            assert_int_equal(cs_pads_zero_shares_u64(pads[i], CS_LABEL_GRADIENT, 3, digest, NULL, narrow, N, width), CS_OK);
            for (int j = 0; j < RANKS; j++)
                if (j != i) {
                    assert_true(cs_pads_shared_with(pads[i], j));
                    cs_pads_add_wide(pads[i], 3, view, j, mine, N, width, BITS);
                }
            for (size_t k = 0; k < N; k++) {
                assert_int_equal((uint64_t)mine[k] & mask, narrow[k] & mask);
                sum[k] += mine[k];
            }
        }
        memset(pair, 0, sizeof pair);
        cs_pads_add_wide(pads[0], 3, view, 1, pair[0], N, width, BITS);
        cs_pads_add_wide(pads[1], 3, view, 0, pair[1], N, width, BITS);
        unsigned __int128 any = 0, both = ~(unsigned __int128)0;
        for (size_t k = 0; k < N; k++) {
            assert_true(sum[k] == 0);
            assert_true(pair[0][k] + pair[1][k] == 0);
            assert_true(pair[0][k] >> BITS == 0);
            any |= pair[0][k];
            both &= pair[0][k];
        }
        assert_true(any == ((unsigned __int128)1 << BITS) - 1 && both == 0); /* every bit is 0 somewhere, and 1 */
        free_pads(pads);
    }
    assert_int_equal(cs_memory_live(), 0);
}

/* Ranks 0 and 3 have no data: each shares pads with one of the others, and has no part in sums of shares. */
static void idle_ranks_share_with_their_keepers(void **state) {
    static const bool idle[RANKS] = {true, false, false, true}, first[RANKS] = {true, true, false, false};
    static const char *const shared[RANKS] = {"0100", "1010", "0101", "0010"};
    (void)state;
    for (int partners = 0; partners <= 2; partners += 2) {
        cs_pads *pads[RANKS];
        uint64_t sum[2] = {0};
        cs_fr total = CS_FR_ZERO;
        make_pads(pads, 1);
        for (int i = 0; i < RANKS; i++) {
            uint64_t values[2] = {0, 0};
            cs_fr share = CS_FR_ZERO;
            cs_pads_set_partners(pads[i], partners);
            assert_int_equal(cs_pads_set_idle(pads[i], idle), CS_OK);
            for (int j = 0; j < RANKS; j++)
                assert_int_equal(cs_pads_shared_with(pads[i], j), shared[i][j] == '1');
            assert_int_equal(cs_pads_zero_shares_u64(pads[i], CS_LABEL_GRADIENT, 0, digest, NULL, values, 2, 8), CS_OK);
            assert_true(values[0] != 0 && values[1] != 0);
            sum[0] += values[0];
            sum[1] += values[1];
            if (idle[i])
                continue;
            assert_int_equal(cs_pads_zero_share_of_all(pads[i], CS_LABEL_FINALE_CROSS, 0, digest, transcript, &share),
                             CS_OK);
            assert_false(cs_fr_is_zero(share));
            total = cs_fr_add(total, share);
        }
        assert_true(sum[0] == 0 && sum[1] == 0 && cs_fr_is_zero(total));
        /* one on each side of a circle of two, and everybody again */
        assert_int_equal(cs_pads_set_idle(pads[1], first), CS_OK);
        assert_true(cs_pads_shared_with(pads[1], 3) && !cs_pads_shared_with(pads[1], 0) && !cs_pads_shared_with(pads[1], 2));
        assert_int_equal(cs_pads_set_idle(pads[1], NULL), CS_OK);
        assert_true(cs_pads_shared_with(pads[1], 0) && cs_pads_shared_with(pads[1], 2));
        free_pads(pads);
    }
}

static void partners_and_scalars(void **state) {
    cs_pads *pads[RANKS];
    (void)state;
    make_pads(pads, 1);
    for (int i = 0; i < RANKS; i++)
        cs_pads_set_partners(pads[i], 2);
    assert_true(cs_pads_shared_with(pads[0], 1) && cs_pads_shared_with(pads[0], 3));
    assert_false(cs_pads_shared_with(pads[0], 2) || cs_pads_shared_with(pads[0], 0));
    const cs_fr a = cs_pads_blinding(pads[0], 1, other_digest, digest, transcript, CS_PAD_BLINDING_GRADIENT);
    assert_true(cs_fr_eq(a, cs_pads_blinding(pads[1], 0, other_digest, digest, transcript, CS_PAD_BLINDING_GRADIENT)));
    assert_false(
        cs_fr_eq(a, cs_pads_blinding(pads[1], 0, other_digest, digest, other_transcript, CS_PAD_BLINDING_GRADIENT)));
    assert_false(
        cs_fr_eq(a, cs_pads_blinding(pads[1], 0, other_digest, other_digest, transcript, CS_PAD_BLINDING_GRADIENT)));
    assert_false(cs_fr_eq(a, cs_pads_blinding(pads[1], 0, digest, digest, transcript, CS_PAD_BLINDING_GRADIENT)));
    assert_false(cs_fr_eq(a, cs_pads_blinding(pads[1], 2, other_digest, digest, transcript, CS_PAD_BLINDING_GRADIENT)));
    free_pads(pads);
}

/* Pads of a weight table, from the keys that follow those of the steps: what they add up to is what was sent. */
static void pads_of_tables(void **state) {
    enum { TABLE = 7, COUNT = 150 };
    static cs_fr sent[COUNT], made[COUNT], shown_pads[COUNT];
    cs_pads *pads[RANKS];
    uint8_t root[32], shown[32 * 8], view[32];
    (void)state;
    make_pads(pads, 1);
    for (int i = 0; i < RANKS; i++) {
        cs_pads_set_steps(pads[i], 2, 6); /* steps 2 .. 5, tables 6 and 7 */
        for (size_t k = 0; k < COUNT; k++)
            sent[k] = made[k] = cs_fr_from_u64(k);
        cs_pads_view(pads[i], CS_LABEL_BACKWARD_TABLE, TABLE, digest, transcript, view);
        assert_int_equal(cs_pads_zero_shares_fr(pads[i], CS_LABEL_BACKWARD_TABLE, TABLE, digest, transcript, sent, COUNT),
                         CS_OK);
        for (int j = 0; j < RANKS; j++)
            if (j != i)
                cs_pads_add_elements(pads[i], TABLE, view, j, made, COUNT);
        assert_memory_equal(sent, made, sizeof sent);
    }
    memset(made, 0, sizeof made);
    cs_pads_add_elements(pads[0], TABLE, view, 1, made, COUNT);
    cs_pads_key_root(pads[0], 1, root);
    cs_pads_show_key(pads[1], 0, TABLE - 2, shown); /* the other rank shows it */
    assert_true(cs_pad_keys_hold(root, 6 + 1, TABLE - 2, shown));
    cs_pad_key_add_elements(shown, view, false, shown_pads, COUNT);
    assert_memory_equal(made, shown_pads, sizeof made);
    cs_pad_key_add_elements(shown, view, true, shown_pads, COUNT);
    for (size_t k = 0; k < COUNT; k++)
        assert_true(cs_fr_is_zero(shown_pads[k]) && !cs_fr_is_zero(made[k]));
    assert_int_equal(cs_pads_zero_shares_fr(pads[0], CS_LABEL_FORWARD_TABLE, 8, digest, transcript, sent, 1),
                     CS_ERR_INTERNAL);
    free_pads(pads);
}

/* Both ranks of a pair commit to the same keys, other pairs to others; who is shown one makes the pads that were sent. */
static void show_keys(void) {
    enum { FIRST = 5, STEPS = 6, BITS = 124 };
    static uint64_t sent[N];
    static unsigned __int128 made[N];
    cs_pads *pads[RANKS];
    uint8_t roots[RANKS][RANKS][32], shown[32 * 8], view[32];
    static const uint8_t none[32];
    make_pads(pads, 1);
    for (int i = 0; i < RANKS; i++) {
        cs_pads_set_partners(pads[i], 2);
        cs_pads_set_steps(pads[i], FIRST, STEPS);
        for (int j = 0; j < RANKS; j++) {
            cs_pads_key_root(pads[i], j, roots[i][j]);
            assert_int_equal(memcmp(roots[i][j], none, 32) != 0, cs_pads_shared_with(pads[i], j));
        }
    }
    for (int i = 0; i < RANKS; i++)
        for (int j = 0; j < i; j++)
            assert_memory_equal(roots[i][j], roots[j][i], 32);
    assert_memory_not_equal(roots[0][1], roots[0][3], 32);
    assert_true(cs_pad_keys_shown_size(STEPS + 1) <= sizeof shown);
    for (size_t step = FIRST; step < FIRST + STEPS; step++) {
        memset(sent, 0, sizeof sent);
        memset(made, 0, sizeof made);
        cs_pads_view(pads[0], CS_LABEL_GRADIENT, step, digest, NULL, view);
        assert_int_equal(cs_pads_zero_shares_u64(pads[0], CS_LABEL_GRADIENT, step, digest, NULL, sent, N, 5), CS_OK);
        for (int peer = 1; peer < RANKS; peer += 2) {
            cs_pads_show_key(pads[peer], 0, step - FIRST, shown); /* the partner shows it */
            assert_true(cs_pad_keys_hold(roots[0][peer], STEPS + 1, step - FIRST, shown));
            cs_pad_key_add(shown, view, false, made, N, 5, BITS);
        }
        for (size_t k = 0; k < N; k++)
            assert_true((((uint64_t)made[k] ^ sent[k]) & 0xffffffffff) == 0);
    }
    cs_pads_show_key(pads[1], 0, STEPS, shown);
    assert_true(cs_pad_keys_hold(roots[0][1], STEPS + 1, STEPS, shown));
    assert_true(cs_fr_eq(cs_pad_key_blinding(shown, other_digest, digest, transcript, CS_PAD_BLINDING_GRADIENT),
                         cs_pads_blinding(pads[0], 1, other_digest, digest, transcript, CS_PAD_BLINDING_GRADIENT)));
    uint64_t one = 0;
    assert_int_equal(cs_pads_zero_shares_u64(pads[0], CS_LABEL_GRADIENT, FIRST + STEPS, digest, NULL, &one, 1, 8),
                     CS_ERR_INTERNAL); /* the last key is for nothing else */
    free_pads(pads);
}

/* Whether ranks have AES or not: who is shown a key need not have it. */
static void keys_can_be_shown(void **state) {
    (void)state;
    for (with_aes = 0; with_aes < 1 << RANKS; with_aes += (1 << RANKS) - 1) {
        show_keys();
        if (!cs_aes_available())
            break;
    }
    with_aes = 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(keys_can_be_shown, nothing_leaks),
        cmocka_unit_test_teardown(pads_of_tables, nothing_leaks),
        cmocka_unit_test_teardown(equal_views_cancel, nothing_leaks),
        cmocka_unit_test_teardown(different_views_do_not, nothing_leaks),
        cmocka_unit_test(partners_share_pads),
        cmocka_unit_test(wide_pads),
        cmocka_unit_test(partners_and_scalars),
        cmocka_unit_test(partners_are_neighbours),
        cmocka_unit_test(idle_ranks_share_with_their_keepers),
        cmocka_unit_test_teardown(values_are_hidden, nothing_leaks),
        cmocka_unit_test_teardown(no_view_gives_pads_twice, nothing_leaks),
        cmocka_unit_test_teardown(lack_of_memory_gives_no_pad, nothing_leaks),
        cmocka_unit_test_teardown(history_is_as_described, nothing_leaks),
        cmocka_unit_test_teardown(broadcasts_are_masked, nothing_leaks),
        cmocka_unit_test_teardown(common_scalars_are_common, nothing_leaks),
        cmocka_unit_test_teardown(any_ciphers_cancel, nothing_leaks),
        cmocka_unit_test_teardown(ranks_that_disagree_on_the_cipher_add_noise, nothing_leaks),
        cmocka_unit_test_teardown(pads_are_as_described, nothing_leaks),
        cmocka_unit_test_teardown(one_rank_has_no_pads, nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
