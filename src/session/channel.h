/* Sealed links from the keys of a handshake (comm/secure.h), and what ranks are called in messages. */
#ifndef CS_SESSION_CHANNEL_H
#define CS_SESSION_CHANNEL_H

#include "session/keys.h"

/** Collective, right after cs_handshake; one exchange. From here on every frame between two ranks is sealed under their pair
 *  seed. Through it each rank first sends the session nonce, which is a hash of the whole handshake as it saw it, and the
 *  name of its host; so whoever changed the handshake is noticed now: its links do not authenticate, or the hashes differ.
 *
 *  names[size]: the members' names in rank order, or NULL. The comm calls its ranks "NAME on HOST" from then on. Undo with
 *  cs_secure_stop, whatever is returned. CS_ERR_ABORT, CS_ERR_MEMORY, CS_ERR_RANK: every rank leaves. */
cs_status cs_channel_open(cs_comm *comm, const cs_keyring *keys, const char *const *names);

#endif
