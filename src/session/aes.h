/* AES with 256-bit keys (FIPS 197) in counter mode (NIST SP 800-38A, section 6.5), by the processor's own instructions: no
 * table, no branch and no address depends on key or plaintext. There is no version without these instructions, which would
 * be slower than ChaCha20. Local; cannot fail. */
#ifndef CS_SESSION_AES_H
#define CS_SESSION_AES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CS_AES_BLOCK = 16, CS_AES_ROUND_KEYS = 15 };

/** An expanded key; secret. The owner wipes it. */
typedef struct cs_aes_key {
    uint8_t round[CS_AES_ROUND_KEYS][CS_AES_BLOCK];
} cs_aes_key;

/** Whether this processor has a kernel and CONSORT_ISA allows it; without one nothing below may be called. */
bool cs_aes_available(void);

void cs_aes_expand(cs_aes_key *out, const uint8_t key[32]);

/** out[16 blocks] = encryptions of counter, counter + 1, …: block i is the big-endian 64-bit numbers `prefix` and
 * counter + i mod 2^64. */
typedef void cs_aes_stream_fn(uint8_t *out, size_t blocks, const cs_aes_key *key, uint64_t prefix, uint64_t counter);

/** The stream from prefix 0 and this counter on, as numbers of `width` bytes each, little-endian, 1 <= width <= 4: sums[n]
 * += or, if `negative`, -= them mod 2^32. The stream stays in registers. */
typedef void cs_aes_add_narrow_fn(uint32_t *sums, size_t n, size_t width, bool negative, const cs_aes_key *key,
                                  uint64_t counter);

/** The same of numbers of 32 bits, mod 2^64. */
typedef void cs_aes_add_words_fn(uint64_t *sums, size_t n, bool negative, const cs_aes_key *key, uint64_t counter);

typedef struct cs_aes_kernel {
    const char
        *name; /* "aes": eight blocks at a time; "vaes": sixteen in vectors of two; "vaes512": 32 in vectors of four */
    cs_aes_stream_fn *stream;
    cs_aes_add_narrow_fn *add_narrow; /* NULL, as the next one: make the stream and add it */
    cs_aes_add_words_fn *add_words;
} cs_aes_kernel;

/** Kernel k = 0, 1, … that this processor can run and CONSORT_ISA allows, best last; NULL from the end on. All give the
 * same bytes. */
const cs_aes_kernel *cs_aes_kernel_at(size_t k);

/** The best one, or NULL. Chosen anew each time: not for inner loops. */
const cs_aes_kernel *cs_aes_best(void);

#endif
