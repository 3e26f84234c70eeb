/* The matrices D and Y of a dataset: shapes, integers and row commitments. Internal to src/provenance and its tests. Local.
 */
#ifndef CS_PROVENANCE_DATASET_MATRIX_H
#define CS_PROVENANCE_DATASET_MATRIX_H

#include "poly/tensor.h"
#include "provenance/dataset_folder.h"

/** Both matrices have 2^rows rows, enough for every record and, in either matrix, for whole commitment rows. */
typedef struct cs_dataset_bits {
    unsigned rows, in, out, columns; /* logarithms: rows, 2^in features, 2^out classes, C columns */
} cs_dataset_bits;

cs_dataset_bits cs_dataset_doc_bits(const cs_dataset_doc *d);

typedef struct cs_dataset_matrices {
    cs_tensor d; /* [2^rows, 2^in], declared range: from the smallest to the largest image of any map */
    cs_tensor y; /* [2^rows, 2^out], declared range 0..1 */
} cs_dataset_matrices;

/** From an opening whose labels lie in 0..classes-1. CS_ERR_MEMORY. Freed by cs_dataset_matrices_free; empty after a
 * failure. */
cs_status cs_dataset_matrices_new(cs_dataset_matrices *out, const cs_dataset_doc *d, const cs_dataset_opening *o);
void cs_dataset_matrices_free(cs_dataset_matrices *m);

/** out[cs_dataset_doc_commitments(d)]: rows of D, then of Y, with these blindings. CS_ERR_MEMORY, and CS_ERR_INTERNAL for an
 * integer outside of its declared range. */
cs_status cs_dataset_matrices_commit(cs_g1_affine *out, const cs_dataset_doc *d, const cs_dataset_matrices *m,
                                     const cs_fr *blindings);

/** Does the opening have the document's shape, and every value its feature's range? CS_ERR_INPUT names record and feature.
 */
cs_status cs_dataset_opening_check(const cs_dataset_doc *d, const cs_dataset_opening *o);

#endif
