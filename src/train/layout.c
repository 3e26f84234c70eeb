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

/* Commits to some blocks one after the other; commitments are by row, so their place in the matrix has no part in them. */
static cs_status commit_blocks(cs_g1_affine *out, const cs_params *p, const cs_blocks *blocks, const cs_tensor *tensors,
                               const cs_fr *blindings, const cs_block_kind *kinds, size_t n_kinds, size_t n_rows) {
    const size_t columns = (size_t)1 << p->column_bits;
    cs_int_row *rows = CS_NEW(cs_int_row, n_rows);
    if (!rows)
        return CS_ERR_MEMORY;
    size_t n = 0;
    for (size_t kind = 0; kind < n_kinds; kind++)
        for (size_t k = 0; k < blocks->n; k++) {
            const cs_tensor *t = &tensors[k];
            if (blocks->info[k].kind != kinds[kind])
                continue;
            for (size_t at = 0; at < t->n; at += columns)
                rows[n++] = (cs_int_row){t->type, cs_tensor_at(t, at), t->n < columns ? t->n : columns, t->min, t->max};
        }
    const cs_status status = cs_commit_rows(out, rows, n_rows, blindings);
    cs_free(rows);
    return status;
}

cs_status cs_dataset_commit(cs_g1_affine *out, const cs_params *p, const cs_blocks *blocks, const cs_tensor *tensors,
                            const cs_fr *blindings) {
    static const cs_block_kind kinds[2] = {CS_BLOCK_D, CS_BLOCK_Y};
    return commit_blocks(out, p, blocks, tensors, blindings, kinds, 2, cs_dataset_row_count(p));
}

cs_status cs_final_commit(cs_g1_affine *out, const cs_params *p, const cs_blocks *blocks, const cs_tensor *tensors,
                          const cs_fr *blindings) {
    static const cs_block_kind kind = CS_BLOCK_F;
    return commit_blocks(out, p, blocks, tensors, blindings, &kind, 1, cs_final_row_count(p));
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
