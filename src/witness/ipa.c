#include "witness/ipa.h"
#include "base/memory.h"
#include "curve/msm.h"
#include "field/fr_vec.h"

typedef struct ipa {
    cs_session *s;
    size_t n, size; /* of the start, and now */
    cs_fr *f, *right;
    cs_fr *weights; /* [n] scalar of each original generator in the folded one */
    cs_fr base;     /* multiple of u that carries the value */
    cs_fr *scalars; /* [n / 2 + 1] */
    cs_g1_affine *points;
    cs_generators gens;
} ipa;

/* <half of f, generators of the other half> + base <half of f, other half of right> u. The generators are never folded:
 * original generator k stands in folded position k mod size. */
static cs_status cross_term(ipa *a, bool low, cs_g1_affine *out) {
    const size_t half = a->size / 2, mine = low ? 0 : half, other = low ? half : 0;
    size_t m = 0;
    for (size_t k = 0; k < a->n; k++) {
        const size_t position = k % a->size;
        if ((position >= half) != low)
            continue;
        a->scalars[m] = cs_fr_mul(a->weights[k], a->f[mine + position % half]);
        a->points[m++] = a->gens.g[k];
    }
    a->scalars[m] = cs_fr_mul(a->base, cs_fr_vec_dot(a->f + mine, a->right + other, half));
    a->points[m++] = a->gens.u;
    cs_g1 sum;
    CS_TRY(cs_msm_var(&sum, a->scalars, a->points, m));
    *out = cs_g1_to_affine(sum);
    return CS_OK;
}

static cs_status halve(ipa *a) {
    const size_t half = a->size / 2;
    cs_g1_affine sent[2] = {CS_G1_AFFINE_IDENTITY, CS_G1_AFFINE_IDENTITY};
    if (cs_is_root(a->s)) {
        CS_TRY(cross_term(a, true, &sent[0]));
        CS_TRY(cross_term(a, false, &sent[1]));
    }
    CS_TRY(cs_session_root_points(a->s, CS_LABEL_IPA_ROUND, sent, 2));
    const cs_fr c = cs_session_challenge(a->s, CS_LABEL_IPA_CHALLENGE), inverse = cs_fr_inv(c);
    if (cs_fr_is_zero(c))
        return cs_fail(CS_REJECT, "inner product: a challenge is zero");
    if (!cs_proving(a->s)) {
        CS_TRY(cs_deferred_add(&a->s->deferred, cs_fr_sqr(c), sent[0]));
        CS_TRY(cs_deferred_add(&a->s->deferred, cs_fr_sqr(inverse), sent[1]));
    } else {
        cs_fr_vec_scale(a->f, c, a->f, half);
        cs_fr_vec_axpy(a->f, inverse, a->f + half, half);
    }
    cs_fr_vec_scale(a->right, inverse, a->right, half);
    cs_fr_vec_axpy(a->right, c, a->right + half, half);
    for (size_t k = 0; k < a->n; k++)
        a->weights[k] = cs_fr_mul(a->weights[k], k % a->size < half ? inverse : c);
    a->size = half;
    return CS_OK;
}

/* The verifier's equation: … + base (value - <f, right>) u = sum of f_{k mod size} weights_k g_k. */
static cs_status finish(ipa *a, cs_fr value) {
    CS_TRY(cs_session_root_scalars(a->s, CS_LABEL_IPA_LAST, a->f, a->size));
    if (cs_proving(a->s))
        return CS_OK;
    const cs_fr gap = cs_fr_sub(value, cs_fr_vec_dot(a->f, a->right, a->size));
    cs_deferred_add_u(&a->s->deferred, cs_fr_mul(a->base, gap));
    for (size_t k = 0; k < a->n; k++)
        a->weights[k] = cs_fr_neg(cs_fr_mul(a->weights[k], a->f[k % a->size]));
    return cs_deferred_add_generators(&a->s->deferred, a->weights, a->n);
}

cs_status cs_ipa_run(cs_session *s, cs_fr *f, cs_fr *right, size_t n, cs_fr value) {
    ipa a = {.s = s,
             .n = n,
             .size = n,
             .f = f,
             .right = right,
             .weights = CS_NEW(cs_fr, n),
             .scalars = CS_NEW(cs_fr, n / 2 + 1),
             .points = CS_NEW(cs_g1_affine, n / 2 + 1)};
    cs_status status = a.weights && a.scalars && a.points ? cs_generators_get(&a.gens, n) : CS_ERR_MEMORY;
    a.base = cs_session_challenge(s, CS_LABEL_IPA_BASE);
    for (size_t k = 0; status == CS_OK && k < n; k++)
        a.weights[k] = CS_FR_ONE;
    while (status == CS_OK && a.size > CS_IPA_STOP)
        status = halve(&a);
    if (status == CS_OK)
        status = finish(&a, value);
    cs_free(a.weights);
    cs_free(a.scalars);
    cs_free(a.points);
    return status;
}
