/* Batch kernels on F in portable C. */
#include <string.h>

#include "field/fr_kernels.h"
#include "field/portable/fr_inline.h"

/* 2^512 mod r. */
static const cs_fr R2 = {{0x1bb8e645ae216da7, 0x53fe3ab1e35c59e3, 0x8c49833d53bb8085, 0x0216d0b17f4e44a5}};

static void vec_add(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    for (size_t j = 0; j < n; j++)
        r[j] = cs_fr_add_i(a[j], b[j]);
}

static void vec_sub(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    for (size_t j = 0; j < n; j++)
        r[j] = cs_fr_sub_i(a[j], b[j]);
}

static void vec_mul(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n) {
    for (size_t j = 0; j < n; j++)
        r[j] = cs_fr_mul_i(a[j], b[j]);
}

static void vec_scale(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    for (size_t j = 0; j < n; j++)
        r[j] = cs_fr_mul_i(t, a[j]);
}

static void vec_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n) {
    for (size_t j = 0; j < n; j++)
        r[j] = cs_fr_add_i(r[j], cs_fr_mul_i(t, a[j]));
}

static cs_fr vec_sum(const cs_fr *a, size_t n) {
    cs_fr s = CS_FR_ZERO;
    for (size_t j = 0; j < n; j++)
        s = cs_fr_add_i(s, a[j]);
    return s;
}

/* acc / 2^256 mod r for 9 limbs: the low half by reduction, the high half and the last limb by a multiplication each. */
static cs_fr reduce_wide(const uint64_t acc[9]) {
    const cs_fr high = {{acc[4], acc[5], acc[6], acc[7]}}, top = {{acc[8]}};
    cs_fr r;
    cs_mont_redc(r.v, acc, CS_FR_M, CS_FR_N0);
    r = cs_fr_add_i(r, cs_fr_mul_i(CS_FR_ONE, high));
    return cs_fr_add_i(r, cs_fr_mul_i(R2, top));
}

static cs_fr vec_dot(const cs_fr *a, const cs_fr *b, size_t n) {
    uint64_t acc[9] = {0};
    for (size_t j = 0; j < n; j++)
        cs_limbs_mul_add(acc, a[j].v, b[j].v);
    return reduce_wide(acc);
}

static void vec_fold(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n) {
    for (size_t j = 0; j < n; j++)
        r[j] = cs_fr_add_i(lo[j], cs_fr_mul_i(t, cs_fr_sub_i(hi[j], lo[j])));
}

/* One if a is zero, else a: without a branch. */
static cs_fr nonzero(cs_fr a, uint64_t *zero_mask) {
    const uint64_t any = a.v[0] | a.v[1] | a.v[2] | a.v[3];
    *zero_mask = ((any | -any) >> 63) - 1;
    cs_limbs_select(a.v, *zero_mask, CS_FR_ONE.v, a.v);
    return a;
}

/* Montgomery's trick; `prefix` holds n values and may be r if that is not a. */
static void inverse_block(cs_fr *r, const cs_fr *a, cs_fr *prefix, size_t n) {
    uint64_t mask;
    cs_fr product = CS_FR_ONE;
    for (size_t j = 0; j < n; j++) {
        prefix[j] = product;
        product = cs_fr_mul_i(product, nonzero(a[j], &mask));
    }
    cs_fr inverse = cs_fr_inv(product);
    for (size_t j = n; j-- > 0;) {
        const cs_fr x = nonzero(a[j], &mask);
        cs_fr y = cs_fr_mul_i(inverse, prefix[j]);
        inverse = cs_fr_mul_i(inverse, x);
        cs_limbs_select(r[j].v, mask, CS_FR_ZERO.v, y.v);
    }
}

static void vec_inverse(cs_fr *r, const cs_fr *a, size_t n) {
    enum { BLOCK = 512 };
    if (r != a) {
        inverse_block(r, a, r, n);
        return;
    }
    cs_fr prefix[BLOCK];
    for (size_t j = 0; j < n; j += BLOCK)
        inverse_block(r + j, a + j, prefix, n - j < BLOCK ? n - j : BLOCK);
}

static void vec_eq(cs_fr *r, const cs_fr *point, unsigned bits) {
    r[0] = CS_FR_ONE;
    for (unsigned k = 0; k < bits; k++)
        for (size_t x = (size_t)1 << k; x-- > 0;) {
            const cs_fr one = cs_fr_mul_i(r[x], point[k]);
            r[2 * x] = cs_fr_sub_i(r[x], one);
            r[2 * x + 1] = one;
        }
}

/* a |x| mod r for a 64-bit magnitude: a 4x1 product below 2^318 and one Barrett step. With h = floor(p / 2^253) and
 * mu = floor(2^317 / r), q = floor(h mu / 2^64) is at most two less than floor(p / r). */
CS_INLINE cs_fr times_small(cs_fr a, uint64_t x) {
    const uint64_t mu = UINT64_C(0xa948e8c4c474094f);
    uint64_t p[5], back[4], carry = 0, borrow = 0;
    for (int k = 0; k < 4; k++)
        p[k] = cs_limb_mac(&carry, a.v[k], x, 0, carry);
    p[4] = carry;
    const uint64_t h = p[4] << 3 | p[3] >> 61;
    const uint64_t q = (uint64_t)((cs_u128)h * mu >> 64);
    carry = 0;
    for (int k = 0; k < 4; k++)
        back[k] = cs_limb_mac(&carry, q, CS_FR_M[k], 0, carry);
    cs_fr out;
    for (int k = 0; k < 4; k++) /* the difference is below 3r < 2^256: the fifth limb comes out zero */
        out.v[k] = cs_limb_sbb(p[k], back[k], &borrow);
    cs_mont_reduce_once(out.v, out.v, CS_FR_M);
    cs_mont_reduce_once(out.v, out.v, CS_FR_M);
    return out;
}

/* a x with the sign of x, without a branch. */
CS_INLINE cs_fr times_int(cs_fr a, int64_t x) {
    const uint64_t negative = (uint64_t)x >> 63;
    const cs_fr plus = times_small(a, ((uint64_t)x ^ -negative) + negative);
    const cs_fr minus = cs_fr_sub_i(CS_FR_ZERO, plus);
    cs_fr out;
    cs_limbs_select(out.v, negative, minus.v, plus.v);
    return out;
}

static void vec_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        memmove(r, x, n * sizeof *r);
        return;
    }
    for (size_t j = 0; j < n; j++)
        r[j] = times_int(CS_FR_ONE, cs_int_at(type, x, j));
}

static void vec_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR) {
        vec_axpy(r, t, x, n);
        return;
    }
    for (size_t j = 0; j < n; j++)
        r[j] = cs_fr_add_i(r[j], times_int(t, cs_int_at(type, x, j)));
}

/* Sum of v x as sum of v (x + 2^63) - 2^63 sum of v: unsigned products, accumulated in six limbs, reduced once. */
static cs_fr vec_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n) {
    if (type == CS_INT_FR)
        return vec_dot(v, x, n);
    uint64_t acc[6] = {0}, sum[5] = {0};
    for (size_t j = 0; j < n; j++) {
        const uint64_t u = (uint64_t)cs_int_at(type, x, j) + (UINT64_C(1) << 63);
        uint64_t high = 0, carry = 0, carry2 = 0;
        for (int k = 0; k < 4; k++) {
            acc[k] = cs_limb_mac(&high, v[j].v[k], u, acc[k], high);
            sum[k] = cs_limb_adc(sum[k], v[j].v[k], &carry2);
        }
        acc[4] = cs_limb_adc(acc[4], high, &carry);
        acc[5] += carry;
        sum[4] += carry2;
    }
    const cs_fr low = {{acc[0], acc[1], acc[2], acc[3]}}, top = {{acc[4], acc[5]}};
    const cs_fr sum_low = {{sum[0], sum[1], sum[2], sum[3]}}, sum_top = {{sum[4]}};
    const cs_fr products = cs_fr_add_i(cs_fr_mul_i(CS_FR_ONE, low), cs_fr_mul_i(R2, top));
    const cs_fr plain = cs_fr_add_i(cs_fr_mul_i(CS_FR_ONE, sum_low), cs_fr_mul_i(R2, sum_top));
    return cs_fr_sub_i(products, times_small(plain, UINT64_C(1) << 63));
}

const cs_fr_kernels cs_fr_kernels_portable = {
    .name = "portable",
    .add = vec_add,
    .sub = vec_sub,
    .mul = vec_mul,
    .scale = vec_scale,
    .axpy = vec_axpy,
    .sum = vec_sum,
    .dot = vec_dot,
    .fold = vec_fold,
    .inverse = vec_inverse,
    .eq = vec_eq,
    .from_int = vec_from_int,
    .axpy_int = vec_axpy_int,
    .dot_int = vec_dot_int,
};
