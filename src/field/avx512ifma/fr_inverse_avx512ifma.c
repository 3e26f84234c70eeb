/* Batch inversion on F with AVX-512 IFMA: Montgomery's trick in sixteen chains side by side, one inversion for all. */
#include "field/avx512ifma/fr_lanes.h"

/* A group of entries, ones in place of zeros; says which. */
CS_V8 cs_x8 nonzero(const cs_fr *a, cs_m8 *zeros) {
    const cs_x8 x = cs_x8_load(a), one = cs_x8_all(CS_FR_ONE.v);
    const cs_v8 any = cs_v8_or(cs_v8_or(cs_v8_or(x.l[0], x.l[1]), cs_v8_or(x.l[2], x.l[3])), x.l[4]);
    *zeros = cs_v8_is_zero(any);
    return cs_x8_blend(*zeros, &x, &one);
}

/* The products of all chains to their inverses. */
static void invert_chains(cs_x8 product[2], const cs_mod8 *m) {
    cs_fr chain[PAIR], inverse[PAIR], all = CS_FR_ONE;
    for (int g = 0; g < 2; g++) {
        const cs_x8 reduced = cs_x8_reduce(&product[g], m);
        cs_x8_store(chain + g * LANES, &reduced);
    }
    for (int k = 0; k < PAIR; k++) {
        inverse[k] = all;
        cs_fr_mul_to(&all, &all, &chain[k]);
    }
    all = cs_fr_inv(all);
    for (int k = PAIR; k-- > 0;) {
        cs_fr_mul_to(&inverse[k], &inverse[k], &all);
        cs_fr_mul_to(&all, &all, &chain[k]);
    }
    for (int g = 0; g < 2; g++)
        product[g] = cs_x8_load(inverse + g * LANES);
}

/* For n a multiple of PAIR; `prefix` holds n values, below 2m, and may be r if that is not a. Factors are taken 16 times, so
 * that products keep the scale 2^256. */
static void inverse_block(cs_fr *r, const cs_fr *a, cs_fr *prefix, size_t n) {
    const cs_mod8 m = cs_mod8_of(&CS_FR_M52);
    const cs_x8 one = cs_x8_all(CS_FR_ONE.v);
    cs_x8 running[2] = {one, one}, x[2], before[2], z[2];
    cs_m8 zeros[2];
    for (size_t j = 0; j < n; j += PAIR) {
        for (size_t g = 0; g < 2; g++) {
            cs_x8_store(prefix + j + g * LANES, &running[g]);
            x[g] = nonzero(a + j + g * LANES, &zeros[g]);
            x[g] = cs_x8_times16(&x[g]);
        }
        cs_x8_mul2(running, running, x, &m);
    }
    invert_chains(running, &m);
    for (size_t j = n; j > 0;) {
        j -= PAIR;
        for (size_t g = 0; g < 2; g++) {
            before[g] = cs_x8_load_shifted(prefix + j + g * LANES);
            x[g] = nonzero(a + j + g * LANES, &zeros[g]);
            x[g] = cs_x8_times16(&x[g]);
        }
        cs_x8_mul2_raw(z, running, before, &m);
        cs_x8_mul2(running, running, x, &m);
        for (size_t g = 0; g < 2; g++) {
            const cs_x8 zero = {{cs_v8_zero(), cs_v8_zero(), cs_v8_zero(), cs_v8_zero(), cs_v8_zero()}};
            z[g] = cs_x8_reduce(&z[g], &m);
            z[g] = cs_x8_blend(zeros[g], &z[g], &zero);
            cs_x8_store(r + j + g * LANES, &z[g]);
        }
    }
}

void cs_fr_avx512_inverse(cs_fr *r, const cs_fr *a, size_t n) {
    enum { BLOCK = 512 };
    const size_t whole = n - n % PAIR;
    if (r != a && whole > 0) {
        inverse_block(r, a, r, whole);
    } else {
        cs_fr prefix[BLOCK];
        for (size_t j = 0; j < whole; j += BLOCK)
            inverse_block(r + j, a + j, prefix, whole - j < BLOCK ? whole - j : BLOCK);
    }
    if (whole < n)
        cs_fr_kernels_x86_64.inverse(r + whole, a + whole, n - whole);
}
