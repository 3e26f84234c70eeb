#include "session/deferred.h"
#include "base/memory.h"
#include "curve/msm.h"
#include <string.h>

void cs_deferred_begin(cs_deferred *d) {
    d->weight = cs_fr_random();
}

static cs_status reserve(cs_deferred *d) {
    const size_t capacity = d->n ? 2 * d->n : 1024;
    if (d->n == d->cap_scalars) {
        cs_fr *scalars = cs_grow(d->scalars, d->n, capacity, sizeof *scalars);
        if (!scalars)
            return CS_ERR_MEMORY;
        d->scalars = scalars;
        d->cap_scalars = capacity;
    }
    if (d->n == d->cap_points) {
        cs_g1_affine *points = cs_grow(d->points, d->n, capacity, sizeof *points);
        if (!points)
            return CS_ERR_MEMORY;
        d->points = points;
        d->cap_points = capacity;
    }
    return CS_OK;
}

cs_status cs_deferred_add(cs_deferred *d, cs_fr scalar, cs_g1_affine point) {
    CS_TRY(reserve(d));
    d->scalars[d->n] = cs_fr_mul(d->weight, scalar);
    d->points[d->n++] = point;
    return CS_OK;
}

cs_status cs_deferred_add_generators(cs_deferred *d, const cs_fr *scalars, size_t n) {
    if (n > d->n_generators) {
        cs_fr *grown = cs_grow(d->generators, d->n_generators, n, sizeof *grown);
        if (!grown)
            return CS_ERR_MEMORY;
        d->generators = grown;
        d->n_generators = n;
    }
    cs_fr_vec_axpy(d->generators, d->weight, scalars, n);
    return CS_OK;
}

void cs_deferred_add_h(cs_deferred *d, cs_fr scalar) {
    d->h = cs_fr_add(d->h, cs_fr_mul(d->weight, scalar));
}

void cs_deferred_add_u(cs_deferred *d, cs_fr scalar) {
    d->u = cs_fr_add(d->u, cs_fr_mul(d->weight, scalar));
}

cs_status cs_deferred_merge(cs_deferred *d, const cs_deferred *other) {
    d->weight = CS_FR_ONE; /* no equation is in work */
    for (size_t k = 0; k < other->n; k++)
        CS_TRY(cs_deferred_add(d, other->scalars[k], other->points[k]));
    cs_deferred_add_h(d, other->h);
    cs_deferred_add_u(d, other->u);
    return cs_deferred_add_generators(d, other->generators, other->n_generators);
}

/* All terms in two arrays: the points added, the generators, h and u. */
static cs_status collect(const cs_deferred *d, cs_fr *scalars, cs_g1_affine *points) {
    cs_generators gens;
    CS_TRY(cs_generators_get(&gens, d->n_generators));
    if (d->n > 0) {
        memcpy(scalars, d->scalars, d->n * sizeof *scalars);
        memcpy(points, d->points, d->n * sizeof *points);
    }
    if (d->n_generators > 0) {
        memcpy(scalars + d->n, d->generators, d->n_generators * sizeof *scalars);
        memcpy(points + d->n, gens.g, d->n_generators * sizeof *points);
    }
    const size_t last = d->n + d->n_generators;
    scalars[last] = d->h;
    points[last] = gens.h;
    scalars[last + 1] = d->u;
    points[last + 1] = gens.u;
    return CS_OK;
}

cs_status cs_deferred_check(const cs_deferred *d) {
    const size_t n = d->n + d->n_generators + 2;
    cs_fr *scalars = CS_NEW(cs_fr, n);
    cs_g1_affine *points = CS_NEW(cs_g1_affine, n);
    cs_g1 sum = CS_G1_IDENTITY;
    cs_status status = scalars && points ? collect(d, scalars, points) : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_msm_var(&sum, scalars, points, n);
    if (status == CS_OK && !cs_g1_is_identity(sum))
        status = cs_fail(CS_REJECT, "commitments: an answer does not open its commitments");
    cs_free(scalars);
    cs_free(points);
    return status;
}

void cs_deferred_free(cs_deferred *d) {
    cs_free(d->scalars);
    cs_free(d->points);
    cs_free(d->generators);
    *d = (cs_deferred){0};
}
