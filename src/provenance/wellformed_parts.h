/* Internal: the prover of well-formedness with matrices of the caller's making, which tests fill with what they should not
 * hold. */
#ifndef CS_PROVENANCE_WELLFORMED_PARTS_H
#define CS_PROVENANCE_WELLFORMED_PARTS_H

#include "provenance/dataset_matrix.h"
#include "provenance/ranges.h"
#include "provenance/wellformed.h"
#include "session/attack.h"

typedef struct cs_wellformed_witness {
    const cs_dataset_matrices *matrices;
    const cs_fr *blindings; /* [cs_dataset_doc_commitments] */
#ifdef CS_TAMPER
    cs_attack *attack; /* how the prover cheats, or NULL */
#endif
} cs_wellformed_witness;

cs_status cs_wellformed_prove_witness(const cs_dataset_doc *doc, const cs_wellformed_witness *witness,
                                      const cs_progress *progress, cs_buffer *proof);

#endif
