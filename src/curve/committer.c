/* Commitments to short vectors of uniform scalars, from fixed-base tables. */
#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "curve/batch.h"
#include "curve/committer.h"
#include "curve/odd_table.h"

enum { BITS = CS_COMMITTER_BITS, WINDOWS = CS_COMMITTER_WINDOWS, ENTRIES = CS_COMMITTER_ENTRIES };

/* bases[j][w] = 2^(6 w) half_j; offset[j]: the sum of 2^258 - 1 times the first j + 1 halves. */
static void window_bases(cs_g1 *bases, cs_g1 *offset, const cs_g1_affine *halves, size_t n) {
    for (size_t j = 0; j < n; j++) {
        cs_g1 p = cs_g1_from_affine(halves[j]);
        for (size_t w = 0; w < WINDOWS; w++) {
            bases[j * WINDOWS + w] = p;
            for (int k = 0; k < BITS; k++)
                p = cs_g1_double(p);
        }
        p = cs_g1_add_affine(p, cs_g1_affine_neg(halves[j]));
        offset[j] = j ? cs_g1_add(offset[j - 1], p) : p;
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
        bases && offset && affine && c->tables && c->offset ? cs_odd_space_new(&space, WINDOWS, ENTRIES) : CS_ERR_MEMORY;
    if (status == CS_OK) {
        window_bases(bases, offset, halves, c->n);
        status = cs_g1_vec_to_affine(affine, bases, n);
    }
    if (status == CS_OK)
        status = cs_g1_vec_to_affine(c->offset, offset, c->n);
    for (size_t j = 0; status == CS_OK && j < n; j += WINDOWS) /* a base at a time: the work stays in the cache */
        cs_odd_table(c->tables + j * ENTRIES, affine + j, WINDOWS, ENTRIES, &space);
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

enum { SCALARS = 16, TERMS = SCALARS * WINDOWS }; /* summed at a time */
enum { FEW = 16 };                                /* points that are quicker added one by one than in batches */

/* What a sum is made of. */
typedef struct workspace {
    uint32_t codes[TERMS], target[TERMS / 2];
    cs_g1_affine points[TERMS / 2];
    cs_fp scratch[CS_G1_SCRATCH(TERMS / 2)];
} workspace;

/* sum += the entries that n codes name: as a tree, each level a batch. */
static cs_g1 add_entries(cs_g1 sum, const cs_committer *c, workspace *w, size_t n) {
    size_t m = n / 2;
    for (size_t k = 0; k < m; k++) {
        w->target[k] = (uint32_t)k;
        cs_odd_take(&w->points[k], c->tables, w->codes[m + k]);
    }
    cs_g1_batch_accumulate(w->points, w->target, c->tables, w->codes, w->scratch, m);
    if (n % 2) {
        cs_g1_affine last;
        cs_odd_take(&last, c->tables, w->codes[n - 1]);
        sum = cs_g1_add_affine(sum, last);
    }
    for (size_t half; m > FEW; m -= half) {
        half = m / 2;
        cs_g1_batch_add(w->points, w->points, w->points + m - half, w->scratch, half);
    }
    for (size_t k = 0; k < m; k++)
        sum = cs_g1_add_affine(sum, w->points[k]);
    return sum;
}

/* What the digits' signs take away from the blinding and the scalars of a span. */
static cs_g1 add_offsets(cs_g1 sum, const cs_committer *c, cs_span where) {
    sum = cs_g1_add_affine(sum, c->offset[where.end]);
    if (where.first == 0)
        return sum;
    sum = cs_g1_add_affine(sum, cs_g1_affine_neg(c->offset[where.first]));
    return cs_g1_add_affine(sum, c->offset[0]);
}

cs_g1 cs_commit_span(const cs_committer *c, const cs_fr *v, cs_span where, cs_fr s) {
    workspace w;
    cs_g1 sum = CS_G1_IDENTITY;
    const size_t n = where.end - where.first;
    for (size_t j = 0; j <= n;) {
        size_t terms = 0;
        for (size_t end = j + SCALARS; j <= n && j < end; j++, terms += WINDOWS)
            cs_committer_codes(w.codes + terms, 1, j ? where.first + j : 0, j ? v[where.first + j - 1] : s);
        sum = add_entries(sum, c, &w, terms);
    }
    sodium_memzero(&w, sizeof w);
    return add_offsets(sum, c, where);
}

cs_g1 cs_commit_short(const cs_committer *c, const cs_fr *v, size_t n, cs_fr s) {
    return cs_commit_span(c, v, (cs_span){0, n}, s);
}
