/* Internal: the prover's first rounds of the opening's sumcheck, over E_i * W_i, without either of them as a vector of field
 * elements.
 *
 * The matrix is cut into S = 2^s slots, the values of its s highest variables. With C[i][j] = <E of slot i, W of slot j>, a
 * round polynomial is a sum of entries of C folded so far in both directions, so that the integers are contracted with E's
 * short vectors once (the idea of Bagad, Dao, Domb, Thaler, "Speeding up sum-check proving", ePrint 2025/1117, for tables of
 * small integers). Afterwards E and W are written folded, one slot long. Local. */
#ifndef CS_WITNESS_SLOTS_H
#define CS_WITNESS_SLOTS_H

#include "witness/outer.h"

typedef struct cs_slots {
    const cs_witness *w;
    cs_outers products;
    unsigned bits, bound; /* s; rounds done */
    cs_fr *c;             /* [S][S], C: at first; [S / 2^bound][S / 2^bound] of it is used */
    cs_fr point[CS_SC_BITS];
    cs_sc_witness *tables; /* where the folded tables go: W is table 0, E public 0 */
} cs_slots;

/** s, the rounds that are played on slots, of a matrix of 2^row_bits rows. */
unsigned cs_slots_bits(unsigned row_bits);

/** Sets tables->first, and keeps both pointers. gammas[w->n_claims]. CS_ERR_MEMORY; free in any case, after the sumcheck. */
cs_status cs_slots_new(cs_slots *s, const cs_witness *w, const cs_fr *gammas, cs_sc_witness *tables);
void cs_slots_free(cs_slots *s);

#endif
