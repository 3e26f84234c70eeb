/* Keys of pads that can be shown afterwards (docs/protocol.md, 6.12). With --attributable the pads of a sum are streams
 * under a key of their own for each step and each weight table, which the pair makes of its seed one way:
 *
 *   key_s = BLAKE2b-256(key seed_ij; "consort/step-key/1", s as u64)          s = 0 … n - 1: steps of the session, then
 * tables low   = ChaCha20 under BLAKE2b-256(key key_s; "consort/pad-key/1", view)  the pad as it is added while training
 *   high  = ChaCha20 under BLAKE2b-256(key key_s; "consort/pad-high/1", view) its other bits, as an integer
 *
 * Before the first step both commit to all keys by the root of a hash tree over them: leaves SHA-256(0, key_s), 32 zeros
 * where there is no key, nodes SHA-256(1, left, right), and above all SHA-256("consort/pad-keys/1", NUL, n as u64, top). So
 * one key can be shown with its path, and says nothing about any other. There is no AES here: whoever is shown a key can
 * make the pads. Local. */
#ifndef CS_SESSION_PAD_KEYS_H
#define CS_SESSION_PAD_KEYS_H

#include "field/fr.h"

/** Key number `index`, secret. */
void cs_pad_key(uint8_t out[32], const uint8_t seed[32], uint64_t index);

/** What commits to keys 0 .. n - 1, 1 <= n < 2^40; not secret. 2n hashes. */
void cs_pad_keys_root(uint8_t out[32], const uint8_t seed[32], uint64_t n);

/** Bytes of one key with its path. */
size_t cs_pad_keys_shown_size(uint64_t n);

/** The key and its path, from the lowest sibling up. out[cs_pad_keys_shown_size(n)], index < n. */
void cs_pad_keys_show(uint8_t *out, const uint8_t seed[32], uint64_t n, uint64_t index);

/** Are these bytes, key and path, number `index` of those that `root` commits to? */
bool cs_pad_keys_hold(const uint8_t root[32], uint64_t n, uint64_t index, const uint8_t *shown);

/** The key of the stream of pads under a view. */
void cs_pad_key_low(uint8_t out[32], const uint8_t key[32], const uint8_t view[32]);

/** Adds the pads of a key under a view, or subtracts them, as integers that do not wrap: of `bits` bits each, 8 width < bits
 * < 127, whose lowest 8 width bits are those of the stream of cs_pad_key_low and whose others come of a stream that is used
 * for nothing else. */
void cs_pad_key_add(const uint8_t key[32], const uint8_t view[32], bool negative, unsigned __int128 *values, size_t n,
                    size_t width, unsigned bits);

/** The same of pads in F, which are 48 bytes each of the stream of cs_pad_key_low. */
void cs_pad_key_add_elements(const uint8_t key[32], const uint8_t view[32], bool negative, cs_fr *values, size_t n);

/** What a blinding is for: a commitment to pads of gradients, or of a weight table. */
typedef enum cs_pad_blinding { CS_PAD_BLINDING_GRADIENT, CS_PAD_BLINDING_TABLE } cs_pad_blinding;

/** Uniform in F: BLAKE2b-512(key `key`; "consort/pad-blinding/2", nonce, digest, state, `what` as u64) mod r. */
cs_fr cs_pad_key_blinding(const uint8_t key[32], const uint8_t nonce[32], const uint8_t digest[32], const uint8_t state[32],
                          cs_pad_blinding what);

#endif
