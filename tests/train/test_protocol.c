/* The whole protocol, prover and verifier, on tiny runs of every shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "comm/shares.h"
#include "support/example.h"

static void accept_once(const cs_example_options *o) {
    cs_example e;
    cs_status status = cs_example_new(&e, o);
    if (status != CS_OK)
        fail_msg("%s", cs_error_text());
    status = cs_example_prove(&e);
    if (status != CS_OK)
        fail_msg("prove: %s: %s", cs_status_name(status), cs_error_text());
    status = cs_example_verify(&e, e.proof.data, e.proof.size);
    if (status != CS_OK)
        fail_msg("verify: %s: %s", cs_status_name(status), cs_error_text());
    cs_example_free(&e);
}

/* With weight tables made of sums that the ranks keep, and with tables that are summed under pads. */
static void accept(const cs_example_options *o) {
    cs_example_options padded = *o;
    padded.padded_tables = true;
    accept_once(o);
    if (o->n_ranks > 1)
        accept_once(&padded);
}

/* As a verifier does who has no W(0), but its seed. */
static cs_status verify_from_seed(const cs_example *e, const uint8_t seed[32]) {
    cs_instance instance = e->instance;
    instance.initial = NULL;
    instance.initial_seed = seed;
    return cs_train_verify(&instance, e->proof.data, e->proof.size, NULL, NULL);
}

/* Of several layers, with a public final model and with a committed one: another seed is another W(0). */
static void initial_model_from_its_seed(void **state) {
    (void)state;
    cs_example_options o = cs_example_defaults();
    uint8_t other[32];
    o.layers = 3;
    memcpy(o.widths, (size_t[]){2, 4, 3, 2}, 4 * sizeof(size_t));
    for (int k = 0; k < 2; k++) {
        cs_example e;
        o.final_committed = k == 1;
        assert_int_equal(cs_example_new(&e, &o), CS_OK);
        assert_int_equal(cs_example_prove(&e), CS_OK);
        assert_int_equal(verify_from_seed(&e, CS_EXAMPLE_SEED), CS_OK);
        memcpy(other, CS_EXAMPLE_SEED, sizeof other);
        other[31] ^= 1;
        assert_int_equal(verify_from_seed(&e, other), CS_REJECT);
        e.params.initial_max[1]++; /* the same stream, other numbers */
        assert_int_equal(verify_from_seed(&e, CS_EXAMPLE_SEED), CS_REJECT);
        cs_example_free(&e);
    }
}

#define ACCEPTS(name, ...)                                                                                                  \
    static void name(void **state) {                                                                                        \
        (void)state;                                                                                                        \
        cs_example_options o = cs_example_defaults();                                                                       \
        __VA_ARGS__                                                                                                         \
        accept(&o);                                                                                                         \
    }

ACCEPTS(two_ranks, )
ACCEPTS(one_rank, o.n_ranks = 1;)
ACCEPTS(three_ranks, o.n_ranks = 3; o.steps = 3;)
ACCEPTS(seven_ranks, o.n_ranks = 7;)
ACCEPTS(one_step_one_sample, o.steps = 1; o.batch = 1; o.rows = 1;)
ACCEPTS(odd_batch, o.n_ranks = 5; o.batch = 3;)
ACCEPTS(full_powers_of_two, o.n_ranks = 4; o.steps = 4; o.batch = 4; o.rows = 4;)
ACCEPTS(no_hidden_layer, o.layers = 1; o.widths[0] = 4; o.widths[1] = 3;)
ACCEPTS(width_power_of_two, o.widths[0] = 4; o.widths[1] = 4; o.widths[2] = 2;)
ACCEPTS(width_one, o.widths[0] = 1; o.widths[1] = 1;)
ACCEPTS(tensors_smaller_than_a_row, o.column_bits = 8;)
ACCEPTS(tensors_larger_than_a_row, o.column_bits = 2;)
ACCEPTS(committed_final_model, o.final_committed = true;)
ACCEPTS(three_limbs, o.n_limbs = 3;)
ACCEPTS(hidden_draws, o.hidden_draws = true;)
ACCEPTS(hidden_draws_in_many_passes, o.hidden_draws = true; o.n_ranks = 3; o.steps = 9; o.rows = 3; o.batch = 3;)
ACCEPTS(hidden_draws_of_one_record, o.hidden_draws = true; o.n_ranks = 1; o.rows = 1; o.steps = 2; o.batch = 1;)
ACCEPTS(hidden_draws_of_many_records, o.hidden_draws = true; o.rows = 40; o.layers = 1; o.widths[0] = 4; o.widths[1] = 3;)
ACCEPTS(two_ranks_without_aes, o.without_aes = 3;)
ACCEPTS(two_ranks_one_without_aes, o.without_aes = 2;)
ACCEPTS(three_ranks_one_without_aes, o.n_ranks = 3; o.without_aes = 1;)
ACCEPTS(four_ranks_two_without_aes, o.n_ranks = 4; o.without_aes = 10;)
ACCEPTS(seven_ranks_some_without_aes, o.n_ranks = 7; o.without_aes = 0x49;)
ACCEPTS(in_less_memory, o.save_memory = true;)

/* What is divided goes to one rank, to the others, or in unequal parts, empty ones among them. */
static void unequal_shares(void **state) {
    (void)state;
    static const int sizes[] = {2, 3, 4, 7};
    uint32_t shares[7];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int n = sizes[s];
        cs_example_options o = cs_example_defaults();
        o.n_ranks = n;
        o.steps = 3;
        o.layers = 3;
        o.widths[1] = 6;
        o.widths[2] = 5;
        o.widths[3] = 2;
        o.shares = shares;
        for (int i = 0; i < n; i++) /* 1/2, 1/4, …, twice the last but one, none for the last */
            shares[i] = i == n - 1 ? 0 : CS_SHARES_WHOLE >> (i + 1 < n - 1 ? i + 1 : i);
        accept(&o);
        for (int i = 0; i < n; i++)
            shares[i] = i == n - 1 ? CS_SHARES_WHOLE : 0;
        accept(&o);
    }
}

/* A second segment from the first one's committed model. */
static void committed_initial_model(void **state) {
    (void)state;
    cs_example_options o = cs_example_defaults();
    cs_example first;
    o.final_committed = true;
    assert_int_equal(cs_example_new(&first, &o), CS_OK);
    assert_int_equal(cs_example_prove(&first), CS_OK);
    o.previous = &first;
    accept(&o);
    o.final_committed = false;
    accept(&o);
    cs_example second;
    assert_int_equal(cs_example_new(&second, &o), CS_OK);
    assert_int_equal(cs_example_prove(&second), CS_OK);
    second.initial_rows[0] = second.initial_rows[1]; /* another model than the segment before left */
    assert_int_equal(cs_example_verify(&second, second.proof.data, second.proof.size), CS_REJECT);
    cs_example_free(&second);
    cs_example_free(&first);
}

static void two_hidden_layers_and_schedule(void **state) {
    (void)state;
    static const int64_t rates[3] = {2, 1, 0};
    cs_example_options o = cs_example_defaults();
    o.layers = 3;
    o.steps = 3;
    o.rates = rates;
    memcpy(o.widths, (size_t[]){2, 2, 3, 2}, 4 * sizeof(size_t));
    accept(&o);
}

/* Two proofs of one run differ in every commitment and answer: nothing of the witness shows through equality. (Zero is
 * common to both: the folded instance holds row by row, so the first message of its zerocheck is zero.) */
static void proofs_are_fresh(void **state) {
    (void)state;
    static const uint8_t zero[32];
    cs_example e;
    const cs_example_options o = cs_example_defaults();
    assert_int_equal(cs_example_new(&e, &o), CS_OK);
    assert_int_equal(cs_example_prove(&e), CS_OK);
    cs_example other;
    assert_int_equal(cs_example_new(&other, &o), CS_OK);
    assert_int_equal(cs_example_prove(&other), CS_OK);
    assert_int_equal(e.proof.size, other.proof.size);
    size_t same = 0;
    for (size_t k = 0; k + 32 <= e.proof.size; k += 32)
        same += memcmp(e.proof.data + k, other.proof.data + k, 32) == 0 && memcmp(e.proof.data + k, zero, 32) != 0;
    assert_int_equal(same, 0);
    for (size_t l = 0; l < e.final.layers; l++)
        assert_memory_equal(e.final.w[l], other.final.w[l], e.final.rows[l] * e.final.columns[l] * sizeof(int64_t));
    cs_example_free(&e);
    cs_example_free(&other);
}

/* A statement with a large witness and a short proof: refused before there is memory for its commitments. */
static void short_proof_of_a_large_witness(void **state) {
    (void)state;
    cs_example e;
    const cs_example_options o = cs_example_defaults();
    assert_int_equal(cs_example_new(&e, &o), CS_OK);
    cs_blocks blocks;
    cs_params large = e.params;
    cs_instance instance = e.instance;
    large.widths[1] = (size_t)1 << 20;
    large.batch = 1 << 14;
    assert_int_equal(cs_blocks_new(&blocks, &large, e.table.n), CS_OK);
    instance.params = &large;
    instance.blocks = &blocks;
    cs_memory_limit(cs_memory_live() + (1 << 20));
    assert_int_equal(cs_train_verify(&instance, (const uint8_t *)"", 0, NULL, NULL), CS_ERR_INPUT);
    cs_memory_limit(SIZE_MAX);
    assert_non_null(strstr(cs_error_text(), "cannot have"));
    cs_blocks_free(&blocks);
    cs_example_free(&e);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_proof_of_a_large_witness),
        cmocka_unit_test(one_rank),
        cmocka_unit_test(two_ranks),
        cmocka_unit_test(three_ranks),
        cmocka_unit_test(seven_ranks),
        cmocka_unit_test(two_ranks_without_aes),
        cmocka_unit_test(two_ranks_one_without_aes),
        cmocka_unit_test(three_ranks_one_without_aes),
        cmocka_unit_test(four_ranks_two_without_aes),
        cmocka_unit_test(seven_ranks_some_without_aes),
        cmocka_unit_test(one_step_one_sample),
        cmocka_unit_test(odd_batch),
        cmocka_unit_test(full_powers_of_two),
        cmocka_unit_test(no_hidden_layer),
        cmocka_unit_test(width_power_of_two),
        cmocka_unit_test(width_one),
        cmocka_unit_test(tensors_smaller_than_a_row),
        cmocka_unit_test(tensors_larger_than_a_row),
        cmocka_unit_test(committed_final_model),
        cmocka_unit_test(three_limbs),
        cmocka_unit_test(hidden_draws),
        cmocka_unit_test(hidden_draws_in_many_passes),
        cmocka_unit_test(hidden_draws_of_one_record),
        cmocka_unit_test(hidden_draws_of_many_records),
        cmocka_unit_test(in_less_memory),
        cmocka_unit_test(unequal_shares),
        cmocka_unit_test(initial_model_from_its_seed),
        cmocka_unit_test(committed_initial_model),
        cmocka_unit_test(two_hidden_layers_and_schedule),
        cmocka_unit_test(proofs_are_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
