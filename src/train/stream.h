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
    uint8_t bytes[4096];
    size_t used;
} cs_stream;

void cs_stream_init(cs_stream *s, const uint8_t seed[32], cs_stream_purpose purpose, uint32_t index);

/** The next 8 bytes, little-endian. */
uint64_t cs_stream_u64(cs_stream *s);

/** Uniform in 0..bound-1, bound >= 1, by rejection: values at or above the largest multiple of `bound` below 2^64 are
 * skipped. */
uint64_t cs_stream_below(cs_stream *s, uint64_t bound);

/** Uniform in -most..most without divisions (Lemire, "Fast Random Integer Generation in an Interval", section 4): of the
 * next word u, times 2 most + 1, the upper half, less most; words whose product has a lower half below 2^bits mod (2 most +
 * 1) are skipped. Words are of 32 bits, 1 <= most < 2^31. A stream is read in words of one size only. */
void cs_stream_fill_i32(cs_stream *s, int32_t most, int32_t *out, size_t n);

/** The same with words of 64 bits; 1 <= most < 2^62. */
void cs_stream_fill_i64(cs_stream *s, int64_t most, int64_t *out, size_t n);

#endif
