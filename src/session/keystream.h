/* A secret stream of bytes that only who has the key can make, readable at any place: ChaCha20 (libsodium; 64-bit nonce and
 * counter), which every machine has, or AES-256 in counter mode (session/aes.h), some times faster where the processor has
 * instructions for it. Which of the two is public. Local; cannot fail. */
#ifndef CS_SESSION_KEYSTREAM_H
#define CS_SESSION_KEYSTREAM_H

#include "base/packed.h"
#include "session/aes.h"

enum { CS_KEYSTREAM_UNIT = 64 };

/** Secret; the owner wipes it. */
typedef struct cs_keystream {
    const cs_aes_kernel *aes; /* NULL: ChaCha20 */
    union {
        uint8_t chacha20[32];
        cs_aes_key aes;
    } key;
} cs_keystream;

/** AES by this kernel, or ChaCha20 for NULL. A key is for one cipher and one stream: nonce and counter prefix are zero. */
void cs_keystream_init(cs_keystream *out, const cs_aes_kernel *aes, const uint8_t key[32]);

/** out[n] = the stream from byte 64 unit on; `out` has room for n rounded up to whole units, and may be filled that far. */
void cs_keystream_read(const cs_keystream *s, uint64_t unit, uint8_t *out, size_t n);

/** data[n] ^= the same. */
void cs_keystream_xor(const cs_keystream *s, uint64_t unit, uint8_t *data, size_t n);

/** sums[n] += or, if `negative`, -= the numbers of `width` bytes each, little-endian, that the stream is from byte 64 unit
 * on: mod 2^32 for 1 <= width <= 4; those of 32 bits mod 2^64. bytes[] has room for n of them rounded up to whole units, and
 * CS_PACKED_SLACK more; it may be filled with what is as secret as the stream. */
void cs_keystream_add_narrow(const cs_keystream *s, const cs_packed_kernel *packed, uint64_t unit, uint32_t *sums, size_t n,
                             size_t width, bool negative, uint8_t *bytes);
void cs_keystream_add_words(const cs_keystream *s, const cs_packed_kernel *packed, uint64_t unit, uint64_t *sums, size_t n,
                            bool negative, uint8_t *bytes);

#endif
