/* The kernel "vaes512" of session/aes.h: vectors of four blocks. Only where CS_ISA_VAES512 is. */
#ifndef CS_SESSION_AES_AVX512_H
#define CS_SESSION_AES_AVX512_H

#include "session/aes.h"

cs_aes_stream_fn cs_aes_stream_avx512;
cs_aes_add_narrow_fn cs_aes_add_narrow_avx512;
cs_aes_add_words_fn cs_aes_add_words_avx512;

#endif
