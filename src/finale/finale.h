/* The finale (section 5): the ledger is folded with a random instance, and the root proves the public folded instance:
 *
 *   z* = z_r + e z,  u* = e,  E* = E_r + e T,      (a z*)(b z*) = u* (c z*) + E*   row by row
 *
 * (Nova's folding, Kothapalli, Setty, Tzialla, CRYPTO 2022, section 4, with the mask as the instance of coefficient one, so
 * that an answer is uniform for every e.) All local linear rows are one row first, all cross rows another: (row) * 1 = 0. */
#ifndef CS_FINALE_FINALE_H
#define CS_FINALE_FINALE_H

#include "session/session.h"

/** Steps 1 and 2: random instance, cross term, error, agreement, answers. After it the ranks have given their last answer
 *  (s->alone). The returned object holds what step 3 needs. Collective. */
typedef struct cs_finale cs_finale;
cs_status cs_finale_fold(cs_session *s, cs_finale **out);

/** Step 3: the folded instance in the clear, by the root alone; the verifier checks it. On other ranks nothing. */
cs_status cs_finale_prove(cs_finale *f);

void cs_finale_free(cs_finale *f);

/** Checks that a rank makes of its own rows before it answers (also used by tests): CS_ERR_ABORT with the row's label.
 * Local. */
cs_status cs_finale_check_rows(const cs_session *s);

#endif
