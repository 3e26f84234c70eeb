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

enum { MOST = 13 * 19 };

static int32_t entry(cs_stream *s) {
    const uint64_t x = cs_stream_u64(s);
    return x % 7 == 0 ? INT32_MIN : x % 7 == 1 ? INT32_MAX : (int32_t)(uint32_t)(x >> 32);
}

static void check(cs_int_matmul_fn *run, size_t rows, size_t inner, size_t columns, cs_stream *s) {
    int32_t x[MOST], m[MOST];
    uint64_t c[MOST], want[MOST];
    for (size_t k = 0; k < rows * inner; k++)
        x[k] = entry(s);
    for (size_t k = 0; k < inner * columns; k++)
        m[k] = entry(s);
    for (size_t k = 0; k < rows * columns; k++) {
        want[k] = c[k] = cs_stream_u64(s);
        for (size_t n = 0; n < inner; n++)
            want[k] += (uint64_t)x[k / columns * inner + n] * (uint64_t)m[n * columns + k % columns];
    }
    run(c, x, m, rows, inner, columns);
    for (size_t k = 0; k < rows * columns; k++)
        assert_true(c[k] == want[k]);
}

static void all_kernels(void **state) {
    (void)state;
    cs_stream s;
    cs_stream_init(&s, (const uint8_t[32]){1}, CS_STREAM_DRAWS, 0);
    for (size_t q = 0; cs_int_matmul_kernel_at(q).run != NULL; q++) {
        print_message("kernel %s\n", cs_int_matmul_kernel_at(q).name);
        for (size_t rows = 1; rows <= 13; rows += 4)
            for (size_t inner = 1; inner <= 13; inner++)
                for (size_t columns = 1; columns <= 19; columns++)
                    check(cs_int_matmul_kernel_at(q).run, rows, inner, columns, &s);
    }
}

static void choice(void **state) {
    (void)state;
    assert_int_equal(setenv("CONSORT_ISA", "portable", 1), 0);
    assert_true(cs_int_matmul_best() == cs_int_matmul_kernel_at(0).run);
    assert_int_equal(unsetenv("CONSORT_ISA"), 0);
    size_t last = 0;
    while (cs_int_matmul_kernel_at(last + 1).run != NULL)
        last++;
    assert_true(cs_int_matmul_best() == cs_int_matmul_kernel_at(last).run);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_kernels), cmocka_unit_test(choice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
