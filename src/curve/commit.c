/* Commitments to the rows of a witness matrix: small entries, many rows that share their generators.
 *
 * An entry v in its declared range [min, max] is v - min = sum of digits u_w 2^(b w), and a digit stands for an odd multiple
 * of the half generator (odd_table.h). Columns are taken in groups; for each group the tables of odd multiples are built,
 * and for each digit position every row adds one entry of each: all rows at once with one shared inversion. A digit position
 * has accumulators of its own, so that all of them share the tables; in the end they are added up under powers of 2^b.
 * Entries 0 and 1 are taken several columns at a time, from tables of ±P_0 ± … ± P_7, indexed in the same way. What the
 * recoding adds, a public multiple of the sum of the half generators, is taken off last.
 * Where the tables would cost more than they save, digits are added up by buckets instead (row_buckets.h).
 * All that is chosen in commit_plan.c and added up in commit_sums.c; here the sums become commitments.
 *
 * No accumulator ever meets ± what is added to it, unless a relation between generators is found: each sum of odd multiples
 * of half generators gets another generator's. */
#include "curve/commit.h"

#include "base/bits.h"
#include "base/memory.h"
#include "curve/batch.h"
#include "curve/commit_kernel.h"
#include "curve/list_sums.h"
#include "curve/msm.h"

/* *sum = that of the half generators of the tables that add something to the row. */
static void sum_halves(cs_g1_affine *sum, const cs_commit_kernel *k, const cs_commit_family *f, const cs_int_row *row,
                       cs_list_sums *list) {
    uint32_t n = 0;
    for (size_t first = 0; first < f->columns; first += f->unit) {
        bool any = false;
        for (size_t i = 0; i < f->unit; i++)
            any = any || cs_int_row_has(row, f->column[first + i]);
        for (size_t i = 0; any && i < f->unit; i++)
            list->codes[n++] = 2 * f->column[first + i];
    }
    list->start[1] = n;
    cs_list_sums_run(list, k->gens.g_half);
    *sum = list->sums[0];
}

/* What the recoding took away is this public multiple of the sum of half generators. */
static cs_fr correction(const cs_commit_work *w) {
    if (w->windows == 0)
        return CS_FR_ONE;
    const cs_fr base = cs_fr_from_u64((uint64_t)1 << w->bits), min = cs_fr_from_i64(w->row->min);
    const cs_fr full = cs_fr_sub(cs_fr_pow(base, w->windows), CS_FR_ONE); /* all digits at their largest */
    return cs_fr_add(full, cs_fr_add(min, min));
}

/* acc[r] += other[r], r < n. */
static void add_all(cs_commit_kernel *k, cs_g1_affine *acc, const cs_g1_affine *other, size_t n) {
    for (size_t r = 0; r < n; r += CS_COMMIT_ROWS)
        cs_g1_batch_add(acc + r, acc + r, other + r, k->scratch, cs_smaller(n - r, CS_COMMIT_ROWS));
}

/* acc[0][0] = sums of all accumulators of each row, each digit position's under its power of 2^bits. */
static void join(cs_commit_kernel *k, const cs_commit_family *f) {
    size_t n = 0; /* rows that have the position */
    for (size_t w = cs_commit_positions(f); w-- > 0;) {
        cs_g1_affine *const acc = cs_commit_accumulators(f, w);
        for (unsigned b = 0; b < f->bits; b++)
            for (size_t r = 0; r < n; r += CS_COMMIT_ROWS)
                cs_g1_batch_double(acc + f->streams * f->n + r, acc + f->streams * f->n + r, k->scratch,
                                   cs_smaller(n - r, CS_COMMIT_ROWS));
        if (n)
            add_all(k, acc, acc + f->streams * f->n, n);
        while (n < f->n && (w == 0 || f->rows[n].windows > w))
            n++;
        for (size_t s = 1; s < f->streams; s++)
            add_all(k, acc, acc + s * f->n, n);
    }
}

/* sum[r] = what the recoding of row r added, negative, and the blinding's. */
static cs_status correct(const cs_commit_kernel *k, const cs_commit_family *f, cs_g1_affine *sum, const cs_committer *h) {
    cs_g1_affine halves = CS_G1_AFFINE_IDENTITY;
    cs_list_sums list;
    CS_TRY(cs_list_sums_new(&list, 1, f->columns));
    list.lists = 1;
    for (size_t r = 0; r < f->n; r++) {
        const cs_commit_work *w = &f->rows[r], *before = r ? w - 1 : NULL;
        const bool other = !before || !cs_int_row_alike(before->row, w->row);
        if (other)
            sum_halves(&halves, k, f, w->row, &list);
        if (other || before->windows != w->windows || before->bits != w->bits || before->row->min != w->row->min)
            sum[r] = cs_g1_to_affine(cs_g1_add_affine(cs_g1_mul_var(halves, correction(w)), h->offset[0]));
        else
            sum[r] = sum[r - 1];
    }
    cs_list_sums_free(&list);
    return CS_OK;
}

/* out[.] = accumulators and corrections of the family's rows. */
static cs_status finish(cs_commit_kernel *k, const cs_commit_family *f, cs_g1_affine *out, const cs_committer *h) {
    if (f->n == 0)
        return CS_OK;
    cs_g1_affine *sum = CS_NEW(cs_g1_affine, f->n);
    cs_status status = sum ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK && (status = correct(k, f, sum, h)) == CS_OK) {
        join(k, f);
        add_all(k, sum, f->acc, f->n);
    }
    if (status == CS_OK && f->by_buckets && (status = cs_g1_vec_to_affine(f->acc, f->sums, f->n)) == CS_OK)
        add_all(k, sum, f->acc, f->n);
    for (size_t r = 0; status == CS_OK && r < f->n; r++)
        out[f->rows[r].index] = sum[r];
    cs_free(sum);
    return status;
}

/* Rows of field elements: a multi-scalar multiplication each. Opening masks, and what dishonest ranks commit to in tests. */
static cs_status commit_field_row(cs_g1_affine *out, const cs_int_row *row, const cs_committer *h, cs_fr s) {
    cs_generators gens;
    cs_g1 sum;
    CS_TRY(cs_generators_get(&gens, row->n));
    CS_TRY(cs_msm_var(&sum, row->data, gens.g, row->n));
    *out = cs_g1_to_affine(cs_g1_add(sum, cs_commit_short(h, NULL, 0, s)));
    return CS_OK;
}

cs_status cs_commit_rows(cs_g1_affine *out, const cs_int_row *rows, size_t n_rows, const cs_fr *s) {
    return cs_commit_rows_reporting(out, rows, n_rows, s, NULL);
}

cs_status cs_commit_rows_reporting(cs_g1_affine *out, const cs_int_row *rows, size_t n_rows, const cs_fr *s,
                                   const cs_progress *progress) {
    cs_commit_kernel k = {.progress = progress};
    cs_committer *h = NULL;
    cs_status status;
    CS_TRY_OUT(cs_commit_plan(&k, rows, n_rows));
    CS_TRY_OUT(cs_committer_new(&h, 0));
    CS_TRY_OUT(cs_commit_sums(&k, h, s));
    CS_TRY_OUT(finish(&k, &k.digits, out, h));
    CS_TRY_OUT(finish(&k, &k.bits, out, h));
    for (size_t r = 0; r < n_rows; r++)
        if (rows[r].type == CS_INT_FR)
            CS_TRY_OUT(commit_field_row(&out[r], &rows[r], h, s[r]));
out:
    cs_committer_free(h);
    cs_commit_release(&k);
    return status;
}
