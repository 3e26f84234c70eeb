#include "witness/layout.h"
#include "base/bits.h"
#include "base/memory.h"
#include <stdlib.h>
#include <string.h>

typedef struct slot {
    size_t index, space;
    bool certified;
} slot;

/* Biggest first, certified before others; equal ones in the caller's order. */
static int by_space(const void *a, const void *b) {
    const slot *x = a, *y = b;
    if (x->space != y->space)
        return x->space < y->space ? 1 : -1;
    if (x->certified != y->certified)
        return x->certified ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Has a row's part of the block, which begins at entry `at` and is aligned to its own length, any real entry? Its first one
 * has the least coordinates. */
static bool has_real_entry(const cs_block *b, size_t at) {
    for (unsigned axis = b->axes; axis-- > 0; at >>= b->bits[axis])
        if ((at & (((size_t)1 << b->bits[axis]) - 1)) >= b->shape[axis])
            return false;
    return true;
}

static void mark_rows(cs_layout *l, const cs_block *b) {
    const size_t columns = (size_t)1 << l->column_bits;
    const bool all = b->certified || b->rank_shape;
    for (size_t row = b->offset / columns; row * columns < b->offset + b->size; row++)
        if (all || has_real_entry(b, row * columns > b->offset ? row * columns - b->offset : 0))
            l->row_state[row] |=
                (uint8_t)((b->root_only ? CS_ROW_ROOT : CS_ROW_ALL) | (b->certified ? CS_ROW_CERTIFIED : 0));
}

static cs_status place(cs_layout *l, slot *slots) {
    const size_t columns = (size_t)1 << l->column_bits;
    for (size_t k = 0; k < l->n; k++) {
        cs_block *b = &l->blocks[k];
        b->size = 1;
        for (unsigned axis = 0; axis < b->axes; axis++)
            b->size <<= b->bits[axis];
        slots[k] = (slot){k, b->certified && b->size < columns ? columns : b->size, b->certified};
    }
    qsort(slots, l->n, sizeof *slots, by_space);
    size_t offset = 0;
    for (size_t k = 0; k < l->n; k++) {
        l->blocks[slots[k].index].offset = offset;
        offset += slots[k].space;
    }
    l->bits = cs_bits(offset);
    if (l->bits < l->column_bits)
        l->bits = l->column_bits;
    l->rows = (size_t)1 << (l->bits - l->column_bits);
    l->row_state = CS_NEW(uint8_t, l->rows);
    if (!l->row_state)
        return CS_ERR_MEMORY;
    for (size_t k = 0; k < l->n; k++)
        mark_rows(l, &l->blocks[k]);
    return CS_OK;
}

cs_status cs_layout_new(cs_layout *out, const cs_block *blocks, size_t n, unsigned column_bits) {
    *out = (cs_layout){.column_bits = column_bits, .n = n, .blocks = CS_NEW(cs_block, n)};
    slot *slots = CS_NEW(slot, n);
    cs_status status = out->blocks && slots ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        memcpy(out->blocks, blocks, n * sizeof *blocks);
        status = place(out, slots);
    }
    cs_free(slots);
    if (status != CS_OK)
        cs_layout_free(out);
    return status;
}

void cs_layout_free(cs_layout *l) {
    cs_free(l->blocks);
    cs_free(l->row_state);
    *l = (cs_layout){0};
}

bool cs_layout_live(const cs_layout *l, int rank, size_t row) {
    return rank >= 0 && ((l->row_state[row] & CS_ROW_ALL) || ((l->row_state[row] & CS_ROW_ROOT) && rank == 0));
}

size_t cs_layout_count(const cs_layout *l, int rank, bool certified) {
    size_t count = 0;
    for (size_t row = 0; row < l->rows; row++)
        count += cs_layout_live(l, rank, row) && !(l->row_state[row] & CS_ROW_CERTIFIED) == !certified;
    return count;
}
