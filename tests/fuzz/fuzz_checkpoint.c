/* What is in a checkpoint: what is read is what would be written, in memory that the job bounds, and a trainer that it
 * restores can be saved again. */
#include <stdlib.h>
#include <string.h>

#include "attest/checkpoint.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "train/sgd.h"
#include "train/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct piece {
    const uint8_t *at;
    size_t left;
} piece;

static cs_status take(void *context, void *out, size_t size) {
    piece *p = context;
    if (size > p->left)
        return cs_fail(CS_ERR_INPUT, "shorter than what it is about");
    memcpy(out, p->at, size);
    p->at += size;
    p->left -= size;
    return CS_OK;
}

static cs_status append(void *context, const void *data, size_t size) {
    cs_buffer_append(context, data, size);
    return cs_buffer_status(context);
}

static int64_t rates[4] = {1, 1, 2, 2};
static const cs_params PARAMS = {.n_ranks = 1,
                                 .steps = 4,
                                 .batch = 2,
                                 .layers = 2,
                                 .widths = {2, 3, 2},
                                 .rows = {4},
                                 .a = 3,
                                 .d = 5,
                                 .w = 12,
                                 .rate = rates,
                                 .initial_max = {4096, 4096},
                                 .n_limbs = 2,
                                 .limb_bits = {6, 6},
                                 .value_bits = 9,
                                 .exp_bits = 6,
                                 .column_bits = 4,
                                 .ledger_width = 16,
                                 .final_public = true};

typedef struct fixture {
    cs_table table;
    cs_blocks blocks;
    cs_tensor *tensors;
    cs_model initial;
    uint32_t draws[8];
    cs_trainer *trainer;
} fixture;

static void build(fixture *f) {
    *f = (fixture){0};
    if (cs_table_new(&f->table, &PARAMS) != CS_OK || cs_blocks_new(&f->blocks, &PARAMS, f->table.n) != CS_OK ||
        (f->tensors = CS_NEW(cs_tensor, f->blocks.n)) == NULL || cs_blocks_tensors(f->tensors, &f->blocks, 0) != CS_OK ||
        cs_model_new(&f->initial, &PARAMS) != CS_OK ||
        cs_trainer_new(&f->trainer, &PARAMS, 0, "fuzz", &f->initial, f->draws, &f->blocks, f->tensors) != CS_OK)
        abort();
}

static void release(fixture *f) {
    cs_trainer_free(f->trainer);
    cs_model_free(&f->initial);
    cs_blocks_tensors_free(f->tensors, &f->blocks);
    cs_free(f->tensors);
    cs_blocks_free(&f->blocks);
    cs_table_free(&f->table);
}

/* What came before `p` is what writing again gives. */
static void expect_same(const cs_buffer *again, const uint8_t *from, const piece *p) {
    const size_t size = (size_t)(p->at - from);
    if (again->size != size || (size > 0 && memcmp(again->data, from, size) != 0))
        abort();
}

static void read_rest(piece *p) {
    const cs_reader in = {.read = take, .context = p};
    cs_buffer again = {0};
    const cs_writer out = {.write = append, .context = &again};
    const uint8_t *from = p->at;
    cs_g1_affine *points = NULL;
    cs_fr *scalars = NULL;
    const size_t n = p->left / 64;
    if (cs_checkpoint_read_scalars(&scalars, n, &in) == CS_OK && cs_checkpoint_read_points(&points, n, &in) == CS_OK) {
        if (cs_checkpoint_write_scalars(&out, scalars, n) != CS_OK || cs_checkpoint_write_points(&out, points, n) != CS_OK)
            abort();
        expect_same(&again, from, p);
    }
    cs_free(points);
    cs_free(scalars);
    cs_buffer_free(&again);
}

static void read_trainer(piece *p, size_t done) {
    const cs_reader in = {.read = take, .context = p};
    cs_buffer again = {0};
    const cs_writer out = {.write = append, .context = &again};
    const uint8_t *from = p->at;
    fixture f;
    build(&f);
    if (cs_trainer_restore(f.trainer, done, &in) == CS_OK) {
        if (cs_trainer_done(f.trainer) != done || cs_trainer_save(f.trainer, &out) != CS_OK || again.size == 0 ||
            again.size != (size_t)(p->at - from))
            abort();
        read_rest(p);
    }
    cs_buffer_free(&again);
    release(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const size_t before = cs_memory_live();
    piece p = {.at = data, .left = size};
    const cs_reader in = {.read = take, .context = &p};
    cs_buffer again = {0};
    const cs_writer out = {.write = append, .context = &again};
    cs_checkpoint_head head;
    if (cs_checkpoint_read_head(&head, &in) == CS_OK) {
        if (cs_checkpoint_write_head(&out, &head) != CS_OK || head.ranks > CS_MAX_RANKS || head.rank >= head.ranks)
            abort();
        expect_same(&again, data, &p);
        read_trainer(&p, head.done);
    }
    cs_buffer_free(&again);
    if (cs_memory_live() != before)
        abort();
    return 0;
}
