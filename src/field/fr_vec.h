/* Batch kernels on F. One memory format for every implementation: arrays of cs_fr (32 bytes, Montgomery, reduced).
 * Dispatched at run time per kernel call, never per multiplication; every implementation gives identical bytes.
 * r may be equal to (not otherwise overlap) any input unless said otherwise. Any n, 0 included. Local; cannot fail. */
#ifndef CS_FIELD_FR_VEC_H
#define CS_FIELD_FR_VEC_H

#include "field/fr.h"

void cs_fr_vec_add(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
void cs_fr_vec_sub(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
void cs_fr_vec_mul(cs_fr *r, const cs_fr *a, const cs_fr *b, size_t n);
void cs_fr_vec_scale(cs_fr *r, cs_fr t, const cs_fr *a, size_t n); /* r = t a */
void cs_fr_vec_axpy(cs_fr *r, cs_fr t, const cs_fr *a, size_t n);  /* r += t a */
cs_fr cs_fr_vec_sum(const cs_fr *a, size_t n);
cs_fr cs_fr_vec_dot(const cs_fr *a, const cs_fr *b, size_t n); /* products summed unreduced, reduced once */
void cs_fr_vec_fold(cs_fr *r, const cs_fr *lo, const cs_fr *hi, cs_fr t, size_t n); /* r = lo + t (hi - lo) */

/** Pairs of fractions: p/q = p0/q0 + p1/q1, that is p = p0 q1 + p1 q0 (one reduction) and q = q0 q1. p0 and p1 may both be
 * NULL for ones. p and q may be equal to (not otherwise overlap) any input. */
void cs_fr_vec_fractions(cs_fr *p, cs_fr *q, const cs_fr *p0, const cs_fr *q0, const cs_fr *p1, const cs_fr *q1, size_t n);

/* A round of a sumcheck over n pairs of entries: tables are lines through lo[j] (node 0) and hi[j] (node 1); at each node
 * X in {0, 2, 3, …, degree}
 *
 *     out = sum over j of  weight[j] * outer(j, X) * sum over terms of the product of their factors(j, X).
 */
enum { CS_ROUND_TABLES = 8, CS_ROUND_TERMS = 5, CS_ROUND_FACTORS = 3, CS_ROUND_DEGREE = 4 };

typedef struct cs_fr_round_term {
    unsigned n_factors; /* 1..3 */
    unsigned factor[CS_ROUND_FACTORS];
} cs_fr_round_term;

typedef struct cs_fr_round {
    unsigned n_tables; /* 1..8 */
    const cs_fr *lo[CS_ROUND_TABLES], *hi[CS_ROUND_TABLES];
    unsigned n_terms; /* 1..5 */
    cs_fr_round_term terms[CS_ROUND_TERMS];
    int outer;           /* a table that multiplies the sum of the terms, or -1 */
    const cs_fr *weight; /* [n], the same at every node, or NULL */
    unsigned degree;     /* 1..4: out has `degree` values (one, at node 0, for degree 1) */
} cs_fr_round;

/** out[degree], set (not added to). Products are accumulated unreduced wherever the last factor allows. n = 0: zeros. */
void cs_fr_vec_round(cs_fr *out, const cs_fr_round *what, size_t n);

void cs_fr_vec_inverse(cs_fr *r, const cs_fr *a, size_t n); /* zero stays zero; 3 multiplications each */

/** Of each what cs_fr_encode and cs_fr_decode (field/fr.h) do, out[32 n] and in[32 n]. Decode says false if any number is
 *  not below r; out is arbitrary then. */
void cs_fr_vec_encode(uint8_t *out, const cs_fr *a, size_t n);
bool cs_fr_vec_decode(cs_fr *out, const uint8_t *in, size_t n);

/** r[x] = eq(point, x) for x < 2^bits; point[0] belongs to the highest bit of x. r has 2^bits entries. */
void cs_fr_vec_eq(cs_fr *r, const cs_fr *point, unsigned bits);

/* Small integers. CS_INT_FR marks an array that already holds field elements. */
typedef enum cs_int_type { CS_INT_I8, CS_INT_I16, CS_INT_I32, CS_INT_I64, CS_INT_FR } cs_int_type;

size_t cs_int_size(cs_int_type type); /* bytes of one entry: 1, 2, 4, 8, 32 */

/** Entry j of an integer array (not of CS_INT_FR). */
static inline int64_t cs_int_at(cs_int_type type, const void *x, size_t j) {
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

/** r[j] = x[j] as a field element. */
void cs_fr_vec_from_int(cs_fr *r, cs_int_type type, const void *x, size_t n);

/** r[j] += t x[j]: no conversion of x; a 4x1-limb product and one reduction per entry. */
void cs_fr_vec_axpy_int(cs_fr *r, cs_fr t, cs_int_type type, const void *x, size_t n);

/** Sum of v[j] x[j], accumulated unreduced. |x| < 2^63; n < 2^40. */
cs_fr cs_fr_vec_dot_int(const cs_fr *v, cs_int_type type, const void *x, size_t n);

/** out[k] = sum over j < n of v[j] x[k n + j], k < n_rows: the same for a matrix of integers. */
void cs_fr_vec_dot_rows(cs_fr *out, const cs_fr *v, cs_int_type type, const void *x, size_t n_rows, size_t n);

/* Several arrays of small integers at once. Results are arbitrary where integers are out of range. */
enum { CS_AFFINE_BITS = 45, CS_AFFINE_TERMS = 40, CS_PRODUCT_BITS = 50, CS_PRODUCT_TIMES = 256, CS_PRODUCT_WORDS = 6 };

/** base + sum of t[k] x[k] with base and factors prepared: how, only the instruction set knows that did it. */
typedef struct cs_fr_affine {
    unsigned n_terms;
    cs_fr base, t[CS_AFFINE_TERMS];
} cs_fr_affine;

/** n_terms <= 40. */
void cs_fr_vec_affine_plan(cs_fr_affine *plan, cs_fr base, const cs_fr *t, unsigned n_terms);

/** r[j] = base + sum over k of t[k] x[k][j], |x| <= 2^45: four limb products a term, one reduction an entry. */
void cs_fr_vec_affine(cs_fr *r, const cs_fr_affine *plan, const int64_t *const *x, size_t n);

/** Two arrays of small integers, multiplied entry by entry; y: NULL for ones. */
typedef struct cs_int_product {
    const int64_t *x, *y;
} cs_int_product;

/** sums[k][j] += t times entry j of product k, |x y| <= 2^50, unreduced: up to 256 times from zeros on. CS_PRODUCT_WORDS
 * words an entry, laid out as the instruction set likes; n is a multiple of 8. */
void cs_fr_vec_products_add(uint64_t *sums, cs_fr t, const cs_int_product *products, size_t n_products, size_t n);

/** out[k] = sum over j of v[j] sums[k][j]; `total` is the sum of all t times the sum of v. The sums become zeros. */
void cs_fr_vec_products_take(cs_fr *out, uint64_t *sums, const cs_fr *v, cs_fr total, size_t n_products, size_t n);

#endif
