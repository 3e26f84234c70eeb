/* A member's dataset commitment is made once and reused by later runs: the opening file keeps its blindings. Secret; mode
 * 0600; byte by byte in docs/formats.md. With the same data it gives the same commitment, so two runs of a job have the same
 * seed, draws and model. Local. */
#ifndef CS_ATTEST_DATASET_OPENING_H
#define CS_ATTEST_DATASET_OPENING_H

#include "data/dataset.h"
#include "field/fr.h"
#include "train/params.h"

typedef struct cs_opening {
    size_t n;         /* commitment rows */
    cs_fr *blindings; /* [n]; owned; wiped */
} cs_opening;

/** The opening at `path` if there is one, else a fresh one, which is written there before it is returned. The file belongs
 * to one dataset (SHA-256 of its integers and labels) and one shape of commitment; the same blindings with other data would
 * betray the difference, so it is CS_ERR_INPUT, with a text that says what to do, if `data` or the shape differ from the
 * file's. `n_rows` = cs_dataset_doc_commitments. CS_ERR_IO, CS_ERR_MEMORY. Freed by cs_opening_free. */
cs_status cs_opening_get(cs_opening *out, const char *path, const cs_params *p, size_t n_rows, const cs_dataset *data);

void cs_opening_free(cs_opening *o);

#endif
