/* Every kernel of this processor against a plain triple loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/memory.h"
#include "train/int_matmul.h"
#include "train/stream.h"

static int32_t entry(cs_stream *s) {
    const uint64_t x = cs_stream_u64(s);
    return x % 7 == 0 ? INT32_MIN : x % 7 == 1 ? INT32_MAX : (int32_t)(uint32_t)(x >> 32);
}

static int32_t small_entry(cs_stream *s) {
    const int32_t most = 1 << CS_INT_MATMUL_BITS;
    const uint64_t x = cs_stream_u64(s);
    return x % 7 == 0 ? -most : x % 7 == 1 ? most : (int32_t)((x >> 32) % (2 * (uint64_t)most + 1)) - most;
}

/* Random entries, or with the extremes given all alike. */
static void check(cs_int_matmul_fn *run, size_t rows, size_t inner, size_t columns, cs_stream *s, const int32_t extreme[2]) {
    int32_t *x = CS_NEW(int32_t, rows * inner), *m = CS_NEW(int32_t, inner * columns);
    uint64_t *c = CS_NEW(uint64_t, rows * columns), *want = CS_NEW(uint64_t, rows * columns);
    double *scratch = CS_NEW(double, CS_INT_MATMUL_SCRATCH);
    assert_true(x && m && c && want && scratch);
    for (size_t k = 0; k < rows * inner; k++)
        x[k] = extreme ? extreme[0] : small_entry(s);
    for (size_t k = 0; k < inner * columns; k++)
        m[k] = extreme ? extreme[1] : entry(s);
    for (size_t k = 0; k < CS_INT_MATMUL_SCRATCH; k++)
        scratch[k] = -1e300; /* nothing may depend on what was there */
    for (size_t k = 0; k < rows * columns; k++) {
        want[k] = c[k] = cs_stream_u64(s);
        for (size_t n = 0; n < inner; n++)
            want[k] += (uint64_t)((int64_t)x[k / columns * inner + n] * m[n * columns + k % columns]);
    }
    run(c, x, m, rows, inner, columns, scratch);
    assert_memory_equal(c, want, rows * columns * sizeof *c);
    cs_free(x);
    cs_free(m);
    cs_free(c);
    cs_free(want);
    cs_free(scratch);
}

static void all_kernels(void **state) {
    (void)state;
    cs_stream s;
    cs_stream_init(&s, (const uint8_t[32]){1}, CS_STREAM_DRAWS, 0);
    for (size_t q = 0; cs_int_matmul_kernel_at(q).run != NULL; q++) {
        print_message("kernel %s\n", cs_int_matmul_kernel_at(q).name);
        for (size_t rows = 1; rows <= 17; rows++)
            for (size_t inner = 1; inner <= 13; inner += inner < 5 ? 1 : 4)
                for (size_t columns = 1; columns <= 35; columns++)
                    check(cs_int_matmul_kernel_at(q).run, rows, inner, columns, &s, NULL);
    }
}

/* Lengths around the blocks of 128 products and 96 columns; sums that need all 53 bits of a double, odd ones too. */
static void blocks_and_extremes(void **state) {
    (void)state;
    static const int32_t extremes[][2] = {{-(1 << 15), INT32_MIN}, {1 << 15, INT32_MIN},        {-(1 << 15), INT32_MAX},
                                          {1 << 15, INT32_MAX},    {(1 << 15) - 1, -INT32_MAX}, {(1 << 15) - 1, INT32_MAX}};
    static const size_t inner[] = {127, 128, 129, 255, 256, 257, 300}, columns[] = {1, 12, 95, 96, 97, 193};
    cs_stream s;
    cs_stream_init(&s, (const uint8_t[32]){2}, CS_STREAM_DRAWS, 0);
    for (size_t q = 0; cs_int_matmul_kernel_at(q).run != NULL; q++)
        for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
            for (size_t j = 0; j < sizeof columns / sizeof *columns; j++) {
                check(cs_int_matmul_kernel_at(q).run, 5, inner[i], columns[j], &s, NULL);
                for (size_t e = 0; e < sizeof extremes / sizeof *extremes; e++)
                    check(cs_int_matmul_kernel_at(q).run, 3, inner[i], columns[j], &s, extremes[e]);
            }
}

/* The best kernel of each instruction set, and no better one. */
static void choice(void **state) {
    (void)state;
    for (unsigned isa = 0; isa < CS_ISA_COUNT; isa++) {
        if (!cs_isa_available((cs_isa)isa))
            continue;
        cs_int_matmul_kernel best = cs_int_matmul_kernel_at(0), next;
        for (size_t k = 1; (next = cs_int_matmul_kernel_at(k)).run != NULL; k++)
            if (next.isa <= isa)
                best = next;
        print_message("CONSORT_ISA=%s: kernel %s\n", cs_isa_name((cs_isa)isa), best.name);
        assert_int_equal(setenv("CONSORT_ISA", cs_isa_name((cs_isa)isa), 1), 0);
        assert_true(cs_int_matmul_best() == best.run);
        assert_true(isa != CS_ISA_AVX512IFMA || best.isa == CS_ISA_AVX512IFMA);
    }
    assert_int_equal(unsetenv("CONSORT_ISA"), 0);
    size_t last = 0;
    while (cs_int_matmul_kernel_at(last + 1).run != NULL)
        last++;
    assert_true(cs_int_matmul_best() == cs_int_matmul_kernel_at(last).run);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_kernels), cmocka_unit_test(blocks_and_extremes),
                                       cmocka_unit_test(choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
