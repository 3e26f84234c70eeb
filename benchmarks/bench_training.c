/* Exact integer training of one rank without network: nanoseconds per draw, everything included that the trainer does
 * (forward, backward, witness tensors, update, weight projections). One JSON line per model. */
#include <stdio.h>

#include "base/memory.h"
#include "base/timer.h"
#include "train/sampler.h"
#include "train/sgd.h"
#include "train/table.h"

typedef struct run {
    cs_params p;
    int64_t rate[4096];
    cs_table table;
    cs_blocks blocks;
    cs_model initial;
    uint32_t **draws;
    cs_tensor *tensors;
    cs_trainer *trainer;
    uint64_t *gradient;
} run;

static const uint8_t SEED[32] = {1};

static void set_params(run *r, size_t inputs, size_t hidden, size_t classes, size_t steps, size_t batch) {
    r->p = (cs_params){.n_ranks = 1,
                       .steps = steps,
                       .batch = batch,
                       .layers = 2,
                       .widths = {inputs, hidden, classes},
                       .rows = {1000},
                       .a = 8,
                       .d = 12,
                       .w = 28,
                       .rate = r->rate,
                       .initial_max = {1 << 23, 1 << 24},
                       .n_limbs = 2,
                       .limb_bits = {14, 14},
                       .value_bits = 16,
                       .exp_bits = 12,
                       .column_bits = 10,
                       .ledger_width = 16,
                       .final_public = true};
    for (size_t t = 0; t < steps; t++)
        r->rate[t] = 1;
}

static cs_status prepare(run *r) {
    CS_TRY(cs_params_validate(&r->p));
    CS_TRY(cs_table_new(&r->table, &r->p));
    CS_TRY(cs_blocks_new(&r->blocks, &r->p, r->table.n));
    CS_TRY(cs_model_from_seed(&r->initial, &r->p, SEED));
    CS_TRY(cs_draws_new(&r->draws, &r->p, NULL, SEED));
    r->tensors = CS_NEW(cs_tensor, r->blocks.n);
    r->gradient = CS_NEW(uint64_t, cs_model_size(&r->initial));
    if (r->tensors == NULL || r->gradient == NULL)
        return CS_ERR_MEMORY;
    CS_TRY(cs_blocks_tensors(r->tensors, &r->blocks, 0));
    for (size_t row = 0; row < r->p.rows[0]; row++) {
        for (size_t k = 0; k < r->p.widths[0]; k++)
            cs_tensor_set(&r->tensors[0], (row << r->blocks.info[0].bits[1]) + k,
                          (int64_t)((row * 31 + k * k * (row % 10)) % 257));
        cs_tensor_set(&r->tensors[1], (row << r->blocks.info[1].bits[1]) + row % 10, 1);
    }
    return cs_trainer_new(&r->trainer, &r->p, 0, "benchmark", &r->initial, r->draws[0], &r->blocks, r->tensors);
}

static cs_status measure(run *r) {
    double gradient = 0, update = 0;
    for (size_t t = 0; t < r->p.steps; t++) {
        const double start = cs_cpu_seconds();
        CS_TRY(cs_trainer_gradient(r->trainer, t, r->gradient));
        const double middle = cs_cpu_seconds();
        CS_TRY(cs_trainer_update(r->trainer, t, r->gradient));
        gradient += middle - start;
        update += cs_cpu_seconds() - middle;
    }
    const double draws = (double)(r->p.steps * r->p.batch);
    printf(
        "{\"benchmark\": \"training\", \"model\": \"%zu-%zu-%zu\", \"steps\": %zu, \"batch\": %zu, \"ns_per_draw\": %.0f, "
        "\"gradient_ns_per_draw\": %.0f, \"update_ns_per_draw\": %.0f, \"cpu_s\": %.3f}\n",
        r->p.widths[0], r->p.widths[1], r->p.widths[2], r->p.steps, r->p.batch, (gradient + update) * 1e9 / draws,
        gradient * 1e9 / draws, update * 1e9 / draws, gradient + update);
    return CS_OK;
}

static void release(run *r) {
    cs_trainer_free(r->trainer);
    if (r->tensors != NULL)
        cs_blocks_tensors_free(r->tensors, &r->blocks);
    cs_free(r->tensors);
    cs_free(r->gradient);
    cs_draws_free(r->draws);
    cs_model_free(&r->initial);
    cs_blocks_free(&r->blocks);
    cs_table_free(&r->table);
}

int main(void) {
    const size_t models[][5] = {
        {64, 32, 10, 900, 8}, {64, 32, 10, 225, 32}, {784, 128, 10, 500, 16}, {784, 128, 10, 64, 128}};
    for (size_t k = 0; k < sizeof models / sizeof *models; k++) {
        run r = {0};
        set_params(&r, models[k][0], models[k][1], models[k][2], models[k][3], models[k][4]);
        cs_status status = prepare(&r);
        if (status == CS_OK)
            status = measure(&r);
        release(&r);
        if (status != CS_OK) {
            fprintf(stderr, "%s: %s\n", cs_status_name(status), cs_error_text());
            return (int)status;
        }
    }
    return 0;
}
