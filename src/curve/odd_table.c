#include "curve/odd_table.h"

#include <string.h>

#include "base/memory.h"
#include "curve/batch.h"
#include "field/portable/fp_inline.h"

cs_status cs_odd_space_new(cs_odd_space *s, size_t n, size_t size) {
    *s = (cs_odd_space){.a = CS_NEW(cs_g1_affine, n * size),
                        .b = CS_NEW(cs_g1_affine, n * size),
                        .step = CS_NEW(cs_g1_affine, n),
                        .scratch = CS_NEW(cs_fp, CS_G1_SCRATCH(n * size))};
    if (s->a && s->b && s->step && s->scratch)
        return CS_OK;
    cs_odd_space_free(s);
    return CS_ERR_MEMORY;
}

void cs_odd_space_free(cs_odd_space *s) {
    cs_free(s->a);
    cs_free(s->b);
    cs_free(s->step);
    cs_free(s->scratch);
    *s = (cs_odd_space){0};
}

void cs_odd_table(cs_g1_affine *table, const cs_g1_affine *base, size_t n, size_t size, cs_odd_space *s) {
    for (size_t j = 0; j < n; j++)
        table[j * size] = base[j];
    cs_g1_batch_double(s->step, base, s->scratch, n);
    for (size_t m = 1; m < size; m *= 2) {
        /* entries m..2m are entries 0..m plus m * (2 base) */
        for (size_t j = 0; j < n; j++)
            for (size_t k = 0; k < m; k++) {
                s->a[j * m + k] = table[j * size + k];
                s->b[j * m + k] = s->step[j];
            }
        cs_g1_batch_add(s->a, s->a, s->b, s->scratch, n * m);
        for (size_t j = 0; j < n; j++)
            memcpy(table + j * size + m, s->a + j * m, m * sizeof *table);
        if (2 * m < size)
            cs_g1_batch_double(s->step, s->step, s->scratch, n);
    }
}

void cs_odd_take(cs_g1_affine *out, const cs_g1_affine *table, uint32_t code) {
    const cs_g1_affine *p = &table[code >> 1];
    cs_fp minus;
    cs_fp_sub_to(&minus, &CS_FP_ZERO, &p->y);
    out->x = p->x;
    cs_limbs_select(out->y.v, code & 1, minus.v, p->y.v);
}
