/* The well-formedness proof of a dataset, made once by its owner and verified by everybody who uses it (docs/protocol.md,
 * 6.10): the commitments of the document are those of
 *
 *   D  whose entry (row, k) lies in the range of feature k (cs_dataset_doc_range), row < rows, k < features,
 *   Y  whose entries are bits and whose rows sum to one, row < rows,
 *
 * and everything else in D and Y is zero. A session of one rank, with the same witness, lookups, opening and finale as a
 * training proof; its transcript opens with the digest of the document without the field "proof". It shows nothing else
 * about the records. Local. */
#ifndef CS_PROVENANCE_WELLFORMED_H
#define CS_PROVENANCE_WELLFORMED_H

#include "base/progress.h"
#include "provenance/dataset_folder.h"
#include "session/deferred.h"

/** The document has its commitments; the opening belongs to it. *proof is replaced. Takes memory and time in proportion to
 * the padded features. CS_ERR_ABORT if the opening is not of that form,
 * CS_ERR_INPUT if the features have too many different ranges (more than 2^22 values in all), CS_ERR_MEMORY. The proof's
 * digest is not entered in the document: cs_wellformed_seal. */
cs_status cs_wellformed_prove(const cs_dataset_doc *doc, const cs_dataset_opening *opening, const cs_progress *progress,
                              cs_buffer *proof);

/** Names this proof in the document. */
void cs_wellformed_seal(cs_dataset_doc *doc, const cs_buffer *proof);

/** CS_OK: shown. CS_REJECT: well formed and wrong, or not the proof that the document names. CS_ERR_INPUT: malformed.
 * CS_ERR_MEMORY. */
cs_status cs_wellformed_verify(const cs_dataset_doc *doc, const uint8_t *proof, size_t size);

/** The same but for the group equations, which are added to *later: the caller's to check (with those of other proofs, for
 * less than each by itself) and to free. Nothing is shown before they hold. */
cs_status cs_wellformed_verify_later(const cs_dataset_doc *doc, const uint8_t *proof, size_t size, cs_deferred *later);

#endif
