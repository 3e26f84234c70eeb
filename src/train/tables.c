/* The weight tables of 6.3: W_l(t) for all t, contracted on one side. Nobody stores weights per step: each rank adds up its
 * own part of the updates and of W(0), which all have, and the parts are summed under pads. A rank checks the sum against
 * what it kept while training before the table meets its private data. */
#include <string.h>

#include "base/memory.h"
#include "field/fr_vec.h"
#include "train/model_sums.h"
#include "train/proof.h"

/* One side of the updates per (t, b): a number; the other: a row along the kept axis. An idle rank has no updates. */
typedef struct sides {
    cs_view contracted, kept;
    unsigned kept_bits;
    size_t kept_size; /* of the axis before it is padded */
} sides;

/* Steps whose updates are summed: those of the last one are in no table if its step axis is full. */
static size_t summed_steps(const cs_proof *p) {
    const size_t steps = p->params->steps;
    return steps == (size_t)1 << p->bt ? steps - 1 : steps;
}

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

/* packed[t][·] = row: an idle rank adds its part of W(0) alone. */
static void idle_weights(const cs_proof *p, const sides *v, const cs_fr *row, cs_fr *packed) {
    for (size_t t = 0; t <= summed_steps(p); t++)
        memcpy(packed + t * v->kept_size, row, v->kept_size * sizeof *row);
}

/* packed[t][·] = row - sum over s < t of c_s sum over b of number(s, b) row(s, b, ·), this rank's part: W(t), if `row` is
 * its part of W(0). row[2^kept_bits] is work space afterwards. */
static void own_weights(const cs_proof *p, const sides *v, const cs_fr *numbers, cs_fr *row, cs_fr *packed) {
    memcpy(packed, row, v->kept_size * sizeof *row);
    for (size_t t = 0; t < summed_steps(p); t++) {
        const cs_fr rate = cs_fr_from_i64(-p->params->rate[t]);
        for (size_t b = 0; b < p->params->batch; b++)
            cs_view_axpy(row, cs_fr_mul(rate, numbers[(t << p->bb) + b]), &v->kept, t, b);
        memcpy(packed + (t + 1) * v->kept_size, row, v->kept_size * sizeof *row);
    }
}

/* This rank's addends. table: work space. */
static cs_status own_addends(const cs_proof *p, const sides *v, const cs_fr *vector, contract_start *contract, size_t l,
                             cs_fr *table, cs_fr *packed) {
    const cs_model *m = p->instance->initial;
    cs_fr *numbers = CS_NEW(cs_fr, (size_t)1 << (p->bt + p->bb));
    size_t first, count;
    cs_comm_part(p->session.comm, m->rows[l - 1], &first, &count);
    cs_status status = numbers ? contract(table, m, l, vector, first, count) : CS_ERR_MEMORY;
    if (status == CS_OK && cs_holds(&p->session)) {
        cs_contract_last(numbers, &v->contracted, vector);
        own_weights(p, v, numbers, table, packed);
    } else if (status == CS_OK) {
        idle_weights(p, v, table, packed);
    }
    if (status == CS_OK)
        memset(table, 0, sizeof *table << v->kept_bits);
    cs_free(numbers);
    return status;
}

/* table[t][·], padded on both axes; after the last step what came of it. */
static void unpack(const cs_proof *p, const sides *v, const cs_fr *packed, cs_fr *table) {
    const size_t last = summed_steps(p);
    for (size_t t = 0; t < (size_t)1 << p->bt; t++)
        /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): who proves has both */
        memcpy(table + (t << v->kept_bits), packed + (t < last ? t : last) * v->kept_size, v->kept_size * sizeof *table);
}

/* *out[2^bt][2^kept_bits]: the sum of all ranks' addends; only what is not padding is summed. An idle rank has no use for
 * it. */
static cs_status sum_addends(cs_proof *p, const sides *v, const cs_fr *vector, contract_start *contract, cs_label label,
                             size_t l, cs_fr **out) {
    const size_t size = (summed_steps(p) + 1) * v->kept_size;
    cs_fr *packed = CS_NEW(cs_fr, size);
    *out = CS_NEW(cs_fr, (size_t)1 << ((cs_holds(&p->session) ? p->bt : 0) + v->kept_bits));
    cs_status status = packed && *out ? own_addends(p, v, vector, contract, l, *out, packed) : CS_ERR_MEMORY;
    status = cs_session_fail(&p->session, status);
    if (status == CS_OK)
        status = cs_session_sum_under_pads(&p->session, label, l, packed, size);
    if (status == CS_OK && cs_holds(&p->session))
        unpack(p, v, packed, *out);
    cs_free(packed);
    return status;
}

typedef cs_status table_check(const cs_trainer *t, size_t l, const cs_fr *table, const cs_fr *vector, size_t *wrong);

/* With --attributable a rank that finds the table wrong says from which step on, instead of leaving; all stop then. */
static cs_status check_table(cs_proof *p, table_check *check, size_t l, const cs_fr *table, const cs_fr *vector) {
    cs_doubts *doubts = p->shard->doubts;
    uint64_t all[CS_MAX_RANKS];
    bool any = false;
    size_t wrong = 0;
    const bool checks = cs_holds(&p->session) && p->shard->trainer && !p->shard->trusting;
    const cs_status status = checks ? check(p->shard->trainer, l, table, vector, &wrong) : CS_OK;
    if (doubts == NULL || (status != CS_OK && status != CS_ERR_ABORT))
        return cs_session_fail(&p->session, status);
    CS_TRY(cs_session_numbers(&p->session, CS_LABEL_TABLE_VERDICT, status == CS_OK ? 0 : 1 + (uint64_t)wrong, all));
    for (int i = 0; i < p->session.comm->size; i++) {
        bool known = all[i] < 2 || all[i] - 2 >= p->params->steps; /* W(0) needs no gradient to be wrong */
        any |= all[i] != 0;
        for (size_t k = 0; k < doubts->n; k++)
            known |= doubts->steps[k] == all[i] - 2;
        if (!known)
            doubts->steps[doubts->n++] = (size_t)all[i] - 2;
    }
    return any ? cs_fail(CS_ERR_RANK, "the weight table of layer %zu is not that of the model which the ranks trained", l)
               : CS_OK;
}

cs_status cs_train_table_columns(cs_proof *p, size_t l, const cs_axis *j, cs_fr **out) {
    const unsigned kept_bits = cs_params_long_width_bits(p->params, l - 1);
    sides v = {.kept_bits = kept_bits, .kept_size = p->instance->initial->rows[l - 1]};
    if (cs_holds(&p->session)) {
        v.contracted = cs_train_delta_view(p, l);
        v.kept = cs_train_activation_view(p, l - 1);
    }
    cs_fr *vector = CS_NEW(cs_fr, (size_t)1 << j->bits);
    *out = NULL;
    cs_status status = cs_session_fail(&p->session, vector ? cs_axis_table(vector, j, p->session.rank) : CS_ERR_MEMORY);
    if (status == CS_OK)
        status = sum_addends(p, &v, vector, start_columns, CS_LABEL_FORWARD_TABLE, l, out);
    if (status == CS_OK)
        status = check_table(p, cs_trainer_check_columns, l, *out, vector);
    cs_free(vector);
    return status;
}

cs_status cs_train_table_rows(cs_proof *p, size_t l, const cs_axis *k, cs_fr **out) {
    const unsigned kept_bits = cs_params_width_bits(p->params, l);
    sides v = {.kept_bits = kept_bits, .kept_size = p->instance->initial->columns[l - 1]};
    if (cs_holds(&p->session)) {
        v.contracted = cs_train_activation_view(p, l - 1);
        v.kept = cs_train_delta_view(p, l);
    }
    cs_fr *vector = CS_NEW(cs_fr, (size_t)1 << k->bits);
    *out = NULL;
    cs_status status = cs_session_fail(&p->session, vector ? cs_axis_table(vector, k, p->session.rank) : CS_ERR_MEMORY);
    if (status == CS_OK)
        status = sum_addends(p, &v, vector, start_rows, CS_LABEL_BACKWARD_TABLE, l, out);
    if (status == CS_OK)
        status = check_table(p, cs_trainer_check_rows, l, *out, vector);
    cs_free(vector);
    return status;
}
