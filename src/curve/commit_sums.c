/* The sums of rows of small integers: codes of their digits, bits and blindings, and the additions of the tables' entries
 * that they name. */
#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "curve/batch.h"
#include "curve/commit_kernel.h"
#include "curve/row_buckets.h"

#define NO_ENTRY UINT32_MAX

enum { AHEAD = 8 };     /* rows that are fetched in advance: each lies in another page */
enum { REPORTS = 256 }; /* of progress */

/* Rows first .. first + n of a family. */
typedef struct span {
    size_t first, n;
} span;

static bool any_empty(const cs_g1_affine *acc, size_t n) {
    bool any = false;
    for (size_t l = 0; l < n; l++)
        any |= cs_g1_affine_is_identity(acc[l]);
    return any;
}

/* Lists the additions of up to f->streams tables, codes[table][stride], to acc[streams][n]; the first one to an accumulator
 * is made at once. Which accumulators are empty, and which rows have a real entry, is public. Returns how many are listed.
 */
static size_t list_terms(const cs_commit_kernel *k, const cs_commit_family *f, cs_g1_affine *acc, const cs_g1_affine *table,
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
static void add_entries(cs_commit_kernel *k, const cs_commit_family *f, cs_g1_affine *acc, const cs_g1_affine *table,
                        span rows, size_t count, bool all) {
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

static void report(void *kernel_in_hand, double additions) {
    cs_commit_kernel *k = kernel_in_hand;
    k->done += additions;
    if (k->done - k->told < k->work / REPORTS)
        return;
    k->told = k->done;
    cs_progress_report(k->progress, NULL, k->done / k->work);
}

/* Reads the family's row r in its columns first .. first + count, of this span; finds which of them are real, unless row
 * `before`, with `all`, has told. True if all of them are. Fetches the row that is read some rows later. */
static bool read_row(const cs_commit_kernel *k, const cs_commit_family *f, size_t r, size_t before, size_t first,
                     size_t count, cs_int_span reach, bool all) {
    const cs_int_row *row = f->rows[r].row;
    if (r == before || !cs_int_row_alike(row, f->rows[before].row))
        all = cs_int_row_real(k->real, row, f->column + first, count);
    cs_int_row_read(k->values, row, f->column + first, count, reach);
    if (r + AHEAD < f->n)
        cs_int_row_fetch(f->rows[r + AHEAD].row, reach);
    return all;
}

/* Digits of window w of these rows, for tables first .. first + count. True if all entries are real. */
static bool digit_codes(const cs_commit_kernel *k, span rows, unsigned w, size_t first, size_t count, uint32_t start) {
    const cs_commit_family *f = &k->digits;
    const unsigned shift = w * f->bits, mask = (1u << f->bits) - 1;
    const cs_int_span reach = cs_int_row_span(f->column + first, count);
    bool all = true, row_all = true;
    for (size_t r = 0; r < rows.n; r++) {
        row_all = read_row(k, f, rows.first + r, rows.first + (r > 0 ? r - 1 : 0), first, count, reach, row_all);
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

static cs_status add_by_buckets(cs_commit_kernel *k) {
    const cs_commit_family *f = &k->digits;
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
static void add_digits_of(cs_commit_kernel *k, size_t first_row, size_t first, size_t count) {
    const cs_commit_family *f = &k->digits;
    const size_t at_once = cs_commit_at_once(f);
    span rows = {first_row, cs_smaller(f->n - first_row, CS_COMMIT_ROWS)};
    for (unsigned w = 0; w < f->rows[first_row].windows; w++) {
        while (f->rows[rows.first + rows.n - 1].windows <= w)
            rows.n--;
        for (size_t c = 0; c < count; c += at_once) {
            const size_t n = cs_smaller(count - c, at_once);
            const bool all = digit_codes(k, rows, w, first + c, n, (uint32_t)c << (f->bits - 1));
            add_entries(k, f, cs_commit_accumulators(f, w), k->table, rows, n, all);
        }
        report(k, (double)rows.n * (double)count);
    }
}

static cs_status add_digits(cs_commit_kernel *k) {
    const cs_commit_family *f = &k->digits;
    if (f->by_buckets)
        return add_by_buckets(k);
    for (size_t first = 0; first < f->columns; first += f->group) {
        const size_t count = cs_smaller(f->group, f->columns - first);
        for (size_t c = 0; c < count; c++)
            k->bases[c] = *cs_commit_half(k, f, first + c);
        /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): digits have at least one bit */
        cs_odd_table(k->table, k->bases, count, (size_t)1 << (f->bits - 1), &k->space);
        for (size_t r = 0; r < f->n; r += CS_COMMIT_ROWS)
            add_digits_of(k, r, first, count);
    }
    return CS_OK;
}

/* table[c][u] = P_top + sum of ±P_i over the lower columns i of unit first + c, with bit i of u for a plus. */
static void bit_tables(cs_commit_kernel *k, size_t first, size_t count) {
    const cs_commit_family *f = &k->bits;
    const size_t size = (size_t)1 << (f->bits - 1);
    const cs_odd_space *s = &k->space;
    for (size_t c = 0; c < count; c++)
        k->table[c * size] = *cs_commit_half(k, f, (first + c) * f->unit + f->unit - 1);
    for (size_t n = 1, column = f->unit - 1; n < size; n *= 2) {
        column--;
        for (size_t c = 0; c < count; c++) {
            const cs_g1_affine plus = *cs_commit_half(k, f, (first + c) * f->unit + column), minus = cs_g1_affine_neg(plus);
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
static bool bit_codes(const cs_commit_kernel *k, span rows, size_t first, size_t count, uint32_t start) {
    const cs_commit_family *f = &k->bits;
    const size_t unit = f->unit;
    const cs_int_span reach = cs_int_row_span(f->column + first * unit, count * unit);
    bool all = true, row_all = true;
    for (size_t r = 0; r < rows.n; r++) {
        row_all =
            read_row(k, f, rows.first + r, rows.first + (r > 0 ? r - 1 : 0), first * unit, count * unit, reach, row_all);
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

static void add_bits(cs_commit_kernel *k) {
    const cs_commit_family *f = &k->bits;
    const size_t tables = f->columns / f->unit, at_once = cs_commit_at_once(f);
    for (size_t first = 0; first < tables && f->n; first += f->group) {
        const size_t count = cs_smaller(f->group, tables - first);
        bit_tables(k, first, count);
        for (span rows = {0, 0}; rows.first < f->n; rows.first += CS_COMMIT_ROWS) {
            rows.n = cs_smaller(f->n - rows.first, CS_COMMIT_ROWS);
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
static void add_blindings(cs_commit_kernel *k, const cs_commit_family *f, const cs_committer *h, const cs_fr *s) {
    for (span rows = {0, 0}; rows.first < f->n; rows.first += CS_COMMIT_ROWS) {
        rows.n = cs_smaller(f->n - rows.first, CS_COMMIT_ROWS);
        for (size_t r = 0; r < rows.n; r++)
            cs_committer_codes(k->codes + r, k->stride, 0, s[f->rows[rows.first + r].index]);
        add_entries(k, f, f->acc, h->tables, rows, CS_COMMITTER_WINDOWS, true);
    }
}

cs_status cs_commit_sums(cs_commit_kernel *k, const cs_committer *h, const cs_fr *s) {
    CS_TRY(add_digits(k));
    add_bits(k);
    add_blindings(k, &k->digits, h, s);
    add_blindings(k, &k->bits, h, s);
    return CS_OK;
}
