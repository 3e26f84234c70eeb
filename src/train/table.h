/* The merged lookup table (6.4): rows (tag, c1, c2, c3), padded to a power of two with copies of row 0. */
#ifndef CS_TRAIN_TABLE_H
#define CS_TRAIN_TABLE_H

#include "train/params.h"

/** Tags. RANGE of b bits is CS_TAG_RANGE + b. */
enum { CS_TAG_SIGNED = 1, CS_TAG_RELU = 2, CS_TAG_EXP = 3, CS_TAG_RANGE = 100 };

/** A run of rows with the same tag and c1 = first, first + 1, … */
typedef struct cs_table_part {
    int32_t tag;
    int64_t first;
    size_t offset, n;
} cs_table_part;

typedef struct cs_table {
    size_t n, real; /* n = padded */
    int32_t *tag, *c1, *c2, *c3;
    size_t n_parts;
    cs_table_part parts[CS_MAX_LIMBS + 4];
} cs_table;

/** The exp part alone: out[x] = round(2^exp_bits exp(-x / 2^a)) for 0 <= x < 2^value_bits. Integer arithmetic only, so that
 * every machine has the same values: with q = floor(2^62 exp(-2^-a)) from the exponential series at scale 2^100, y_0 = 2^62
 * and y_{x+1} = floor(y_x q / 2^62), out[x] = floor((y_x + 2^(61 - exp_bits)) / 2^(62 - exp_bits)). Each step loses less
 * than 2^-60, all of them less than 2^-44: the result is exact but where the true value is that close to the middle between
 * two integers. */
void cs_exp_values(int32_t *out, const cs_params *p);

/** SIGNED: x in ±2^(value_bits-1) (upper end excluded). RELU: (z, max(z,0), z > 0). EXP: (x, round(2^exp_bits exp(-x /
 * 2^a))) for 0 <= x < 2^value_bits, as cs_exp_values. RANGE b: 0..2^b-1 for each distinct limb size and for 1 bit. */
cs_status cs_table_new(cs_table *out, const cs_params *p);
void cs_table_free(cs_table *t);

/** Row of (tag, c1), or SIZE_MAX if there is none. */
size_t cs_table_find(const cs_table *t, int32_t tag, int64_t c1);

/** SHA-256 over n, real (little-endian 64-bit) and all rows (four little-endian 32-bit numbers each). */
void cs_table_digest(uint8_t out[32], const cs_table *t);

#endif
