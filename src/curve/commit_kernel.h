/* Internal: the work in hand of cs_commit_rows (commit.c), shared by the files that plan it, add up the rows' entries and
 * make commitments of the sums. Of one call; local. */
#ifndef CS_CURVE_COMMIT_KERNEL_H
#define CS_CURVE_COMMIT_KERNEL_H

#include "base/bits.h"
#include "curve/committer.h"
#include "curve/odd_table.h"

enum { CS_COMMIT_ROWS = 4096 }; /* in work at a time: with a group's tables they stay in the processor's second cache */
enum { CS_COMMIT_TABLES = 32 }; /* whose codes are made at a time, if there are not more streams */

/** A row in the order of work: most digits first, so that the rows that use a digit position are a prefix; rows of bits
 * last. */
typedef struct cs_commit_work {
    const cs_int_row *row;
    size_t index;     /* in the caller's order */
    size_t entries;   /* real ones */
    unsigned windows; /* digits per entry; 0: an entry is a bit */
    unsigned bits;    /* of a digit */
} cs_commit_work;

/** What rows with digits, or rows of bits, have in common. */
typedef struct cs_commit_family {
    const cs_commit_work *rows;
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
} cs_commit_family;

/** A call of cs_commit_rows; zeros but for `progress` before it is planned. */
typedef struct cs_commit_kernel {
    cs_commit_work *rows;
    cs_commit_family digits, bits;
    const cs_progress *progress;
    double work, done; /* codes of all tables, and those added */
    double told;       /* `done` when progress was last reported: listeners ask the clock */
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
} cs_commit_kernel;

/** Digit positions that the family's accumulators are for, at least one. */
static inline size_t cs_commit_positions(const cs_commit_family *f) {
    return f->n > 0 && f->rows[0].windows > 0 && !f->by_buckets ? f->rows[0].windows : 1;
}

/** The accumulators of digit position w. */
static inline cs_g1_affine *cs_commit_accumulators(const cs_commit_family *f, size_t w) {
    return f->acc + w * f->streams * f->n;
}

/** Tables of the family whose codes are made at a time. */
static inline size_t cs_commit_at_once(const cs_commit_family *f) {
    return cs_larger(f->streams, CS_COMMIT_TABLES);
}

/** Half the generator of the family's column number i. */
static inline const cs_g1_affine *cs_commit_half(const cs_commit_kernel *k, const cs_commit_family *f, size_t i) {
    return &k->gens.g_half[f->column[i]];
}

/** Sorts the rows of integers into digits and bits, chooses how they are added, and allocates what k needs. The rows are
 * kept, not copied. CS_ERR_MEMORY; CS_ERR_INTERNAL if an entry is outside its declared range. Whatever it returns,
 * cs_commit_release frees k. */
cs_status cs_commit_plan(cs_commit_kernel *k, const cs_int_row *rows, size_t n_rows);
void cs_commit_release(cs_commit_kernel *k);

/** Adds the entries of all planned rows to their accumulators, or to k->digits.sums if that is by buckets, and the blindings
 * s[index] h to those of position 0; the tables' offsets are still in them. CS_ERR_MEMORY. */
cs_status cs_commit_sums(cs_commit_kernel *k, const cs_committer *h, const cs_fr *s);

#endif
