/* Softmax with cross-entropy (6.5), at one random point r = (r_t, r_b, r_j):
 *
 *   sum_j M (c - Z) = 0,   M^2 = M,   P S + rho = 2^d E,   sum_j M = 1,   gap = S - 1 - rho       with S = sum_j E
 *
 * The first three are one sumcheck with weights 1, mu, mu^2; the others are linear in committed tensors. */
#include "base/memory.h"
#include "field/fr_vec.h"
#include "poly/mle.h"
#include "train/proof.h"

enum { TABLE_M, TABLE_Z, TABLE_P, TABLE_S };
enum { PUBLIC_FULL, PUBLIC_ROWS };
enum { VALUE_C, VALUE_P }; /* the claims of the first and the third */

typedef struct softmax {
    cs_relation relation;
    cs_proof *p;
    unsigned tb, bj; /* bits of (t, b), and of j */
    cs_fr r[3 * CS_AXIS_BITS];
    cs_axis axes[3];
    cs_fr omega[CS_MAX_RANKS], omega_mu[CS_MAX_RANKS], minus_mu[CS_MAX_RANKS], omega_mu2[CS_MAX_RANKS];
    cs_fr *sums; /* prover: S(t, b) */
} softmax;

static size_t block(const softmax *x, cs_block_kind kind) {
    return cs_train_block(x->p, kind, x->p->params->layers, 0);
}

static const cs_tensor *tensor(const softmax *x, cs_block_kind kind) {
    return &x->p->shard->tensors[block(x, kind)];
}

static void start(softmax *x, cs_proof *p) {
    cs_session *s = &p->session;
    x->p = p;
    x->tb = p->bt + p->bb;
    x->bj = cs_params_width_bits(p->params, p->params->layers);
    cs_session_challenges(s, CS_LABEL_SOFTMAX_POINT, x->r, x->tb + x->bj);
    x->axes[0] = cs_axis_eq(x->r, p->bt);
    x->axes[1] = cs_axis_eq(x->r + p->bt, p->bb);
    x->axes[2] = cs_axis_eq(x->r + x->tb, x->bj);
    cs_session_rank_weights(s, CS_LABEL_SOFTMAX_RANKS, x->omega);
    const cs_fr mu = cs_session_challenge(s, CS_LABEL_SOFTMAX_MIX);
    for (int i = 0; i < s->n_ranks; i++) {
        x->omega_mu[i] = cs_fr_mul(mu, x->omega[i]);
        x->minus_mu[i] = cs_fr_neg(x->omega_mu[i]);
        x->omega_mu2[i] = cs_fr_mul(mu, x->omega_mu[i]);
    }
}

/* This rank's c at (r_t, r_b), and 2^d E - rho at r; each times omega_i. */
static cs_status own_values(const softmax *x, cs_fr out[2]) {
    const cs_proof *p = x->p;
    cs_fr *t[3] = {0};
    size_t n[3];
    cs_status status = CS_OK;
    for (int k = 0; k < 3 && status == CS_OK; k++) {
        n[k] = (size_t)1 << x->axes[k].bits;
        t[k] = CS_NEW(cs_fr, n[k]);
        status = t[k] ? cs_axis_table(t[k], &x->axes[k], p->session.rank) : CS_ERR_MEMORY;
    }
    if (status == CS_OK) {
        const cs_fr one = CS_FR_ONE, omega = x->omega[p->session.rank];
        const cs_fr c = cs_contract_all(tensor(x, CS_BLOCK_C), t[0], n[0], &one, 1, t[1], n[1]);
        const cs_fr e = cs_contract_all(tensor(x, CS_BLOCK_E), t[0], n[0], t[1], n[1], t[2], n[2]);
        const cs_fr rho = cs_contract_all(tensor(x, CS_BLOCK_RHO), t[0], n[0], t[1], n[1], t[2], n[2]);
        const cs_fr scale = cs_fr_from_u64((uint64_t)1 << p->params->d);
        out[VALUE_C] = cs_fr_mul(omega, c);
        out[VALUE_P] = cs_fr_mul(omega, cs_fr_sub(cs_fr_mul(scale, e), rho));
    }
    for (int k = 0; k < 3; k++)
        cs_free(t[k]);
    return status;
}

/* A claim whose value is one shared variable. */
static cs_status claim_variable(softmax *x, cs_var v) {
    cs_expr value = {0};
    cs_expr_add_term(&value, CS_FR_ONE, v);
    return cs_witness_claim(&x->p->witness, &value);
}

/* A claim whose value is omega_i constant, summed. */
static cs_status claim_constant(softmax *x, cs_fr constant) {
    cs_expr value = {0};
    for (int i = 0; i < x->p->session.n_ranks; i++)
        cs_expr_add_const(&value, cs_fr_mul(x->omega[i], constant), i);
    return cs_witness_claim(&x->p->witness, &value);
}

static cs_status linear_claims(softmax *x) {
    cs_witness *w = &x->p->witness;
    const cs_params *params = x->p->params;
    const cs_fr minus = cs_fr_neg(CS_FR_ONE);
    const cs_axis sum_axes[3] = {x->axes[0], x->axes[1], cs_axis_ones(x->bj)};
    const cs_fr real_j = cs_indicator(x->r + x->tb, x->bj, params->widths[params->layers]);
    const cs_fr real_tb =
        cs_fr_mul(cs_indicator(x->r, x->p->bt, params->steps), cs_indicator(x->r + x->p->bt, x->p->bb, params->batch));
    CS_TRY(claim_variable(x, x->relation.first + VALUE_C));
    CS_TRY(cs_witness_part(w, x->omega, CS_FR_ONE, block(x, CS_BLOCK_C), x->axes));
    CS_TRY(claim_variable(x, x->relation.first + VALUE_P));
    CS_TRY(cs_witness_part(w, x->omega, cs_fr_from_u64((uint64_t)1 << params->d), block(x, CS_BLOCK_E), x->axes));
    CS_TRY(cs_witness_part(w, x->omega, minus, block(x, CS_BLOCK_RHO), x->axes));
    CS_TRY(claim_constant(x, real_tb));
    CS_TRY(cs_witness_part(w, x->omega, CS_FR_ONE, block(x, CS_BLOCK_M), sum_axes));
    CS_TRY(claim_constant(x, cs_fr_mul(real_tb, real_j)));
    CS_TRY(cs_witness_part(w, x->omega, real_j, block(x, CS_BLOCK_E), sum_axes));
    CS_TRY(cs_witness_part(w, x->omega, minus, block(x, CS_BLOCK_RHO), x->axes));
    return cs_witness_part(w, x->omega, minus, block(x, CS_BLOCK_GAP), x->axes);
}

static cs_fr full_at(void *context, int rank, const cs_fr *point) {
    const softmax *x = context;
    (void)rank;
    return cs_eq_at(x->r, point, x->tb + x->bj);
}

static cs_fr rows_at(void *context, int rank, const cs_fr *point) {
    const softmax *x = context;
    (void)rank;
    return cs_eq_at(x->r, point, x->tb);
}

static void load_sums(const void *context, size_t offset, size_t n, cs_fr *out) {
    const softmax *x = context;
    for (size_t k = 0; k < n; k++)
        out[k] = x->sums[(offset + k) >> x->bj];
}

static cs_status make_tables(softmax *x, cs_sc_witness *out) {
    const size_t rows = (size_t)1 << x->tb, line = (size_t)1 << x->bj;
    cs_fr *ones = CS_NEW(cs_fr, line), *eq_rows = CS_NEW(cs_fr, rows);
    cs_fr *full = out->publics[PUBLIC_FULL].values = CS_NEW(cs_fr, rows * line);
    cs_fr *repeated = out->publics[PUBLIC_ROWS].values = CS_NEW(cs_fr, rows * line);
    x->sums = CS_NEW(cs_fr, rows);
    cs_status status = ones && eq_rows && full && repeated && x->sums ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        const cs_tensor *e = tensor(x, CS_BLOCK_E);
        for (size_t j = 0; j < line; j++)
            ones[j] = CS_FR_ONE;
        cs_fr_vec_eq(full, x->r, x->tb + x->bj);
        cs_fr_vec_eq(eq_rows, x->r, x->tb);
        for (size_t row = 0; row < rows; row++) {
            x->sums[row] = cs_fr_vec_dot_int(ones, e->type, cs_tensor_at(e, row * line), line);
            for (size_t j = 0; j < line; j++)
                repeated[row * line + j] = eq_rows[row];
        }
        out->tables[TABLE_M] = (cs_sc_table){.load = cs_train_load_tensor, .context = tensor(x, CS_BLOCK_M)};
        out->tables[TABLE_Z] = (cs_sc_table){.load = cs_train_load_tensor, .context = tensor(x, CS_BLOCK_Z)};
        out->tables[TABLE_P] = (cs_sc_table){.load = cs_train_load_tensor, .context = tensor(x, CS_BLOCK_P)};
        out->tables[TABLE_S] = (cs_sc_table){.load = load_sums, .context = x};
    }
    cs_free(ones);
    cs_free(eq_rows);
    return status;
}

static cs_status claim_softmax(cs_proof *p, cs_relation *r) {
    softmax *x = (softmax *)r;
    CS_TRY(cs_session_fail(&p->session, linear_claims(x)));
    if (cs_holds(&p->session))
        CS_TRY(cs_session_fail(&p->session, make_tables(x, &r->job.witness)));
    r->job.what = (cs_sumcheck){
        .label = CS_LABEL_SOFTMAX_VALUES,
        .bits = x->tb + x->bj,
        .n_own = 4,
        .n_public = 2,
        .n_terms = 4,
        .publics = {{full_at, x, false}, {rows_at, x, false}},
        .terms = {{.weights = x->omega, .pub = PUBLIC_ROWS, .n_factors = 2, .factor = {TABLE_M, TABLE_Z}},
                  {.weights = x->omega_mu, .pub = PUBLIC_FULL, .n_factors = 2, .factor = {TABLE_M, TABLE_M}},
                  {.weights = x->minus_mu, .pub = PUBLIC_FULL, .n_factors = 1, .factor = {TABLE_M}},
                  {.weights = x->omega_mu2, .pub = PUBLIC_FULL, .n_factors = 2, .factor = {TABLE_P, TABLE_S}}}};
    cs_expr_add_term(&r->job.claim, CS_FR_ONE, r->first + VALUE_C);
    const cs_fr mu2 = cs_fr_mul(x->omega_mu2[0], cs_fr_inv(x->omega[0]));
    cs_expr_add_term(&r->job.claim, mu2, r->first + VALUE_P);
    return CS_OK;
}

static cs_status finish_softmax(cs_proof *p, cs_relation *relation) {
    const softmax *x = (const softmax *)relation;
    const cs_sc_result *r = &relation->job.result;
    const cs_axis t = cs_axis_eq(r->point, p->bt), b = cs_axis_eq(r->point + p->bt, p->bb);
    const cs_axis j = cs_axis_eq(r->point + x->tb, x->bj);
    const cs_axis at[3] = {t, b, j}, sum[3] = {t, b, cs_axis_ones(x->bj)};
    CS_TRY(cs_train_claim_block(p, block(x, CS_BLOCK_M), cs_sc_own(r, 0, TABLE_M), r->per_rank, at));
    CS_TRY(cs_train_claim_block(p, block(x, CS_BLOCK_Z), cs_sc_own(r, 0, TABLE_Z), r->per_rank, at));
    CS_TRY(cs_train_claim_block(p, block(x, CS_BLOCK_P), cs_sc_own(r, 0, TABLE_P), r->per_rank, at));
    return cs_train_claim_block(p, block(x, CS_BLOCK_E), cs_sc_own(r, 0, TABLE_S), r->per_rank, sum);
}

static void free_softmax(cs_relation *r) {
    softmax *x = (softmax *)r;
    cs_free(r->job.witness.publics[PUBLIC_FULL].values);
    cs_free(r->job.witness.publics[PUBLIC_ROWS].values);
    cs_free(x->sums);
    cs_free(x);
}

cs_status cs_train_softmax(cs_proof *p, cs_relations *all) {
    cs_session *s = &p->session;
    softmax *x = CS_NEW(softmax, 1);
    if (x)
        x->relation = (cs_relation){.n_values = 2, .claim = claim_softmax, .finish = finish_softmax, .free = free_softmax};
    CS_TRY(cs_session_fail(s, cs_train_add_relation(all, x ? &x->relation : NULL)));
    start(x, p);
    return cs_holds(s) ? cs_session_fail(s, own_values(x, x->relation.values)) : CS_OK;
}
