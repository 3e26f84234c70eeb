/* Small training jobs for tests: random data of several ranks, trained in one process without pads. */
#ifndef CS_TESTS_TRAIN_JOB_H
#define CS_TESTS_TRAIN_JOB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "train/float64.h"
#include "train/sampler.h"
#include "train/sgd.h"
#include "train/stream.h"
#include "train/table.h"

enum { JOB_RANKS = 4, JOB_STEPS = 256 };

typedef struct job {
    cs_params p; /* rate points to the array below */
    int64_t rate[JOB_STEPS];
    cs_table table;
    cs_blocks blocks;
    cs_model initial;
    uint32_t **draws;
    int32_t *features[JOB_RANKS], *labels[JOB_RANKS];
    cs_tensor *tensors[JOB_RANKS];
    cs_trainer *trainers[JOB_RANKS];
    uint64_t *sum; /* of all ranks' gradients in the last step */
    cs_stream random;
} job;

static const uint8_t JOB_SEED[32] = {7};

/* Two layers, three ranks, sizes that need padding. */
static inline void job_params(job *j) {
    *j = (job){.p = {.n_ranks = 3,
                     .steps = 5,
                     .batch = 3,
                     .layers = 2,
                     .widths = {3, 5, 3},
                     .rows = {6, 3, 7},
                     .a = 4,
                     .d = 6,
                     .w = 14,
                     .initial_max = {8000, 8000},
                     .n_limbs = 2,
                     .limb_bits = {9, 5},
                     .value_bits = 9,
                     .exp_bits = 6,
                     .column_bits = 4,
                     .ledger_width = 16,
                     .final_public = true}};
    j->p.rate = j->rate;
    for (size_t t = 0; t < JOB_STEPS; t++)
        j->rate[t] = 1 + (int64_t)(t % 3);
    cs_stream_init(&j->random, JOB_SEED, CS_STREAM_DRAWS, 1000);
}

static inline int64_t job_random(job *j, int64_t low, int64_t high) {
    return low + (int64_t)cs_stream_below(&j->random, (uint64_t)(high - low + 1));
}

/* Writes a record into D and Y. */
static inline void job_set_record(job *j, size_t i, size_t row, const int32_t *features, int32_t label) {
    const cs_block_info *D = &j->blocks.info[0], *Y = &j->blocks.info[1];
    for (size_t k = 0; k < j->p.widths[0]; k++) {
        cs_tensor_set(&j->tensors[i][0], (row << D->bits[1]) + k, features[k]);
        j->features[i][row * j->p.widths[0] + k] = features[k];
    }
    for (size_t k = 0; k < j->p.widths[j->p.layers]; k++)
        cs_tensor_set(&j->tensors[i][1], (row << Y->bits[1]) + k, k == (size_t)label);
    j->labels[i][row] = label;
}

/* Everything but the trainers: random records with features within ±2^a, a random W(0), draws. */
static inline void job_data(job *j) {
    const cs_params *p = &j->p;
    int32_t record[64];
    assert_int_equal(cs_params_validate(p), CS_OK);
    assert_int_equal(cs_table_new(&j->table, p), CS_OK);
    assert_int_equal(cs_blocks_new(&j->blocks, p, j->table.n), CS_OK);
    assert_int_equal(cs_model_from_seed(&j->initial, p, JOB_SEED), CS_OK);
    assert_int_equal(cs_draws_new(&j->draws, p, NULL, JOB_SEED), CS_OK);
    for (size_t i = 0; i < (size_t)p->n_ranks; i++) {
        j->tensors[i] = CS_NEW(cs_tensor, j->blocks.n);
        j->features[i] = CS_NEW(int32_t, p->rows[i] * p->widths[0]);
        j->labels[i] = CS_NEW(int32_t, p->rows[i]);
        assert_int_equal(cs_blocks_tensors(j->tensors[i], &j->blocks, (int)i), CS_OK);
        for (size_t row = 0; row < p->rows[i]; row++) {
            for (size_t k = 0; k < p->widths[0]; k++)
                record[k] = (int32_t)job_random(j, -((int64_t)1 << p->a), (int64_t)1 << p->a);
            job_set_record(j, i, row, record, (int32_t)job_random(j, 0, (int64_t)p->widths[p->layers] - 1));
        }
    }
    j->sum = CS_NEW(uint64_t, cs_model_size(&j->initial));
}

static inline void job_trainers(job *j) {
    static const char *const names[JOB_RANKS] = {"alice", "bob", "carol", "dave"};
    for (size_t i = 0; i < (size_t)j->p.n_ranks; i++)
        assert_int_equal(
            cs_trainer_new(&j->trainers[i], &j->p, (int)i, names[i], &j->initial, j->draws[i], &j->blocks, j->tensors[i]),
            CS_OK);
}

static inline void job_new(job *j) {
    job_data(j);
    job_trainers(j);
}

/* One step of all ranks. */
static inline cs_status job_step(job *j, size_t step) {
    const size_t n = cs_model_size(&j->initial);
    cs_status status = CS_OK;
    uint64_t *part = CS_NEW(uint64_t, n);
    for (size_t k = 0; k < n; k++)
        j->sum[k] = 0;
    for (size_t i = 0; i < (size_t)j->p.n_ranks && status == CS_OK; i++) {
        status = cs_trainer_gradient(j->trainers[i], step, part);
        for (size_t k = 0; k < n && status == CS_OK; k++)
            j->sum[k] += part[k];
    }
    for (size_t i = 0; i < (size_t)j->p.n_ranks && status == CS_OK; i++)
        status = cs_trainer_update(j->trainers[i], step, j->sum);
    cs_free(part);
    return status;
}

static inline cs_status job_train(job *j) {
    for (size_t t = 0; t < j->p.steps; t++)
        CS_TRY(job_step(j, t));
    return CS_OK;
}

static inline void job_free(job *j) {
    for (size_t i = 0; i < (size_t)j->p.n_ranks; i++) {
        cs_trainer_free(j->trainers[i]);
        if (j->tensors[i] != NULL)
            cs_blocks_tensors_free(j->tensors[i], &j->blocks);
        cs_free(j->tensors[i]);
        cs_free(j->features[i]);
        cs_free(j->labels[i]);
    }
    cs_free(j->sum);
    cs_draws_free(j->draws);
    cs_model_free(&j->initial);
    cs_blocks_free(&j->blocks);
    cs_table_free(&j->table);
}

/* Entry (t, b, k) of a block of rank i. */
static inline int64_t job_entry(const job *j, size_t i, cs_block_kind kind, size_t l, size_t limb, size_t t, size_t b,
                                size_t k) {
    const size_t block = cs_blocks_find(&j->blocks, kind, l, limb);
    const cs_block_info *info = &j->blocks.info[block];
    const size_t sample = (t << info->bits[1]) + b;
    return cs_tensor_get(&j->tensors[i][block], info->axes == 3 ? (sample << info->bits[2]) + k : sample);
}

static inline bool job_same_models(const cs_model *a, const cs_model *b) {
    uint8_t x[32], y[32];
    cs_model_digest(x, a);
    cs_model_digest(y, b);
    for (size_t k = 0; k < 32; k++)
        if (x[k] != y[k])
            return false;
    return true;
}

#endif
