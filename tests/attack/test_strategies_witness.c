/* Any ranks but one follow a strategy in what they train and commit to, with 2, 3 and 4 ranks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/changes.h"
#include "support/dishonest.h"

/* ---- changes ---- */

static void none(int64_t *v, size_t rows, size_t columns) {
    for (size_t k = 0; k < rows * columns; k++)
        v[k] = 0;
}

static void flip_low_bit(int64_t *v, size_t rows, size_t columns) {
    for (size_t k = 0; k < rows * columns; k++)
        v[k] ^= 1;
}

/* In a record of the last step: no table has its gradient, so the ranks find nothing wrong with them. */
static void other_data(cs_example_rank *r, void *context) {
    (void)context;
    const cs_params *p = &r->example->params;
    cs_tensor *d = &r->tensors[cs_blocks_find(&r->example->blocks, CS_BLOCK_D, 0, 0)];
    const size_t record = r->example->draws[r->rank][(p->steps - 1) * p->batch];
    const size_t at = record << cs_params_width_bits(p, 0);
    cs_tensor_set(d, at, cs_tensor_get(d, at) ^ 1);
}

#define WITNESS(text, result, block, l, part, how)                                                                          \
    {                                                                                                                       \
        .name = text, .ending = result, .witness = {.step = 1, .what = block, .layer = l, .limb = part, .change = how }     \
    }
static const cs_strategy WITNESSES[] = {
    WITNESS("relu's output", CS_ENDING_NAMED, CS_BLOCK_A, 1, 0, plus_two),
    WITNESS("relu's mask", CS_ENDING_NAMED, CS_BLOCK_S, 1, 0, flip_all),
    WITNESS("forward quotient", CS_ENDING_NAMED, CS_BLOCK_Z, 1, 0, plus_one),
    WITNESS("forward remainder", CS_ENDING_NAMED, CS_BLOCK_R, 2, 0, flip_low_bit),
    WITNESS("backward quotient", CS_ENDING_NAMED, CS_BLOCK_V, 1, 0, minus_one),
    WITNESS("backward remainder", CS_ENDING_NAMED, CS_BLOCK_RV, 1, 0, flip_low_bit),
    WITNESS("softmax: the largest", CS_ENDING_NAMED, CS_BLOCK_M, 2, 0, none),
    WITNESS("softmax: the maximum", CS_ENDING_NAMED, CS_BLOCK_C, 2, 0, plus_one),
    WITNESS("softmax: exponentials", CS_ENDING_NAMED, CS_BLOCK_E, 2, 0, plus_one),
    WITNESS("softmax: quotient", CS_ENDING_NAMED, CS_BLOCK_P, 2, 0, minus_one),
    WITNESS("softmax: remainder", CS_ENDING_NAMED, CS_BLOCK_RHO, 2, 0, plus_one),
    WITNESS("a gradient of other tensors", CS_ENDING_UNNAMED, CS_TAMPER_GRADIENT, 1, 0, plus_two),
    {.name = "data that are not the committed ones", .ending = CS_ENDING_NAMED, .before_proof = other_data},
    {.name = "a wrong quotient of a rank that stops itself",
     .ending = CS_ENDING_UNNAMED,
     .stands_down = true,
     .witness = {.step = 0, .what = CS_BLOCK_A, .layer = 1, .change = plus_two}},
};

static void witnesses(void **state) {
    (void)state;
    assert_true(cs_dishonest_run_all(WITNESSES, sizeof WITNESSES / sizeof *WITNESSES));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(witnesses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
