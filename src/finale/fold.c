/* Steps 1 and 2 of the finale: what the ranks do. */
#include "base/memory.h"
#include "curve/commit.h"
#include "field/fr_vec.h"
#include "finale/state.h"
#include <string.h>

/* A rank's private random instance. */
typedef struct instance {
    cs_fr *zr;                /* [n_vars] what this rank knows of z_r */
    cs_fr *cross, *error;     /* [n_rows] T and E_r */
    cs_fr *blind_r;           /* [ledger rows] */
    cs_fr *blind_t, *blind_e; /* [error rows] */
    cs_g1_affine *points;     /* commitments: ledger rows, error rows, error rows */
} instance;

static void free_instance(instance *m) {
    cs_free(m->zr);
    cs_free(m->cross);
    cs_free(m->error);
    cs_free(m->blind_r);
    cs_free(m->blind_t);
    cs_free(m->blind_e);
    cs_free(m->points);
}

cs_finale_row cs_finale_row_at(const cs_finale *f, size_t x) {
    const cs_ledger *l = &f->s->ledger;
    if (x < l->n_products) {
        const cs_product *p = &l->products[x];
        return (cs_finale_row){&p->a, &p->b, &p->c, p->owner};
    }
    return (cs_finale_row){&f->combined.rows[x - l->n_products], NULL, NULL, -1};
}

static cs_status allocate(const cs_finale *f, instance *m) {
    const cs_ledger *l = &f->s->ledger;
    m->zr = CS_NEW(cs_fr, l->n_vars);
    m->cross = CS_NEW(cs_fr, f->n_rows);
    m->error = CS_NEW(cs_fr, f->n_rows);
    m->blind_r = CS_NEW(cs_fr, l->n_rows);
    m->blind_t = CS_NEW(cs_fr, f->error_rows);
    m->blind_e = CS_NEW(cs_fr, f->error_rows);
    m->points = CS_NEW(cs_g1_affine, l->n_rows + 2 * f->error_rows);
    return m->zr && m->cross && m->error && m->blind_r && m->blind_t && m->blind_e && m->points ? CS_OK : CS_ERR_MEMORY;
}

/* z_r: own variables by their owner alone, shared ones by every rank, common ones from the common seed. */
static void draw_mask(const cs_session *s, cs_fr *zr) {
    for (size_t v = 0; v < s->ledger.n_vars; v++) {
        const cs_kind kind = s->ledger.kinds[v];
        if (kind == CS_COMMON)
            zr[v] = cs_pads_common_scalar(s->pads, CS_COMMON_MASK, v);
        else if (cs_knows(s, kind))
            zr[v] = cs_fr_random();
    }
}

/* T = Az Bz_r + Az_r Bz - C z_r and E_r = Az_r Bz_r on the rows that this rank owns (u = 1 in z, 0 in z_r). */
static void own_products(const cs_finale *f, instance *m) {
    const cs_session *s = f->s;
    const cs_fr *z = s->member.known;
    for (size_t x = 0; x < s->ledger.n_products; x++) {
        const cs_product *p = &s->ledger.products[x];
        if (p->owner != s->rank)
            continue;
        const cs_fr az = cs_expr_value(&p->a, z, CS_FR_ONE, -1), bz = cs_expr_value(&p->b, z, CS_FR_ONE, -1);
        const cs_fr ar = cs_expr_value(&p->a, m->zr, CS_FR_ZERO, -1), br = cs_expr_value(&p->b, m->zr, CS_FR_ZERO, -1);
        const cs_fr cr = cs_expr_value(&p->c, m->zr, CS_FR_ZERO, -1);
        m->cross[x] = cs_fr_sub(cs_fr_add(cs_fr_mul(az, br), cs_fr_mul(ar, bz)), cr);
        m->error[x] = cs_fr_mul(ar, br);
    }
}

/* The linear rows (a)(1) = 0 with u = 1 in z and 0 in z_r: T is this rank's share of a z_r, E_r is zero. The cross row's
 * shares of both carry zero-sharings of their own. */
static cs_status linear_rows(const cs_finale *f, instance *m) {
    const cs_session *s = f->s;
    const size_t n = s->ledger.n_vars, local = s->ledger.n_products;
    cs_fr *share = CS_NEW(cs_fr, n);
    if (!share)
        return CS_ERR_MEMORY;
    for (size_t v = 0; v < n; v++)
        share[v] = s->member.carried[v] ? m->zr[v] : CS_FR_ZERO;
    for (size_t k = 0; k < f->combined.n; k++)
        m->cross[local + k] = cs_expr_value(&f->combined.rows[k], share, CS_FR_ZERO, s->rank);
    cs_free(share);
    cs_fr zero_t, zero_e;
    CS_TRY(cs_session_zero_share(f->s, CS_LABEL_FINALE_CROSS, &zero_t));
    CS_TRY(cs_session_zero_share(f->s, CS_LABEL_FINALE_ERROR, &zero_e));
    m->cross[f->n_rows - 1] = cs_fr_add(m->cross[f->n_rows - 1], zero_t);
    m->error[f->n_rows - 1] = zero_e;
    return CS_OK;
}

/* The share of z_r, laid out as the ledger's commitment rows (row-major, width columns), and where a row is not zero; common
 * rows hold the full values. */
static void lay_out(const cs_session *s, const cs_fr *values, cs_fr *rows, cs_span *known) {
    for (size_t v = 0; v < s->ledger.n_vars; v++) {
        const cs_cell at = s->ledger.cells[v];
        if (!cs_knows(s, s->ledger.kinds[v]))
            continue;
        rows[at.row * s->ledger.width + at.column] = values[v];
        cs_span_cover(&known[at.row], at.column);
    }
}

/* Where this rank has something in error row k: in the product rows that it owns, and in the linear ones. */
static cs_span error_span(const cs_finale *f, size_t k) {
    const cs_ledger *l = &f->s->ledger;
    cs_span out = {0};
    for (size_t j = 0; j < l->width && k * l->width + j < f->n_rows; j++) {
        const size_t x = k * l->width + j;
        if (x >= l->n_products || l->products[x].owner == f->s->rank)
            cs_span_cover(&out, j);
    }
    return out;
}

static cs_status commit_instance(const cs_finale *f, instance *m) {
    const cs_session *s = f->s;
    const size_t width = s->ledger.width, n_z = s->ledger.n_rows, n = n_z + 2 * f->error_rows;
    cs_fr *rows = CS_NEW(cs_fr, n_z * width);
    cs_span *known = CS_NEW(cs_span, n_z);
    cs_g1 *points = CS_NEW(cs_g1, n);
    cs_status status = rows && known && points ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        lay_out(s, m->zr, rows, known);
        for (size_t r = 0; r < n_z; r++) {
            const bool common = s->ledger.common_rows[r];
            const cs_fr blinding = common ? cs_pads_common_scalar(s->pads, CS_COMMON_MASK_BLINDING, r) : cs_fr_random();
            points[r] = cs_commit_span(s->member.committer, rows + r * width, known[r], blinding);
            m->blind_r[r] = common && s->rank ? CS_FR_ZERO : blinding;
        }
        for (size_t k = 0; k < f->error_rows; k++) {
            const cs_span mine = error_span(f, k);
            m->blind_t[k] = cs_fr_random();
            m->blind_e[k] = cs_fr_random();
            points[n_z + k] = cs_commit_span(s->member.committer, m->cross + k * width, mine, m->blind_t[k]);
            points[n_z + f->error_rows + k] = cs_commit_span(s->member.committer, m->error + k * width, mine, m->blind_e[k]);
        }
        status = cs_g1_vec_to_affine(m->points, points, n);
    }
    cs_free(rows);
    cs_free(known);
    cs_free(points);
    return status;
}

static cs_status draw_instance(const cs_finale *f, instance *m) {
    CS_TRY(allocate(f, m));
    draw_mask(f->s, m->zr);
    own_products(f, m);
    CS_TRY(linear_rows(f, m));
    return commit_instance(f, m);
}

cs_status cs_finale_check_rows(const cs_session *s) {
    const cs_ledger *l = &s->ledger;
    cs_fr *share = CS_NEW(cs_fr, l->n_vars);
    if (!share)
        return CS_ERR_MEMORY;
    const char *broken = NULL;
    for (size_t v = 0; v < l->n_vars; v++)
        share[v] = s->member.carried[v] ? s->member.known[v] : CS_FR_ZERO;
    for (size_t x = 0; x < l->n_products && !broken; x++) {
        const cs_product *p = &l->products[x];
        if (p->owner != s->rank)
            continue;
        const cs_fr a = cs_expr_value(&p->a, s->member.known, CS_FR_ONE, -1);
        const cs_fr b = cs_expr_value(&p->b, s->member.known, CS_FR_ONE, -1);
        if (!cs_fr_eq(cs_fr_mul(a, b), cs_expr_value(&p->c, share, CS_FR_ONE, -1)))
            broken = cs_label_text(p->label);
    }
    for (size_t x = 0; x < l->n_linears && !broken; x++) {
        const cs_linear *row = &l->linears[x];
        if (!row->cross && !cs_fr_is_zero(cs_expr_value(&row->e, share, CS_FR_ONE, s->rank)))
            broken = cs_label_text(row->label);
    }
    cs_free(share);
    return broken
               ? cs_fail(CS_ERR_ABORT,
                         "this rank's own part of %s does not hold: its data or its training is not what it proves", broken)
               : CS_OK;
}

/* z* , E* and their blindings, of this rank; then the sums on the root. Uniform for every e: own and shared variables and
 * all blindings have masks of coefficient one; E* is a function of z* but for the cross row, which the zero-sharings mask.
 */
static cs_status answer(cs_finale *f, const instance *m) {
    cs_session *s = f->s;
    const size_t n_vars = s->ledger.n_vars, n_rows = s->ledger.n_rows, n = n_vars + f->n_rows + n_rows + f->error_rows;
    cs_fr *mine = CS_NEW(cs_fr, n), *sum = CS_NEW(cs_fr, n);
    cs_status status = mine && sum ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK && cs_holds(s)) {
        /* NOLINTBEGIN(clang-analyzer-core.NullDereference): who proves has an instance */
        cs_fr *at = mine;
        for (size_t v = 0; v < n_vars; v++)
            *at++ = s->member.carried[v] ? cs_fr_add(m->zr[v], cs_fr_mul(f->e, s->member.known[v])) : CS_FR_ZERO;
        for (size_t x = 0; x < f->n_rows; x++)
            *at++ = cs_fr_add(m->error[x], cs_fr_mul(f->e, m->cross[x]));
        for (size_t r = 0; r < n_rows; r++)
            *at++ = cs_fr_add(m->blind_r[r], cs_fr_mul(f->e, s->member.blindings[r]));
        for (size_t r = 0; r < f->error_rows; r++)
            *at++ = cs_fr_add(m->blind_e[r], cs_fr_mul(f->e, m->blind_t[r]));
        /* NOLINTEND(clang-analyzer-core.NullDereference) */
    }
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = cs_session_answer(s, CS_ANSWER_FINALE, CS_LABEL_FINALE_ANSWER, mine, n, sum, NULL);
    if (status == CS_OK && cs_is_root(s)) {
        f->z = CS_NEW(cs_fr, n_vars);
        f->err = CS_NEW(cs_fr, f->n_rows);
        f->blinding = CS_NEW(cs_fr, n_rows + f->error_rows);
        if (f->z && f->err && f->blinding) {
            memcpy(f->z, sum, n_vars * sizeof *sum);
            memcpy(f->err, sum + n_vars, f->n_rows * sizeof *sum);
            memcpy(f->blinding, sum + n_vars + f->n_rows, (n_rows + f->error_rows) * sizeof *sum);
        } else {
            status = CS_ERR_MEMORY;
        }
    }
    cs_free(mine);
    cs_free(sum);
    return status;
}

static cs_status exchange(cs_finale *f, instance *m) {
    cs_session *s = f->s;
    const size_t n_z = s->ledger.n_rows, n_e = f->error_rows;
    CS_TRY(cs_session_sum_points(s, CS_LABEL_FINALE_MASK, m->points, s->ledger.common_rows, n_z, f->mask));
    CS_TRY(cs_session_sum_points(s, CS_LABEL_FINALE_CROSS, m->points ? m->points + n_z : NULL, NULL, n_e, f->cross));
    CS_TRY(cs_session_sum_points(s, CS_LABEL_FINALE_ERROR, m->points ? m->points + n_z + n_e : NULL, NULL, n_e, f->error));
    CS_TRY(cs_session_agree(s, cs_holds(s) && !cs_session_dishonest(s) ? cs_finale_check_rows(s) : CS_OK));
    f->e = cs_session_challenge(s, CS_LABEL_FINALE_CHALLENGE);
    CS_TRY(answer(f, m));
    s->alone = cs_proving(s);
    return s->judge ? cs_finale_judge(f) : CS_OK;
}

static cs_status start(cs_finale *f) {
    cs_ledger *l = &f->s->ledger;
    CS_TRY(cs_ledger_combine(l, cs_session_challenge(f->s, CS_LABEL_FINALE_LINEAR), &f->combined));
    f->n_rows = l->n_products + f->combined.n;
    f->error_rows = (f->n_rows + l->width - 1) / l->width;
    f->mask = CS_NEW(cs_g1_affine, l->n_rows);
    f->cross = CS_NEW(cs_g1_affine, f->error_rows);
    f->error = CS_NEW(cs_g1_affine, f->error_rows);
    return f->mask && f->cross && f->error ? CS_OK : CS_ERR_MEMORY;
}

cs_status cs_finale_fold(cs_session *s, cs_finale **out) {
    cs_finale *f = *out = CS_NEW(cs_finale, 1);
    if (!f)
        return cs_session_fail(s, CS_ERR_MEMORY);
    f->s = s;
    instance m = {0};
    cs_status status = start(f);
    if (status == CS_OK && cs_holds(s))
        status = draw_instance(f, &m);
    status = cs_session_fail(s, status);
    if (status == CS_OK)
        status = exchange(f, &m);
    free_instance(&m);
    return status;
}

void cs_finale_free(cs_finale *f) {
    if (!f)
        return;
    cs_combined_free(&f->combined);
    cs_free(f->mask);
    cs_free(f->cross);
    cs_free(f->error);
    cs_free(f->z);
    cs_free(f->err);
    cs_free(f->blinding);
    cs_free(f);
}
