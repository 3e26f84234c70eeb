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
enum { ROWS = 4096 }; /* in work at a time: with a group's tables they stay in the processor's second cache */
enum { TABLES = 32 }; /* whose codes are made at a time, if there are not more streams */

/* A row in the order of work: most digits first, so that the rows that use a digit position are a prefix; rows of bits last.
 */
typedef struct work {
    const cs_int_row *row;
    size_t index;     /* in the caller's order */
    size_t entries;   /* real ones */
    unsigned windows; /* digits per entry; 0: an entry is a bit */
    unsigned bits;    /* of a digit */
} work;

/* What rows with digits, or rows of bits, have in common. */
typedef struct family {
    const work *rows;
    size_t n;          /* rows */
    size_t columns;    /* that some row has, and what fills the last table up */
    uint32_t *column;  /* [columns] */
    size_t end;        /* beyond the last of them */
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
    cs_g1_affine *bases; /* [group] half generators of a group of digits */
    cs_g1_affine *table; /* [group][2^(bits - 1)] */
    uint32_t *codes;     /* [tables][stride] of entries there: 2 * index + sign, or NO_ENTRY */
    size_t stride;       /* an odd number of cache lines: a row's codes lie in different sets of the cache */
    uint64_t *values;    /* a row's entries in the columns in hand, and which of them are real */
    bool *real;
    uint32_t *lanes;  /* 0, 1, 2, … */
    uint32_t *target; /* accumulators of the additions in hand, and the entry for each */
    uint32_t *entry;
    cs_fp *scratch;
    cs_odd_space space;
} kernel;

/* Rows first .. first + n of a family. */
typedef struct span {
    size_t first, n;
} span;

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

/* Digit size with the least work: a table of 2^(b-1) entries for each column, and one addition for every digit of an entry.
 */
static unsigned choose_digit(const family *f, double *least_work) {
    unsigned best = 1;
    double least = 0;
    for (unsigned b = 1; b <= MAX_BITS; b++) {
        double cost = (double)(f->columns << (b - 1));
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
static size_t end_of_alike(const family *f, size_t r) {
    const cs_int_row *first = f->rows[r].row;
    while (++r < f->n && cs_int_row_alike(f->rows[r].row, first))
        continue;
    return r;
}

static cs_status family_of(family *f, const work *rows, size_t n) {
    *f = (family){.rows = rows, .n = n};
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

static void shape_family(family *f, unsigned bits, size_t unit) {
    f->bits = bits;
    f->unit = unit;
    f->group = cs_larger(MIN_GROUP, cs_smaller(MAX_GROUP, TABLE_ENTRIES >> (bits - 1)));
    f->streams = f->n == 0 ? 0 : cs_smaller(f->group, (ENOUGH + f->n - 1) / f->n);
    while (f->columns % unit)
        f->column[f->columns++] = (uint32_t)f->end++;
}

/* Digits of rows in the order of their ranges' lengths, by buckets if that is less work than by tables. */
static void choose_way(family *f, work *rows) {
    double by_tables = 0, by_buckets = 0;
    const unsigned digit = choose_digit(f, &by_tables);
    for (size_t r = 0, n; r < f->n; r += n) {
        const unsigned length = count_windows(rows[r].row, 1);
        size_t entries = rows[r].entries;
        unsigned bits, windows;
        for (n = 1; r + n < f->n && count_windows(rows[r + n].row, 1) == length; n++)
            entries += rows[r + n].entries;
        by_buckets += cs_bucket_choose(&bits, &windows, length, entries, n);
        for (size_t k = r; k < r + n; k++) {
            rows[k].bits = bits;
            rows[k].windows = windows;
        }
    }
    f->by_buckets = by_buckets < by_tables;
    for (size_t r = 0; r < f->n && !f->by_buckets; r++) {
        rows[r].bits = digit;
        rows[r].windows = count_windows(rows[r].row, digit);
    }
}

static int by_windows(const void *a, const void *b) {
    const work *x = a, *y = b;
    if (x->windows != y->windows)
        return x->windows < y->windows ? 1 : -1;
    if (x->entries != y->entries)
        return x->entries < y->entries ? 1 : -1;
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
        const bool alike = n > 0 && cs_int_row_alike(k->rows[n - 1].row, &rows[r]);
        const size_t entries = alike ? k->rows[n - 1].entries : cs_int_row_count(&rows[r]);
        k->rows[n++] = (work){&rows[r], r, entries, is_bit_row(&rows[r]) ? 0 : count_windows(&rows[r], 1), 1};
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

/* Digit positions that the family's accumulators are for, at least one. */
static size_t positions(const family *f) {
    return f->n > 0 && f->rows[0].windows > 0 && !f->by_buckets ? f->rows[0].windows : 1;
}

/* The accumulators of digit position w. */
static cs_g1_affine *accumulators(const family *f, size_t w) {
    return f->acc + w * f->streams * f->n;
}

/* Tables of the family whose codes are made at a time. */
static size_t tables_at_once(const family *f) {
    return cs_larger(f->streams, TABLES);
}

static cs_status allocate(kernel *k) {
    family *const d = &k->digits, *const b = &k->bits;
    const size_t d_entries = (size_t)1 << (d->bits - 1), b_entries = (size_t)1 << (b->bits - 1);
    const size_t tables = cs_larger(d->group, b->group), rows = cs_smaller(cs_larger(d->n, b->n), ROWS);
    const size_t lanes = cs_smaller(cs_larger(d->streams * d->n, b->streams * b->n), ROWS);
    const size_t at_once = cs_larger(cs_larger(tables_at_once(d), tables_at_once(b)), CS_COMMITTER_WINDOWS);
    d->acc = CS_NEW(cs_g1_affine, positions(d) * d->streams * d->n);
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

static void release(kernel *k) {
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

static bool any_empty(const cs_g1_affine *acc, size_t n) {
    bool any = false;
    for (size_t l = 0; l < n; l++)
        any |= cs_g1_affine_is_identity(acc[l]);
    return any;
}

/* Lists the additions of up to f->streams tables, codes[table][stride], to acc[streams][n]; the first one to an accumulator
 * is made at once. Which accumulators are empty, and which rows have a real entry, is public. Returns how many are listed.
 */
static size_t list_terms(const kernel *k, const family *f, cs_g1_affine *acc, const cs_g1_affine *table,
                         const uint32_t *codes, size_t n_rows, size_t count, bool empty) {
    size_t m = 0;
    for (size_t c = 0; c < count; c++)
        for (size_t r = 0; r < n_rows; r++) {
            const size_t lane = c * f->n + r;
            const uint32_t code = codes[c * k->stride + r];
            if (code == NO_ENTRY)
                continue;
            if (empty && cs_g1_affine_is_identity(acc[lane])) {
                cs_odd_take(&acc[lane], table, code);
            } else {
                k->target[m] = (uint32_t)lane;
                k->entry[m++] = code;
            }
        }
    return m;
}

/* Adds to acc[streams][n], for each of these rows of the family, the entries of `count` tables that its codes name; table c
 * goes to stream c mod streams. Rows without a real entry there have no code; `all`: there are none. */
static void add_entries(kernel *k, const family *f, cs_g1_affine *acc, const cs_g1_affine *table, span rows, size_t count,
                        bool all) {
    acc += rows.first;
    bool empty = false;
    for (size_t s = 0; s < f->streams; s++)
        empty |= any_empty(acc + s * f->n, rows.n);
    for (size_t from = 0; from < count; from += f->streams) {
        const uint32_t *codes = k->codes + from * k->stride;
        if (all && !empty && f->streams == 1) {
            cs_g1_batch_accumulate(acc, k->lanes, table, codes, k->scratch, rows.n);
        } else {
            const size_t streams = cs_smaller(count - from, f->streams);
            const size_t m = list_terms(k, f, acc, table, codes, rows.n, streams, empty);
            cs_g1_batch_accumulate(acc, k->target, table, k->entry, k->scratch, m);
        }
    }
}

/* Half the generator of the family's column number i. */
static const cs_g1_affine *half(const kernel *k, const family *f, size_t i) {
    return &k->gens.g_half[f->column[i]];
}

static void count_work(kernel *k) {
    const family *bits = &k->bits;
    for (size_t r = 0; r < k->digits.n; r++)
        k->work += (double)k->digits.rows[r].windows * (double)k->digits.columns;
    const size_t units = bits->columns / bits->unit;
    k->work += (double)bits->n * (double)units;
}

static void report(void *kernel_in_hand, double additions) {
    kernel *k = kernel_in_hand;
    k->done += additions;
    cs_progress_report(k->progress, NULL, k->done / k->work);
}

/* Does each of these columns follow the one before it? */
static bool is_run(const uint32_t *columns, size_t n) {
    size_t c = 1;
    while (c < n && columns[c] == columns[c - 1] + 1)
        c++;
    return c >= n;
}

/* Reads the family's row r in its columns first .. first + count (`run`: one after the other); finds which of them are
 * real, unless row `before`, with `all`, has told.
 * True if all of them are. */
static bool read_row(const kernel *k, const family *f, size_t r, size_t before, size_t first, size_t count, bool run,
                     bool all) {
    const cs_int_row *row = f->rows[r].row;
    if (r == before || !cs_int_row_alike(row, f->rows[before].row))
        all = cs_int_row_real(k->real, row, f->column + first, count);
    cs_int_row_read(k->values, row, f->column + first, count, run);
    return all;
}

/* Digits of window w of these rows, for tables first .. first + count. True if all entries are real. */
static bool digit_codes(const kernel *k, span rows, unsigned w, size_t first, size_t count, uint32_t start) {
    const family *f = &k->digits;
    const unsigned shift = w * f->bits, mask = (1u << f->bits) - 1;
    const bool run = is_run(f->column + first, count);
    bool all = true, row_all = true;
    for (size_t r = 0; r < rows.n; r++) {
        row_all = read_row(k, f, rows.first + r, rows.first + (r > 0 ? r - 1 : 0), first, count, run, row_all);
        uint32_t *const codes = k->codes + r;
        const uint64_t min = (uint64_t)f->rows[rows.first + r].row->min;
        for (size_t c = 0; c < count; c++)
            codes[c * k->stride] =
                cs_odd_code(start + (c << (f->bits - 1)), f->bits, (unsigned)((k->values[c] - min) >> shift) & mask);
        for (size_t c = 0; c < count && !row_all; c++)
            if (!k->real[c])
                codes[c * k->stride] = NO_ENTRY;
        all &= row_all;
    }
    return all;
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

/* The tables in hand are those of columns first .. first + count. */
static void add_digits_of(kernel *k, size_t first_row, size_t first, size_t count) {
    const family *f = &k->digits;
    const size_t at_once = tables_at_once(f);
    span rows = {first_row, cs_smaller(f->n - first_row, ROWS)};
    for (unsigned w = 0; w < f->rows[first_row].windows; w++) {
        while (f->rows[rows.first + rows.n - 1].windows <= w)
            rows.n--;
        for (size_t c = 0; c < count; c += at_once) {
            const size_t n = cs_smaller(count - c, at_once);
            const bool all = digit_codes(k, rows, w, first + c, n, (uint32_t)c << (f->bits - 1));
            add_entries(k, f, accumulators(f, w), k->table, rows, n, all);
        }
        report(k, (double)rows.n * (double)count);
    }
}

static cs_status add_digits(kernel *k) {
    const family *f = &k->digits;
    if (f->by_buckets)
        return add_by_buckets(k);
    for (size_t first = 0; first < f->columns; first += f->group) {
        const size_t count = cs_smaller(f->group, f->columns - first);
        for (size_t c = 0; c < count; c++)
            k->bases[c] = *half(k, f, first + c);
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): digits have at least one bit */
        cs_odd_table(k->table, k->bases, count, (size_t)1 << (f->bits - 1), &k->space);
        for (size_t r = 0; r < f->n; r += ROWS)
            add_digits_of(k, r, first, count);
    }
    return CS_OK;
}

/* table[c][u] = P_top + sum of ±P_i over the lower columns i of unit first + c, with bit i of u for a plus. */
static void bit_tables(kernel *k, size_t first, size_t count) {
    const family *f = &k->bits;
    const size_t size = (size_t)1 << (f->bits - 1);
    const cs_odd_space *s = &k->space;
    for (size_t c = 0; c < count; c++)
        k->table[c * size] = *half(k, f, (first + c) * f->unit + f->unit - 1);
    for (size_t n = 1, column = f->unit - 1; n < size; n *= 2) {
        column--;
        for (size_t c = 0; c < count; c++) {
            const cs_g1_affine plus = *half(k, f, (first + c) * f->unit + column), minus = cs_g1_affine_neg(plus);
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

/* Codes of these rows for units first .. first + count, whose tables begin at entry `start`. True if each row has a real
 * entry in each unit. */
static bool bit_codes(const kernel *k, span rows, size_t first, size_t count, uint32_t start) {
    const family *f = &k->bits;
    const size_t unit = f->unit;
    const bool run = is_run(f->column + first * unit, count * unit);
    bool all = true, row_all = true;
    for (size_t r = 0; r < rows.n; r++) {
        row_all = read_row(k, f, rows.first + r, rows.first + (r > 0 ? r - 1 : 0), first * unit, count * unit, run, row_all);
        for (size_t c = 0; c < count; c++) {
            const uint64_t *values = k->values + c * unit;
            const bool *real = k->real + c * unit;
            unsigned code = 0;
            bool any = row_all;
            for (size_t i = 0; i < unit && row_all; i++)
                code |= (unsigned)values[i] << i;
            for (size_t i = 0; i < unit && !row_all; i++) {
                code |= (unsigned)(values[i] & real[i]) << i;
                any |= real[i];
            }
            k->codes[c * k->stride + r] = any ? cs_odd_code(start + (c << (f->bits - 1)), f->bits, code) : NO_ENTRY;
            all &= any;
        }
    }
    return all;
}

static void add_bits(kernel *k) {
    const family *f = &k->bits;
    const size_t tables = f->columns / f->unit, at_once = tables_at_once(f);
    for (size_t first = 0; first < tables && f->n; first += f->group) {
        const size_t count = cs_smaller(f->group, tables - first);
        bit_tables(k, first, count);
        for (span rows = {0, 0}; rows.first < f->n; rows.first += ROWS) {
            rows.n = cs_smaller(f->n - rows.first, ROWS);
            for (size_t c = 0; c < count; c += at_once) {
                const size_t n = cs_smaller(count - c, at_once);
                const bool all = bit_codes(k, rows, first + c, n, (uint32_t)c << (f->bits - 1));
                add_entries(k, f, f->acc, k->table, rows, n, all);
            }
            report(k, (double)rows.n * (double)count);
        }
    }
}

/* s h for every row of the family, less the tables' public offset. */
static void add_blindings(kernel *k, const family *f, const cs_committer *h, const cs_fr *s) {
    for (span rows = {0, 0}; rows.first < f->n; rows.first += ROWS) {
        rows.n = cs_smaller(f->n - rows.first, ROWS);
        for (size_t r = 0; r < rows.n; r++)
            cs_committer_codes(k->codes + r, k->stride, 0, s[f->rows[rows.first + r].index]);
        add_entries(k, f, f->acc, h->tables, rows, CS_COMMITTER_WINDOWS, true);
    }
}

/* Sum of the half generators of the tables that add something to the row. */
static cs_g1 sum_halves(const kernel *k, const family *f, const cs_int_row *row) {
    cs_g1 sum = CS_G1_IDENTITY;
    for (size_t first = 0; first < f->columns; first += f->unit) {
        bool any = false;
        for (size_t i = 0; i < f->unit; i++)
            any = any || cs_int_row_has(row, f->column[first + i]);
        for (size_t i = 0; any && i < f->unit; i++)
            sum = cs_g1_add_affine(sum, *half(k, f, first + i));
    }
    return sum;
}

/* What the recoding took away is this public multiple of the sum of half generators. */
static cs_fr correction(const work *w) {
    if (w->windows == 0)
        return CS_FR_ONE;
    const cs_fr base = cs_fr_from_u64((uint64_t)1 << w->bits), min = cs_fr_from_i64(w->row->min);
    const cs_fr full = cs_fr_sub(cs_fr_pow(base, w->windows), CS_FR_ONE); /* all digits at their largest */
    return cs_fr_add(full, cs_fr_add(min, min));
}

/* acc[r] += other[r], r < n. */
static void add_all(kernel *k, cs_g1_affine *acc, const cs_g1_affine *other, size_t n) {
    for (size_t r = 0; r < n; r += ROWS)
        cs_g1_batch_add(acc + r, acc + r, other + r, k->scratch, cs_smaller(n - r, ROWS));
}

/* acc[0][0] = sums of all accumulators of each row, each digit position's under its power of 2^bits. */
static void join(kernel *k, const family *f) {
    size_t n = 0; /* rows that have the position */
    for (size_t w = positions(f); w-- > 0;) {
        cs_g1_affine *const acc = accumulators(f, w);
        for (unsigned b = 0; b < f->bits; b++)
            for (size_t r = 0; r < n; r += ROWS)
                cs_g1_batch_double(acc + f->streams * f->n + r, acc + f->streams * f->n + r, k->scratch,
                                   cs_smaller(n - r, ROWS));
        if (n)
            add_all(k, acc, acc + f->streams * f->n, n);
        while (n < f->n && (w == 0 || f->rows[n].windows > w))
            n++;
        for (size_t s = 1; s < f->streams; s++)
            add_all(k, acc, acc + s * f->n, n);
    }
}

/* sum[r] = what the recoding of row r added, negative, and the blinding's. */
static void correct(const kernel *k, const family *f, cs_g1_affine *sum, const cs_committer *h) {
    cs_g1 halves = CS_G1_IDENTITY;
    for (size_t r = 0; r < f->n; r++) {
        const work *w = &f->rows[r], *before = r ? w - 1 : NULL;
        const bool other = !before || !cs_int_row_alike(before->row, w->row);
        if (other)
            halves = sum_halves(k, f, w->row);
        if (other || before->windows != w->windows || before->bits != w->bits || before->row->min != w->row->min)
            sum[r] = cs_g1_to_affine(cs_g1_add_affine(cs_g1_mul_var(cs_g1_to_affine(halves), correction(w)), h->offset[0]));
        else
            sum[r] = sum[r - 1];
    }
}

/* out[.] = accumulators and corrections of the family's rows. */
static cs_status finish(kernel *k, const family *f, cs_g1_affine *out, const cs_committer *h) {
    cs_g1_affine *sum = CS_NEW(cs_g1_affine, f->n);
    cs_status status = sum ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        join(k, f);
        correct(k, f, sum, h);
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
    CS_TRY_OUT(finish(&k, &k.digits, out, h));
    CS_TRY_OUT(finish(&k, &k.bits, out, h));
    for (size_t r = 0; r < n_rows; r++)
        if (rows[r].type == CS_INT_FR)
            CS_TRY_OUT(commit_field_row(&out[r], &rows[r], h, s[r]));
out:
    cs_committer_free(h);
    release(&k);
    return status;
}
