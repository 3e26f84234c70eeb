/* The tampering hook of the trainer: every change is followed consistently by all that comes after it. */
#include "train/job.h"

#include <string.h>

enum { TARGET_RANK = 1, TARGET_STEP = 2 };

/* Adds `change` to one value of one tensor and counts calls. */
typedef struct tamper {
    int what;
    size_t layer, limb, entry;
    int64_t change;
    size_t calls, hits;
    size_t rows, columns; /* of the tensor that was hit */
} tamper;

static void hook(void *context, int rank, size_t step, int what, size_t layer, size_t limb, int64_t *values, size_t rows,
                 size_t columns) {
    tamper *t = context;
    t->calls++;
    if (rank != TARGET_RANK || step != TARGET_STEP || what != t->what || layer != t->layer || limb != t->limb)
        return;
    t->hits++;
    t->rows = rows;
    t->columns = columns;
    values[t->entry] += t->change;
}

/* Up to the tampered step: later ones may leave honest ranks' ranges. */
static void run(job *j) {
    for (size_t step = 0; step <= TARGET_STEP; step++)
        assert_int_equal(job_step(j, step), CS_OK);
}

static void train(job *j, tamper *t) {
    job_params(j);
    job_new(j);
    cs_trainer_set_tamper(j->trainers[TARGET_RANK], hook, t);
    run(j);
}

/* Entry b = 1, k = 1 of the tampered step. */
static int64_t entry(const job *j, cs_block_kind kind, size_t l, size_t limb) {
    return job_entry(j, TARGET_RANK, kind, l, limb, TARGET_STEP, 1, 1);
}

static void harmless_hook(void **state) {
    (void)state;
    job honest, j;
    tamper t = {.what = -1};
    train(&j, &t);
    job_params(&honest);
    job_new(&honest);
    run(&honest);
    assert_true(job_same_models(cs_trainer_model(j.trainers[0]), cs_trainer_model(honest.trainers[0])));
    /* draw; Z, 2 R, A, S; Z, 2 R; M, C, E, P, RHO, GAP; gradient, V, 2 RV; gradient */
    assert_int_equal(t.calls, (TARGET_STEP + 1) * (1 + 5 + 3 + 6 + 5));
    job_free(&honest);
    job_free(&j);
}

/* Changes entry (1, 1) of a tensor in a small way; the tensor must show it, the honest run must not. */
static void small_change(cs_block_kind kind, size_t l, size_t limb, size_t columns) {
    job honest, j;
    tamper t = {.what = (int)kind, .layer = l, .limb = limb, .entry = columns == 1 ? 1 : columns + 1, .change = 1};
    job_params(&honest);
    job_new(&honest);
    run(&honest);
    train(&j, &t);
    assert_int_equal(t.hits, 1);
    assert_int_equal(t.rows, 3);
    assert_int_equal(t.columns, columns);
    assert_true(entry(&j, kind, l, limb) == entry(&honest, kind, l, limb) + 1);
    job_free(&honest);
    job_free(&j);
}

static void every_tensor(void **state) {
    (void)state;
    for (size_t l = 1; l <= 2; l++) {
        const size_t n = l == 1 ? 5 : 3;
        small_change(CS_BLOCK_Z, l, 0, n);
        small_change(CS_BLOCK_R, l, 0, n);
        small_change(CS_BLOCK_R, l, 1, n);
    }
    small_change(CS_BLOCK_A, 1, 0, 5);
    small_change(CS_BLOCK_S, 1, 0, 5);
    small_change(CS_BLOCK_V, 1, 0, 5);
    small_change(CS_BLOCK_RV, 1, 0, 5);
    small_change(CS_BLOCK_RV, 1, 1, 5);
    small_change(CS_BLOCK_M, 0, 0, 3);
    small_change(CS_BLOCK_E, 0, 0, 3);
    small_change(CS_BLOCK_P, 0, 0, 3);
    small_change(CS_BLOCK_RHO, 0, 0, 3);
    small_change(CS_BLOCK_GAP, 0, 0, 3);
    small_change(CS_BLOCK_C, 0, 0, 1);
}

/* A wrong Z has a wrong remainder, out of its range in the top limb, and an honest relu of the wrong value. */
static void consequences(void **state) {
    (void)state;
    job j;
    tamper t = {.what = CS_BLOCK_Z, .layer = 1, .entry = 6, .change = 5000};
    train(&j, &t);
    const size_t z = cs_blocks_find(&j.blocks, CS_BLOCK_Z, 1, 0), top = cs_blocks_find(&j.blocks, CS_BLOCK_R, 1, 1);
    assert_int_equal(j.tensors[0][z].type, CS_INT_I16);
    assert_true(entry(&j, CS_BLOCK_Z, 1, 0) > 4000);
    assert_true(entry(&j, CS_BLOCK_A, 1, 0) == entry(&j, CS_BLOCK_Z, 1, 0));
    assert_int_equal(entry(&j, CS_BLOCK_S, 1, 0), 1);
    assert_true(entry(&j, CS_BLOCK_R, 1, 1) < 0);
    assert_int_equal(j.tensors[TARGET_RANK][top].type, CS_INT_FR);
    assert_int_equal(j.tensors[0][top].type, CS_INT_I8);
    job_free(&j);
}

static void divisor(void **state) {
    (void)state;
    job j;
    tamper t = {.what = CS_BLOCK_E, .entry = 4, .change = -100000};
    train(&j, &t);
    assert_int_equal(entry(&j, CS_BLOCK_P, 0, 0), 0);
    job_free(&j);
    t = (tamper){.what = CS_BLOCK_C, .entry = 1, .change = -1000}; /* below the table */
    train(&j, &t);
    assert_int_equal(entry(&j, CS_BLOCK_E, 0, 0), 64);
    job_free(&j);
}

static void draws(void **state) {
    (void)state;
    job j;
    tamper t = {.what = CS_TAMPER_DRAW};
    job_params(&j);
    job_data(&j);
    t.change = j.draws[TARGET_RANK][TARGET_STEP * 3] == 0 ? 1 : -1;
    job_trainers(&j);
    cs_trainer_set_tamper(j.trainers[TARGET_RANK], hook, &t);
    assert_int_equal(job_train(&j), CS_OK);
    assert_int_equal(t.hits, 1);
    assert_int_equal(t.rows, 1);
    assert_int_equal(t.columns, 3);
    job_free(&j);
    t.change = 1000;
    job_params(&j);
    job_new(&j);
    cs_trainer_set_tamper(j.trainers[TARGET_RANK], hook, &t);
    assert_int_equal(job_train(&j), CS_ERR_INTERNAL);
    job_free(&j);
}

static void gradients(void **state) {
    (void)state;
    job honest, j;
    job_params(&honest);
    job_new(&honest);
    tamper t = {.what = CS_TAMPER_GRADIENT, .layer = 2, .entry = 17, .change = 77};
    job_params(&j);
    job_new(&j);
    cs_trainer_set_tamper(j.trainers[TARGET_RANK], hook, &t);
    cs_trainer_set_tamper(j.trainers[TARGET_RANK], hook, &t);
    run(&honest);
    run(&j);
    assert_int_equal(t.hits, 1);
    assert_int_equal(t.rows, 6);
    assert_int_equal(t.columns, 3);
    for (size_t k = 0; k < 38; k++)
        assert_true(j.sum[k] == honest.sum[k] + (k == 37 ? 77 : 0));
    assert_true(cs_trainer_model(j.trainers[0])->w[1][17] ==
                cs_trainer_model(honest.trainers[0])->w[1][17] - 77 * j.rate[TARGET_STEP]);
    job_free(&honest);
    job_free(&j);
}

/* A dishonest rank's own records may be anything. */
static void records(void **state) {
    (void)state;
    job j;
    tamper t = {.what = -1};
    job_params(&j);
    job_new(&j);
    const size_t row = j.draws[TARGET_RANK][0];
    cs_tensor_set(&j.tensors[TARGET_RANK][0], row << j.blocks.info[0].bits[1], 300);
    cs_trainer_set_tamper(j.trainers[TARGET_RANK], hook, &t);
    assert_int_equal(job_step(&j, 0), CS_OK);
    job_free(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(harmless_hook), cmocka_unit_test(every_tensor), cmocka_unit_test(consequences),
        cmocka_unit_test(divisor),       cmocka_unit_test(draws),        cmocka_unit_test(gradients),
        cmocka_unit_test(records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
