/* The table of batch kernels that every implementation of F fills in (contracts: field/fr_vec.h). */
#ifndef CS_FIELD_FR_KERNELS_H
#define CS_FIELD_FR_KERNELS_H

#include "base/isa.h"
#include "field/fr_vec.h"

typedef struct cs_fr_kernels {
    cs_isa isa;
    void (*add)(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
    void (*sub)(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
    void (*mul)(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
    void (*scale)(cs_fr *r, cs_fr t, const cs_fr *a, size_t n);
    void (*axpy)(cs_fr *r, cs_fr t, const cs_fr *a, size_t n);
    cs_fr (*sum)(const cs_fr *a, size_t n);
    cs_fr (*dot)(const cs_fr *a, const cs_fr *b, size_t n);
    void (*fold)(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n);
    void (*fractions)(cs_fr *p, cs_fr *q, const cs_fr *p0, const cs_fr *q0, const cs_fr *p1, const cs_fr *q1, size_t n);
    void (*round)(cs_fr *out, const cs_fr_round *what, size_t n);
    void (*inverse)(cs_fr *r, const cs_fr *a, size_t n);
    void (*eq)(cs_fr *r, const cs_fr *point, unsigned bits);
    void (*from_int)(cs_fr *r, cs_int_type type, const void *x, size_t n);
    void (*axpy_int)(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n);
    cs_fr (*dot_int)(const cs_fr *v, cs_int_type type, const void *x, size_t n);
    void (*dot_rows)(cs_fr *out, const cs_fr *v, cs_int_type type, const void *x, size_t n_rows, size_t n);
    void (*affine_plan)(cs_fr_affine *plan, cs_fr base, const cs_fr *t, unsigned n_terms);
    void (*affine)(cs_fr *r, const cs_fr_affine *plan, const int64_t *const *x, size_t n);
    void (*products_add)(uint64_t *sums, cs_fr t, const cs_int_product *products, size_t n_products, size_t n);
    void (*products_take)(cs_fr *out, uint64_t *sums, const cs_fr *v, cs_fr total, size_t n_products, size_t n);
} cs_fr_kernels;

/** The implementation for an instruction set, or NULL if it is not available: for dispatch, and for tests that compare. */
const cs_fr_kernels *cs_fr_kernels_of(cs_isa isa);

extern const cs_fr_kernels cs_fr_kernels_portable, cs_fr_kernels_x86_64, cs_fr_kernels_avx512ifma;

#endif
