/* The weight tables of 6.3: W_l(t) for all t, contracted on one side. Nobody stores weights per step. Either the ranks have
 * kept the sums of gradients, each some steps' (train/kept_sums.h): then who has one contracts it and shows what it gives.
 * Or each rank adds up its own part of the updates and of W(0), which all have, and the parts are summed under pads. A rank
 * checks the table against what it kept for itself while training before it meets its private data. */
#include <string.h>

#include "base/memory.h"
#include "field/fr_vec.h"
#include "train/kept_sums.h"
#include "train/model_sums.h"
#include "train/proof.h"
#include "train/table_sums.h"

/* One side of the updates per (t, b): a number; the other: a row along the kept axis. An idle rank has no updates. */
typedef struct sides {
    cs_table_name which;
    cs_view contracted, kept;
    unsigned kept_bits;
    size_t kept_size; /* of the axis before it is padded */
} sides;

/* W(0) contracted with the vector, of some rows of the matrix: the sum is that of all ranks'. */
typedef cs_status contract_start(cs_fr *start, const cs_model *m, size_t l, const cs_fr *vector, size_t first, size_t count);

static cs_status start_columns(cs_fr *start, const cs_model *m, size_t l, const cs_fr *vector, size_t first, size_t count) {
    return cs_model_contract_columns(start + first, m, l, vector, first, count);
}

static cs_status start_rows(cs_fr *start, const cs_model *m, size_t l, const cs_fr *vector, size_t first, size_t count) {
    const size_t columns = m->columns[l - 1];
    for (size_t row = first; row < first + count; row++)
        cs_fr_vec_axpy_int(start, vector[row], CS_INT_I64, m->w[l - 1] + row * columns, columns);
    return CS_OK;
}

static cs_status contract(const cs_proof *p, const sides *v, const cs_fr *vector, size_t first, size_t count, cs_fr *start) {
    return (v->which.backward ? start_rows : start_columns)(start, p->instance->initial, v->which.layer, vector, first,
                                                            count);
}

static bool is_shown(const cs_proof *p) {
    return p->shard->kept != NULL;
}

/* What is shown, and sums that can be attributed, have nothing of W(0), so no row for it: the first row is that after step
 * 0. */
static bool has_start(const cs_proof *p) {
    return p->shard->tables == NULL && !is_shown(p);
}

static size_t packed_size(const cs_proof *p, const sides *v) {
    return (cs_table_steps(p->params) + (has_start(p) ? 1 : 0)) * v->kept_size;
}

/* packed[t][·] = row: an idle rank adds its part of W(0) alone. */
static void idle_weights(const cs_proof *p, const sides *v, const cs_fr *row, cs_fr *packed) {
    for (size_t at = 0; at < packed_size(p, v); at += v->kept_size)
        memcpy(packed + at, row, v->kept_size * sizeof *row);
}

/* packed[t][·] = row - sum over s < t of c_s sum over b of number(s, b) row(s, b, ·), this rank's part: W(t), if `row` is
 * its part of W(0). row[2^kept_bits] is work space afterwards. */
static void own_weights(const cs_proof *p, const sides *v, const cs_fr *numbers, cs_fr *row, cs_fr *packed) {
    if (has_start(p)) {
        memcpy(packed, row, v->kept_size * sizeof *row);
        packed += v->kept_size;
    }
    for (size_t t = 0; t < cs_table_steps(p->params); t++) {
        const cs_fr rate = cs_fr_from_i64(-p->params->rate[t]);
        for (size_t b = 0; b < p->params->batch; b++)
            cs_view_axpy(row, cs_fr_mul(rate, numbers[(t << p->bb) + b]), &v->kept, t, b);
        memcpy(packed + t * v->kept_size, row, v->kept_size * sizeof *row);
    }
}

/* This rank's addends. table: work space. */
static cs_status own_addends(const cs_proof *p, const sides *v, const cs_fr *vector, cs_fr *table, cs_fr *packed) {
    cs_fr *numbers = CS_NEW(cs_fr, (size_t)1 << (p->bt + p->bb));
    size_t first, count;
    cs_comm_part(p->session.comm, p->instance->initial->rows[v->which.layer - 1], &first, &count);
    cs_status status = numbers ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK && has_start(p))
        status = contract(p, v, vector, first, count, table);
    if (status == CS_OK && cs_holds(&p->session)) {
        cs_contract_last(numbers, &v->contracted, vector);
        own_weights(p, v, numbers, table, packed);
    } else if (status == CS_OK) {
        idle_weights(p, v, table, packed);
    }
    if (status == CS_OK)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): without memory for it all have stopped before */
        memset(table, 0, sizeof *table << v->kept_bits);
    cs_free(numbers);
    return status;
}

/* table[t][·], padded on both axes; after the last step what came of it. */
static void unpack(const cs_proof *p, const sides *v, const cs_fr *packed, cs_fr *table) {
    const size_t last = cs_table_steps(p->params);
    for (size_t t = 0; t < (size_t)1 << p->bt; t++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): who proves has both */
        memcpy(table + (t << v->kept_bits), packed + (t < last ? t : last) * v->kept_size, v->kept_size * sizeof *table);
}

/* The same of updates alone, to which this rank adds W(0); of a table of zeros. */
static cs_status add_start(const cs_proof *p, const sides *v, const cs_fr *vector, const cs_fr *packed, cs_fr *table) {
    const size_t last = cs_table_steps(p->params), rows = p->instance->initial->rows[v->which.layer - 1];
    CS_TRY(contract(p, v, vector, 0, rows, table));
    for (size_t t = 1; t < (size_t)1 << p->bt; t++)
        cs_fr_vec_add(table + (t << v->kept_bits), table, packed + ((t < last ? t : last) - 1) * v->kept_size, v->kept_size);
    return CS_OK;
}

/* packed[size]: this rank's addends on entry, then the sum of all ranks'. */
static cs_status sum_packed(cs_proof *p, const sides *v, cs_fr *packed, size_t size) {
    const cs_label label = cs_table_label(v->which);
    if (has_start(p))
        return cs_session_sum_under_pads(&p->session, label, v->which.layer, packed, size, NULL);
    if (size == 0) /* one step: W(0) is all */
        return CS_OK;
    const cs_sum_keeper keeper = cs_table_sums_keeper(p->shard->tables, v->which, size);
    return cs_session_sum_under_pads(&p->session, label, cs_table_key(p->params, v->which), packed, size, &keeper);
}

static cs_status sum_updates(cs_proof *p, const sides *v, const cs_fr *vector, cs_fr *table, cs_fr *packed) {
    CS_TRY(cs_session_fail(&p->session, own_addends(p, v, vector, table, packed)));
    return sum_packed(p, v, packed, packed_size(p, v));
}

/* What this rank shows: rows of the steps that it kept, which must be those that it has to show. */
static cs_status own_rows(const cs_proof *p, const sides *v, const cs_fr *vector, cs_fr *packed) {
    const cs_kept_sums *kept = p->shard->kept;
    size_t first, count;
    cs_comm_part(p->session.comm, cs_table_steps(p->params), &first, &count);
    if (kept->steps == NULL || kept->first != first || kept->count != count)
        return cs_fail(CS_ERR_INTERNAL, "the sums of gradients that this rank kept are not those of its part");
    return cs_kept_sums_contract(kept, p->params, v->which, vector, packed + first * v->kept_size);
}

/* packed[t][·] = the updates up to step t, made of what each rank shows of single steps. */
static cs_status gather_updates(cs_proof *p, const sides *v, const cs_fr *vector, cs_fr *packed) {
    const size_t width = v->kept_size, size = packed_size(p, v);
    if (size == 0) /* one step: W(0) is all */
        return CS_OK;
    CS_TRY(cs_session_fail(&p->session, own_rows(p, v, vector, packed)));
    CS_TRY(cs_session_show_rows(&p->session, cs_table_label(v->which), v->which.layer, packed, size / width, width));
    for (size_t at = width; at < size && cs_holds(&p->session); at += width)
        cs_fr_vec_add(packed + at, packed + at - width, packed + at, width);
    return CS_OK;
}

/* *out[2^bt][2^kept_bits]; only what is not padding is summed or shown. An idle rank has no use for it. */
static cs_status make_rows(cs_proof *p, const sides *v, const cs_fr *vector, cs_fr **out) {
    cs_fr *packed = CS_NEW(cs_fr, packed_size(p, v) + 1);
    *out = CS_NEW(cs_fr, (size_t)1 << ((cs_holds(&p->session) ? p->bt : 0) + v->kept_bits));
    cs_status status = cs_session_fail(&p->session, packed && *out ? CS_OK : CS_ERR_MEMORY);
    if (status == CS_OK)
        status = is_shown(p) ? gather_updates(p, v, vector, packed) : sum_updates(p, v, vector, *out, packed);
    if (status == CS_OK && cs_holds(&p->session) && has_start(p))
        unpack(p, v, packed, *out);
    else if (status == CS_OK && cs_holds(&p->session))
        status = cs_session_fail(&p->session, add_start(p, v, vector, packed, *out));
    cs_free(packed);
    return status;
}

typedef cs_status table_check(const cs_trainer *t, size_t l, const cs_fr *table, const cs_fr *vector, size_t *wrong);

/* A rank that finds the table wrong says from which step on, instead of leaving; all stop then. */
static cs_status compare_claims(cs_proof *p, size_t l, uint64_t mine) {
    cs_table_sums *tables = p->shard->tables;
    CS_TRY(cs_session_numbers(&p->session, CS_LABEL_TABLE_VERDICT, mine, tables->claims));
    for (int i = 0; i < p->session.comm->size; i++)
        tables->doubted |= tables->claims[i] != 0;
    return tables->doubted
               ? cs_fail(CS_ERR_RANK, "the weight table of layer %zu is not that of the model which the ranks trained", l)
               : CS_OK;
}

static cs_status check_table(cs_proof *p, const sides *v, const cs_fr *table, const cs_fr *vector) {
    const size_t l = v->which.layer;
    table_check *check = v->which.backward ? cs_trainer_check_rows : cs_trainer_check_columns;
    size_t wrong = 0;
    const bool checks = cs_holds(&p->session) && p->shard->trainer && !p->shard->trusting;
    const cs_status status = checks ? check(p->shard->trainer, l, table, vector, &wrong) : CS_OK;
    if (p->shard->tables == NULL || packed_size(p, v) == 0 || (status != CS_OK && status != CS_ERR_ABORT))
        return cs_session_fail(&p->session, status);
    return compare_claims(p, l, status == CS_OK ? 0 : 1 + (uint64_t)wrong);
}

static cs_status make_table(cs_proof *p, const sides *v, const cs_axis *axis, cs_fr **out) {
    cs_fr *vector = CS_NEW(cs_fr, (size_t)1 << axis->bits);
    *out = NULL;
    cs_status status = cs_session_fail(&p->session, vector ? cs_axis_table(vector, axis, p->session.rank) : CS_ERR_MEMORY);
    if (status == CS_OK)
        status = make_rows(p, v, vector, out);
    if (status == CS_OK)
        status = check_table(p, v, *out, vector);
    cs_free(vector);
    return status;
}

cs_status cs_train_table_columns(cs_proof *p, size_t l, const cs_axis *j, cs_fr **out) {
    sides v = {.which = {.backward = false, .layer = l}, .kept_bits = cs_params_long_width_bits(p->params, l - 1)};
    v.kept_size = cs_table_width(p->params, v.which);
    if (cs_holds(&p->session)) {
        v.contracted = cs_train_delta_view(p, l);
        v.kept = cs_train_activation_view(p, l - 1);
    }
    return make_table(p, &v, j, out);
}

cs_status cs_train_table_rows(cs_proof *p, size_t l, const cs_axis *k, cs_fr **out) {
    sides v = {.which = {.backward = true, .layer = l}, .kept_bits = cs_params_width_bits(p->params, l)};
    v.kept_size = cs_table_width(p->params, v.which);
    if (cs_holds(&p->session)) {
        v.contracted = cs_train_activation_view(p, l - 1);
        v.kept = cs_train_delta_view(p, l);
    }
    return make_table(p, &v, k, out);
}
