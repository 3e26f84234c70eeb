#include "train/blocks.h"

#include "base/bits.h"
#include "base/memory.h"

static cs_block_info *append(cs_blocks *b, cs_block_kind kind, size_t layer, int64_t min, int64_t max) {
    cs_block_info *info = &b->info[b->n++];
    *info = (cs_block_info){.kind = kind, .layer = layer, .min = min, .max = max};
    return info;
}

static void set_axis(cs_block_info *info, size_t length, unsigned bits) {
    info->shape[info->axes] = length;
    info->bits[info->axes++] = bits;
}

static void add_dataset(cs_blocks *b, const cs_params *p, cs_block_kind kind, size_t l, int64_t min, int64_t max) {
    cs_block_info *info = append(b, kind, 0, min, max);
    size_t rows = 0;
    for (size_t i = 0; i < (size_t)p->n_ranks; i++)
        rows = p->rows[i] > rows ? p->rows[i] : rows;
    set_axis(info, rows, cs_params_row_bits(p));
    set_axis(info, p->widths[l], cs_params_width_bits(p, l));
    info->certified = true;
}

/* A committed model's layer l, held by rank 0. */
static void add_model(cs_blocks *b, const cs_params *p, cs_block_kind kind, size_t l, int64_t bound) {
    cs_block_info *info = append(b, kind, l, -bound, bound);
    set_axis(info, p->widths[l - 1] + 1, cs_params_long_width_bits(p, l - 1));
    set_axis(info, p->widths[l], cs_params_width_bits(p, l));
    info->certified = info->root_only = true;
}

/* A tensor [T, B] or, with l > 0, [T, B, n_l]; `named` is the layer in its description. */
static cs_block_info *add_tensor(cs_blocks *b, const cs_params *p, cs_block_kind kind, size_t named, size_t l, int64_t min,
                                 int64_t max) {
    cs_block_info *info = append(b, kind, named, min, max);
    set_axis(info, p->steps, cs_params_step_bits(p));
    set_axis(info, p->batch, cs_params_batch_bits(p));
    if (l > 0)
        set_axis(info, p->widths[l], cs_params_width_bits(p, l));
    return info;
}

static void add_limbs(cs_blocks *b, const cs_params *p, cs_block_kind kind, size_t l) {
    for (unsigned k = 0; k < p->n_limbs; k++)
        add_tensor(b, p, kind, l, l, 0, ((int64_t)1 << p->limb_bits[k]) - 1)->limb = k;
}

static void add_layer(cs_blocks *b, const cs_params *p, size_t l) {
    const int64_t half = (int64_t)1 << (p->value_bits - 1);
    add_tensor(b, p, CS_BLOCK_Z, l, l, -half, half - 1);
    add_limbs(b, p, CS_BLOCK_R, l);
    if (l == p->layers)
        return;
    add_tensor(b, p, CS_BLOCK_A, l, l, 0, half - 1);
    add_tensor(b, p, CS_BLOCK_S, l, l, 0, 1);
    add_tensor(b, p, CS_BLOCK_V, l, l, -half, half - 1);
    add_limbs(b, p, CS_BLOCK_RV, l);
}

static void add_softmax(cs_blocks *b, const cs_params *p) {
    const int64_t value_max = ((int64_t)1 << p->value_bits) - 1, half = (int64_t)1 << (p->value_bits - 1);
    const size_t L = p->layers;
    add_tensor(b, p, CS_BLOCK_M, 0, L, 0, 1);
    add_tensor(b, p, CS_BLOCK_E, 0, L, 0, (int64_t)1 << p->exp_bits);
    add_tensor(b, p, CS_BLOCK_P, 0, L, 0, value_max);
    add_tensor(b, p, CS_BLOCK_RHO, 0, L, 0, value_max);
    add_tensor(b, p, CS_BLOCK_GAP, 0, L, 0, value_max);
    add_tensor(b, p, CS_BLOCK_C, 0, 0, -half, half - 1);
}

/* N is as long as its axes: every entry is proved to be a bit that counts draws. */
static void add_hidden_draws(cs_blocks *b, const cs_params *p) {
    const unsigned row_bits = cs_params_row_bits(p), pass_bits = cs_params_pass_bits(p);
    for (unsigned c = 0; c < cs_params_digits(p); c++) {
        cs_block_info *info = add_tensor(b, p, CS_BLOCK_I, 0, 0, 0, 1);
        set_axis(info, (size_t)1 << cs_params_digit_bits(p, c), cs_params_digit_bits(p, c));
        info->limb = c;
    }
    cs_block_info *drawn = append(b, CS_BLOCK_N, 0, 0, 1);
    set_axis(drawn, (size_t)1 << pass_bits, pass_bits);
    set_axis(drawn, (size_t)1 << row_bits, row_bits);
}

/* At most this many lookups fall on one row of the table: all entries that a rank looks up, and one bit per entry of M. */
static int64_t lookups_max(const cs_params *p, const cs_block_info *features, const cs_block_info *labels) {
    size_t per_sample = 6 * p->widths[p->layers];
    for (size_t l = 1; l <= p->layers; l++)
        per_sample += (l < p->layers ? 2 + 2 * p->n_limbs : p->n_limbs) * p->widths[l];
    const size_t dataset = p->certified ? 0 : features->shape[0] * (features->shape[1] + labels->shape[1]);
    return (int64_t)(p->steps * p->batch * per_sample + dataset);
}

cs_status cs_blocks_new(cs_blocks *out, const cs_params *p, size_t table_rows) {
    const size_t softmax_datasets_and_draws = 13, per_layer = 6 + 2 * (size_t)p->n_limbs;
    const int64_t half = (int64_t)1 << (p->value_bits - 1);
    *out = (cs_blocks){.info = CS_NEW(cs_block_info, softmax_datasets_and_draws + p->layers * per_layer)};
    if (out->info == NULL)
        return CS_ERR_MEMORY;
    add_dataset(out, p, CS_BLOCK_D, 0, -half, half - 1);
    add_dataset(out, p, CS_BLOCK_Y, p->layers, 0, 1);
    for (size_t l = 1; l <= p->layers && !p->final_public; l++)
        add_model(out, p, CS_BLOCK_F, l, (int64_t)cs_params_weight_max(p, l));
    for (size_t l = 1; l <= p->layers && p->initial_committed; l++)
        add_model(out, p, CS_BLOCK_G, l, p->initial_max[l - 1]);
    for (size_t l = 1; l <= p->layers; l++)
        add_layer(out, p, l);
    add_softmax(out, p);
    if (p->hidden_passes > 0)
        add_hidden_draws(out, p);
    set_axis(append(out, CS_BLOCK_MULT, 0, 0, lookups_max(p, &out->info[0], &out->info[1])), table_rows,
             cs_bits(table_rows));
    return CS_OK;
}

void cs_blocks_free(cs_blocks *b) {
    cs_free(b->info);
    *b = (cs_blocks){0};
}

size_t cs_blocks_find(const cs_blocks *b, cs_block_kind kind, size_t layer, size_t limb) {
    for (size_t k = 0; k < b->n; k++) {
        const cs_block_info *info = &b->info[k];
        if (info->kind == kind && (info->layer == 0 || info->layer == layer) && info->limb == limb)
            return k;
    }
    return SIZE_MAX;
}

size_t cs_block_size(const cs_block_info *b) {
    unsigned bits = 0;
    for (unsigned k = 0; k < b->axes; k++)
        bits += b->bits[k];
    return (size_t)1 << bits;
}

size_t cs_block_rows(const cs_block_info *b, unsigned column_bits) {
    size_t rows = 1;
    unsigned left = column_bits; /* bits of the axes before that lie within a row */
    if (b->certified || cs_block_size(b) >> column_bits == 0)
        return cs_block_size(b) >> column_bits;
    for (unsigned axis = b->axes; axis-- > 0;) {
        const unsigned within = b->bits[axis] < left ? b->bits[axis] : left;
        rows *= (b->shape[axis] + ((size_t)1 << within) - 1) >> within;
        left -= within;
    }
    return rows;
}

cs_status cs_blocks_tensors(cs_tensor *tensors, const cs_blocks *b, int rank) {
    for (size_t k = 0; k < b->n; k++)
        tensors[k] = (cs_tensor){0};
    for (size_t k = 0; k < b->n; k++) {
        const cs_block_info *info = &b->info[k];
        const cs_status status =
            info->root_only && rank != 0 ? CS_OK : cs_tensor_new(&tensors[k], cs_block_size(info), info->min, info->max);
        if (status != CS_OK) {
            cs_blocks_tensors_free(tensors, b);
            return status;
        }
    }
    return CS_OK;
}

void cs_blocks_tensors_free(cs_tensor *tensors, const cs_blocks *b) {
    for (size_t k = 0; k < b->n; k++)
        cs_tensor_free(&tensors[k]);
}
