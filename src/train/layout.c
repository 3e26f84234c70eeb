#include "base/memory.h"
#include "curve/commit.h"
#include "train/proof.h"

cs_status cs_train_layout(cs_layout *out, const cs_params *p, const cs_blocks *blocks) {
    cs_block *list = CS_NEW(cs_block, blocks->n);
    if (!list)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < blocks->n; k++) {
        const cs_block_info *info = &blocks->info[k];
        cs_block *b = &list[k];
        *b = (cs_block){.axes = info->axes,
                        .min = info->min,
                        .max = info->max,
                        .certified = info->certified,
                        .root_only = info->root_only};
        for (unsigned axis = 0; axis < info->axes; axis++) {
            b->shape[axis] = info->shape[axis];
            b->bits[axis] = info->bits[axis];
        }
        if (info->kind == CS_BLOCK_D || info->kind == CS_BLOCK_Y) {
            b->rank_shape = p->rows;
            b->zero_padded = p->certified;
        }
    }
    const cs_status status = cs_layout_new(out, list, blocks->n, p->column_bits);
    cs_free(list);
    return status;
}

static size_t rows_of(size_t entries, unsigned column_bits) {
    const size_t rows = entries >> column_bits;
    return rows ? rows : 1;
}

size_t cs_dataset_row_count(const cs_params *p) {
    const size_t rows = (size_t)1 << cs_params_row_bits(p);
    return rows_of(rows << cs_params_width_bits(p, 0), p->column_bits) +
           rows_of(rows << cs_params_width_bits(p, p->layers), p->column_bits);
}

static size_t model_row_count(const cs_params *p) {
    size_t count = 0;
    for (size_t l = 1; l <= p->layers; l++)
        count += rows_of((size_t)1 << (cs_params_long_width_bits(p, l - 1) + cs_params_width_bits(p, l)), p->column_bits);
    return count;
}

size_t cs_final_row_count(const cs_params *p) {
    return p->final_public ? 0 : model_row_count(p);
}

size_t cs_initial_row_count(const cs_params *p) {
    return p->initial_committed ? model_row_count(p) : 0;
}

/* Layer l, in the shape of its block. */
static void put_layer(cs_tensor *t, const cs_model *m, size_t l, unsigned bits) {
    for (size_t k = 0; k < m->rows[l - 1]; k++)
        for (size_t j = 0; j < m->columns[l - 1]; j++)
            cs_tensor_set(t, (k << bits) + j, m->w[l - 1][k * m->columns[l - 1] + j]);
}

void cs_model_to_blocks(cs_tensor *tensors, const cs_blocks *blocks, cs_block_kind kind, const cs_model *m) {
    for (size_t l = 1; l <= m->layers; l++) {
        const size_t block = cs_blocks_find(blocks, kind, l, 0);
        put_layer(&tensors[block], m, l, blocks->info[block].bits[1]);
    }
}

/* The rows of a matrix of lengths[0] x lengths[1] real entries, padded to 2^bits. */
static size_t append_rows(cs_int_row *rows, size_t n, const cs_tensor *t, size_t columns, const size_t *lengths,
                          const unsigned *bits) {
    for (size_t at = 0; at < t->n; at += columns) {
        cs_int_row *row = &rows[n++];
        *row = (cs_int_row){.type = t->type,
                            .data = cs_tensor_at(t, at),
                            .n = t->n < columns ? t->n : columns,
                            .min = t->min,
                            .max = t->max};
        cs_int_row_shape(row, 2, lengths, bits, at);
    }
    return n;
}

static size_t append_block(cs_int_row *rows, size_t n, const cs_blocks *blocks, cs_block_kind kind, const cs_tensor *tensors,
                           size_t columns) {
    const size_t k = cs_blocks_find(blocks, kind, 0, 0);
    return append_rows(rows, n, &tensors[k], columns, blocks->info[k].shape, blocks->info[k].bits);
}

/* Commitments are by row, so the blocks' place in the matrix has no part in them. */
cs_status cs_dataset_commit(cs_g1_affine *out, const cs_params *p, const cs_blocks *blocks, const cs_tensor *tensors,
                            const cs_fr *blindings) {
    cs_int_row *rows = CS_NEW(cs_int_row, cs_dataset_row_count(p));
    if (!rows)
        return CS_ERR_MEMORY;
    size_t n = append_block(rows, 0, blocks, CS_BLOCK_D, tensors, (size_t)1 << p->column_bits);
    n = append_block(rows, n, blocks, CS_BLOCK_Y, tensors, (size_t)1 << p->column_bits);
    const cs_status status = cs_commit_rows(out, rows, n, blindings);
    cs_free(rows);
    return status;
}

cs_status cs_model_commit(cs_g1_affine *out, const cs_params *p, const cs_model *m, const cs_fr *blindings, size_t n) {
    cs_tensor layers[CS_MAX_LAYERS] = {{0}};
    cs_int_row *rows = CS_NEW(cs_int_row, n);
    cs_status status = rows ? CS_OK : CS_ERR_MEMORY;
    size_t made = 0;
    for (size_t l = 1; l <= p->layers && status == CS_OK; l++) {
        const unsigned bits[] = {cs_params_long_width_bits(p, l - 1), cs_params_width_bits(p, l)};
        const int64_t bound = (int64_t)cs_params_weight_max(p, l);
        status = cs_tensor_new(&layers[l - 1], (size_t)1 << (bits[0] + bits[1]), -bound, bound);
        if (status != CS_OK)
            break;
        put_layer(&layers[l - 1], m, l, bits[1]);
        made = append_rows(rows, made, &layers[l - 1], (size_t)1 << p->column_bits,
                           (size_t[]){m->rows[l - 1], m->columns[l - 1]}, bits);
    }
    if (status == CS_OK)
        status = cs_commit_rows(out, rows, made, blindings);
    for (size_t l = 0; l < p->layers; l++)
        cs_tensor_free(&layers[l]);
    cs_free(rows);
    return status;
}

/* The list of the statement that a certified block's rows are in. */
static cs_block_kind list_of(const cs_blocks *blocks, size_t block) {
    const cs_block_kind kind = blocks->info[block].kind;
    return kind == CS_BLOCK_F || kind == CS_BLOCK_G ? kind : CS_BLOCK_D;
}

/* Position of a certified block's first row in its list: D then Y, or F_1, F_2, …, or G_1, G_2, … */
static size_t first_row(const cs_blocks *blocks, const cs_layout *layout, size_t block) {
    size_t first = 0;
    for (size_t k = 0; k < block; k++)
        if (blocks->info[k].certified && list_of(blocks, k) == list_of(blocks, block))
            first += rows_of(layout->blocks[k].size, layout->column_bits);
    return first;
}

static size_t certified_block(const cs_layout *layout, size_t row) {
    const size_t start = row << layout->column_bits;
    for (size_t k = 0; k < layout->n; k++) {
        const cs_block *b = &layout->blocks[k];
        if (b->certified && start >= b->offset && start < b->offset + b->size)
            return k;
    }
    return SIZE_MAX;
}

static const cs_g1_affine *points_of(const cs_instance *instance, int rank, cs_block_kind list) {
    return list == CS_BLOCK_F   ? instance->final_rows
           : list == CS_BLOCK_G ? instance->initial_rows
                                : instance->dataset_rows[rank];
}

static const cs_fr *blindings_of(const cs_shard *shard, cs_block_kind list) {
    return list == CS_BLOCK_F   ? shard->final_blindings
           : list == CS_BLOCK_G ? shard->initial_blindings
                                : shard->dataset_blindings;
}

cs_status cs_train_certified(const cs_instance *instance, const cs_layout *layout, int rank, const cs_shard *shard,
                             cs_g1_affine *points, cs_fr *blindings) {
    size_t n = 0;
    for (size_t row = 0; row < layout->rows; row++) {
        if (!cs_layout_live(layout, rank, row) || !(layout->row_state[row] & CS_ROW_CERTIFIED))
            continue;
        const size_t block = certified_block(layout, row);
        if (block == SIZE_MAX)
            return cs_fail(CS_ERR_INTERNAL, "layout: a certified row without a block");
        const cs_block_kind list = list_of(instance->blocks, block);
        const size_t at =
            first_row(instance->blocks, layout, block) + row - (layout->blocks[block].offset >> layout->column_bits);
        if (points)
            points[n] = points_of(instance, rank, list)[at];
        if (blindings)
            blindings[n] = blindings_of(shard, list)[at];
        n++;
    }
    return CS_OK;
}
