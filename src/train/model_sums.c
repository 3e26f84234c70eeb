#include "train/model_sums.h"

#include "base/memory.h"

enum { ENTRIES = 1 << 14 };

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
