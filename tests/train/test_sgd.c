/* The trainer against a slow evaluation of section 6 entry by entry, in 128-bit integers. */
#include "train/job.h"

#include <string.h>

typedef __int128 wide;

/* ------------------------------------------------------------------ the slow evaluation */

static wide remainder_of(const job *j, size_t i, cs_block_kind kind, size_t l, size_t t, size_t b, size_t k) {
    wide value = 0;
    unsigned shift = 0;
    for (unsigned limb = 0; limb < j->p.n_limbs; limb++) {
        const int64_t x = job_entry(j, i, kind, l, limb, t, b, k);
        assert_true(x >= 0 && x < (int64_t)1 << j->p.limb_bits[limb]);
        value += (wide)x << shift;
        shift += j->p.limb_bits[limb];
    }
    return value;
}

static int64_t activation(const job *j, size_t i, size_t l, size_t t, size_t b, size_t k) {
    if (k == j->p.widths[l])
        return (int64_t)1 << j->p.a;
    if (l > 0)
        return job_entry(j, i, CS_BLOCK_A, l, 0, t, b, k);
    return j->features[i][j->draws[i][t * j->p.batch + b] * j->p.widths[0] + k];
}

static int64_t delta(const job *j, size_t i, size_t l, size_t t, size_t b, size_t k) {
    if (l < j->p.layers)
        return job_entry(j, i, CS_BLOCK_V, l, 0, t, b, k) * job_entry(j, i, CS_BLOCK_S, l, 0, t, b, k);
    const bool label = (size_t)j->labels[i][j->draws[i][t * j->p.batch + b]] == k;
    return job_entry(j, i, CS_BLOCK_P, 0, 0, t, b, k) - ((int64_t)label << j->p.d);
}

static void check_forward(const job *j, const cs_model *W, size_t i, size_t t, size_t b) {
    for (size_t l = 1; l <= j->p.layers; l++)
        for (size_t n = 0; n < j->p.widths[l]; n++) {
            wide sum = 0;
            for (size_t k = 0; k <= j->p.widths[l - 1]; k++)
                sum += (wide)activation(j, i, l - 1, t, b, k) * W->w[l - 1][k * j->p.widths[l] + n];
            const int64_t z = job_entry(j, i, CS_BLOCK_Z, l, 0, t, b, n);
            const wide remainder = remainder_of(j, i, CS_BLOCK_R, l, t, b, n);
            assert_true((wide)z * ((wide)1 << j->p.w) + remainder - ((wide)1 << (j->p.w - 1)) == sum);
            if (l < j->p.layers) {
                assert_true(job_entry(j, i, CS_BLOCK_A, l, 0, t, b, n) == (z > 0 ? z : 0));
                assert_true(job_entry(j, i, CS_BLOCK_S, l, 0, t, b, n) == (z > 0));
            }
        }
}

static void check_softmax(const job *j, size_t i, size_t t, size_t b) {
    const size_t L = j->p.layers, n = j->p.widths[L];
    size_t best = 0;
    for (size_t k = n; k-- > 0;)
        if (job_entry(j, i, CS_BLOCK_Z, L, 0, t, b, k) >= job_entry(j, i, CS_BLOCK_Z, L, 0, t, b, best))
            best = k;
    const int64_t top = job_entry(j, i, CS_BLOCK_C, 0, 0, t, b, 0);
    assert_true(top == job_entry(j, i, CS_BLOCK_Z, L, 0, t, b, best));
    int64_t total = 0;
    for (size_t k = 0; k < n; k++)
        total += job_entry(j, i, CS_BLOCK_E, 0, 0, t, b, k);
    for (size_t k = 0; k < n; k++) {
        const size_t row = cs_table_find(&j->table, CS_TAG_EXP, top - job_entry(j, i, CS_BLOCK_Z, L, 0, t, b, k));
        assert_true(row != SIZE_MAX);
        const int64_t e = job_entry(j, i, CS_BLOCK_E, 0, 0, t, b, k), q = job_entry(j, i, CS_BLOCK_P, 0, 0, t, b, k);
        const int64_t rho = job_entry(j, i, CS_BLOCK_RHO, 0, 0, t, b, k), gap = job_entry(j, i, CS_BLOCK_GAP, 0, 0, t, b, k);
        assert_int_equal(job_entry(j, i, CS_BLOCK_M, 0, 0, t, b, k), k == best);
        assert_true(e == j->table.c2[row]);
        assert_true(q * total + rho == e << j->p.d && rho >= 0 && gap >= 0 && gap == total - 1 - rho);
    }
}

static void check_backward(const job *j, const cs_model *W, size_t i, size_t t, size_t b) {
    for (size_t l = 1; l < j->p.layers; l++)
        for (size_t k = 0; k < j->p.widths[l]; k++) {
            wide sum = 0;
            for (size_t n = 0; n < j->p.widths[l + 1]; n++)
                sum += (wide)delta(j, i, l + 1, t, b, n) * W->w[l][k * j->p.widths[l + 1] + n];
            const wide v = job_entry(j, i, CS_BLOCK_V, l, 0, t, b, k),
                       remainder = remainder_of(j, i, CS_BLOCK_RV, l, t, b, k);
            assert_true(v * ((wide)1 << j->p.w) + remainder - ((wide)1 << (j->p.w - 1)) == sum);
        }
}

static void slow_update(const job *j, cs_model *W, size_t t) {
    for (size_t l = 1; l <= j->p.layers; l++)
        for (size_t k = 0; k <= j->p.widths[l - 1]; k++)
            for (size_t n = 0; n < j->p.widths[l]; n++) {
                wide sum = 0;
                for (size_t i = 0; i < (size_t)j->p.n_ranks; i++)
                    for (size_t b = 0; b < j->p.batch; b++)
                        sum += (wide)activation(j, i, l - 1, t, b, k) * delta(j, i, l, t, b, n);
                W->w[l - 1][k * j->p.widths[l] + n] -= (int64_t)(j->rate[t] * sum);
            }
}

/* Real entries within the declared range, padded ones zero. */
static void check_block(const cs_block_info *info, const cs_tensor *tensor) {
    assert_int_equal(tensor->n, cs_block_size(info));
    for (size_t x = 0; x < tensor->n; x++) {
        size_t rest = x;
        bool real = true;
        for (unsigned axis = info->axes; axis-- > 0; rest >>= info->bits[axis])
            real = real && (rest & (((size_t)1 << info->bits[axis]) - 1)) < info->shape[axis];
        const int64_t v = cs_tensor_get(tensor, x);
        assert_true(real ? v >= info->min && v <= info->max : v == 0);
    }
}

static void check_job(job *j) {
    cs_model W;
    assert_int_equal(cs_model_copy(&W, &j->initial), CS_OK);
    for (size_t t = 0; t < j->p.steps; t++) {
        assert_int_equal(job_step(j, t), CS_OK);
        for (size_t i = 0; i < (size_t)j->p.n_ranks; i++)
            for (size_t b = 0; b < j->p.batch; b++) {
                check_forward(j, &W, i, t, b);
                check_softmax(j, i, t, b);
                check_backward(j, &W, i, t, b);
            }
        slow_update(j, &W, t);
        for (size_t i = 0; i < (size_t)j->p.n_ranks; i++)
            assert_true(job_same_models(&W, cs_trainer_model(j->trainers[i])));
    }
    for (size_t i = 0; i < (size_t)j->p.n_ranks; i++)
        for (size_t k = 0; k < j->blocks.n; k++)
            if (j->tensors[i][k].data != NULL)
                check_block(&j->blocks.info[k], &j->tensors[i][k]);
    cs_model_free(&W);
}

static void all_identities(void **state) {
    (void)state;
    const struct {
        size_t layers, widths[5], steps, batch;
    } shapes[] = {
        {2, {3, 5, 3}, 5, 3}, {1, {4, 2}, 4, 1}, {3, {7, 6, 5, 4}, 3, 4}, {4, {1, 2, 3, 1, 2}, 6, 2}, {2, {2, 1, 1}, 1, 5},
    };
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        job j;
        job_params(&j);
        j.p.layers = shapes[s].layers;
        j.p.steps = shapes[s].steps;
        j.p.batch = shapes[s].batch;
        memcpy(j.p.widths, shapes[s].widths, sizeof shapes[s].widths);
        for (size_t l = 0; l < j.p.layers; l++)
            j.p.initial_max[l] = 6000;
        j.p.final_public = s % 2 == 0;
        job_new(&j);
        check_job(&j);
        job_free(&j);
    }
    assert_int_equal(cs_memory_live(), 0);
}

/* Weights beyond 31 bits take the two-part products. */
static void wide_weights(void **state) {
    (void)state;
    job j;
    job_params(&j);
    j.p.w = 40;
    j.p.n_limbs = 4;
    j.p.limb_bits[0] = 10, j.p.limb_bits[1] = 13, j.p.limb_bits[2] = 1, j.p.limb_bits[3] = 16;
    for (size_t l = 0; l < 2; l++)
        j.p.initial_max[l] = (int64_t)1 << 39;
    for (size_t t = 0; t < j.p.steps; t++)
        j.rate[t] = (int64_t)1 << 22;
    job_new(&j);
    check_job(&j);
    job_free(&j);
}

/* ------------------------------------------------------------------ ranks */

static void union_batch(void **state) {
    (void)state;
    job many, one;
    job_params(&many);
    job_new(&many);
    assert_int_equal(job_train(&many), CS_OK);
    job_params(&one);
    one.p.n_ranks = 1;
    one.p.batch = 3 * many.p.batch;
    one.p.rows[0] = 16;
    job_data(&one);
    const size_t first[3] = {0, 6, 9};
    for (size_t i = 0; i < 3; i++) {
        for (size_t row = 0; row < many.p.rows[i]; row++)
            job_set_record(&one, 0, first[i] + row, many.features[i] + row * 3, many.labels[i][row]);
        for (size_t t = 0; t < many.p.steps; t++)
            for (size_t b = 0; b < many.p.batch; b++)
                one.draws[0][(t * 3 + i) * many.p.batch + b] = (uint32_t)first[i] + many.draws[i][t * many.p.batch + b];
    }
    job_trainers(&one);
    assert_int_equal(job_train(&one), CS_OK);
    assert_true(job_same_models(cs_trainer_model(many.trainers[0]), cs_trainer_model(one.trainers[0])));
    assert_false(job_same_models(cs_trainer_model(many.trainers[0]), &many.initial));
    job_free(&many);
    job_free(&one);
}

/* ------------------------------------------------------------------ refusals */

static void expect_range(job *j, size_t rank, const char *where, const char *advice) {
    cs_status status = CS_OK;
    uint64_t *out = CS_NEW(uint64_t, cs_trainer_size(j->trainers[rank]));
    status = cs_trainer_gradient(j->trainers[rank], 0, out);
    assert_int_equal(status, CS_ERR_RANGE);
    assert_non_null(strstr(cs_error_text(), where));
    assert_non_null(strstr(cs_error_text(), advice));
    cs_free(out);
}

static void forward_out_of_range(void **state) {
    (void)state;
    job j;
    job_params(&j);
    j.p.initial_max[0] = 1 << 14;
    j.p.initial_max[1] = 1 << 24;
    job_data(&j);
    for (size_t k = 0; k < 3; k++)
        j.initial.w[0][15 + k] = (int64_t)1 << 14;
    j.initial.w[1][15] = 1 << 24;
    job_trainers(&j);
    expect_range(&j, 1, "member bob (rank 1), step 0, layer 2", "raise value_bits");
    job_free(&j);
}

static void later_step_out_of_range(void **state) {
    (void)state;
    job j;
    job_params(&j);
    j.rate[1] = 1 << 20;
    job_new(&j);
    assert_int_equal(job_step(&j, 0), CS_OK);
    assert_int_equal(job_step(&j, 1), CS_OK);
    assert_int_equal(job_step(&j, 2), CS_ERR_RANGE);
    assert_non_null(strstr(cs_error_text(), "member alice (rank 0), step 2, layer"));
    job_free(&j);
}

/* A_1 = 1 everywhere through the biases, one weight of layer 2 is 100: Z_2 fits; delta W^T = 64 * 100 does not. */
static void backward_out_of_range(void **state) {
    (void)state;
    job j;
    job_params(&j);
    j.p.initial_max[1] = 100 << 14;
    job_data(&j);
    memset(j.initial.w[0], 0, 20 * sizeof(int64_t));
    memset(j.initial.w[1], 0, 18 * sizeof(int64_t));
    for (size_t k = 0; k < 5; k++)
        j.initial.w[0][15 + k] = 1 << 10;
    j.initial.w[1][0] = 100 << 14;
    for (size_t row = 0; row < j.p.rows[2]; row++)
        job_set_record(&j, 2, row, (const int32_t[]){1, 2, 3}, 1);
    job_trainers(&j);
    expect_range(&j, 2, "member carol (rank 2), step 0, layer 1", "the error V");
    job_free(&j);
}

static void bad_dataset(void **state) {
    (void)state;
    job j;
    job_params(&j);
    job_new(&j);
    const size_t row = j.draws[0][0];
    const cs_block_info *D = &j.blocks.info[0], *Y = &j.blocks.info[1];
    const int64_t good = cs_tensor_get(&j.tensors[0][0], row << D->bits[1]);
    cs_tensor_set(&j.tensors[0][0], row << D->bits[1], 256);
    expect_range(&j, 0, "member alice (rank 0), step 0, layer 0", "features");
    cs_tensor_set(&j.tensors[0][0], row << D->bits[1], good);
    cs_tensor_set(&j.tensors[0][1], row << Y->bits[1], -1);
    expect_range(&j, 0, "member alice (rank 0), step 0, layer 2", "one-hot");
    job_free(&j);
    job_params(&j);
    job_new(&j);
    j.draws[0][1] = 7;
    assert_int_equal(job_step(&j, 0), CS_ERR_INTERNAL);
    job_free(&j);
}

static void expect_noise(size_t entry, uint64_t value) {
    job j;
    job_params(&j);
    job_new(&j);
    uint64_t *own = CS_NEW(uint64_t, cs_trainer_size(j.trainers[0]));
    assert_int_equal(cs_trainer_gradient(j.trainers[0], 0, own), CS_OK);
    own[entry] = value;
    const bool allowed = (int64_t)value == cs_params_gradient_max(&j.p) || (int64_t)value == -cs_params_gradient_max(&j.p);
    assert_int_equal(cs_trainer_update(j.trainers[0], 0, own), allowed ? CS_OK : CS_ERR_ABORT);
    if (!allowed) {
        assert_non_null(strstr(cs_error_text(), entry < 20 ? "step 0, layer 1" : "step 0, layer 2"));
        assert_int_equal(cs_trainer_gradient(j.trainers[0], 0, own), CS_ERR_INTERNAL);
        assert_int_equal(cs_trainer_gradient(j.trainers[0], 1, own), CS_ERR_INTERNAL);
    }
    cs_free(own);
    job_free(&j);
}

static void noise(void **state) {
    (void)state;
    job j;
    job_params(&j);
    const uint64_t most = (uint64_t)cs_params_gradient_max(&j.p);
    const size_t entries[] = {0, 19, 20, 37};
    for (size_t k = 0; k < 4; k++) {
        expect_noise(entries[k], most);
        expect_noise(entries[k], most + 1);
        expect_noise(entries[k], (uint64_t)0 - most);
        expect_noise(entries[k], (uint64_t)0 - most - 1);
        expect_noise(entries[k], (uint64_t)1 << 63);
        expect_noise(entries[k], UINT64_MAX >> 1);
    }
}

static void steps_in_order(void **state) {
    (void)state;
    job j;
    job_params(&j);
    job_new(&j);
    uint64_t *own = CS_NEW(uint64_t, cs_trainer_size(j.trainers[0]));
    assert_int_equal(cs_trainer_gradient(j.trainers[0], 1, own), CS_ERR_INTERNAL);
    assert_int_equal(cs_trainer_update(j.trainers[0], 1, own), CS_ERR_INTERNAL);
    assert_int_equal(job_train(&j), CS_OK);
    assert_int_equal(cs_trainer_gradient(j.trainers[0], j.p.steps, own), CS_ERR_INTERNAL);
    cs_free(own);
    job_free(&j);
}

static void bad_initial(void **state) {
    (void)state;
    job j;
    cs_trainer *t;
    job_params(&j);
    j.p.initial_max[0] = (int64_t)1 << 61;
    job_data(&j);
    assert_int_equal(cs_trainer_new(&t, &j.p, 0, "alice", &j.initial, j.draws[0], &j.blocks, j.tensors[0]), CS_ERR_RANGE);
    assert_null(t);
    assert_non_null(strstr(cs_error_text(), "layer 1"));
    j.initial.w[1][3] = j.p.initial_max[1] + 1;
    assert_int_equal(cs_trainer_new(&t, &j.p, 0, "alice", &j.initial, j.draws[0], &j.blocks, j.tensors[0]), CS_ERR_INPUT);
    assert_non_null(strstr(cs_error_text(), "layer 2, row 1, column 0"));
    job_free(&j);
    assert_int_equal(cs_memory_live(), 0);
}

static void without_memory(void **state) {
    (void)state;
    job j;
    cs_trainer *t = NULL;
    job_params(&j);
    job_data(&j);
    size_t refused = 0;
    for (size_t spare = 0; t == NULL; spare += 64) {
        const size_t live = cs_memory_live();
        cs_memory_limit(live + spare);
        const cs_status status = cs_trainer_new(&t, &j.p, 0, "alice", &j.initial, j.draws[0], &j.blocks, j.tensors[0]);
        cs_memory_limit(SIZE_MAX);
        assert_int_equal(status, t == NULL ? CS_ERR_MEMORY : CS_OK);
        refused += t == NULL;
        if (t == NULL)
            assert_int_equal(cs_memory_live(), live);
    }
    assert_true(refused > 20);
    cs_trainer_free(t);
    job_free(&j);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_identities),
        cmocka_unit_test(wide_weights),
        cmocka_unit_test(union_batch),
        cmocka_unit_test(forward_out_of_range),
        cmocka_unit_test(later_step_out_of_range),
        cmocka_unit_test(backward_out_of_range),
        cmocka_unit_test(bad_dataset),
        cmocka_unit_test(noise),
        cmocka_unit_test(steps_in_order),
        cmocka_unit_test(bad_initial),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
