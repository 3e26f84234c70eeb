/* A good proof changed in any item, and statements other than the one that was proved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "curve/generators.h"
#include "support/cheat.h"

static cs_example base;

static int prove_base(void **state) {
    (void)state;
    const cs_example_options o = cs_example_defaults();
    return cs_example_new(&base, &o) == CS_OK && cs_example_prove(&base) == CS_OK ? 0 : -1;
}

static int free_base(void **state) {
    (void)state;
    cs_example_free(&base);
    return 0;
}

static uint8_t *copy_of_proof(size_t extra) {
    uint8_t *copy = cs_calloc(base.proof.size + extra, 1);
    assert_non_null(copy);
    memcpy(copy, base.proof.data, base.proof.size);
    return copy;
}

static cs_status verdict(const uint8_t *proof, size_t size) {
    return cs_example_verify(&base, proof, size);
}

static void the_proof_itself(void **state) {
    (void)state;
    assert_int_equal(verdict(base.proof.data, base.proof.size), CS_OK);
    assert_int_equal(base.proof.size % 32, 0);
}

/* Every 32-byte item: the lowest bit flipped (another scalar, or no point), and replaced by a valid point. */
static void every_item(void **state) {
    (void)state;
    cs_generators gens;
    uint8_t point[32];
    assert_int_equal(cs_generators_get(&gens, 32), CS_OK);
    cs_g1_encode(point, gens.g[31]);
    uint8_t *p = copy_of_proof(0);
    for (size_t at = 0; at < base.proof.size; at += 32) {
        p[at] ^= 1;
        cs_status status = verdict(p, base.proof.size);
        if (status != CS_REJECT && status != CS_ERR_INPUT)
            fail_msg("byte %zu flipped: %s", at, cs_status_name(status));
        memcpy(p + at, point, 32);
        status = verdict(p, base.proof.size);
        if (status != CS_REJECT && status != CS_ERR_INPUT)
            fail_msg("item at byte %zu replaced by a point: %s", at, cs_status_name(status));
        memcpy(p + at, base.proof.data + at, 32);
    }
    cs_free(p);
}

static void negated_points(void **state) {
    (void)state;
    uint8_t *p = copy_of_proof(0);
    cs_g1_affine point;
    size_t points = 0;
    for (size_t at = 0; at < base.proof.size; at += 32) {
        if (!cs_g1_decode(&point, p + at) || cs_g1_affine_is_identity(point))
            continue;
        points++;
        p[at + 31] ^= 0x80;
        assert_int_not_equal(verdict(p, base.proof.size), CS_OK);
        p[at + 31] ^= 0x80;
    }
    assert_true(points > 100);
    cs_free(p);
}

static void wrong_lengths(void **state) {
    (void)state;
    uint8_t *p = copy_of_proof(32);
    for (size_t cut = 1; cut <= 96; cut++)
        assert_int_equal(verdict(p, base.proof.size - cut), CS_ERR_INPUT);
    assert_int_equal(verdict(p, 0), CS_ERR_INPUT);
    assert_int_equal(verdict(p, base.proof.size + 1), CS_ERR_INPUT);
    assert_int_equal(verdict(p, base.proof.size + 32), CS_ERR_INPUT);
    assert_int_not_equal(verdict(p + 32, base.proof.size - 32), CS_OK);
    cs_free(p);
}

static void swapped_items(void **state) {
    (void)state;
    uint8_t *p = copy_of_proof(0);
    for (size_t at = 0; at + 64 <= base.proof.size; at += 96) {
        memcpy(p + at, base.proof.data + at + 32, 32);
        memcpy(p + at + 32, base.proof.data + at, 32);
        if (memcmp(p + at, base.proof.data + at, 64) != 0)
            assert_int_not_equal(verdict(p, base.proof.size), CS_OK);
        memcpy(p + at, base.proof.data + at, 64);
    }
    cs_free(p);
}

/* A scalar plus r is the same number mod r: refused for its encoding. The last item of a proof is a scalar. */
static void scalar_that_is_not_reduced(void **state) {
    (void)state;
    static const uint64_t r[4] = {0x43e1f593f0000001, 0x2833e84879b97091, 0xb85045b68181585d, 0x30644e72e131a029};
    uint8_t *p = copy_of_proof(0);
    uint8_t *last = p + base.proof.size - 32;
    unsigned carry = 0;
    for (int k = 0; k < 32; k++) {
        const unsigned sum = last[k] + (unsigned)(r[k / 8] >> (8 * (k % 8)) & 0xff) + carry;
        last[k] = (uint8_t)sum;
        carry = sum >> 8;
    }
    assert_int_equal(carry, 0);
    assert_int_equal(verdict(p, base.proof.size), CS_ERR_INPUT);
    cs_free(p);
}

/* ---- other statements: the old proof does not pass, and ranks that ignore every check cannot make one ---- */

typedef void change_fn(cs_cheat_run *r);

static cs_cheat_run run;
static change_fn *pending;

static void change_final(cs_cheat_run *r) {
    r->e.final.w[0][1]++;
}

static void change_initial(cs_cheat_run *r) {
    r->e.initial.w[1][0]++;
}

static void change_rate(cs_cheat_run *r) {
    r->e.params.rate[1] = 2;
}

static void swap_rows(cs_cheat_run *r) {
    const cs_g1_affine first = r->e.dataset_rows[1][0];
    r->e.dataset_rows[1][0] = r->e.dataset_rows[1][1];
    r->e.dataset_rows[1][1] = first;
}

static void change_draws(cs_cheat_run *r) {
    for (size_t k = 0; k < r->e.params.steps * r->e.params.batch; k++)
        r->e.draws[1][k] = (r->e.draws[1][k] + 1) % 5;
}

/* The old proof for the changed statement. The digest alone refuses it, so it is kept the same here: the equations must
 * refuse too. */
static void old_proof(change_fn *change) {
    const cs_example_options o = cs_example_defaults();
    assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
    cs_cheat_go(&run);
    assert_int_equal(run.verify, CS_OK);
    change(&run);
    assert_int_equal(cs_example_verify(&run.e, run.e.proof.data, run.e.proof.size), CS_REJECT);
    cs_example_digest(&run.e);
    const cs_status status = cs_example_verify(&run.e, run.e.proof.data, run.e.proof.size);
    assert_int_not_equal(status, CS_OK);
    cs_cheat_free(&run);
}

static void old_proof_of_another_statement(void **state) {
    (void)state;
    old_proof(change_final);
    old_proof(change_initial);
    old_proof(change_rate);
    old_proof(change_draws);
}

/* Swapped commitments need not be in one equation with equal weights to show; the opening's does it. */
static void old_proof_of_swapped_rows(void **state) {
    (void)state;
    old_proof(swap_rows);
}

static void wait_and_change(cs_example_rank *r, void *context) {
    (void)context;
    if (r->rank == 0)
        pending(&run);
}

/* Dishonest ranks prove the changed statement: what must break, breaks. One rank, so that the change is seen by all. */
static void prove_changed(change_fn *change, cs_label label) {
    cs_example_options o = cs_example_defaults();
    o.n_ranks = 1;
    assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
    pending = change;
    run.e.ranks[0].before_proof = wait_and_change;
    cs_cheat_dishonest(&run, 0, false);
    cs_cheat_go(&run);
    assert_int_equal(run.prove, CS_OK);
    assert_int_equal(run.verify, CS_REJECT);
    assert_true(cs_cheat_broken(&run, label));
    cs_cheat_free(&run);
    assert_int_equal(cs_cheat_new(&run, &o, NULL), CS_OK);
    run.e.ranks[0].before_proof = wait_and_change;
    cs_cheat_go(&run); /* an honest rank stops, or its proof of a cross row fails */
    assert_int_not_equal(run.prove == CS_OK ? run.verify : run.prove, CS_OK);
    cs_cheat_free(&run);
}

static void proof_of_a_wrong_final_model(void **state) {
    (void)state;
    prove_changed(change_final, CS_LABEL_UPDATE_SUM);
}

static void proof_of_wrong_initial_weights(void **state) {
    (void)state;
    prove_changed(change_initial, CS_LABEL_FORWARD_VALUE);
}

static void proof_of_a_wrong_rate(void **state) {
    (void)state;
    prove_changed(change_rate, CS_LABEL_UPDATE_SUM);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_proof_itself),
        cmocka_unit_test(every_item),
        cmocka_unit_test(negated_points),
        cmocka_unit_test(wrong_lengths),
        cmocka_unit_test(swapped_items),
        cmocka_unit_test(scalar_that_is_not_reduced),
        cmocka_unit_test(old_proof_of_another_statement),
        cmocka_unit_test(old_proof_of_swapped_rows),
        cmocka_unit_test(proof_of_a_wrong_final_model),
        cmocka_unit_test(proof_of_wrong_initial_weights),
        cmocka_unit_test(proof_of_a_wrong_rate),
    };
    return cmocka_run_group_tests(tests, prove_base, free_base);
}
