/* Sums of many lists of points at once, each list as a tree: a pass adds pairs of all lists, in batches that share an
 * inversion, and no two additions of a pass meet. What a multi-scalar multiplication is made of. Local. */
#ifndef CS_CURVE_LIST_SUMS_H
#define CS_CURVE_LIST_SUMS_H

#include "curve/g1.h"

typedef struct cs_list_sums {
    size_t lists;
    uint32_t *start;    /* [lists + 1] list l has terms start[l] .. start[l + 1] of codes; set by the caller */
    uint32_t *codes;    /* [terms] 2 j + s for points[j], negated if s = 1; no identities; set by the caller */
    cs_g1_affine *sums; /* [lists] the identity for an empty list */
    struct cs_list_work *work;
} cs_list_sums;

/** Room for that many lists with that many terms in all (both below 2^31). CS_ERR_MEMORY. Free with cs_list_sums_free. */
cs_status cs_list_sums_new(cs_list_sums *s, size_t lists, size_t terms);
void cs_list_sums_free(cs_list_sums *s);

/** Sums of the s->lists lists that start and codes describe. Variable time. */
void cs_list_sums_run(cs_list_sums *s, const cs_g1_affine *points);

#endif
