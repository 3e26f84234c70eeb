#include "poly/mle.h"

cs_fr cs_eq_at(const cs_fr *a, const cs_fr *b, unsigned bits) {
    cs_fr out = CS_FR_ONE;
    for (unsigned k = 0; k < bits; k++) {
        /* a b + (1-a)(1-b) = 1 - a - b + 2ab */
        const cs_fr ab = cs_fr_mul(a[k], b[k]);
        const cs_fr sum = cs_fr_sub(cs_fr_add(CS_FR_ONE, cs_fr_add(ab, ab)), cs_fr_add(a[k], b[k]));
        out = cs_fr_mul(out, sum);
    }
    return out;
}

cs_fr cs_eq_index(const cs_fr *point, unsigned bits, size_t index) {
    cs_fr out = CS_FR_ONE;
    for (unsigned k = 0; k < bits; k++) {
        const bool bit = index >> (bits - 1 - k) & 1;
        out = cs_fr_mul(out, bit ? point[k] : cs_fr_sub(CS_FR_ONE, point[k]));
    }
    return out;
}

/* Sum over x < n of the product over k of (one(k) if bit k of x else zero(k)); the pairs are given by a function so that
 * no table is needed: walk the bits of n from the highest, adding the subtree left of n wherever a bit is one. rest[k] is
 * the product of (zero + one) over the bits after k. */
typedef struct pair {
    cs_fr zero, one;
} pair;

static cs_fr sum_below(const pair *pairs, unsigned bits, size_t n) {
    cs_fr rest[65];
    rest[bits] = CS_FR_ONE;
    for (unsigned k = bits; k-- > 0;)
        rest[k] = cs_fr_mul(rest[k + 1], cs_fr_add(pairs[k].zero, pairs[k].one));
    if (bits < 64 && n >= (size_t)1 << bits)
        return rest[0];
    cs_fr total = CS_FR_ZERO, prefix = CS_FR_ONE;
    for (unsigned k = 0; k < bits; k++) {
        const cs_fr left = cs_fr_mul(prefix, pairs[k].zero);
        if (n >> (bits - 1 - k) & 1) {
            total = cs_fr_add(total, cs_fr_mul(left, rest[k + 1]));
            prefix = cs_fr_mul(prefix, pairs[k].one);
        } else {
            prefix = left;
        }
    }
    return total;
}

cs_fr cs_indicator(const cs_fr *point, unsigned bits, size_t n) {
    pair pairs[64];
    for (unsigned k = 0; k < bits; k++)
        pairs[k] = (pair){cs_fr_sub(CS_FR_ONE, point[k]), point[k]};
    return sum_below(pairs, bits, n);
}

cs_fr cs_eq_below(const cs_fr *p, const cs_fr *q, unsigned bits, size_t n) {
    pair pairs[64];
    for (unsigned k = 0; k < bits; k++)
        pairs[k] = (pair){cs_fr_mul(cs_fr_sub(CS_FR_ONE, p[k]), cs_fr_sub(CS_FR_ONE, q[k])), cs_fr_mul(p[k], q[k])};
    return sum_below(pairs, bits, n);
}

cs_fr cs_less(const cs_fr *a, const cs_fr *b, unsigned bits) {
    cs_fr total = CS_FR_ZERO, prefix = CS_FR_ONE;
    for (unsigned k = 0; k < bits; k++) {
        const cs_fr not_a = cs_fr_sub(CS_FR_ONE, a[k]);
        total = cs_fr_add(total, cs_fr_mul(prefix, cs_fr_mul(not_a, b[k])));
        prefix = cs_fr_mul(prefix, cs_eq_at(&a[k], &b[k], 1));
    }
    return total;
}

void cs_lagrange(cs_fr *out, unsigned n, cs_fr r) {
    /* The denominator of node j is (-1)^(n-1-j) j! (n-1-j)!, so its inverse is ± binomial(n-1, j) / (n-1)!. */
    uint64_t factorial = 1, binomial = 1;
    for (unsigned m = 2; m < n; m++)
        factorial *= m;
    const cs_fr inverse = cs_fr_inv(cs_fr_from_u64(factorial));
    for (unsigned j = 0; j < n; j++) {
        cs_fr num = cs_fr_mul(inverse, cs_fr_from_u64(binomial));
        for (unsigned m = 0; m < n; m++)
            if (m != j)
                num = cs_fr_mul(num, cs_fr_sub(r, cs_fr_from_u64(m)));
        out[j] = (n - 1 - j) % 2 ? cs_fr_neg(num) : num;
        binomial = binomial * (n - 1 - j) / (j + 1);
    }
}

void cs_powers(cs_fr *out, cs_fr x, size_t n) {
    cs_fr p = CS_FR_ONE;
    for (size_t k = 0; k < n; k++) {
        out[k] = p;
        p = cs_fr_mul(p, x);
    }
}
