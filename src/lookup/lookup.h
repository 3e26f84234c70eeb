/* Lookups (6.4): every real entry of some tensors, with its tag, is a row of a public table. Logarithmic derivatives
 * (Haböck, ePrint 2022/1530) as a tree of fractions proved layer by layer (Papini, Haböck, ePrint 2023/1284): per rank
 *
 *     sum over entries of 1 / (alpha - f(x))  =  sum over rows y of mult(y) / (alpha - table(y))
 *
 * where f and table compress (tag, columns) with beta. The tree has the entries alone: the right side is linear in mult,
 * with public coefficients. Leaves are linear in committed blocks, so no column of field elements is committed. */
#ifndef CS_LOOKUP_LOOKUP_H
#define CS_LOOKUP_LOOKUP_H

#include "witness/witness.h"

enum { CS_LOOKUP_COLUMNS = 3, CS_LOOKUP_TERMS = 2 };

/** constant + sum of coef * block. A block with one axis less than the lookup is repeated along the last. */
typedef struct cs_lookup_column {
    int64_t constant;
    unsigned n;
    size_t block[CS_LOOKUP_TERMS];
    int64_t coef[CS_LOOKUP_TERMS];
} cs_lookup_column;

/** What is added along the last axis: entry j of it is looked up under tag + line.tag, its first column plus line.constant.
 */
typedef struct cs_lookup_line {
    int32_t tag, constant;
} cs_lookup_line;

typedef struct cs_lookup {
    int32_t tag;
    unsigned n_columns;
    cs_lookup_column columns[CS_LOOKUP_COLUMNS];
    size_t shaped_like;          /* a block whose shape is the lookup's */
    const cs_lookup_line *lines; /* [real length of its last axis], or NULL: nothing is added; borrowed */
} cs_lookup;

/** The public table: rows (tag, c1, c2, c3), a power of two of them. Borrowed. */
typedef struct cs_lookup_table {
    size_t n;
    const int32_t *tag, *columns[CS_LOOKUP_COLUMNS];
} cs_lookup_table;

/** What is looked up where: one lookup at least; `multiplicities` is the block that counts the uses of each row. Borrowed.
 */
typedef struct cs_lookups {
    const cs_lookup *list;
    size_t n;
    cs_lookup_table table;
    size_t multiplicities;
    unsigned long_bits; /* trees of 2^long_bits leaves and more that are no small integers are proved in half the memory,
                           somewhat slower; 0: 2^25 */
} cs_lookups;

/** Proves all lookups of all ranks; leaves two claims on the witness. Collective. */
cs_status cs_lookup_prove(cs_witness *w, const cs_lookups *what);

/** out[j] += the column at entry from + j of the lookup, less its constant, for j < n (prover; modulo 2^64 where a dishonest
 * rank's entries are not small integers). No branch and no address depends on entries. Local. */
void cs_lookup_add_column(const cs_witness *w, const cs_lookup *lookup, unsigned column, size_t from, size_t n,
                          int64_t *out);

#endif
