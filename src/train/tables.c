/* The weight tables of 6.3: W_l(t) for all t, contracted on one side. Nobody stores weights per step: W(0) is public, each
 * rank adds up its own part of the updates, and the parts are summed under pads. A rank checks the sum against what it kept
 * while training before the table meets its private data. */
#include <string.h>

#include "base/memory.h"
#include "field/fr_vec.h"
#include "train/model_sums.h"
#include "train/proof.h"

/* One side of the updates per (t, b): a number; the other: a row along the kept axis. */
typedef struct sides {
    cs_view contracted, kept;
    unsigned kept_bits;
    size_t kept_size; /* of the axis before it is padded */
} sides;

/* Steps whose updates are summed: those of the last one are in no table if its step axis is full. */
static size_t summed_steps(const cs_proof *p) {
    const size_t steps = p->params->steps;
    return steps > 1 && steps == (size_t)1 << p->bt ? steps - 1 : steps;
}

/* packed[t][·] = - sum over s <= t of c_s sum over b of number(s, b) row(s, b, ·), this rank's part: what W(t + 1) is more
 * than W(0). row[2^kept_bits] is work space. */
static void own_updates(const cs_proof *p, const sides *v, const cs_fr *numbers, cs_fr *row, cs_fr *packed) {
    memset(row, 0, sizeof *row << v->kept_bits);
    for (size_t t = 0; t < summed_steps(p); t++) {
        const cs_fr rate = cs_fr_from_i64(-p->params->rate[t]);
        for (size_t b = 0; b < p->params->batch; b++)
            cs_view_axpy(row, cs_fr_mul(rate, numbers[(t << p->bb) + b]), &v->kept, t, b);
        memcpy(packed + t * v->kept_size, row, v->kept_size * sizeof *row);
    }
}

/* table[t][·], padded on both axes: nothing at t = 0, packed[t - 1], and after the last step what came of it. */
static void unpack(const cs_proof *p, const sides *v, const cs_fr *packed, cs_fr *table) {
    const size_t last = summed_steps(p) - 1;
    for (size_t t = 1; t < (size_t)1 << p->bt; t++) {
        const size_t from = t - 1 < last ? t - 1 : last;
        memcpy(table + (t << v->kept_bits), packed + from * v->kept_size, v->kept_size * sizeof *table);
    }
}

/* *out[2^bt][2^kept_bits]: the sum of all ranks' updates; only what is not padding is summed. */
static cs_status sum_updates(cs_proof *p, const sides *v, const cs_fr *vector, cs_label label, size_t l, cs_fr **out) {
    const size_t size = summed_steps(p) * v->kept_size;
    cs_fr *numbers = CS_NEW(cs_fr, (size_t)1 << (p->bt + p->bb)), *packed = CS_NEW(cs_fr, size);
    cs_status status;
    *out = CS_NEW(cs_fr, (size_t)1 << (p->bt + v->kept_bits));
    status = cs_session_fail(&p->session, numbers && packed && *out ? CS_OK : CS_ERR_MEMORY);
    if (status == CS_OK) {
        cs_contract_last(numbers, &v->contracted, vector);
        own_updates(p, v, numbers, *out, packed);
        memset(*out, 0, sizeof **out << v->kept_bits);
        status = cs_session_sum_under_pads(&p->session, label, l, packed, size);
    }
    if (status == CS_OK)
        unpack(p, v, packed, *out);
    cs_free(numbers);
    cs_free(packed);
    return status;
}

static void add_start(const cs_proof *p, unsigned kept_bits, const cs_fr *start, cs_fr *table) {
    for (size_t t = 0; t < (size_t)1 << p->bt; t++)
        cs_fr_vec_add(table + (t << kept_bits), table + (t << kept_bits), start, (size_t)1 << kept_bits);
}

cs_status cs_train_table_columns(cs_proof *p, size_t l, const cs_axis *j, cs_fr **out) {
    const cs_model *m = p->instance->initial;
    const unsigned kept_bits = cs_params_long_width_bits(p->params, l - 1);
    const sides v = {cs_train_delta_view(p, l), cs_train_activation_view(p, l - 1), kept_bits, m->rows[l - 1]};
    cs_fr *vector = CS_NEW(cs_fr, (size_t)1 << j->bits), *start = CS_NEW(cs_fr, (size_t)1 << kept_bits);
    *out = NULL;
    cs_status status = vector && start ? cs_axis_table(vector, j, p->session.rank) : CS_ERR_MEMORY;
    status = cs_session_fail(&p->session, status);
    if (status == CS_OK)
        status = sum_updates(p, &v, vector, CS_LABEL_FORWARD_TABLE, l, out);
    if (status == CS_OK) {
        status = cs_session_fail(&p->session, cs_model_contract_columns(start, m, l, vector));
    }
    if (status == CS_OK) {
        add_start(p, kept_bits, start, *out);
        if (p->shard->trainer)
            status = cs_session_fail(&p->session, cs_trainer_check_columns(p->shard->trainer, l, *out, vector));
    }
    cs_free(vector);
    cs_free(start);
    return status;
}

cs_status cs_train_table_rows(cs_proof *p, size_t l, const cs_axis *k, cs_fr **out) {
    const cs_model *m = p->instance->initial;
    const unsigned kept_bits = cs_params_width_bits(p->params, l);
    const sides v = {cs_train_activation_view(p, l - 1), cs_train_delta_view(p, l), kept_bits, m->columns[l - 1]};
    cs_fr *vector = CS_NEW(cs_fr, (size_t)1 << k->bits), *start = CS_NEW(cs_fr, (size_t)1 << kept_bits);
    *out = NULL;
    cs_status status = vector && start ? cs_axis_table(vector, k, p->session.rank) : CS_ERR_MEMORY;
    status = cs_session_fail(&p->session, status);
    if (status == CS_OK)
        status = sum_updates(p, &v, vector, CS_LABEL_BACKWARD_TABLE, l, out);
    if (status == CS_OK) {
        const size_t columns = m->columns[l - 1];
        for (size_t row = 0; row < m->rows[l - 1]; row++)
            cs_fr_vec_axpy_int(start, vector[row], CS_INT_I64, m->w[l - 1] + row * columns, columns);
        add_start(p, kept_bits, start, *out);
        if (p->shard->trainer)
            status = cs_session_fail(&p->session, cs_trainer_check_rows(p->shard->trainer, l, *out, vector));
    }
    cs_free(vector);
    cs_free(start);
    return status;
}
