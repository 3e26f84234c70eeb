/* Chooses the implementation of the batch kernels, once per process. */
#include "field/fr_vec.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "field/fr_kernels.h"

static const cs_fr_kernels *const IMPLEMENTATIONS[] = {&cs_fr_kernels_portable};

static const cs_fr_kernels *choose(void) {
    const size_t count = sizeof IMPLEMENTATIONS / sizeof *IMPLEMENTATIONS;
    const char *wanted = getenv("CONSORT_ISA");
    for (size_t k = 0; wanted != NULL && k < count; k++)
        if (strcmp(wanted, IMPLEMENTATIONS[k]->name) == 0)
            return IMPLEMENTATIONS[k];
    return &cs_fr_kernels_portable;
}

static const cs_fr_kernels *kernels(void) {
    static _Atomic(const cs_fr_kernels *) chosen; /* every thread would choose the same */
    const cs_fr_kernels *k = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (k == NULL) {
        k = choose();
        atomic_store_explicit(&chosen, k, memory_order_relaxed);
    }
    return k;
}

const char *cs_field_isa(void) {
    return kernels()->name;
}

size_t cs_int_size(cs_int_type type) {
    static const uint8_t size[] = {1, 2, 4, 8, sizeof(cs_fr)};
    return size[type];
}

void cs_fr_vec_add(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    kernels()->add(r, a, b, n);
}

void cs_fr_vec_sub(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    kernels()->sub(r, a, b, n);
}

void cs_fr_vec_mul(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    kernels()->mul(r, a, b, n);
}

void cs_fr_vec_scale(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    kernels()->scale(r, t, a, n);
}

void cs_fr_vec_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    kernels()->axpy(r, t, a, n);
}

cs_fr cs_fr_vec_sum(const cs_fr *a, size_t n) {
    return kernels()->sum(a, n);
}

cs_fr cs_fr_vec_dot(const cs_fr *a, const cs_fr *b, size_t n) {
    return kernels()->dot(a, b, n);
}

void cs_fr_vec_fold(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n) {
    kernels()->fold(r, lo, hi, t, n);
}

void cs_fr_vec_inverse(cs_fr *r, const cs_fr *a, size_t n) {
    kernels()->inverse(r, a, n);
}

void cs_fr_vec_eq(cs_fr *r, const cs_fr *point, unsigned bits) {
    kernels()->eq(r, point, bits);
}

void cs_fr_vec_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    kernels()->from_int(r, type, x, n);
}

void cs_fr_vec_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    kernels()->axpy_int(r, t, type, x, n);
}

cs_fr cs_fr_vec_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    return kernels()->dot_int(v, type, x, n);
}
