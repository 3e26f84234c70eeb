/* Commitments to the rows of a witness matrix: small entries, many rows that share their generators.
 *
 * An entry v in its declared range [min, max] is v - min = sum of digits u_w 2^(b w), and a digit stands for an odd multiple
 * of the half generator (odd_table.h). Columns are taken in groups; for each group the tables of odd multiples are built,
 * and for each digit position every row adds one entry of each: all rows at once with one shared inversion. A digit position
 * has accumulators of its own, so that all of them share the tables; in the end they are added up under powers of 2^b.
 * Entries 0 and 1 are taken several columns at a time, from tables of ±P_0 ± … ± P_7, indexed in the same way. What the
 * recoding adds, a public multiple of the sum of the half generators, is taken off last.
 * Where the tables would cost more than they save, digits are added up by buckets instead (row_buckets.h).
 *
 * No accumulator ever meets ± what is added to it, unless a relation between generators is found: each sum of odd multiples
 * of half generators gets another generator's. */
#include "curve/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "curve/batch.h"
#include "curve/committer.h"
#include "curve/msm.h"
#include "curve/odd_table.h"
#include "curve/row_buckets.h"

enum { MAX_BITS = 8 };  /* of a digit, and columns of a table of bits */
enum { ENOUGH = 1024 }; /* additions that share an inversion: few rows get several accumulators each */
enum {
    TABLE_ENTRIES = 1 << 12, /* of all tables of a group, for groups of MIN_GROUP to MAX_GROUP tables */
    MIN_GROUP = 32,
    MAX_GROUP = 512
};

/* A row in the order of work: most digits first, so that the rows that use a digit position are a prefix; rows of bits last.
 */
typedef struct work {
    const cs_int_row *row;
    size_t index;     /* in the caller's order */
    unsigned windows; /* digits per entry; 0: an entry is a bit */
    unsigned bits;    /* of a digit */
} work;

/* What rows with digits, or rows of bits, have in common. */
typedef struct family {
    const work *rows;
    size_t n;          /* rows */
    size_t columns;    /* the longest row's */
    unsigned bits;     /* of a table's index: a digit, or that many columns */
    size_t unit;       /* columns that share a table: 1, or `bits` */
    size_t group;      /* tables built at a time */
    size_t streams;    /* accumulators per row */
    cs_g1_affine *acc; /* [digit positions][streams][n], the identity until the first addition */
    bool by_buckets;   /* acc has one position, and the blindings only */
    cs_g1 *sums;       /* [n] of the digits, by buckets */
} family;

#define NO_ENTRY UINT32_MAX

typedef struct kernel {
    work *rows;
    family digits, bits;
    const cs_progress *progress;
    double work, done; /* codes of all tables, and those added */
    cs_generators gens;
    cs_g1_affine *table; /* [group][2^(bits - 1)] */
    uint32_t *codes;     /* [tables][n] of entries there: 2 * index + sign, or NO_ENTRY */
    uint32_t *target;    /* [streams * n] accumulators of the additions in hand, and the entry for each */
    uint32_t *entry;
    cs_fp *scratch;
    cs_odd_space space;
} kernel;

static cs_status check_range(const cs_int_row *row) {
    bool bad = false;
    for (size_t j = 0; j < row->n; j++) {
        const int64_t v = cs_int_at(row->type, row->data, j);
        bad |= v < row->min || v > row->max;
    }
    return bad ? cs_fail(CS_ERR_INTERNAL, "an entry of a committed row is outside its declared range") : CS_OK;
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

/* Digit size with the least work for a column: a table of 2^(b-1) entries, and one addition per row for every digit. */
static unsigned choose_digit(const work *rows, size_t n, double *least_work) {
    unsigned best = 1;
    double least = 0;
    for (unsigned b = 1; b <= MAX_BITS; b++) {
        double cost = (double)(1u << (b - 1));
        for (size_t r = 0; r < n; r++)
            cost += count_windows(rows[r].row, b);
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

static family family_of(const work *rows, size_t n) {
    family f = {.rows = rows, .n = n};
    for (size_t r = 0; r < n; r++)
        f.columns = cs_larger(f.columns, rows[r].row->n);
    return f;
}

static void shape_family(family *f, unsigned bits, size_t unit) {
    f->bits = bits;
    f->unit = unit;
    f->group = cs_larger(MIN_GROUP, cs_smaller(MAX_GROUP, TABLE_ENTRIES >> (bits - 1)));
    f->streams = f->n == 0 ? 0 : cs_smaller(f->group, (ENOUGH + f->n - 1) / f->n);
}

/* Digits of rows in the order of their ranges' lengths, by buckets if that is less work than by tables. */
static void choose_way(family *f, work *rows) {
    double by_tables = 0, by_buckets = 0;
    const unsigned digit = choose_digit(rows, f->n, &by_tables);
    for (size_t r = 0, n; r < f->n; r += n) {
        const unsigned length = count_windows(rows[r].row, 1);
        unsigned bits, windows;
        for (n = 1; r + n < f->n && count_windows(rows[r + n].row, 1) == length; n++)
            continue;
        by_buckets += cs_bucket_choose(&bits, &windows, length, f->columns, n);
        for (size_t k = r; k < r + n; k++) {
            rows[k].bits = bits;
            rows[k].windows = windows;
        }
    }
    f->by_buckets = by_buckets < by_tables * (double)f->columns;
    for (size_t r = 0; r < f->n && !f->by_buckets; r++) {
        rows[r].bits = digit;
        rows[r].windows = count_windows(rows[r].row, digit);
    }
}

static int by_windows(const void *a, const void *b) {
    const work *x = a, *y = b;
    if (x->windows != y->windows)
        return x->windows < y->windows ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static cs_status plan(kernel *k, const cs_int_row *rows, size_t n_rows) {
    size_t n = 0;
    k->rows = CS_NEW(work, n_rows);
    if (!k->rows)
        return CS_ERR_MEMORY;
    for (size_t r = 0; r < n_rows; r++) {
        if (rows[r].type == CS_INT_FR)
            continue;
        CS_TRY(check_range(&rows[r]));
        k->rows[n++] = (work){&rows[r], r, is_bit_row(&rows[r]) ? 0 : count_windows(&rows[r], 1), 1};
    }
    qsort(k->rows, n, sizeof *k->rows, by_windows);
    size_t n_digits = 0;
    while (n_digits < n && k->rows[n_digits].windows)
        n_digits++;
    const unsigned columns = choose_columns(n - n_digits);
    k->digits = family_of(k->rows, n_digits);
    k->bits = family_of(k->rows + n_digits, n - n_digits);
    choose_way(&k->digits, k->rows);
    shape_family(&k->digits, n_digits > 0 && !k->digits.by_buckets ? k->rows[0].bits : 1, 1);
    shape_family(&k->bits, columns, columns);
    return CS_OK;
}

/* Digit positions that the family's accumulators are for, at least one. */
static size_t positions(const family *f) {
    return f->n > 0 && f->rows[0].windows > 0 && !f->by_buckets ? f->rows[0].windows : 1;
}

/* The accumulators of digit position w. */
static cs_g1_affine *accumulators(const family *f, size_t w) {
    return f->acc + w * f->streams * f->n;
}

static cs_status allocate(kernel *k) {
    family *const d = &k->digits, *const b = &k->bits;
    const size_t d_entries = (size_t)1 << (d->bits - 1), b_entries = (size_t)1 << (b->bits - 1);
    const size_t lanes = cs_larger(d->streams * d->n, b->streams * b->n), tables = cs_larger(d->group, b->group);
    d->acc = CS_NEW(cs_g1_affine, positions(d) * d->streams * d->n);
    b->acc = CS_NEW(cs_g1_affine, b->streams * b->n);
    k->table = CS_NEW(cs_g1_affine, cs_larger(d->group * d_entries, b->group * b_entries));
    k->codes = CS_NEW(uint32_t, cs_larger(cs_larger(d->group, CS_COMMITTER_WINDOWS) * d->n,
                                          cs_larger(b->group, CS_COMMITTER_WINDOWS) * b->n));
    k->target = CS_NEW(uint32_t, lanes);
    k->entry = CS_NEW(uint32_t, lanes);
    k->scratch = CS_NEW(cs_fp, cs_g1_scratch(lanes));
    if (!d->acc || !b->acc || !k->table || !k->codes || !k->target || !k->entry || !k->scratch)
        return CS_ERR_MEMORY;
    if (d->by_buckets && (d->sums = CS_NEW(cs_g1, d->n)) == NULL)
        return CS_ERR_MEMORY;
    CS_TRY(cs_odd_space_new(&k->space, tables, cs_larger(d_entries, b_entries)));
    return cs_generators_get(&k->gens, cs_larger(d->columns, b->columns + b->unit));
}

static void release(kernel *k) {
    cs_free(k->rows);
    cs_free(k->digits.acc);
    cs_free(k->digits.sums);
    cs_free(k->bits.acc);
    cs_free(k->table);
    cs_free(k->codes);
    cs_free(k->target);
    cs_free(k->entry);
    cs_free(k->scratch);
    cs_odd_space_free(&k->space);
}

/* Tables that a row needs: a row of bits fills its last one up with zeros. */
static size_t units(const family *f, const work *w) {
    return (w->row->n + f->unit - 1) / f->unit;
}

/* Adds to acc[streams][n], for each of the first n_rows rows of the family, the entries of `count` tables that its codes
 * name; table c goes to stream c mod streams. Rows that have ended have no entry (their length is public). */
static void add_entries(kernel *k, const family *f, cs_g1_affine *acc, const cs_g1_affine *table, size_t n_rows,
                        size_t count) {
    for (size_t from = 0; from < count; from += f->streams) {
        size_t m = 0;
        for (size_t c = from; c < cs_smaller(count, from + f->streams); c++)
            for (size_t r = 0; r < n_rows; r++) {
                const size_t lane = (c - from) * f->n + r;
                const uint32_t code = k->codes[c * f->n + r];
                if (code == NO_ENTRY)
                    continue;
                if (cs_g1_affine_is_identity(acc[lane])) { /* the first addition */
                    cs_odd_take(&acc[lane], table, code);
                } else {
                    k->target[m] = (uint32_t)lane;
                    k->entry[m++] = code;
                }
            }
        cs_g1_batch_accumulate(acc, k->target, table, k->entry, k->scratch, m);
    }
}

static void count_work(kernel *k) {
    const family *bits = &k->bits;
    for (size_t r = 0; r < k->digits.n; r++)
        k->work += (double)k->digits.rows[r].windows * (double)k->digits.columns;
    const size_t n_units = bits->n > 0 ? (bits->columns + bits->unit - 1) / bits->unit : 0;
    k->work += (double)bits->n * (double)n_units;
}

static void report(void *kernel_in_hand, double additions) {
    kernel *k = kernel_in_hand;
    k->done += additions;
    cs_progress_report(k->progress, NULL, k->done / k->work);
}

/* Digits of window w of columns first .. first + count of the first n_rows rows. */
static void digit_codes(kernel *k, size_t n_rows, unsigned w, size_t first, size_t count) {
    const family *f = &k->digits;
    for (size_t r = 0; r < n_rows; r++) {
        const cs_int_row *row = f->rows[r].row;
        for (size_t c = 0; c < count; c++) {
            if (first + c >= row->n) {
                k->codes[c * f->n + r] = NO_ENTRY;
                continue;
            }
            const uint64_t v = (uint64_t)cs_int_at(row->type, row->data, first + c) - (uint64_t)row->min;
            const unsigned digit = (unsigned)(v >> (w * f->bits)) & ((1u << f->bits) - 1);
            k->codes[c * f->n + r] = cs_odd_code(c << (f->bits - 1), f->bits, digit);
        }
    }
}

static cs_status add_by_buckets(kernel *k) {
    const family *f = &k->digits;
    cs_bucket_row *rows = CS_NEW(cs_bucket_row, f->n);
    if (rows == NULL)
        return CS_ERR_MEMORY;
    for (size_t r = 0; r < f->n; r++)
        rows[r] = (cs_bucket_row){f->rows[r].row, f->rows[r].bits, f->rows[r].windows};
    const cs_status status = cs_bucket_sums(f->sums, rows, f->n, &k->gens, (cs_bucket_watch){report, k});
    cs_free(rows);
    return status;
}

static cs_status add_digits(kernel *k) {
    const family *f = &k->digits;
    if (f->by_buckets)
        return add_by_buckets(k);
    for (size_t first = 0; first < f->columns; first += f->group) {
        const size_t count = cs_smaller(f->group, f->columns - first);
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): digits have at least one bit */
        cs_odd_table(k->table, k->gens.g_half + first, count, (size_t)1 << (f->bits - 1), &k->space);
        size_t n_rows = f->n;
        for (unsigned w = 0; w < positions(f); w++) {
            while (f->rows[n_rows - 1].windows <= w)
                n_rows--;
            digit_codes(k, n_rows, w, first, count);
            add_entries(k, f, accumulators(f, w), k->table, n_rows, count);
            report(k, (double)n_rows * (double)count);
        }
    }
    return CS_OK;
}

/* table[c][u] = P_top + sum of ±P_i over the lower columns i of unit first + c, with bit i of u for a plus. */
static void bit_tables(kernel *k, size_t first, size_t count) {
    const family *f = &k->bits;
    const size_t size = (size_t)1 << (f->bits - 1);
    const cs_odd_space *s = &k->space;
    for (size_t c = 0; c < count; c++)
        k->table[c * size] = k->gens.g_half[(first + c) * f->unit + f->unit - 1];
    for (size_t n = 1, column = f->unit - 1; n < size; n *= 2) {
        column--;
        for (size_t c = 0; c < count; c++) {
            const cs_g1_affine plus = k->gens.g_half[(first + c) * f->unit + column], minus = cs_g1_affine_neg(plus);
            for (size_t u = 0; u < n; u++) {
                s->a[2 * (c * n + u)] = s->a[2 * (c * n + u) + 1] = k->table[c * size + u];
                s->b[2 * (c * n + u)] = minus;
                s->b[2 * (c * n + u) + 1] = plus;
            }
        }
        cs_g1_batch_add(s->a, s->a, s->b, s->scratch, 2 * n * count);
        for (size_t c = 0; c < count; c++)
            memcpy(k->table + c * size, s->a + 2 * n * c, 2 * n * sizeof *k->table);
    }
}

static void bit_codes(kernel *k, size_t first, size_t count) {
    const family *f = &k->bits;
    for (size_t r = 0; r < f->n; r++) {
        const cs_int_row *row = f->rows[r].row;
        for (size_t c = 0; c < count; c++) {
            unsigned code = 0;
            const size_t from = (first + c) * f->unit;
            for (size_t j = from; j < cs_smaller(row->n, from + f->unit); j++)
                code |= (unsigned)(cs_int_at(row->type, row->data, j) & 1) << (j - from);
            k->codes[c * f->n + r] = from < row->n ? cs_odd_code(c << (f->bits - 1), f->bits, code) : NO_ENTRY;
        }
    }
}

static void add_bits(kernel *k) {
    const family *f = &k->bits;
    const size_t tables = (f->columns + f->unit - 1) / f->unit;
    for (size_t first = 0; first < tables && f->n; first += f->group) {
        const size_t count = cs_smaller(f->group, tables - first);
        bit_tables(k, first, count);
        bit_codes(k, first, count);
        add_entries(k, f, f->acc, k->table, f->n, count);
        report(k, (double)f->n * (double)count);
    }
}

/* s h for every row of the family, less the tables' public offset. */
static void add_blindings(kernel *k, const family *f, const cs_committer *h, const cs_fr *s) {
    for (size_t r = 0; r < f->n; r++)
        cs_committer_codes(k->codes + r, f->n, 0, s[f->rows[r].index]);
    if (f->n)
        add_entries(k, f, f->acc, h->tables, f->n, CS_COMMITTER_WINDOWS);
}

/* What the recoding took away is this public multiple of the sum of the row's half generators. */
static cs_fr correction(const work *w) {
    if (w->windows == 0)
        return CS_FR_ONE;
    const cs_fr base = cs_fr_from_u64((uint64_t)1 << w->bits), min = cs_fr_from_i64(w->row->min);
    const cs_fr full = cs_fr_sub(cs_fr_pow(base, w->windows), CS_FR_ONE); /* all digits at their largest */
    return cs_fr_add(full, cs_fr_add(min, min));
}

/* Row r's accumulators, each digit position's under its power of 2^bits. */
static cs_g1 sum_row(const family *f, size_t r) {
    cs_g1 sum = CS_G1_IDENTITY;
    for (size_t w = f->by_buckets ? 1 : cs_larger(f->rows[r].windows, 1); w-- > 0;) {
        for (unsigned b = 0; b < f->rows[r].bits; b++)
            sum = cs_g1_double(sum);
        for (size_t c = 0; c < f->streams; c++)
            sum = cs_g1_add_affine(sum, accumulators(f, w)[c * f->n + r]);
    }
    return f->by_buckets ? cs_g1_add(sum, f->sums[r]) : sum;
}

/* out[.] = accumulators and corrections of the family's rows; prefix[j] is the sum of the first j half generators. */
static cs_status finish(const family *f, cs_g1_affine *out, const cs_g1 *prefix, const cs_committer *h) {
    cs_g1 *points = CS_NEW(cs_g1, f->n);
    cs_g1_affine *affine = CS_NEW(cs_g1_affine, f->n), last = CS_G1_AFFINE_IDENTITY;
    cs_status status = points && affine ? CS_OK : CS_ERR_MEMORY;
    for (size_t r = 0; status == CS_OK && r < f->n; r++) {
        const work *w = &f->rows[r], *before = r ? w - 1 : NULL;
        if (!before || before->windows != w->windows || before->bits != w->bits || before->row->min != w->row->min ||
            before->row->n != w->row->n)
            last = cs_g1_to_affine(cs_g1_add_affine(
                cs_g1_mul_var(cs_g1_to_affine(prefix[units(f, w) * f->unit]), correction(w)), h->offset[0]));
        points[r] = cs_g1_add_affine(sum_row(f, r), last);
    }
    if (status == CS_OK)
        status = cs_g1_vec_to_affine(affine, points, f->n);
    for (size_t r = 0; status == CS_OK && r < f->n; r++)
        out[f->rows[r].index] = affine[r];
    cs_free(points);
    cs_free(affine);
    return status;
}

static cs_status finish_all(const kernel *k, cs_g1_affine *out, const cs_committer *h) {
    const size_t columns = cs_larger(k->digits.columns, k->bits.columns + k->bits.unit);
    cs_g1 *prefix = CS_NEW(cs_g1, columns + 1);
    if (!prefix)
        return CS_ERR_MEMORY;
    for (size_t j = 0; j < columns; j++)
        prefix[j + 1] = cs_g1_add_affine(prefix[j], k->gens.g_half[j]);
    cs_status status = finish(&k->digits, out, prefix, h);
    if (status == CS_OK)
        status = finish(&k->bits, out, prefix, h);
    cs_free(prefix);
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
    kernel k = {.progress = progress};
    cs_committer *h = NULL;
    cs_status status;
    CS_TRY_OUT(plan(&k, rows, n_rows));
    CS_TRY_OUT(allocate(&k));
    CS_TRY_OUT(cs_committer_new(&h, 0));
    count_work(&k);
    CS_TRY_OUT(add_digits(&k));
    add_bits(&k);
    add_blindings(&k, &k.digits, h, s);
    add_blindings(&k, &k.bits, h, s);
    CS_TRY_OUT(finish_all(&k, out, h));
    for (size_t r = 0; r < n_rows; r++)
        if (rows[r].type == CS_INT_FR)
            CS_TRY_OUT(commit_field_row(&out[r], &rows[r], h, s[r]));
out:
    cs_committer_free(h);
    release(&k);
    return status;
}
