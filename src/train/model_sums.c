#include "train/model_sums.h"

#include "base/memory.h"

enum { ENTRIES = 1 << 16 }; /* in the second cache */

/* Whether all n fit 32 bits; out is of use only then. */
static bool narrow(int32_t *out, const int64_t *w, size_t n) {
    uint64_t beyond = 0;
    for (size_t k = 0; k < n; k++) {
        beyond |= ((uint64_t)w[k] + ((uint64_t)1 << 31)) >> 32;
        out[k] = (int32_t)w[k];
    }
    return beyond == 0;
}

cs_status cs_model_contract_columns(cs_fr *out, const cs_model *m, size_t l, const cs_fr *vector, size_t first,
                                    size_t count) {
    const size_t columns = m->columns[l - 1], most = columns < ENTRIES ? ENTRIES / columns : 1;
    int32_t *small = CS_NEW(int32_t, most * columns);
    if (small == NULL)
        return CS_ERR_MEMORY;
    for (size_t row = 0; row < count; row += most) {
        const size_t n = count - row < most ? count - row : most;
        const int64_t *w = m->w[l - 1] + (first + row) * columns;
        if (narrow(small, w, n * columns))
            cs_fr_vec_dot_rows(out + row, vector, CS_INT_I32, small, n, columns);
        else
            cs_fr_vec_dot_rows(out + row, vector, CS_INT_I64, w, n, columns);
    }
    cs_free(small);
    return CS_OK;
}

cs_status cs_model_seed_contract_columns(cs_fr *const *out, const cs_params *p, const uint8_t seed[32], size_t l,
                                         const cs_fr *const *vectors, size_t n) {
    const size_t rows = p->widths[l - 1], columns = p->widths[l], most = columns < ENTRIES ? ENTRIES / columns : 1;
    cs_seed_rows weights;
    cs_seed_rows_begin(&weights, p, seed, l);
    const bool is_small = cs_seed_rows_are_small(&weights);
    int32_t *small = CS_NEW(int32_t, is_small ? most * columns : 0);
    int64_t *large = CS_NEW(int64_t, is_small ? 0 : most * columns);
    const cs_status status = small != NULL && large != NULL ? CS_OK : CS_ERR_MEMORY;
    for (size_t row = 0; status == CS_OK && row < rows; row += most) {
        const size_t count = rows - row < most ? rows - row : most;
        cs_seed_rows_next(&weights, small, large, count * columns);
        for (size_t k = 0; k < n; k++)
            if (is_small)
                cs_fr_vec_dot_rows(out[k] + row, vectors[k], CS_INT_I32, small, count, columns);
            else
                cs_fr_vec_dot_rows(out[k] + row, vectors[k], CS_INT_I64, large, count, columns);
    }
    cs_free(small);
    cs_free(large);
    return status;
}
