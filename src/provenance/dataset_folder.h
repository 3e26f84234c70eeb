/* A dataset's folder, as `consort dataset commit` makes it and docs/formats.md describes it byte by byte:
 *
 *   dataset.json  the public document (provenance/dataset_doc.h)
 *   proof         the well-formedness proof, public; absent if the document says so
 *   opening       blindings, records and labels: secret, mode 0600; all that proving needs
 *
 * Local. */
#ifndef CS_PROVENANCE_DATASET_FOLDER_H
#define CS_PROVENANCE_DATASET_FOLDER_H

#include "data/dataset.h"
#include "field/fr.h"
#include "provenance/dataset_doc.h"

/** Longest well-formedness proof in bytes. */
#define CS_WELLFORMED_MAX_BYTES ((size_t)1 << 28)

/** What its owner keeps of a dataset. Owned and wiped by cs_dataset_opening_free. */
typedef struct cs_dataset_opening {
    size_t rows, features;
    int16_t *values;  /* [rows * features], row by row, each in its feature's range */
    int32_t *labels;  /* [rows], each in 0..classes-1 */
    size_t n;         /* commitment rows */
    cs_fr *blindings; /* [n] */
} cs_dataset_opening;

void cs_dataset_opening_free(cs_dataset_opening *o);

/** Rows, features, values (16 bits of each) and labels of *data, which is left empty; no blindings yet. CS_ERR_INPUT for a
 * value beyond 16 bits, CS_ERR_MEMORY; *out is empty after a failure. */
cs_status cs_dataset_opening_take(cs_dataset_opening *out, cs_dataset *data);

/** Commits to `data` with fresh blindings: the document's commitments and the opening. *doc has everything but `commitments`
 * and passes cs_dataset_doc_check; data has doc->rows records of doc->features values in their features' ranges and labels
 * below doc->classes (CS_ERR_INPUT otherwise). Takes the arrays of *data, which is left empty. CS_ERR_MEMORY. After a
 * failure *opening is empty. */
cs_status cs_dataset_doc_commit(cs_dataset_doc *doc, cs_dataset_opening *opening, cs_dataset *data);

/** <folder>/dataset.json. CS_ERR_IO, CS_ERR_INPUT, CS_ERR_MEMORY. */
cs_status cs_dataset_folder_read_doc(cs_dataset_doc *out, const char *folder);

/** <folder>/proof, appended to *out; it must be the one that the document names. CS_ERR_INPUT if there is none or another.
 * It is not verified: cs_wellformed_verify. */
cs_status cs_dataset_folder_read_proof(cs_buffer *out, const char *folder, const cs_dataset_doc *doc);

/** <folder>/opening, which must belong to the document, be undamaged and readable by its owner alone. */
cs_status cs_dataset_folder_read_opening(cs_dataset_opening *out, const char *folder, const cs_dataset_doc *doc);

/** CS_ERR_IO if one of the files exists. */
cs_status cs_dataset_folder_must_be_free(const char *folder);

/** Makes the folder with its files, the document last: a folder without dataset.json is no dataset. proof: NULL if
 * !doc->has_proof. CS_ERR_IO if one of the files exists. After a failure none of them is left. */
cs_status cs_dataset_folder_write(const char *folder, const cs_dataset_doc *doc, const cs_dataset_opening *opening,
                                  const cs_buffer *proof);

#endif
