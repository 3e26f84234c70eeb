/* How the rows of a call of cs_commit_rows are added up, by public shapes and declared ranges: as digits or bits, of what
 * size, by tables or by buckets, and how many tables and accumulators at a time. */
#include <stdlib.h>

#include "base/bits.h"
#include "base/memory.h"
#include "curve/commit_kernel.h"
#include "curve/g1_kernels.h"
#include "curve/row_buckets.h"

enum { MAX_BITS = 8 };  /* of a digit, and columns of a table of bits */
enum { ENOUGH = 2048 }; /* additions that share an inversion: few rows get several accumulators each */
enum {
    TABLE_ENTRIES = 1 << 12, /* of all tables of a group, for groups of MIN_GROUP to MAX_GROUP tables */
    MIN_GROUP = 32,
    MAX_GROUP = 512
};

static cs_status check_range(const cs_int_row *row) {
    return cs_int_row_in_range(row) ? CS_OK
                                    : cs_fail(CS_ERR_INTERNAL, "an entry of a committed row is outside its declared range");
}

static bool is_bit_row(const cs_int_row *row) {
    return row->min >= 0 && row->max <= 1;
}

/* Digits of `bits` bits of an entry of the row, at least one. */
static unsigned count_windows(const cs_int_row *row, unsigned bits) {
    unsigned length = 1;
    while (length < 64 && ((uint64_t)row->max - (uint64_t)row->min) >> length)
        length++;
    return (length + bits - 1) / bits;
}

/* What an entry of a table costs, in additions: it is made in shorter batches, and copied. */
static const double TABLE_ENTRY = 1.4;

/* Digit size with the least work: a table of 2^(b-1) entries for each column, and one addition for every digit of an entry.
 */
static unsigned choose_digit(const cs_commit_family *f, double *least_work) {
    unsigned best = 1;
    double least = 0;
    for (unsigned b = 1; b <= MAX_BITS; b++) {
        double cost = TABLE_ENTRY * (double)(f->columns << (b - 1));
        for (size_t r = 0; r < f->n; r++)
            cost += (double)f->rows[r].entries * count_windows(f->rows[r].row, b);
        if (b == 1 || cost < least) {
            least = cost;
            best = b;
        }
    }
    *least_work = least;
    return best;
}

/* The same for rows of bits, per column. */
static unsigned choose_columns(size_t n) {
    unsigned best = 1;
    for (unsigned t = 2; t <= MAX_BITS; t++)
        if ((double)(n + (1u << (t - 1))) / t < (double)(n + (1u << (best - 1))) / best)
            best = t;
    return best;
}

/* Where the family's rows from r on stop having the same real entries. */
static size_t end_of_alike(const cs_commit_family *f, size_t r) {
    const cs_int_row *first = f->rows[r].row;
    while (++r < f->n && cs_int_row_alike(f->rows[r].row, first))
        continue;
    return r;
}

static cs_status family_of(cs_commit_family *f, const cs_commit_work *rows, size_t n) {
    *f = (cs_commit_family){.rows = rows, .n = n};
    for (size_t r = 0; r < n; r++)
        f->end = cs_larger(f->end, rows[r].row->n);
    uint32_t *counts = CS_NEW(uint32_t, f->end);
    f->column = CS_NEW(uint32_t, f->end + MAX_BITS);
    const bool room = counts && f->column;
    for (size_t r = 0, next; room && r < n; r = next) {
        next = end_of_alike(f, r);
        cs_int_row_tally(counts, rows[r].row, (uint32_t)(next - r));
    }
    if (room)
        f->columns = cs_int_row_columns(f->column, counts, f->end);
    cs_free(counts);
    return room ? CS_OK : CS_ERR_MEMORY;
}

static void shape_family(cs_commit_family *f, unsigned bits, size_t unit) {
    f->bits = bits;
    f->unit = unit;
    f->group = cs_larger(MIN_GROUP, cs_smaller(MAX_GROUP, TABLE_ENTRIES >> (bits - 1)));
    f->streams = f->n == 0 ? 0 : cs_smaller(f->group, (ENOUGH + f->n - 1) / f->n);
    while (f->columns % unit)
        f->column[f->columns++] = (uint32_t)f->end++;
}

/* An addition to a bucket, at a random place, in those of a table's entry. */
static const double BUCKET_ADDITION = 1.1;

/* Digits of rows in the order of their ranges' lengths, by buckets if that is less work than by tables. */
static void choose_way(cs_commit_family *f, cs_commit_work *rows) {
    double by_tables = 0, by_buckets = 0;
    const unsigned digit = choose_digit(f, &by_tables);
    for (size_t r = 0, n; r < f->n; r += n) {
        const unsigned length = count_windows(rows[r].row, 1);
        size_t entries = rows[r].entries;
        unsigned bits, windows;
        for (n = 1; r + n < f->n && count_windows(rows[r + n].row, 1) == length; n++)
            entries += rows[r + n].entries;
        by_buckets += cs_bucket_choose(&bits, &windows, length, entries, n, f->n);
        for (size_t k = r; k < r + n; k++) {
            rows[k].bits = bits;
            rows[k].windows = windows;
        }
    }
    f->by_buckets = BUCKET_ADDITION * by_buckets < by_tables;
    for (size_t r = 0; r < f->n && !f->by_buckets; r++) {
        rows[r].bits = digit;
        rows[r].windows = count_windows(rows[r].row, digit);
    }
}

static int by_windows(const void *a, const void *b) {
    const cs_commit_work *x = a, *y = b;
    if (x->windows != y->windows)
        return x->windows < y->windows ? 1 : -1;
    if (x->entries != y->entries)
        return x->entries < y->entries ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static cs_status plan(cs_commit_kernel *k, const cs_int_row *rows, size_t n_rows) {
    size_t n = 0;
    k->rows = CS_NEW(cs_commit_work, n_rows);
    if (!k->rows)
        return CS_ERR_MEMORY;
    for (size_t r = 0; r < n_rows; r++) {
        if (rows[r].type == CS_INT_FR)
            continue;
        CS_TRY(check_range(&rows[r]));
        const bool alike = n > 0 && cs_int_row_alike(k->rows[n - 1].row, &rows[r]);
        const size_t entries = alike ? k->rows[n - 1].entries : cs_int_row_count(&rows[r]);
        k->rows[n++] = (cs_commit_work){&rows[r], r, entries, is_bit_row(&rows[r]) ? 0 : count_windows(&rows[r], 1), 1};
    }
    qsort(k->rows, n, sizeof *k->rows, by_windows);
    size_t n_digits = 0;
    while (n_digits < n && k->rows[n_digits].windows)
        n_digits++;
    const unsigned columns = choose_columns(n - n_digits);
    CS_TRY(family_of(&k->digits, k->rows, n_digits));
    CS_TRY(family_of(&k->bits, k->rows + n_digits, n - n_digits));
    choose_way(&k->digits, k->rows);
    shape_family(&k->digits, n_digits > 0 && !k->digits.by_buckets ? k->rows[0].bits : 1, 1);
    shape_family(&k->bits, columns, columns);
    return CS_OK;
}

static cs_status allocate(cs_commit_kernel *k) {
    cs_commit_family *const d = &k->digits, *const b = &k->bits;
    const size_t d_entries = (size_t)1 << (d->bits - 1), b_entries = (size_t)1 << (b->bits - 1);
    const size_t tables = cs_larger(d->group, b->group), rows = cs_smaller(cs_larger(d->n, b->n), CS_COMMIT_ROWS);
    const size_t lanes = cs_smaller(cs_larger(d->streams * d->n, b->streams * b->n), CS_COMMIT_ROWS);
    const size_t at_once = cs_larger(cs_larger(cs_commit_at_once(d), cs_commit_at_once(b)), CS_COMMITTER_WINDOWS);
    d->acc = CS_NEW(cs_g1_affine, cs_commit_positions(d) * d->streams * d->n);
    b->acc = CS_NEW(cs_g1_affine, b->streams * b->n);
    k->bases = CS_NEW(cs_g1_affine, d->group);
    k->table = CS_NEW(cs_g1_affine, cs_larger(d->group * d_entries, b->group * b_entries));
    k->stride = ((rows + 15) / 16 | 1) * 16;
    k->codes = CS_NEW(uint32_t, at_once * k->stride);
    k->values = CS_NEW(uint64_t, at_once * b->unit);
    k->real = CS_NEW(bool, at_once * b->unit);
    k->lanes = CS_NEW(uint32_t, lanes);
    k->target = CS_NEW(uint32_t, lanes);
    k->entry = CS_NEW(uint32_t, lanes);
    k->scratch = CS_NEW(cs_fp, CS_G1_SCRATCH(lanes));
    if (!d->acc || !b->acc || !k->bases || !k->table || !k->codes || !k->values || !k->real || !k->lanes || !k->target ||
        !k->entry || !k->scratch)
        return CS_ERR_MEMORY;
    for (size_t l = 0; l < lanes; l++)
        k->lanes[l] = (uint32_t)l;
    if (d->by_buckets && (d->sums = CS_NEW(cs_g1, d->n)) == NULL)
        return CS_ERR_MEMORY;
    CS_TRY(cs_odd_space_new(&k->space, tables, cs_larger(d_entries, b_entries)));
    return cs_generators_get(&k->gens, cs_larger(d->end, b->end));
}

static void count_work(cs_commit_kernel *k) {
    const cs_commit_family *bits = &k->bits;
    for (size_t r = 0; r < k->digits.n; r++)
        k->work += (double)k->digits.rows[r].windows * (double)k->digits.columns;
    const size_t units = bits->columns / bits->unit;
    k->work += (double)bits->n * (double)units;
}

void cs_commit_release(cs_commit_kernel *k) {
    cs_free(k->rows);
    cs_free(k->digits.column);
    cs_free(k->bits.column);
    cs_free(k->digits.acc);
    cs_free(k->digits.sums);
    cs_free(k->bits.acc);
    cs_free(k->bases);
    cs_free(k->table);
    cs_free(k->codes);
    cs_free(k->values);
    cs_free(k->real);
    cs_free(k->lanes);
    cs_free(k->target);
    cs_free(k->entry);
    cs_free(k->scratch);
    cs_odd_space_free(&k->space);
}

cs_status cs_commit_plan(cs_commit_kernel *k, const cs_int_row *rows, size_t n_rows) {
    CS_TRY(plan(k, rows, n_rows));
    CS_TRY(allocate(k));
    count_work(k);
    return CS_OK;
}
