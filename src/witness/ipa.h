/* Inner-product argument (Bootle, Cerulli, Chaidos, Groth, Petit, EUROCRYPT 2016, section 3, in the form of Bulletproofs,
 * section 3.1), made by the root on data that is already safe to reveal: P = sum_j f_j g_j and value = <f, right> for a
 * public vector. Halves f while it is longer than CS_IPA_STOP and sends the rest in the clear. P and value are determined
 * by the transcript before.
 *
 * A long f is shared out to the other ranks, which work out the sums over generators; the root adds them up. They learn a
 * part of f, which is uniform, and challenges. What they send is a function of what the root gave them: it says nothing of
 * their own. The root verifies the proof before anybody sees it, and if it does not hold works their parts out again. */
#ifndef CS_WITNESS_IPA_H
#define CS_WITNESS_IPA_H

#include "session/session.h"
#include "witness/ipa_share.h"

/** n: a power of two. f[n]: the root's, consumed. right[n]: consumed. The verifier's current deferred equation receives all
 * terms but those of P. The root's and the verifier's; of a vector longer than CS_IPA_STOP the other ranks call cs_ipa_help
 * at the same time: Collective. */
cs_status cs_ipa_run(cs_session *s, cs_fr *f, cs_fr *right, size_t n, cs_fr value);

/** Any rank but the root. CS_ERR_ABORT if what the root gives is malformed. Collective. */
cs_status cs_ipa_help(cs_session *s, size_t n);

/** If nobody is guilty of anything: was any rank's help wrong? From what the root kept; costs as much as the sums did.
 * CS_ERR_MEMORY. Local. */
cs_status cs_ipa_judge(const cs_record *record, cs_judge *j);

#endif
