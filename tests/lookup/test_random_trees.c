/* Random sets of lookups against the definition of their tree, as integers and as field elements. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lookup/leaf_ints.h"
#include "samples.h"

enum { CASES = 24 };

static void trees_of_integers(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < CASES; seed++) {
        sample *s = new_sample(seed);
        assert_true(cs_leaves_are_small(&s->leaves));
        definition_check(&s->tree, &s->leaves);
        free_sample(s);
    }
}

/* With the first layer and without. */
static void trees_of_field_elements(void **state) {
    (void)state;
    for (unsigned seed = CASES; seed < CASES + 4; seed++) {
        sample *s = new_sample(seed);
        assert_int_equal(cs_tensor_to_fr(&s->tensors[s->list[0].shaped_like]), CS_OK);
        assert_false(cs_leaves_are_small(&s->leaves));
        s->leaves.long_bits = seed % 4 < 2 ? 1 : MOST_BITS + 1;
        definition_check(&s->tree, &s->leaves);
        free_sample(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(trees_of_integers), cmocka_unit_test(trees_of_field_elements)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
