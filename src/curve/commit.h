/* Pedersen commitments Com(v; s) = sum_j v_j g_j + s h. The time of these functions depends on public shapes and declared
 * ranges only, never on the values: a zero is skipped where the shape of a row says that there is one (int_row.h), and
 * nowhere else. (Table look-ups are indexed by secret digits: see docs/security.md.) */
#ifndef CS_CURVE_COMMIT_H
#define CS_CURVE_COMMIT_H

#include "base/progress.h"
#include "curve/generators.h"
#include "curve/int_row.h"

/** Fixed-base tables for commitments to short vectors of uniform scalars. */
typedef struct cs_committer cs_committer;

/** For vectors of up to `width` scalars (1..4096). CS_ERR_MEMORY. Owned by the caller: cs_committer_free. */
cs_status cs_committer_new(cs_committer **out, size_t width);
void cs_committer_free(cs_committer *c);

/** Com(v[0..n), s), n <= width; n may be 0. */
cs_g1 cs_commit_short(const cs_committer *c, const cs_fr *v, size_t n, cs_fr s);

/** Coordinates first .. end - 1 of a vector; none if end is 0. */
typedef struct cs_span {
    size_t first, end;
} cs_span;

static inline void cs_span_cover(cs_span *s, size_t k) {
    s->first = s->end == 0 || k < s->first ? k : s->first;
    s->end = k >= s->end ? k + 1 : s->end;
}

/** Com(v, s) for a vector that is zero outside `where`, for public reasons (its entries there are not read): what takes time
 * is the span. where.end <= width. */
cs_g1 cs_commit_span(const cs_committer *c, const cs_fr *v, cs_span where, cs_fr s);

/** out[k] = Com(row k; s[k]) for all rows at once: column by column, small tables of odd multiples shared by all rows, one
 *  shared inversion per step (batch-affine). Entries in [0,1] are taken eight columns at a time. CS_INT_FR rows take a plain
 * MSM. CS_ERR_MEMORY; CS_ERR_INTERNAL if an entry is outside its declared range. */
cs_status cs_commit_rows(cs_g1_affine *out, const cs_int_row *rows, size_t n_rows, const cs_fr *s);

/** The same, with reports of how far it is. */
cs_status cs_commit_rows_reporting(cs_g1_affine *out, const cs_int_row *rows, size_t n_rows, const cs_fr *s,
                                   const cs_progress *progress);

#endif
