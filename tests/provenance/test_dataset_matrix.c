/* Commitments to a dataset's matrices: padding is left out of them whatever it holds, every real entry counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "provenance/dataset_matrix.h"
#include "support/committed.h"

/* Is the dataset's own commitment what these matrices have, with this entry one more or one less? */
static bool same_with(const cs_committed *c, cs_dataset_matrices *m, cs_tensor *t, size_t at) {
    const size_t n = cs_dataset_doc_commitments(&c->doc);
    cs_g1_affine *out = CS_NEW(cs_g1_affine, n);
    const int64_t was = cs_tensor_get(t, at);
    bool same = true;
    assert_non_null(out);
    cs_tensor_set(t, at, was == t->max ? was - 1 : was + 1);
    assert_int_equal(cs_dataset_matrices_commit(out, &c->doc, m, c->opening.blindings), CS_OK);
    cs_tensor_set(t, at, was);
    for (size_t k = 0; k < n; k++)
        same = same && cs_g1_eq(cs_g1_from_affine(out[k]), cs_g1_from_affine(c->doc.commitments[k]));
    cs_free(out);
    return same;
}

static void padding_is_left_out(void **state) {
    (void)state;
    cs_committed_options o = cs_committed_defaults(); /* 5 records of 3 features in matrices of 4 columns */
    cs_committed c;
    cs_dataset_matrices m;
    o.classes = 3;
    o.proof = false;
    assert_int_equal(cs_committed_new(&c, &o), CS_OK);
    assert_int_equal(cs_dataset_matrices_new(&m, &c.doc, &c.opening), CS_OK);
    for (size_t row = 0; row < 8; row++)
        for (size_t k = 0; k < 4; k++) {
            const bool real = row < o.rows && k < 3;
            assert_int_equal(same_with(&c, &m, &m.d, 4 * row + k), !real);
            assert_int_equal(same_with(&c, &m, &m.y, 4 * row + k), !real);
        }
    cs_dataset_matrices_free(&m);
    cs_committed_free(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(padding_is_left_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
