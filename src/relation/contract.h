/* Contractions of a rank's integer tensors [T, B, n] with field vectors: the prover's work in the relations. Local. */
#ifndef CS_RELATION_CONTRACT_H
#define CS_RELATION_CONTRACT_H

#include "poly/tensor.h"

/** A tensor [T, B, n] as seen by a relation: rows (t, b) of 2^width_bits entries. With `draws` row (t, b) is row draws[t *
 * batch + b] of the tensor, which is then a dataset; without, the tensor's own padded row. A bias unit stands at index
 * bias_at of every real row (bias 0: none). Padded rows are not visited. */
typedef struct cs_view {
    const cs_tensor *tensor;
    const uint32_t *draws;
    size_t steps, batch;
    unsigned batch_bits, width_bits;
    int64_t bias;
    size_t bias_at;
} cs_view;

/** Index in the tensor of the first entry of row (t, b). */
static inline size_t cs_view_row(const cs_view *v, size_t t, size_t b) {
    const size_t row = v->draws ? v->draws[t * v->batch + b] : (t << v->batch_bits) + b;
    return row << v->width_bits;
}

/** out[t 2^batch_bits + b] = sum over k of vector[k] X(t, b, k); vector reaches to bias_at if there is a bias. Padded rows
 * are zero: the caller gives zeroed memory. */
void cs_contract_last(cs_fr *out, const cs_view *v, const cs_fr *vector);

/** out[t 2^out_bits + k] += sum over b of batch_vector[b] X(t, b, k). */
void cs_contract_batch(cs_fr *out, unsigned out_bits, const cs_view *v, const cs_fr *batch_vector);

/** row[k] += scale X(t, b, k), bias included. */
void cs_view_axpy(cs_fr *row, cs_fr scale, const cs_view *v, size_t t, size_t b);

/** Value of the MLE of a tensor whose axes' eq (or other) tables are given: sum over a, b, c of t0[a] t1[b] t2[c] X(a, b,
 * c), all padded. */
cs_fr cs_contract_all(const cs_tensor *x, const cs_fr *t0, size_t n0, const cs_fr *t1, size_t n1, const cs_fr *t2,
                      size_t n2);

#endif
