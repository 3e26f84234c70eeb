/* What a trainer has made so far, to go on from it later. */
#include "base/memory.h"
#include "train/trainer.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "integers are written as they lie in memory");

/* Blocks that the trainer fills step by step: their first axis is the step. */
static bool grows(const cs_block_info *b) {
    return b->kind >= CS_BLOCK_Z && b->kind <= CS_BLOCK_C;
}

/* Bytes of a tensor that the steps made so far have filled. */
static size_t filled(const cs_trainer *t, size_t k) {
    const cs_block_info *b = &t->blocks->info[k];
    const size_t per_step = cs_block_size(b) >> b->bits[0];
    return t->done * per_step * cs_int_size(t->tensors[k].type);
}

typedef cs_status piece_fn(void *context, void *data, size_t size);

static cs_status each_check(cs_trainer *t, piece_fn *fn, void *context) {
    for (size_t l = 0; l < t->p->layers; l++) {
        cs_weight_check *c = &t->checks[l];
        const size_t kept = t->done + 1;
        CS_TRY(fn(context, c->b_rows, ((size_t)1 << c->row_bits) * sizeof *c->b_rows));
        CS_TRY(fn(context, c->b_columns, cs_weight_check_columns_drawn(c) * sizeof *c->b_columns));
        CS_TRY(fn(context, c->by_column, kept * c->columns * sizeof *c->by_column));
        CS_TRY(fn(context, c->by_row, kept * cs_weight_check_rows_kept(c) * sizeof *c->by_row));
    }
    return CS_OK;
}

/* Everything in one order, for both directions. */
static cs_status each_piece(cs_trainer *t, piece_fn *fn, void *context) {
    for (size_t l = 0; l < t->model.layers; l++)
        CS_TRY(fn(context, t->model.w[l], t->model.rows[l] * t->model.columns[l] * sizeof **t->model.w));
    if (t->tensors == NULL) /* idle */
        return CS_OK;
    CS_TRY(each_check(t, fn, context));
    for (size_t k = 0; k < t->blocks->n; k++)
        if (grows(&t->blocks->info[k]))
            CS_TRY(fn(context, t->tensors[k].data, filled(t, k)));
    return CS_OK;
}

static cs_status write_piece(void *context, void *data, size_t size) {
    return cs_write(context, data, size);
}

static cs_status read_piece(void *context, void *data, size_t size) {
    return cs_read(context, data, size);
}

size_t cs_trainer_done(const cs_trainer *t) {
    return t->done;
}

cs_status cs_trainer_save(const cs_trainer *t, const cs_writer *out) {
    cs_trainer same = *t; /* the pieces are only read */
    cs_writer writer = *out;
    for (size_t k = 0; t->tensors != NULL && k < t->blocks->n; k++)
        if (t->tensors[k].type == CS_INT_FR)
            return cs_fail(CS_ERR_INTERNAL, "tensors of field elements cannot be saved");
    return t->spoilt ? cs_fail(CS_ERR_INTERNAL, "a trainer that failed cannot be saved")
                     : each_piece(&same, write_piece, &writer);
}

cs_status cs_trainer_restore(cs_trainer *t, size_t done, const cs_reader *in) {
    cs_reader reader = *in;
    if (t->done != 0 || done > t->p->steps)
        return cs_fail(CS_ERR_INPUT, "%zu steps are said to be made, of %zu", done, t->p->steps);
    t->done = done;
    t->spoilt = true;
    CS_TRY(each_piece(t, read_piece, &reader));
    CS_TRY(cs_model_validate(&t->model, t->p, false));
    CS_TRY(cs_sgd_refresh(t));
    t->spoilt = false;
    return CS_OK;
}
