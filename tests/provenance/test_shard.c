/* Training proofs over datasets that were committed before there was a job: where they lie in a shard, and that the proofs
 * hold without showing again what the datasets' own proofs show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "support/example.h"

static const cs_dataset_doc SMALL = {.rows = 5, .columns = 32, .features = 3, .classes = 2};

static void placement(void **state) {
    (void)state;
    cs_dataset_doc d[3] = {SMALL, SMALL, SMALL};
    const cs_dataset_doc *docs[3] = {&d[0], &d[1], &d[2]};
    char name[] = "x";
    cs_piece pieces[3];
    size_t extent;
    for (int k = 0; k < 3; k++)
        d[k].name = name;
    /* 32 columns hold 8 records of 4 features, but 16 of 2 classes */
    d[1].rows = 17;
    assert_int_equal(cs_shard_place(pieces, &extent, docs, 3), CS_OK);
    assert_int_equal(pieces[0].offset, 0);
    assert_int_equal(pieces[1].offset, 16);
    assert_int_equal(pieces[2].offset, 48);
    assert_int_equal(pieces[1].rows, 17);
    assert_true(pieces[2].weight == 1 && pieces[2].per_epoch == CS_NO_LIMIT && pieces[2].total == CS_NO_LIMIT);
    assert_int_equal(extent, 53);
    /* records longer than a commitment leave no gaps */
    for (int k = 0; k < 3; k++)
        d[k].columns = 4, d[k].features = 5, d[k].classes = 9;
    assert_int_equal(cs_shard_place(pieces, &extent, docs, 3), CS_OK);
    assert_int_equal(pieces[2].offset, 22);
    assert_int_equal(extent, 27);
    d[1].rows = (size_t)1 << 28;
    assert_int_equal(cs_shard_place(pieces, &extent, docs, 3), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "the shard has more than"));
}

static void different_shapes(void **state) {
    (void)state;
    static const char *const fields[] = {"columns", "features", "classes"};
    for (int what = 0; what < 3; what++) {
        cs_dataset_doc d[2] = {SMALL, SMALL};
        const cs_dataset_doc *docs[2] = {&d[0], &d[1]};
        char name[] = "second";
        cs_piece pieces[2];
        size_t extent;
        d[1].name = name;
        *(what == 0 ? &d[1].columns : what == 1 ? &d[1].features : &d[1].classes) *= 2;
        assert_int_equal(cs_shard_place(pieces, &extent, docs, 2), CS_ERR_INPUT);
        assert_non_null(strstr(cs_error_text(), fields[what]));
        assert_non_null(strstr(cs_error_text(), "\"second\""));
    }
}

static cs_example_options options(int ranks, size_t datasets) {
    cs_example_options o = cs_example_defaults();
    o.n_ranks = ranks;
    o.datasets = datasets;
    o.steps = 4;
    return o;
}

static void refuse_check(const cs_example *e, const cs_params *p, int rank, const char *text) {
    const cs_dataset_doc *docs[CS_EXAMPLE_DATASETS];
    for (size_t k = 0; k < e->shards[rank].n; k++)
        docs[k] = &e->committed[rank][k].doc;
    assert_int_equal(cs_shard_check(p, rank, docs, e->shards[rank].n), CS_ERR_INPUT);
    if (strstr(cs_error_text(), text) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", cs_error_text(), text);
}

static void what_does_not_fit_the_run(void **state) {
    (void)state;
    const cs_example_options o = options(2, 2);
    cs_example e;
    assert_int_equal(cs_example_new(&e, &o), CS_OK);
    cs_params p = e.params;
    p.column_bits++;
    refuse_check(&e, &p, 0, "columns is 32; 64 is expected here");
    p = e.params;
    p.widths[0]++;
    refuse_check(&e, &p, 0, "features is 3; 4 is expected here");
    p = e.params;
    p.widths[2]++;
    refuse_check(&e, &p, 0, "classes is 2; 3 is expected here");
    p = e.params;
    p.rows[1]++;
    refuse_check(&e, &p, 1, "rows[1] is");
    p = e.params;
    p.value_bits = 2;
    refuse_check(&e, &p, 0, "value_bits is 3; the run has only 2");
    e.committed[0][1].doc.has_proof = false;
    refuse_check(&e, &e.params, 0, "no well-formedness proof");
    p = e.params;
    p.certified = false; /* then the training proof shows all of it */
    refuse_check(&e, &p, 0, "leave gaps");
    const cs_dataset_doc *docs[1] = {&e.committed[0][0].doc};
    p.rows[0] = docs[0]->rows;
    assert_int_equal(cs_shard_check(&p, 0, docs, 1), CS_OK);
    cs_example_free(&e);
}

/* The shard's points are the documents', in their places, and commit to the shard's tensors. */
static void points(void **state) {
    (void)state;
    const cs_example_options o = options(1, 3);
    cs_example e;
    assert_int_equal(cs_example_new(&e, &o), CS_OK);
    const size_t n = cs_dataset_row_count(&e.params);
    cs_g1_affine *again = CS_NEW(cs_g1_affine, n);
    size_t identities = 0, points = 0;
    assert_non_null(again);
    assert_int_equal(cs_dataset_commit(again, &e.params, &e.blocks, e.ranks[0].tensors, e.ranks[0].dataset_blindings),
                     CS_OK);
    assert_memory_equal(again, e.dataset_rows[0], n * sizeof *again);
    for (size_t k = 0; k < n; k++)
        identities += cs_g1_affine_is_identity(again[k]);
    for (size_t k = 0; k < 3; k++)
        points += cs_dataset_doc_commitments(&e.committed[0][k].doc);
    assert_int_equal(points + identities, n);
    assert_true(identities > 0);
    cs_free(again);
    cs_example_free(&e);
}

static void prove(cs_example *e, const cs_example_options *o) {
    if (cs_example_new(e, o) != CS_OK || cs_example_prove(e) != CS_OK)
        fail_msg("%s", cs_error_text());
}

static void accept(const cs_example_options *o) {
    cs_example e;
    prove(&e, o);
    if (cs_example_verify(&e, e.proof.data, e.proof.size) != CS_OK)
        fail_msg("%s", cs_error_text());
    cs_example_free(&e);
}

#define ACCEPTS(name, ranks, datasets, ...)                                                                                 \
    static void name(void **state) {                                                                                        \
        (void)state;                                                                                                        \
        cs_example_options o = options(ranks, datasets);                                                                    \
        __VA_ARGS__                                                                                                         \
        accept(&o);                                                                                                         \
    }

ACCEPTS(one_dataset_each, 2, 1, )
ACCEPTS(two_datasets_one_rank, 1, 2, )
ACCEPTS(two_datasets_two_ranks, 2, 2, )
ACCEPTS(two_datasets_three_ranks, 3, 2, )
ACCEPTS(three_datasets_many_draws, 2, 3, o.steps = 9;)
ACCEPTS(records_longer_than_a_commitment, 2, 2, o.column_bits = 2; o.widths[0] = 9;)
ACCEPTS(datasets_of_one_commitment, 2, 2, o.column_bits = 8;)
ACCEPTS(committed_model, 2, 2, o.final_committed = true;)
ACCEPTS(hidden_draws, 2, 2, o.hidden_draws = true;)

/* All draws are records, all records are drawn; no gap ever. */
static void draws_are_records(void **state) {
    (void)state;
    cs_example_options o = options(2, 2);
    cs_example e;
    o.steps = 40;
    assert_int_equal(cs_example_new(&e, &o), CS_OK);
    for (int i = 0; i < 2; i++) {
        size_t counts[2] = {0};
        for (size_t n = 0; n < o.steps * o.batch; n++)
            for (size_t k = 0; k < 2; k++)
                counts[k] +=
                    e.draws[i][n] >= e.pieces[i][k].offset && e.draws[i][n] - e.pieces[i][k].offset < e.pieces[i][k].rows;
        assert_int_equal(counts[0] + counts[1], o.steps * o.batch);
        assert_true(counts[0] > 0 && counts[1] > 0);
        assert_true(e.params.rows[i] > e.pieces[i][0].rows + e.pieces[i][1].rows); /* there is a gap */
    }
    cs_example_free(&e);
}

/* What the datasets' proofs show is not shown twice. */
static void fewer_lookups(void **state) {
    (void)state;
    cs_example_options o = options(1, 1);
    cs_example with, without;
    prove(&with, &o);
    o.datasets = 0;
    prove(&without, &o);
    assert_int_equal(without.ranks[0].stats.lookups - with.ranks[0].stats.lookups,
                     o.rows * (o.widths[0] + o.widths[o.layers]));
    cs_example_free(&with);
    cs_example_free(&without);
}

/* The proof is about these commitments in this order. */
static void other_dataset(void **state) {
    (void)state;
    const cs_example_options o = options(2, 2);
    cs_example e;
    prove(&e, &o);
    const cs_dataset_doc *swapped[2] = {&e.committed[1][1].doc, &e.committed[1][0].doc};
    assert_int_equal(cs_shard_points(e.dataset_rows[1], &e.params, swapped, 2), CS_OK);
    assert_int_equal(cs_example_verify(&e, e.proof.data, e.proof.size), CS_REJECT);
    cs_example_digest(&e);
    assert_int_equal(cs_example_verify(&e, e.proof.data, e.proof.size), CS_REJECT);
    cs_example_free(&e);
}

/* A record that is not the committed one, and a gap that is not empty. */
static void changed_tensor(void **state) {
    (void)state;
    const size_t rows[] = {1, 6}; /* dataset 0 has rows 0 to 4 */
    for (int what = 0; what < 2; what++) {
        const cs_example_options o = options(1, 2);
        cs_example e;
        assert_int_equal(cs_example_new(&e, &o), CS_OK);
        cs_tensor *d = &e.ranks[0].tensors[cs_blocks_find(&e.blocks, CS_BLOCK_D, 0, 0)];
        cs_tensor_set(d, rows[what] * 4 + 1, cs_tensor_get(d, rows[what] * 4 + 1) + 1);
        assert_int_equal(cs_example_prove(&e), CS_OK);
        assert_int_equal(cs_example_verify(&e, e.proof.data, e.proof.size), CS_REJECT);
        cs_example_free(&e);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placement),
        cmocka_unit_test(different_shapes),
        cmocka_unit_test(what_does_not_fit_the_run),
        cmocka_unit_test(points),
        cmocka_unit_test(one_dataset_each),
        cmocka_unit_test(two_datasets_one_rank),
        cmocka_unit_test(two_datasets_two_ranks),
        cmocka_unit_test(two_datasets_three_ranks),
        cmocka_unit_test(three_datasets_many_draws),
        cmocka_unit_test(records_longer_than_a_commitment),
        cmocka_unit_test(datasets_of_one_commitment),
        cmocka_unit_test(committed_model),
        cmocka_unit_test(hidden_draws),
        cmocka_unit_test(draws_are_records),
        cmocka_unit_test(fewer_lookups),
        cmocka_unit_test(other_dataset),
        cmocka_unit_test(changed_tensor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
