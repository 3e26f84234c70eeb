/* The table of batch kernels that every implementation of F fills in (contracts: field/fr_vec.h). */
#ifndef CS_FIELD_FR_KERNELS_H
#define CS_FIELD_FR_KERNELS_H

#include "field/fr_vec.h"

typedef struct cs_fr_kernels {
    const char *name;
    void (*add)(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
    void (*sub)(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
    void (*mul)(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
    void (*scale)(cs_fr *r, cs_fr t, const cs_fr *a, size_t n);
    void (*axpy)(cs_fr *r, cs_fr t, const cs_fr *a, size_t n);
    cs_fr (*sum)(const cs_fr *a, size_t n);
    cs_fr (*dot)(const cs_fr *a, const cs_fr *b, size_t n);
    void (*fold)(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n);
    void (*inverse)(cs_fr *r, const cs_fr *a, size_t n);
    void (*eq)(cs_fr *r, const cs_fr *point, unsigned bits);
    void (*from_int)(cs_fr *r, cs_int_type type, const void *x, size_t n);
    void (*axpy_int)(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n);
    cs_fr (*dot_int)(const cs_fr *v, cs_int_type type, const void *x, size_t n);
} cs_fr_kernels;

extern const cs_fr_kernels cs_fr_kernels_portable;

#endif
