/* Public pseudorandom numbers from a public seed: ChaCha20 (libsodium, 64-bit nonce and counter) keyed by the seed. The
 * nonce is a purpose and an index, so that streams of one seed are independent. Nothing here is secret. Local. */
#ifndef CS_TRAIN_STREAM_H
#define CS_TRAIN_STREAM_H

#include <stddef.h>
#include <stdint.h>

typedef enum cs_stream_purpose { CS_STREAM_WEIGHTS = 1, CS_STREAM_DRAWS = 2 } cs_stream_purpose;

typedef struct cs_stream {
    uint8_t key[32], nonce[8];
    uint64_t next_block; /* of 64 bytes */
    uint8_t bytes[1024];
    size_t used;
} cs_stream;

void cs_stream_init(cs_stream *s, const uint8_t seed[32], cs_stream_purpose purpose, uint32_t index);

/** The next 8 bytes, little-endian. */
uint64_t cs_stream_u64(cs_stream *s);

/** Uniform in 0..bound-1, bound >= 1, by rejection: values at or above the largest multiple of `bound` below 2^64 are
 * skipped. */
uint64_t cs_stream_below(cs_stream *s, uint64_t bound);

/** out[k] = cs_stream_below(s, 2 most + 1) - most, k = 0, 1, …, n - 1; 1 <= most < 2^62. No division for each. */
void cs_stream_fill_around_zero(cs_stream *s, int64_t most, int64_t *out, size_t n);

#endif
