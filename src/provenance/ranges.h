/* The ranges of a dataset's features as a lookup table: feature k with range [min, max] is looked up as value - min under
 * the tag max - min, so that features of equal width share the rows (tag, 0), …, (tag, tag). Internal to src/provenance.
 * Local. */
#ifndef CS_PROVENANCE_RANGES_H
#define CS_PROVENANCE_RANGES_H

#include "lookup/lookup.h"
#include "provenance/dataset_doc.h"

typedef struct cs_ranges {
    size_t n;              /* rows, a power of two above one, padded with copies of row 0 */
    int32_t *tag, *value;  /* [n] */
    int32_t *none;         /* [n] zeros: the columns that are not used */
    size_t *first;         /* [65536] row of (tag, 0); SIZE_MAX for a width that no feature has */
    cs_lookup_line *lines; /* [features] */
} cs_ranges;

/** CS_ERR_INPUT if the table would have more than 2^22 rows. CS_ERR_MEMORY. Freed by cs_ranges_free; empty after a failure.
 */
cs_status cs_ranges_new(cs_ranges *out, const cs_dataset_doc *d);
void cs_ranges_free(cs_ranges *r);

/** The row that feature k's value is looked up in; SIZE_MAX if it is out of its range. */
size_t cs_ranges_find(const cs_ranges *r, size_t k, int64_t value);

#endif
