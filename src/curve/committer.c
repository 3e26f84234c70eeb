/* Commitments to short vectors of uniform scalars, from fixed-base tables. */
#include <string.h>

#include "base/memory.h"
#include "curve/committer.h"
#include "curve/odd_table.h"

enum { BITS = CS_COMMITTER_BITS, WINDOWS = CS_COMMITTER_WINDOWS, ENTRIES = CS_COMMITTER_ENTRIES };

/* bases[j][w] = 2^(6 w) half_j; *last[j] = 2^258 half_j. */
static void window_bases(cs_g1 *bases, cs_g1 *offset, const cs_g1_affine *halves, size_t n) {
    for (size_t j = 0; j < n; j++) {
        cs_g1 p = cs_g1_from_affine(halves[j]);
        for (size_t w = 0; w < WINDOWS; w++) {
            bases[j * WINDOWS + w] = p;
            for (int k = 0; k < BITS; k++)
                p = cs_g1_double(p);
        }
        offset[j] = cs_g1_add(p, cs_g1_from_affine(cs_g1_affine_neg(halves[j])));
    }
}

static cs_status build(cs_committer *c, const cs_g1_affine *halves) {
    const size_t n = c->n * WINDOWS;
    cs_odd_space space = {0};
    cs_g1 *bases = CS_NEW(cs_g1, n), *offset = CS_NEW(cs_g1, c->n);
    cs_g1_affine *affine = CS_NEW(cs_g1_affine, n);
    c->tables = CS_NEW(cs_g1_affine, n * ENTRIES);
    c->offset = CS_NEW(cs_g1_affine, c->n);
    cs_status status =
        bases && offset && affine && c->tables && c->offset ? cs_odd_space_new(&space, n, ENTRIES) : CS_ERR_MEMORY;
    if (status == CS_OK) {
        window_bases(bases, offset, halves, c->n);
        status = cs_g1_vec_to_affine(affine, bases, n);
    }
    if (status == CS_OK)
        status = cs_g1_vec_to_affine(c->offset, offset, c->n);
    if (status == CS_OK)
        cs_odd_table(c->tables, affine, n, ENTRIES, &space);
    cs_odd_space_free(&space);
    cs_free(bases);
    cs_free(offset);
    cs_free(affine);
    return status;
}

cs_status cs_committer_new(cs_committer **out, size_t width) {
    cs_generators gens;
    *out = NULL;
    CS_TRY(cs_generators_get(&gens, width));
    cs_committer *c = CS_NEW(cs_committer, 1);
    cs_g1_affine *halves = CS_NEW(cs_g1_affine, width + 1);
    cs_status status = c && halves ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        c->n = width + 1;
        halves[0] = gens.h_half;
        memcpy(halves + 1, gens.g_half, width * sizeof *halves);
        status = build(c, halves);
    }
    cs_free(halves);
    if (status == CS_OK)
        *out = c;
    else
        cs_committer_free(c);
    return status;
}

void cs_committer_free(cs_committer *c) {
    if (!c)
        return;
    cs_free(c->tables);
    cs_free(c->offset);
    cs_free(c);
}

void cs_committer_codes(uint32_t *codes, size_t stride, size_t j, cs_fr k) {
    uint64_t limbs[5] = {0};
    cs_fr_to_limbs(limbs, k);
    for (unsigned w = 0; w < WINDOWS; w++) {
        const unsigned bit = w * BITS, limb = bit / 64, shift = bit % 64;
        uint64_t u = limbs[limb] >> shift;
        if (shift > 64 - BITS)
            u |= limbs[limb + 1] << (64 - shift);
        codes[w * stride] = cs_odd_code((j * WINDOWS + w) * ENTRIES, BITS, (unsigned)u & (2 * ENTRIES - 1));
    }
}

/* sum += k * base j. */
static cs_g1 add_multiple(const cs_committer *c, cs_g1 sum, size_t j, cs_fr k) {
    uint32_t codes[WINDOWS];
    cs_committer_codes(codes, 1, j, k);
    sum = cs_g1_add_affine(sum, c->offset[j]);
    for (unsigned w = 0; w < WINDOWS; w++) {
        cs_g1_affine p;
        cs_odd_take(&p, c->tables, codes[w]);
        sum = cs_g1_add_affine(sum, p);
    }
    return sum;
}

cs_g1 cs_commit_short(const cs_committer *c, const cs_fr *v, size_t n, cs_fr s) {
    cs_g1 sum = add_multiple(c, CS_G1_IDENTITY, 0, s);
    for (size_t j = 0; j < n; j++)
        sum = add_multiple(c, sum, j + 1, v[j]);
    return sum;
}
