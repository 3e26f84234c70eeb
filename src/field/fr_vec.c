/* Chooses the implementation of the batch kernels, once per process. */
#include "field/fr_vec.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/bytes.h"
#include "field/fr_kernels.h"
#include "field/portable/fr_inline.h"

const cs_fr_kernels *cs_fr_kernels_of(cs_isa isa) {
    static const cs_fr_kernels *const all[CS_ISA_COUNT] = {
        [CS_ISA_PORTABLE] = &cs_fr_kernels_portable,
#ifdef CS_HAVE_X86_64
        [CS_ISA_X86_64] = &cs_fr_kernels_x86_64,
#endif
#ifdef CS_HAVE_AVX512IFMA
        [CS_ISA_AVX512IFMA] = &cs_fr_kernels_avx512ifma,
#endif
    };
    return cs_isa_available(isa) ? all[isa] : NULL;
}

static const cs_fr_kernels *kernels(void) {
    static _Atomic(const cs_fr_kernels *) chosen; /* every thread would choose the same */
    const cs_fr_kernels *k = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (k == NULL) {
        k = cs_fr_kernels_of(cs_isa_chosen());
        atomic_store_explicit(&chosen, k, memory_order_relaxed);
    }
    return k;
}

size_t cs_int_size(cs_int_type type) {
    static const uint8_t size[] = {1, 2, 4, 8, sizeof(cs_fr)};
    return size[type];
}

void cs_fr_vec_add(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    kernels()->add(r, a, b, n);
}

void cs_fr_vec_sub(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    kernels()->sub(r, a, b, n);
}

void cs_fr_vec_mul(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    kernels()->mul(r, a, b, n);
}

void cs_fr_vec_scale(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    kernels()->scale(r, t, a, n);
}

void cs_fr_vec_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    kernels()->axpy(r, t, a, n);
}

cs_fr cs_fr_vec_sum(const cs_fr *a, size_t n) {
    return kernels()->sum(a, n);
}

cs_fr cs_fr_vec_dot(const cs_fr *a, const cs_fr *b, size_t n) {
    return kernels()->dot(a, b, n);
}

void cs_fr_vec_fold(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n) {
    kernels()->fold(r, lo, hi, t, n);
}

void cs_fr_vec_fractions(cs_fr *p, cs_fr *q, const cs_fr *p0, const cs_fr *q0, const cs_fr *p1, const cs_fr *q1, size_t n) {
    kernels()->fractions(p, q, p0, q0, p1, q1, n);
}

void cs_fr_vec_round(cs_fr *out, const cs_fr_round *what, size_t n) {
    kernels()->round(out, what, n);
}

void cs_fr_vec_inverse(cs_fr *r, const cs_fr *a, size_t n) {
    kernels()->inverse(r, a, n);
}

/* A product of the Montgomery form with 1 leaves it, one with 2^512 mod r enters it. */
void cs_fr_vec_encode(uint8_t *out, const cs_fr *a, size_t n) {
    enum { SOME = 64 };
    cs_fr plain[SOME];
    for (size_t done = 0, some; done < n; done += some) {
        some = n - done < SOME ? n - done : SOME;
        cs_fr_vec_scale(plain, (cs_fr){{1}}, a + done, some);
        for (size_t k = 0; k < 4 * some; k++)
            cs_store_u64(out + 32 * done + 8 * k, plain[k / 4].v[k % 4]);
    }
}

bool cs_fr_vec_decode(cs_fr *out, const uint8_t *in, size_t n) {
    uint64_t below = 1, unused[4];
    for (size_t k = 0; k < n; k++) {
        for (size_t limb = 0; limb < 4; limb++)
            out[k].v[limb] = cs_load_u64(in + 32 * k + 8 * limb);
        below &= cs_limbs_sub(unused, out[k].v, CS_FR_M);
    }
    cs_fr_vec_scale(out, CS_FR_R2, out, n);
    return below == 1;
}

void cs_fr_vec_eq(cs_fr *r, const cs_fr *point, unsigned bits) {
    kernels()->eq(r, point, bits);
}

void cs_fr_vec_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    kernels()->from_int(r, type, x, n);
}

void cs_fr_vec_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    kernels()->axpy_int(r, t, type, x, n);
}

cs_fr cs_fr_vec_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    return kernels()->dot_int(v, type, x, n);
}

void cs_fr_vec_dot_rows(cs_fr *out, const cs_fr *v, cs_int_type type, const void *x, size_t n_rows, size_t n) {
    kernels()->dot_rows(out, v, type, x, n_rows, n);
}

void cs_fr_vec_affine_plan(cs_fr_affine *plan, cs_fr base, const cs_fr *t, unsigned n_terms) {
    kernels()->affine_plan(plan, base, t, n_terms);
}

void cs_fr_vec_affine(cs_fr *r, const cs_fr_affine *plan, const int64_t *const *x, size_t n) {
    kernels()->affine(r, plan, x, n);
}

void cs_fr_vec_products_add(uint64_t *sums, cs_fr t, const cs_int_product *products, size_t n_products, size_t n) {
    kernels()->products_add(sums, t, products, n_products, n);
}

void cs_fr_vec_products_take(cs_fr *out, uint64_t *sums, const cs_fr *v, cs_fr total, size_t n_products, size_t n) {
    kernels()->products_take(out, sums, v, total, n_products, n);
}
