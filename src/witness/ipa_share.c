#include "witness/ipa_share.h"

#include "base/memory.h"
#include "curve/generators.h"
#include "curve/msm.h"
#include "field/fr_vec.h"

static cs_status take_generators(cs_ipa_share *s, size_t n, size_t first, size_t count) {
    cs_generators all;
    CS_TRY(cs_generators_get(&all, n));
    for (size_t k = 0; k < s->n; k++)
        s->g[k] = all.g[n <= CS_IPA_STOP ? k : cs_ipa_share_at(first, count, k)];
    return CS_OK;
}

cs_status cs_ipa_share_new(cs_ipa_share *s, size_t n, size_t first, size_t count, bool with_f) {
    const size_t own = cs_ipa_share_size(n, count);
    *s = (cs_ipa_share){.n = own, .size = own, .weights = CS_NEW(cs_fr, own)};
    if (s->weights == NULL)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < own; k++)
        s->weights[k] = CS_FR_ONE;
    if (!with_f)
        return CS_OK;
    s->f = CS_NEW(cs_fr, own);
    s->g = CS_NEW(cs_g1_affine, own);
    s->scalars = CS_NEW(cs_fr, own / 2 + 1);
    s->points = CS_NEW(cs_g1_affine, own / 2 + 1);
    if (s->f == NULL || s->g == NULL || s->scalars == NULL || s->points == NULL)
        return CS_ERR_MEMORY;
    return take_generators(s, n, first, count);
}

void cs_ipa_share_free(cs_ipa_share *s) {
    cs_free(s->f);
    cs_free(s->weights);
    cs_free(s->g);
    cs_free(s->scalars);
    cs_free(s->points);
    *s = (cs_ipa_share){0};
}

static cs_status cross_sum(cs_ipa_share *s, bool low, cs_g1_affine *out) {
    const size_t half = s->size / 2, mine = low ? 0 : half;
    size_t m = 0;
    for (size_t k = 0; k < s->n; k++) {
        const size_t position = k % s->size;
        if ((position >= half) != low)
            continue;
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): two entries or more are left */
        s->scalars[m] = cs_fr_mul(s->weights[k], s->f[mine + position % half]);
        s->points[m++] = s->g[k];
    }
    cs_g1 sum;
    CS_TRY(cs_msm_var(&sum, s->scalars, s->points, m));
    *out = cs_g1_to_affine(sum);
    return CS_OK;
}

cs_status cs_ipa_share_sums(cs_ipa_share *s, cs_g1_affine sums[2]) {
    CS_TRY(cross_sum(s, true, &sums[0]));
    return cross_sum(s, false, &sums[1]);
}

void cs_ipa_share_halve(cs_ipa_share *s, cs_fr c, cs_fr inverse) {
    const size_t half = s->size / 2;
    if (s->f != NULL) {
        cs_fr_vec_scale(s->f, c, s->f, half);
        cs_fr_vec_axpy(s->f, inverse, s->f + half, half);
    }
    for (size_t k = 0; k < s->n; k++)
        s->weights[k] = cs_fr_mul(s->weights[k], k % s->size < half ? inverse : c);
    s->size = half;
}
