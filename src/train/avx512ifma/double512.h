/* Eight doubles at a time with AVX-512; with CS_EMULATE_AVX512 in plain C, as in field/avx512ifma/vec512.h. */
#ifndef CS_TRAIN_AVX512IFMA_DOUBLE512_H
#define CS_TRAIN_AVX512IFMA_DOUBLE512_H

#include "field/avx512ifma/vec512.h"

#ifndef CS_EMULATE_AVX512

typedef __m512d cs_d8;

CS_V8 cs_d8 cs_d8_set1(double x) {
    return _mm512_set1_pd(x);
}

CS_V8 cs_d8 cs_d8_load(const double *p) {
    return _mm512_loadu_pd(p);
}

CS_V8 void cs_d8_store(double *p, cs_d8 a) {
    _mm512_storeu_pd(p, a);
}

/** acc + a b. */
CS_V8 cs_d8 cs_d8_madd(cs_d8 acc, cs_d8 a, cs_d8 b) {
    return _mm512_fmadd_pd(a, b, acc);
}

#else

typedef double cs_d8 __attribute__((vector_size(64)));

CS_V8 cs_d8 cs_d8_set1(double x) {
    return (cs_d8){x, x, x, x, x, x, x, x};
}

CS_V8 cs_d8 cs_d8_load(const double *p) {
    return (cs_d8){p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]};
}

CS_V8 void cs_d8_store(double *p, cs_d8 a) {
    for (int k = 0; k < 8; k++)
        p[k] = a[k];
}

CS_V8 cs_d8 cs_d8_madd(cs_d8 acc, cs_d8 a, cs_d8 b) {
    return acc + a * b;
}

#endif

#endif
