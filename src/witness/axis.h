/* Vectors of a claim, one per axis of a tensor: a table for the prover, a short evaluation for the verifier. Local. */
#ifndef CS_WITNESS_AXIS_H
#define CS_WITNESS_AXIS_H

#include "base/error.h"
#include "field/fr.h"

enum { CS_AXIS_BITS = 28 };
#define CS_AXIS_WHOLE SIZE_MAX

typedef enum cs_axis_kind {
    CS_AXIS_EQ,     /* eq(point, ·), cut off at `below` */
    CS_AXIS_ONES,   /* one, cut off at `below` */
    CS_AXIS_GATHER, /* selection vector of a rank's draws */
    CS_AXIS_VECTOR  /* a public vector, the same for all ranks */
} cs_axis_kind;

struct cs_gather;
struct cs_vector;

typedef struct cs_axis {
    cs_axis_kind kind;
    unsigned bits;
    size_t below; /* CS_AXIS_WHOLE: not cut */
    cs_fr point[CS_AXIS_BITS];
    const struct cs_gather *gather; /* borrowed */
    struct cs_vector *vector;       /* borrowed */
} cs_axis;

/** Sum over (t, b) of time(t) batch(b) e_{draws[i][t * batch_size + b]}, a vector over the rows of rank i's dataset. */
typedef struct cs_gather {
    cs_axis time, batch;
    size_t steps, batch_size;
    uint32_t *const *draws; /* borrowed, [n_ranks][steps * batch_size] */
} cs_gather;

/** 2^bits public entries. It keeps its value at the last point: a verifier asks for the same one for every rank. */
typedef struct cs_vector {
    cs_fr *entries;
    unsigned bits;
    bool known;
    cs_fr point[CS_AXIS_BITS], value;
} cs_vector;

cs_axis cs_axis_eq(const cs_fr *point, unsigned bits);
cs_axis cs_axis_eq_below(const cs_fr *point, unsigned bits, size_t below);
cs_axis cs_axis_ones(unsigned bits);
cs_axis cs_axis_ones_below(unsigned bits, size_t below);
cs_axis cs_axis_gather(const cs_gather *gather, unsigned row_bits);
cs_axis cs_axis_vector(cs_vector *vector);

/** out[2^bits]: all entries. CS_ERR_MEMORY. */
cs_status cs_axis_table(cs_fr *out, const cs_axis *a, int rank);

/** out[n]: values of the multilinear extensions of ranks first, first + 1, … at point[bits]. CS_ERR_MEMORY (gathers and
 * vectors only). */
cs_status cs_axis_at(cs_fr *out, const cs_axis *a, const cs_fr *point, int first, size_t n);

/** Sum of the first n entries, and one entry (EQ and ONES only). */
cs_fr cs_axis_sum_below(const cs_axis *a, size_t n);
cs_fr cs_axis_entry(const cs_axis *a, size_t index);

/** The first half of an EQ axis: its entries are `factor` times those of the returned one. */
cs_axis cs_axis_low_half(const cs_axis *a, cs_fr *factor);

#endif
