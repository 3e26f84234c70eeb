/* The list of blocks: order, shapes, ranges, who holds them. */
#include <string.h>

#include "train/job.h"
#include "witness/layout.h"

typedef struct expected {
    cs_block_kind kind;
    size_t layer, limb, axes, shape[3];
    unsigned bits[3];
    int64_t min, max;
} expected;

static void check_list(const cs_blocks *b, const expected *list, size_t n) {
    assert_int_equal(b->n, n);
    for (size_t k = 0; k < n; k++) {
        const cs_block_info *info = &b->info[k];
        assert_int_equal(info->kind, list[k].kind);
        assert_int_equal(info->layer, list[k].layer);
        assert_int_equal(info->limb, list[k].limb);
        assert_int_equal(info->axes, list[k].axes);
        for (size_t axis = 0; axis < info->axes; axis++) {
            assert_int_equal(info->shape[axis], list[k].shape[axis]);
            assert_int_equal(info->bits[axis], list[k].bits[axis]);
        }
        assert_true(info->min == list[k].min && info->max == list[k].max);
        assert_int_equal(info->certified, info->kind == CS_BLOCK_D || info->kind == CS_BLOCK_Y || info->kind == CS_BLOCK_F ||
                                              info->kind == CS_BLOCK_G);
        assert_int_equal(info->root_only, info->kind == CS_BLOCK_F || info->kind == CS_BLOCK_G);
        assert_int_equal(cs_blocks_find(b, list[k].kind, list[k].layer, list[k].limb), k);
    }
}

#define SAMPLE(n, n_bits)                                                                                                   \
    3, {5, 3, n}, {                                                                                                         \
        3, 2, n_bits                                                                                                        \
    }

static void committed_final(void **state) {
    (void)state;
    job j;
    cs_blocks b;
    job_params(&j);
    j.p.final_public = false;
    const int64_t most = 8000 + 9 * 9 * 65536; /* rates 1, 2, 3, 1, 2 */
    /* Lookups per draw: layer 1: 2 limbs, relu, V, 2 limbs; layer 2: 2 limbs, Z, exp, P, RHO, GAP, a bit of M. */
    const int64_t lookups = 15 * (6 * 5 + 8 * 3) + 7 * (3 + 3);
    const expected list[] = {
        {CS_BLOCK_D, 0, 0, 2, {7, 3}, {3, 2}, -256, 255},
        {CS_BLOCK_Y, 0, 0, 2, {7, 3}, {3, 2}, 0, 1},
        {CS_BLOCK_F, 1, 0, 2, {4, 5}, {2, 3}, -most, most},
        {CS_BLOCK_F, 2, 0, 2, {6, 3}, {3, 2}, -most, most},
        {CS_BLOCK_Z, 1, 0, SAMPLE(5, 3), -256, 255},
        {CS_BLOCK_R, 1, 0, SAMPLE(5, 3), 0, 511},
        {CS_BLOCK_R, 1, 1, SAMPLE(5, 3), 0, 31},
        {CS_BLOCK_A, 1, 0, SAMPLE(5, 3), 0, 255},
        {CS_BLOCK_S, 1, 0, SAMPLE(5, 3), 0, 1},
        {CS_BLOCK_V, 1, 0, SAMPLE(5, 3), -256, 255},
        {CS_BLOCK_RV, 1, 0, SAMPLE(5, 3), 0, 511},
        {CS_BLOCK_RV, 1, 1, SAMPLE(5, 3), 0, 31},
        {CS_BLOCK_Z, 2, 0, SAMPLE(3, 2), -256, 255},
        {CS_BLOCK_R, 2, 0, SAMPLE(3, 2), 0, 511},
        {CS_BLOCK_R, 2, 1, SAMPLE(3, 2), 0, 31},
        {CS_BLOCK_M, 0, 0, SAMPLE(3, 2), 0, 1},
        {CS_BLOCK_E, 0, 0, SAMPLE(3, 2), 0, 64},
        {CS_BLOCK_P, 0, 0, SAMPLE(3, 2), 0, 511},
        {CS_BLOCK_RHO, 0, 0, SAMPLE(3, 2), 0, 511},
        {CS_BLOCK_GAP, 0, 0, SAMPLE(3, 2), 0, 511},
        {CS_BLOCK_C, 0, 0, 2, {5, 3}, {3, 2}, -256, 255},
        {CS_BLOCK_MULT, 0, 0, 1, {4096}, {12}, 0, lookups},
    };
    assert_int_equal(cs_blocks_new(&b, &j.p, 4096), CS_OK);
    check_list(&b, list, sizeof list / sizeof *list);
    cs_blocks_free(&b);
    assert_int_equal(cs_memory_live(), 0);
}

static void finding(void **state) {
    (void)state;
    job j;
    cs_blocks b;
    job_params(&j);
    assert_int_equal(cs_blocks_new(&b, &j.p, 4096), CS_OK);
    assert_int_equal(b.n, 20);
    assert_int_equal(b.info[2].kind, CS_BLOCK_Z);
    assert_true(cs_blocks_find(&b, CS_BLOCK_F, 1, 0) == SIZE_MAX);
    assert_true(cs_blocks_find(&b, CS_BLOCK_A, 2, 0) == SIZE_MAX);
    assert_true(cs_blocks_find(&b, CS_BLOCK_R, 1, 2) == SIZE_MAX);
    assert_true(cs_blocks_find(&b, CS_BLOCK_Z, 0, 0) == SIZE_MAX);
    assert_int_equal(cs_blocks_find(&b, CS_BLOCK_M, 2, 0), cs_blocks_find(&b, CS_BLOCK_M, 0, 0));
    assert_int_equal(cs_block_size(&b.info[0]), 32);
    assert_int_equal(cs_block_size(&b.info[2]), 256);
    assert_int_equal(cs_block_size(&b.info[19]), 4096);
    cs_blocks_free(&b);
}

static void tensors(void **state) {
    (void)state;
    job j;
    cs_blocks b;
    cs_tensor held[32];
    job_params(&j);
    j.p.final_public = false;
    assert_int_equal(cs_blocks_new(&b, &j.p, 4096), CS_OK);
    for (int rank = 0; rank < 2; rank++) {
        assert_int_equal(cs_blocks_tensors(held, &b, rank), CS_OK);
        for (size_t k = 0; k < b.n; k++) {
            if (b.info[k].root_only && rank == 1) {
                assert_null(held[k].data);
                continue;
            }
            assert_int_equal(held[k].n, cs_block_size(&b.info[k]));
            assert_int_equal(held[k].type, cs_int_type_for(b.info[k].min, b.info[k].max));
            assert_int_equal(cs_tensor_get(&held[k], held[k].n - 1), 0);
        }
        cs_blocks_tensors_free(held, &b);
    }
    const size_t live = cs_memory_live();
    for (size_t spare = 0; spare < 8000; spare += 500) {
        cs_memory_limit(live + spare);
        assert_int_equal(cs_blocks_tensors(held, &b, 0), CS_ERR_MEMORY);
        cs_memory_limit(SIZE_MAX);
        assert_int_equal(cs_memory_live(), live);
    }
    cs_blocks_free(&b);
    cs_memory_limit(0);
    assert_int_equal(cs_blocks_new(&b, &j.p, 4096), CS_ERR_MEMORY);
    cs_memory_limit(SIZE_MAX);
}

/* Rows with commitments, against those of a layout of the block alone. */
static void rows_with_real_entries(void **state) {
    (void)state;
    const size_t shapes[][3] = {{5, 3, 10}, {8, 4, 16}, {1, 1, 1}, {5, 4, 9}, {6, 3, 16}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
        for (int certified = 0; certified < 2; certified++)
            for (unsigned column_bits = 0; column_bits <= 10; column_bits++) {
                cs_block_info info = {.axes = 3, .bits = {3, 2, 4}, .certified = certified != 0};
                cs_block block = {.axes = 3, .bits = {3, 2, 4}, .certified = certified != 0};
                cs_layout l;
                memcpy(info.shape, shapes[k], sizeof info.shape);
                memcpy(block.shape, shapes[k], sizeof block.shape);
                assert_int_equal(cs_layout_new(&l, &block, 1, column_bits), CS_OK);
                const size_t rows = cs_layout_count(&l, 0, false) + cs_layout_count(&l, 0, true);
                assert_int_equal(cs_block_rows(&info, column_bits), column_bits <= 9 ? rows : 0);
                cs_layout_free(&l);
            }
    const cs_block_info info = {.axes = 3, .shape = {5, 3, 10}, .bits = {3, 2, 4}};
    assert_int_equal(cs_block_rows(&info, 6), 5);
    assert_int_equal(cs_block_rows(&info, 4), 15);
    assert_int_equal(cs_block_rows(&info, 3), 30);
    assert_int_equal(cs_block_rows(&info, 7), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(committed_final), cmocka_unit_test(rows_with_real_entries),
                                       cmocka_unit_test(finding), cmocka_unit_test(tensors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
