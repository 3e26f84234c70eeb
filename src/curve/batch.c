/* Chooses the batch kernels of the curve; what is built on them directly. */
#include "curve/batch.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/memory.h"
#include "field/portable/fp_inline.h"

const cs_g1_kernels *cs_g1_kernels_of(cs_isa isa) {
    static const cs_g1_kernels *const all[CS_ISA_COUNT] = {
        [CS_ISA_PORTABLE] = &cs_g1_kernels_portable,
#ifdef CS_HAVE_X86_64
        [CS_ISA_X86_64] = &cs_g1_kernels_x86_64,
#endif
#ifdef CS_HAVE_AVX512IFMA
        [CS_ISA_AVX512IFMA] = &cs_g1_kernels_avx512ifma,
#endif
    };
    return cs_isa_available(isa) ? all[isa] : NULL;
}

const cs_g1_kernels *cs_g1_kernels_chosen(void) {
    static _Atomic(const cs_g1_kernels *) chosen; /* every thread would choose the same */
    const cs_g1_kernels *k = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (k == NULL) {
        k = cs_g1_kernels_of(cs_isa_chosen());
        atomic_store_explicit(&chosen, k, memory_order_relaxed);
    }
    return k;
}

void cs_g1_batch_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, cs_fp *scratch, size_t n) {
    cs_g1_kernels_chosen()->add(r, a, b, scratch, n);
}

void cs_g1_batch_accumulate(cs_g1_affine *acc, const uint32_t *target, const cs_g1_affine *points, const uint32_t *index,
                            cs_fp *scratch, size_t n) {
    cs_g1_kernels_chosen()->accumulate(acc, target, points, index, scratch, n);
}

void cs_g1_batch_double(cs_g1_affine *r, const cs_g1_affine *a, cs_fp *scratch, size_t n) {
    cs_g1_kernels_chosen()->twice(r, a, scratch, n);
}

void cs_g1_batch_roots(cs_fp *r, const cs_fp *a, size_t n) {
    cs_g1_kernels_chosen()->roots(r, a, n);
}

cs_status cs_g1_vec_add(cs_g1_affine *r, const cs_g1_affine *a, const cs_g1_affine *b, size_t n) {
    cs_fp *scratch = CS_NEW(cs_fp, CS_G1_SCRATCH(n));
    if (scratch == NULL)
        return CS_ERR_MEMORY;
    cs_g1_batch_add(r, a, b, scratch, n);
    cs_free(scratch);
    return CS_OK;
}

cs_status cs_g1_vec_to_affine(cs_g1_affine *r, const cs_g1 *a, size_t n) {
    cs_fp *prefix = CS_NEW(cs_fp, n);
    if (prefix == NULL)
        return CS_ERR_MEMORY;
    cs_fp product = CS_FP_ONE;
    for (size_t j = 0; j < n; j++) {
        prefix[j] = product;
        if (!cs_g1_is_identity(a[j]))
            cs_fp_mul_to(&product, &product, &a[j].z);
    }
    cs_fp inverse = cs_fp_inv(product);
    for (size_t j = n; j-- > 0;) {
        cs_fp zi, zz;
        if (cs_g1_is_identity(a[j])) {
            r[j] = CS_G1_AFFINE_IDENTITY;
            continue;
        }
        cs_fp_mul_to(&zi, &inverse, prefix + j);
        cs_fp_mul_to(&inverse, &inverse, &a[j].z);
        cs_fp_mul_to(&zz, &zi, &zi);
        cs_fp_mul_to(&r[j].x, &a[j].x, &zz);
        cs_fp_mul_to(&zz, &zz, &zi);
        cs_fp_mul_to(&r[j].y, &a[j].y, &zz);
    }
    cs_free(prefix);
    return CS_OK;
}

enum { SUM_BATCH = 1024, SUM_FEW = 16 }; /* additions at a time; and so few that one by one they take less time */

/* The last rows of a sum. */
static cs_status sum_few(cs_g1_affine *sum, const cs_g1_affine *points, size_t rows, size_t n) {
    cs_g1 *total = CS_NEW(cs_g1, n);
    cs_status status = total ? CS_OK : CS_ERR_MEMORY;
    for (size_t k = 0; status == CS_OK && k < n; k++) {
        total[k] = cs_g1_from_affine(points[k]);
        for (size_t row = 1; row < rows; row++)
            total[k] = cs_g1_add_affine(total[k], points[row * n + k]);
    }
    if (status == CS_OK)
        status = cs_g1_vec_to_affine(sum, total, n);
    cs_free(total);
    return status;
}

cs_status cs_g1_vec_sum(cs_g1_affine *sum, cs_g1_affine *points, size_t rows, size_t n) {
    cs_fp *scratch = CS_NEW(cs_fp, CS_G1_SCRATCH(SUM_BATCH));
    if (scratch == NULL)
        return CS_ERR_MEMORY;
    for (size_t half; rows / 2 * n > SUM_FEW; rows -= half) {
        half = rows / 2;
        const cs_g1_affine *other = points + (rows - half) * n;
        for (size_t j = 0; j < half * n; j += SUM_BATCH)
            cs_g1_batch_add(points + j, points + j, other + j, scratch, half * n - j < SUM_BATCH ? half * n - j : SUM_BATCH);
    }
    cs_free(scratch);
    return sum_few(sum, points, rows, n);
}
