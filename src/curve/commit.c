/* Commitments to the rows of a witness matrix: small entries, many rows that share their generators.
 *
 * An entry v in its declared range [min, max] is v + offset = sum of digits u_w 2^(8 w) (or narrower digits when there are
 * few rows), and a digit is an odd multiple of the half generator (odd_table.h). Columns are taken in groups; for each group
 * and digit position the tables of odd multiples are built, and every row adds one entry of each: all rows at once with one
 * shared inversion. What the recoding adds, a public multiple of the sum of the half generators, is taken off in the end.
 * Entries 0 and 1 are taken eight columns at a time: ±P_0 ± … ± P_7. */
#include "curve/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "curve/batch.h"
#include "curve/msm.h"
#include "curve/odd_table.h"

enum { GROUP = 32, BIT_COLUMNS = 8, BIT_ENTRIES = 1 << (BIT_COLUMNS - 1) };

/* With few rows, the columns of a group go to several accumulators per row, so that the shared inversion has company. */
enum { ENOUGH = 512, MAX_STREAMS = GROUP };

/* A row in the order of work: most digits first, so that the rows that use a digit position are a prefix. */
typedef struct work {
    const cs_int_row *row;
    size_t index;     /* in the caller's order */
    uint64_t offset;  /* added to an entry to make it unsigned */
    unsigned windows; /* digits per entry; 0: an entry is a bit */
} work;

typedef struct kernel {
    work *rows;
    size_t n, n_digit; /* rows; those with digits come first */
    unsigned bits, windows;
    size_t columns;
    cs_generators gens;
    size_t streams;       /* accumulators per row */
    cs_g1_affine *acc;    /* [streams][n] */
    cs_g1_affine *addend; /* [streams * n] of the additions in hand */
    size_t *target;       /* [streams * n] and the accumulator of each */
    cs_fp *scratch;
    uint8_t *digits;     /* [GROUP][n] */
    cs_g1_affine *bases; /* [columns] 2^(bits * w) P_j of the window in work */
    cs_g1_affine *table; /* [GROUP][2^(bits - 1)], at least BIT_ENTRIES */
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

static unsigned bit_length(uint64_t x) {
    unsigned bits = 0;
    for (; x; x >>= 1)
        bits++;
    return bits;
}

static bool is_bit_row(const cs_int_row *row) {
    return row->min >= 0 && row->max <= 1;
}

/* Digit size with the least work: tables of 2^(b-1) entries and one addition per row, for every digit of an entry. */
static unsigned choose_bits(const cs_int_row *rows, size_t n) {
    unsigned best = 1;
    double least = 0;
    for (unsigned b = 1; b <= 8; b++) {
        double additions = 0;
        unsigned most = 0;
        for (size_t k = 0; k < n; k++) {
            if (rows[k].type == CS_INT_FR || is_bit_row(&rows[k]))
                continue;
            const unsigned windows = (bit_length((uint64_t)rows[k].max - (uint64_t)rows[k].min) + b - 1) / b;
            additions += windows;
            most = windows > most ? windows : most;
        }
        const double cost = additions + (double)most * (double)(1u << (b - 1));
        if (b == 1 || cost < least) {
            least = cost;
            best = b;
        }
    }
    return best;
}

static int by_windows(const void *a, const void *b) {
    const work *x = a, *y = b;
    if (x->windows != y->windows)
        return x->windows < y->windows ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static cs_status plan(kernel *k, const cs_int_row *rows, size_t n_rows) {
    k->rows = CS_NEW(work, n_rows);
    if (!k->rows)
        return CS_ERR_MEMORY;
    k->bits = choose_bits(rows, n_rows);
    for (size_t r = 0; r < n_rows; r++) {
        const cs_int_row *row = &rows[r];
        if (row->type == CS_INT_FR)
            continue;
        CS_TRY(check_range(row));
        work *w = &k->rows[k->n++];
        *w = (work){.row = row, .index = r, .offset = -(uint64_t)row->min};
        const unsigned length = bit_length((uint64_t)row->max - (uint64_t)row->min);
        if (is_bit_row(row))
            w->offset = 0;
        else
            w->windows = length ? (length + k->bits - 1) / k->bits : 1;
        k->windows = w->windows > k->windows ? w->windows : k->windows;
        k->columns = row->n > k->columns ? row->n : k->columns;
    }
    qsort(k->rows, k->n, sizeof *k->rows, by_windows);
    while (k->n_digit < k->n && k->rows[k->n_digit].windows)
        k->n_digit++;
    return CS_OK;
}

static cs_status allocate(kernel *k) {
    const size_t odd = (size_t)1 << (k->bits - 1), per_column = odd > BIT_ENTRIES / GROUP ? odd : BIT_ENTRIES / GROUP;
    k->streams = ENOUGH / k->n < 1 ? 1 : ENOUGH / k->n > MAX_STREAMS ? MAX_STREAMS : ENOUGH / k->n;
    const size_t lanes = k->streams * k->n;
    k->acc = CS_NEW(cs_g1_affine, lanes);
    k->addend = CS_NEW(cs_g1_affine, lanes);
    k->target = CS_NEW(size_t, lanes);
    k->scratch = CS_NEW(cs_fp, lanes > k->columns ? lanes : k->columns);
    k->digits = CS_NEW(uint8_t, GROUP * k->n);
    k->bases = CS_NEW(cs_g1_affine, k->columns);
    k->table = CS_NEW(cs_g1_affine, GROUP * per_column);
    if (!k->acc || !k->addend || !k->target || !k->scratch || !k->digits || !k->bases || !k->table)
        return CS_ERR_MEMORY;
    CS_TRY(cs_odd_space_new(&k->space, GROUP, per_column));
    return cs_generators_get(&k->gens, k->columns);
}

static void release(kernel *k) {
    cs_free(k->rows);
    cs_free(k->acc);
    cs_free(k->addend);
    cs_free(k->target);
    cs_free(k->scratch);
    cs_free(k->digits);
    cs_free(k->bases);
    cs_free(k->table);
    cs_odd_space_free(&k->space);
}

/* Accumulators start at the points of the blindings, cut at random into one part per stream: no addition meets an
 * exceptional case but with negligible probability. */
static cs_status start(kernel *k, const cs_fr *s) {
    cs_committer *h;
    cs_g1 *points = CS_NEW(cs_g1, k->streams * k->n);
    if (!points)
        return CS_ERR_MEMORY;
    cs_status status = cs_committer_new(&h, 0);
    if (status == CS_OK) {
        for (size_t r = 0; r < k->n; r++) {
            cs_fr rest = s[k->rows[r].index];
            for (size_t stream = 1; stream < k->streams; stream++) {
                const cs_fr part = cs_fr_random();
                points[stream * k->n + r] = cs_commit_short(h, NULL, 0, part);
                rest = cs_fr_sub(rest, part);
            }
            points[r] = cs_commit_short(h, NULL, 0, rest);
        }
        status = cs_g1_vec_to_affine(k->acc, points, k->streams * k->n);
        cs_committer_free(h);
    }
    cs_free(points);
    return status;
}

/* Digits of window w of columns first.. of the rows that have that window and column; digits[column][row]. */
static void split(kernel *k, unsigned w, size_t first, size_t count, size_t n_rows) {
    const unsigned mask = (1u << k->bits) - 1;
    for (size_t r = 0; r < n_rows; r++) {
        const work *row = &k->rows[r];
        for (size_t c = 0; c < count && first + c < row->row->n; c++) {
            const uint64_t v = (uint64_t)cs_int_at(row->row->type, row->row->data, first + c) + row->offset;
            k->digits[c * k->n + r] = (uint8_t)((v >> (w * k->bits)) & mask);
        }
    }
}

/* Adds columns first + c, c < count <= streams, of the group to the accumulators of stream c. Rows that end before a column
 * get nothing (their length is public). */
static void add_columns(kernel *k, const cs_g1_affine *tables, const uint8_t *digits, size_t first, size_t count,
                        size_t n_rows) {
    const size_t entries = (size_t)1 << (k->bits - 1);
    size_t m = 0;
    for (size_t c = 0; c < count; c++)
        for (size_t r = 0; r < n_rows; r++) {
            if (first + c >= k->rows[r].row->n)
                continue;
            k->target[m] = c * k->n + r;
            k->addend[m++] = cs_odd_entry(tables + c * entries, k->bits, digits[c * k->n + r]);
        }
    cs_g1_batch_accumulate(k->acc, k->target, k->addend, k->scratch, m);
}

static void add_window(kernel *k, unsigned w) {
    const size_t entries = (size_t)1 << (k->bits - 1);
    size_t n_rows = 0;
    while (n_rows < k->n_digit && k->rows[n_rows].windows > w)
        n_rows++;
    for (size_t first = 0; first < k->columns; first += GROUP) {
        const size_t count = k->columns - first < GROUP ? k->columns - first : GROUP;
        cs_odd_table(k->table, k->bases + first, count, entries, &k->space);
        split(k, w, first, count, n_rows);
        for (size_t c = 0; c < count; c += k->streams)
            add_columns(k, k->table + c * entries, k->digits + c * k->n, first + c,
                        count - c < k->streams ? count - c : k->streams, n_rows);
    }
}

static void add_digits(kernel *k) {
    memcpy(k->bases, k->gens.g_half, k->columns * sizeof *k->bases);
    for (unsigned w = 0; w < k->windows; w++) {
        add_window(k, w);
        for (unsigned b = 0; b < k->bits && w + 1 < k->windows; b++)
            cs_g1_batch_double(k->bases, k->bases, k->scratch, k->columns);
    }
}

/* table[u] for a pattern u of the low columns with the highest one positive: P_top + sum of ±P_c. */
static void bit_table(kernel *k, size_t first, size_t count) {
    k->table[0] = k->gens.g_half[first + count - 1];
    size_t n = 1;
    for (size_t c = count - 1; c-- > 0; n *= 2) {
        /* bit 0 of the new pattern is column c */
        for (size_t u = n; u-- > 0;) {
            const cs_g1_affine p = k->table[u];
            k->space.a[2 * u] = k->space.a[2 * u + 1] = p;
            k->space.b[2 * u] = cs_g1_affine_neg(k->gens.g_half[first + c]);
            k->space.b[2 * u + 1] = k->gens.g_half[first + c];
        }
        cs_g1_batch_add(k->table, k->space.a, k->space.b, k->space.scratch, 2 * n);
    }
}

/* One addend of a row of bits: signs of count columns, read from the highest; if the highest is negative, the mirrored
 * pattern's inverse. */
static cs_g1_affine bit_entry(const kernel *k, const cs_int_row *row, size_t first, size_t count) {
    unsigned pattern = 0;
    for (size_t c = count; c-- > 0;)
        pattern = pattern << 1 | (unsigned)(cs_int_at(row->type, row->data, first + c) & 1);
    return cs_odd_entry(k->table, (unsigned)count, pattern);
}

static void add_bits(kernel *k) {
    for (size_t first = 0; first < k->columns && k->n_digit < k->n; first += BIT_COLUMNS) {
        for (size_t r = k->n_digit; r < k->n;) {
            /* rows that end within the group have a table of their own width */
            const size_t length = k->rows[r].row->n;
            const size_t count = length <= first ? 0 : length - first < BIT_COLUMNS ? length - first : BIT_COLUMNS;
            size_t to = r;
            for (; to < k->n && k->rows[to].row->n == length; to++)
                ;
            if (count) {
                bit_table(k, first, count);
                for (size_t x = r; x < to; x++)
                    k->addend[x] = bit_entry(k, k->rows[x].row, first, count);
                cs_g1_batch_add(k->acc + r, k->acc + r, k->addend + r, k->scratch, to - r);
            }
            r = to;
        }
    }
}

/* What the recoding took away or added is a public multiple of the sum of the row's half generators. */
static cs_fr correction(const kernel *k, const work *w) {
    const cs_fr base = cs_fr_from_u64((uint64_t)1 << k->bits);
    cs_fr full = CS_FR_ONE; /* 2^(bits * windows) - 1: all digits at their largest */
    for (unsigned x = 0; x < w->windows; x++)
        full = cs_fr_mul(full, base);
    full = cs_fr_sub(full, CS_FR_ONE);
    if (w->windows == 0)
        return CS_FR_ONE;
    const cs_fr offset = cs_fr_from_i64(w->row->min); /* -offset as an integer */
    return cs_fr_add(full, cs_fr_add(offset, offset));
}

static cs_status finish(kernel *k, cs_g1_affine *out) {
    cs_g1 *prefix = CS_NEW(cs_g1, k->columns + 1), *points = CS_NEW(cs_g1, k->n);
    cs_g1_affine *affine = CS_NEW(cs_g1_affine, k->n);
    cs_status status = prefix && points && affine ? CS_OK : CS_ERR_MEMORY;
    if (status == CS_OK) {
        prefix[0] = CS_G1_IDENTITY;
        for (size_t j = 0; j < k->columns; j++)
            prefix[j + 1] = cs_g1_add_affine(prefix[j], k->gens.g_half[j]);
        cs_g1 last = CS_G1_IDENTITY;
        for (size_t r = 0; r < k->n; r++) {
            const work *w = &k->rows[r], *before = r ? w - 1 : NULL;
            if (!before || before->windows != w->windows || before->row->min != w->row->min || before->row->n != w->row->n)
                last = cs_g1_mul_var(cs_g1_to_affine(prefix[w->row->n]), correction(k, w));
            points[r] = last;
            for (size_t stream = 0; stream < k->streams; stream++)
                points[r] = cs_g1_add_affine(points[r], k->acc[stream * k->n + r]);
        }
        status = cs_g1_vec_to_affine(affine, points, k->n);
    }
    for (size_t r = 0; status == CS_OK && r < k->n; r++)
        out[k->rows[r].index] = affine[r];
    cs_free(prefix);
    cs_free(points);
    cs_free(affine);
    return status;
}

/* Rows of field elements: a multi-scalar multiplication each. Opening masks, and what dishonest ranks commit to in tests. */
static cs_status commit_field_row(cs_g1_affine *out, const cs_int_row *row, cs_fr s) {
    cs_generators gens;
    cs_committer *h;
    cs_g1 sum;
    CS_TRY(cs_generators_get(&gens, row->n));
    CS_TRY(cs_msm_var(&sum, row->data, gens.g, row->n));
    CS_TRY(cs_committer_new(&h, 0));
    *out = cs_g1_to_affine(cs_g1_add(sum, cs_commit_short(h, NULL, 0, s)));
    cs_committer_free(h);
    return CS_OK;
}

cs_status cs_commit_rows(cs_g1_affine *out, const cs_int_row *rows, size_t n_rows, const cs_fr *s) {
    kernel k = {0};
    cs_status status = plan(&k, rows, n_rows);
    if (status == CS_OK && k.n > 0) {
        status = allocate(&k);
        if (status == CS_OK)
            status = start(&k, s);
        if (status == CS_OK) {
            add_digits(&k);
            add_bits(&k);
            status = finish(&k, out);
        }
    }
    release(&k);
    for (size_t r = 0; status == CS_OK && r < n_rows; r++)
        if (rows[r].type == CS_INT_FR)
            status = commit_field_row(&out[r], &rows[r], s[r]);
    return status;
}
