/* SHA-256 (FIPS 180-4) of much data: libsodium's, with whole blocks taken by the processor's own instructions where it has
 * them and CONSORT_ISA allows more than portable code; four to six times as fast. Local; cannot fail. */
#ifndef CS_BASE_SHA256_H
#define CS_BASE_SHA256_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

/** As crypto_hash_sha256_update, on the same state (a public struct of libsodium: words, count of bits, unfinished block);
 * the two may be mixed. Time depends on n alone. */
void cs_sha256_update(crypto_hash_sha256_state *state, const void *data, size_t n);

/** As crypto_hash_sha256. */
void cs_sha256(uint8_t out[32], const void *data, size_t n);

/** The values' 8-byte little-endian two's complement, one after another; the same of 4 bytes. */
void cs_sha256_update_i64(crypto_hash_sha256_state *state, const int64_t *values, size_t n);
void cs_sha256_update_i32(crypto_hash_sha256_state *state, const int32_t *values, size_t n);

#endif
