#include "session/keystream.h"

#include <sodium.h>
#include <string.h>

enum { UNIT = CS_KEYSTREAM_UNIT, BLOCKS = UNIT / CS_AES_BLOCK, CHUNK = 64 * UNIT };

static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];

void cs_keystream_init(cs_keystream *out, const cs_aes_kernel *aes, const uint8_t key[32]) {
    *out = (cs_keystream){.aes = aes};
    if (aes != NULL)
        cs_aes_expand(&out->key.aes, key);
    else
        memcpy(out->key.chacha20, key, sizeof out->key.chacha20);
}

void cs_keystream_read(const cs_keystream *s, uint64_t unit, uint8_t *out, size_t n) {
    if (s->aes != NULL) {
        s->aes->stream(out, (n + CS_AES_BLOCK - 1) / CS_AES_BLOCK, &s->key.aes, 0, BLOCKS * unit);
    } else {
        memset(out, 0, n);
        cs_keystream_xor(s, unit, out, n);
    }
}

void cs_keystream_xor(const cs_keystream *s, uint64_t unit, uint8_t *data, size_t n) {
    if (s->aes == NULL) {
        crypto_stream_chacha20_xor_ic(data, data, n, nonce, unit, s->key.chacha20);
        return;
    }
    uint8_t stream[CHUNK];
    for (size_t first = 0; first < n; first += CHUNK) {
        const size_t count = n - first < CHUNK ? n - first : CHUNK;
        cs_keystream_read(s, unit + first / UNIT, stream, count);
        for (size_t k = 0; k < count; k++)
            data[first + k] ^= stream[k];
    }
    sodium_memzero(stream, sizeof stream);
}

void cs_keystream_add_narrow(const cs_keystream *s, const cs_packed_kernel *packed, uint64_t unit, uint32_t *sums, size_t n,
                             size_t width, bool negative, uint8_t *bytes) {
    if (s->aes != NULL && s->aes->add_narrow != NULL) {
        s->aes->add_narrow(sums, n, width, negative, &s->key.aes, BLOCKS * unit);
        return;
    }
    cs_keystream_read(s, unit, bytes, n * width);
    packed->add_narrow(sums, bytes, n, width, negative);
}

void cs_keystream_add_words(const cs_keystream *s, const cs_packed_kernel *packed, uint64_t unit, uint64_t *sums, size_t n,
                            bool negative, uint8_t *bytes) {
    if (s->aes != NULL && s->aes->add_words != NULL) {
        s->aes->add_words(sums, n, negative, &s->key.aes, BLOCKS * unit);
        return;
    }
    cs_keystream_read(s, unit, bytes, n * sizeof(uint32_t));
    packed->add(sums, bytes, n, sizeof(uint32_t), negative);
}
