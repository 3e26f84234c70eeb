/* Which tensors are looked up in which part of the table (6.4, 6.7). */
#include "base/memory.h"
#include "train/proof.h"

typedef struct list {
    cs_proof *p;
    size_t n;
} list;

static cs_lookup_column column(size_t block, int64_t constant) {
    return (cs_lookup_column){.constant = constant, .n = 1, .block = {block}, .coef = {1}};
}

static cs_lookup *add(list *l, int32_t tag, size_t block, int64_t constant) {
    cs_lookup *lookup = &l->p->lookup_list[l->n++];
    *lookup = (cs_lookup){.tag = tag, .n_columns = 1, .columns = {column(block, constant)}, .shaped_like = block};
    return lookup;
}

static void add_limbs(list *l, cs_block_kind kind, size_t layer) {
    for (unsigned k = 0; k < l->p->params->n_limbs; k++)
        add(l, CS_TAG_RANGE + (int32_t)l->p->params->limb_bits[k], cs_train_block(l->p, kind, layer, k), 0);
}

static void add_hidden(list *l, size_t layer) {
    cs_lookup *relu = add(l, CS_TAG_RELU, cs_train_block(l->p, CS_BLOCK_Z, layer, 0), 0);
    relu->n_columns = 3;
    relu->columns[1] = column(cs_train_block(l->p, CS_BLOCK_A, layer, 0), 0);
    relu->columns[2] = column(cs_train_block(l->p, CS_BLOCK_S, layer, 0), 0);
    add(l, CS_TAG_SIGNED, cs_train_block(l->p, CS_BLOCK_V, layer, 0), 0);
    add_limbs(l, CS_BLOCK_RV, layer);
}

static void add_output(list *l) {
    const size_t L = l->p->params->layers, z = cs_train_block(l->p, CS_BLOCK_Z, L, 0);
    add(l, CS_TAG_SIGNED, z, 0);
    cs_lookup *exp = add(l, CS_TAG_EXP, z, 0);
    exp->n_columns = 2;
    exp->columns[0] = (cs_lookup_column){.n = 2, .block = {cs_train_block(l->p, CS_BLOCK_C, 0, 0), z}, .coef = {1, -1}};
    exp->columns[1] = column(cs_train_block(l->p, CS_BLOCK_E, 0, 0), 0);
    /* 0 <= x < 2^value_bits, shifted into the signed part */
    const int64_t half = (int64_t)1 << (l->p->params->value_bits - 1);
    add(l, CS_TAG_SIGNED, cs_train_block(l->p, CS_BLOCK_P, 0, 0), -half);
    add(l, CS_TAG_SIGNED, cs_train_block(l->p, CS_BLOCK_RHO, 0, 0), -half);
    add(l, CS_TAG_SIGNED, cs_train_block(l->p, CS_BLOCK_GAP, 0, 0), -half);
}

cs_status cs_train_lookups_new(cs_proof *p) {
    const cs_table *t = p->instance->table;
    const size_t per_layer = 2 + 2 * (size_t)p->params->n_limbs;
    list l = {.p = p};
    p->lookup_list = CS_NEW(cs_lookup, p->params->layers * per_layer + 8);
    if (!p->lookup_list)
        return CS_ERR_MEMORY;
    for (size_t layer = 1; layer <= p->params->layers; layer++) {
        add_limbs(&l, CS_BLOCK_R, layer);
        if (layer < p->params->layers)
            add_hidden(&l, layer);
    }
    add_output(&l);
    if (!p->params->certified) { /* features in their range, labels bits */
        add(&l, CS_TAG_SIGNED, cs_train_block(p, CS_BLOCK_D, 0, 0), 0);
        add(&l, CS_TAG_RANGE + 1, cs_train_block(p, CS_BLOCK_Y, 0, 0), 0);
    }
    p->lookups = (cs_lookups){.list = p->lookup_list,
                              .n = l.n,
                              .table = {t->n, t->tag, {t->c1, t->c2, t->c3}},
                              .multiplicities = cs_train_block(p, CS_BLOCK_MULT, 0, 0)};
    return CS_OK;
}

enum { PIECE = 256 };

typedef struct counting {
    const cs_proof *p;
    const cs_lookup *lookup;
    const cs_table_part *part; /* the lookup's */
    uint64_t *uses;            /* of the table's rows, and last of none */
} counting;

static const cs_table_part *part_of(const cs_table *t, int32_t tag) {
    for (size_t k = 0; k < t->n_parts; k++)
        if (t->parts[k].tag == tag)
            return &t->parts[k];
    return NULL;
}

/* Which counters are touched shows in the caches (docs/security.md). */
static void count_entries(const counting *c, size_t from, size_t n) {
    const size_t none = c->p->instance->table->n;
    int64_t values[PIECE];
    for (size_t j = 0; j < n; j++)
        values[j] = c->lookup->columns[0].constant;
    cs_lookup_add_column(&c->p->witness, c->lookup, 0, from, n, values);
    for (size_t j = 0; j < n; j++) {
        const uint64_t x = (uint64_t)values[j] - (uint64_t)c->part->first;
        c->uses[x < c->part->n ? c->part->offset + x : none]++;
    }
}

/* All real entries of a lookup, which has up to three axes. */
static void count_lookup(const counting *c) {
    const cs_block *b = &c->p->layout.blocks[c->lookup->shaped_like];
    size_t length[3] = {1, 1, 1};
    unsigned bits[3] = {0, 0, 0};
    for (unsigned axis = 0; axis < b->axes; axis++) {
        length[3 - b->axes + axis] = cs_block_length(b, axis, c->p->session.rank);
        bits[3 - b->axes + axis] = b->bits[axis];
    }
    for (size_t i = 0; i < length[0]; i++)
        for (size_t j = 0; j < length[1]; j++)
            for (size_t k = 0; k < length[2]; k += PIECE)
                count_entries(c, (((i << bits[1]) + j) << bits[2]) + k, length[2] - k < PIECE ? length[2] - k : PIECE);
}

cs_status cs_train_count_lookups(cs_proof *p) {
    const cs_table *table = p->instance->table;
    cs_tensor *counts = &p->shard->tensors[p->lookups.multiplicities];
    counting c = {.p = p, .uses = CS_NEW(uint64_t, table->n + 1)};
    if (!c.uses)
        return CS_ERR_MEMORY;
    p->witness.tensors = p->shard->tensors;
    p->witness.layout = &p->layout;
    for (size_t k = 0; k < p->lookups.n; k++) {
        c.lookup = &p->lookup_list[k];
        c.part = part_of(table, c.lookup->tag);
        if (c.part)
            count_lookup(&c);
    }
    /* what is in no row is a dishonest rank's; its sum does not come out */
    for (size_t y = 0; y < counts->n; y++)
        cs_tensor_set(counts, y, (int64_t)c.uses[y]);
    cs_free(c.uses);
    return CS_OK;
}

size_t cs_train_real_lookups(const cs_proof *p, int rank) {
    size_t total = 0;
    for (size_t k = 0; k < p->lookups.n; k++) {
        const cs_block *b = &p->layout.blocks[p->lookup_list[k].shaped_like];
        size_t n = 1;
        for (unsigned axis = 0; axis < b->axes; axis++)
            n *= cs_block_length(b, axis, rank);
        total += n;
    }
    return total;
}
