/* Sums of gradients that ranks keep while training, so that weight tables can be made of them (docs/protocol.md, 6.3): each
 * step's is kept by one rank, idle ones included. A row of a table changes from one step to the next by the sum of gradients
 * contracted; all ranks know that sum, so whoever keeps it contracts it for all. */
#ifndef CS_TRAIN_KEPT_SUMS_H
#define CS_TRAIN_KEPT_SUMS_H

#include "comm/comm.h"
#include "field/fr_vec.h"
#include "train/table_sums.h"

/** One step's: entries of all layers in the narrowest type that holds them. */
typedef struct cs_kept_sum {
    cs_int_type type; /* of 16, 32 or 64 bits */
    void *entries;    /* as many as the model has weights, in its order; NULL before the step */
} cs_kept_sum;

/** Zero-initialise it; cs_kept_sums_free. */
typedef struct cs_kept_sums {
    size_t first, count; /* steps of this rank */
    cs_kept_sum *steps;  /* [count] */
} cs_kept_sums;

/** Is a job of these parameters faster if its ranks keep sums, and do they take little enough memory? From public figures
 * alone, so that all ranks say the same. Not with one rank with data, whose sums are its own. Local. */
bool cs_kept_sums_pay(const cs_params *p);

/** About what a rank keeps, if it keeps any, in bytes: 4 an entry, in equal parts. Sums beyond 31 bits, which a member could
 * send on purpose, double it, and so does a part that is twice an equal one. Local. */
double cs_kept_sums_bytes(const cs_params *p);

/** Steps whose updates are in tables are divided as cs_comm_part says now, and must still say when they are contracted.
 * CS_ERR_MEMORY. Local. */
cs_status cs_kept_sums_new(cs_kept_sums *k, const cs_comm *comm, const cs_params *p);
void cs_kept_sums_free(cs_kept_sums *k);

/** The sum of a step, sum[n], signed numbers mod 2^64; n weights in the model. Copied if the step is this rank's.
 * CS_ERR_MEMORY. Local. */
cs_status cs_kept_sums_keep(cs_kept_sums *k, size_t step, const uint64_t *sum, size_t n);

/** rows[count][cs_table_width]: for each of this rank's steps s, -c_s times its sum of gradients of the table's layer,
 * contracted with vector: over the columns (forward) or the rows. All steps have been kept. CS_ERR_MEMORY. Local. */
cs_status cs_kept_sums_contract(const cs_kept_sums *k, const cs_params *p, cs_table_name which, const cs_fr *vector,
                                cs_fr *rows);

#endif
