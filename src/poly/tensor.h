/* Tensors of small integers: how a rank keeps its witness. Flat, row-major, every axis padded to a power of two (zeros).
 * CS_INT_FR tensors hold field elements; honest ranks have none, tests of dishonest ones do. Local. */
#ifndef CS_POLY_TENSOR_H
#define CS_POLY_TENSOR_H

#include "base/error.h"
#include "field/fr_vec.h"

typedef struct cs_tensor {
    cs_int_type type;
    void *data;
    size_t n;         /* entries, padded */
    int64_t min, max; /* declared (public) range of the entries */
} cs_tensor;

/** Smallest signed type that holds [min, max]. */
cs_int_type cs_int_type_for(int64_t min, int64_t max);

/** Zeroed. CS_ERR_MEMORY. Free with cs_tensor_free. */
cs_status cs_tensor_new(cs_tensor *out, size_t n, int64_t min, int64_t max);
void cs_tensor_free(cs_tensor *t);

/** Entry k as an integer (a CS_INT_FR entry: its value if it is within ±2^62, else INT64_MIN). */
int64_t cs_tensor_get(const cs_tensor *t, size_t k);

/** Stores v, which must fit the type (the declared range is not checked: a dishonest rank may leave it). */
void cs_tensor_set(cs_tensor *t, size_t k, int64_t v);

/** Stores v[n] from entry k on; as cs_tensor_set. */
void cs_tensor_store_i16(cs_tensor *t, size_t k, const int16_t *v, size_t n);

/** Address of entry k. */
const void *cs_tensor_at(const cs_tensor *t, size_t k);

/** Turns the tensor into one of field elements, same values. */
cs_status cs_tensor_to_fr(cs_tensor *t);

/** r[0..n) = entries offset.. as field elements. */
void cs_tensor_load(cs_fr *r, const cs_tensor *t, size_t offset, size_t n);

#endif
