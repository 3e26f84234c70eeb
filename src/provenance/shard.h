/* A member's shard of a training proof, made of datasets that were committed before and carry well-formedness proofs of
 * their own: what goes into cs_instance (points, from the public documents) and into cs_shard (blindings and tensors, from
 * the member's openings). With cs_params.certified set, the training proof does not show again what those proofs show, so
 * whoever verifies it must also verify the well-formedness proof of every document given here (provenance/wellformed.h).
 *
 * Dataset k of a shard starts at a row that is a multiple of max(1, C / 2^bits(features), C / 2^bits(classes)): its row
 * commitments, made without knowledge of the job, are then rows of the shard's matrices as they are. Rows between two
 * datasets are zero, committed by the identity, and never drawn; cs_params.rows counts them.
 *
 * Order of use: cs_shard_place for every rank gives cs_params.rows; then cs_params_validate; then cs_shard_check; then the
 * others. `docs` and `openings` are borrowed lists of n >= 1 pointers in the manifest's order. Local. */
#ifndef CS_PROVENANCE_SHARD_H
#define CS_PROVENANCE_SHARD_H

#include "poly/tensor.h"
#include "provenance/dataset_folder.h"
#include "train/params.h"
#include "train/sampler.h"

/** Where each dataset lies: pieces[n] with weight 1 and no limits, for the caller to change, and *extent, the row after the
 * last record, which becomes cs_params.rows of the rank. CS_ERR_INPUT if the datasets have not all the same columns,
 * features and classes, or are too long together. */
cs_status cs_shard_place(cs_piece *pieces, size_t *extent, const cs_dataset_doc *const *docs, size_t n);

/** Do the datasets fit the parameters of the run (columns, features, classes, value_bits, the rank's rows)? With
 * p->certified each must have a proof; without, there may be no gaps between them. CS_ERR_INPUT with a text that names the
 * dataset and the field. */
cs_status cs_shard_check(const cs_params *p, int rank, const cs_dataset_doc *const *docs, size_t n);

/** Row commitments of rank's D, then Y, as cs_instance.dataset_rows[rank]: out[cs_dataset_row_count(p)], the identity where
 * no dataset lies. */
cs_status cs_shard_points(cs_g1_affine *out, const cs_params *p, const cs_dataset_doc *const *docs, size_t n);

/** Their blindings, as cs_shard.dataset_blindings: out[cs_dataset_row_count(p)], zero where no dataset lies. Secret. */
cs_status cs_shard_blindings(cs_fr *out, const cs_params *p, const cs_dataset_doc *const *docs,
                             const cs_dataset_opening *const *openings, size_t n);

/** Fills the rank's tensors of the blocks D and Y (zeroed, as made by cs_blocks_tensors). */
cs_status cs_shard_tensors(cs_tensor *d, cs_tensor *y, const cs_params *p, const cs_dataset_doc *const *docs,
                           const cs_dataset_opening *const *openings, size_t n);

#endif
