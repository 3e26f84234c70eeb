/* Vectors of integers mod 2^(8 width) that lie close together: `width` bytes each, 1 to 8, little-endian. Local; no branch
 * and no address depends on a value. */
#ifndef CS_BASE_PACKED_H
#define CS_BASE_PACKED_H

#include "base/isa.h"
#include <stddef.h>
#include <stdint.h>

enum { CS_PACKED_SLACK = 16 };

/** What a processor does it with. All give the same numbers; `values` and `packed` do not overlap. */
typedef struct cs_packed_kernel {
    const char *name; /* "portable", "avx2" */
    /* values[n] += or, if `negative`, -= packed[n], mod 2^64: the bits from 8 width on become noise. */
    void (*add)(uint64_t *values, const uint8_t *packed, size_t n, size_t width, bool negative);
    /* The same mod 2^32, for width <= 4. CS_PACKED_SLACK bytes behind packed[n] may be read; they change nothing. */
    void (*add_narrow)(uint32_t *values, const uint8_t *packed, size_t n, size_t width, bool negative);
    /* values[n] = packed[n], sign extended. */
    void (*load)(uint64_t *values, const uint8_t *packed, size_t n, size_t width);
    /* packed[n] = values[n], without the bits from 8 width on. */
    void (*store)(uint8_t *packed, const uint64_t *values, size_t n, size_t width);
} cs_packed_kernel;

/** Kernel k = 0, 1, … that this processor can run and CONSORT_ISA allows, best last; NULL from the end on. */
const cs_packed_kernel *cs_packed_kernel_at(size_t k);

/** The best one. Chosen anew each time: not for inner loops. */
const cs_packed_kernel *cs_packed_best(void);

#endif
