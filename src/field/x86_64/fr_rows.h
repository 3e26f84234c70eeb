/* Internal: a vector against rows of small integers, with AVX2. */
#ifndef CS_FIELD_X86_64_FR_ROWS_H
#define CS_FIELD_X86_64_FR_ROWS_H

#include "field/fr_vec.h"

/** As cs_fr_vec_dot_rows, for as many of the rows as it can, which it returns: four at a time, none without AVX2 and for
 * 64-bit integers and field elements. */
size_t cs_fr_rows_dot(cs_fr *out, const cs_fr *v, cs_int_type type, const void *x, size_t n_rows, size_t n);

#endif
