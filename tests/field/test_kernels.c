/* The batch kernels of every available instruction set: identical bytes to the portable ones, which test_field checks
 * against FLINT; every length from 0 to 70 and some longer ones, extreme values, results over inputs. Rounds of sumchecks
 * against their definition. Run with the AVX-512 kernels in plain C as well (build/emulated). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "field/fr_kernels.h"
#include "field/product.h"

enum { LONGEST = 1500, SHORT = 70 };
static const size_t LONG[] = {127, 128, 129, 1000, LONGEST};
enum { N_LENGTHS = SHORT + 1 + sizeof LONG / sizeof *LONG };

static size_t length(size_t k) {
    return k <= SHORT ? k : LONG[k - SHORT - 1];
}

typedef struct inputs {
    cs_fr a[LONGEST], b[LONGEST], c[LONGEST], d[LONGEST];
    int8_t i8[LONGEST];
    int16_t i16[LONGEST];
    int32_t i32[LONGEST];
    int64_t i64[LONGEST], small[LONGEST], smaller[LONGEST], halves[LONGEST];
} inputs;

/* 0, 1, r - 1, values with all-ones limbs, otherwise random. */
static cs_fr sample(void) {
    const cs_fr minus_one = cs_fr_neg(CS_FR_ONE);
    switch (rand() % 12) {
    case 0:
        return CS_FR_ZERO;
    case 1:
        return CS_FR_ONE;
    case 2:
        return minus_one;
    case 3: /* the greatest reduced limbs, and ones below */
        return (cs_fr){{0x43e1f593f0000000, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
    case 4:
        return (cs_fr){{UINT64_MAX, UINT64_MAX, UINT64_MAX, 0x30644e72e131a028}};
    case 5:
        return (cs_fr){{UINT64_MAX, 0, UINT64_MAX, 0}};
    default:
        return cs_fr_random();
    }
}

static int64_t sample_int(int64_t min, int64_t max) {
    switch (rand() % 8) {
    case 0:
        return min;
    case 1:
        return max;
    case 2:
        return rand() % 3 - 1;
    default: {
        uint64_t x = 0;
        for (int k = 0; k < 4; k++)
            x = x << 16 ^ (uint64_t)rand();
        const uint64_t range = (uint64_t)max - (uint64_t)min;
        return (int64_t)((uint64_t)min + (range == UINT64_MAX ? x : x % (range + 1)));
    }
    }
}

static inputs *make_inputs(void) {
    inputs *in = malloc(sizeof *in);
    assert_non_null(in);
    for (size_t k = 0; k < LONGEST; k++) {
        in->a[k] = sample();
        in->b[k] = sample();
        in->c[k] = sample();
        in->d[k] = sample();
        in->i8[k] = (int8_t)sample_int(INT8_MIN, INT8_MAX);
        in->i16[k] = (int16_t)sample_int(INT16_MIN, INT16_MAX);
        in->i32[k] = (int32_t)sample_int(INT32_MIN, INT32_MAX);
        in->i64[k] = sample_int(INT64_MIN + 1, INT64_MAX);
        in->small[k] = sample_int(-(INT64_C(1) << CS_PRODUCT_BITS), INT64_C(1) << CS_PRODUCT_BITS);
        in->halves[k] = sample_int(-(INT64_C(1) << CS_PRODUCT_BITS / 2), INT64_C(1) << CS_PRODUCT_BITS / 2);
        in->smaller[k] = sample_int(-(INT64_C(1) << CS_AFFINE_BITS), INT64_C(1) << CS_AFFINE_BITS);
    }
    return in;
}

/* What a kernel writes; entries behind the end must stay as they are. */
typedef struct outputs {
    cs_fr r[LONGEST + 1], s[LONGEST + 1];
} outputs;

/* Runs one kernel of an implementation; `over` lets the result take an input's place. */
typedef void run_fn(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over);

static void start(outputs *out, const cs_fr *r, const cs_fr *s) {
    memset(out, 0x5a, sizeof *out);
    if (r)
        memcpy(out->r, r, LONGEST * sizeof *r);
    if (s)
        memcpy(out->s, s, LONGEST * sizeof *s);
}

static void run_add(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, over ? in->a : NULL, NULL);
    k->add(out->r, over ? out->r : in->a, in->b, n);
}

static void run_sub(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, over ? in->b : NULL, NULL);
    k->sub(out->r, in->a, over ? out->r : in->b, n);
}

static void run_mul(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, over ? in->b : NULL, NULL);
    k->mul(out->r, in->a, over ? out->r : in->b, n);
}

static void run_square(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, in->c, NULL);
    k->mul(out->r, over ? out->r : in->c, over ? out->r : in->c, n);
}

static void run_scale(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, over ? in->a : NULL, NULL);
    k->scale(out->r, in->d[n], over ? out->r : in->a, n);
}

static void run_axpy(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, in->a, NULL);
    k->axpy(out->r, in->d[n], over ? out->r : in->b, n);
}

static void run_fold(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, over ? in->a : NULL, NULL);
    k->fold(out->r, over ? out->r : in->a, in->b, in->d[n], n);
}

static void run_sums(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, NULL, NULL);
    out->r[0] = k->sum(in->a, n);
    out->r[1] = k->dot(in->a, over ? in->a : in->b, n);
}

static void run_fractions(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, over ? in->a : NULL, over ? in->b : NULL);
    k->fractions(out->r, out->s, over ? out->r : in->a, over ? out->s : in->b, in->c, in->d, n);
}

static void run_fractions_of_ones(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, NULL, over ? in->b : NULL);
    k->fractions(out->r, out->s, NULL, over ? out->s : in->b, NULL, in->d, n);
}

static void run_inverse(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    start(out, over ? in->a : NULL, NULL);
    k->inverse(out->r, over ? out->r : in->a, n);
}

static void run_eq(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    (void)over;
    start(out, NULL, NULL);
    k->eq(out->r, in->a + n, (unsigned)(n % 11));
}

static const struct {
    cs_int_type type;
    size_t offset;
} INTS[] = {{CS_INT_I8, offsetof(inputs, i8)},
            {CS_INT_I16, offsetof(inputs, i16)},
            {CS_INT_I32, offsetof(inputs, i32)},
            {CS_INT_I64, offsetof(inputs, i64)},
            {CS_INT_FR, offsetof(inputs, c)}};
enum { N_INTS = sizeof INTS / sizeof *INTS };

/* All integer kernels of one type: results one after the other, each of at most LONGEST / 2 entries. */
static void run_ints(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    const size_t which = n % N_INTS, m = n < LONGEST / 2 ? n : LONGEST / 2;
    const void *x = (const uint8_t *)in + INTS[which].offset;
    (void)over;
    start(out, in->a, NULL);
    k->axpy_int(out->r, in->d[n % LONGEST], INTS[which].type, x, m);
    k->from_int(out->s, INTS[which].type, x, m);
    out->s[m] = k->dot_int(in->b, INTS[which].type, x, m);
}

/* Rows of integers of one type, of one to several hundred entries; against the product of each row. */
static void run_rows(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    const size_t which = n % N_INTS, columns = over ? n / 4 : 1 + n % 9, rows = columns ? n / columns : 3;
    const uint8_t *x = (const uint8_t *)in + INTS[which].offset;
    start(out, NULL, NULL);
    k->dot_rows(out->r, in->b, INTS[which].type, x, rows, columns);
    for (size_t row = 0; row < rows; row++)
        out->s[row] = k->dot_int(in->b, INTS[which].type, x + row * columns * cs_int_size(INTS[which].type), columns);
    assert_memory_equal(out->r, out->s, rows * sizeof(cs_fr));
}

/* Several arrays of small integers at once. */
static void run_affine(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    const int64_t *x[CS_AFFINE_TERMS];
    cs_fr_affine plan;
    const unsigned terms = over ? CS_AFFINE_TERMS : (unsigned)(n % 6);
    for (unsigned t = 0; t < terms; t++) {
        const size_t offset = (size_t)t * 7 % (LONGEST - n);
        x[t] = in->smaller + offset;
    }
    start(out, NULL, NULL);
    k->affine_plan(&plan, in->c[n % LONGEST], in->a, terms);
    k->affine(out->r, &plan, x, n);
}

/* Sums of products of small integers, as many as may be; `over`: the extreme ones. */
static void run_products(const cs_fr_kernels *k, const inputs *in, outputs *out, size_t n, bool over) {
    enum { PRODUCTS = 3 };
    static int64_t most[LONGEST], one[LONGEST];
    const size_t whole = n - n % 8;
    const cs_int_product products[PRODUCTS] = {
        {over ? most : in->small, NULL}, {over ? most : in->small, over ? one : most}, {in->halves, in->halves}};
    uint64_t *sums = calloc(PRODUCTS * CS_PRODUCT_WORDS * LONGEST, sizeof *sums);
    assert_non_null(sums);
    for (size_t j = 0; j < LONGEST; j++) {
        most[j] = over ? INT64_C(1) << CS_PRODUCT_BITS : j % 3 == 0 ? -1 : 1;
        one[j] = j % 2 ? 1 : -1;
    }
    const cs_fr sum = k->sum(in->b, whole);
    start(out, NULL, NULL);
    for (unsigned turn = 0; turn < 2; turn++) {
        cs_fr weights = CS_FR_ZERO;
        for (unsigned t = 0; t < (over ? CS_PRODUCT_TIMES : 3); t++) {
            const cs_fr weight = over ? cs_fr_neg(CS_FR_ONE) : in->a[t];
            k->products_add(sums, weight, products, PRODUCTS, whole);
            weights = cs_fr_add(weights, weight);
        }
        k->products_take(out->r + turn * PRODUCTS, sums, in->b, cs_fr_mul(weights, sum), PRODUCTS, whole);
    }
    free(sums);
}

static run_fn *const RUNS[] = {run_add,     run_sub,  run_mul,    run_square,    run_scale,
                               run_axpy,    run_fold, run_sums,   run_fractions, run_fractions_of_ones,
                               run_inverse, run_eq,   run_affine, run_products};

static void compare(run_fn *run, const cs_fr_kernels *k, const inputs *in, size_t n, outputs out[2]) {
    const cs_fr_kernels *portable = cs_fr_kernels_of(CS_ISA_PORTABLE);
    for (int over = 0; over < 2; over++) {
        run(portable, in, &out[0], n, over);
        run(k, in, &out[1], n, over);
        assert_memory_equal(&out[0], &out[1], sizeof out[0]);
    }
}

static void same_bytes_as_portable(void **state) {
    (void)state;
    inputs *in = make_inputs();
    outputs *out = malloc(2 * sizeof *out);
    assert_non_null(out);
    for (unsigned isa = 1; isa < CS_ISA_COUNT; isa++) {
        const cs_fr_kernels *k = cs_fr_kernels_of((cs_isa)isa);
        for (size_t l = 0; k && l < N_LENGTHS; l++) {
            const size_t n = length(l) < LONGEST ? length(l) : LONGEST - 1;
            for (size_t r = 0; r < sizeof RUNS / sizeof *RUNS; r++)
                compare(RUNS[r], k, in, n, out);
            for (size_t which = 0; which < N_INTS; which++) {
                compare(run_ints, k, in, n + which, out);
                if (n + which < LONGEST)
                    compare(run_rows, k, in, n + which, out);
            }
        }
    }
    free(in);
    free(out);
}

/* ---- rounds ---- */

static cs_fr line_at(const cs_fr_round *w, unsigned table, size_t j, uint64_t node) {
    const cs_fr step = cs_fr_sub(w->hi[table][j], w->lo[table][j]);
    return cs_fr_add(w->lo[table][j], cs_fr_mul(cs_fr_from_u64(node), step));
}

static cs_fr round_by_definition(const cs_fr_round *w, size_t n, uint64_t node) {
    cs_fr total = CS_FR_ZERO;
    for (size_t j = 0; j < n; j++) {
        cs_fr sum = CS_FR_ZERO;
        for (unsigned k = 0; k < w->n_terms; k++) {
            cs_fr product = CS_FR_ONE;
            for (unsigned f = 0; f < w->terms[k].n_factors; f++)
                product = cs_fr_mul(product, line_at(w, w->terms[k].factor[f], j, node));
            sum = cs_fr_add(sum, product);
        }
        if (w->outer >= 0)
            sum = cs_fr_mul(sum, line_at(w, (unsigned)w->outer, j, node));
        if (w->weight)
            sum = cs_fr_mul(sum, w->weight[j]);
        total = cs_fr_add(total, sum);
    }
    return total;
}

/* Shapes of all kinds; two times of three those with kernels of their own: degree 2, one or two products of two factors or
 * a product and a single table; degree 3, a product under an outer table. */
static cs_fr_round random_round(const inputs *in) {
    const cs_fr *const arrays[4] = {in->a, in->b, in->c, in->d};
    const int kind = rand() % 3;
    const bool pairs = kind == 1, outer_pair = kind == 2;
    cs_fr_round w = {.n_tables = pairs ? 4 : 1 + (unsigned)rand() % CS_ROUND_TABLES,
                     .n_terms = 1 + (unsigned)rand() % (pairs ? 2 : CS_ROUND_TERMS),
                     .degree = pairs ? 2 : 1 + (unsigned)rand() % CS_ROUND_DEGREE};
    for (unsigned k = 0; k < w.n_tables; k++) {
        w.lo[k] = arrays[rand() % 4] + rand() % 9;
        w.hi[k] = arrays[rand() % 4] + rand() % 9;
    }
    for (unsigned k = 0; k < w.n_terms; k++) {
        w.terms[k].n_factors = !pairs ? 1 + (unsigned)rand() % CS_ROUND_FACTORS : k ? 1 + (unsigned)rand() % 2 : 2;
        for (unsigned f = 0; f < w.terms[k].n_factors; f++)
            w.terms[k].factor[f] = (unsigned)rand() % w.n_tables;
    }
    w.outer = pairs || rand() % 2 ? -1 : (int)((unsigned)rand() % w.n_tables);
    w.weight = rand() % 2 ? in->d + 11 : NULL;
    if (outer_pair) {
        w.n_terms = 1;
        w.terms[0].n_factors = 2;
        w.terms[0].factor[1] = (unsigned)rand() % w.n_tables;
        w.outer = (int)((unsigned)rand() % w.n_tables);
        w.weight = NULL;
        w.degree = 3;
    }
    return w;
}

static void rounds_by_definition(void **state) {
    (void)state;
    inputs *in = make_inputs();
    for (int trial = 0; trial < 300; trial++) {
        const cs_fr_round w = random_round(in);
        const size_t n = trial % 50 == 0 ? 1200 : (size_t)rand() % 71;
        for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
            const cs_fr_kernels *k = cs_fr_kernels_of((cs_isa)isa);
            cs_fr out[CS_ROUND_DEGREE];
            if (!k)
                continue;
            k->round(out, &w, n);
            for (unsigned node = 0; node < w.degree; node++)
                assert_true(cs_fr_eq(out[node], round_by_definition(&w, n, node ? node + 1 : 0)));
        }
    }
    free(in);
}

/* Values as far from zero as lines take them, every shape: nothing overflows before it is reduced. */
static void rounds_of_extremes(void **state) {
    (void)state;
    enum { MANY = 24 };
    cs_fr most[MANY], none[MANY];
    for (size_t k = 0; k < MANY; k++) {
        most[k] = (cs_fr){{0x43e1f593f0000000, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
        none[k] = CS_FR_ZERO;
    }
    for (unsigned shape = 0; shape < 2 * 2 * 2 * 3 * 5 * 4; shape++) {
        const cs_fr *const lo = shape & 1 ? most : none, *const hi = shape & 1 ? none : most;
        cs_fr_round w = {.n_tables = 1, .lo = {lo}, .hi = {hi}, .outer = shape & 2 ? 0 : -1, .degree = 1 + shape / 8 % 4};
        w.weight = shape & 4 ? most : NULL;
        w.n_terms = 1 + shape / 32 % 5;
        for (unsigned k = 0; k < w.n_terms; k++)
            w.terms[k].n_factors = 1 + shape / 160;
        for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
            const cs_fr_kernels *k = cs_fr_kernels_of((cs_isa)isa);
            cs_fr out[CS_ROUND_DEGREE];
            if (!k)
                continue;
            k->round(out, &w, MANY);
            for (unsigned node = 0; node < w.degree; node++)
                assert_true(cs_fr_eq(out[node], round_by_definition(&w, MANY, node ? node + 1 : 0)));
        }
    }
}

/* Column sums of many large products: more than any accumulator takes without carrying. */
static void long_sums_of_large_values(void **state) {
    (void)state;
    enum { MANY = 9000 };
    const cs_fr large = {{0x43e1f593f0000000, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
    cs_fr *a = malloc(MANY * sizeof *a);
    int64_t *x = malloc(MANY * sizeof *x);
    assert_true(a && x);
    for (size_t k = 0; k < MANY; k++) {
        a[k] = large;
        x[k] = INT64_MAX;
    }
    const cs_fr many = cs_fr_from_u64(MANY), product = cs_fr_mul(many, cs_fr_mul(large, large));
    const cs_fr with_ints = cs_fr_mul(many, cs_fr_mul(large, cs_fr_from_i64(INT64_MAX)));
    const cs_fr_round w = {
        .n_tables = 1, .lo = {a}, .hi = {a}, .n_terms = 2, .terms = {{2, {0, 0}}, {2, {0, 0}}}, .outer = -1, .degree = 2};
    for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
        const cs_fr_kernels *k = cs_fr_kernels_of((cs_isa)isa);
        cs_fr out[2];
        if (!k)
            continue;
        assert_true(cs_fr_eq(k->dot(a, a, MANY), product));
        assert_true(cs_fr_eq(k->dot_int(a, CS_INT_I64, x, MANY), with_ints));
        k->round(out, &w, MANY);
        assert_true(cs_fr_eq(out[0], cs_fr_add(product, product)) && cs_fr_eq(out[1], out[0]));
    }
    free(a);
    free(x);
}

/* Matrices of the greatest, the least and other integers with a vector of the greatest values: more columns than any kernel
 * takes at once, and rows left over from groups of any size. */
static void rows_of_extremes(void **state) {
    (void)state;
    enum { COLUMNS = 2051, ROWS = 19 };
    const cs_fr large = {{0x43e1f593f0000000, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029}};
    cs_fr *v = malloc(COLUMNS * sizeof *v), expected[ROWS], out[ROWS];
    int64_t *x = malloc(ROWS * COLUMNS * sizeof *x);
    assert_true(v && x);
    for (size_t k = 0; k < COLUMNS; k++)
        v[k] = k % 100 ? large : sample();
    for (cs_int_type type = CS_INT_I8; type < CS_INT_FR; type++) {
        const unsigned bits = 8 * (unsigned)cs_int_size(type);
        const int64_t max = (int64_t)(UINT64_MAX >> (65 - bits));
        for (size_t k = 0; k < ROWS * COLUMNS; k++) {
            const size_t row = k / COLUMNS;
            const int64_t value = row % 3 == 0 ? max : row % 3 == 1 ? -max : sample_int(-max, max);
            memcpy((uint8_t *)x + k * bits / 8, &value, bits / 8);
        }
        for (size_t row = 0; row < ROWS; row++)
            expected[row] = cs_fr_kernels_portable.dot_int(v, type, (uint8_t *)x + row * COLUMNS * bits / 8, COLUMNS);
        for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
            const cs_fr_kernels *k = cs_fr_kernels_of((cs_isa)isa);
            for (size_t rows = ROWS - 8; k && rows <= ROWS; rows++) {
                k->dot_rows(out, v, type, x, rows, COLUMNS);
                assert_memory_equal(out, expected, rows * sizeof *out);
            }
        }
    }
    free(v);
    free(x);
}

/* Sums whose low columns of 52 bits are multiples of 2^52, zero or not: a reduction that rounds up must not round these. */
static void nothing_to_round(void **state) {
    (void)state;
    static const cs_fr values[] = {{{0, 0, 0, 0}},
                                   {{1, 0, 0, 0}},
                                   {{(UINT64_C(1) << 52) - 1, 0, 0, 0}},
                                   {{UINT64_C(1) << 48, 0, 0, 0}},
                                   {{0, UINT64_C(1) << 40, 0, 0}},
                                   {{UINT64_C(15) << 48, 0xff, 0, 0}},
                                   {{0, 0, UINT64_C(1) << 28, 0}},
                                   {{0, 0, 0, UINT64_C(1) << 16}}};
    enum { MANY = sizeof values / sizeof *values, ALL = MANY * MANY * MANY };
    cs_fr in[4][ALL], out[2][2][ALL];
    for (size_t k = 0; k < ALL; k++) {
        in[0][k] = values[k % MANY];
        in[1][k] = values[k / MANY % MANY];
        in[2][k] = values[k / (MANY * MANY)];
        in[3][k] = values[1];
    }
    for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
        const cs_fr_kernels *k = cs_fr_kernels_of((cs_isa)isa);
        if (!k)
            continue;
        cs_fr(*result)[ALL] = out[isa ? 1 : 0];
        k->fractions(result[0], result[1], in[0], in[1], in[2], in[3], ALL);
        assert_memory_equal(result, out[0], sizeof out[0]);
    }
}

/* ---- single products ---- */

/* Factors are F's, which are reduced in the base field too, and often the greatest; results may take a factor's place. */
static void single_products(void **state) {
    (void)state;
    const cs_fp greatest = {{0x3c208c16d87cfd46, 0x97816a916871ca8d, 0xb85045b68181585d, 0x30644e72e131a029}};
    for (int trial = 0; trial < 2000; trial++) {
        const cs_fr a = sample(), b = sample();
        cs_fr r = a;
        cs_fp c = greatest, d, s;
        if (trial % 8)
            memcpy(&c, &a, sizeof c);
        memcpy(&d, &b, sizeof d);
        s = c;
        r = cs_fr_mul(r, b);
        s = cs_fp_mul(s, d);
        assert_true(cs_fr_eq(r, cs_fr_product_portable(&a, &b)) && cs_fp_eq(s, cs_fp_product_portable(&c, &d)));
#ifdef CS_HAVE_X86_64
        if (cs_isa_available(CS_ISA_X86_64))
            assert_true(cs_fr_eq(r, cs_fr_product_x86_64(&a, &b)) && cs_fp_eq(s, cs_fp_product_x86_64(&c, &d)));
#endif
    }
}

/* ---- the choice ---- */

static void the_one_asked_for_runs(void **state) {
    (void)state;
    const char *wanted = getenv("CONSORT_ISA");
    if (wanted) {
        assert_string_equal(cs_isa_name(cs_isa_chosen()), wanted);
        assert_int_equal(cs_isa_check(), CS_OK);
    }
    unsigned available = 0;
    for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
        const cs_fr_kernels *k = cs_fr_kernels_of((cs_isa)isa);
        assert_true((k != NULL) == cs_isa_available((cs_isa)isa));
        if (k) {
            assert_int_equal(k->isa, isa);
            available++;
        }
    }
    printf("         instruction sets compared: %u; in use: %s\n", available, cs_isa_name(cs_isa_chosen()));
}

static void what_is_not_there_is_refused(void **state) {
    (void)state;
    const char *before = getenv("CONSORT_ISA");
    char *kept = before ? strdup(before) : NULL;
    assert_int_equal(setenv("CONSORT_ISA", "pdp11", 1), 0);
    assert_int_equal(cs_isa_check(), CS_ERR_USAGE);
    assert_int_equal(cs_isa_chosen(), CS_ISA_PORTABLE);
    for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
        setenv("CONSORT_ISA", cs_isa_name((cs_isa)isa), 1);
        assert_int_equal(cs_isa_check(), cs_isa_available((cs_isa)isa) ? CS_OK : CS_ERR_USAGE);
        assert_int_equal(cs_isa_chosen(), cs_isa_available((cs_isa)isa) ? isa : CS_ISA_PORTABLE);
    }
    if (kept)
        setenv("CONSORT_ISA", kept, 1);
    else
        unsetenv("CONSORT_ISA");
    free(kept);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_one_asked_for_runs), cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(same_bytes_as_portable), cmocka_unit_test(rounds_by_definition),
        cmocka_unit_test(rounds_of_extremes),     cmocka_unit_test(long_sums_of_large_values),
        cmocka_unit_test(nothing_to_round),       cmocka_unit_test(rows_of_extremes),
        cmocka_unit_test(single_products),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
