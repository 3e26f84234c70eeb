/* Draws whose positions nobody but their member knows. Member i's index at (t, b) is committed as digits: the row number's
 * bits are cut into up to three digits, each a one-hot vector I_c(t, b, ·). With them
 *
 *   D(idx(t,b), ·) summed under weights w(t,b)  =  sum over rows of D(row, ·) u(row),
 *   u(row)  =  sum over (t,b) of w(t,b) prod_c I_c(t, b, row_c)
 *
 * are two sumchecks. That no record is drawn twice in a pass, and how many come from each dataset: N(pass, row) is a bit,
 *
 *   N(pass, row)  =  sum over the draws of the pass of prod_c I_c(t, b, row_c)
 *
 * at a random point, and its sums over the rows of a dataset are public. They add up to all draws of the pass, so nothing
 * falls between the datasets. The one-hot vectors in pieces: Setty, Thaler, "Twist and Shout", ePrint 2025/105. */
#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "relation/contract.h"
#include "train/proof.h"

/* Blocks so long are folded twice before they are stored as field elements. */
enum { LONG_BITS = 22 };

static size_t digit_block(const cs_proof *p, unsigned c) {
    return cs_train_block(p, CS_BLOCK_I, 0, c);
}

cs_status cs_hidden_draws_fill(cs_tensor *tensors, const cs_blocks *blocks, const cs_params *p, const cs_passes *passes,
                               const uint32_t *draws) {
    const unsigned bb = cs_params_batch_bits(p), n = cs_params_digits(p), row_bits = cs_params_row_bits(p);
    cs_tensor *drawn = &tensors[cs_blocks_find(blocks, CS_BLOCK_N, 0, 0)];
    size_t next = 0;
    for (size_t t = 0; t < p->steps; t++)
        for (size_t b = 0; b < p->batch; b++) {
            unsigned below = row_bits;
            for (unsigned c = 0; c < n; c++) {
                const unsigned bits = cs_params_digit_bits(p, c);
                below -= bits;
                const size_t digit = (draws[t * p->batch + b] >> below) & (((size_t)1 << bits) - 1);
                cs_tensor_set(&tensors[cs_blocks_find(blocks, CS_BLOCK_I, 0, c)], (((t << bb) + b) << bits) + digit, 1);
            }
        }
    for (size_t pass = 0; pass < passes->n; pass++)
        for (size_t k = cs_pass_draws(passes, pass); k > 0; k--, next++) {
            const size_t at = (pass << row_bits) + draws[next];
            if (cs_tensor_get(drawn, at) != 0)
                return cs_fail(CS_ERR_INTERNAL, "draws: record %u comes twice in pass %zu", (unsigned)draws[next], pass);
            cs_tensor_set(drawn, at, 1);
        }
    return CS_OK;
}

/* ------------------------------------------------------------ products of digits */

/* A public weight w(t, b), with the prover's table of it. */
typedef struct weight {
    cs_sc_public at;
    cs_fr *table; /* [2^(bt + bb)]; prover */
} weight;

/* I_c(t, b, point_c) of all draws. */
static cs_status digit_tables(const cs_proof *p, const cs_fr *row_point, cs_sc_table *out) {
    for (unsigned c = 0; c < cs_params_digits(p->params); c++) {
        const unsigned bits = cs_params_digit_bits(p->params, c);
        const cs_view view = {.tensor = &p->shard->tensors[digit_block(p, c)],
                              .steps = p->params->steps,
                              .batch = p->params->batch,
                              .batch_bits = p->bb,
                              .width_bits = bits};
        cs_fr *eq = CS_NEW(cs_fr, (size_t)1 << bits);
        out[c] = (cs_sc_table){.values = CS_NEW(cs_fr, (size_t)1 << (p->bt + p->bb))};
        if (eq != NULL && out[c].values != NULL) {
            cs_fr_vec_eq(eq, row_point, bits);
            cs_contract_last(out[c].values, &view, eq);
        }
        cs_free(eq);
        if (eq == NULL || out[c].values == NULL)
            return CS_ERR_MEMORY;
        row_point += bits;
    }
    return CS_OK;
}

static cs_status claim_digits(cs_proof *p, const cs_sc_result *r, const cs_fr *row_point) {
    for (unsigned c = 0; c < cs_params_digits(p->params); c++) {
        const unsigned bits = cs_params_digit_bits(p->params, c);
        const cs_axis axes[3] = {cs_axis_eq(r->point, p->bt), cs_axis_eq(r->point + p->bt, p->bb),
                                 cs_axis_eq(row_point, bits)};
        CS_TRY(cs_train_claim_block(p, digit_block(p, c), cs_sc_own(r, 0, c), r->per_rank, axes));
        row_point += bits;
    }
    return CS_OK;
}

/* claim = sum over ranks of ranks[i] sum over (t, b) of w(t, b) prod_c I_c(t, b, row_point_c). Takes claim and w's table. */
static cs_status prove_digits(cs_proof *p, cs_expr *claim, const cs_fr *ranks, weight *w, const cs_fr *row_point) {
    const unsigned n = cs_params_digits(p->params);
    const cs_sumcheck what = {.label = CS_LABEL_DRAWS_DIGITS,
                              .bits = p->bt + p->bb,
                              .n_own = n,
                              .n_public = 1,
                              .n_terms = 1,
                              .publics = {w->at},
                              .terms = {{.weights = ranks, .pub = 0, .n_factors = n, .factor = {0, 1, 2}}}};
    cs_sc_witness tables = {.publics = {{.values = w->table}}};
    cs_sc_result r;
    cs_status status = CS_OK;
    if (cs_holds(&p->session))
        status = cs_session_fail(&p->session, digit_tables(p, row_point, tables.tables));
    if (status == CS_OK)
        status = cs_sumcheck_run(&p->session, &what, claim, &tables, &r);
    if (status == CS_OK)
        status = claim_digits(p, &r, row_point);
    cs_expr_free(claim);
    for (unsigned c = 0; c < n; c++)
        cs_free(tables.tables[c].values);
    cs_free(w->table);
    return status;
}

/* ------------------------------------------------------------ records at hidden positions */

typedef struct record_weight {
    const cs_proof *p;
    const cs_axis *t, *b;
} record_weight;

/* The axes are no gathers: they cannot fail. */
static cs_fr record_weight_at(void *context, int rank, const cs_fr *point) {
    const record_weight *w = context;
    cs_fr t = CS_FR_ZERO, b = CS_FR_ZERO;
    (void)cs_axis_at(&t, w->t, point, rank, 1);
    (void)cs_axis_at(&b, w->b, point + w->p->bt, rank, 1);
    return cs_fr_mul(t, b);
}

static cs_status record_weight_table(const record_weight *w, int rank, cs_fr **out) {
    const size_t steps = (size_t)1 << w->t->bits, batch = (size_t)1 << w->b->bits;
    cs_fr *t = CS_NEW(cs_fr, steps), *b = CS_NEW(cs_fr, batch);
    *out = CS_NEW(cs_fr, steps * batch);
    cs_status status = t != NULL && b != NULL && *out != NULL ? cs_axis_table(t, w->t, rank) : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_axis_table(b, w->b, rank);
    for (size_t k = 0; status == CS_OK && k < steps; k++)
        cs_fr_vec_scale(*out + k * batch, t[k], b, batch);
    cs_free(t);
    cs_free(b);
    return status;
}

/* Per row of the dataset: <D(row, ·), k>, and u(row). */
static cs_status row_tables(const cs_proof *p, size_t block, const cs_gather *gather, const cs_axis *k, cs_sc_table *out) {
    const unsigned row_bits = cs_params_row_bits(p->params);
    const size_t rows = (size_t)1 << row_bits, width = (size_t)1 << k->bits;
    const cs_tensor *d = &p->shard->tensors[block];
    const cs_axis selection = cs_axis_gather(gather, row_bits);
    cs_fr *vector = CS_NEW(cs_fr, width);
    for (unsigned table = 0; table < 2; table++)
        out[table] = (cs_sc_table){.values = CS_NEW(cs_fr, rows)};
    cs_status status = vector != NULL && out[0].values != NULL && out[1].values != NULL ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK)
        status = cs_axis_table(vector, k, p->session.rank);
    if (status == CS_OK)
        status = cs_axis_table(out[1].values, &selection, p->session.rank);
    for (size_t row = 0; status == CS_OK && row < rows; row++)
        out[0].values[row] = cs_fr_vec_dot_int(vector, d->type, cs_tensor_at(d, row * width), width);
    cs_free(vector);
    return status;
}

/* claim = sum of ranks[i] sum over rows of <D_i(row, ·), k> u_i(row); leaves the claim on D, and u_i at r->point. */
static cs_status prove_rows(cs_proof *p, cs_expr *claim, const cs_fr *ranks, size_t block, const cs_gather *gather,
                            const cs_axis *k, cs_sc_result *r) {
    const unsigned row_bits = cs_params_row_bits(p->params);
    const cs_sumcheck what = {.label = CS_LABEL_DRAWS_RECORDS,
                              .bits = row_bits,
                              .n_own = 2,
                              .n_terms = 1,
                              .terms = {{.weights = ranks, .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {0, 1}}}};
    cs_sc_witness tables = {0};
    cs_status status = CS_OK;
    if (cs_holds(&p->session))
        status = cs_session_fail(&p->session, row_tables(p, block, gather, k, tables.tables));
    if (status == CS_OK)
        status = cs_sumcheck_run(&p->session, &what, claim, &tables, r);
    cs_expr_free(claim);
    cs_free(tables.tables[0].values);
    cs_free(tables.tables[1].values);
    if (status != CS_OK)
        return status;
    const cs_axis axes[2] = {cs_axis_eq(r->point, row_bits), *k};
    return cs_train_claim_block(p, block, cs_sc_own(r, 0, 0), r->per_rank, axes);
}

cs_status cs_train_hidden_records(cs_proof *p, cs_expr *claim, const cs_fr *ranks, size_t block, const cs_axis *t,
                                  const cs_axis *b, const cs_axis *k) {
    cs_session *s = &p->session;
    const cs_gather gather = {
        .time = *t, .batch = *b, .steps = p->params->steps, .batch_size = p->params->batch, .draws = p->instance->draws};
    record_weight public = {.p = p, .t = t, .b = b};
    weight w = {.at = {record_weight_at, &public, false}};
    cs_fr omega[CS_MAX_RANKS];
    cs_expr uses = {0};
    cs_sc_result r;
    CS_TRY(prove_rows(p, claim, ranks, block, &gather, k, &r));
    cs_session_rank_weights(s, CS_LABEL_DRAWS_RANKS, omega);
    for (int i = 0; i < s->n_ranks; i++)
        cs_expr_add_term(&uses, omega[i], cs_sc_own(&r, i, 1));
    cs_status status = CS_OK;
    if (cs_holds(s))
        status = cs_session_fail(s, record_weight_table(&public, s->rank, &w.table));
    if (status == CS_OK)
        return prove_digits(p, &uses, omega, &w, r.point);
    cs_expr_free(&uses);
    cs_free(w.table);
    return status;
}

/* ------------------------------------------------------------ no record twice in a pass */

/* x^2 = x for all entries of a block. */
static cs_status prove_bits(cs_proof *p, size_t block) {
    cs_session *s = &p->session;
    const cs_block_info *info = &p->instance->blocks->info[block];
    cs_fr omega[CS_MAX_RANKS], minus[CS_MAX_RANKS], point[CS_SC_BITS];
    unsigned bits = 0;
    for (unsigned axis = 0; axis < info->axes; axis++)
        bits += info->bits[axis];
    cs_session_challenges(s, CS_LABEL_DRAWS_POINT, point, bits);
    cs_session_rank_weights(s, CS_LABEL_DRAWS_RANKS, omega);
    for (int i = 0; i < s->n_ranks; i++)
        minus[i] = cs_fr_neg(omega[i]);
    const cs_sumcheck what = {.label = CS_LABEL_DRAWS_BITS,
                              .bits = bits,
                              .n_own = 1,
                              .n_terms = 2,
                              .eq_point = point,
                              .terms = {{.weights = omega, .pub = CS_SC_NO_PUBLIC, .n_factors = 2, .factor = {0, 0}},
                                        {.weights = minus, .pub = CS_SC_NO_PUBLIC, .n_factors = 1, .factor = {0}}}};
    cs_sc_witness tables = {0};
    if (cs_holds(s))
        tables.tables[0] = (cs_sc_table){
            .load = cs_train_load_tensor, .context = &p->shard->tensors[block], .load_longer = bits >= LONG_BITS};
    cs_expr claim = {0};
    cs_sc_result r;
    const cs_status status = cs_sumcheck_run(s, &what, &claim, &tables, &r);
    cs_expr_free(&claim);
    if (status != CS_OK)
        return status;
    cs_axis axes[3];
    const cs_fr *at = r.point;
    for (unsigned axis = 0; axis < info->axes; axis++) {
        axes[axis] = cs_axis_eq(at, info->bits[axis]);
        at += info->bits[axis];
    }
    return cs_train_claim_block(p, block, cs_sc_own(&r, 0, 0), r.per_rank, axes);
}

/* The entries of digit c of every real draw sum to one. Local. */
static cs_status claim_one_hot(cs_proof *p, unsigned c) {
    cs_session *s = &p->session;
    cs_fr omega[CS_MAX_RANKS], point[2 * CS_AXIS_BITS];
    cs_session_challenges(s, CS_LABEL_DRAWS_POINT, point, p->bt + p->bb);
    cs_session_rank_weights(s, CS_LABEL_DRAWS_RANKS, omega);
    const cs_fr real =
        cs_fr_mul(cs_indicator(point, p->bt, p->params->steps), cs_indicator(point + p->bt, p->bb, p->params->batch));
    const cs_axis axes[3] = {cs_axis_eq(point, p->bt), cs_axis_eq(point + p->bt, p->bb),
                             cs_axis_ones(cs_params_digit_bits(p->params, c))};
    cs_expr value = {0};
    for (int i = 0; i < s->n_ranks; i++)
        cs_expr_add_const(&value, cs_fr_mul(omega[i], real), i);
    CS_TRY(cs_witness_claim(&p->witness, &value));
    return cs_witness_part(&p->witness, omega, CS_FR_ONE, digit_block(p, c), axes);
}

typedef struct pass_weight {
    const cs_proof *p;
    const cs_fr *point; /* [bits] of the pass */
    unsigned bits;
} pass_weight;

/* Sum of eq(point, (t, b)) over the first n draws. */
static cs_fr draws_below(const cs_proof *p, const cs_fr *point, size_t n) {
    const size_t batch = p->params->batch, t = n / batch;
    const cs_fr whole = cs_fr_mul(cs_indicator(point, p->bt, t), cs_indicator(point + p->bt, p->bb, batch));
    if (n % batch == 0)
        return whole;
    return cs_fr_add(whole, cs_fr_mul(cs_eq_index(point, p->bt, t), cs_indicator(point + p->bt, p->bb, n % batch)));
}

/* eq(pass point, pass of the draw), extended to any point. */
static cs_fr pass_weight_at(void *context, int rank, const cs_fr *point) {
    const pass_weight *w = context;
    const cs_passes *passes = &w->p->instance->passes[rank];
    cs_fr sum = CS_FR_ZERO, before = CS_FR_ZERO;
    size_t draws = 0;
    for (size_t pass = 0; pass < passes->n; pass++) {
        draws += cs_pass_draws(passes, pass);
        const cs_fr below = draws_below(w->p, point, draws);
        sum = cs_fr_add(sum, cs_fr_mul(cs_eq_index(w->point, w->bits, pass), cs_fr_sub(below, before)));
        before = below;
    }
    return sum;
}

static cs_status pass_weight_table(const pass_weight *w, cs_fr **out) {
    const cs_proof *p = w->p;
    const cs_passes *passes = &p->instance->passes[p->session.rank];
    size_t next = 0;
    *out = CS_NEW(cs_fr, (size_t)1 << (p->bt + p->bb));
    if (*out == NULL)
        return CS_ERR_MEMORY;
    for (size_t pass = 0; pass < passes->n; pass++) {
        const cs_fr value = cs_eq_index(w->point, w->bits, pass);
        for (size_t k = cs_pass_draws(passes, pass); k > 0; k--, next++)
            (*out)[(next / p->params->batch << p->bb) + next % p->params->batch] = value;
    }
    return CS_OK;
}

/* N at (pass, row) of this rank. */
static cs_status drawn_at(const cs_proof *p, const cs_axis axes[2], cs_fr *out) {
    const size_t passes = (size_t)1 << axes[0].bits, rows = (size_t)1 << axes[1].bits;
    const cs_fr one = CS_FR_ONE;
    cs_fr *pass = CS_NEW(cs_fr, passes), *row = CS_NEW(cs_fr, rows);
    const cs_status status = pass != NULL && row != NULL ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        cs_fr_vec_eq(pass, axes[0].point, axes[0].bits);
        cs_fr_vec_eq(row, axes[1].point, axes[1].bits);
        *out = cs_contract_all(&p->shard->tensors[cs_train_block(p, CS_BLOCK_N, 0, 0)], &one, 1, pass, passes, row, rows);
    }
    cs_free(pass);
    cs_free(row);
    return status;
}

/* N counts the draws of each record in each pass. */
static cs_status prove_counts(cs_proof *p) {
    cs_session *s = &p->session;
    const unsigned pass_bits = cs_params_pass_bits(p->params), row_bits = cs_params_row_bits(p->params);
    cs_fr point[2 * CS_AXIS_BITS], omega[CS_MAX_RANKS], mine = CS_FR_ZERO;
    pass_weight public = {.p = p, .point = point, .bits = pass_bits};
    weight w = {.at = {pass_weight_at, &public, true}};
    cs_status status = CS_OK;
    cs_var first;
    cs_session_challenges(s, CS_LABEL_DRAWS_POINT, point, pass_bits + row_bits);
    const cs_axis axes[2] = {cs_axis_eq(point, pass_bits), cs_axis_eq(point + pass_bits, row_bits)};
    if (cs_holds(s))
        CS_TRY(cs_session_fail(s, drawn_at(p, axes, &mine)));
    CS_TRY(cs_session_send_own(s, CS_LABEL_DRAWS_COUNT, &mine, 1, NULL, 0, &first));
    CS_TRY(cs_train_claim_block(p, cs_train_block(p, CS_BLOCK_N, 0, 0), first, 1, axes));
    cs_session_rank_weights(s, CS_LABEL_DRAWS_RANKS, omega);
    cs_expr claim = {0};
    for (int i = 0; i < s->n_ranks; i++)
        cs_expr_add_term(&claim, omega[i], first + (cs_var)i);
    if (cs_holds(s))
        status = cs_session_fail(s, pass_weight_table(&public, &w.table));
    if (status == CS_OK)
        return prove_digits(p, &claim, omega, &w, point + pass_bits);
    cs_expr_free(&claim);
    cs_free(w.table);
    return status;
}

/* Rows below `rows` of rank i's N, in all passes under `pass`. */
static cs_status add_rows_below(cs_proof *p, int i, cs_fr scale, const cs_axis *pass, size_t rows) {
    cs_fr weights[CS_MAX_RANKS] = {{{0}}};
    weights[i] = scale;
    const cs_axis axes[2] = {*pass, cs_axis_ones_below(cs_params_row_bits(p->params), rows)};
    return cs_witness_part(&p->witness, weights, CS_FR_ONE, cs_train_block(p, CS_BLOCK_N, 0, 0), axes);
}

/* The sums of N over the rows of each dataset are the public counts, all under powers of one challenge. Local. */
static cs_status claim_piece_counts(cs_proof *p) {
    cs_session *s = &p->session;
    const unsigned bits = cs_params_pass_bits(p->params);
    cs_fr point[CS_AXIS_BITS];
    cs_session_challenges(s, CS_LABEL_DRAWS_POINT, point, bits);
    const cs_fr mix = cs_session_challenge(s, CS_LABEL_DRAWS_MIX);
    const cs_axis pass = cs_axis_eq(point, bits);
    cs_expr value = {0};
    cs_fr scale = CS_FR_ONE, *eq = CS_NEW(cs_fr, (size_t)1 << bits);
    if (eq == NULL)
        return CS_ERR_MEMORY;
    cs_fr_vec_eq(eq, point, bits);
    for (int i = 0; i < s->n_ranks; i++) {
        const cs_passes *passes = &p->instance->passes[i];
        cs_fr sum = CS_FR_ZERO;
        for (size_t k = 0; k < passes->shard.n; k++, scale = cs_fr_mul(scale, mix))
            for (size_t x = 0; x < passes->n; x++) {
                const cs_fr count = cs_fr_from_u64(passes->counts[x * passes->shard.n + k]);
                sum = cs_fr_add(sum, cs_fr_mul(scale, cs_fr_mul(count, eq[x])));
            }
        cs_expr_add_const(&value, sum, i);
    }
    cs_free(eq);
    CS_TRY(cs_witness_claim(&p->witness, &value));
    scale = CS_FR_ONE;
    for (int i = 0; i < s->n_ranks; i++)
        for (size_t k = 0; k < p->instance->passes[i].shard.n; k++, scale = cs_fr_mul(scale, mix)) {
            const cs_piece *piece = &p->instance->passes[i].shard.pieces[k];
            CS_TRY(add_rows_below(p, i, scale, &pass, piece->offset + piece->rows));
            if (piece->offset > 0)
                CS_TRY(add_rows_below(p, i, cs_fr_neg(scale), &pass, piece->offset));
        }
    return CS_OK;
}

cs_status cs_train_hidden_draws(cs_proof *p) {
    cs_session *s = &p->session;
    if (p->params->hidden_passes == 0)
        return CS_OK;
    for (unsigned c = 0; c < cs_params_digits(p->params); c++) {
        CS_TRY(prove_bits(p, digit_block(p, c)));
        CS_TRY(cs_session_fail(s, claim_one_hot(p, c)));
    }
    CS_TRY(prove_bits(p, cs_train_block(p, CS_BLOCK_N, 0, 0)));
    CS_TRY(prove_counts(p));
    return cs_session_fail(s, claim_piece_counts(p));
}
