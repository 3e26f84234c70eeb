/* Sums of weight tables that can be attributed (docs/protocol.md, 6.12): what a rank keeps of them, and where in the
 * transcript they stand. Such a sum has the updates up to each step 1, 2, … and not W(0), which every rank adds by itself:
 * so a rank's share is a function of its committed tensors and of challenges, and that of an idle rank is zero. */
#ifndef CS_TRAIN_TABLE_SUMS_H
#define CS_TRAIN_TABLE_SUMS_H

#include "session/session.h"
#include "train/instance.h"
#include "train/sent_sums.h"
#include "witness/axis.h"

/** A weight table: W_layer, or its transpose, contracted at a point that the ranks have drawn. */
typedef struct cs_table_name {
    bool backward; /* contracted over the rows of W, which are inputs; else over its columns */
    size_t layer;
} cs_table_name;

/** Zero-initialise it; cs_table_sums_free. */
typedef struct cs_table_sums {
    cs_sent_sums sums;
    cs_table_name last;            /* that was summed */
    cs_buffer addends;             /* this rank's padded addends of it, as they travel */
    bool doubted;                  /* the proof has ended here: a rank says that it is wrong */
    uint64_t claims[CS_MAX_RANKS]; /* what each rank says of it: 0, or 1 + the first row that is wrong (0: W(0)) */
} cs_table_sums;

void cs_table_sums_free(cs_table_sums *t);

/** Room for all tables of a proof, in chains that go on from those of the gradients. CS_ERR_MEMORY. Local. */
cs_status cs_table_sums_new(cs_table_sums *t, const cs_sent_sums *gradients, const cs_params *p);

/** For the sum of table `which`, of n elements of F. The keeper borrows t. */
cs_sum_keeper cs_table_sums_keeper(cs_table_sums *t, cs_table_name which, size_t n);

/** How many tables a proof has; the number of one of them among these, from 0; Local. */
size_t cs_table_count(const cs_params *p);
size_t cs_table_number(const cs_params *p, cs_table_name which);
/** The index under which its pads and their key go, if it can be attributed: after those of the steps. */
uint64_t cs_table_key(const cs_params *p, cs_table_name which);
cs_label cs_table_label(cs_table_name which);

/** Steps whose updates are in tables: all but the last one if the step axis is full, since no row of a table follows it. */
size_t cs_table_steps(const cs_params *p);

/** Entries of a row, and of the sum: one row for each of these steps. */
size_t cs_table_width(const cs_params *p, cs_table_name which);
size_t cs_table_size(const cs_params *p, cs_table_name which);

/** The axis along which the table is contracted (rows: a long one), from the transcript's state once it has the commitments
 * to witness rows: tables come before anything else is absorbed. Local. */
cs_axis cs_table_vector(const cs_params *p, cs_table_name which, const uint8_t rows[32]);

/** Errors of layer l at a point of its short axis, as an axis of the rows of W_(l+1), whose bias gets none. */
cs_axis cs_table_input_axis(const cs_params *p, size_t l, const cs_fr *point);

/** The steps whose gradients may be why a table is wrong, as the ranks say. */
void cs_table_doubts(cs_doubts *out, const cs_table_sums *t, const cs_params *p);

#endif
