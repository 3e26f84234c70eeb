/* Internal: the table's side of the lookups. The denominators of its rows are public once alpha and beta are drawn, so what
 * it adds up to is a linear function of a rank's committed multiplicities. */
#ifndef CS_LOOKUP_TABLE_H
#define CS_LOOKUP_TABLE_H

#include "lookup/leaves.h"

/** The claim that sum over rows y of mult(y) / (alpha - table(y)) of rank i is variable sum + i stride, for every i. Draws
 * the ranks' weights. CS_ERR_ABORT if a denominator is zero. Local. */
cs_status cs_lookup_table_claim(const cs_leaves *l, cs_witness *w, cs_var sum, size_t stride);

#endif
