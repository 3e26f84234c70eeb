/* Memory runs out, at each allocation of a prover's tree in turn: an error, and nothing is leaked. The trees have tiles,
 * which those of small jobs have not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../lookup/samples.h"
#include "base/memory.h"

static struct { size_t n, doomed; /* allocations so far; the one that fails */ } seen;

static bool strike(const void *site) {
    (void)site;
    return seen.n++ == seen.doomed;
}

static cs_status play_layer(const sample *s, cs_tree *tree, unsigned level) {
    cs_sc_witness w;
    cs_fr values[2];
    CS_TRY(cs_tree_start(tree, level, s->tree.lambda, s->tree.omega, s->tree.point, &w));
    for (unsigned r = 0; r < w.first.rounds; r++) {
        w.first.round(w.first.context, values);
        CS_TRY(w.first.bind(w.first.context, values[0]));
    }
    cs_tree_end(tree, level);
    return CS_OK;
}

static cs_status play_tree(const sample *s) {
    cs_tree *tree;
    cs_status status = cs_tree_new(&tree, &s->leaves);
    for (unsigned level = 0; status == CS_OK && level < s->leaves.bits; level++)
        status = play_layer(s, tree, level);
    cs_tree_free(tree);
    return status;
}

/* Returns how many allocations there are, all of which have failed once. */
static size_t fail_each(const sample *s) {
    const size_t live = cs_memory_live();
    for (seen.doomed = 0;; seen.doomed++) {
        seen.n = 0;
        cs_memory_set_fault(strike);
        const cs_status status = play_tree(s);
        cs_memory_set_fault(NULL);
        assert_int_equal(cs_memory_live(), live);
        if (seen.n <= seen.doomed) {
            assert_int_equal(status, CS_OK);
            return seen.n;
        }
        assert_int_equal(status, CS_ERR_MEMORY);
    }
}

/* Trees of integers, of field elements, and of these without the first layer. */
static void trees_without_memory(void **state) {
    (void)state;
    for (unsigned seed = 0; seed < 4; seed++) {
        sample *s = new_sample(seed);
        if (seed >= 2)
            assert_int_equal(cs_tensor_to_fr(&s->tensors[s->list[0].shaped_like]), CS_OK);
        s->leaves.long_bits = seed == 3 ? 1 : MOST_BITS + 1;
        assert_true(fail_each(s) > 2 * s->leaves.bits);
        definition_check(&s->tree, &s->leaves);
        free_sample(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(trees_without_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
