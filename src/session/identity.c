#include <sodium.h>

#include "session/keys.h"

cs_status cs_identity_generate(cs_identity *out) {
    if (sodium_init() < 0)
        return cs_fail(CS_ERR_INTERNAL, "libsodium cannot start: no source of random bytes");
    randombytes_buf(out->secret_key, sizeof out->secret_key);
    (void)crypto_scalarmult_base(out->public_key, out->secret_key);
    return CS_OK;
}

void cs_identity_wipe(cs_identity *me) {
    sodium_memzero(me, sizeof *me);
}
