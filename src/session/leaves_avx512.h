/* Eight pieces side by side, in the lanes of registers of 512 bits; part of session/leaves.h. */
#ifndef CS_SESSION_LEAVES_AVX512_H
#define CS_SESSION_LEAVES_AVX512_H

#include "session/leaves.h"

enum { CS_LEAVES_WIDE = 8 };

/** out[n][32] = hashes of data[n][4096], n a multiple of CS_LEAVES_WIDE. Only where CS_ISA_AVX512 is. */
void cs_leaves_avx512(uint8_t *out, const uint8_t *data, size_t n);

#endif
