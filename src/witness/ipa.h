/* Inner-product argument (Bootle, Cerulli, Chaidos, Groth, Petit, EUROCRYPT 2016, section 3, in the form of Bulletproofs,
 * section 3.1), made by the root alone on data that is already safe to reveal: P = sum_j f_j g_j and value = <f, right> for
 * a public vector. Halves f while it is longer than CS_IPA_STOP and sends the rest in the clear. P and value are determined
 * by the transcript before. */
#ifndef CS_WITNESS_IPA_H
#define CS_WITNESS_IPA_H

#include "session/session.h"

enum { CS_IPA_STOP = 128 };

/** n: a power of two. f[n]: the root's, consumed. right[n]: consumed. The verifier's current deferred equation receives all
 * terms but those of P. */
cs_status cs_ipa_run(cs_session *s, cs_fr *f, cs_fr *right, size_t n, cs_fr value);

#endif
