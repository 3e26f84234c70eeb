/* How sums of gradients travel: n integers, each in as few bytes as the sum is expected to need (section 6.6 of
 * docs/protocol.md).
 *
 * Any sum within its public bound fits `full` bytes. Most are far smaller: after a sum, the next one gets the bytes that
 * hold numbers MARGIN times as large. Should one not fit after all, it is known by a check that travels with it, and the sum
 * is made once more in full: each rank gives sum_k f_k c_k mod 2^64 of its own numbers c_k, under 64-bit pads, where f_k are
 * public, odd and otherwise random; these add up to the same of the sums, so they say nothing that the sums do not. A number
 * that did not fit is wrong by a multiple of 2^(8 width), and the check misses that, without a cheat, with a probability of
 * about 2^-31 at most.
 *
 * On the wire a narrow vector is n entries of `width` bytes, zeros up to a multiple of 64 entries, then the check's 8 bytes
 * in as many entries as hold them. A full one is n entries. All is local. */
#ifndef CS_TRAIN_ENTRIES_H
#define CS_TRAIN_ENTRIES_H

#include "base/error.h"
#include "base/packed.h"

/** Of numbers: the sum of f_k times them mod 2^64, and the bits that are set in any of them, or in the complement of one
 * below zero. */
typedef struct cs_entries_gist {
    uint64_t check, used;
} cs_entries_gist;

/** Adds that of values[n] to *g. */
typedef void cs_entries_gather(cs_entries_gist *g, const uint64_t *values, const uint32_t *factors, size_t n);

typedef struct cs_entries {
    const cs_packed_kernel *packed;
    cs_entries_gather *gather; /* as the processor does it best */
    size_t n, full;            /* numbers, bytes that hold any sum's */
    size_t width;              /* of the vector at hand: full, or fewer with a check */
    uint64_t *values;          /* [n], mod 2^(8 width) */
    uint64_t check;            /* mod 2^64 */
    uint32_t *factors;         /* [n] f_k; NULL: always full */
    cs_entries_gist gist;      /* of what was loaded last, unless always full */
    unsigned credit;           /* for sums that do not fit */
} cs_entries;

/** The first vector is full, and all are unless `narrow`. Freed by cs_entries_free, after a failure too. CS_ERR_MEMORY. */
cs_status cs_entries_new(cs_entries *e, size_t n, size_t full, bool narrow);
void cs_entries_free(cs_entries *e);

/** Entries of the vector at hand on the wire, `width` bytes each. */
size_t cs_entries_count(const cs_entries *e);

/** The most bytes that any vector takes. */
size_t cs_entries_room(const cs_entries *e);

/** Sets the check of this rank's own values, before they are padded; they are signed numbers. Nothing for a full vector. */
void cs_entries_seal(cs_entries *e);

/** Writes entries first, …, first + count - 1; adds them to what is there; replaces all. A part of a vector begins at a
 *  multiple of 64. */
void cs_entries_store(const cs_entries *e, size_t first, size_t count, uint8_t *out);
void cs_entries_add(cs_entries *e, size_t first, size_t count, const uint8_t *part);
void cs_entries_load(cs_entries *e, const uint8_t *bytes);

/** What was loaded are complete sums: did they fit? If not, the vector at hand is full from now on, to be made once more.
 * Where that happens too often, the next ones are full as well: it makes a run longer by a 64th and eight sums at most. */
bool cs_entries_fit(cs_entries *e);

/** Decides, by the complete sum that was loaded and fits, how the next one travels. */
void cs_entries_next(cs_entries *e);

#endif
