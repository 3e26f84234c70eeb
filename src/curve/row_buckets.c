/* A lane is one digit position of one row. Lanes are worked on in chunks that fit a cache; each takes one column after the
 * other, so that a batch never has two additions to one bucket. A chunk of few lanes works on several columns at once, each
 * with buckets of its own: streams.
 *
 * Buckets do not begin at the identity, which would take a jump that depends on secrets, but at u + k h/2 with another k for
 * each stream and bucket of a lane; what that adds up to is public and taken off in the end. No bucket meets ± what is added
 * to it: a column comes to a lane once. Nor do the sums of buckets that nothing was added to: of the first i buckets of c
 * streams the sum is c i u + …, and the sum of the first i of these sums c i (i + 1) / 2 u + …, so that the two could meet
 * for i = 2 and i + 1 = 3 alone, where they differ by 2 c halves of h. All else is a relation between generators. */
#include "curve/row_buckets.h"

#include <string.h>

#include "base/bits.h"
#include "base/memory.h"
#include "curve/batch.h"
#include "curve/odd_table.h"

enum {
    ENOUGH = 1024,          /* additions that share an inversion */
    CHUNK_POINTS = 1 << 17, /* buckets of a chunk, all streams together, if one row's are not more */
    MAX_STREAMS = 64,
    COLUMNS = 64, /* whose codes are made at a time */
    AHEAD = 16    /* lanes whose rows are fetched in advance: each row lies in another page */
};

static const double INVERSION = 90; /* with all that a batch costs once, in additions */

/* Buckets of a digit of `bits` bits. */
static size_t buckets_of(unsigned bits) {
    return (size_t)1 << (bits - 1);
}

/* Streams of a chunk with so many lanes and buckets. */
static size_t count_streams(size_t lanes, size_t points) {
    const size_t wanted = (ENOUGH + lanes - 1) / lanes, room = cs_larger(CHUNK_POINTS / points, 1);
    return cs_smaller(cs_smaller(wanted, room), MAX_STREAMS);
}

/* What digits of b bits cost. Lanes of all rows share batches, which are shorter than ENOUGH where buckets are many. */
static double cost_of(unsigned b, unsigned windows, size_t entries, size_t n_rows, size_t all_rows) {
    const size_t k = buckets_of(b), lanes = all_rows * windows,
                 streams = count_streams(lanes, cs_smaller(lanes * k, CHUNK_POINTS));
    const double batch = (double)cs_smaller(lanes * streams, CHUNK_POINTS / k);
    const double sums = 1.25 * (double)(1 + streams) * (double)k; /* batches are shorter there */
    return (double)windows * ((double)entries * (1 + INVERSION / batch) + (double)n_rows * sums);
}

double cs_bucket_choose(unsigned *bits, unsigned *windows, unsigned length, size_t entries, size_t n_rows, size_t all_rows) {
    double least = 0;
    for (unsigned b = 1; b <= CS_BUCKET_BITS; b++) {
        const unsigned w = (length + b - 1) / b;
        const double cost = cost_of(b, w, entries, n_rows, all_rows);
        if (b == 1 || cost < least) {
            least = cost;
            *bits = b;
            *windows = w;
        }
    }
    return least;
}

typedef struct lane {
    const cs_int_row *row;
    unsigned bits, shift;
    size_t start; /* of its buckets in a stream's */
} lane;

typedef struct chunk {
    const cs_generators *g;
    size_t lanes, points, streams;
    size_t most;               /* buckets of a lane */
    uint32_t *counts, *column; /* [the longest row's entries] */
    size_t end, columns;       /* beyond the longest row's last entry; columns that some row has, listed in `column` */
    lane *lane;
    cs_g1_affine *bucket;      /* [streams][points] */
    cs_g1_affine *starts;      /* u + k h/2 */
    cs_g1_affine *sum, *twice; /* [lanes] sums of buckets, and sums of these */
    uint32_t *codes;           /* [COLUMNS][lanes] 2 * bucket + sign, of real entries */
    uint32_t *target, *entry;  /* of a batch */
    cs_fp *scratch;
} chunk;

/* Rows of the next chunk; sets its lanes, points, streams, end and most. */
static size_t measure(chunk *c, const cs_bucket_row *rows, size_t n_rows) {
    size_t n = 0;
    c->lanes = c->points = c->end = c->most = 0;
    while (n < n_rows) {
        const size_t points = rows[n].windows * buckets_of(rows[n].bits);
        if (n > 0 && c->points + points > CHUNK_POINTS)
            break;
        c->points += points;
        c->lanes += rows[n].windows;
        c->end = cs_larger(c->end, rows[n].row->n);
        c->most = cs_larger(c->most, buckets_of(rows[n].bits));
        n++;
    }
    c->streams = count_streams(c->lanes, c->points);
    return n;
}

static void list_columns(chunk *c, const cs_bucket_row *rows, size_t n_rows) {
    memset(c->counts, 0, c->end * sizeof *c->counts);
    for (size_t r = 0, n; r < n_rows; r += n) {
        for (n = 1; r + n < n_rows && cs_int_row_alike(rows[r].row, rows[r + n].row); n++)
            continue;
        cs_int_row_tally(c->counts, rows[r].row, (uint32_t)n);
    }
    c->columns = cs_int_row_columns(c->column, c->counts, c->end);
}

static void place_lanes(chunk *c, const cs_bucket_row *rows, size_t n_rows) {
    size_t n = 0, start = 0;
    for (size_t r = 0; r < n_rows; r++)
        for (unsigned w = 0; w < rows[r].windows; w++) {
            c->lane[n++] = (lane){rows[r].row, rows[r].bits, w * rows[r].bits, start};
            start += buckets_of(rows[r].bits);
        }
}

/* starts[k] = u + k h/2, k < n. */
static void make_starts(cs_g1_affine *starts, const cs_generators *g, cs_g1_affine *space, cs_fp *scratch, size_t n) {
    cs_g1_affine step = g->h_half;
    starts[0] = g->u;
    for (size_t made = 1; made < n; made *= 2) {
        const size_t count = cs_smaller(made, n - made);
        for (size_t from = 0; from < count; from += ENOUGH) {
            const size_t m = cs_smaller(ENOUGH, count - from);
            for (size_t k = 0; k < m; k++)
                space[k] = step;
            cs_g1_batch_add(starts + made + from, starts + from, space, scratch, m);
        }
        cs_g1_batch_double(&step, &step, scratch, 1);
    }
}

static void begin(chunk *c) {
    for (size_t s = 0; s < c->streams; s++)
        for (size_t l = 0; l < c->lanes; l++) {
            const size_t k = buckets_of(c->lane[l].bits);
            memcpy(c->bucket + s * c->points + c->lane[l].start, c->starts + s * k, k * sizeof *c->bucket);
        }
}

/* Codes of columns first .. first + count of the list; those of entries that are not real mean nothing. True if all are. */
static bool make_codes(chunk *c, size_t first, size_t count) {
    const uint32_t *const column = c->column + first;
    const cs_int_span span = cs_int_row_span(column, count);
    const cs_int_row *before = NULL;
    uint64_t values[COLUMNS];
    bool real[COLUMNS], all = true;
    for (size_t l = 0; l < c->lanes; l++) {
        const lane *a = &c->lane[l];
        const uint64_t min = (uint64_t)a->row->min;
        const unsigned mask = (1u << a->bits) - 1;
        if (before == NULL || !cs_int_row_alike(a->row, before))
            all &= cs_int_row_real(real, a->row, column, count);
        if (a->row != before)
            cs_int_row_read(values, a->row, column, count, span);
        if (l + AHEAD < c->lanes)
            cs_int_row_fetch(a[AHEAD].row, span);
        before = a->row;
        for (size_t i = 0; i < count; i++)
            c->codes[i * c->lanes + l] = cs_odd_code(a->start, a->bits, (unsigned)((values[i] - min) >> a->shift) & mask);
    }
    return all;
}

/* Columns first .. first + count of the list, a stream each; `at` is the first one's codes. `all`: each row has them. */
static void add_columns(chunk *c, const uint32_t *at, size_t first, size_t count, bool all) {
    size_t m = 0;
    for (size_t s = 0; s < count; s++) {
        const uint32_t *const codes = at + s * c->lanes, column = c->column[first + s];
        for (size_t l = 0; l < c->lanes; l++) {
            c->target[m] = (uint32_t)(s * c->points) + (codes[l] >> 1);
            c->entry[m] = 2 * column + (codes[l] & 1);
            m += all || cs_int_row_has(c->lane[l].row, column);
        }
    }
    cs_g1_batch_accumulate(c->bucket, c->target, c->g->g_half, c->entry, c->scratch, m);
}

static void add_entries(chunk *c, cs_bucket_watch watch) {
    const size_t at_once = COLUMNS / c->streams * c->streams;
    for (size_t first = 0, count; first < c->columns; first += count) {
        count = cs_smaller(at_once, c->columns - first);
        const bool all = make_codes(c, first, count);
        for (size_t j = 0; j < count; j += c->streams)
            add_columns(c, c->codes + j * c->lanes, first + j, cs_smaller(c->streams, count - j), all);
        watch.add(watch.context, (double)c->lanes * (double)count);
    }
}

static void join_streams(chunk *c) {
    for (size_t s = 1; s < c->streams; s++)
        for (size_t from = 0; from < c->points; from += ENOUGH)
            cs_g1_batch_add(c->bucket + from, c->bucket + from, c->bucket + s * c->points + from, c->scratch,
                            cs_smaller(ENOUGH, c->points - from));
}

/* sum[l] = sum of the lane's buckets; twice[l] = sum of k times bucket k. */
static void sum_buckets(chunk *c) {
    for (size_t k = c->most; k-- > 0;) {
        size_t m = 0;
        for (size_t l = 0; l < c->lanes; l++) {
            const size_t top = buckets_of(c->lane[l].bits) - 1, at = c->lane[l].start + k;
            if (k == top) {
                c->sum[l] = c->bucket[at];
                c->twice[l] = CS_G1_AFFINE_IDENTITY;
            } else if (k < top) {
                c->target[m] = (uint32_t)l;
                c->entry[m++] = 2 * (uint32_t)at;
            }
        }
        cs_g1_batch_accumulate(c->sum, c->target, c->bucket, c->entry, c->scratch, m);
        m = 0;
        for (size_t l = 0; l < c->lanes && k > 0; l++) {
            const size_t top = buckets_of(c->lane[l].bits) - 1;
            if (k == top) {
                c->twice[l] = c->sum[l];
            } else if (k < top) {
                c->target[m] = (uint32_t)l;
                c->entry[m++] = 2 * (uint32_t)l;
            }
        }
        cs_g1_batch_accumulate(c->twice, c->target, c->sum, c->entry, c->scratch, m);
    }
}

/* What a lane's starts come to in the sum of (2 k + 1) times bucket k: *of_u times u and *of_h times h/2. */
static void count_starts(cs_fr *of_u, cs_fr *of_h, unsigned bits, size_t streams) {
    const uint64_t k = buckets_of(bits), s = streams;
    *of_u = cs_fr_from_u64(s * k * k);
    *of_h = cs_fr_from_u64(s * (s - 1) / 2 * k * k * k + s * ((k - 1) * k * (2 * k - 1) / 3 + k * (k - 1) / 2));
}

/* The public point to take off a row's sum. */
static cs_g1 starts_of_row(const chunk *c, const cs_bucket_row *row) {
    cs_fr of_u, of_h, power = CS_FR_ONE, factor = CS_FR_ZERO;
    const cs_fr base = cs_fr_from_u64((uint64_t)1 << row->bits);
    for (unsigned w = 0; w < row->windows; w++) {
        factor = cs_fr_add(factor, power);
        power = cs_fr_mul(power, base);
    }
    count_starts(&of_u, &of_h, row->bits, c->streams);
    return cs_g1_add(cs_g1_mul_var(c->g->u, cs_fr_mul(of_u, factor)), cs_g1_mul_var(c->g->h_half, cs_fr_mul(of_h, factor)));
}

static void finish(const chunk *c, cs_g1 *sums, const cs_bucket_row *rows, size_t n_rows) {
    cs_g1 starts = CS_G1_IDENTITY;
    size_t l = 0;
    for (size_t r = 0; r < n_rows; r++) {
        if (r == 0 || rows[r].bits != rows[r - 1].bits || rows[r].windows != rows[r - 1].windows)
            starts = cs_g1_neg(starts_of_row(c, &rows[r]));
        sums[r] = CS_G1_IDENTITY;
        for (size_t w = rows[r].windows; w-- > 0;) {
            for (unsigned b = 0; b < rows[r].bits - 1; b++)
                sums[r] = cs_g1_double(sums[r]);
            sums[r] = cs_g1_double(cs_g1_add_affine(sums[r], c->twice[l + w]));
            sums[r] = cs_g1_add_affine(sums[r], c->sum[l + w]);
        }
        sums[r] = cs_g1_add(sums[r], starts);
        l += rows[r].windows;
    }
}

/* Space for the largest chunk. */
static cs_status allocate(chunk *c, const cs_bucket_row *rows, size_t n_rows) {
    size_t points = 0, lanes = 0, batch = ENOUGH, starts = 0, end = 0;
    for (size_t from = 0, n; from < n_rows; from += n) {
        n = measure(c, rows + from, n_rows - from);
        points = cs_larger(points, c->streams * c->points);
        lanes = cs_larger(lanes, c->lanes);
        batch = cs_larger(batch, c->streams * c->lanes);
        starts = cs_larger(starts, c->streams * c->most);
        end = cs_larger(end, c->end);
    }
    c->counts = CS_NEW(uint32_t, end);
    c->column = CS_NEW(uint32_t, end);
    c->lane = CS_NEW(lane, lanes);
    c->bucket = CS_NEW(cs_g1_affine, points);
    c->starts = CS_NEW(cs_g1_affine, starts);
    c->sum = CS_NEW(cs_g1_affine, cs_larger(lanes, ENOUGH));
    c->twice = CS_NEW(cs_g1_affine, lanes);
    c->codes = CS_NEW(uint32_t, COLUMNS * lanes);
    c->target = CS_NEW(uint32_t, batch);
    c->entry = CS_NEW(uint32_t, batch);
    c->scratch = CS_NEW(cs_fp, CS_G1_SCRATCH(batch));
    if (!c->counts || !c->column || !c->lane || !c->bucket || !c->starts || !c->sum || !c->twice || !c->codes ||
        !c->target || !c->entry || !c->scratch)
        return CS_ERR_MEMORY;
    make_starts(c->starts, c->g, c->sum, c->scratch, starts);
    return CS_OK;
}

static void release(chunk *c) {
    cs_free(c->counts);
    cs_free(c->column);
    cs_free(c->lane);
    cs_free(c->bucket);
    cs_free(c->starts);
    cs_free(c->sum);
    cs_free(c->twice);
    cs_free(c->codes);
    cs_free(c->target);
    cs_free(c->entry);
    cs_free(c->scratch);
}

cs_status cs_bucket_sums(cs_g1 *sums, const cs_bucket_row *rows, size_t n_rows, const cs_generators *g,
                         cs_bucket_watch watch) {
    chunk c = {.g = g};
    cs_status status;
    CS_TRY_OUT(allocate(&c, rows, n_rows));
    for (size_t from = 0, n; from < n_rows; from += n) {
        n = measure(&c, rows + from, n_rows - from);
        list_columns(&c, rows + from, n);
        place_lanes(&c, rows + from, n);
        begin(&c);
        add_entries(&c, watch);
        join_streams(&c);
        sum_buckets(&c);
        finish(&c, sums + from, rows + from, n);
    }
out:
    release(&c);
    return status;
}
