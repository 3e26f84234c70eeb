/* Pedersen commitments. */
#include "curve/commit.h"

#include "base/memory.h"
#include "curve/msm.h"

struct cs_committer {
    cs_generators generators;
};

cs_status cs_committer_new(cs_committer **out, size_t width) {
    cs_committer *c = CS_NEW(cs_committer, 1);
    if (c == NULL)
        return CS_ERR_MEMORY;
    const cs_status status = cs_generators_get(&c->generators, width);
    if (status != CS_OK) {
        cs_free(c);
        return status;
    }
    *out = c;
    return CS_OK;
}

void cs_committer_free(cs_committer *c) {
    cs_free(c);
}

cs_g1 cs_commit_short(const cs_committer *c, const cs_fr *v, size_t n, cs_fr s) {
    cs_g1 sum = cs_g1_mul_var(c->generators.h, s);
    for (size_t j = 0; j < n; j++)
        sum = cs_g1_add(sum, cs_g1_mul_var(c->generators.g[j], v[j]));
    return sum;
}

static int64_t int_at(cs_int_type type, const void *x, size_t j) {
    switch (type) {
    case CS_INT_I8:
        return ((const int8_t *)x)[j];
    case CS_INT_I16:
        return ((const int16_t *)x)[j];
    case CS_INT_I32:
        return ((const int32_t *)x)[j];
    default:
        return ((const int64_t *)x)[j];
    }
}

static cs_status commit_row(cs_g1 *out, const cs_generators *gen, const cs_int_row *row, cs_fr s) {
    if (row->type == CS_INT_FR) {
        CS_TRY(cs_msm_var(out, row->data, gen->g, row->n));
    } else {
        *out = CS_G1_IDENTITY;
        for (int bit = 63; bit >= 0; bit--) {
            *out = cs_g1_double(*out);
            for (size_t j = 0; j < row->n; j++) {
                const int64_t v = int_at(row->type, row->data, j);
                if (v < row->min || v > row->max)
                    return cs_fail(CS_ERR_INTERNAL, "entry %zu of a committed row is outside its declared range", j);
                const uint64_t magnitude = v < 0 ? -(uint64_t)v : (uint64_t)v;
                if (magnitude >> bit & 1)
                    *out = cs_g1_add_affine(*out, v < 0 ? cs_g1_affine_neg(gen->g[j]) : gen->g[j]);
            }
        }
    }
    *out = cs_g1_add(*out, cs_g1_mul_var(gen->h, s));
    return CS_OK;
}

cs_status cs_commit_rows(cs_g1_affine *out, const cs_int_row *rows, size_t n_rows, const cs_fr *s) {
    cs_generators gen;
    size_t columns = 0;
    for (size_t k = 0; k < n_rows; k++)
        columns = rows[k].n > columns ? rows[k].n : columns;
    CS_TRY(cs_generators_get(&gen, columns));
    for (size_t k = 0; k < n_rows; k++) {
        cs_g1 sum;
        CS_TRY(commit_row(&sum, &gen, rows + k, s[k]));
        out[k] = cs_g1_to_affine(sum);
    }
    return CS_OK;
}
