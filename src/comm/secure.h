/* Every frame of a comm sealed between its two ranks: a layer over any transport (ChaCha20-Poly1305, RFC 8439; what needs no
 * encryption, where both have AES: GMAC, that is AES-256-GCM of no text, NIST SP 800-38D).
 *
 * Each link has two keys a direction, derived from a secret that its two ranks share and nobody else:
 *
 *   key(from -> to)  = BLAKE2b-256(key: the link's secret; "consort/link/1", session nonce, from, to)
 *   gmac(from -> to) = BLAKE2b-256(key: the link's secret; "consort/link-gmac/1", session nonce, from, to)
 *
 * What travels is
 *
 *   content (as long as the frame) | magic (4) | mode (4) | number (8) | tag (16)
 *
 * where the number counts the direction's frames from 0 and is the nonce. Mode 1: the content is encrypted, and magic, mode
 * and number are bound as associated data. Mode 2, for frames whose tag says CS_COMM_MASKED: the content is not encrypted
 * but is itself associated data, before magic, mode and number. Mode 3 takes the place of mode 2 where both ranks have AES:
 * the tag is GMAC's, under the key for it, of the same bytes; of modes 2 and 3 a link knows one. The key binds session and
 * direction, the content its own step (the header of comm.c).
 *
 * A receiver takes exactly the frames of its peer, each once and in order. A frame that is changed, cut, made up, taken from
 * another link, direction or session does not authenticate; one that comes twice or late, or after one that is missing, has
 * the wrong number. All of that is CS_ERR_ABORT with a text that names the peer. After it, gaps in the numbers are allowed
 * on that link, so that "failed" and "stop" still get through; the lockstep goes no further than to those.
 *
 * Not hidden: who sends how many bytes to whom, and when. A dropped frame is noticed when the next one arrives, or by
 * cs_comm.timeout. */
#ifndef CS_COMM_SECURE_H
#define CS_COMM_SECURE_H

#include "comm/comm.h"

/** What sealing adds to a frame, bytes. */
enum { CS_SECURE_OVERHEAD = 32 };

/** From now on all frames of `c` are sealed; its statistics count what is added. secrets[size]: the one shared with each
 *  rank, secrets[rank] unused; nonce: the session's, the same on all ranks. Both are copied into keys. by_aes[size]: whether
 *  both this rank and that one have AES, on which the two agree; NULL: none. The ranks switch at the same point of the
 *  lockstep, between two exchanges. CS_ERR_MEMORY: nothing has changed. No effect on a rank that is
 *  alone. Local. */
cs_status cs_secure_start(cs_comm *c, const uint8_t (*secrets)[32], const uint8_t nonce[32], const bool *by_aes);

/** The bare transport again; keys are wiped. No effect if nothing was started. The transport may be ended only after it. */
void cs_secure_stop(cs_comm *c);

#endif
