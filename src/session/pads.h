/* View-keyed pads (section 5 of docs/protocol.md): vectors that sum to zero over the ranks if and only if all ranks have the
 * same view. A rank's view is: the session nonce, the statement's digest, a label and an index, a running hash of every
 * aggregate it has received, and its own transcript state (none while training). A root that shows two ranks different
 * sums, challenges or statements adds up noise.
 *
 *   view   = BLAKE2b-256("consort/pad-view/1", nonce, digest, label, index, history, state)
 *   key_j  = BLAKE2b-256(key seed_ij; "consort/pad-key/1" or "consort/pad-key-aes/1", view)
 *   pad_i  = sum over j > i of stream(key_j)  -  sum over j < i of stream(key_j)
 *
 * A stream is ChaCha20, or AES-256 in counter mode where both ranks of the pair can (session/keystream.h, session/keys.h).
 * Gradients whose pads may have to be shown have other keys, one a step, and ChaCha20 (cs_pads_set_steps).
 *
 * The history hashes an aggregate in pieces (session/leaves.h).
 *
 * For any N-1 ranks the last one's pad is uniform: each pair seed is known to its two ranks only. Local. */
#ifndef CS_SESSION_PADS_H
#define CS_SESSION_PADS_H

#include "field/fr.h"
#include "session/keys.h"
#include "session/pad_keys.h"
#include "transcript/labels.h"

typedef struct cs_pads cs_pads;

/** Copies what it needs of `keys`. One per keyring: it is what knows which pads are used up. NULL to `out` and CS_ERR_MEMORY
 *  without memory. cs_pads_free wipes; NULL is allowed. */
cs_status cs_pads_new(cs_pads **out, const cs_keyring *keys);
void cs_pads_free(cs_pads *pads);

/** From now on vectors get pads from so many others only: the nearest in rank order, around the circle, half of them on each
 *  side; even. 0, as at first: all others, and so do numbers beyond size - 2. The same on all ranks. A rank's values are
 * then hidden unless all its partners help to uncover them; and ranks are bound to one view as long as those that are honest
 * are connected by partnerships: unless dishonest ones hold two runs of partners / 2 neighbours (docs/security.md). */
void cs_pads_set_partners(cs_pads *pads, int partners);

/** From now on idle[size] ranks have no data (comm/comm.h): what they add to a vector says nothing, and they are in no sum
 * of shares. So pads of all pairs, and cs_pads_set_partners, are about the others, in their order. An idle rank shares pads
 * of vectors with one of the others, its keeper, each of whom has as few of them as can be; they hide what it adds from the
 * network. NULL: none is idle, as at first. The same on all ranks. CS_ERR_MEMORY. */
cs_status cs_pads_set_idle(cs_pads *pads, const bool *idle);

/** An aggregate that this rank received (the plain sum, after unmasking) becomes part of its view; nothing if there
 *  is one rank only, which has no pads. Cannot fail. */
void cs_pads_receive(cs_pads *pads, cs_label label, const void *data, size_t size);

/** Adds this rank's pads to values[n], in F or mod 2^(8 width), 1 <= width <= 8 (higher bits become noise). `state`: the
 * transcript's, NULL while training. A view gives pads once: CS_ERR_ABORT for a second time, whatever n; CS_ERR_MEMORY; on
 * failure `values` are untouched and must not be sent.
 *
 *  An element of F is made of 48 bytes of stream: its bias is below 2^-130. Cost: per peer and value width or 48 bytes of
 *  stream. Wrong `n` on one rank gives noise from there on. */
cs_status cs_pads_zero_shares_fr(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                 const uint8_t *state, cs_fr *values, size_t n);
cs_status cs_pads_zero_shares_u64(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                  const uint8_t *state, uint64_t *values, size_t n, size_t width);

/** The same for one element of F, from all pairs of ranks whatever cs_pads_set_partners said. */
cs_status cs_pads_zero_share_of_all(cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32],
                                    const uint8_t *state, cs_fr *value);

/** The view that a vector of pads is keyed by, as it is now; not secret. */
void cs_pads_view(const cs_pads *pads, cs_label label, uint64_t index, const uint8_t digest[32], const uint8_t *state,
                  uint8_t out[32]);

/** Of the session. */
const uint8_t *cs_pads_nonce(const cs_pads *pads);

/** Does this rank share pads of gradients and weight tables with rank `peer`? */
bool cs_pads_shared_with(const cs_pads *pads, int peer);

/** Gradients of steps first, first + 1, … and weight tables get pads under keys of their own from now on
 * (session/pad_keys.h), n in all. The same on all ranks. Their pads are those of CS_LABEL_GRADIENT with the step as index,
 * and of CS_LABEL_FORWARD_TABLE and _BACKWARD_TABLE with an index that goes on where the last step ends. */
void cs_pads_set_steps(cs_pads *pads, uint64_t first, uint64_t n);

/** After cs_pads_set_steps. Adds this rank's pads of a step shared with `peer` under a view, as integers that do not wrap:
 * cs_pad_key_add. Both ranks of a pair add the same with opposite signs. The caller has made sure that this view's vector is
 * uncovered in this way at most once (docs/security.md). Cannot fail. */
void cs_pads_add_wide(const cs_pads *pads, uint64_t step, const uint8_t view[32], int peer, unsigned __int128 *values,
                      size_t n, size_t width, unsigned bits);

/** The same of a weight table's pads, in F: cs_pad_key_add_elements. They are those that were sent. */
void cs_pads_add_elements(const cs_pads *pads, uint64_t index, const uint8_t view[32], int peer, cs_fr *values, size_t n);

/** After cs_pads_set_steps. Uniform in F, known to this rank and to `peer`: cs_pad_key_blinding under the key after those of
 * the steps. Cannot fail. */
cs_fr cs_pads_blinding(const cs_pads *pads, int peer, const uint8_t nonce[32], const uint8_t digest[32],
                       const uint8_t state[32], cs_pad_blinding what);

/** After cs_pads_set_steps. What commits to the n + 1 keys shared with `peer`: those of the steps, and one for blindings; 32
 * zeros if no pads are shared. Not secret. */
void cs_pads_key_root(const cs_pads *pads, int peer, uint8_t out[32]);

/** After cs_pads_set_steps. One of these keys with its path, out[cs_pad_keys_shown_size(n + 1)]: docs/security.md says when
 * it may leave this rank. */
void cs_pads_show_key(const cs_pads *pads, int peer, uint64_t index, uint8_t *out);

/** Masks, and by the same call unmasks, bytes that one rank shows to all, so that an observer of the network learns nothing:
 *  data ^= a stream keyed by the common seed, the nonce, label, index and the history: AES if all ranks can. It therefore
 * comes before cs_pads_receive of the same data, on every rank. The caller uses a (label, index) for one broadcast only. Not
 * authenticated. Nothing if there is one rank only. _part: of the bytes from `offset` on, a multiple of 64. */
void cs_pads_mask_broadcast(const cs_pads *pads, cs_label label, uint64_t index, void *data, size_t size);
void cs_pads_mask_part(const cs_pads *pads, cs_label label, uint64_t index, size_t offset, void *data, size_t size);

/** Scalars that every member can compute and nobody else. */
typedef enum cs_common_kind {
    CS_COMMON_BLINDING = 1,      /* blinding of common commitment row `index` of the ledger */
    CS_COMMON_MASK_BLINDING = 2, /* the same of its row of z_r */
    CS_COMMON_MASK = 3           /* z_r of common variable `index` */
} cs_common_kind;

/** Uniform in F, from the common seed and the session nonce. Cannot fail. */
cs_fr cs_pads_common_scalar(const cs_pads *pads, cs_common_kind kind, uint64_t index);

#endif
