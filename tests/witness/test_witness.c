/* Axis vectors against their tables, placement of blocks, and the inner-product argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "curve/msm.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "witness/axis.h"
#include "witness/ipa.h"
#include "witness/layout.h"

static void draw(cs_fr *out, size_t n) {
    for (size_t k = 0; k < n; k++)
        out[k] = cs_fr_random();
}

static void check_axis(const cs_axis *a, int rank) {
    cs_fr table[64], eq[64], point[6], at, sum = CS_FR_ZERO;
    draw(point, 6);
    const size_t n = (size_t)1 << a->bits;
    assert_int_equal(cs_axis_table(table, a, rank), CS_OK);
    assert_int_equal(cs_axis_at(&at, a, point, rank, 1), CS_OK);
    cs_fr_vec_eq(eq, point, a->bits);
    assert_true(cs_fr_eq(at, cs_fr_vec_dot(table, eq, n)));
    if (a->kind == CS_AXIS_GATHER)
        return;
    for (size_t k = 0; k <= n; k++) {
        assert_true(cs_fr_eq(cs_axis_sum_below(a, k), sum));
        if (k < n) {
            assert_true(cs_fr_eq(cs_axis_entry(a, k), table[k]));
            sum = cs_fr_add(sum, table[k]);
        }
    }
}

static void axes(void **state) {
    (void)state;
    cs_fr point[6], wide[6];
    draw(point, 6);
    for (unsigned bits = 0; bits <= 5; bits++) {
        cs_axis a = cs_axis_eq(point, bits);
        check_axis(&a, 0);
        for (size_t below = 0; below <= (size_t)1 << bits; below++) {
            a = cs_axis_eq_below(point, bits, below);
            check_axis(&a, 0);
        }
        a = cs_axis_ones(bits);
        check_axis(&a, 0);
    }
    uint32_t first[6] = {0, 3, 3, 1, 7, 0}, second[6] = {7, 6, 5, 4, 3, 2}, *draws[2] = {first, second};
    draw(wide, 6);
    const cs_gather g = {
        .time = cs_axis_eq(wide, 2), .batch = cs_axis_eq(wide + 2, 1), .steps = 3, .batch_size = 2, .draws = draws};
    const cs_axis gather = cs_axis_gather(&g, 3);
    check_axis(&gather, 0);
    check_axis(&gather, 1);
    const cs_axis longer = cs_axis_gather(&g, 6); /* odd and even numbers of bits are cut differently */
    check_axis(&longer, 1);
    uint32_t more[8] = {0, 3, 3, 1, 7, 0, 5, 6}, *as_many[1] = {more}; /* as many draws as rows */
    const cs_gather dense = {
        .time = cs_axis_eq(wide, 2), .batch = cs_axis_eq(wide + 2, 1), .steps = 4, .batch_size = 2, .draws = as_many};
    const cs_axis full = cs_axis_gather(&dense, 3);
    check_axis(&full, 0);
    /* the low half of a long axis */
    cs_fr table[32], half[16], factor;
    const cs_axis whole = cs_axis_eq(point, 5), low = cs_axis_low_half(&whole, &factor);
    assert_int_equal(cs_axis_table(table, &whole, 0), CS_OK);
    assert_int_equal(cs_axis_table(half, &low, 0), CS_OK);
    for (size_t k = 0; k < 16; k++)
        assert_true(cs_fr_eq(table[k], cs_fr_mul(factor, half[k])));
}

/* More draws than are in work at a time: in short steps, of which a piece ends within one, and in long ones. */
static void many_draws(void **state) {
    (void)state;
    enum { STEPS = 63, BATCH = 300 };
    static const size_t batches[] = {1, 6, 63, 64, BATCH};
    static uint32_t drawn[2][STEPS * BATCH];
    uint32_t *draws[2] = {drawn[0], drawn[1]};
    cs_fr wide[15];
    draw(wide, 15);
    for (size_t k = 0; k < (size_t)STEPS * BATCH; k++) {
        drawn[0][k] = (uint32_t)(k * 7919 % 61);
        drawn[1][k] = (uint32_t)(k * k % 64);
    }
    for (size_t k = 0; k < sizeof batches / sizeof *batches; k++) {
        const cs_gather g = {.time = cs_axis_eq(wide, 6),
                             .batch = cs_axis_eq(wide + 6, 9),
                             .steps = STEPS,
                             .batch_size = batches[k],
                             .draws = draws};
        const cs_axis gather = cs_axis_gather(&g, 6);
        check_axis(&gather, 0);
        check_axis(&gather, 1);
    }
}

/* A few draws of a dataset of 2^28 records cost what the draws cost. */
static void few_draws_of_many_rows(void **state) {
    (void)state;
    cs_fr point[28], wide[3], at, want = CS_FR_ZERO;
    draw(point, 28);
    draw(wide, 3);
    uint32_t drawn[4] = {0, (1u << 28) - 1, 123456789, 42}, *draws[1] = {drawn};
    const cs_gather g = {
        .time = cs_axis_eq(wide, 1), .batch = cs_axis_eq(wide + 1, 1), .steps = 2, .batch_size = 2, .draws = draws};
    const cs_axis gather = cs_axis_gather(&g, 28);
    cs_memory_limit(cs_memory_live() + (4 << 20));
    assert_int_equal(cs_axis_at(&at, &gather, point, 0, 1), CS_OK);
    cs_memory_limit(SIZE_MAX);
    for (size_t k = 0; k < 4; k++)
        want = cs_fr_add(want, cs_fr_mul(cs_eq_index(wide, 2, k), cs_eq_index(point, 28, drawn[k])));
    assert_true(cs_fr_eq(at, want));
}

/* Is entry x of the block real, or does it count as such because the block is committed by itself? */
static bool is_live(const cs_block *b, size_t x) {
    bool real = true;
    for (unsigned axis = b->axes; axis-- > 0; x >>= b->bits[axis])
        real = real && (x & (((size_t)1 << b->bits[axis]) - 1)) < b->shape[axis];
    return real || b->certified;
}

static void placement(void **state) {
    (void)state;
    const cs_block list[6] = {
        {.axes = 2, .shape = {3, 5}, .bits = {2, 3}, .certified = true},
        {.axes = 3, .shape = {3, 2, 5}, .bits = {2, 1, 3}},
        {.axes = 2, .shape = {2, 2}, .bits = {1, 1}, .certified = true, .root_only = true},
        {.axes = 1, .shape = {3}, .bits = {2}},
        {.axes = 1, .shape = {256}, .bits = {8}},
        {.axes = 2, .shape = {2, 1}, .bits = {1, 0}},
    };
    for (unsigned column_bits = 2; column_bits <= 9; column_bits++) {
        cs_layout l;
        assert_int_equal(cs_layout_new(&l, list, 6, column_bits), CS_OK);
        const size_t columns = (size_t)1 << column_bits;
        uint8_t owner[4096] = {0};
        for (size_t k = 0; k < l.n; k++) {
            const cs_block *b = &l.blocks[k];
            const size_t align = b->certified && b->size < columns ? columns : b->size;
            assert_int_equal(b->offset % align, 0);
            for (size_t x = 0; x < (b->certified ? align : b->size); x++) {
                assert_int_equal(owner[b->offset + x], 0); /* no overlap; a certified block has its rows for itself */
                owner[b->offset + x] = (uint8_t)(k + 1);
            }
            assert_true(b->offset + b->size <= (size_t)1 << l.bits);
        }
        for (size_t row = 0; row < l.rows; row++) {
            bool all = false, root = false;
            for (size_t x = 0; x < columns; x++) {
                const unsigned k = owner[row * columns + x];
                const bool live = k && is_live(&list[k - 1], row * columns + x - l.blocks[k - 1].offset);
                all |= live && !list[k - 1].root_only;
                root |= live;
            }
            assert_int_equal(cs_layout_live(&l, 0, row), root);
            assert_int_equal(cs_layout_live(&l, 1, row), all);
        }
        assert_true(cs_layout_count(&l, 0, true) > cs_layout_count(&l, 1, true));
        assert_int_equal(cs_layout_count(&l, 0, false), cs_layout_count(&l, 1, false));
        cs_layout_free(&l);
    }
}

/* Proves and verifies <f, right> = value for the commitment of f; `lie` is added to the value. */
static cs_status argue(size_t n, cs_fr lie) {
    static cs_fr f[512], right[512], copy[512];
    static const uint8_t digest[32];
    cs_comm comm;
    cs_session prover, verifier;
    cs_buffer proof = {0};
    cs_generators gens;
    cs_g1 commitment;
    draw(f, n);
    draw(right, n);
    memcpy(copy, right, sizeof copy);
    const cs_fr value = cs_fr_add(lie, cs_fr_vec_dot(f, right, n));
    assert_int_equal(cs_generators_get(&gens, n), CS_OK);
    assert_int_equal(cs_msm_var(&commitment, f, gens.g, n), CS_OK);
    cs_comm_self(&comm);
    assert_int_equal(cs_session_prove(&prover, &comm, NULL, NULL, digest, 16, &proof), CS_OK);
    prover.alone = true;
    assert_int_equal(cs_ipa_run(&prover, f, right, n, value), CS_OK);
    assert_int_equal(cs_session_verify(&verifier, 1, digest, 16, proof.data, proof.size), CS_OK);
    cs_deferred_begin(&verifier.deferred);
    assert_int_equal(cs_deferred_add(&verifier.deferred, CS_FR_ONE, cs_g1_to_affine(commitment)), CS_OK);
    cs_status status = cs_ipa_run(&verifier, f, copy, n, value);
    if (status == CS_OK)
        status = cs_session_finish(&verifier);
    cs_session_free(&prover);
    cs_session_free(&verifier);
    cs_buffer_free(&proof);
    cs_comm_free(&comm);
    return status;
}

static void inner_products(void **state) {
    (void)state;
    for (size_t n = 1; n <= 512; n *= 2) {
        assert_int_equal(argue(n, CS_FR_ZERO), CS_OK);
        assert_int_equal(argue(n, CS_FR_ONE), CS_REJECT);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(axes), cmocka_unit_test(many_draws),
                                       cmocka_unit_test(few_draws_of_many_rows), cmocka_unit_test(placement),
                                       cmocka_unit_test(inner_products)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
