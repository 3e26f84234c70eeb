/* Internal to the inner-product argument: its sums over generators, or a share of them that another rank works out. The
 * generators are never folded: generator k stands in position k mod size of the folded ones. So positions that are equal
 * modulo CS_IPA_STOP meet nobody else in any round, and a share is a range of these residues. Local. */
#ifndef CS_WITNESS_IPA_SHARE_H
#define CS_WITNESS_IPA_SHARE_H

#include "curve/g1.h"
#include "field/fr.h"

enum { CS_IPA_STOP = 128 };

typedef struct cs_ipa_share {
    size_t n, size; /* entries at the start, and now */
    cs_fr *f;       /* [n] folded; NULL: only weights are wanted */
    cs_fr *weights; /* [n] scalar of each generator in the folded one */
    cs_g1_affine *g;
    /* work space */
    cs_fr *scalars;
    cs_g1_affine *points;
} cs_ipa_share;

/** Entries of a vector of n that belong to `count` residues. */
static inline size_t cs_ipa_share_size(size_t n, size_t count) {
    return n <= CS_IPA_STOP ? n : n / CS_IPA_STOP * count;
}

/** Entry k of a share is entry cs_ipa_share_at of the vector. */
static inline size_t cs_ipa_share_at(size_t first, size_t count, size_t k) {
    return k / count * CS_IPA_STOP + first + k % count;
}

/** Of a vector of n entries, a power of two, the residues first .. first + count; all of them, if n is not above
 * CS_IPA_STOP. The caller fills in f. CS_ERR_MEMORY; free in any case. */
cs_status cs_ipa_share_new(cs_ipa_share *s, size_t n, size_t first, size_t count, bool with_f);
void cs_ipa_share_free(cs_ipa_share *s);

/** sums[0] = <lower half of f, generators of the upper half>, sums[1] the other way round. CS_ERR_MEMORY. */
cs_status cs_ipa_share_sums(cs_ipa_share *s, cs_g1_affine sums[2]);

/** Halves by the challenge c, which is not zero. */
void cs_ipa_share_halve(cs_ipa_share *s, cs_fr c, cs_fr inverse);

#endif
